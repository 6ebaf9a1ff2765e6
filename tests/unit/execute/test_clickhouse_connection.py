"""The connection to ClickHouse, through both drivers: what is written is seen at the end, all of it or nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import pytest
from sqlglot import exp

from metasql.diagnostics import MetasqlError
from metasql.events import StatementRun
from metasql.names import Relation
from metasql.plan.sql import as_, cast, col, cols, null, number, select, table, text
from metasql.plan.steps import Temporary
from tests.support.clickhouse_sheet import (
    HISTORY,
    SAMPLES,
    VIEW,
    Sheet,
    fail,
    in_transaction,
    opened,
    server_target,
    template,
)


@pytest.fixture
def sheet(warehouse):
    """A written table: 1 → a, 2 → b, 3 → c."""
    with opened(warehouse) as connection:
        made = Sheet(connection).create()
        made.write([(1, "a"), (2, "b"), (3, "c")])
        yield made


def test_rows_replace_those_of_their_key(sheet):
    """The others stay, and what was replaced is in the history."""
    sheet.write([(2, "B"), (4, None)])
    assert sheet.live() == {1: "a", 2: "B", 3: "c", 4: None}
    assert sheet.history() == [(2, "b")]
    assert sheet.leftovers() != []  # the temporary tables of this session


def test_readers_see_nothing_before_the_end(sheet):
    """Not the rows, not the history, not the records."""
    reader = sheet.connection.cursor()
    with sheet.connection.transaction():
        sheet.written([(1, "A"), (9, "z")], gone=[3])
        seen = Sheet(reader)
        assert (seen.live(), seen.history()) == ({1: "a", 2: "b", 3: "c"}, [])
    assert (seen.live(), seen.history()) == ({1: "A", 2: "b", 9: "z"}, [(1, "a")])
    reader.close()


def test_an_error_writes_nothing(sheet):
    """What had been staged is dropped."""
    with pytest.raises(ZeroDivisionError):
        in_transaction(sheet.connection, lambda: sheet.written([(1, "A")]), fail)
    assert (sheet.live(), sheet.history()) == ({1: "a", 2: "b", 3: "c"}, [])
    assert [name for name in sheet.leftovers() if "samples" in name or "history" in name] == []


def test_marked_rows_keep_their_other_columns(sheet):
    """They are there still, and say when they were deleted."""
    sheet.write([], gone=[1, 2])
    assert sheet.live() == {3: "c"}
    rows = sheet.connection.fetch(
        "SELECT id, value, metasql_deleted_at IS NULL FROM main.x__samples FINAL ORDER BY id"
    )[1]
    assert rows == [(1, "a", 0), (2, "b", 0), (3, "c", 1)]


def test_erased_rows_are_gone(sheet):
    """Every version of them."""
    sheet.write([(1, "A")])
    sheet.write([], gone=[1, 7], hard=True)
    assert sheet.live() == {2: "b", 3: "c"}
    assert sheet.connection.fetch("SELECT count() FROM main.x__samples WHERE id = 1")[1] == [(0,)]


def test_a_history_has_every_version_once(sheet):
    """Where a run died after the history was published, doing it again adds nothing to it."""
    sheet.connection.run_text("INSERT INTO main.x__history SELECT *, now64(6) FROM main.x__samples FINAL WHERE id = 1")
    sheet.write([(1, "A")])
    assert sheet.history() == [(1, "a")]


def test_temporary_tables_have_names_of_their_own(sheet):
    """Two sessions may call theirs the same, and one that is made anew takes the place of the old one."""
    other = Sheet(sheet.connection.cursor())
    sheet.temporary("metasql_work", [(1, "mine")])
    sheet.temporary("metasql_work", [(2, "mine, again")])
    other.temporary("metasql_work", [(3, "of another")])
    query = select(col("value", "metasql_work")).from_(table("metasql_work"))
    assert sheet.connection.rows(query) == [("mine, again",)]
    assert other.connection.rows(query) == [("of another",)]
    other.connection.close()
    assert len(sheet.leftovers()) == 3  # with those of the first write


def test_a_session_leaves_no_temporary_tables(warehouse):
    """When it is closed."""
    with opened(warehouse) as connection:
        Sheet(connection).create().write([(1, "a")])
    with opened(warehouse) as connection:
        assert Sheet(connection).leftovers() == []


def test_a_table_is_replaced_at_the_end(sheet):
    """Until then readers see the old one, and this session the new one."""
    connection, reader = sheet.connection, sheet.connection.cursor()
    with connection.transaction():
        connection.drop_table(SAMPLES)
        assert connection.columns(SAMPLES) is None
        connection.create_table(SAMPLES, template({"other": "text", "metasql_commit": "bigint"}), ("other",))
        assert connection.columns(SAMPLES) == {"other": "String", "metasql_commit": "Int64"}
        assert connection.rows(select(col("other", "s")).from_(table(SAMPLES, "s"))) == []
        assert Sheet(reader).live() == {1: "a", 2: "b", 3: "c"}
        connection.create_view(VIEW, select(col("other", "s")).from_(table(SAMPLES, "s")))
    assert reader.fetch("SELECT * FROM main.x") == (["other"], [])
    with connection.transaction():
        connection.drop_table(HISTORY)
    assert connection.columns(HISTORY) is None
    reader.close()


def test_a_replaced_table_stays_when_an_error_comes(sheet):
    """And nothing of the new one is left."""
    other = template({"other": "text", "metasql_commit": "bigint"})
    drop = partial(sheet.connection.drop_table, SAMPLES)
    make = partial(sheet.connection.create_table, SAMPLES, other, ("other",))
    with pytest.raises(ZeroDivisionError):
        in_transaction(sheet.connection, drop, make, fail)
    assert sheet.live() == {1: "a", 2: "b", 3: "c"}
    assert [name for name in sheet.leftovers() if "samples" in name] == []


def test_columns_come_and_go(sheet):
    """Those that go do so after the views that name them."""
    with sheet.connection.transaction():
        sheet.connection.alter_table(SAMPLES, {"more": "Int64"}, {}, ["metasql_run_id"])
        assert "metasql_run_id" in (sheet.connection.columns(SAMPLES) or {})
    columns = sheet.connection.columns(SAMPLES) or {}
    assert columns["more"] == "Int64"
    assert "metasql_run_id" not in columns
    assert sheet.live() == {1: "a", 2: "b", 3: "c"}


def test_columns_change_their_types(sheet):
    """Those of the key too; what cannot be converted is an error, and nothing changes."""
    with pytest.raises(MetasqlError):
        sheet.connection.alter_table(SAMPLES, {}, {"value": "Int64"}, [])
    assert sheet.live() == {1: "a", 2: "b", 3: "c"}
    sheet.connection.alter_table(SAMPLES, {}, {"id": "String"}, [])
    assert (sheet.connection.columns(SAMPLES) or {})["id"] == "String"
    assert sheet.connection.fetch("SELECT id FROM main.x__samples FINAL ORDER BY id")[1] == [("1",), ("2",), ("3",)]


def test_a_stored_query_takes_the_place_of_the_last(sheet):
    """Its rows, and its columns."""
    failed = Relation("main", "failed")
    sheet.connection.store(failed, select(as_(number(1), "a")))
    sheet.connection.store(failed, select(as_(text("x"), "b"), as_(cast(null(), "bigint"), "c")))
    assert sheet.connection.fetch("SELECT * FROM main.failed") == (["b", "c"], [("x", None)])


def test_types_are_told_without_null(sheet):
    """Of a relation, and of a query."""
    assert sheet.connection.columns(Relation("main", "nothing")) is None
    query = select(as_(null("text"), "a"), as_(cast(number(1), "bigint"), "b"), as_(exp.null(), "c"))
    assert sheet.connection.describe(query) == {"a": "String", "b": "Int64", "c": "Int32"}
    assert list((sheet.connection.columns(SAMPLES) or {}).items())[:2] == [("id", "Int64"), ("value", "String")]


def test_a_query_without_rows_has_columns(sheet):
    """They are asked for, since an empty result names none."""
    assert sheet.connection.fetch("SELECT 1 AS a, 'x' AS b WHERE false") == (["a", "b"], [])


def test_commit_numbers_grow(sheet, warehouse):
    """Over sessions, and over a clock that goes back."""
    first = sheet.connection.next_commit()
    other = sheet.connection.cursor()
    second = other.next_commit()
    sheet.connection.run_text("INSERT INTO main.metasql_commits VALUES (4000000000000000, 'ahead')")
    assert [first < second, other.next_commit(), sheet.connection.next_commit()] == [
        True,
        4000000000000001,
        4000000000000002,
    ]
    other.close()


def test_no_two_processes_have_one_commit_number(server):
    """Sessions that know nothing of each other ask at once, while the clock is behind the highest number."""
    target = server_target(server)
    with ExitStack() as stack:
        found = [stack.enter_context(opened(target)) for _ in range(4)]
        found[0].run_text("INSERT INTO main.metasql_commits VALUES (4000000000000000, 'ahead')")
        with ThreadPoolExecutor(len(found)) as pool:
            taken = list(pool.map(lambda session: [session.next_commit() for _ in range(8)], found))
    numbers = [number for session in taken for number in session]
    assert len(set(numbers)) == len(numbers)
    assert all(session == sorted(session) for session in taken)


def test_statements_tell_who_sent_them(warehouse):
    """Over HTTP: `query_id` in the event, and run and purpose in `log_comment`."""
    seen: list[StatementRun] = []
    with opened(warehouse, emit=lambda event: seen.append(event) if isinstance(event, StatementRun) else None) as found:
        found.told_run("run 7")
        query = select(as_(exp.Anonymous(this="getSetting", expressions=[text("log_comment")]), "comment"))
        rows = found.rows(query, "see what is told")
    assert seen[-1].sql.startswith("SELECT getSetting")
    over_http = warehouse.options["driver"] == "http"
    assert bool(seen[-1].query_id) == over_http
    if over_http:
        assert rows == [('{"app": "metasql", "run": "run 7", "purpose": "see what is told"}',)]


def test_a_read_only_session_reads(sheet, warehouse):
    """And writes nothing."""
    with opened(warehouse, read_only=True) as reader:
        assert Sheet(reader).live() == {1: "a", 2: "b", 3: "c"}
        with pytest.raises(MetasqlError):
            reader.apply(Temporary("try", "metasql_t", select(as_(number(1), "a"))))


def test_the_engine_is_described(sheet, warehouse):
    """Version and database, without a word of the password."""
    told = sheet.connection.describe_engine()
    assert told["engine"].startswith("ClickHouse 26.")
    assert told["database"] == "main (Atomic)"
    assert "secret" not in str(told)
    assert "secret" not in repr(warehouse)


def test_names_that_need_quotes(warehouse):
    """Schemas and relations of any name."""
    with opened(warehouse) as connection:
        connection.create_schema('od"d `na\\me')
        relation = Relation('od"d `na\\me', "ta`b\"le' é")
        connection.store(relation, select(*cols([]), as_(text("it's \\ ü"), 'a "b')))
        assert connection.columns(relation) == {'a "b': "String"}
        assert connection.rows(select(exp.Star()).from_(table(relation))) == [("it's \\ ü",)]
        connection.run_text('DROP DATABASE `od"d \\`na\\\\me`')
