"""Plain SQL that ClickHouse needs otherwise."""

from __future__ import annotations

import pytest
import sqlglot

from metasql.lower.clickhouse import CLICKHOUSE
from metasql.lower.duckdb import DUCKDB
from metasql.lower.render import Renderer, render


def lowered(sql: str, dialect: str = "duckdb") -> str:
    return render(sqlglot.parse_one(sql, dialect=dialect), CLICKHOUSE)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "SELECT t.a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a AND t.b = u.b AND u.c > 1)",
            "SELECT t.a AS a FROM t WHERE (t.a, t.b) IN (SELECT u.a, u.b FROM u WHERE u.c > 1)",
        ),
        (
            "SELECT t.a FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.a = t.a)",
            "SELECT t.a AS a FROM t WHERE NOT COALESCE(t.a IN (SELECT u.a FROM u), FALSE)",
        ),
        (
            "SELECT t.a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a > t.a)",
            "SELECT t.a AS a FROM t WHERE EXISTS(SELECT 1 FROM u WHERE u.a > t.a)",
        ),
        (
            "SELECT CAST(a AS TIMESTAMP), CAST(a AS TIMESTAMPTZ), CAST(a AS DATE), CAST(a AS JSON), CAST(a AS TIME)",
            "SELECT CAST(a AS Nullable(DateTime64(6, 'UTC'))), CAST(a AS Nullable(DateTime64(6, 'UTC'))), "
            "CAST(a AS Nullable(Date32)), CAST(a AS Nullable(String)), CAST(a AS Nullable(Time64(6)))",
        ),
        ("SELECT CAST(a AS DATE[])", "SELECT CAST(a AS Array(Nullable(Date32)))"),
        ("SELECT count(*) FROM t", "SELECT toInt64(COUNT(*)) FROM t"),
        ("SELECT count(*) FILTER (WHERE a) OVER () FROM t", "SELECT toInt64(COUNT(*) FILTER(WHERE a) OVER ()) FROM t"),
    ],
)
def test_lowered(written, expected):
    """Correlated EXISTS, types, names of columns, counts."""
    assert lowered(written) == expected


def test_types_in_its_own_words_stay():
    """A body for ClickHouse may use its narrow types."""
    written = "SELECT CAST(a AS DateTime), CAST(a AS Nullable(Date))"
    assert lowered(written, "clickhouse").lower() == written.lower()


def test_views_carry_their_settings():
    """They stand in the text, once, and a view with an outer join tells a reader for whom they do not count."""
    tree = sqlglot.parse_one("SELECT t.a FROM t LEFT JOIN u ON u.a = t.a WHERE t.b > 1", dialect="duckdb")
    text = Renderer(CLICKHOUSE).view(tree)
    assert text.count("SETTINGS") == 1
    assert "join_use_nulls = 1" in text
    assert "WHERE t.b > 1 AND throwIf(getSetting('join_use_nulls') = 0" in text
    assert "throwIf" not in Renderer(CLICKHOUSE).view(sqlglot.parse_one("SELECT a FROM t"))
    assert Renderer(DUCKDB).view(tree) == render(tree, DUCKDB)


@pytest.mark.parametrize(
    ("given", "wanted", "expected"),
    [
        ("Int64", "Int64", True),
        ("UInt8", "Int64", True),
        ("Int128", "Int64", True),
        ("Float64", "Int64", False),
        ("String", "Int64", False),
        ("Decimal(9, 3)", "Float64", True),
        ("Decimal(9, 3)", "Decimal(18, 3)", True),
        ("Decimal(9, 3)", "Decimal(9, 2)", False),
        ("Float64", "Decimal(9, 2)", False),
        ("Float64", "String", False),
        ("UUID", "String", True),
        ("DateTime64(6, 'UTC')", "Date32", True),
        ("String", "Date32", False),
        ("UInt8", "Bool", True),
        ("Array(String)", "Array(Nullable(String))", True),
    ],
)
def test_declared_types(given, wanted, expected):
    """Where ClickHouse's plain cast would lose something in silence, the declaration is refused (MS0503)."""
    assert CLICKHOUSE.takes is not None
    assert CLICKHOUSE.takes(given, wanted) is expected
