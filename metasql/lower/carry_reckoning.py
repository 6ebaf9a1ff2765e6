"""Sums, differences, products and quotients, carried to ClickHouse: what does not fit fails, and is no other number.

ClickHouse's whole numbers wrap at 64 bits (and -(-128) of eight bits is -128), where DuckDB's fail. Those that
are known to be such are reckoned with in 128 bits, and made narrow with a check. Where types are not known before
the engine sees the query, a chain of sums and products is reckoned with a second time in floats: a number that
wrapped is far from what these say. What wraps on the way and back again does no harm.

DuckDB reckons with floats of 32 bits as such, ClickHouse makes doubles of them. Declared ones are made narrow
after every step; those of unknown columns are refused when the query runs.
"""

from __future__ import annotations

from sqlglot import exp

from metasql.lower.carry import Carrier, sql
from metasql.lower.carry_compared import is_decimal
from metasql.lower.carry_kinds import Kind, kind_of

_SIGNS: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}
_NARROW = {
    kind: f"CAST(toDecimal128(toInt128(:a) {sign} toInt128(:b), 0), 'Nullable(Int64)')" for kind, sign in _SIGNS.items()
}
_WIDE = {
    kind: f"CAST(toDecimal256(toInt256(:a) {sign} toInt256(:b), 0), 'Nullable(Int128)')"
    for kind, sign in _SIGNS.items()
}
_SHORT = {kind: f"toFloat32(toFloat32(:a) {sign} toFloat32(:b))" for kind, sign in _SIGNS.items()}
_ODD = "match(toTypeName(:c), 'Float32|DateTime.*DateTime')"
_REASON = "floats of 32 bits are reckoned with otherwise: cast them to double, and take times apart with date_diff"
_WRAPPED = "abs(toFloat64(metasql_r) - metasql_s) > greatest(4e18, abs(metasql_s) / 4)"
_CHECKED = f"""
arrayElement(arrayMap(
  (metasql_r, metasql_s) -> if(
    throwIf({_WRAPPED}, 'a number does not fit into its type') + throwIf({_ODD}, '{_REASON}') = 0, metasql_r, NULL),
  [:a], [:b]), 1)
"""
_NEGATIVE = """
arrayElement(arrayMap(
  metasql_r -> if(
    throwIf(abs(toFloat64(-metasql_r) + toFloat64(metasql_r)) > 0, 'a number does not fit into its type') = 0,
    -metasql_r, NULL),
  [:a]), 1)
"""
_ABSOLUTE = """
arrayElement(arrayMap(
  metasql_r -> if(throwIf(metasql_r < 0, 'a number does not fit into its type') = 0, metasql_r, NULL),
  [_CAST(abs(:a), toTypeName(:a))]), 1)
"""
_QUOTIENT = f"""
if(throwIf({_ODD.replace(":c", "(:a, :b)")}, '{_REASON}') = 0, toFloat64(:a) / :b, NULL)
"""


def reckoned(carrier: Carrier, node: exp.Expr) -> exp.Expr:
    """A sum, a difference or a product."""
    sides = [node.this, node.expression]
    kinds = {kind_of(side, carrier.types) for side in sides}
    if all(_is_written(side) for side in sides) and _bound(node) < 2**63:
        return carrier.parts(node)
    if all(_is_narrow(side, carrier) for side in sides):
        return sql(_NARROW[node.__class__], *carrier.all(sides))
    if all(_is_whole(side, carrier) for side in sides):
        return sql(_WIDE[node.__class__], *carrier.all(sides))
    if kinds & {Kind.DATE, Kind.TIME, Kind.TEXT, Kind.BOOLEAN} or any(_is_double(side, carrier) for side in sides):
        return _plain(node, carrier.all(sides))
    if Kind.DECIMAL in kinds and kinds <= {Kind.DECIMAL, Kind.INTEGER}:
        return _of_decimals(node, carrier.all(sides))
    if _are_short(carrier, sides):
        return sql(_SHORT[node.__class__], *carrier.all(sides))
    return _checked(carrier, node)


