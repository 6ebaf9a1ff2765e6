"""A body over real tables: every placeholder becomes the relation that it stands for.

`whole_body` reads all live samples that count; `restricted_body` reads only the rows that
the units of a work table need, by the declared lineage, where that gives the same result
(plan/restrict.py).
"""

from __future__ import annotations

from sqlglot import exp

from metasql.graph.nodes import Dependency, Feature, Graph
from metasql.names import FeatureKey
from metasql.parse.declarations import Body, Ref
from metasql.plan.layout import Layout
from metasql.plan.refs import place_refs
from metasql.plan.restrict import why_whole
from metasql.plan.sql import (
    Block,
    all_of,
    as_,
    col,
    current,
    equal,
    exists,
    is_null,
    number,
    select,
    table,
    with_blocks,
)


def whole_body(body: Body, feature: Feature, graph: Graph, layout: Layout) -> exp.Query:
    """The body over all live samples of its dependencies that count."""
    return _placed(body, feature, graph, layout, None)


def restricted_body(
    body: Body, feature: Feature, graph: Graph, layout: Layout, work: str
) -> tuple[exp.Query, str | None]:
    """The body over the rows that the units in `work` need.

    Gives also why it reads whole inputs, where restricting them could change its result.
    """
    reason = why_whole(body, feature)
    return _placed(body, feature, graph, layout, None if reason else work), reason


def _placed(body: Body, feature: Feature, graph: Graph, layout: Layout, work: str | None) -> exp.Query:
    blocks: dict[str, Block] = {}
    taken = {cte.alias for cte in body.tree.find_all(exp.CTE)}

    def place(ref: Ref, _: exp.Table) -> tuple[exp.Table, str]:
        outside = layout.outside(ref, graph)
        if outside is not None:
            return table(outside), str(ref.table or ref.name)
        relation = FeatureKey(str(ref.name)).relation
        name = f"ref_{relation}"
        while name in taken:
            name += "_"
        if name not in blocks:
            blocks[name] = _ref_block(name, ref, feature, graph, layout, work)
        return table(name), relation

    tree = place_refs(body.carried or body.tree, body.refs, place)
    return with_blocks(tree, list(blocks.values())) if blocks else tree


def _ref_block(name: str, ref: Ref, feature: Feature, graph: Graph, layout: Layout, work: str | None) -> Block:
    key = FeatureKey(str(ref.name))
    upstream = graph.features[key]
    dep = next(item for item in feature.deps if item.feature == key)
    columns = [as_(col(item.name, "sample"), dep.rename.get(item.name, item.name)) for item in upstream.columns]
    keep: list[exp.Expr] = [is_null(col("metasql_deleted_at", "sample"))]
    if dep.where is not None:
        where = dep.where.copy()
        for node in list(where.find_all(exp.Column)):
            node.set("table", exp.to_identifier("sample"))
        keep.append(exp.paren(where))
    if work is not None:
        keep.append(_needed(dep, work))
    query = select(*columns).from_(current(layout.samples(key), "sample"), copy=False).where(all_of(*keep), copy=False)
    which = "the live samples that this run needs" if work is not None else "its live samples"
    return Block(name, f"{key}: {which}", query)


def _needed(dep: Dependency, work: str) -> exp.Expr:
    """A dependency's row matches some unit of the work table."""
    matches = all_of(*(equal(col(ours, work), col(theirs, "sample")) for theirs, ours in dep.match))
    return exists(select(number(1)).from_(table(work), copy=False).where(matches, copy=False))
