"""A keyed table with its history, inputs and view, written and read through the connection itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlglot import exp

from metasql.config.profiles import Options, Target
from metasql.config.secret import Secret
from metasql.events import Event, silent
from metasql.execute.clickhouse import ClickHouseConnection, open_target
from metasql.lower.clickhouse import CLICKHOUSE
from metasql.names import Relation
from metasql.plan.sql import all_of, as_, cast, col, cols, current, is_null, null, number, select, table, text
from metasql.plan.steps import Append, Erase, Mark, Put, Stamp, Temporary
from tests.support.clickhouse_cluster import NAME as CLUSTER
from tests.support.clickhouse_server import Server

SAMPLES, INPUTS, HISTORY, VIEW = (Relation("main", name) for name in ("x__samples", "x__inputs", "x__history", "x"))
TYPES = {
    "id": "bigint",
    "value": "text",
    "metasql_run_id": "text",
    "metasql_updated_at": "timestamp",
    "metasql_deleted_at": "timestamp",
    "metasql_commit": "bigint",
}

CHDB: dict[str, Any] = {"driver": "chdb", "threads": 1, "settings": {}}
HTTP: dict[str, Any] = {"driver": "http", "threads": 1, "settings": {}, "retries": 1}


def target(options: Mapping[str, Any], schema: str = "main") -> Target:
    """A target as the profile gives it."""
    made = {**options, **({"password": Secret(str(options["password"]))} if "password" in options else {})}
    return Target("tests", "dev", "clickhouse", schema, Options(made))


def chdb_target(folder: Path, **options: Any) -> Target:
    return target({**CHDB, "path": str(folder / "w.chdb"), **options})


def server_target(server: Server, **options: Any) -> Target:
    told = server.target()
    schema = str(options.pop("schema", "main"))
    return target(
        {**HTTP, **{name: told[name] for name in ("host", "port", "username", "password")}, **options}, schema
    )


def cluster_target(nodes: Sequence[Server], **options: Any) -> Target:
    """The first node is asked, and definitions are sent to each."""
    listed = tuple(f"127.0.0.1:{node.port}" for node in nodes)
    return server_target(nodes[0], cluster=CLUSTER, **{"nodes": listed, **options})


@contextmanager
def opened(
    where: Target, *, read_only: bool = False, emit: Callable[[Event], None] = silent
) -> Iterator[ClickHouseConnection]:
    connection = open_target(where, CLICKHOUSE, read_only=read_only, emit=emit)
    try:
        yield connection
    finally:
        connection.close()


@dataclass
class Sheet:
    """A feature's relations by hand."""

    connection: ClickHouseConnection

    def create(self) -> Sheet:
        with self.connection.transaction():
            self.connection.create_table(SAMPLES, template(TYPES), ("id",))
            self.connection.create_table(INPUTS, template(TYPES), ("id",))
            superseded = {**TYPES, "metasql_superseded_at": "timestamp"}
            self.connection.create_table(HISTORY, template(superseded), ("id", "metasql_commit"))
            live = select(*cols(["id", "value", "metasql_commit"], "s")).from_(current(SAMPLES, "s"))
            self.connection.create_view(VIEW, live.where(is_null(col("metasql_deleted_at", "s"))))
        return self

    def temporary(self, name: str, rows: Sequence[tuple[int, str | None]]) -> None:
        """A temporary table of `id` and `value`."""
        values = [select(as_(cast(number(i), "bigint"), "id"), as_(_text(v), "value")) for i, v in rows]
        query: exp.Query = (
            values[0] if values else select(as_(cast(number(0), "bigint"), "id"), as_(_text(None), "value"))
        )
        for more in values[1:]:
            query = exp.Union(this=query, expression=more, distinct=False)
        if not values:
            assert isinstance(query, exp.Select)
            query = query.where(exp.false())
        self.connection.apply(Temporary(f"make {name}", name, query))

    def write(self, rows: Sequence[tuple[int, str | None]], gone: Sequence[int] = (), *, hard: bool = False) -> int:
        """As a feature is written: history, rows and inputs, all in one transaction."""
        with self.connection.transaction():
            return self.written(rows, gone, hard=hard)

    def written(self, rows: Sequence[tuple[int, str | None]], gone: Sequence[int] = (), *, hard: bool = False) -> int:
        apply = self.connection.apply
        self.temporary("metasql_changed", rows)
        self.temporary("metasql_gone", [(item, None) for item in gone])
        with self.connection.writing():
            stamp = Stamp("run", "2026-01-02 03:04:05.000006", self.connection.next_commit())
            apply(self._supersede(stamp))
            apply(Put("put samples", SAMPLES, ("id",), "metasql_changed", ("id", "value"), stamp.columns()))
            if hard:
                apply(Erase("erase samples", SAMPLES, ("id",), "metasql_gone"))
            elif gone:
                apply(Mark("mark samples", SAMPLES, ("id",), "metasql_gone", stamp.deleted()))
            apply(Put("put inputs", INPUTS, ("id",), "metasql_changed", ("id", "value"), stamp.columns()))
        return stamp.commit

    def _supersede(self, stamp: Stamp) -> Append:
        query = select(*cols(TYPES, "stored"), as_(stamp.time(), "metasql_superseded_at"))
        found = select(number(1)).from_(table("metasql_changed", "changed"))
        same = exp.EQ(this=col("id", "changed"), expression=col("id", "stored"))
        query = query.from_(current(SAMPLES, "stored")).where(exp.Exists(this=found.where(all_of(same))))
        return Append("keep a history", HISTORY, (*TYPES, "metasql_superseded_at"), query)

    def live(self) -> dict[int, str | None]:
        return {row[0]: row[1] for row in self.connection.fetch("SELECT id, value FROM main.x ORDER BY id")[1]}

    def inputs(self) -> dict[int, str | None]:
        found = self.connection.fetch("SELECT id, value FROM main.x__inputs FINAL ORDER BY id")[1]
        return {row[0]: row[1] for row in found}

    def history(self) -> list[tuple[int, str | None]]:
        return [
            (row[0], row[1]) for row in self.connection.fetch("SELECT id, value FROM main.x__history ORDER BY ALL")[1]
        ]

    def leftovers(self) -> list[str]:
        sql = "SELECT name FROM system.tables WHERE database = 'main' AND name LIKE 'metasql_tmp%' ORDER BY name"
        return [str(row[0]) for row in self.connection.fetch(sql)[1] if not str(row[0]).endswith("__shard")]


def in_transaction(connection: ClickHouseConnection, *do: Callable[[], object]) -> None:
    """Several things in one transaction."""
    with connection.transaction():
        for one in do:
            one()


def fail() -> None:
    """Something that goes wrong."""
    raise ZeroDivisionError


def template(types: Mapping[str, str]) -> exp.Query:
    return select(*(as_(null(type_), name) for name, type_ in types.items())).where(exp.false())


def _text(value: str | None) -> exp.Expr:
    return null("text") if value is None else cast(text(value), "text")