def _checked(carrier: Carrier, node: exp.Expr) -> exp.Expr:
    """A chain over values of unknown types: as it is, the same in floats, and what it is made of."""
    leaves: list[exp.Expr] = []
    made, shadow = _chain(carrier, node, leaves)
    return sql(_CHECKED, made, shadow, exp.Tuple(expressions=leaves))


def _chain(carrier: Carrier, node: exp.Expr, leaves: list[exp.Expr]) -> tuple[exp.Expr, exp.Expr]:
    if isinstance(node, exp.Paren) and _is_link(node.unnest()):
        made, shadow = _chain(carrier, node.this, leaves)
        return exp.paren(made, copy=False), exp.paren(shadow, copy=False)
    if _is_link(node):
        sides = [_chain(carrier, side, leaves) for side in (node.this, node.expression)]
        made, shadow = (node.__class__(this=left, expression=right) for left, right in zip(*sides, strict=True))
        return made, shadow
    made = carrier.tree(node)
    if not _is_written(node):
        leaves.append(made)
    return made, sql("toFloat64(:a)", made)


def _is_link(node: exp.Expr) -> bool:
    """Whether it is a step of a chain; one with an interval is a time."""
    if not isinstance(node, (exp.Add, exp.Sub, exp.Mul)):
        return False
    sides = (node.this.unnest(), node.expression.unnest())
    return not any(isinstance(side, (exp.Interval, exp.ToDays, exp.Anonymous)) for side in sides)


def _plain(node: exp.Expr, made: list[exp.Expr]) -> exp.Expr:
    return node.__class__(this=made[0], expression=made[1])


def _of_decimals(node: exp.Expr, made: list[exp.Expr]) -> exp.Expr:
    """Sums and products of decimals get all digits there are: in ClickHouse they have as few as their parts."""
    if not any(is_decimal(side) for side in (node.this, node.expression)):
        made = [sql(":a * toDecimal128(1, 0)", exp.paren(made[0], copy=False)), made[1]]
    return _plain(node, made)


def negative(carrier: Carrier, node: exp.Neg) -> exp.Expr:
    made = carrier.tree(node.this)
    if _is_written(node.this) or kind_of(node.this, carrier.types) in {Kind.FLOAT, Kind.DECIMAL}:
        return exp.Neg(this=made)
    if _is_narrow(node.this, carrier):
        return sql("CAST(toDecimal128(-toInt128(:a), 0), 'Nullable(Int64)')", made)
    if _is_whole(node.this, carrier):
        return sql("CAST(toDecimal256(-toInt256(:a), 0), 'Nullable(Int128)')", made)
    return sql(_NEGATIVE, made)


def absolute(carrier: Carrier, node: exp.Abs) -> exp.Expr:
    """Signed, so that it meets other numbers; ClickHouse's own `abs` is not."""
    if _is_whole(node.this, carrier):
        return sql("greatest(:a, :b)", carrier.tree(node.this), negative(carrier, exp.Neg(this=node.this)))
    return sql(_ABSOLUTE, carrier.tree(node.this))


def divided(carrier: Carrier, node: exp.Div) -> exp.Expr:
    """A quotient is a float, of 32 bits where one side is such and the other is none of 64."""
    sides = [node.this, node.expression]
    made = carrier.all(sides)
    kinds = {kind_of(side, carrier.types) for side in sides}
    if kinds <= {Kind.INTEGER, Kind.DECIMAL} or any(_is_double(side, carrier) for side in sides):
        return sql("toFloat64(:a) / :b", *made)
    return sql(_SHORT[exp.Div] if _are_short(carrier, sides) else _QUOTIENT, *made)


def shifted(carrier: Carrier, node: exp.BitwiseLeftShift) -> exp.Expr:
    """Bits that are shifted out are an error."""
    shift = "bitShiftLeft(toInt64(:a), :b)"
    lost = f":a < 0 OR :b < 0 OR :b > 63 OR bitShiftRight({shift}, :b) != toInt64(:a)"
    sides = carrier.all([node.this, node.expression])
    return sql(f"if(throwIf({lost}, 'a number is shifted out of its 64 bits') = 0, {shift}, NULL)", *sides)


