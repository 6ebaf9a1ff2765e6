"""The statements of a feature's life in every mode that a target may be in: recorded, parsed, and run where possible.

`ON CLUSTER`, databases of engine Replicated and the cloud need what the tests' servers are built without. What is
recorded of them is read by a real server (`EXPLAIN AST`), and each node's share of the first runs on each of two nodes.

`python -m pytest tests/golden --update` writes what came.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlglot import exp

from metasql.execute.clickhouse_cluster import ClusterTables
from metasql.execute.clickhouse_tables import Tables
from metasql.execute.clickhouse_writes import Writes
from metasql.lower import clickhouse_steps as steps
from metasql.lower.clickhouse import CLICKHOUSE
from metasql.lower.clickhouse_storage import SINGLE, Mode, create_database
from metasql.names import Relation
from metasql.plan.sql import all_of, as_, col, current, equal, is_null, number, select
from metasql.plan.steps import Erase, Put, Stamp
from tests.support.clickhouse_cluster import two_servers
from tests.support.clickhouse_server import shared_server

GOLDEN = Path(__file__).parent / "clickhouse"
MODES = {
    "single": SINGLE,
    "cluster_atomic": Mode("two", 2, on_cluster=True, replicated=True),
    "cluster_replicated": Mode("two", 2, replicated=True),
    "cluster_by_nodes": Mode("two", 2),
    "cloud": SINGLE,
}
X, INPUTS, HISTORY = (Relation("m", f"x__{name}") for name in ("samples", "inputs", "history"))
WORK, SEED, VIEW = Relation("m", "metasql_tmp_1__work"), Relation("m", "seed"), Relation("m", "x")
COLUMNS = {"id": "String", "v": "Int64", "metasql_deleted_at": "DateTime64(6, 'UTC')", "metasql_commit": "Int64"}
SEEDED = {"name": "String"}


@dataclass
class Recorder:
    """Keeps what it is given to execute, and answers questions as a server on which it was done would."""

    run: str = ""
    kept: list[str] = field(default_factory=list)

    def execute(self, sql: str, purpose: str = "", *, repeat: bool = False) -> None:
        self.kept.append(f"-- {purpose}{', may be repeated' if repeat else ''}\n{sql}")

    def fetch(self, sql: str, purpose: str = "") -> tuple[list[str], list[tuple[object, ...]]]:
        if sql.startswith("DESCRIBE"):
            return [], [("id", "String"), ("v", "Nullable(Int64)")]
        return [], [(2 if purpose == "count the stage's parts" and not any("OPTIMIZE" in s for s in self.kept) else 1,)]


def life(tables: Tables) -> None:
    """A database, a feature's tables and view, a write, another column, a removal, and a seed that is loaded anew."""
    recorder, numbers = tables.client, iter(range(2, 9))
    tables.define(create_database("m", tables.mode), "make the database m")
    tables.commits("m")
    tables.records(Relation("m", "metasql_features"), {"feature": "text", "updated_at": "timestamp"}, ["feature"])
    tables.records(Relation("m", "metasql_runs"), {"run_id": "text"}, [])
    for relation, key in ((X, ("id",)), (INPUTS, ("id",)), (HISTORY, ("id", "metasql_commit"))):
        tables.make(relation, COLUMNS, key, ("id",), f"make {relation}")
    other = Relation("m", "p__samples")
    tables.make(other, COLUMNS, ("id",), ("id",), f"make {other}")
    temporary = {"metasql_work": WORK}

    def sql_of(tree: exp.Expr) -> str:
        return tables.renderer(CLICKHOUSE, temporary, {}).render(tree)

    tables.view(VIEW, tables.renderer(CLICKHOUSE, {}, {}).view(_joined(other)))
    tables.make_from(WORK, sql_of(_joined(other)), ("id",), "the increment")
    writes = Writes(tables, lambda name: Relation("m", f"metasql_tmp_1__{next(numbers)}_{name}"))
    put = Put("write", X, ("id",), "metasql_work", ("id", "v"), {"metasql_commit": number(7)})
    [tree] = steps.statements(put)
    recorder.execute(sql_of(steps.into(tree, writes.stage(X))), "put the rows")
    gone = Erase("remove", X, ("id",), "metasql_work")
    for tree in steps.erase(gone):
        tables.erase(X, tree, tables.renderer(CLICKHOUSE, temporary, {}), gone.purpose)
    writes.publish()
    tables.add_columns(X, {"w": "String"})
    tables.drop_columns(X, ["w"])
    made = Relation("m", "metasql_tmp_1__9_seed")
    tables.make(made, SEEDED, (), (), "load the seed")
    tables.put_in_place(made, SEED, created=False)
    tables.mend(HISTORY, X, ["id", "metasql_commit"])
    tables.drop(WORK, "drop a temporary table")


