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
from metasql.plan.steps import Stamp, Step, delete_matching, temporary, update_matching
from metasql.plan.write import WORK, delete_orphans, deleted

GONE = "metasql_gone"


def gone(feature: Feature, layout: Layout, where: exp.Expr | None) -> Step:
    """The live samples that a condition over their columns matches."""
    keep = [is_null(col("metasql_deleted_at", "sample"))]
    if where is not None:
        keep.append(exp.paren(at("sample", where)))
    query = select(*cols(feature.id_columns, "sample")).from_(
        table(layout.of(feature.key, "samples"), "sample"), copy=False
    )
    return temporary(GONE, query.where(all_of(*keep), copy=False), "the samples to delete")


def delete_steps(feature: Feature, layout: Layout, stamp: Stamp, *, hard: bool) -> list[Step]:
    """Delete the samples in `metasql_gone`; an input that loses a child is open again."""
    stored = table(layout.of(feature.key, "samples"), "stored")
    match = on_equal("stored", "gone", feature.id_columns)
    using = table(GONE, "gone")
    if hard:
        steps = [delete_matching(stored, using, match, "the samples are removed for good")]
    else:
        steps = [update_matching(stored, deleted(stamp), using, match, "the samples are marked deleted")]
    if feature.is_expansion:
        steps += _reopen(feature, layout, stamp)
    return steps


def _reopen(feature: Feature, layout: Layout, stamp: Stamp) -> list[Step]:
    """Inputs whose children were deleted: open again, and gone when no child is left."""
    lost = exists(
        select(number(1))
        .from_(table(GONE, "gone"), copy=False)
        .where(on_equal("gone", "stored", feature.unit_columns), copy=False)
    )
    children = select(number(1)).from_(table(layout.of(feature.key, "samples"), "child"), copy=False)
    same = on_equal("child", "stored", feature.unit_columns)
    left = exists(children.where(all_of(same, is_null(col("metasql_deleted_at", "child"))), copy=False))
    stored = table(layout.of(feature.key, "inputs"), "stored")
    reopened = {
        "metasql_reopened_at": stamp.time(),
        "metasql_updated_at": stamp.time(),
        "metasql_commit": number(stamp.commit),
    }
    return [
        update_matching(stored, reopened, None, lost, "inputs that lost a child are open again"),
        update_matching(
            stored, deleted(stamp), None, all_of(lost, exp.Not(this=left)), "inputs without any child left are gone"
        ),
    ]


def orphaned(feature: Feature, graph: Graph, layout: Layout) -> Step:
    """The orphaned units of the increment, as a work table."""
    compared = compare(feature, graph, layout)
    query = select(*cols(feature.unit_columns, "judged"), col("metasql_status", "judged")).from_(
        table("judged"), copy=False
    )
    query = query.where(equal(col("metasql_status", "judged"), text("orphaned")), copy=False)
    return temporary(WORK, with_blocks(query, compared.blocks), "the orphaned samples")


def delete_orphaned_steps(feature: Feature, layout: Layout, stamp: Stamp, *, hard: bool) -> list[Step]:
    """Delete the units of the work table, children and input records alike."""
    if not hard:
        return delete_orphans(feature, layout, stamp)
    match = on_equal("stored", "work", feature.unit_columns)
    suffixes = ("samples", "inputs") if feature.is_expansion else ("samples",)
    return [
        delete_matching(
            table(layout.of(feature.key, suffix), "stored"),
            table(WORK, "work"),
            match,
            "orphaned samples are removed for good",
        )
        for suffix in suffixes
    ]
