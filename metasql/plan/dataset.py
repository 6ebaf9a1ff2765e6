"""A dataset's query: the live samples of its features side by side, filtered, each row in its split."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlglot import exp

from metasql.graph import version
from metasql.graph.dataset import SPLIT, Dataset, Member
from metasql.graph.nodes import Feature, Graph
from metasql.names import FeatureKey, Relation, provenance_column
from metasql.plan import provenance
from metasql.plan.layout import Layout
from metasql.plan.relations import View
from metasql.plan.sql import (
    Block,
    all_of,
    as_,
    case,
    col,
    cols,
    concat,
    current,
    equal,
    is_null,
    joined,
    number,
    op,
    select,
    table,
    text,
    with_blocks,
)

_BUCKETS = 1 << 32
"""So many parts the hashes are told apart by: their first eight hex characters."""


def provenance_of(key: FeatureKey) -> str:
    """The column that holds what a row's sample of a feature was made of."""
    return f"metasql_provenance__{key.relation}"


def version_of(key: FeatureKey) -> str:
    """The column that holds the version of the feature by which a row's sample was made."""
    return f"metasql_feature_version__{key.relation}"


def relation_of(dataset: Dataset, layout: Layout) -> Relation:
    return layout.relation(dataset.name)


def view_of(dataset: Dataset, graph: Graph, layout: Layout) -> View:
    """The dataset as it is now. Grain: its key."""
    purpose = f"dataset {dataset.name}: {', '.join(str(key) for key in dataset.features)}"
    return View(relation_of(dataset, layout), purpose, query_of(dataset, graph, layout))


def query_of(dataset: Dataset, graph: Graph, layout: Layout) -> exp.Query:
    """Its columns, the split, and of each feature the provenance and the version that the sample was made by."""
    base, *others = dataset.members
    columns: list[exp.Expr] = [as_(col(item.column, _block(item.feature)), item.name) for item in dataset.columns]
    if dataset.splits:
        columns.append(as_(split(dataset, graph.features[base.feature], _block(base.feature)), SPLIT))
    for make in (provenance_of, version_of):
        columns += [col(make(key), _block(key)) for key in dataset.features]
    query = select(*columns).from_(table(_block(base.feature)), copy=False)
    for member in others:
        query = joined(query, table(_block(member.feature)), _on(base, member), "INNER")
    if dataset.where is not None:
        query = query.where(_condition(dataset), copy=False)
    return with_blocks(query, [_samples(dataset, graph.features[key], layout) for key in dataset.features])


def _block(key: FeatureKey) -> str:
    return f"from_{key.relation}"


def _on(base: Member, member: Member) -> exp.Expr:
    ours, theirs = _block(base.feature), _block(member.feature)
    return all_of(*(equal(col(own, ours), col(name, theirs)) for name, own in member.match))


def _condition(dataset: Dataset) -> exp.Expr:
    """`where` with the block of each column before it."""
    assert dataset.where is not None, "it is asked for where there is one"
    tree = dataset.where.copy()
    for node in list(tree.find_all(exp.Column)):
        if node.name in dataset.named:
            key, column = dataset.named[node.name]
            node.set("this", exp.to_identifier(column))
            node.set("table", exp.to_identifier(_block(key)))
    return exp.paren(tree, copy=False)


def _samples(dataset: Dataset, feature: Feature, layout: Layout) -> Block:
    used = {item.column for item in dataset.columns if item.feature == feature.key}
    used |= {column for key, column in dataset.named.values() if key == feature.key}
    names = [item.name for item in feature.columns if item.name in used or item.name in feature.id_columns]
    made = [col(provenance_column(field.name), "sample") for field in provenance.sorted_fields(feature)]
    columns = [
        *cols(names, "sample"),
        as_(provenance.whole_stored(made), provenance_of(feature.key)),
        as_(col("metasql_feature_version", "sample"), version_of(feature.key)),
    ]
    query = select(*columns).from_(current(layout.samples(feature.key), "sample"), copy=False)
    query = query.where(is_null(col("metasql_deleted_at", "sample")), copy=False)
    return Block(_block(feature.key), f"{feature.key}: its live samples", query)


def split(dataset: Dataset, base: Feature, alias: str) -> exp.Expr:
    """The split of a row: the part of all hashes in which that of its ids lies.

    The hash is over the ids alone, so that a row stays in its split, and rows of one key are in the same split of all
    datasets with the same shares.
    """
    ids = provenance.encoded_columns(base, sorted(base.id_columns), alias)
    hashed = op("hash", concat(text(version.encode(SPLIT)), ids))
    head = exp.Substring(this=hashed, start=number(1), length=number(8))
    *first, last = [name for name, _ in dataset.splits]
    below = [
        (exp.LT(this=head, expression=text(bound)), text(name))
        for name, bound in zip(first, bounds(dataset), strict=False)
    ]
    return case(*below, otherwise=text(last)) if below else text(last)


def bounds(dataset: Dataset) -> list[str]:
    """Where the splits end among the hashes' first eight characters: the shares, added up in their order."""
    ends, total = [], Decimal(0)
    for _, share in dataset.splits:
        total += share
        ends.append(f"{min(int(total * _BUCKETS), _BUCKETS - 1):08x}")
    return ends


def digest(names: Sequence[str], types: dict[str, exp.DataType | None], relation: Relation) -> exp.Query:
    """How many rows a table has, and the digest of the set of them."""
    encoded = concat(*(provenance.encoded(col(name, "row"), types.get(name)) for name in names))
    rows = select(as_(op("hash", encoded), "metasql_row_hash")).from_(table(relation, "row"), copy=False)
    query = select(
        as_(exp.Count(this=exp.Star()), "rows"), as_(op("set_digest", col("metasql_row_hash", "hashed")), "digest")
    )
    return query.from_(rows.subquery("hashed", copy=False), copy=False)


def split_counts(relation: Relation) -> exp.Query:
    """The number of rows of each split."""
    query = select(col(SPLIT), as_(exp.Count(this=exp.Star()), "rows")).from_(table(relation), copy=False)
    return query.group_by(col(SPLIT), copy=False)
