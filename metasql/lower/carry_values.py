"""Numbers, casts and choices between values, carried to ClickHouse."""

from __future__ import annotations

from sqlglot import exp

from metasql.lower.carry import Carrier, RefusedError, Rule, kept, literal, sql, written
from metasql.lower.carry_compared import same
from metasql.lower.carry_kinds import Kind, kind_of
from metasql.lower.carry_reckoning import absolute, divided, negative, reckoned, shifted

FLOAT = "'^(Nullable[(])?Float'"
IS_FLOAT = f"match(toTypeName(:a), {FLOAT})"
_MOST = 2**64


def number(_: Carrier, node: exp.Literal) -> exp.Expr:
    """Decimals stay decimals: ClickHouse would read them as floats."""
    if node.is_string:
        return node
    if "e" in node.this.lower():
        return node
    if "." not in node.this:
        if int(node.this.replace("_", "")) >= _MOST:
            raise RefusedError("whole numbers of more than 64 bits cannot be written out")
        return node
    whole, _, part = node.this.partition(".")
    return _decimal(f"{whole or '0'}.{part}" if part else whole, len(part))


def _decimal(text: str, scale: int) -> exp.Expr:
    """A decimal of as many digits as there are: of few digits ClickHouse's products would not fit."""
    return sql(f"CAST('{text}' AS Decimal(38, {scale}))")


