"""ClickHouse as an engine of the tests: in this process (chDB), and as a server."""

from __future__ import annotations

import atexit
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import clickhouse_connect
import duckdb
from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.client import Client

from tests.support.clickhouse_server import PASSWORD, Server
from tests.support.occupied import CHDB, SERVER, held_by_process, other_file, other_server

_TYPES = {
    "VARCHAR": "String",
    "BOOLEAN": "Bool",
    "TINYINT": "Int8",
    "SMALLINT": "Int16",
    "INTEGER": "Int32",
    "BIGINT": "Int64",
    "HUGEINT": "Int128",
    "UTINYINT": "UInt8",
    "USMALLINT": "UInt16",
    "UINTEGER": "UInt32",
    "UBIGINT": "UInt64",
    "UUID": "UUID",
    "FLOAT": "Float32",
    "DOUBLE": "Float64",
    "DATE": "Date32",
    "TIMESTAMP": "DateTime64(6, 'UTC')",
    "TIMESTAMP WITH TIME ZONE": "DateTime64(6, 'UTC')",
}


class Plain(Protocol):
    """What both have in common: they answer queries."""

    def query(self, folder: Path, sql: str, zone: str = "UTC") -> tuple[list[str], list[tuple[Any, ...]]]:
        with self.client(folder) as client:
            return queried(client, sql, zone)

    def fill(self, folder: Path, table: str, types: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
        with self.client(folder) as client:
            fill(client, table, types, rows)

    def held(self, folder: Path) -> AbstractContextManager[object]:
        return self.client(folder)

    def relations(self, folder: Path) -> list[str]:
        return [str(row[0]) for row in self.query(folder, RELATIONS)[1]]

    def columns(self, folder: Path, relation: str) -> dict[str, str]:
        sql = (
            f"SELECT name, type FROM system.columns WHERE database = 'main' AND table = '{relation}' ORDER BY position"
        )
        with self.client(folder) as client:
            found = client.query(sql).result_rows
        return {str(name): duckdb_type(str(type_)) for name, type_ in found}

    def reads(self, folder: Path) -> dict[str, set[str]]:
        sql = "SELECT name, as_select FROM system.tables WHERE database = 'main' AND engine = 'View'"
        found = dict(self.query(folder, f"{sql} AND NOT startsWith(name, 'metasql_')")[1])
        tables = re.compile(r"\b(?:main|raw)\.\w+")
        return {name: {read.removeprefix("main.") for read in tables.findall(text)} for name, text in found.items()}

    def client(self, folder: Path) -> AbstractContextManager[Client]:
        """A plain client of the warehouse of a project."""
        ...


COMPILING = ("compile_expressions", "compile_aggregate_expressions", "compile_sort_description")
"""What takes longer than it saves where there are few rows; the server does it as it is set up to."""


class ChDB(Plain):
    """One folder in the project's folder, opened by this process."""

    name = "chdb"
    dialect = "duckdb"
    alone = True
    hashes_all = False

    def __init__(self) -> None:
        self._open: tuple[Path, Client] | None = None
        self._elsewhere = False

    def target(self, folder: Path) -> dict[str, Any]:
        path = str(folder / "case.chdb")
        return {
            "type": "clickhouse",
            "driver": "chdb",
            "path": path,
            "schema": "main",
            "threads": 1,
            "settings": dict.fromkeys(COMPILING, 0),
        }

    @contextmanager
    def held_elsewhere(self, folder: Path) -> Iterator[int]:
        self._close()
        self._elsewhere = True
        try:
            with held_by_process(CHDB, str(folder / "case.chdb")) as process:
                yield process
        finally:
            self._elsewhere = False

    @contextmanager
    def displaced(self, folder: Path) -> Iterator[str]:
        self.settle(folder)
        with other_file(folder / "case.chdb"):
            yield "MS0604"

    def ready(self, folder: Path) -> None:
        """Hold it open between commands: each start of the engine leaves threads and files of the process behind."""
        path = folder / "case.chdb"
        if self._open is not None and self._open[0] != path:
            self._close()
        if self._open is None and path.is_dir() and not self._elsewhere:
            self._open = (path, clickhouse_connect.get_client(interface="chdb", path=str(path)))

    def settle(self, folder: Path) -> None:
        """Nothing is open any more."""
        del folder
        self._close()

    def _close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None

    @contextmanager
    def client(self, folder: Path) -> Iterator[Client]:
        """A plain client of the warehouse of a project."""
        if self._open is not None and self._open[0] != folder / "case.chdb":
            self._close()
        client = clickhouse_connect.get_client(interface="chdb", path=str(folder / "case.chdb"))
        try:
            yield client
        finally:
            client.close()


class ClickHouse(Plain):
    """A server for each project, with its data in the project's folder; a few of them run at a time.

    `more` is configuration of the servers; `megabytes`: each has a disk of its own of this size.
    """

    name = "clickhouse"
    dialect = "duckdb"
    alone = False
    hashes_all = False
    running = 3

    def __init__(self, more: str = "", megabytes: int = 0) -> None:
        self.more = more
        self.megabytes = megabytes
        self._servers: dict[Path, Server] = {}
        self._displaced: set[Path] = set()
        atexit.register(self.close)

    def target(self, folder: Path) -> dict[str, Any]:
        return self.server(folder).target()

    def held_elsewhere(self, folder: Path) -> AbstractContextManager[int]:
        return held_by_process(SERVER, str(self.server(folder).port), "metasql", PASSWORD)

    @contextmanager
    def displaced(self, folder: Path) -> Iterator[str]:
        server = self.server(folder)
        server.stop()
        with other_server(server.port):
            yield "MS0633"

    def ready(self, folder: Path) -> None:
        """Start the server again, where it was stopped for the sake of others."""
        if folder in self._displaced:
            self.server(folder)

    def settle(self, folder: Path) -> None:
        """Stop the server, so that its folder can be copied; it is started again when it is needed."""
        if folder in self._servers:
            self._servers[folder].stop()
            self._displaced.add(folder)

    def server(self, folder: Path) -> Server:
        """The project's server, running; the one that was longest not asked for is stopped."""
        server = self._servers.pop(folder, None) or self._new(folder)
        self._servers[folder] = server
        if server.process is None:
            running = [path for path, other in self._servers.items() if other.process is not None]
            for path in running[: max(0, len(running) - self.running + 1)]:
                self._servers[path].stop()
                self._displaced.add(path)
            self._displaced.discard(folder)
            server.start()
        return server

    def _new(self, folder: Path) -> Server:
        return Server(folder / "server", more=self.more, megabytes=self.megabytes)

    @contextmanager
    def client(self, folder: Path) -> Iterator[Client]:
        """A plain client of the warehouse of a project."""
        client = self.server(folder).client()
        try:
            yield client
        finally:
            client.close()

    def close(self) -> None:
        for server in self._servers.values():
            server.stop()


RELATIONS = """
SELECT name FROM system.tables
WHERE database = 'main' AND (engine = 'View' AND NOT startsWith(name, 'metasql_') OR endsWith(name, '__history'))
ORDER BY name
"""
"""Every view of a feature, and every history."""


def duckdb_type(type_: str) -> str:
    """A type of ClickHouse's in DuckDB's words."""
    plain = (
        type_.removeprefix("LowCardinality(").removeprefix("Nullable(").rstrip(")") if "Nullable(" in type_ else type_
    )
    if plain.startswith("Map("):
        return "MAP(VARCHAR, VARCHAR)"
    words = {"DateTime64(6, 'UTC'": "TIMESTAMP", "DateTime64(6, 'UTC')": "TIMESTAMP"}
    words |= {
        made.removeprefix("Nullable("): word for word, made in _TYPES.items() if word != "TIMESTAMP WITH TIME ZONE"
    }
    return words.get(plain, plain)


def queried(client: Client, sql: str, zone: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows as a plain client reads them, in the database `main`."""
    client.database = "main"
    result = client.query(sql, settings={"session_timezone": zone} if zone != "UTC" else {})
    return list(result.column_names), [tuple(row) for row in result.result_rows]


def empty(client: Client) -> None:
    """Drop every database but the engine's own."""
    own = "'system', 'default', 'information_schema', 'INFORMATION_SCHEMA'"
    for (name,) in client.query(f"SELECT name FROM system.databases WHERE name NOT IN ({own})").result_rows:
        client.command(f"DROP DATABASE {quote_identifier(name)} SYNC")


def fill(client: Client, table: str, types: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Make `raw.table` hold exactly these rows; values and types are as DuckDB takes them."""
    made, columns = parquet(types, rows)
    client.command("CREATE DATABASE IF NOT EXISTS raw")
    client.command(f'DROP TABLE IF EXISTS raw."{table}" SYNC')
    definitions = ", ".join(f'"{name}" {type_}' for name, type_ in columns.items())
    client.command(f'CREATE TABLE raw."{table}" ({definitions}) ENGINE = MergeTree ORDER BY ()')
    if made is not None:
        client.raw_insert(f'raw."{table}"', list(columns), io.BytesIO(made), fmt="Parquet")


def parquet(types: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> tuple[bytes | None, dict[str, str]]:
    """Rows as a Parquet file, None where there are none, and their columns in ClickHouse's types."""
    values = [[row.get(column) for column in types] for row in rows]
    with duckdb.connect() as connection, tempfile.TemporaryDirectory() as folder:
        columns = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE t ({columns})")
        found = {str(row[0]): _type(str(row[1])) for row in connection.execute("DESCRIBE t").fetchall()}
        if not values:
            return None, found
        connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' for _ in types)})", values)
        path = Path(folder) / "rows.parquet"
        # Parquet has no integers of 128 bits and no UUIDs: their texts go over.
        names = ", ".join(
            f'"{name}"::VARCHAR AS "{name}"' if "Int128" in type_ or "UUID" in type_ else f'"{name}"'
            for name, type_ in found.items()
        )
        connection.execute(f"COPY (SELECT {names} FROM t) TO '{path}' (FORMAT parquet)")
        return path.read_bytes(), found


def _type(type_: str) -> str:
    if type_.startswith("DECIMAL"):
        return f"Nullable({type_.replace('DECIMAL', 'Decimal')})"
    if type_.endswith("[]"):
        return f"Array({_type(type_[:-2])})"
    return f"Nullable({_TYPES[type_]})"
