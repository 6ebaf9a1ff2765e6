"""One expression over one row, asked of DuckDB as it is written and of ClickHouse carried over."""

from __future__ import annotations

import duckdb
import sqlglot
from sqlglot import exp

from metasql.lower.carry_rules import carry
from metasql.lower.clickhouse import CLICKHOUSE
from metasql.lower.duckdb import DUCKDB
from metasql.lower.render import Renderer
from metasql.plan.sql import as_, col, op, select
from tests.support.clickhouse_process import RefusedError


def asked(expression: str, columns: dict[str, tuple[str, object]], *, typed: bool) -> tuple[str, str]:
    """An expression over one row of values, for DuckDB and carried over; the value as canonical text."""
    types = {name: exp.DataType.build(type_, dialect="duckdb") for name, (type_, _) in columns.items()}
    values = {name: exp.cast(exp.Literal.string(str(v)), types[name]) for name, (_, v) in columns.items()}
    row = select(*(as_(value, name) for name, value in values.items())).subquery("t")
    tree = sqlglot.parse_one(f"SELECT {expression} AS v FROM t", dialect="duckdb")
    made, refusals = carry(tree, sources={"t": types} if typed else {})
    assert not refusals
    found = []
    for query, dialect in ((tree, DUCKDB), (made, CLICKHOUSE)):
        assert isinstance(query, exp.Select)
        query = query.copy()
        query.set("from_", exp.From(this=row.copy()))
        told = select(as_(op("text", col("v", "r")), "v")).from_(query.subquery("r"))
        found.append(Renderer(dialect).view(told))
    return found[0], found[1]


def told(ask, sql: str) -> str | None:
    """The value; "error" where the engine refuses, which it must say of an overflow."""
    try:
        [(value,)] = ask(sql)
    except (duckdb.Error, RefusedError) as error:
        words = (
            "Overflow",
            "out of range",
            "OVERFLOW",
            "left-shift",
            "shifted out",
            "does not fit",
            "floats of 32 bits",
        )
        if not any(word in str(error) for word in words):
            raise
        return "error"
    return value
