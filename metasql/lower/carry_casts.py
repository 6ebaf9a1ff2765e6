"""Casts, and values as text, carried to ClickHouse: what fails there silently fails loudly here."""

from __future__ import annotations

from sqlglot import exp

from metasql.lower.carry import Carrier, RefusedError, Rule, sql
from metasql.lower.carry_kinds import Kind, kind_of
from metasql.lower.carry_values import FLOAT, IS_FLOAT, ROUNDED
from metasql.lower.carry_written import written_out
from metasql.lower.clickhouse_nodes import type_of
from metasql.lower.clickhouse_texts import try_cast_text


def cast(carrier: Carrier, node: exp.Cast) -> exp.Expr:
    """A cast that fails is an error, and never NULL or another value; TRY_CAST gives NULL."""
    to = node.args["to"]
    trying = isinstance(node, exp.TryCast)
    if node.args.get("format") is not None or not isinstance(to, exp.DataType):
        raise RefusedError("a cast with a format cannot be carried over")
    if isinstance(node.this, exp.Null):
        return exp.Cast(this=node.this, to=to)
    if isinstance(node.this, exp.Literal) and node.this.is_string and (known := written_out(node.this.this, to)):
        return known
    value = carrier.tree(node.this)
    made = _cast(carrier, node.this, value, to)
    if made is None:
        raise RefusedError(f"values cannot be cast to `{to.sql('duckdb').lower()}`")
    if trying or to.is_type(*exp.DataType.TEXT_TYPES) or _never_fails(kind_of(node.this, carrier.types), to):
        return made
    message = f"a value cannot be cast to {to.sql('duckdb').lower()}"
    return sql(f"if(throwIf(:a IS NOT NULL AND :b IS NULL, '{message}') = 0, :b, NULL)", value, made)


_TIMES = (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ)


def _never_fails(kind: Kind, to: exp.DataType) -> bool:
    if to.is_type("double"):
        return kind not in {Kind.UNKNOWN, Kind.TEXT}
    return (kind in {Kind.DATE, Kind.TIME} and to.is_type(exp.DType.DATE, *_TIMES)) or (
        kind is Kind.INTEGER and to.is_type("bigint", "int128", "double")
    )


_SCALE = "toUInt8(extract(toTypeName(:a), ', ([0-9]+)[)]'))"
_S = "toString(:a)"
_SIGNED = f"replaceRegexpOne({_S}, 'e([0-9])', 'e+\\\\1')"
_OF_LARGE = f"replaceRegexpOne({_S}, '^(-?[0-9])([0-9]*?)0*$', '\\\\1.\\\\2')"
_OF_SMALL = f"replaceRegexpOne({_S}, '^(-?)0[.]0*([0-9])([0-9]*)$', '\\\\1\\\\2.\\\\3')"
_SCIENTIFIC = f"""
multiIf(
  NOT isFinite(:a), {_S},
  position({_S}, 'e') > 0, replaceRegexpOne({_SIGNED}, 'e([+-])([0-9])$', 'e\\\\10\\\\2'),
  abs(:a) >= 1e16,
    replaceRegexpOne({_OF_LARGE}, '[.]$', '') || 'e+' || toString(length(replaceAll({_S}, '-', '')) - 1),
  abs(:a) < 1e-4 AND :a != 0,
    replaceRegexpOne({_OF_SMALL}, '[.]$', '') || 'e-0' || toString(length(extract({_S}, '[.](0*)')) + 1),
  position({_S}, '.') > 0, {_S},
  {_S} || '.0')
"""
"""A float as DuckDB writes it: `1.0`, `1e+20`, `1e-05`."""
_CLOCK = "trimRight(trimRight(toString(:a, 'UTC'), '0'), '.')"
_AS_TEXT = f"""
CAST(CASE
  WHEN match(toTypeName(:a), {FLOAT}) THEN {_SCIENTIFIC}
  WHEN match(toTypeName(:a), '^(Nullable[(])?Bool') THEN CASE WHEN :a THEN 'true' WHEN NOT :a THEN 'false' END
  WHEN extract(toTypeName(:a), 'Decimal[(]([0-9]+)') = extract(toTypeName(:a), 'Decimal[(][0-9]+, ([1-9][0-9]*)')
    AND match(toTypeName(:a), 'Decimal') THEN replaceRegexpOne(toDecimalString(:a, {_SCALE}), '^(-?)0[.]', '\\1.')
  WHEN match(toTypeName(:a), '^(Nullable[(])?Decimal[(][0-9]+, [1-9]') THEN toDecimalString(:a, {_SCALE})
  WHEN match(toTypeName(:a), '^(Nullable[(])?DateTime64[(][1-9]') THEN {_CLOCK}
  WHEN match(toTypeName(:a), '^(Nullable[(])?DateTime') THEN toString(:a, 'UTC')
  ELSE toString(:a)
END AS Nullable(String))
"""


