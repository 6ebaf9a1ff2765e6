"""`X__expected`: one row per input unit that the current upstream rows call for.

Every block reads tables only. A dependency becomes one block with at most one row per
match key; the units are the dependencies that give the whole key, joined (semantics.md,
keys; optional).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlglot import exp

from metasql.graph.nodes import Dependency, Feature, Graph, Kind, Lineage
from metasql.names import FieldKey, inputs_column
from metasql.parse.declarations import Body
from metasql.plan import delta, provenance
from metasql.plan.body import whole_body
from metasql.plan.layout import Layout
from metasql.plan.sql import (
    Block,
    all_of,
    as_,
    cast_to,
    col,
    cols,
    concat,
    current,
    is_null,
    joined,
    not_null,
    on_equal,
    op,
    select,
    table,
    true,
)

FOUND = "metasql_found"


@dataclass(frozen=True)
class Expected:
    """The blocks that end in `expected`, and what its columns are.

    `carried` are the dependency columns to work from; `representative` says for each field
    which column holds its inputs: fields with the same parents share one.
    """

    blocks: tuple[Block, ...]
    carried: tuple[str, ...]
    representative: dict[str, str]


def expected(feature: Feature, graph: Graph, layout: Layout, read: str | None = None) -> Expected:
    """The expected units of a feature with their inputs, before they are hashed to provenance.

    `read` names a table into which a root's body was read already: a run reads it once, so that what is
    stored and what it was made of are of one reading.
    """
    if feature.kind is Kind.ROOT:
        return _expected_root(feature, graph, layout, read)
    blocks = [_dependency(dep, feature, graph, layout, touched=False) for dep in feature.deps]
    required = [dep for dep in feature.deps if dep.whole_key and not dep.optional]
    base: list[Block] = []
    if not required:
        base = [_any_unit(feature)]
    names = _representatives(feature)
    carried = [name for dep in feature.deps for name in carried_names(dep, feature)]
    query = _join(feature, required, names)
    sentence = "the samples that upstream calls for, and what each field would be made of"
    return Expected((*blocks, *base, Block("expected", sentence, query)), tuple(carried), names)


def touched_alone(wanted: Expected, feature: Feature, graph: Graph, layout: Layout) -> Expected:
    """The same for the units that need a look alone (plan/delta.py); what comes after the dependencies is shared."""
    blocks = [_dependency(dep, feature, graph, layout, touched=True) for dep in feature.deps]
    return replace(wanted, blocks=(*blocks, *wanted.blocks[len(blocks) :]))


def carried_names(dep: Dependency, feature: Feature) -> list[str]:
    """The columns that a dependency brings into the increment."""
    names = [name for _, name in dep.carried] + [name for name, _ in dep.aggregates]
    if dep.lineage is Lineage.AGGREGATION:
        several = sum(1 for item in feature.deps if item.lineage is Lineage.AGGREGATION) > 1
        names.append(f"metasql_members__{dep.relation}" if several else "metasql_members")
    return names


def block_name(dep: Dependency) -> str:
    return f"from_{dep.relation}"


def version_name(field: str) -> str:
    return f"metasql_version__{field.replace('/', '__')}"


def _representatives(feature: Feature) -> dict[str, str]:
    by_parents: dict[tuple[FieldKey, ...], str] = {}
    return {field.name: by_parents.setdefault(field.parents, inputs_column(field.name)) for field in feature.fields}


def _dependency(dep: Dependency, feature: Feature, graph: Graph, layout: Layout, *, touched: bool) -> Block:
    source = current(layout.samples(dep.feature), "sample")
    live = is_null(col("metasql_deleted_at", "sample"))
    keep = [live] if dep.where is None else [live, exp.paren(at("sample", dep.where))]
    if dep.lineage is Lineage.AGGREGATION:
        return _aggregation(dep, feature, graph, source, keep, touched=touched)
    columns = [as_(col(old, "sample"), new) for old, new in (*dep.match, *dep.carried)]
    columns += [as_(provenance.effective(field, "sample"), version_name(field)) for field in dep.fields]
    query = select(*columns, as_(true(), FOUND)).from_(source, copy=False).where(all_of(*keep), copy=False)
    if touched:
        delta.near(query, list(dep.match), "sample")
    filtered = " that count" if dep.where is not None else ""
    return Block(
        block_name(dep), f"{dep.feature}: its live samples{filtered}, and the versions that ours are made of", query
    )


def _aggregation(
    dep: Dependency, feature: Feature, graph: Graph, source: exp.Expr, keep: list[exp.Expr], *, touched: bool
) -> Block:
    """A group's members as one row: digests of the set of (member key, data version), counted."""
    upstream = graph.features[dep.feature]
    key = provenance.encoded_columns(upstream, upstream.id_columns, "sample")
    needed = {old for old, _ in dep.match}
    for _, tree in dep.aggregates:
        needed |= {node.name for node in tree.find_all(exp.Column)}
    inner = [col(name, "sample") for name in sorted(needed)]
    for field in dep.fields:
        version = provenance.effective(field, "sample")
        inner.append(as_(op("hash", concat(key, version)), version_name(field)))  # type: ignore[arg-type]
    grouped = [not_null(col(old, "sample")) for old, _ in dep.match]
    rows = select(*inner).from_(source, copy=False).where(all_of(*keep, *grouped), copy=False)
    if touched:
        delta.near(rows, list(dep.match), "sample")
    members = rows.subquery("member", copy=False)
    columns = [as_(col(old, "member"), new) for old, new in dep.match]
    columns += [as_(at("member", tree), name) for name, tree in dep.aggregates]
    columns.append(as_(exp.Count(this=exp.Star()), carried_names(dep, feature)[-1]))
    for field in dep.fields:
        columns.append(as_(op("set_digest", col(version_name(field), "member")), version_name(field)))
    query = select(*columns, as_(true(), FOUND)).from_(members, copy=False)
    query = query.group_by(*(col(old, "member") for old, _ in dep.match), copy=False)
    sentence = f"{dep.feature}: one row per group, with a digest of the set of its members"
    return Block(block_name(dep), sentence, query)


