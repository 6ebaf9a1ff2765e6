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
from metasql.plan.restrict import why_whole
from metasql.plan.sql import Block, all_of, as_, col, equal, exists, is_null, number, select, table, with_blocks


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
    tree = body.tree.copy()
    blocks: list[Block] = []
    refs = {ref.placeholder: ref for ref in body.refs}
    taken = {cte.alias for cte in tree.find_all(exp.CTE)}
    for node in list(tree.find_all(exp.Table)):
        ref = refs.get(node.name) if isinstance(node.this, exp.Identifier) else None
        if ref is None:
            continue
        outside = layout.outside(ref, graph)
        if outside is not None:
            _replace(node, table(outside), str(ref.table or ref.name))
            continue
        name = f"ref_{FeatureKey(str(ref.name)).relation}"
        while name in taken:
            name += "_"
        if all(block.name != name for block in blocks):
            blocks.append(_ref_block(name, ref, feature, graph, layout, work))
        _replace(node, table(name), FeatureKey(str(ref.name)).relation)
    for column in tree.find_all(exp.Column):
        if column.table in refs:
            column.set("table", exp.to_identifier(FeatureKey(str(refs[column.table].name)).relation))
    return with_blocks(tree, blocks) if blocks else tree


def _replace(node: exp.Table, relation: exp.Table, name: str) -> None:
    """Put a relation in a placeholder's place, under the author's alias or its own name."""
    relation.set("alias", node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name)))
    for part in ("sample", "pivots", "joins"):
        if node.args.get(part):
            relation.set(part, node.args[part])
    node.replace(relation)


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
    query = (
        select(*columns).from_(table(layout.of(key, "samples"), "sample"), copy=False).where(all_of(*keep), copy=False)
    )
    which = "the live samples that this run needs" if work is not None else "its live samples"
    return Block(name, f"{key}: {which}", query)


def _needed(dep: Dependency, work: str) -> exp.Expr:
    """A dependency's row matches some unit of the work table."""
    matches = all_of(*(equal(col(ours, work), col(theirs, "sample")) for theirs, ours in dep.match))
    return exists(select(number(1)).from_(table(work), copy=False).where(matches, copy=False))
