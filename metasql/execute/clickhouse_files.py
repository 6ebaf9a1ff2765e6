"""Files for ClickHouse: read and written by a DuckDB in memory, so that both engines read them alike.

Rows go from one to the other as Parquet, and never through Python.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from metasql.diagnostics import MetasqlError
from metasql.execute.arrow import write_batches
from metasql.execute.clickhouse_client import Client
from metasql.execute.files import (
    batch_query,
    copy_statement,
    identifier,
    literal,
    plain_path,
    rows_query,
    seed_query,
    with_texts,
)
from metasql.lower.clickhouse_storage import quoted

_TYPES = {
    "VARCHAR": "String",
    "BOOLEAN": "Bool",
    "TINYINT": "Int8",
    "SMALLINT": "Int16",
    "INTEGER": "Int32",
    "BIGINT": "Int64",
    "UTINYINT": "UInt8",
    "USMALLINT": "UInt16",
    "UINTEGER": "UInt32",
    "UBIGINT": "UInt64",
    "FLOAT": "Float32",
    "DOUBLE": "Float64",
    "DATE": "Date32",
    "UUID": "UUID",
    "TIMESTAMP": "DateTime64(6, 'UTC')",
    "TIMESTAMP WITH TIME ZONE": "DateTime64(6, 'UTC')",
    "TIMESTAMP_S": "DateTime64(6, 'UTC')",
    "TIMESTAMP_MS": "DateTime64(6, 'UTC')",
    "TIMESTAMP_NS": "DateTime64(9, 'UTC')",
    "HUGEINT": "Int128",
    "UHUGEINT": "UInt128",
    '"NULL"': "Int32",
    "TIME": "Time64(6)",
}
_GIVEN = "metasql_given_rows"
_AS_TEXT = {"HUGEINT", "UHUGEINT", "UUID", "TIME"}
"""Types that Parquet has no like of: their text goes over, and the engine reads it."""


@dataclass(frozen=True)
class Rows:
    """Rows in a Parquet file, under columns of ClickHouse's types."""

    path: Path
    columns: Mapping[str, str]
    count: int


Batch = AbstractContextManager[tuple[Rows, list[str] | None]]
"""The rows of a batch, and the names of its own columns; None where it has none."""


def type_of(type_: str) -> str:
    """DuckDB's word for a type as ClickHouse's."""
    if type_ in _TYPES:
        return _TYPES[type_]
    if found := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", type_):
        return f"Decimal({found.group(1)}, {found.group(2)})"
    if type_.endswith("[]"):
        return f"Array({_inside(type_[:-2])})"
    return "String"


def _inside(type_: str) -> str:
    made = type_of(type_)
    return made if made.startswith("Array(") else f"Nullable({made})"


@contextmanager
def seed_rows(path: Path, header: Sequence[str], types: Mapping[str, str]) -> Iterator[Rows]:
    """The rows of a seed."""
    with plain_path(path) as plain, _engine() as engine, tempfile.TemporaryDirectory() as folder:
        yield engine.written(seed_query(plain, header, types), Path(folder) / "rows.parquet")


@contextmanager
def batch_rows(path: Path, format: str, otherwise: Sequence[str]) -> Iterator[tuple[Rows, list[str] | None]]:
    """The rows of a batch with `metasql_row`, and the names of its own columns; None where the file is empty."""
    with plain_path(path) as plain, _engine() as engine, tempfile.TemporaryDirectory() as folder:
        query, columns = batch_query(plain, format, otherwise, engine.described)
        rows = engine.written(query, Path(folder) / "rows.parquet")
        yield rows, list(columns) if columns is not None else None