def at(alias: str, tree: exp.Expr) -> exp.Expr:
    """An expression whose columns are all of one alias."""
    tree = tree.copy()
    for node in list(tree.find_all(exp.Column)):
        node.set("table", exp.to_identifier(alias))
    return tree


def _any_unit(feature: Feature) -> Block:
    """All dependencies that give the key are optional: a unit is there when any of them has it."""
    parts = [
        select(*cols(feature.unit_columns)).from_(table(block_name(dep)), copy=False)
        for dep in feature.deps
        if dep.whole_key
    ]
    query: exp.Query = parts[0]
    for part in parts[1:]:
        query = exp.union(query, part, distinct=True, copy=False)
    if len(parts) == 1:
        query = parts[0].distinct(copy=False)
    return Block(
        "any_unit", "every dependency that gives the key is optional: a sample is called for by any of them", query
    )


def _join(feature: Feature, required: list[Dependency], names: dict[str, str]) -> exp.Select:
    first = block_name(required[0]) if required else "any_unit"
    columns: list[exp.Expr] = list(cols(feature.unit_columns, first))
    for dep in feature.deps:
        columns += cols(carried_names(dep, feature), block_name(dep))
    for field in feature.fields:
        if names[field.name] == inputs_column(field.name):
            columns.append(as_(provenance.inputs(_parents(feature, field.parents)), names[field.name]))
    query = select(*columns, as_(true(), "metasql_expected")).from_(table(first), copy=False)
    for dep in feature.deps:
        name = block_name(dep)
        if name == first:
            continue
        on = on_equal(first, name, [ours for _, ours in dep.match])
        query = joined(query, table(name), on, "LEFT" if dep.optional else "INNER")
    return query


def _parents(feature: Feature, parents: tuple[FieldKey, ...]) -> list[exp.Expr]:
    trees = []
    for parent in parents:
        dep = next(item for item in feature.deps if item.feature == parent.feature)
        value: exp.Expr = col(version_name(parent.field), block_name(dep))
        if dep.optional:
            value = provenance.or_missing(value, col(FOUND, block_name(dep)))
        trees.append(value)
    return trees


def _expected_root(feature: Feature, graph: Graph, layout: Layout, read: str | None) -> Expected:
    """A root's rows come from its body; a root that is written from outside expects nothing by itself."""
    names = {field.name: inputs_column(field.name) for field in feature.fields}
    carried = tuple(column.name for column in feature.data_columns)
    body = feature.body_for(layout.engine)
    if body is None:
        stored = current(layout.of(feature.key, "samples"), "sample")
        columns = [*cols(feature.id_columns, "sample"), *cols(carried, "sample"), *cols(names.values(), "sample")]
        query = (
            select(*columns, as_(true(), "metasql_expected")).from_(stored, copy=False).where(exp.false(), copy=False)
        )
        return Expected(
            (Block("expected", "outside programs write this root: nothing is called for", query),), carried, names
        )
    source = table(read, "source") if read else _typed(body, feature, graph, layout)
    columns = [*cols(feature.id_columns, "source"), *cols(carried, "source")]
    columns += [as_(provenance.content(feature, field, "source"), names[field.name]) for field in feature.fields]
    query = select(*columns, as_(true(), "metasql_expected")).from_(source, copy=False)
    query = query.where(all_of(*(not_null(col(name, "source")) for name in feature.id_columns)), copy=False)
    sentence = "the rows of the source, and the content of each field as a hash"
    return Expected((Block("expected", sentence, query),), carried, names)


def _typed(body: Body, feature: Feature, graph: Graph, layout: Layout) -> exp.Subquery:
    """The body's columns as the types that the author declared."""
    columns = [as_(cast_to(col(item.name, "body"), item.type), item.name) for item in feature.columns]
    return (
        select(*columns)
        .from_(whole_body(body, feature, graph, layout).subquery("body", copy=False), copy=False)
        .subquery("source", copy=False)
    )
