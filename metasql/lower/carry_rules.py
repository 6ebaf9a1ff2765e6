"""Everything that is carried over to ClickHouse, in one table by class and one by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from metasql.lower.carry import Carrier, RefusedError, Rule, sql
from metasql.lower.carry_casts import CASTS
from metasql.lower.carry_compared import COMPARED
from metasql.lower.carry_groups import GROUPS
from metasql.lower.carry_lists import LISTS
from metasql.lower.carry_members import MEMBERS
from metasql.lower.carry_queries import QUERIES
from metasql.lower.carry_texts import TEXT_FUNCTIONS, TEXTS
from metasql.lower.carry_times import INTERVAL_FUNCTIONS, TIMES, date_part
from metasql.lower.carry_values import VALUES
from metasql.lower.dialect import Refusal

_FUNCTIONS = {
    **TEXT_FUNCTIONS,
    **INTERVAL_FUNCTIONS,
    "now": "now64(6, 'UTC')",
    "isfinite": "isFinite(:a)",
}


def _called(carrier: Carrier, node: exp.Anonymous) -> exp.Expr:
    name = str(node.this).lower()
    if name in {"date_part", "datepart"} and len(node.expressions) == 2:
        return date_part(carrier, node.expressions)
    if name == "mean" and len(node.expressions) == 1:
        return carrier.tree(exp.Avg(this=node.expressions[0]))
    if name not in _FUNCTIONS:
        raise RefusedError(f"`{name}` has no counterpart that gives the same values")
    return sql(_FUNCTIONS[name], *carrier.all(node.expressions))


_RULES: dict[type[exp.Expr], Rule] = {
    **QUERIES,
    **COMPARED,
    **MEMBERS,
    **LISTS,
    **VALUES,
    **CASTS,
    **TEXTS,
    **TIMES,
    **GROUPS,
    exp.Anonymous: _called,
}


def carry(
    tree: exp.Expr,
    *,
    condition: bool = False,
    types: Mapping[str, exp.DataType] | None = None,
    sources: Mapping[str, Mapping[str, exp.DataType]] | None = None,
) -> tuple[exp.Expr, Sequence[Refusal]]:
    """A query or an expression for ClickHouse (lower/dialect.py, `Carry`)."""
    carrier = Carrier(_RULES, types, sources)
    return carrier.tree(tree, condition=condition), carrier.refusals
