"""Comparisons, carried to ClickHouse: with NaN as the greatest number, equal to itself, as DuckDB has it.

To ClickHouse NaN is neither greater nor less nor equal. What is no number of 64 or 32 bits has no NaN, so
`x != x` asks for it whatever the type is. An equality of two columns of unknown types stays as it is: joins
are found by it.

Beside a float of 32 bits DuckDB reads a decimal that is written out as such a float too.
"""

from __future__ import annotations

from sqlglot import exp

from metasql.lower.carry import Carrier, Rule, sql
from metasql.lower.carry_kinds import Kind, kind_of

_MAYBE = frozenset({Kind.UNKNOWN, Kind.NUMBER, Kind.FLOAT})
_NEVER = frozenset({Kind.TEXT, Kind.DATE, Kind.TIME, Kind.BOOLEAN})

_LEFT: dict[type[exp.Expr], str] = {exp.GT: "NOT (:a <= :b)", exp.GTE: "NOT (:a < :b)"}
"""The left side may be NaN."""
_RIGHT: dict[type[exp.Expr], str] = {exp.LT: "NOT (:a >= :b)", exp.LTE: "NOT (:a > :b)"}
_EQUAL = "(:a = :b OR (:a != :a AND :b != :b))"
_BOTH: dict[type[exp.Expr], str] = {
    exp.GT: "(:a > :b OR (:a != :a AND :b = :b))",
    exp.GTE: "(:a >= :b OR (:a != :a AND (:b = :b OR :b != :b)))",
    exp.LT: "(:a < :b OR (:b != :b AND :a = :a))",
    exp.LTE: "(:a <= :b OR (:b != :b AND (:a = :a OR :a != :a)))",
    exp.EQ: _EQUAL,
    exp.NEQ: f"NOT {_EQUAL}",
}
_AS_FLOAT = """
_CAST(:a, if(match(toTypeName(:b), '^(LowCardinality[(])?(Nullable[(])?Float32'), 'Nullable(Float32)', toTypeName(:a)))
"""


def compared(carrier: Carrier, node: exp.Expr) -> exp.Expr:
    sides = [node.this, node.expression]
    return _of_trees(carrier, node.__class__, sides, carrier.all(sides))


def same(carrier: Carrier, sides: list[exp.Expr], made: list[exp.Expr]) -> exp.Expr:
    """Whether two values are equal, where no rows are joined by it."""
    kinds = [kind_of(side, carrier.types) for side in sides]
    made = _as_floats(kinds, sides, made)
    text = _EQUAL if set(kinds) <= _MAYBE else ":a = :b"
    return sql(text, *made)


def _of_trees(carrier: Carrier, kind: type[exp.Expr], sides: list[exp.Expr], made: list[exp.Expr]) -> exp.Expr:
    kinds = [kind_of(side, carrier.types) for side in sides]
    made = _as_floats(kinds, sides, made)
    left, right = (item in _MAYBE for item in kinds)
    text: str | None = None
    if not _NEVER & set(kinds):
        if left and right:
            text = None if kind in (exp.EQ, exp.NEQ) and Kind.FLOAT not in kinds else _BOTH[kind]
        elif left or right:
            text = (_LEFT if left else _RIGHT).get(kind)
    return sql(text, *made) if text is not None else kind(this=made[0], expression=made[1])


def _as_floats(kinds: list[Kind], sides: list[exp.Expr], made: list[exp.Expr]) -> list[exp.Expr]:
    """Decimals that are written out, as floats of 32 bits where the other side is such."""
    return [
        sql(_AS_FLOAT, tree, made[1 - place]) if is_decimal(side) and kinds[1 - place] in _MAYBE else tree
        for place, (side, tree) in enumerate(zip(sides, made, strict=True))
    ]


def is_decimal(node: exp.Expr) -> bool:
    """Whether it is a decimal that is written out."""
    node = node.unnest()
    node = node.this.unnest() if isinstance(node, exp.Neg) else node
    return isinstance(node, exp.Literal) and not node.is_string and "." in node.this and "e" not in node.this.lower()


def between(carrier: Carrier, node: exp.Between) -> exp.Expr:
    this, low, high = (node.args[name] for name in ("this", "low", "high"))
    if all(isinstance(side.unnest(), (exp.Literal, exp.Neg)) and not is_decimal(side) for side in (low, high)):
        return carrier.parts(node)
    made = carrier.all([this, low, high])
    above = _of_trees(carrier, exp.GTE, [this, low], made[:2])
    below = _of_trees(carrier, exp.LTE, [this, high], [made[0], made[2]])
    return exp.paren(exp.And(this=above, expression=below), copy=False)


COMPARED: dict[type[exp.Expr], Rule] = {
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE), compared),
    exp.Between: between,
}