def is_text(node: exp.Expr) -> bool:
    """Whether an expression is known to give text, without a look at columns."""
    return kind_of(node, {}) is Kind.TEXT


def as_text(carrier: Carrier, node: exp.Expr) -> exp.Expr:
    """A value as the text that DuckDB's casts give."""
    return _text_of(carrier, node, carrier.tree(node))


def _text_of(carrier: Carrier, node: exp.Expr, made: exp.Expr) -> exp.Expr:
    kind = kind_of(node, carrier.types)
    if kind is Kind.TEXT:
        return made
    return sql("toString(:a)" if kind in {Kind.INTEGER, Kind.DATE} else _AS_TEXT, made)


_BY_TYPE = """
CASE WHEN match(toTypeName(:a), '^(LowCardinality[(])?(Nullable[(])?(Fixed)?String') THEN :b
     ELSE :c END
"""


def _cast(carrier: Carrier, node: exp.Expr, value: exp.Expr, to: exp.DataType) -> exp.Expr | None:
    """A value as a type, NULL where it is none of its values; None where that is not known."""
    if to.is_type(*exp.DataType.TEXT_TYPES):
        return _text_of(carrier, node, value)
    made = _converted(value, to)
    kind = kind_of(node, carrier.types)
    if made is None or kind not in {Kind.UNKNOWN, Kind.TEXT}:
        return made
    read = try_cast_text([value, to])
    return exp.Cast(this=read if kind is Kind.TEXT else sql(_BY_TYPE, value, read, made), to=to)


def _converted(value: exp.Expr, to: exp.DataType) -> exp.Expr | None:
    """A value that is no text as a type."""
    name = type_of(to).sql("clickhouse")
    if to.is_type(*exp.DataType.INTEGER_TYPES):
        whole = f"if({IS_FLOAT}, roundBankers(:a), round(:a))"
        return sql(f"accurateCastOrNull({whole}, '{name}')", value)
    if to.is_type("double", "float", "boolean", "uuid"):
        return sql(f"CAST(:a AS Nullable({name}))", value)
    if to.is_type("date"):
        return sql("CAST(:a AS Nullable(Date32))", value)
    if to.is_type(*_TIMES):
        return sql("CAST(:a AS Nullable(DateTime64(6, 'UTC')))", value)
    if to.is_type("decimal"):
        width, scale = [int(item.name) for item in to.expressions] or (18, 3)
        halves = ROUNDED.replace(":a", f"(toFloat64(:a) * 1e{scale})")
        of_float = f"toDecimal256(toInt256({halves}), {scale}) / toInt256('1{'0' * scale}')"
        of_other = f"toDecimal256(round(:a, {scale}), {scale})"
        made = f"CASE WHEN match(toTypeName(:a), {FLOAT}) THEN {of_float} ELSE {of_other} END"
        bound = f"abs({made}) < toDecimal256('1e{width - scale}', {scale})"
        return sql(f"CASE WHEN {bound} THEN CAST({made} AS Nullable(Decimal({width}, {scale}))) END", value)
    return None


CASTS: dict[type[exp.Expr], Rule] = {exp.Cast: cast, exp.TryCast: cast}
