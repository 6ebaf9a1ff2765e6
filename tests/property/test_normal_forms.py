"""Queries of one form give one result: what an edit leaves the form of a column as it was, leaves its values."""

from __future__ import annotations

import re
from collections import Counter
from random import Random

import duckdb
import pytest
from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from metasql.trace.normal import Normal
from tests.property.queries import BASES, Queries

WORDS = {
    "column": ["a", "b", "c", "x", "y", "k", "w", "id"],
    "operator": ["<", ">", "<=", ">=", "=", "<>", "+", "-", "*"],
    "function": ["sum", "max", "min", "count", "coalesce", "abs", "first"],
    "join": ["left join", "join", "right join", "full join", "cross join"],
    "set": ["union all", "union", "except", "intersect"],
    "order": ["asc", "desc"],
}
TOKEN = re.compile(
    r"(?P<join>(?:left |right |full |cross )?join)|(?P<set>union all|union|except|intersect)"
    r"|(?P<order>\b(?:asc|desc)\b)"
    r"|(?P<function>\b(?:sum|max|min|count|coalesce|abs|first)\b(?=\())|(?P<number>\b\d+\b)"
    r"|(?P<operator><=|>=|<>|[<>=+*-])|(?P<column>(?<=\.)\b(?:a|b|c|x|y|k|w|id)\b)"
)


def edited(sql: str, random: Random) -> str:
    """One word, number or sign of it is another."""
    found = random.choice(list(TOKEN.finditer(sql)) or [None])
    if found is None:
        return sql
    kind = str(found.lastgroup)
    other = str(random.randrange(4)) if kind == "number" else random.choice(WORDS[kind])
    return sql[: found.start()] + other + sql[found.end() :]


def rewritten(sql: str, random: Random) -> str:
    """It reads otherwise, and means the same."""
    names = {name: f"{name}_{random.randrange(100)}" for name in re.findall(r"\bpart\d+\b", sql)}
    sql = re.sub(r"\bpart\d+\b", lambda found: names[found[0]], sql)
    return f"/* again */ {sql.replace(' where ', ' WHERE  ')}"


@pytest.fixture
def connection():
    """Three small tables of whole numbers; one thread, so that rows keep their order where nothing gives one."""
    random = Random(7)
    with duckdb.connect() as made:
        made.execute("set threads = 1")
        made.execute("pragma disable_optimizer")
        for name, columns in BASES.items():
            made.execute(f"create table {name} ({', '.join(f'{column} int' for column in columns)})")
            for number in range(6):
                row = [number if column == "id" else random.choice([None, 0, 1, 2, 3]) for column in columns]
                made.execute(f"insert into {name} values ({', '.join('?' for _ in columns)})", row)
        yield made


def result(connection, sql):
    """Name → values, counted; None where the engine refuses."""
    try:
        cursor = connection.execute(sql)
    except duckdb.Error:
        return None
    names = [item[0].lower() for item in cursor.description]
    rows = cursor.fetchall()
    return {name: Counter(repr(row[number]) for row in rows) for number, name in enumerate(names)}


def form(sql, column):
    tree = parse_one(sql, dialect="duckdb")
    assert isinstance(tree, exp.Query)
    return Normal({}).of(tree, [column])


@pytest.mark.parametrize("seed", range(6))
def test_one_form_one_result(connection, seed):
    """Forty random queries, each with edits of one word."""
    random, same, other = Random(seed), 0, 0
    for _ in range(40):
        sql = Queries(random).body()
        before = result(connection, sql)
        if before is None:
            continue
        for column in before:
            assert form(sql, column) == form(rewritten(sql, random), column), sql
        for _ in range(6):
            changed = edited(sql, random)
            after = result(connection, changed)
            if changed == sql or after is None:
                continue
            for column in before.keys() & after.keys():
                try:
                    equal = form(sql, column) == form(changed, column)
                except SqlglotError:
                    continue
                same, other = same + equal, other + (not equal)
                assert not equal or before[column] == after[column], f"{column}:\n{sql}\n{changed}"
    assert same > 20
    assert other > 20
