"""`X__increment`: expected units against stored ones (semantics.md, the increment).

Comparing needs no hash: a field is stale exactly when its recipe or its inputs differ
from what is stored. Provenance and receipt are hashed for the rows that are listed.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from metasql.graph.nodes import Feature, Graph, Kind
from metasql.names import inputs_column, provenance_column, recipe_column, stale_column
from metasql.plan import provenance
from metasql.plan.expected import Expected, at, expected
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
    concat,
    differs,
    equal,
    false,
    is_null,
    not_null,
    null,
    on_equal,
    select,
    table,
    text,
    true,
    with_blocks,
)

STATUSES = ("new", "stale", "orphaned")


@dataclass(frozen=True)
class Compared:
    """The blocks up to `compared`: one row per unit that is expected or stored."""

    feature: Feature
    expected: Expected
    blocks: tuple[Block, ...]


def compare(
    feature: Feature, graph: Graph, layout: Layout, *, everything: bool = False, read: str | None = None
) -> Compared:
    """Expected against stored. `everything`: what is stored counts as stale in all fields."""
    wanted = expected(feature, graph, layout, read)
    stored = Block("stored", "what is there, with what it was made of", _stored(feature, layout))
    compared = Block("compared", "both side by side: which fields were made otherwise", _compared(feature, wanted))
    status = Block("judged", "new, stale, orphaned or settled", _judged(feature, wanted, everything))
    return Compared(feature, wanted, (*wanted.blocks, stored, compared, status))


def _stored(feature: Feature, layout: Layout) -> exp.Select:
    """One row per unit that was materialised, and whether `stale_when` matches it."""
    predicate = coalesce(at("sample", feature.stale_when), false()) if feature.stale_when is not None else false()
    versions = [column(field.name) for field in feature.fields for column in _VERSIONS]
    if not feature.is_expansion:
        keep = is_null(col("metasql_deleted_at", "sample"))
        if feature.kind is Kind.SQL:
            keep = any_of(keep, col("metasql_no_row", "sample"))
        columns = [*cols(feature.unit_columns, "sample"), *cols(versions, "sample")]
        query = select(*columns, as_(predicate, "metasql_predicate"), as_(false(), "metasql_reopened"))
        query = query.select(as_(true(), "metasql_stored"), copy=False)
        return query.from_(table(layout.of(feature.key, "samples"), "sample")).where(keep)
    columns = [*cols(feature.unit_columns, "input"), *cols(versions, "input")]
    query = select(*columns).from_(table(layout.of(feature.key, "inputs"), "input"))
    found: exp.Expression = false()
    if feature.stale_when is not None:
        matched = select(*cols(feature.unit_columns, "sample"), as_(true(), "metasql_found"))
        matched = matched.from_(table(layout.of(feature.key, "samples"), "sample"))
        matched = matched.where(all_of(is_null(col("metasql_deleted_at", "sample")), predicate)).distinct()
        on = on_equal("input", "child", feature.unit_columns)
        query = query.join(matched.subquery("child"), on=on, join_type="left", copy=False)
        found = not_null(col("metasql_found", "child"))
    query = query.select(
        as_(found, "metasql_predicate"),
        as_(not_null(col("metasql_reopened_at", "input")), "metasql_reopened"),
        as_(true(), "metasql_stored"),
        copy=False,
    )
    return query.where(is_null(col("metasql_deleted_at", "input")))


_VERSIONS = (recipe_column, inputs_column, provenance_column)


def _compared(feature: Feature, wanted: Expected) -> exp.Select:
    columns: list[exp.Expression] = [
        as_(coalesce(col(name, "expected"), col(name, "stored")), name) for name in feature.unit_columns
    ]
    columns += [col(name, "expected") for name in wanted.carried]
    columns += [col(name, "expected") for name in dict.fromkeys(wanted.representative.values())]
    for field in feature.fields:
        columns.append(as_(col(provenance_column(field.name), "stored"), f"metasql_previous__{field.name}"))
        columns.append(as_(_code(field.name, field.recipe), f"metasql_code__{field.name}"))
        made_of = col(wanted.representative[field.name], "expected")
        columns.append(as_(differs(col(inputs_column(field.name), "stored"), made_of), f"metasql_upstream__{field.name}"))
    waits = any_of(*(is_null(col(name, "expected")) for name in dict.fromkeys(wanted.representative.values())))
    columns += [
        as_(not_null(col("metasql_expected", "expected")), "metasql_is_expected"),
        as_(not_null(col("metasql_stored", "stored")), "metasql_is_stored"),
        as_(coalesce(col("metasql_reopened", "stored"), false()), "metasql_is_reopened"),
        as_(coalesce(col("metasql_predicate", "stored"), false()), "metasql_is_matched"),
        as_(all_of(not_null(col("metasql_expected", "expected")), exp.paren(waits)), "metasql_is_waiting"),
    ]
    query = select(*columns).from_(table("expected"))
    on = on_equal("expected", "stored", feature.unit_columns)
    return query.join(table("stored"), on=on, join_type="full", copy=False)


def _code(field: str, recipe: str) -> exp.Expression:
    return differs(col(recipe_column(field), "stored"), text(recipe))


def _judged(feature: Feature, wanted: Expected, everything: bool) -> exp.Select:
    """The status of each unit; NULL where it is settled or waits."""
    code = {field.name: col(f"metasql_code__{field.name}") for field in feature.fields}
    stale = {name: any_of(tree, col(f"metasql_upstream__{name}")) for name, tree in code.items()}
    any_stale = any_of(*stale.values(), col("metasql_is_matched"), *([true()] if everything else []))
    new = any_of(exp.Not(this=col("metasql_is_stored")), col("metasql_is_reopened"))
    status = case(
        (col("metasql_is_waiting"), null("text")),
        (exp.Not(this=col("metasql_is_expected")), text("orphaned")),
        (new, text("new")),
        (any_stale, text("stale")),
    )
    whole = any_of(new, col("metasql_is_matched"), *([true()] if everything else []))
    columns: list[exp.Expression] = [*cols(feature.unit_columns), *cols(wanted.carried)]
    columns += cols(dict.fromkeys(wanted.representative.values()))
    columns += [col(f"metasql_previous__{field.name}") for field in feature.fields]
    columns += [col("metasql_is_waiting"), col("metasql_is_matched"), as_(status, "metasql_status")]
    for name, tree in stale.items():
        columns.append(as_(all_of(col("metasql_is_expected"), exp.paren(any_of(whole, tree))), stale_column(name)))
    columns.append(as_(any_of(*code.values()), "metasql_by_code"))
    columns.append(as_(any_of(*(col(f"metasql_upstream__{name}") for name in code)), "metasql_by_upstream"))
    return select(*columns).from_(table("compared"))


def reason() -> exp.Expression:
    """Why a unit is listed: code goes before upstream, and both before the predicate."""
    status = col("metasql_status")
    return case(
        (equal(status, text("new")), text("new")),
        (equal(status, text("orphaned")), text("orphaned")),
        (col("metasql_by_code"), text("code")),
        (col("metasql_by_upstream"), text("upstream")),
        (col("metasql_is_matched"), text("predicate")),
        otherwise=text("refresh"),
    )


def increment(feature: Feature, graph: Graph, layout: Layout) -> exp.Query:
    """The rows of `X__increment`: what has to be done, one row per input unit.

    Columns: the unit, the dependency columns to work from, status, stale fields, reason,
    receipt, the provenance that the sample will have and the one that it has.
    """
    compared = compare(feature, graph, layout)
    made = {field.name: _provenance(field.name, field.recipe, compared.expected) for field in feature.fields}
    listed = equal(col("metasql_status"), text("orphaned"))
    names = [field.name for field in provenance.sorted_fields(feature)]
    columns: list[exp.Expression] = [
        *cols(feature.unit_columns, "judged"),
        *cols(compared.expected.carried, "judged"),
        col("metasql_status", "judged"),
        as_(stale_fields(feature), "metasql_stale_fields"),
        as_(reason(), "metasql_reason"),
        as_(
            case((listed, null("text")), otherwise=provenance.receipt(feature, "judged", compared.expected.representative)),
            "metasql_receipt",
        ),
        as_(case((listed, null("text")), otherwise=provenance.whole([made[name] for name in names])), "metasql_provenance"),
    ]
    columns += [as_(made[field.name], provenance_column(field.name)) for field in feature.fields]
    columns += [col(stale_column(field.name), "judged") for field in feature.fields]
    columns.append(as_(provenance.by_field(feature, made), "metasql_provenance_by_field"))
    previous: dict[str, exp.Expression] = {name: col(f"metasql_previous__{name}", "judged") for name in names}
    columns.append(as_(provenance.by_field(feature, previous), "metasql_previous_provenance_by_field"))
    query = select(*columns).from_(table("judged")).where(not_null(col("metasql_status", "judged")))
    return with_blocks(query, compared.blocks)


def _provenance(field: str, recipe: str, wanted: Expected) -> exp.Expression:
    return provenance.provenance(text(recipe), col(wanted.representative[field], "judged"))


def stale_fields(feature: Feature) -> exp.Expression:
    """The names of the stale fields, sorted, with commas between them."""
    fields = provenance.sorted_fields(feature)
    if len(fields) == 1:
        return case((col(stale_column(fields[0].name)), text(fields[0].name)), otherwise=text(""))
    parts = [case((col(stale_column(field.name)), text(f",{field.name}")), otherwise=text("")) for field in fields]
    return exp.Substring(this=concat(*parts), start=exp.Literal.number(2))


def summary(feature: Feature, graph: Graph, layout: Layout) -> exp.Query:
    """The increment counted. Grain: status, reason, field; field NULL counts the units themselves."""
    compared = compare(feature, graph, layout)
    listed_ = select(
        col("metasql_status"), as_(reason(), "metasql_reason"), *(col(stale_column(f.name)) for f in feature.fields)
    )
    listed_ = listed_.from_(table("judged")).where(not_null(col("metasql_status")))
    rows = [exp.Tuple(expressions=[null("text")])] + [
        exp.Tuple(expressions=[text(field.name)]) for field in feature.fields
    ]
    names = exp.Values(expressions=rows, alias=exp.TableAlias(this=exp.to_identifier("field"), columns=[exp.to_identifier("name")]))
    of_field = case(
        *((equal(col("name", "field"), text(f.name)), col(stale_column(f.name), "listed")) for f in feature.fields),
        otherwise=false(),
    )
    query = select(
        col("metasql_status", "listed"),
        col("metasql_reason", "listed"),
        as_(col("name", "field"), "metasql_field"),
        as_(exp.Count(this=exp.Star()), "metasql_units"),
    )
    query = query.from_(table("listed")).join(names, join_type="cross", copy=False)
    query = query.where(any_of(is_null(col("name", "field")), of_field))
    query = query.group_by(col("metasql_status", "listed"), col("metasql_reason", "listed"), col("name", "field"))
    block = Block("listed", "the units of the increment, and why", listed_)
    return with_blocks(query, (*compared.blocks, block))


def waiting(feature: Feature, graph: Graph, layout: Layout) -> exp.Query:
    """How many units wait for a parent's version: one row, one number."""
    compared = compare(feature, graph, layout)
    query = select(as_(exp.Count(this=exp.Star()), "metasql_units")).from_(table("judged"))
    return with_blocks(query.where(col("metasql_is_waiting", "judged")), compared.blocks)


def counts(feature: Feature, graph: Graph, layout: Layout) -> exp.Query:
    """Status, reason, waiting and the stale fields of every unit that is not settled, counted.

    Grain: one row per status (NULL for waiting), reason and set of stale fields.
    """
    compared = compare(feature, graph, layout)
    inner = select(
        as_(case((col("metasql_is_waiting"), text("waiting")), otherwise=col("metasql_status")), "status"),
        as_(case((col("metasql_is_waiting"), text("waiting")), otherwise=reason()), "reason"),
        as_(stale_fields(feature), "fields"),
    )
    inner = inner.from_(table("judged")).where(any_of(not_null(col("metasql_status")), col("metasql_is_waiting")))
    block = Block("listed", "every unit that is not settled", inner)
    names = ("status", "reason", "fields")
    query = select(*cols(names, "listed"), as_(exp.Count(this=exp.Star()), "units")).from_(table("listed"))
    return with_blocks(query.group_by(*cols(names, "listed")), (*compared.blocks, block))
