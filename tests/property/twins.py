"""One project on two engines: every command on both, and what they then hold compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import duckdb

from tests.scenarios.support import VOLATILE, Place
from tests.support.cli import Result
from tests.support.clickhouse_engines import ChDB, ClickHouse, queried
from tests.support.engines import DuckDB, Engine

Given = Mapping[str, str | None]
"""A row: values as text that DuckDB reads."""
Query = Callable[[str], tuple[list[str], list[tuple[Any, ...]]]]

RELATIONS = ("", "__samples", "__inputs", "__history", "__expected", "__increment", "__summary")
_EXACT = Context(prec=100)


class Twins:
    """Two places with the same files."""

    def __init__(self, folder: Path, left: Engine, right: Engine) -> None:
        self.places = [Place(folder / engine.name, engine) for engine in (left, right)]
        self.told: list[str] = []

    def write(self, files: Mapping[str, str]) -> None:
        for place in self.places:
            for path, text in files.items():
                place.write(path, text)

    def fill(self, table: str, types: Mapping[str, str], rows: Sequence[Given]) -> None:
        for place in self.places:
            place.fill(table, types, [[row.get(name) for name in types] for row in rows])

    def cli(self, *command: str) -> list[Result]:
        """A command on both: they agree whether it is done, and in what words it is refused."""
        self.told.append(" ".join(command))
        return self._agreed([place.cli(*command, code=None) for place in self.places])

    def hand_out(self, key: str, format: str) -> list[Path]:
        """The increment of a feature as a file of each."""
        paths = [place.folder / f"increment.{format}" for place in self.places]
        self.told.append(f"increment {key} as {format}")
        options = ("--status", "new,stale", "--format", format, "-o")
        results = [
            place.cli("increment", key, *options, str(path), code=None)
            for place, path in zip(self.places, paths, strict=True)
        ]
        self._agreed(results)
        assert results[0].code == 0, results[0]
        return paths

    def commit(self, key: str, paths: Sequence[Path], inputs: Sequence[Path] = ()) -> list[Result]:
        """A batch of each, made of what each handed out."""
        self.told.append(f"commit {key} {paths[0].name}")
        results = []
        for number, place in enumerate(self.places):
            more = ["--inputs", str(inputs[number])] if inputs else []
            results.append(place.cli("commit", key, str(paths[number]), *more, code=None))
        return self._agreed(results)

    def compare(self, keys: Sequence[str]) -> None:
        """Every row of every relation, without what tells when it was written."""
        relations = [f"{key}{ending}" for key in keys for ending in RELATIONS]
        left, right = (_held(place, relations) for place in self.places)
        for relation in relations:
            if left.get(relation) != right.get(relation):
                raise AssertionError(self._difference(relation, left.get(relation, []), right.get(relation, [])))

    def _agreed(self, results: list[Result]) -> list[Result]:
        left, right = ((result.code, _said(result)) for result in results)
        assert left == right, "\n".join([*self.told, *map(str, results)])
        return results

    def _difference(self, relation: str, left: list[str], right: list[str]) -> str:
        only = [sorted(set(one) - set(other)) for one, other in ((left, right), (right, left))]
        lines = [f"{relation}: {len(left)} rows and {len(right)}"]
        for place, rows in zip(self.places, only, strict=True):
            lines += [f"{place.engine.name} alone: {row[:3000]}" for row in rows[:2]]
        return "\n".join([*self.told, *lines])


def _said(result: Result) -> list[str]:
    """What was refused, by code and message."""
    return sorted(line for line in result.err.splitlines() if line.startswith("error["))


def _held(place: Place, relations: Sequence[str]) -> dict[str, list[str]]:
    """The rows of those relations that there are, as sorted texts."""
    with _reader(place) as query:
        listed = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'main'"
        columns: dict[str, dict[str, str]] = {}
        for relation, name, type_ in query(listed)[1]:
            columns.setdefault(relation, {})[name] = type_
        return {name: _rows(query, place, name, columns[name]) for name in relations if name in columns}


def _rows(query: Query, place: Place, relation: str, columns: Mapping[str, str]) -> list[str]:
    # DuckDB's driver gives times with a zone only where yet another package is installed.
    zoned = [name for name, type_ in columns.items() if type_ == "TIMESTAMP WITH TIME ZONE"]
    utc = ", ".join(f"{name} AT TIME ZONE 'UTC' AS {name}" for name in zoned)
    final = " FINAL" if place.engine.name != "duckdb" and relation.endswith(("__samples", "__inputs")) else ""
    names, rows = query(f'SELECT *{f" REPLACE ({utc})" if zoned else ""} FROM "{relation}"{final}')
    held = []
    for row in rows:
        values = {name: canonical(v) for name, v in zip(names, row, strict=True) if name not in VOLATILE}
        if "metasql_deleted_at" in values:
            values["metasql_deleted_at"] = values["metasql_deleted_at"] is not None
        held.append(repr(values))
    return sorted(held)


@contextmanager
def _reader(place: Place) -> Iterator[Query]:
    """One client for many queries: opening one is slow."""
    if not isinstance(place.engine, DuckDB):
        assert isinstance(place.engine, (ChDB, ClickHouse))
        with place.engine.client(place.folder) as client:
            yield lambda sql: queried(client, sql, "UTC")
        return
    with duckdb.connect(str(place.engine.target(place.folder)["path"]), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")

        def query(sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
            cursor = connection.execute(sql)
            return [str(item[0]) for item in cursor.description or []], cursor.fetchall()

        yield query


def canonical(value: Any) -> Any:
    """A value as both drivers give it."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value + 0.0
    if isinstance(value, Decimal):
        return format(value.normalize(_EXACT).copy_abs() if not value else value.normalize(_EXACT), "f")
    if isinstance(value, datetime):
        zoned = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return zoned.astimezone(timezone.utc).replace(tzinfo=None).isoformat()
    if isinstance(value, bool) or value is None:
        return value
    return sorted(value.items()) if isinstance(value, dict) else str(value)


class Batch:
    """Batches made with DuckDB: of rows that were handed out, or of none."""

    def __init__(self, folder: Path, format: str) -> None:
        self.path = folder / f"batch.{format}"
        self.format = format

    def written(self, sql: str, rows: Sequence[Given], types: Mapping[str, str]) -> Path:
        """The rows of a query over `given`, a table of the rows with their number `n`."""
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            columns = ", ".join(f'"{name}" {type_}' for name, type_ in types.items())
            connection.execute(f"CREATE TABLE given (n INTEGER{', ' if columns else ''}{columns})")
            for number, row in enumerate(rows):
                values = [number, *(row.get(name) for name in types)]
                connection.execute(f"INSERT INTO given VALUES ({', '.join('?' for _ in values)})", values)
            connection.execute(f"COPY ({sql}) TO '{self.path}' (FORMAT {self.format})")
        return self.path
