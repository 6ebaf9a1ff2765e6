"""Every statement of the corpus gives the same rows on DuckDB, as it is written, and on ClickHouse, carried over."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from metasql.lower.carry_rules import carry
from metasql.lower.clickhouse import CLICKHOUSE
from metasql.lower.duckdb import DUCKDB
from metasql.lower.render import Renderer
from metasql.plan.sql import as_, col, op, select
from tests.portability.tables import TABLES, statements
from tests.support.clickhouse_process import ClickHouse

CORPUS = Path(__file__).parent / "corpus"


def corpus() -> list[tuple[str, str]]:
    """The statements of every file, named by file and number."""
    found = []
    for path in sorted(CORPUS.glob("*.sql")):
        for number, statement in enumerate(path.read_text(encoding="utf-8").split(";\n"), 1):
            if statement.strip():
                found.append((f"{path.stem}-{number}", statement.strip()))
    return found


STATEMENTS = corpus()
KNOWN = {
    name: {column: exp.DataType.build(type_, dialect="duckdb") for column, type_ in columns.items()}
    for name, (columns, _) in TABLES.items()
}


@pytest.fixture(scope="module")
def duck():
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for statement in statements("duckdb"):
            connection.execute(statement)
        yield connection


@pytest.fixture(scope="module")
def clickhouse():
    engine = ClickHouse()
    try:
        for statement in statements("clickhouse"):
            engine.rows(statement)
        yield engine
    finally:
        engine.close()


def test_the_corpus_is_large():
    """It does not shrink by accident."""
    assert len(STATEMENTS) >= 150


@pytest.mark.parametrize(
    ("statement", "typed"),
    [
        pytest.param(statement, typed, id=f"{name}-{'typed' if typed else 'untyped'}")
        for name, statement in STATEMENTS
        for typed in (True, False)
        if typed or not statement.startswith("-- typed")
    ],
)
def test_rows_are_equal(statement, typed, duck, clickhouse):
    """Compared by the canonical text of every value; lists by their elements. Order counts where it is asked for."""
    tree = sqlglot.parse_one(statement, dialect="duckdb")
    assert isinstance(tree, exp.Query)
    made, refusals = carry(tree, sources=KNOWN if typed else {})
    assert not refusals, [refusal.reason for refusal in refusals]
    described = duck.execute(f"DESCRIBE ({statement})").fetchall()
    lists = {row[0] for row in described if row[1].endswith("[]")}
    columns = [row[0] for row in described]
    left = [list(row) for row in duck.execute(texts(tree, columns, lists, DUCKDB)).fetchall()]
    right = clickhouse.rows(texts(made, columns, lists, CLICKHOUSE))
    if tree.args.get("order") is None:
        left, right = sorted(left, key=json.dumps), sorted(right, key=json.dumps)
    assert left == right


def texts(tree: exp.Expr, columns: list[str], lists: set[str], dialect) -> str:
    """A query's values as canonical text."""
    values = [as_(col(n, "r") if n in lists else op("text", col(n, "r")), n) for n in columns]
    query = select(*values).from_(exp.Subquery(this=tree, alias=exp.TableAlias(this=exp.to_identifier("r"))))
    return Renderer(dialect).view(query)
