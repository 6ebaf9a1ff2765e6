"""The queries behind `metasql why`: one unit of a feature, as it is stored, as it should be, and what it is made of.

Only the rows of that unit are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlglot import exp

from metasql.graph.nodes import Dependency, Feature, Graph, Kind
from metasql.names import data_version_column, inputs_column, provenance_column, recipe_column, stale_column
from metasql.plan import delta, provenance
from metasql.plan.expected import at
from metasql.plan.increment import Compared, compare, reason
from metasql.plan.layout import Layout
from metasql.plan.sql import (
    Block,
    all_of,
    as_,
    case,
    coalesce,
    col,
    cols,
    current,
    equal,
    false,
    is_null,
    op,
    select,
    star,
    table,
    text,
    with_blocks,
)

Unit = Mapping[str, exp.Expr]
"""The columns of a unit and their values."""


def unit_values(values: Mapping[str, str], types: Mapping[str, exp.DataType]) -> dict[str, exp.Expr]:
    """Columns as values of their types, out of texts; NULL where a text stands for none."""
    return {name: op("try_cast_text", text(value), types[name]) for name, value in values.items()}


def judged(feature: Feature, graph: Graph, layout: Layout, unit: Unit) -> exp.Query:
    """Status, reason, stale fields and expected inputs of one unit; no row where nothing calls for it, or ever did."""
    compared = _of_unit(compare(feature, graph, layout, by_delta=True), unit)
    names = dict.fromkeys(compared.expected.representative.values())
    query = select(
        col("metasql_status", "judged"),
        as_(reason(feature), "metasql_reason"),
        *cols(("metasql_is_expected", "metasql_is_waiting", "metasql_is_matched", "metasql_is_new"), "judged"),
        *cols((stale_column(field.name) for field in feature.fields), "judged"),
        *(as_(col(name, "judged"), f"expected_{name}") for name in names),
    )
    query = query.from_(table("judged"), copy=False).where(_is(unit, "judged"), copy=False)
    return with_blocks(query, compared.blocks)


def _of_unit(compared: Compared, unit: Unit) -> Compared:
    """The blocks look at one unit: where an increment by delta has the units to look at, it stands alone."""
    alone = select(*(as_(value, name) for name, value in unit.items()))
    first = Block(delta.TOUCHED, "the unit that is asked for", alone)
    rest = [block for block in compared.blocks if block.name not in (delta.TOUCHED, delta.HORIZON)]
    return replace(compared, blocks=(first, *rest))


def _is(unit: Unit, alias: str) -> exp.Expr:
    return all_of(*(equal(col(name, alias), value) for name, value in unit.items()))


def stored(feature: Feature, layout: Layout, unit: Unit) -> exp.Query:
    """What is stored of a unit, deleted or not: the sample, or the processed input of an expansion."""
    suffix = "inputs" if feature.is_expansion else "samples"
    return (
        select(star("stored"))
        .from_(current(layout.of(feature.key, suffix), "stored"), copy=False)
        .where(_is(unit, "stored"), copy=False)
    )


def parents(dep: Dependency, graph: Graph, layout: Layout, unit: Unit, most: int) -> exp.Query:
    """The rows of a dependency that a unit is made of, the last written first: the most there are to show.

    Deleted ones too, and those that `where` leaves out: `metasql_counts` says which count.
    """
    upstream = graph.features[dep.feature]
    counts: exp.Expr = is_null(col("metasql_deleted_at", "sample"))
    if dep.where is not None:
        counts = all_of(counts, exp.paren(coalesce(exp.paren(at("sample", dep.where)), false())))
    versions = [as_(provenance.effective(field, "sample"), f"version__{field}") for field in dep.fields]
    columns = [*cols(upstream.id_columns, "sample"), *versions]
    columns += cols(("metasql_commit", "metasql_updated_at", "metasql_deleted_at", "metasql_run_id"), "sample")
    query = select(*columns, as_(case((counts, exp.true()), otherwise=exp.false()), "metasql_counts"))
    query = query.from_(current(layout.samples(dep.feature), "sample"), copy=False)
    same = all_of(*(equal(col(theirs, "sample"), unit[ours]) for theirs, ours in dep.match))
    query = query.where(same, copy=False)
    return query.order_by(exp.Ordered(this=col("metasql_commit", "sample"), desc=True), copy=False).limit(
        most, copy=False
    )


def life(feature: Feature, layout: Layout, ids: Unit, *, history: bool) -> exp.Query:
    """Every row that was ever stored of a sample, the oldest first; without history, the present one."""
    columns = cols((column.name for column in feature.data_columns), "row")
    for field in feature.fields:
        makes = (recipe_column, inputs_column, provenance_column)
        columns += cols((make(field.name) for make in makes), "row")
        columns.append(as_(provenance.effective(field.name, "row"), data_version_column(field.name)))
    kept = ("metasql_feature_version", "metasql_run_id", "metasql_updated_at", "metasql_deleted_at", "metasql_commit")
    columns += cols(kept, "row")
    if feature.kind is Kind.SQL and not feature.is_expansion:
        columns.append(col("metasql_no_row", "row"))
    query: exp.Query = select(*columns).from_(current(layout.of(feature.key, "samples"), "row"), copy=False)
    query = query.where(_is(ids, "row"), copy=False)
    if history:
        before = select(*(column.copy() for column in columns))
        before = before.from_(table(layout.of(feature.key, "history"), "row"), copy=False)
        query = exp.union(query, before.where(_is(ids, "row"), copy=False), distinct=False, copy=False)
    return (
        select(star("row"))
        .from_(query.subquery("row", copy=False), copy=False)
        .order_by(col("metasql_commit", "row"), copy=False)
    )
