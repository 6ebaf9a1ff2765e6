"""ClickHouse's SQL: how metasql's operations are said there. Pure: no driver is loaded."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from metasql.lower.carry_rules import carry
from metasql.lower.clickhouse_nodes import NODES, TIMES, guarded
from metasql.lower.clickhouse_steps import statements
from metasql.lower.clickhouse_texts import try_cast_text
from metasql.lower.dialect import Dialect
from metasql.lower.template import Lowering, call, template

_KEYWORDS = """
all alter and anti any array as asc asof array between both by case cast collate cross cube date datetime
delete desc describe distinct distinct div drop else end escape except exists explain extract false fill final
first format from full function global group grouping having if ilike in index inf inner insert intersect
interval into is join key last leading left like limit mod nan not null nulls offset on only or order outer
over partition paste prewhere primary qualify range recursive replace right rollup row rows sample select semi
set sets settings show substring table then ties time timestamp to top totals trailing trim true truncate
union update using values view when where window with
"""

SETTINGS: dict[str, str | int] = {
    "join_use_nulls": 1,
    "prefer_column_name_to_alias": 1,
    "union_default_mode": "DISTINCT",
    "enable_extended_results_for_datetime_functions": 1,
    "date_time_overflow_behavior": "throw",
    "aggregate_functions_null_for_empty": 0,
    "transform_null_in": 0,
    "group_by_use_nulls": 1,
    "use_variant_as_common_type": 0,
    "allow_experimental_correlated_subqueries": 0,
}
"""What the SQL of every query and view is written for, whatever its reader has set."""

_IS = "match(toTypeName(:a), '^(LowCardinality[(])?(Nullable[(])?{}')"
_BITS = """
if(isNaN(CAST(:a AS Nullable(Float64))), 'nan',
   toString(reinterpretAsUInt64(CAST(:a AS Nullable(Float64)) + toFloat64(0))))
"""
"""A float's IEEE bits as a number: `-0.0` is `0.0`, and every NaN is one."""
_BOOLEAN = "CASE WHEN :a THEN 'true' WHEN NOT :a THEN 'false' END"
_TRIMMED = "trimRight(trimRight({}, '0'), '.')"
_TIME = _TRIMMED.format("toString(:a, 'UTC')")
_TEXT = f"""
CASE
  WHEN {_IS.format("Float")} THEN {_BITS}
  WHEN {_IS.format("Bool")} THEN {_BOOLEAN}
  WHEN {_IS.format("DateTime64[(][1-9]")} THEN {_TIME}
  WHEN {_IS.format("DateTime")} THEN toString(:a, 'UTC')
  WHEN {_IS.format("Time64[(][1-9]")} THEN {_TRIMMED.format("toString(:a)")}
  ELSE toString(:a)
END
"""
"""Types are often not known before the engine sees the query; `toTypeName` is constant for it,
and a branch that is never taken is not resolved."""


def _text(arguments: Sequence[exp.Expr]) -> exp.Expr:
    """The canonical text of a value; the second argument is its type where that is known."""
    value, *known = arguments
    if known and isinstance(known[0], exp.DataType) and not known[0].args.get("nested"):
        type_ = known[0]
        if type_.is_type(*exp.DataType.TEXT_TYPES):
            return value
        for types, lowering in _KNOWN:
            if type_.is_type(*types):
                return lowering(arguments)
    return _sql(_TEXT)(arguments)


def _sql(text: str) -> Lowering:
    return template(text, "clickhouse")


_KNOWN: tuple[tuple[tuple[exp.DType, ...], Lowering], ...] = (
    ((*exp.DataType.INTEGER_TYPES, exp.DType.UUID, exp.DType.DATE, exp.DType.DECIMAL), _sql("toString(:a)")),
    ((exp.DType.BOOLEAN,), _sql(_BOOLEAN)),
    ((exp.DType.FLOAT, exp.DType.DOUBLE), _sql(_BITS)),
    (tuple(TIMES), _sql(_TIME)),
)