@contextmanager
def arrow_rows(given: Any, otherwise: Sequence[str]) -> Iterator[tuple[Rows, list[str] | None]]:
    """The same of a `pyarrow.RecordBatchReader`."""
    with _engine() as engine, tempfile.TemporaryDirectory() as folder:
        engine.register(_GIVEN, given)
        query, columns = rows_query(_GIVEN, given.schema.names, otherwise, engine.described)
        rows = engine.written(query, Path(folder) / "rows.parquet")
        yield rows, list(columns) if columns is not None else None


def export(
    client: Client,
    sql: str,
    types: Mapping[str, str],
    path: Path,
    format: str,
    size: int,
    ways: Mapping[str, str | int],
) -> None:
    """Write a query's rows to a file; `types` are those of its columns, `size` is that of Arrow batches.

    `ways`: settings that suit metasql's own queries, where it is not a view that has them in its text.
    """
    zoned = [name for name, type_ in types.items() if type_.startswith("DateTime")]
    wide = [name for name, type_ in types.items() if type_.endswith(("Int128", "Int256"))]
    if wide:  # Parquet has no such integers: their texts go over
        texts = ", ".join(f"toString({quoted(name)}) AS {quoted(name)}" for name in wide)
        sql = f"SELECT * REPLACE ({texts}) FROM ({sql})"
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "rows.parquet"
        client.save(sql, made, "Parquet", ways)
        save(made, zoned, wide, path, format, size)


def save(source: Path, zoned: Sequence[str], wide: Sequence[str], path: Path, format: str, size: int = 0) -> None:
    """A Parquet file of ClickHouse's as another file.

    `zoned`: times in UTC, which are told without a zone. `wide`: integers of 128 bits, which come as texts.
    """
    made = [f"{identifier(name)} AT TIME ZONE 'UTC' AS {identifier(name)}" for name in zoned]
    made += [f"CAST({identifier(name)} AS HUGEINT) AS {identifier(name)}" for name in wide]
    replaced = ", ".join(made)
    columns = f"* REPLACE ({replaced})" if replaced else "*"
    with _engine() as engine:
        query = f"SELECT {columns} FROM read_parquet({literal(str(source))})"
        if format == "arrow":
            engine.save_batches(with_texts(query, engine.described), path, size)
        else:
            engine.run(copy_statement(query, path, format, engine.described))


class _Engine:
    def __init__(self, driver: duckdb.DuckDBPyConnection) -> None:
        self._driver = driver

    def run(self, sql: str) -> duckdb.DuckDBPyConnection:
        try:
            return self._driver.execute(sql)
        except duckdb.Error as error:
            line = re.sub(r"^[A-Za-z ]*Error: ", "", str(error).strip().split("\n")[0])
            help_ = "correct the file, or say how it is written"
            raise MetasqlError.of("MS0610", "the file cannot be read", notes=[line], help=help_) from error

    def register(self, name: str, rows: Any) -> None:
        self._driver.register(name, rows)

    def save_batches(self, sql: str, path: Path, size: int) -> None:
        write_batches(self._driver.sql(sql).to_arrow_reader(size), path)

    def described(self, sql: str) -> dict[str, str]:
        return {str(row[0]): str(row[1]) for row in self.run(f"DESCRIBE {sql}").fetchall()}

    def written(self, query: str, path: Path) -> Rows:
        """A query's rows as Parquet."""
        types = self.described(query)
        names = ", ".join(_as_parquet(name, type_) for name, type_ in types.items())
        copied = self.run(f"COPY (SELECT {names} FROM ({query})) TO {literal(str(path))} (FORMAT parquet)")
        return Rows(path, {name: type_of(type_) for name, type_ in types.items()}, int(copied.fetchall()[0][0]))


def _as_parquet(name: str, type_: str) -> str:
    column = identifier(name)
    if type_ in _AS_TEXT or type_of(type_) == "String":
        return f"CAST({column} AS VARCHAR) AS {column}"
    return column


@contextmanager
def _engine() -> Iterator[_Engine]:
    with duckdb.connect() as driver:
        driver.execute("SET TimeZone = 'UTC'")
        yield _Engine(driver)
