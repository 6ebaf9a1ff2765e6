"""The steps of a rebase: stored rows become rows of the present definition, and are not computed.

What downstream reads of a row, its data versions, stays as it is, so that nothing downstream becomes stale by it.
Recipes become those of today. What the rows were made of stays too, unless upstream is accepted as well: a row
whose upstream moved on is then still stale, by that alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from metasql.graph.nodes import Feature, Field, Graph
from metasql.names import data_version_column, inputs_column, provenance_column, recipe_column
from metasql.plan import provenance
from metasql.plan.expected import at
from metasql.plan.increment import compare
from metasql.plan.layout import Layout
from metasql.plan.sql import (
    Block,
    all_of,
    any_of,
    as_,
    case,
    coalesce,
    col,
    cols,
    current,
    differs,
    equal,
    false,
    is_null,
    joined,
    not_null,
    number,
    on_equal,
    select,
    star,
    table,
    text,
    with_blocks,
)
from metasql.plan.steps import Step, Temporary
from metasql.plan.write import INCOMING, INCOMING_INPUTS, input_columns, row_columns

CHOSEN = "metasql_chosen"
CHILDREN = "metasql_chosen_children"


@dataclass(frozen=True)
class Acceptance:
    """What is accepted: fields by name, and of which rows.

    `known` are the recipes of each field that name the same parents as today's. `where` is over the stored columns.
    """

    fields: frozenset[str]
    known: Mapping[str, frozenset[str]]
    where: exp.Expr | None = None
    from_version: str | None = None
    upstream: bool = False


def chosen(feature: Feature, graph: Graph, layout: Layout, what: Acceptance) -> Step:
    """The stale units that are asked for: their stored rows, beside what their fields should be made of."""
    compared = compare(feature, graph, layout)
    suffix = "inputs" if feature.is_expansion else "samples"
    wanted = dict.fromkeys(compared.expected.representative.values())
    units = select(*cols(feature.unit_columns, "judged"))
    units = units.select(*(as_(col(name, "judged"), f"expected_{name}") for name in wanted), copy=False)
    units = units.from_(table("judged"), copy=False)
    units = units.where(equal(col("metasql_status", "judged"), text("stale")), copy=False)
    query = select(star("stored"), *(col(f"expected_{name}", "unit") for name in wanted))
    query = query.from_(current(layout.of(feature.key, suffix), "stored"), copy=False)
    query = joined(query, table("unit"), on_equal("stored", "unit", feature.unit_columns), "INNER")
    keep = [any_of(*(_changes(field, compared.expected.representative, what, "unit") for field in feature.fields))]
    if what.where is not None:
        keep.append(exp.paren(at("stored", what.where)))
    if what.from_version is not None:
        keep.append(equal(col("metasql_feature_version", "stored"), text(what.from_version)))
    block = Block("unit", "the units that are stale", units)
    query = query.where(all_of(*keep), copy=False)
    return Temporary("the stored rows that are to be accepted", CHOSEN, with_blocks(query, (*compared.blocks, block)))


def representatives(feature: Feature, graph: Graph, layout: Layout) -> dict[str, str]:
    """Which column of `metasql_chosen` says what a field should be made of."""
    return compare(feature, graph, layout).expected.representative


def unfit(feature: Feature, what: Acceptance) -> exp.Query:
    """For each field, the chosen rows in which it was made of other fields than today's, or nobody knows of which."""
    counts: list[exp.Expr] = []
    for field in feature.fields:
        bad = all_of(_code(field, "chosen"), exp.Not(this=exp.paren(_fits(field, what, "chosen"))))
        if field.name not in what.fields or what.upstream:
            bad = false()
        counts.append(as_(_count(bad), f"unfit__{field.name.replace('/', '__')}"))
    return select(*counts, as_(exp.Count(this=exp.Star()), "units")).from_(table(CHOSEN, "chosen"), copy=False)


def _count(condition: exp.Expr) -> exp.Expr:
    return exp.Count(this=exp.Case(ifs=[exp.If(this=condition, true=number(1))]))


