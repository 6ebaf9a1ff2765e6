"""ClickHouse's definitions and writes as texts, in every mode that a target may be in."""

from __future__ import annotations

import pytest

from metasql.lower import clickhouse_storage as storage
from metasql.lower.clickhouse import CLICKHOUSE
from metasql.lower.clickhouse_records import create_records, put_records
from metasql.lower.clickhouse_steps import into, statements, without_known
from metasql.lower.clickhouse_storage import SINGLE, Mode
from metasql.lower.place import Placing
from metasql.lower.render import render
from metasql.names import Relation
from metasql.plan.sql import col, select, table
from metasql.plan.steps import Append, Erase, Mark, Put, Stamp, Temporary

ATOMIC = Mode("all", 2, on_cluster=True, replicated=True)
REPLICATED = Mode("all", 2, replicated=True)
CLOUD = Mode()
MODES = {"single": SINGLE, "cluster, Atomic": ATOMIC, "cluster, Replicated": REPLICATED, "cloud": CLOUD}
X, HISTORY, STAGE = Relation("m", "x__samples"), Relation("m", "x__history"), Relation("m", "s")
COLUMNS = {"id": "String", "l": "Array(Nullable(String))", "metasql_commit": "Int64"}


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_every_definition_reaches_every_node(mode):
    """ON CLUSTER stands on all of them or on none: replicas would differ otherwise."""
    made = [
        storage.create_database("m", mode),
        storage.create_table(X, COLUMNS, ("id",), mode),
        storage.create_from(X, "SELECT 1 AS a", mode),
        storage.create_stage(STAGE, X, mode),
        storage.merge(STAGE, mode),
        storage.publish(STAGE, X, mode),
        storage.exchange(STAGE, X, mode),
        storage.rename(STAGE, X, mode),
        storage.drop(X, mode),
        storage.add_columns(X, {"a": "String"}, mode),
        storage.drop_columns(X, ["a"], mode),
        storage.create_view(X, "SELECT 1 AS a", mode),
        storage.create_commits("m", mode),
        *create_records(X, {"a": "text"}, ("a",), mode),
        *create_records(X, {"a": "text"}, (), mode),
    ]
    assert {"ON CLUSTER" in sql for sql in made} == {mode.on_cluster}
    assert all(f'ON CLUSTER "{mode.cluster}"' in sql for sql in made if mode.on_cluster)


@pytest.mark.parametrize(
    ("mode", "kept"),
    [
        (SINGLE, "ENGINE = ReplacingMergeTree(metasql_commit)"),
        (ATOMIC, "ENGINE = ReplicatedReplacingMergeTree(metasql_commit)"),
        (REPLICATED, "ENGINE = ReplicatedReplacingMergeTree(metasql_commit)"),
        (CLOUD, "ENGINE = ReplacingMergeTree(metasql_commit)"),
    ],
    ids=MODES,
)
def test_a_keyed_table(mode, kept):
    """Its key and its version are never NULL; lists cannot be."""
    sql = storage.create_table(X, COLUMNS, ("id",), mode)
    assert kept in sql
    assert '("id" String, "l" Array(Nullable(String)), "metasql_commit" Int64)' in sql
    assert sql.endswith('ORDER BY ("id")')


def test_a_table_without_a_key():
    """Everything in it may be NULL, and it is in no order."""
    sql = storage.create_table(X, {"a": "String", "metasql_commit": "Int64"}, (), SINGLE)
    assert '("a" Nullable(String), "metasql_commit" Nullable(Int64)) ENGINE = MergeTree ORDER BY ()' in sql


@pytest.mark.parametrize(
    ("type_", "told"),
    [
        ("Nullable(DateTime64(6, 'UTC'))", "DateTime64(6, 'UTC')"),
        ("LowCardinality(Nullable(String))", "String"),
        ("Array(Nullable(Int8))", "Array(Nullable(Int8))"),
        ("Nullable(Nothing)", "Int32"),
    ],
)
def test_types_are_told_without_null(type_, told):
    """Around them: within lists and maps NULL is part of the type."""
    assert storage.bare(type_) == told


def test_writes_go_to_a_stage():
    """What they read is still the table itself."""
    mark = Mark("mark", X, ("id", "n"), "metasql_gone", Stamp("r", "2026-01-01 00:00:00", 7).deleted())
    [tree] = statements(mark)
    sql = render(into(tree, STAGE), CLICKHOUSE)
    assert sql.startswith("INSERT INTO m.s SELECT stored.* REPLACE ('r' AS metasql_run_id,")
    assert "FROM m.x__samples AS stored FINAL WHERE (stored.id, stored.n) IN (SELECT source.id AS id" in sql
    put = Put("put", X, ("id",), "metasql_changed", ("id", "v"), {})
    [tree] = statements(put)
    assert render(into(tree, STAGE), CLICKHOUSE).startswith("INSERT INTO m.s (id, v) SELECT source.id AS id")


def test_rows_are_hidden_before_they_are_removed():
    """And their older versions go first: none comes back in between."""
    hide, older, last = [render(tree, CLICKHOUSE) for tree in statements(Erase("e", X, ("id",), "metasql_gone"))]
    assert "stored.metasql_commit + 1 AS metasql_commit" in hide
    assert older.startswith("DELETE FROM m.x__samples WHERE id IN (SELECT")
    assert older.endswith("metasql_deleted_at IS NULL")
    assert "metasql_deleted_at" not in last


def test_a_history_is_given_what_it_does_not_have():
    """By its key."""
    step = Append("keep", HISTORY, ("id", "metasql_commit"), select(col("id")).from_(table(X)))
    sql = render(without_known(step, ["id", "metasql_commit"]), CLICKHOUSE)
    assert "LEFT ANTI JOIN m.x__history AS known ON known.id = added.id" in sql


def test_a_temporary_table_is_a_table():
    """HTTP has no sessions that would last."""
    [tree] = statements(Temporary("t", "metasql_work", select(col("id")).from_(table(X))))
    assert render(tree, CLICKHOUSE).startswith("CREATE TABLE metasql_work ENGINE=MergeTree ORDER BY () AS SELECT id")


def test_tables_are_put_in_the_place_of_others():
    """Columns go on naming them as before."""
    placing = Placing(CLICKHOUSE, {"metasql_work": STAGE}, {X: Relation("m", "fresh")})
    query = select(col("a", "metasql_work"), col("b", "x")).from_(table("metasql_work"))
    sql = placing.render(query.join(table(X, "x"), join_type="cross"))
    assert "FROM m.s AS metasql_work" in sql
    assert "m.fresh AS x" in sql


def test_records_are_replaced_by_one_insert():
    """The new rows, and those that say that others are gone; without either there is nothing to do."""
    columns = {"a": "text", "n": "bigint"}
    sql = put_records(X, columns, ["a"], {"a": "it's"}, [{"a": "it's", "n": None}])
    assert sql is not None
    assert sql.count("INSERT") == 1
    assert "'it''s'" in sql or "'it\\'s'" in sql
    assert sql.endswith("NOT IN (('it\\'s'))") or sql.endswith("NOT IN (('it''s'))")
    gone = put_records(X, columns, ["a"], {"a": "b"}, [])
    assert gone is not None
    assert "values(" not in gone
    assert put_records(X, columns, [], None, []) is None


def test_commit_numbers_never_go_back():
    """The clock's, or one more than the last."""
    assert "greatest(" in storage.ask_commit("m", "t")
    assert "max(number) + 1" in storage.ask_commit("m", "t")
    assert "token <> 't'" in storage.given_commit("m", "t")
