"""The steps of a vacuum: rows that no reader sees any more are removed for good.

A deleted sample is told apart from a unit for which a body gave no row: that one is remembered as done, and stays.
"""

from __future__ import annotations

from sqlglot import exp

from metasql.graph.nodes import Feature, Kind
from metasql.plan.layout import Layout
from metasql.plan.sql import all_of, any_of, cast, col, cols, current, is_null, not_null, select, table, text
from metasql.plan.steps import Erase, Temporary
from metasql.plan.write import keyed

HISTORY = "history"


def removed(suffix: str) -> str:
    """The temporary table with the keys of what goes."""
    return f"metasql_removed_{suffix}"


def tables_of(feature: Feature, *, history: bool) -> list[tuple[str, tuple[str, ...]]]:
    """The tables that a vacuum looks at by suffix, with their keys."""
    return [*keyed(feature), *([(HISTORY, (*feature.id_columns, "metasql_commit"))] if history else [])]


def find(feature: Feature, layout: Layout, suffix: str, key: tuple[str, ...], before: str) -> Temporary:
    """The keys of the rows that were deleted, or replaced, before a time in UTC."""
    relation = layout.of(feature.key, suffix)
    source = table(relation, "stored") if suffix == HISTORY else current(relation, "stored")
    column = "metasql_superseded_at" if suffix == HISTORY else "metasql_deleted_at"
    when = col(column, "stored")
    keep = [not_null(when), exp.LT(this=when.copy(), expression=cast(text(before), "timestamp"))]
    if suffix == "samples" and feature.kind is Kind.SQL and not feature.is_expansion:
        no_row = col("metasql_no_row", "stored")
        keep.append(any_of(is_null(no_row), exp.Not(this=no_row.copy())))
    query = select(*cols(key, "stored")).from_(source, copy=False).where(all_of(*keep), copy=False)
    return Temporary(f"old rows of the {suffix}", removed(suffix), query)


def erase(feature: Feature, layout: Layout, suffix: str, key: tuple[str, ...]) -> Erase:
    return Erase(f"old rows of the {suffix} are removed for good", layout.of(feature.key, suffix), key, removed(suffix))
