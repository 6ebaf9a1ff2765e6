"""The steps of a deletion by hand."""

from __future__ import annotations

from sqlglot import exp

from metasql.graph.nodes import Feature, Graph
from metasql.plan.expected import at
from metasql.plan.increment import compare
from metasql.plan.layout import Layout
from metasql.plan.sql import (
    all_of,
    col,
    cols,
    current,
    equal,
    exists,
    is_null,
    number,
    on_equal,
    select,
    table,
    text,
    with_blocks,
)
from metasql.plan.steps import Erase, Mark, Stamp, Step, Temporary
from metasql.plan.write import ORPHANS, WORK, delete_orphans, find_orphans, keyed

GONE = "metasql_gone"
REOPENED = "metasql_reopened"
EMPTIED = "metasql_emptied"


def gone(feature: Feature, layout: Layout, where: exp.Expr | None) -> Step:
    """The live samples that a condition over their columns matches."""
    keep = [is_null(col("metasql_deleted_at", "sample"))]
    if where is not None:
        keep.append(exp.paren(at("sample", where)))
    samples = current(layout.of(feature.key, "samples"), "sample")
    query = select(*cols(feature.id_columns, "sample")).from_(samples, copy=False)
    return Temporary("the samples to delete", GONE, query.where(all_of(*keep), copy=False))


def delete_steps(feature: Feature, layout: Layout, stamp: Stamp, *, hard: bool) -> list[Step]:
    """Delete the samples in `metasql_gone`; an input that loses a child is open again."""
    samples, ids = layout.of(feature.key, "samples"), feature.id_columns
    steps = _reopen(feature, layout, stamp) if feature.is_expansion else []
    if hard:
        return [*steps, Erase("the samples are removed for good", samples, ids, GONE)]
    return [*steps, Mark("the samples are marked deleted", samples, ids, GONE, stamp.deleted())]


def _reopen(feature: Feature, layout: Layout, stamp: Stamp) -> list[Step]:
    """Inputs whose children are deleted: open again, and gone when no child is left."""
    inputs, unit = layout.of(feature.key, "inputs"), feature.unit_columns
    left = select(number(1)).from_(current(layout.of(feature.key, "samples"), "child"), copy=False)
    going = _exists(GONE, on_equal("gone", "child", feature.id_columns))
    same = on_equal("child", "stored", unit)
    left = left.where(all_of(same, is_null(col("metasql_deleted_at", "child")), exp.Not(this=going)), copy=False)
    lost = _exists(GONE, on_equal("gone", "stored", unit))
    reopened = {**stamp.columns(), "metasql_reopened_at": stamp.time()}
    steps: list[Step] = []
    for name, condition, purpose, values in (
        (REOPENED, exists(left), "inputs that lose a child are open again", reopened),
        (
            EMPTIED,
            exp.Not(this=exists(left)),
            "inputs without any child left are gone",
            {**reopened, **stamp.deleted()},
        ),
    ):
        query = select(*cols(unit, "stored")).from_(current(inputs, "stored"), copy=False)
        query = query.where(all_of(lost, condition), copy=False)
        steps += [Temporary(purpose, name, query), Mark(purpose, inputs, unit, name, values)]
    return steps


def _exists(name: str, condition: exp.Expr) -> exp.Expr:
    return exists(select(number(1)).from_(table(name, "gone"), copy=False).where(condition, copy=False))


def orphaned(feature: Feature, graph: Graph, layout: Layout) -> Step:
    """The orphaned units of the increment, as a work table."""
    compared = compare(feature, graph, layout)
    query = select(*cols(feature.unit_columns, "judged"), col("metasql_status", "judged")).from_(
        table("judged"), copy=False
    )
    query = query.where(equal(col("metasql_status", "judged"), text("orphaned")), copy=False)
    return Temporary("the orphaned samples", WORK, with_blocks(query, compared.blocks))


def delete_orphaned_steps(feature: Feature, layout: Layout, stamp: Stamp, *, hard: bool) -> list[Step]:
    """Delete the units of the work table, children and input records alike."""
    if not hard:
        return delete_orphans(feature, layout, stamp)
    steps: list[Step] = []
    for suffix, key in keyed(feature):
        relation = layout.of(feature.key, suffix)
        steps.append(find_orphans(feature, layout, suffix, key, live=False))
        steps.append(Erase("orphaned samples are removed for good", relation, key, f"{ORPHANS}_{suffix}"))
    return steps
