"""DuckDB's SQL: how metasql's operations are said there. Pure: no driver is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import sqlglot
from sqlglot import exp

from metasql.lower.dialect import Dialect, Lowering
from metasql.lower.duckdb_steps import statements

_KEYWORDS = """
all analyse analyze and anti any array as asc asof asymmetric at authorization between bigint binary bit
boolean both by case cast char character check coalesce collate collation column columns concurrently
constraint create cross dec decimal default deferrable desc describe distinct do else end except exists
extract false fetch float for foreign freeze from full generated glob group grouping grouping_id having
ilike in initially inner inout int integer intersect interval into is isnull join lambda lateral leading
left like limit map national natural nchar none not notnull null nullif numeric offset on only or order
out outer overlaps overlay pivot pivot_longer pivot_wider placing position positional precision primary
qualify real references returning right row select semi setof show similar smallint some struct substring
summarize symmetric table tablesample then time timestamp to trailing treat trim true try_cast tuple union
unique unpack unpivot using values varchar variadic verbose when where window with xmlattributes xmlconcat
xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
"""

_SHORT = "REGEXP_REPLACE(CAST(:a AS TEXT), '\\.0+$|(\\.[0-9]*[1-9])0+$', '\\1')"
_DECIMAL = f"REGEXP_REPLACE({_SHORT}, '^(-?)(\\.|$)', '\\10\\2')"
"""Without zeros at the end; a decimal that has no digits before its point is written without any."""
_ZONED = "CAST(TRY_CAST(:a AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)"
_FLOAT = """
CASE WHEN ISNAN(TRY_CAST(:a AS DOUBLE)) THEN 'nan'
  ELSE CAST(CAST(CAST(TRY_CAST(:a AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT) END
"""
"""A float's IEEE bits as a number: `-0.0` is `0.0`, and every NaN is one. No engine writes decimals as another does."""
_TEXT = f"""
CASE
  WHEN TYPEOF(:a) IN ('DOUBLE', 'FLOAT') THEN {_FLOAT}
  WHEN TYPEOF(:a) LIKE 'DECIMAL%' THEN {_DECIMAL}
  WHEN TYPEOF(:a) = 'TIMESTAMP WITH TIME ZONE' THEN {_ZONED}
  ELSE CAST(:a AS TEXT)
END
"""
"""Types are often not known before the engine sees the query; TYPEOF is folded when it is
planned. Decimals lose trailing zeros, times with a zone are told in UTC, floats by their bits."""

_PLAIN = (
    *exp.DataType.INTEGER_TYPES,
    exp.DataType.Type.BOOLEAN,
    exp.DataType.Type.DATE,
    exp.DataType.Type.TIMESTAMP,
    exp.DataType.Type.TIME,
)
"""Types whose cast to text is their canonical text."""

_HALF = "CAST(SUM(CAST('0x' || SUBSTR(:a, {start}, 16) AS UBIGINT)) % 18446744073709551616 AS TEXT)"

_SET = f"""
CASE WHEN COUNT(:a) = COUNT(*) THEN
  {{hash}}(CAST(COUNT(*) AS TEXT) || ':' || {_HALF.format(start=1)} || ':' || {_HALF.format(start=17)})
END
"""
"""A wrapping sum of each half of the members' hashes, and their count; NULL when a member waits."""


@cache
def _parsed(template: str) -> tuple[exp.Expr, frozenset[int]]:
    """A template's tree, and the ids of its nodes that hold a placeholder."""
    tree = sqlglot.parse_one(template, dialect="duckdb")
    open_nodes = set()
    for node in tree.find_all(exp.Placeholder):
        above: exp.Expr | None = node
        while above is not None:
            open_nodes.add(id(above))
            above = above.parent
    return tree, frozenset(open_nodes)


def _template(template: str) -> Lowering:
    """An operation as DuckDB SQL over `:a`, `:b`."""

    def lower(arguments: Sequence[exp.Expr]) -> exp.Expr:
        tree, open_nodes = _parsed(template)
        return _filled(tree, open_nodes, dict(zip("abcd", arguments, strict=False)))

    return lower


def _filled(tree: exp.Expr, open_nodes: frozenset[int], given: Mapping[str, exp.Expr]) -> exp.Expr:
    """A template's tree with the arguments in their places; what holds none of them is shared."""
    if isinstance(tree, exp.Placeholder):
        return given[tree.name]
    if id(tree) not in open_nodes:
        return tree

    def part(value: Any) -> Any:
        if isinstance(value, list):
            return [part(item) for item in value]
        return _filled(value, open_nodes, given) if isinstance(value, exp.Expr) else value

    return tree.__class__(**{key: part(value) for key, value in tree.args.items() if value is not None})


def _text(arguments: Sequence[exp.Expr]) -> exp.Expr:
    """The canonical text of a value; the second argument is its type where that is known."""
    value, *known = arguments
    if known and isinstance(known[0], exp.DataType) and not known[0].args.get("nested"):
        if known[0].is_type(*exp.DataType.TEXT_TYPES):
            return value
        if known[0].is_type(*_PLAIN):
            return exp.Cast(this=value, to=exp.DataType.build("text"))
        if known[0].is_type("double", "float"):
            return _template(_FLOAT)(arguments)
        if known[0].is_type("decimal"):
            return _template(_DECIMAL)(arguments)
        if known[0].is_type("timestamptz"):
            return _template(_ZONED)(arguments)
    return _template(_TEXT)(arguments)


def _text_map(arguments: Sequence[exp.Expr]) -> exp.Expr:
    """A struct, cast to a map: MAP(keys, values) makes two lists for each row, and costs five times as much."""
    pairs = zip(arguments[0::2], arguments[1::2], strict=True)
    struct = exp.Struct(expressions=[exp.PropertyEQ(this=key, expression=value) for key, value in pairs])
    return exp.Cast(this=struct, to=exp.DataType.build("map<text, text>"))


def _try_cast(arguments: Sequence[exp.Expr]) -> exp.Expr:
    value, type_ = arguments
    return exp.TryCast(this=value, to=type_)


_call: Callable[[str], Lowering] = lambda name: (  # noqa: E731 - a table entry, not a function to find
    lambda arguments: exp.Anonymous(this=name, expressions=list(arguments))
)


def _unhashable(type_: str) -> tuple[str, str] | None:
    """Times with a zone inside another type are told in the reader's zone, and there is no way around it."""
    if "TIME ZONE" not in type_ or type_ in {"TIMESTAMP WITH TIME ZONE", "TIME WITH TIME ZONE"}:
        return None
    return (
        "the text of times with a zone inside a list or struct depends on who reads it",
        "give it as text, or as times in UTC without a zone",
    )


def _is_unlike(type_: str) -> bool:
    return type_.endswith("]") or type_.startswith(("STRUCT", "MAP", "UNION", "VARIANT", "INTERVAL", "BLOB", "BIT"))


_HASHES = {
    "md5": {"hash": _template("MD5(:a)"), "set_digest": _template(_SET.format(hash="MD5"))},
    "sha256": {
        "hash": _template("SUBSTR(SHA256(:a), 1, 32)"),
        "set_digest": _template(f"SUBSTR({_SET.format(hash='SHA256')}, 1, 32)"),
    },
}

DUCKDB = Dialect(
    name="duckdb",
    sqlglot="duckdb",
    operations={
        **_HASHES["md5"],
        "text": _text,
        "bytes": _call("STRLEN"),
        "text_map": _text_map,
        "matches": _call("REGEXP_MATCHES"),
        "extract": _template("REGEXP_EXTRACT(:a, :b, 1)"),
        "try_cast_text": _try_cast,
        "age": _template("EPOCH(CURRENT_TIMESTAMP) - EPOCH(CAST(:a AS TIMESTAMPTZ))"),
    },
    hashes=_HASHES,
    is_unlike=_is_unlike,
    unhashable=_unhashable,
    statements=statements,
    keywords=frozenset(_KEYWORDS.split()),
)
