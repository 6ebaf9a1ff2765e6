"""Functions that make several rows of one, where they stand in a SELECT."""

from __future__ import annotations

from sqlglot import exp

ROW_MAKERS = (exp.Explode, exp.Posexplode, exp.Unnest, exp.Inline)
_CALLED = frozenset({"unnest", "generate_subscripts", "regexp_split_to_table", "arrayjoin", "explode", "json_each"})


def makes_rows(node: exp.Expr) -> bool:
    """Whether a node is such a function."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower() in _CALLED
    return isinstance(node, ROW_MAKERS)