def _is_decimal(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and "." in node.this and "e" not in node.this.lower()


def _meeting(carrier: Carrier, nodes: list[exp.Expr]) -> list[exp.Expr]:
    """Values of which one is taken: beside a decimal that is written out all get its places, and floats stay floats."""
    made = carrier.all(nodes)
    scale = max((len(node.this.partition(".")[2]) for node in nodes if _is_decimal(node)), default=None)
    if scale is None:
        return made
    other = next((tree for node, tree in zip(nodes, made, strict=True) if not isinstance(node, _WRITTEN)), None)
    zero = _decimal("0", scale)
    return [
        tree if isinstance(node, exp.Null) else _met(node, tree, zero, other)
        for node, tree in zip(nodes, made, strict=True)
    ]


_WRITTEN = (exp.Literal, exp.Null, exp.Neg, exp.Boolean)


def _met(node: exp.Expr, tree: exp.Expr, zero: exp.Expr, other: exp.Expr | None) -> exp.Expr:
    if not isinstance(node, _WRITTEN) or other is None:
        return sql(":a + :b", exp.paren(tree, copy=False), zero)
    return sql("defaultValueOfArgumentType(assumeNotNull(:a)) + :b + :c", other, tree, zero)


def coalesce(carrier: Carrier, node: exp.Coalesce) -> exp.Expr:
    first, *rest = _meeting(carrier, [node.this, *node.expressions])
    return exp.Coalesce(this=first, expressions=rest)


def extreme(name: str) -> Rule:
    """NULLs are left out, as long as there is anything else; NaN is the greatest of all."""

    def rule(carrier: Carrier, node: exp.Expr) -> exp.Expr:
        sides = [node.this, *node.expressions]
        trees = _meeting(carrier, sides)
        made = exp.Anonymous(this=name, expressions=trees)
        kinds = {kind_of(side, carrier.types) for side in sides}
        if name == "least" or not kinds & {Kind.UNKNOWN, Kind.NUMBER, Kind.FLOAT}:
            return made
        tests = [sql("ifNull(:a != :a, false)", tree) for tree in trees if not isinstance(tree, exp.Null)]
        nan = "accurateCastOrNull('nan', toTypeName(assumeNotNull(:b)))"
        return sql(f"if(:a, {nan}, :b)", exp.paren(exp.or_(*tests, copy=False), copy=False), made)

    return rule


def case(carrier: Carrier, node: exp.Case) -> exp.Expr:
    default = node.args.get("default")
    values = [branch.args["true"] for branch in node.args["ifs"]] + ([default] if default is not None else [])
    made = _meeting(carrier, values)
    this = carrier.tree(node.this) if node.args.get("this") is not None else None
    ifs = []
    for branch, value in zip(node.args["ifs"], made, strict=False):
        when = carrier.tree(branch.this, condition=this is None)
        if this is not None:  # ClickHouse's short form says that NULL is NULL.
            when = same(carrier, [node.this, branch.this], [this, when])
        ifs.append(exp.If(this=when, true=value))
    return exp.Case(ifs=ifs, default=made[-1] if default is not None else None)


def choice(carrier: Carrier, node: exp.If) -> exp.Expr:
    return case(carrier, exp.Case(ifs=[exp.If(this=node.this, true=node.args["true"])], default=node.args.get("false")))


def nullif(carrier: Carrier, node: exp.Nullif) -> exp.Expr:
    sides = [node.this, node.expression]
    first, second = _meeting(carrier, sides)
    return sql("if(:a, NULL, :b)", same(carrier, sides, [first, second]), first)


ROUNDED = "(trunc(:a) + if(abs(:a - trunc(:a)) >= 0.5, sign(:a), 0))"
"""Halves away from zero, exactly; ClickHouse's own goes to the even one for floats."""


def rounded(carrier: Carrier, node: exp.Round) -> exp.Expr:
    value = carrier.tree(node.this)
    places = node.args.get("decimals")
    if places is None:
        return sql(ROUNDED, value)
    digits = int(literal(places, "the number of places"))
    if digits < 0:
        raise RefusedError("rounding to tens and hundreds is not done alike")
    scaled = ROUNDED.replace(":a", f"(:a * 1e{digits})")
    texts = f"if({IS_FLOAT}, toString({scaled} / 1e{digits}), toString(round(:a, {digits})))"
    wide = f"replaceRegexpOne(toTypeName(round(:a, {digits})), 'Decimal[(][0-9]+', 'Decimal(38')"
    same_float = "'Nullable(' || extract(toTypeName(:a), 'Float[0-9]+') || ')'"
    return sql(f"accurateCast({texts}, if({IS_FLOAT}, {same_float}, {wide}))", value)


def remainder(carrier: Carrier, node: exp.Mod) -> exp.Expr:
    """Of decimals ClickHouse takes the remainder of their whole parts."""
    parts = carrier.all([node.this, node.expression])
    kinds = {kind_of(side, carrier.types) for side in (node.this, node.expression)}
    if Kind.DECIMAL in kinds and not kinds & {Kind.FLOAT}:
        return sql(":a - :b * trunc(:a / :b)", *(exp.paren(part, copy=False) for part in parts))
    made = exp.Mod(this=parts[0], expression=parts[1])
    if kinds <= {Kind.INTEGER, Kind.FLOAT}:
        return made
    message = "the remainder of decimals: cast them to double, or declare the types of the columns"
    return sql(f"(:a) + throwIf(match(toTypeName(:a), 'Decimal'), '{message}')", made)


def logarithm(carrier: Carrier, node: exp.Log) -> exp.Expr:
    if node.args.get("expression") is None:
        return sql("log10(:a)", carrier.tree(node.this))
    base = literal(node.this, "the base of a logarithm")
    if base not in {"2", "10"}:
        raise RefusedError("there are logarithms to the bases 2, 10 and e alone")
    return sql(f"log{base}(:a)", carrier.tree(node.expression))


VALUES: dict[type[exp.Expr], Rule] = {
    exp.Literal: number,
    exp.Null: kept,
    exp.Boolean: kept,
    exp.Neg: negative,
    exp.Mul: reckoned,
    exp.Mod: remainder,
    exp.Div: divided,
    exp.IntDiv: written("intDiv(bitOr(:a, 0), bitOr(:b, 0))"),
    exp.BitwiseAnd: written("bitAnd(:a, :b)"),
    exp.BitwiseOr: written("bitOr(:a, :b)"),
    exp.BitwiseXor: written("bitXor(:a, :b)"),
    exp.BitwiseNot: written("bitNot(toInt64(:a))", "this"),
    exp.BitwiseLeftShift: shifted,
    exp.BitwiseRightShift: written("bitShiftRight(toInt64(:a), :b)"),
    exp.Abs: absolute,
    exp.Sign: written("sign(:a)", "this"),
    exp.Floor: written("floor(:a)", "this"),
    exp.Ceil: written("ceil(:a)", "this"),
    exp.Trunc: written("trunc(:a)", "this"),
    exp.Round: rounded,
    exp.Sqrt: written("sqrt(:a)", "this"),
    exp.Ln: written("log(:a)", "this"),
    exp.Log: logarithm,
    exp.Exp: written("exp(:a)", "this"),
    exp.Pow: written("pow(:a, :b)"),
    exp.Cbrt: written("cbrt(:a)", "this"),
    exp.Pi: written("pi()", "nothing"),
    exp.IsNan: written("isNaN(:a)", "this"),
    exp.IsInf: written("isInfinite(:a)", "this"),
    exp.Greatest: extreme("greatest"),
    exp.Least: extreme("least"),
    exp.Coalesce: coalesce,
    exp.Nullif: nullif,
    exp.Case: case,
    exp.If: choice,
    exp.DataType: kept,
}