def _joined(other: Relation) -> exp.Query:
    query = select(col("id", "x"), as_(col("v", "p"), "v")).from_(current(X, "x"))
    on = equal(col("id", "x"), col("id", "p"))
    query.append("joins", exp.Join(this=current(other, "p"), on=on, side="LEFT"))
    return query.where(all_of(is_null(col("metasql_deleted_at", "x"))))


def recorded(mode: Mode) -> list[str]:
    recorder = Recorder()
    life(ClusterTables(recorder, mode) if mode.cluster else Tables(recorder, mode))  # type: ignore[arg-type] - records
    return recorder.kept


@pytest.mark.parametrize("name", MODES)
def test_recorded(name, request):
    """A change is read before it is kept."""
    came = ";\n\n".join(recorded(MODES[name])) + ";\n"
    file = GOLDEN / f"{name}.sql"
    if request.config.getoption("--update"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(came, encoding="utf-8")
    assert came == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MODES)
def test_the_server_can_read_them(name):
    """Every statement is one of ClickHouse's."""
    client = shared_server().client()
    for statement in recorded(MODES[name]):
        assert client.raw_query(f"EXPLAIN AST {statement.split(chr(10), 1)[1]}")
    client.close()


def test_on_cluster_stands_on_every_definition():
    """Nodes would differ otherwise; what writes rows goes to one node."""
    for statement in recorded(MODES["cluster_atomic"]):
        sql = statement.split("\n", 1)[1]
        assert ("ON CLUSTER" in sql) is not sql.startswith("INSERT"), sql
    assert not any("ON CLUSTER" in sql for sql in recorded(MODES["cluster_replicated"]))


@pytest.fixture
def clients(tmp_path):
    """One to each node of a cluster of two."""
    nodes = two_servers(tmp_path)
    with ExitStack() as stack:
        for node in nodes:
            node.start()
            stack.callback(node.stop)
        yield [stack.enter_context(node.client()) for node in nodes]


def test_each_share_on_each_node(clients):
    """What ON CLUSTER would bring to a node runs there, in plain engines: rows lie where they are looked for."""
    settings = {"distributed_foreground_insert": 1, "parallel_distributed_insert_select": 0, "mutations_sync": 2}
    for statement in recorded(MODES["cluster_atomic"]):
        purpose, sql = statement.split("\n", 1)
        for client in clients if "ON CLUSTER" in sql else clients[:1]:
            client.command(_share(sql), settings=settings)
        if purpose.startswith("-- make m.p__samples") and "Distributed" in sql:
            rows = "SELECT toString(number), number, NULL, 1 FROM numbers(100)"
            for name in (X, HISTORY, Relation("m", "p__samples")):
                clients[0].command(f"INSERT INTO m.{name.name} {rows}", settings=settings)
    for client in clients:
        assert client.query("SELECT count(), countIf(v = toInt64(id)) FROM m.x").result_rows == [(100, 100)]
        [(here,)] = client.query("SELECT count() FROM m.x__samples__shard").result_rows
        assert 0 < here < 200


def _share(sql: str) -> str:
    """A statement as a node without a Keeper does it."""
    return re.sub(r"\bReplicated(?=(Replacing)?MergeTree)", "", sql.replace(' ON CLUSTER "two"', ""))


def test_a_stamp_is_on_every_row():
    """The recorded write leaves out what a run adds."""
    assert "metasql_commit" in Stamp("r", "2026-01-01 00:00:00", 7).columns()
