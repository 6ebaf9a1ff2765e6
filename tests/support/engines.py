"""The engines that cases run on: a target for the profile, and a writer for the tables of the source `raw`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pytest

STORAGE = "v1.4.0"


class Engine(Protocol):
    """What a case needs of an engine beyond metasql itself."""

    name: str
    dialect: str

    def target(self, folder: Path) -> dict[str, Any]:
        """The target's entry in `profiles.yml`, for a project in the folder."""

    def fill(self, folder: Path, table: str, types: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
        """Make `raw.table` hold exactly these rows. Opens the warehouse, writes, and closes it."""


class DuckDB:
    """One file in the project's folder."""

    name = "duckdb"
    dialect = "duckdb"

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


ENGINES: dict[str, type[Engine]] = {"duckdb": DuckDB}


def engine_named(name: str) -> Engine:
    """An engine by name. One that is not known, or not installed, is an error and never a skip."""
    if name not in ENGINES:
        raise pytest.UsageError(f"--engine {name}: not known here; known are {', '.join(sorted(ENGINES))}")
    return ENGINES[name]()
