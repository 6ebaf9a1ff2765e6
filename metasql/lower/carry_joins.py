"""Joins, carried to ClickHouse: which there are, and what they need beside their condition."""

from __future__ import annotations

from sqlglot import exp

from metasql.lower.carry import Carrier, RefusedError, only, sql
from metasql.lower.carry_lists import rows_of_list

_SIDES = frozenset({"", "LEFT", "RIGHT", "FULL"})
_KINDS = frozenset({"", "INNER", "OUTER", "CROSS", "SEMI", "ANTI"})
_KEYLESS = "ignore(:a) = ignore(:b) AND (:c)"
"""`ignore` is 0 of anything: a key that is the same in every row."""


def joined(carrier: Carrier, node: exp.Join) -> exp.Expr:
    """A join, or a list that is read as rows."""
    side, kind = str(node.args.get("side") or "").upper(), str(node.args.get("kind") or "").upper()
    try:
        _check(node, side, kind)
        if isinstance(node.this, exp.Unnest):
            return rows_of_list(carrier, node, side, kind)
        keeps = bool(side) or kind in {"SEMI", "ANTI"}
        sides = _sides(node) if keeps else None
    except RefusedError as refused:
        return carrier.refuse(node.this, str(refused))
    made = carrier.parts(node)
    if sides is not None:
        made.set("on", sql(_KEYLESS, sides[0].copy(), sides[1].copy(), made.args["on"]))
    if kind in {"SEMI", "ANTI"} and not side:
        made.set("side", "LEFT")
    return made


def _check(node: exp.Join, side: str, kind: str) -> None:
    if node.args.get("method"):
        raise RefusedError(f"a join that is {str(node.args['method']).upper()} is not carried over")
    only(node, frozenset({"this", "on", "using", "side", "kind"}), "a join")
    if side not in _SIDES or kind not in _KINDS:
        raise RefusedError(f"a {kind} join is not carried over")
    if isinstance(node.this, exp.Lateral):
        raise RefusedError("LATERAL is not carried over")


def _sides(node: exp.Join) -> tuple[exp.Column, exp.Column] | None:
    """A column of each side, where no equality joins them: what keeps rows without a match needs one in ClickHouse."""
    on = node.args.get("on")
    if on is None or isinstance(on.unnest(), exp.Boolean) or _has_key(on, node.this.alias_or_name):
        return None
    columns = list(on.find_all(exp.Column))
    if not all(column.table for column in columns):
        return None
    right = [column for column in columns if column.table == node.this.alias_or_name]
    left = [column for column in columns if column.table != node.this.alias_or_name]
    if not left or not right:
        raise RefusedError("the condition of this join has to have columns of both sides")
    return left[0], right[0]


def _has_key(on: exp.Expr, name: str) -> bool:
    """Whether a condition holds only where an expression of one side equals one of the other."""
    on = on.unnest()
    if isinstance(on, exp.And):
        return _has_key(on.this, name) or _has_key(on.expression, name)
    if isinstance(on, exp.Or):
        return _has_key(on.this, name) and _has_key(on.expression, name)
    if not isinstance(on, (exp.EQ, exp.NullSafeEQ)):
        return False
    sides = [{column.table for column in part.find_all(exp.Column)} for part in (on.this, on.expression)]
    if any("" in tables for tables in sides):
        return all(sides)
    return all(sides) and any(tables == {name} for tables in sides) and any(name not in tables for tables in sides)
