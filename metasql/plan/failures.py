"""The steps that write `X__attempts`: errors that come in, and errors that are over (plan/attempts.py)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlglot import exp

from metasql.graph.nodes import Feature
from metasql.plan import provenance
from metasql.plan.attempts import ATTEMPTS, ERROR, FAILED_AT, SUFFIX, TRIED, alive
from metasql.plan.commit import RECEIPTS, TYPED
from metasql.plan.layout import Layout
from metasql.plan.receipt import RECEIPT, said
from metasql.plan.sql import (
    all_of,
    as_,
    case,
    cast,
    coalesce,
    col,
    cols,
    current,
    equal,
    exists,
    is_null,
    joined,
    number,
    on_equal,
    select,
    table,
    text,
)
from metasql.plan.steps import Mark, Put, Stamp, Step, Temporary

FAILED = "metasql_failed"
CLEARED = "metasql_cleared"


def record(feature: Feature, layout: Layout, given: Collection[str]) -> Step:
    """The errors of the batch, each with the number of attempts that it makes.

    A row that tells how many there had been when it was handed out counts once, however often it is committed.
    """
    tried = provenance.whole(
        [provenance.provenance(*said(feature, field, "batch")) for field in provenance.sorted_fields(feature)]
    )
    stored = current(layout.of(feature.key, SUFFIX), "stored")
    known = all_of(alive("stored"), equal(col(TRIED, "stored"), col(TRIED, "batch")))
    one_more: exp.Expr = exp.Add(this=col(ATTEMPTS, "stored"), expression=number(1))
    if ATTEMPTS in given:
        told = exp.Add(this=col(ATTEMPTS, "batch"), expression=number(1))
        later = case((exp.GT(this=told, expression=col(ATTEMPTS, "stored")), told), otherwise=col(ATTEMPTS, "stored"))
        one_more = case((is_null(col(ATTEMPTS, "batch")), one_more), otherwise=later)
    brought = [*feature.unit_columns, ERROR, *([ATTEMPTS] if ATTEMPTS in given else [])]
    batch = select(*cols(brought, "batch"), as_(tried, TRIED)).from_(table(TYPED, "batch"), copy=False)
    query = select(
        *cols(feature.unit_columns, "batch"),
        as_(cast(case((known, one_more), otherwise=number(1)), "bigint"), ATTEMPTS),
        as_(coalesce(col(ERROR, "batch"), text("")), ERROR),
        col(TRIED, "batch"),
    )
    query = query.from_(batch.subquery("batch", copy=False), copy=False)
    query = joined(query, stored, on_equal("batch", "stored", feature.unit_columns), "LEFT")
    return Temporary("the samples that could not be made, and how often that was tried", FAILED, query)


def write(feature: Feature, layout: Layout, stamp: Stamp) -> Step:
    """The errors take the place of earlier ones."""
    brought = (*feature.unit_columns, ATTEMPTS, ERROR, TRIED)
    values = {**stamp.columns(), "metasql_created_at": stamp.time(), FAILED_AT: stamp.time()}
    relation = layout.of(feature.key, SUFFIX)
    return Put("the errors, with their time", relation, feature.unit_columns, FAILED, brought, values)


def of_batch(feature: Feature, layout: Layout) -> Step:
    """The errors of the units that a batch has results for."""
    source = RECEIPTS if feature.is_expansion else TYPED
    units = select(number(1)).from_(table(source, "batch"), copy=False)
    return _cleared(
        feature, layout, exists(units.where(on_equal("attempt", "batch", feature.unit_columns), copy=False))
    )


def of_condition(feature: Feature, layout: Layout, condition: exp.Expr | None) -> Step:
    """The errors that a condition over the columns of `X__errors` matches; all of them where it is None."""
    if condition is None:
        return _cleared(feature, layout, None)
    chosen = select(*cols(feature.unit_columns, "error")).from_(table(layout.of(feature.key, "errors"), "error"))
    units = select(number(1)).from_(chosen.where(condition, copy=False).subquery("chosen", copy=False), copy=False)
    return _cleared(
        feature, layout, exists(units.where(on_equal("attempt", "chosen", feature.unit_columns), copy=False))
    )


def _cleared(feature: Feature, layout: Layout, condition: exp.Expr | None) -> Step:
    keep = [alive("attempt")] if condition is None else [alive("attempt"), condition]
    query = select(*cols(feature.unit_columns, "attempt"))
    query = query.from_(current(layout.of(feature.key, SUFFIX), "attempt"), copy=False)
    return Temporary("errors that are over", CLEARED, query.where(all_of(*keep), copy=False))


def clear(feature: Feature, layout: Layout, stamp: Stamp) -> Step:
    """The errors in `metasql_cleared` are over."""
    relation = layout.of(feature.key, SUFFIX)
    return Mark("errors that are over count no more", relation, feature.unit_columns, CLEARED, stamp.deleted())


NEEDED: Sequence[str] = (RECEIPT, ERROR)
"""The columns of a batch of errors, besides the unit's."""
