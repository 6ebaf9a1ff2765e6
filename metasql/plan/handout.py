"""The rows of an increment as they are handed out."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from metasql.graph.nodes import Feature
from metasql.plan.layout import Layout
from metasql.plan.sql import col, select, table


def handout(feature: Feature, layout: Layout, statuses: Sequence[str], limit: int | None) -> exp.Query:
    """Rows of `X__increment` with one of the statuses, in the order of their keys."""
    query = select(exp.Star()).from_(table(layout.of(feature.key, "increment"), "increment"), copy=False)
    query = query.where(col("metasql_status", "increment").isin(*statuses), copy=False)
    query = query.order_by(*(col(name, "increment") for name in feature.unit_columns), copy=False)
    return query.limit(limit, copy=False) if limit is not None else query