def _is_written(node: exp.Expr) -> bool:
    """Whether it is a number that is written out, or reckoned of such."""
    node = node.unnest()
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul)):
        return _is_written(node.this) and _is_written(node.expression)
    if isinstance(node, exp.Neg):
        return _is_written(node.this)
    return isinstance(node, exp.Literal) and not node.is_string


def _bound(node: exp.Expr) -> float:
    """What a written number is not larger than, whatever its sign."""
    node = node.unnest()
    if isinstance(node, (exp.Add, exp.Sub)):
        return _bound(node.this) + _bound(node.expression)
    if isinstance(node, exp.Mul):
        return _bound(node.this) * _bound(node.expression)
    return _bound(node.this) if isinstance(node, exp.Neg) else float(node.this.replace("_", ""))


_OF_64_BITS = frozenset(
    {exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT}
    | {exp.DType.UTINYINT, exp.DType.USMALLINT, exp.DType.UINT}
)
_COUNTS = (exp.Count, exp.CountIf, exp.Length, exp.StrPosition, exp.DateDiff, exp.Year, exp.Month, exp.Day)


def _is_narrow(node: exp.Expr, carrier: Carrier) -> bool:
    """Whether it is known to be a whole number of at most 64 bits."""
    node = node.unnest()
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul)):
        return _is_narrow(node.this, carrier) and _is_narrow(node.expression, carrier)
    if isinstance(node, (exp.Neg, exp.Abs)):
        return _is_narrow(node.this, carrier)
    if isinstance(node, exp.Literal):
        return not node.is_string and node.this.isdigit() and int(node.this) < 2**63
    type_ = _type_of(node, carrier)
    return isinstance(node, _COUNTS) if type_ is None else type_.this in _OF_64_BITS


def _is_whole(node: exp.Expr, carrier: Carrier) -> bool:
    """Whether it is known to be a whole number, of up to 128 bits."""
    node = node.unnest()
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul)):
        return _is_whole(node.this, carrier) and _is_whole(node.expression, carrier)
    if isinstance(node, (exp.Neg, exp.Abs)):
        return _is_whole(node.this, carrier)
    type_ = _type_of(node, carrier)
    return _is_narrow(node, carrier) if type_ is None else type_.is_type(*exp.DataType.INTEGER_TYPES)


def _is_double(node: exp.Expr, carrier: Carrier) -> bool:
    """Whether it is known to be a float of 64 bits."""
    node = node.unnest()
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul)):
        return _is_double(node.this, carrier) or _is_double(node.expression, carrier)
    if isinstance(node, exp.Neg):
        return _is_double(node.this, carrier)
    if isinstance(node, exp.Literal):
        return not node.is_string and "e" in node.this.lower()
    type_ = _type_of(node, carrier)
    if type_ is None:
        return kind_of(node, carrier.types) is Kind.FLOAT and not isinstance(node, (exp.Column, exp.Div))
    return type_.is_type("double")


def _type_of(node: exp.Expr, carrier: Carrier) -> exp.DataType | None:
    if isinstance(node, (exp.Cast, exp.TryCast)):
        return node.to
    return carrier.types.get(node.name) if isinstance(node, exp.Column) else None


def _are_short(carrier: Carrier, sides: list[exp.Expr]) -> bool:
    """Whether one side is known to be a float of 32 bits, and the other to be none of 64."""
    short = [_is_short(side, carrier) for side in sides]
    known = {Kind.INTEGER, Kind.DECIMAL}
    return any(short) and all(
        is_short or kind_of(side, carrier.types) in known for is_short, side in zip(short, sides, strict=True)
    )


def _is_short(node: exp.Expr, carrier: Carrier) -> bool:
    node = node.unnest()
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Div)):
        return _are_short(carrier, [node.this, node.expression])
    if isinstance(node, (exp.Neg, exp.Abs)):
        return _is_short(node.this, carrier)
    type_ = _type_of(node, carrier)
    return type_ is not None and type_.is_type("float")