_HALF = "toString(sum(reinterpretAsUInt64(reverse(unhex(substring(:a, {start}, 16))))))"
_SET = f"""
CASE WHEN count(:a) = count(*) THEN
  {{hash}}(toString(count(*)) || ':' || {_HALF.format(start=1)} || ':' || {_HALF.format(start=17)}{{end}}
END
"""
"""A sum of each half of the members' hashes, which wraps at 64 bits, and their count."""

_HASHES = {
    "md5": {
        "hash": _sql("lower(hex(MD5(:a)))"),
        "set_digest": _sql(_SET.format(hash="lower(hex(MD5", end=")))")),
    },
    "sha256": {
        "hash": _sql("substring(lower(hex(SHA256(:a))), 1, 32)"),
        "set_digest": _sql(_SET.format(hash="substring(lower(hex(SHA256", end="))), 1, 32)")),
    },
}


_AGE = "(toUnixTimestamp64Micro(now64(6)) - toUnixTimestamp64Micro(toDateTime64(:a, 6, 'UTC'))) / 1000000"


def _text_map(arguments: Sequence[exp.Expr]) -> exp.Expr:
    return exp.Anonymous(this="map", expressions=list(arguments))


_NESTED = ("Array(", "Tuple(", "Map(", "Nested(", "JSON", "Object(", "Variant(", "Dynamic")
_OTHERS = ("Interval", "AggregateFunction(", "SimpleAggregateFunction(", "Point", "Ring", "Polygon", "MultiPolygon")


def _unhashable(type_: str) -> tuple[str, str] | None:
    """Values of values have no text that is the same on every engine."""
    plain = type_.removeprefix("LowCardinality(").removeprefix("Nullable(")
    if not plain.startswith(_NESTED + _OTHERS):
        return None
    return "values of such a type have no text that is the same on every engine", "give it as text"


_WHOLE = r"U?Int\d+"
_GIVEN_FOR = {
    _WHOLE: rf"{_WHOLE}|Bool",
    r"Float\d+": rf"{_WHOLE}|Bool|Float\d+|Decimal\(.*",
    "String": rf"{_WHOLE}|Bool|String|FixedString.*|Enum.*|UUID|Date|Date32",
    "Bool": rf"{_WHOLE}|Bool",
    "Date|Date32": "Date.*|Int32",
    "DateTime.*": "Date.*|Int32",
    "UUID": "UUID|Int32",
}
"""Which types become others without a loss that nobody hears of. A column of nothing but NULL is told as Int32."""


def _takes(given: str, wanted: str) -> bool:
    if given == wanted or wanted.startswith(_NESTED):
        return True
    decimals = [re.fullmatch(r"Decimal\((\d+), (\d+)\)", type_) for type_ in (given, wanted)]
    if decimals[1] is not None:
        return re.fullmatch(_WHOLE, given) is not None or (
            decimals[0] is not None and int(decimals[0][2]) <= int(decimals[1][2])
        )
    return any(re.fullmatch(to, wanted) and re.fullmatch(of, given) for to, of in _GIVEN_FOR.items())


CLICKHOUSE = Dialect(
    name="clickhouse",
    sqlglot="clickhouse",
    operations={
        **_HASHES["md5"],
        "text": _text,
        "bytes": call("length"),
        "text_map": _text_map,
        "matches": call("match"),
        "extract": call("extract"),
        "try_cast_text": try_cast_text,
        "age": _sql(_AGE),
    },
    hashes=_HASHES,
    is_unlike=lambda type_: _unhashable(type_) is not None,
    unhashable=_unhashable,
    statements=statements,
    keywords=frozenset(_KEYWORDS.split()),
    reads_final=True,
    nodes=NODES,
    settings=SETTINGS,
    # Both sides are sorted by their keys; the list names what serves the other joins.
    view_settings={"join_algorithm": "full_sorting_merge,parallel_hash,hash"},
    carry=carry,
    guarded=guarded,
    takes=_takes,
    capabilities={
        "bodies": "carried over from the project's dialect, or written in `NAME.clickhouse.sql`",
        "not supported": "transactions over several tables; lists, maps and structs as keys or content",
    },
)
