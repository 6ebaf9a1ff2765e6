"""The small tables that the corpus reads, with NULLs, negatives, Unicode and odd times, in both engines."""

from __future__ import annotations

from sqlglot import exp

from metasql.lower.clickhouse import CLICKHOUSE
from metasql.lower.render import render

TABLES: dict[str, tuple[dict[str, str], list[tuple]]] = {
    "t": (
        {
            "id": "bigint", "g": "text", "s": "text", "i": "integer", "n": "bigint", "f": "double", "d": "decimal(9,3)",
            "b": "boolean", "dt": "date", "ts": "timestamp",
        },
        [
            (1, "a", "Hällo", 7, 10, 2.5, "1.500", True, "2020-02-29", "2020-02-29 23:59:59.123456"),
            (2, "a", "", -7, -3, -2.5, "-1.005", False, "1969-12-31", "1969-12-31 00:00:00"),
            (3, "b", "漢字🙂x", 0, None, 0.1, "0.000", True, "1850-01-01", "1850-01-01 12:30:00.5"),
            (4, "b", None, None, 5, None, None, None, None, None),
            (5, None, "a\\b%c_d", 3, 9000000000, 1e20, "999999.999", False, "2299-12-31", "2021-01-03 01:02:03"),
            (6, "ä", "  padded ", -1, 0, -0.0, "0.125", None, "2021-01-04", "2021-01-04 00:00:00.000001"),
            (7, "a", "Straße", 100, 3, 3.5, "2.345", True, "2020-12-31", "2020-12-31 23:00:00"),
            (8, "b", "line\nbreak", 12, 10, 1e-5, "-0.005", False, "2020-01-01", "2020-01-01 00:00:00"),
        ],
    ),
    "u": (
        {"id": "bigint", "tag": "text", "w": "integer"},
        [(1, "x", 10), (1, "y", 20), (2, "x", None), (3, None, 5), (9, "z", 1), (None, "n", 2)],
    ),
    "words": (
        {"w": "text", "num": "text"},
        [
            ("alpha,beta,gamma", "1"), ("a", " 42 "), ("", "-7"), (None, None), (",x,", "3.75"), ("ab12cd", "1e3"),
            ("AbC", "abc"), ("x.y.z", "9999999999999"), ("über,Öl", "0.5"), ("2020-01-15", "2020-01-15"),
        ],
    ),
    "empty": ({"id": "bigint", "x": "integer", "s": "text"}, []),
    "spans": ({"id": "bigint", "n": "integer"}, [(1, 3), (2, 0), (3, None), (4, 1)]),
}  # fmt: skip


def sql_type(name: str, dialect: str) -> str:
    type_ = exp.DataType.build(name, dialect="duckdb")
    return render(type_, CLICKHOUSE) if dialect == "clickhouse" else type_.sql("duckdb")


def literal(value: object, type_: str, dialect: str) -> str:
    """A value as an engine's SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        text = exp.Literal.string(value).sql(dialect)
    else:
        text = exp.Literal.string(str(value).lower() if isinstance(value, bool) else repr(value)).sql(dialect)
    if type_ == "date" and dialect == "clickhouse":
        return f"toDate32(CAST({text} AS DateTime64(6, 'UTC')))"  # the only way before 1900 that every version has
    return text if type_ == "text" else f"CAST({text} AS {sql_type(type_, dialect)})"


def statements(dialect: str) -> list[str]:
    """What makes and fills the tables."""
    made = []
    for name, (columns, rows) in TABLES.items():
        kinds = {column: sql_type(type_, dialect) for column, type_ in columns.items()}
        engine = " ENGINE = MergeTree ORDER BY ()" if dialect == "clickhouse" else ""
        described = ", ".join(f"{column} {kind}" for column, kind in kinds.items())
        made.append(f"CREATE TABLE {name} ({described}){engine}")
        for row in rows:
            values = ", ".join(literal(v, type_, dialect) for v, type_ in zip(row, columns.values(), strict=True))
            made.append(f"INSERT INTO {name} SELECT {values}")
    return made
