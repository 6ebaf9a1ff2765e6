"""metasql's own tables on ClickHouse: what is put in the place of others is one insert, so it is all or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from metasql.lower.clickhouse_storage import (
    RECORD_REMOVED,
    RECORD_TYPES,
    RECORD_VERSION,
    Mode,
    create_view,
    literal,
    nullable,
    place,
    quoted,
)
from metasql.names import Relation

Value = str | int | float | None


def rows_of(relation: Relation) -> Relation:
    """The table behind one of metasql's own relations that has a key."""
    return Relation(relation.schema, f"{relation.name}__rows", relation.catalog)


def create_records(relation: Relation, columns: Mapping[str, str], key: Sequence[str], mode: Mode) -> list[str]:
    """A log is a table; one with a key is a view of the newest rows that were not removed."""
    if not key:
        return [create_rows(relation, columns, key, mode)]
    return [create_rows(rows_of(relation), columns, key, mode), create_newest(relation, columns, mode)]


def create_rows(relation: Relation, columns: Mapping[str, str], key: Sequence[str], mode: Mode) -> str:
    """The table of a log, or the one behind a relation that has a key."""
    kept = ", ".join(f"{quoted(name)} {_type(name, type_, key)}" for name, type_ in columns.items())
    create = f"CREATE TABLE IF NOT EXISTS {place(relation)}{mode.everywhere()}"
    if not key:
        return f"{create} ({kept}) ENGINE = {mode.engine('MergeTree')} ORDER BY ()"
    engine = mode.engine("ReplacingMergeTree", RECORD_VERSION, RECORD_REMOVED)
    own = f"{RECORD_VERSION} UInt64, {RECORD_REMOVED} UInt8"
    return f"{create} ({kept}, {own}) ENGINE = {engine} ORDER BY ({', '.join(quoted(name) for name in key)})"


def create_newest(relation: Relation, columns: Mapping[str, str], mode: Mode) -> str:
    """The view of the rows that count."""
    names = ", ".join(quoted(name) for name in columns)
    return create_view(relation, f"SELECT {names} FROM {place(rows_of(relation))} FINAL", mode)


def _type(name: str, type_: str, key: Sequence[str]) -> str:
    return RECORD_TYPES[type_] if name in key else nullable(RECORD_TYPES[type_])


def put_records(
    relation: Relation,
    columns: Mapping[str, str],
    key: Sequence[str],
    scope: Mapping[str, str] | None,
    rows: Sequence[Mapping[str, Value]],
) -> str | None:
    """One insert of the new rows and, for what else matches `scope`, of rows that say it is gone."""
    names = ", ".join(quoted(name) for name in columns)
    values = ", ".join(_row(row, columns) for row in rows)
    if not key:
        return f"INSERT INTO {place(relation)} ({names}) VALUES {values}" if rows else None
    table = place(rows_of(relation))
    where = " AND ".join(f"{quoted(name)} = {literal(value)}" for name, value in (scope or {}).items()) or "true"
    # The clock alone could go back.
    newest = f"(SELECT max({RECORD_VERSION}) FROM {table} WHERE {where})"
    version = f"greatest(toUInt64(toUnixTimestamp64Nano(now64(9))), {newest} + 1)"
    structure = literal(", ".join(f"{name} {_type(name, type_, key)}" for name, type_ in columns.items()))
    parts = [f"SELECT {names}, {version}, 0 FROM values({structure}, {values})"] if rows else []
    if scope is not None:
        gone = f"SELECT {names}, {version}, 1 FROM {table} FINAL WHERE {where}"
        parts.append(f"{gone} AND ({_keys(key)}) NOT IN ({_new(rows, key, columns)})" if rows else gone)
    into = f"INSERT INTO {table} ({names}, {RECORD_VERSION}, {RECORD_REMOVED})"
    return f"{into} {' UNION ALL '.join(parts)}" if parts else None


def _keys(key: Sequence[str]) -> str:
    return ", ".join(quoted(name) for name in key)


def _new(rows: Sequence[Mapping[str, Value]], key: Sequence[str], columns: Mapping[str, str]) -> str:
    return ", ".join(_row(row, {name: columns[name] for name in key}) for row in rows)


def _row(row: Mapping[str, Value], columns: Mapping[str, str]) -> str:
    return f"({', '.join(_value(row.get(name)) for name in columns)})"


def _value(value: Value) -> str:
    if value is None:
        return "NULL"
    return literal(value) if isinstance(value, str) else repr(value)
