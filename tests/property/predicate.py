"""Conditions and aggregate expressions of the cases, evaluated over rows as dicts: SQL with its three values.

`None` is NULL, and as the value of a condition it is *unknown*.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlglot
from sqlglot import exp

Row = Mapping[str, Any]

_COMPARE: dict[type[exp.Expression], Callable[[Any, Any], Any]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
    exp.Add: operator.add,
    exp.Sub: operator.sub,
    exp.Mul: operator.mul,
    exp.Mod: operator.mod,
}
_OF_TEXT: dict[type[exp.Expression], Callable[[Any], Any]] = {
    exp.Lower: str.lower,
    exp.Upper: str.upper,
    exp.Length: len,
    exp.Neg: operator.neg,
    exp.Abs: abs,
}


def matches(condition: str, row: Row) -> bool:
    """Whether a row is let in: the condition is true, neither false nor unknown."""
    return evaluate(sqlglot.parse_one(condition, read="duckdb"), row) is True


def aggregate(expression: str, rows: Sequence[Row]) -> Any:
    """The value of an aggregate expression over the members of a group."""
    tree = sqlglot.parse_one(expression, read="duckdb")
    if isinstance(tree, exp.Count) and isinstance(tree.this, exp.Star):
        return len(rows)
    values = [value for row in rows if (value := evaluate(tree.this, row)) is not None]
    if isinstance(tree, exp.Count):
        return len(values)
    for kind, function in ((exp.Min, min), (exp.Max, max), (exp.Sum, sum)):
        if isinstance(tree, kind):
            return function(values) if values else None
    raise ValueError(f"the reference does not know the aggregate {expression!r}")


def evaluate(tree: exp.Expression, row: Row) -> Any:
    """The value of an expression over one row."""
    if isinstance(tree, exp.Paren):
        return evaluate(tree.this, row)
    if isinstance(tree, exp.Connector):
        return _connect(isinstance(tree, exp.And), evaluate(tree.left, row), evaluate(tree.right, row))
    if isinstance(tree, exp.Not):
        value = evaluate(tree.this, row)
        return None if value is None else not value
    if isinstance(tree, exp.Is):
        return evaluate(tree.this, row) is evaluate(tree.expression, row)
    if isinstance(tree, exp.In):
        return _is_in(evaluate(tree.this, row), [evaluate(item, row) for item in tree.expressions])
    if isinstance(tree, exp.Between):
        value = evaluate(tree.this, row)
        low, high = (_binary(operator.le, *pair) for pair in _bounds(tree, value, row))
        return _connect(True, low, high)
    if isinstance(tree, exp.Coalesce):
        values = (evaluate(item, row) for item in (tree.this, *tree.expressions))
        return next((value for value in values if value is not None), None)
    if type(tree) in _COMPARE:
        return _binary(_COMPARE[type(tree)], evaluate(tree.left, row), evaluate(tree.right, row))
    if type(tree) in _OF_TEXT:
        value = evaluate(tree.this, row)
        return None if value is None else _OF_TEXT[type(tree)](value)
    return _leaf(tree, row)


def _leaf(tree: exp.Expression, row: Row) -> Any:
    if isinstance(tree, exp.Column):
        return row[tree.name]
    if isinstance(tree, exp.Null):
        return None
    if isinstance(tree, exp.Boolean):
        return bool(tree.this)
    if isinstance(tree, exp.Cast):  # dates are ISO texts in a case, and so compare as they are
        return evaluate(tree.this, row)
    if isinstance(tree, exp.Literal):
        if tree.is_string:
            return tree.this
        return int(tree.this) if tree.this.isdigit() else float(tree.this)
    raise ValueError(f"the reference does not know {tree.sql()!r}")


def _binary(function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    return None if left is None or right is None else function(left, right)


def _connect(conjunction: bool, left: Any, right: Any) -> Any:
    """AND and OR with unknown: the value that decides wins, else unknown does."""
    deciding = not conjunction
    if left is deciding or right is deciding:
        return deciding
    return None if left is None or right is None else conjunction


def _is_in(value: Any, items: list[Any]) -> Any:
    if value is None:
        return None
    if any(item is not None and item == value for item in items):
        return True
    return None if None in items else False


def _bounds(tree: exp.Between, value: Any, row: Row) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    return (evaluate(tree.args["low"], row), value), (value, evaluate(tree.args["high"], row))