def incoming(feature: Feature, layout: Layout, what: Acceptance, names: Mapping[str, str]) -> list[Step]:
    """The rows as they will be stored; of an expansion the inputs, and all of their children."""
    if not feature.is_expansion:
        return [_rows(feature, INCOMING, CHOSEN, row_columns(feature), what, names)]
    wanted = [f"expected_{name}" for name in dict.fromkeys(names.values())]
    children = select(star("stored"), *cols(wanted, "chosen"))
    children = children.from_(current(layout.of(feature.key, "samples"), "stored"), copy=False)
    children = joined(children, table(CHOSEN, "chosen"), on_equal("stored", "chosen", feature.unit_columns), "INNER")
    children = children.where(is_null(col("metasql_deleted_at", "stored")), copy=False)
    return [
        Temporary("the children of the inputs that are accepted", CHILDREN, children),
        _rows(feature, INCOMING, CHILDREN, row_columns(feature), what, names),
        _rows(feature, INCOMING_INPUTS, CHOSEN, input_columns(feature), what, names),
    ]


def _rows(
    feature: Feature, name: str, source: str, brought: list[str], what: Acceptance, names: Mapping[str, str]
) -> Step:
    made: dict[str, exp.Expr] = {}
    for field in feature.fields:
        accepted = _accepted(field, names, what, "chosen")
        recipe, inputs = provenance.recipe(field), col(inputs_column(field.name), "chosen")
        taken: exp.Expr = col(f"expected_{names[field.name]}", "chosen") if what.upstream else inputs
        kept = coalesce(col(data_version_column(field.name), "chosen"), col(provenance_column(field.name), "chosen"))
        for column, value in (
            (recipe_column(field.name), recipe),
            (inputs_column(field.name), taken),
            (provenance_column(field.name), provenance.provenance(recipe, taken)),
            (data_version_column(field.name), kept),
        ):
            made[column] = case((accepted, value), otherwise=col(column, "chosen"))
    done = all_of(
        *(
            any_of(_accepted(field, names, what, "chosen"), exp.Not(this=exp.paren(_code(field, "chosen"))))
            for field in feature.fields
        )
    )
    version = col("metasql_feature_version", "chosen")
    made["metasql_feature_version"] = case((done, text(feature.version)), otherwise=version)
    columns = [as_(made[column], column) if column in made else col(column, "chosen") for column in brought]
    query = select(*columns).from_(table(source, "chosen"), copy=False)
    return Temporary("the rows as they will be stored", name, query)


def _code(field: Field, alias: str) -> exp.Expr:
    """The field was made by another recipe."""
    return differs(col(recipe_column(field.name), alias), provenance.recipe(field))


def _fits(field: Field, what: Acceptance, alias: str) -> exp.Expr:
    """The recipe that it was made by has the same parents."""
    known = sorted(what.known.get(field.name, frozenset()))
    stored = col(recipe_column(field.name), alias)
    return all_of(not_null(stored), stored.isin(*known)) if known else false()


def _accepted(field: Field, names: Mapping[str, str], what: Acceptance, alias: str) -> exp.Expr:
    if field.name not in what.fields:
        return false()
    if not what.upstream:
        return all_of(_code(field, alias), _fits(field, what, alias))
    other = differs(col(inputs_column(field.name), alias), col(f"expected_{names[field.name]}", alias))
    return any_of(_code(field, alias), other)


def _changes(field: Field, names: Mapping[str, str], what: Acceptance, unit: str) -> exp.Expr:
    """Something of the field would be accepted, or should be and does not fit."""
    if field.name not in what.fields:
        return false()
    if not what.upstream:
        return _code(field, "stored")
    other = differs(col(inputs_column(field.name), "stored"), col(f"expected_{names[field.name]}", unit))
    return any_of(_code(field, "stored"), other)


def versions_there(feature: Feature, layout: Layout) -> exp.Query:
    """The feature versions that live rows were written by, with their numbers."""
    version = col("metasql_feature_version", "sample")
    query = select(as_(version, "version"), as_(exp.Count(this=exp.Star()), "units"))
    query = query.from_(current(layout.of(feature.key, "samples"), "sample"), copy=False)
    query = query.where(is_null(col("metasql_deleted_at", "sample")), copy=False)
    return query.group_by(version.copy(), copy=False).order_by(exp.Literal.number(1), copy=False)
