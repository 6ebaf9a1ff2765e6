"""Warehouses as earlier versions of metasql left them: `tests/fixtures/warehouses`, put in the place of a project's."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from tests.support.clickhouse_engines import ChDB, ClickHouse
from tests.support.engines import STORAGE, Engine

WAREHOUSES = Path(__file__).parents[1] / "fixtures" / "warehouses"
VERSIONS = sorted(int(path.name[1:]) for path in WAREHOUSES.glob("v*"))


def old_project(folder: Path) -> None:
    """The files of the project that the warehouses belong to, into the folder of one that has a profile `case`."""
    shutil.copytree(WAREHOUSES / "project", folder, dirs_exist_ok=True)
    path = folder / "profiles.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("case:\n", "clips:\n", 1), encoding="utf-8")


def old_warehouse(folder: Path, engine: Engine, version: int) -> Path:
    """Make the warehouse of a version; gives the batch that was handed out there and not committed."""
    return restored(folder, engine, WAREHOUSES / f"v{version}" / engine_folder(engine))


def restored(folder: Path, engine: Engine, place: Path) -> Path:
    """The same of a warehouse that is kept in a place."""
    statements = (place / "warehouse.sql").read_text(encoding="utf-8").removesuffix(";\n").split(";\n\n")
    if isinstance(engine, (ChDB, ClickHouse)):
        with engine.client(folder) as client:
            for statement in statements:
                client.command(statement)
        return place / "batch.json"
    with duckdb.connect() as connection:
        connection.execute(f"""ATTACH '{folder / "case.duckdb"}' AS "case" (STORAGE_VERSION '{STORAGE}')""")
        connection.execute('USE "case"')
        for statement in statements:
            connection.execute(statement)
        connection.execute("USE memory")
        connection.execute('DETACH "case"')
    return place / "batch.json"


def engine_folder(engine: Engine) -> str:
    return "duckdb" if engine.name == "duckdb" else "clickhouse"
