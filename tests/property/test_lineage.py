"""Lineage holds when queries are run: what it does not name may change, and the result does not.

The cases are the same ones every time. `METASQL_PROPERTY_EXAMPLES=500` makes more of them.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

import duckdb
import pytest
import sqlglot

from metasql.trace.query import Tracer
from metasql.trace.reach import Reach
from metasql.trace.relation import Relation
from tests.property.queries import BASES, Queries
from tests.unit.trace.corpus_cases import TABLES, TYPES, cases

EXAMPLES = int(os.environ.get("METASQL_PROPERTY_EXAMPLES", "6"))
KEYS = {name: table.key for name, table in TABLES.items()}
COLUMNS = {**{name: table.columns for name, table in TABLES.items()}, "src": ("z", "q")}
SHIFTING = ("rowid", "exclude (id)", "positional", "using sample", "query_table", "pivot u on")
"""In these the columns of a result, or its rows, may be others every time."""

Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """One thread and no optimizer, so that rows keep their order where nothing gives one."""
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        connection.execute("pragma disable_optimizer")
        for name, columns in COLUMNS.items():
            types = ", ".join(f"{column} {TYPES.get(column, 'INTEGER')}" for column in columns or ())
            connection.execute(f"create table {name} ({types})")
        yield connection


def value(column: str, random: Random) -> Any:
    number = random.choice([None, 0, 1, 1, 2, 3])
    if column == "s":
        return {"f": number, "g": {"h": random.randrange(3)}}
    return [random.randrange(4) for _ in range(random.randrange(3))] if column == "xs" else number


def row(name: str, key: tuple[int, ...], random: Random) -> dict[str, Any]:
    found = {column: value(column, random) for column in COLUMNS[name] or ()}
    return {**found, **dict(zip(KEYS[name], key, strict=True))}


def random_tables(random: Random) -> Tables:
    found: Tables = {}
    for name, key in KEYS.items():
        places = [(one,) for one in range(7)] if len(key) == 1 else [(one, two) for one in range(4) for two in range(3)]
        chosen = random.sample(places, 5) if key else [()] * 3
        found[name] = [row(name, place, random) for place in chosen]
    return found


def fill(connection: duckdb.DuckDBPyConnection, tables: Tables, names: Iterable[str]) -> None:
    for name in names:
        lines = ", ".join(f"({', '.join(map(literal, line.values()))})" for line in tables[name])
        connection.execute(f"delete from {name}; insert into {name} values {lines}")


def literal(value: Any) -> str:
    """A value as SQL."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "{" + ", ".join(f"'{name}': {literal(part)}" for name, part in value.items()) + "}"
    return f"[{', '.join(map(literal, value))}]" if isinstance(value, list) else str(value)


def changed_column(tables: Tables, name: str, column: str, random: Random) -> Tables:
    """Other values in one column; those of a key stay different."""
    lines = [dict(line) for line in tables[name]]
    if column in KEYS[name]:
        order = (
            random.sample(range(10, 30), len(lines)) if random.random() < 0.5 else random.sample(range(7), len(lines))
        )
        for line, place in zip(lines, order, strict=True):
            line[column] = place
    else:
        for line in lines:
            line[column] = value(column, random)
    return {**tables, name: lines}


def changed_rows(tables: Tables, name: str, random: Random) -> Tables:
    """A row less, and one more."""
    lines = tables[name][1:]
    return {**tables, name: [*lines, row(name, tuple(20 for _ in KEYS[name]), random)]}


def result(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    found = connection.execute(sql)
    return [item[0] for item in found.description], found.fetchall()


def check(connection: duckdb.DuckDBPyConnection, sql: str, seed: int) -> int:
    """Change each column, and the rows of each table, that some output columns are not made of.

    Those columns, row by row together, must come out as before. Gives how much was compared.
    """
    random = Random(seed)
    tree = sqlglot.parse_one(sql, read="duckdb")
    relation = Tracer(TABLES, {}, aliases_win=False).query(tree, {}, (), top=True)
    tables = random_tables(random)
    fill(connection, tables, tables)
    names, before = result(connection, sql)
    reaches = [reach_of(relation, name, number) for number, name in enumerate(names)]
    compared = 0
    for table, columns in COLUMNS.items():
        for column in (*(columns or ()), None) if table in sql else ():
            free = [number for number, reach in enumerate(reaches) if not names_it(reach, table, column)]
            if not free:
                continue
            other = (
                changed_rows(tables, table, random) if column is None else changed_column(tables, table, column, random)
            )
            fill(connection, other, [table])
            _, after = result(connection, sql)
            fill(connection, tables, [table])
            told = f"{table}.{column} changes {[names[number] for number in free]} of: {sql}"
            assert picked(before, free) == picked(after, free), told
            compared += 1
    return compared


def reach_of(relation: Relation, name: str, number: int) -> Reach:
    if relation.columns is not None and not relation.is_wide:
        return relation.values[number] | relation.rows if relation.parent is None else relation.rows
    found = relation.reach(name.lower(), sqlglot.exp.Star())
    assert found is not None
    return found | relation.rows


def names_it(reach: Reach, table: str, column: str | None) -> bool:
    """Whether an edge leads to a column, or to the rows, of a table."""
    return any(edge.parent == table and edge.column in (column, "*" if column else None) for edge in reach.edges)


def picked(rows: list[tuple[Any, ...]], numbers: list[int]) -> Counter[str]:
    return Counter(str([line[number] for number in numbers]) for line in rows)


@pytest.mark.parametrize("seed", range(1, 1 + EXAMPLES // 6))
def test_corpus_when_it_is_run(connection, seed):
    """Every query of the corpus runs, and its lineage leaves nothing out."""
    compared = 0
    for case in cases():
        if not any(word in case.sql for word in SHIFTING):
            compared += check(connection, case.sql, seed)
    assert compared > 1000


@pytest.mark.parametrize("seed", range(EXAMPLES))
def test_random_queries_when_they_are_run(connection, seed):
    """Queries that nobody thought of: joins, groups, windows and subqueries in all orders."""
    random = Random(seed)
    compared = sum(check(connection, Queries(Random(random.random())).body(), number) for number in range(15))
    assert compared > 100


def test_a_forgotten_edge_would_be_found(connection):
    """The check itself is able to fail: with the edges of a filter taken away it does."""
    sql = "select id, a from t where b > 1"
    random = Random(1)
    tables = random_tables(random)
    fill(connection, tables, tables)
    before = result(connection, sql)[1]
    found = []
    for seed in range(5):
        fill(connection, changed_column(tables, "t", "b", Random(seed)), ["t"])
        found.append(picked(result(connection, sql)[1], [0, 1]) != picked(before, [0, 1]))
    assert any(found)
    assert set(BASES["t"]) < set(COLUMNS["t"] or ())
