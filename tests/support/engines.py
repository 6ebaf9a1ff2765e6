"""The engines that cases run on: a target for the profile, and a writer for the tables of the source `raw`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pytest

from tests.support.clickhouse_cluster import Cluster
from tests.support.clickhouse_engines import ChDB, ClickHouse
from tests.support.occupied import DUCKDB, held_by_process, other_file

STORAGE = "v1.4.0"


class Engine(Protocol):
    """What a case needs of an engine beyond metasql itself."""

    name: str
    dialect: str
    alone: bool
    """Whether one process at a time has the warehouse, and another is refused."""
    hashes_all: bool
    """Whether lists, structs, blobs and times outside the years 1 to 9999 have a hash; where not, they are refused."""

    def target(self, folder: Path) -> dict[str, Any]:
        """The target's entry in `profiles.yml`, for a project in the folder."""

    def fill(self, folder: Path, table: str, types: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
        """Make `raw.table` hold exactly these rows. Opens the warehouse, writes, and closes it."""

    def query(self, folder: Path, sql: str, zone: str = "UTC") -> tuple[list[str], list[tuple[Any, ...]]]:
        """Columns and rows of a query, as a plain client in a time zone reads them."""

    def held(self, folder: Path) -> AbstractContextManager[object]:
        """The warehouse stays open meanwhile, so that many queries in a row do not each open it."""

    def relations(self, folder: Path) -> list[str]:
        """Every view of the warehouse, and every history."""

    def columns(self, folder: Path, relation: str) -> dict[str, str]:
        """The columns of a relation of `main` with their types in DuckDB's words; none where there is no relation."""

    def reads(self, folder: Path) -> dict[str, set[str]]:
        """The views of `main`, and the relations that each of them reads."""

    def held_elsewhere(self, folder: Path) -> AbstractContextManager[int]:
        """Another process, whose number it gives, has the warehouse open meanwhile."""

    def displaced(self, folder: Path) -> AbstractContextManager[str]:
        """Something else stands in the warehouse's place; gives the code of the error that says so."""

    def ready(self, folder: Path) -> None:
        """See that commands find the warehouse."""

    def settle(self, folder: Path) -> None:
        """Bring the warehouse into a state in which its folder can be copied, with links as links."""


class DuckDB:
    """One file in the project's folder."""

    name = "duckdb"
    dialect = "duckdb"
    alone = True
    hashes_all = True

    def target(self, folder: Path) -> dict[str, Any]:
        path = str(folder / "case.duckdb")
        return {"type": "duckdb", "path": path, "schema": "main", "threads": 1, "storage_version": STORAGE}

    def fill(self, folder: Path, table: str, types: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
        columns = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
        marks = ", ".join("?" for _ in types)
        values = [[row.get(column) for column in types] for row in rows]
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{folder / 'case.duckdb'}' AS warehouse (STORAGE_VERSION '{STORAGE}')")
            connection.execute("CREATE SCHEMA IF NOT EXISTS warehouse.raw")
            connection.execute(f'CREATE OR REPLACE TABLE warehouse.raw."{table}" ({columns})')
            if values:
                connection.executemany(f'INSERT INTO warehouse.raw."{table}" VALUES ({marks})', values)
            connection.execute("DETACH warehouse")

    def query(self, folder: Path, sql: str, zone: str = "UTC") -> tuple[list[str], list[tuple[Any, ...]]]:
        with duckdb.connect(str(folder / "case.duckdb"), read_only=True) as connection:
            connection.execute(f"SET TimeZone = '{zone}'")
            cursor = connection.execute(sql)
            return [str(item[0]) for item in cursor.description or []], cursor.fetchall()

    def held(self, folder: Path) -> AbstractContextManager[object]:
        return duckdb.connect(str(folder / "case.duckdb"), read_only=True)

    def relations(self, folder: Path) -> list[str]:
        views = "SELECT view_name FROM duckdb_views() WHERE NOT internal"
        histories = "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '%\\_\\_history' ESCAPE '\\'"
        return [str(row[0]) for row in self.query(folder, f"{views} UNION ALL {histories} ORDER BY 1")[1]]

    def columns(self, folder: Path, relation: str) -> dict[str, str]:
        sql = f"SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = '{relation}' AND NOT internal"
        return dict(self.query(folder, sql)[1])

    def reads(self, folder: Path) -> dict[str, set[str]]:
        views = dict(self.query(folder, "SELECT view_name, sql FROM duckdb_views() WHERE NOT internal")[1])
        with duckdb.connect(str(folder / "case.duckdb"), read_only=True) as connection:
            found = {
                name: connection.get_table_names(sql.split(" AS ", 1)[1], qualified=True) for name, sql in views.items()
            }
        return {name: {relation.removeprefix("main.") for relation in read} for name, read in found.items()}

    def held_elsewhere(self, folder: Path) -> AbstractContextManager[int]:
        return held_by_process(DUCKDB, str(folder / "case.duckdb"))

    @contextmanager
    def displaced(self, folder: Path) -> Iterator[str]:
        with other_file(folder / "case.duckdb"):
            yield "MS0604"

    def ready(self, folder: Path) -> None:
        """It is a file."""

    def settle(self, folder: Path) -> None:
        """Nothing is open between commands."""


ENGINES: dict[str, type[Engine]] = {"duckdb": DuckDB, "chdb": ChDB, "clickhouse": ClickHouse, "cluster": Cluster}


@cache
def engine_named(name: str) -> Engine:
    """An engine by name. One that is not known, or not installed, is an error and never a skip."""
    if name not in ENGINES:
        raise pytest.UsageError(f"--engine {name}: not known here; known are {', '.join(sorted(ENGINES))}")
    return ENGINES[name]()
