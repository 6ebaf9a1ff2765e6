"""`X__increment`: expected units against stored ones (semantics.md, the increment).

Comparing needs no hash: a field is stale exactly when its recipe or its inputs differ
from what is stored. Provenance and receipt are hashed for the rows that are listed.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from metasql.graph.nodes import Feature, Field, Graph, Kind
from metasql.names import flat, inputs_column, model_column, provenance_column, recipe_column, stale_column
from metasql.plan import attempts, delta, provenance
from metasql.plan.expected import Expected, at, expected, touched_alone
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
    current,
    differs,
    equal,
    false,
    is_null,
    joined,
    not_null,
    null,
    on_equal,
    select,
    star,
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
    feature: Feature,
    graph: Graph,
    layout: Layout,
    *,
    everything: bool = False,
    read: str | None = None,
    by_delta: bool = False,
) -> Compared:
    """Expected against stored. `everything`: what is stored counts as stale in all fields.

    `by_delta`: only units that changed since they were settled, or were not, stand in the blocks (plan/delta.py).
    """
    wanted = expected(feature, graph, layout, read)
    compared = Block("compared", "both side by side: which fields were made otherwise", _compared(feature, wanted))
    status = Block("judged", "new, stale, orphaned or settled", _judged(feature, everything))
    found = Compared(feature, wanted, (*wanted.blocks, _stored_block(feature, layout), compared, status))
    return narrowed(found, graph, layout) if by_delta else found


def narrowed(found: Compared, graph: Graph, layout: Layout, keep: exp.Expr | None = None) -> Compared:
    """The same over the units alone that changed since they were settled, or were not; most blocks are shared.

    `keep`: over those of them alone that it holds for (plan/delta.py).
    """
    feature = found.feature
    wanted = touched_alone(found.expected, feature, graph, layout)
    stored = _stored_block(feature, layout, by_delta=True)
    return Compared(
        feature, wanted, (*delta.touched(feature, layout, keep), *wanted.blocks, stored, *found.blocks[-2:])
    )


def _stored_block(feature: Feature, layout: Layout, *, by_delta: bool = False) -> Block:
    return Block("stored", "what is there, with what it was made of", _stored(feature, layout, by_delta))


def _stored(feature: Feature, layout: Layout, by_delta: bool) -> exp.Select:
    """One row per unit that was materialised, and whether `stale_when` matches it."""
    predicate = coalesce(at("sample", feature.stale_when), false()) if feature.stale_when is not None else false()
    versions = [column(field.name) for field in feature.fields for column in _VERSIONS]
    unit = [(name, name) for name in feature.unit_columns]

    def looked_at(query: exp.Select, alias: str) -> exp.Select:
        return delta.near(query, unit, alias) if by_delta else query

    if not feature.is_expansion:
        keep = is_null(col("metasql_deleted_at", "sample"))
        if feature.kind is Kind.SQL:
            keep = any_of(keep, col("metasql_no_row", "sample"))
            if feature.stale_when is not None:
                predicate = all_of(is_null(col("metasql_deleted_at", "sample")), predicate)
        columns = [*cols(feature.unit_columns, "sample"), *cols(versions, "sample")]
        query = select(*columns, as_(predicate, "metasql_predicate"), as_(false(), "metasql_reopened"))
        query = query.from_(current(layout.of(feature.key, "samples"), "sample"), copy=False)
        return looked_at(query.where(keep, copy=False), "sample")
    columns = [*cols(feature.unit_columns, "input"), *cols(versions, "input")]
    query = select(*columns).from_(current(layout.of(feature.key, "inputs"), "input"), copy=False)
    found: exp.Expr = false()
    if feature.stale_when is not None:
        matched = select(*cols(feature.unit_columns, "sample"), as_(true(), "metasql_found"))
        matched = matched.from_(current(layout.of(feature.key, "samples"), "sample"), copy=False)
        live = is_null(col("metasql_deleted_at", "sample"))
        matched = looked_at(matched.where(all_of(live, predicate), copy=False).distinct(copy=False), "sample")
        on = on_equal("input", "child", feature.unit_columns)
        query = query.join(matched.subquery("child", copy=False), on=on, join_type="left", copy=False)
        found = not_null(col("metasql_found", "child"))
    query = query.select(
        as_(found, "metasql_predicate"),
        as_(not_null(col("metasql_reopened_at", "input")), "metasql_reopened"),
        copy=False,
    )
    return looked_at(query.where(is_null(col("metasql_deleted_at", "input")), copy=False), "input")


_VERSIONS = (recipe_column, inputs_column, provenance_column)


def _compared(feature: Feature, wanted: Expected) -> exp.Select:
    """A unit that is not stored counts as new by the default of `metasql_reopened`."""
    columns: list[exp.Expr] = [
        as_(coalesce(col(name, "expected"), col(name, "stored")), name) for name in feature.unit_columns
    ]
    columns += [col(name, "expected") for name in wanted.carried]
    columns += [col(name, "expected") for name in dict.fromkeys(wanted.representative.values())]
    for field in feature.fields:
        made_of = col(wanted.representative[field.name], "expected")
        changed = any_of(_code(field), differs(col(inputs_column(field.name), "stored"), made_of))
        columns.append(as_(col(provenance_column(field.name), "stored"), f"metasql_previous__{flat(field.name)}"))
        columns.append(as_(changed, _differs(field)))
    waits = any_of(*(is_null(col(name, "expected")) for name in dict.fromkeys(wanted.representative.values())))
    is_expected = not_null(col("metasql_expected", "expected"))
    columns += [
        as_(any_of(*(_code(field) for field in feature.fields)), "metasql_by_code"),
        as_(is_expected, "metasql_is_expected"),
        as_(coalesce(col("metasql_reopened", "stored"), true()), "metasql_is_new"),
        as_(coalesce(col("metasql_predicate", "stored"), false()), "metasql_is_matched"),
        as_(all_of(is_expected, waits), "metasql_is_waiting"),
    ]
    query = select(*columns).from_(table("expected"), copy=False)
    on = on_equal("expected", "stored", feature.unit_columns)
    return joined(query, table("stored"), on, "FULL")


def _code(field: Field) -> exp.Expr:
    return differs(col(recipe_column(field.name), "stored"), provenance.recipe(field))


def _differs(field: Field) -> str:
    return f"metasql_differs__{flat(field.name)}"


def _judged(feature: Feature, everything: bool) -> exp.Select:
    """The status of each unit; NULL where it is settled or waits.

    Nothing calls for the rows of a root that outside programs write, and nothing is the matter with them.
    """
    changed = [col(_differs(field)) for field in feature.fields]
    again = [true()] if everything else [col("metasql_is_matched")]
    status = case(
        (col("metasql_is_waiting"), null("text")),
        (exp.Not(this=col("metasql_is_expected")), text("orphaned")),
        (col("metasql_is_new"), text("new")),
        (any_of(*changed, *again), text("stale")),
    )
    if feature.is_outside_root:
        status = null("text")
    columns: list[exp.Expr] = [star("compared"), as_(status, "metasql_status")]
    for field, differing in zip(feature.fields, changed, strict=True):
        wanted = any_of(col("metasql_is_new"), *again, differing)
        columns.append(as_(all_of(col("metasql_is_expected"), wanted), stale_column(field.name)))
    return select(*columns).from_(table("compared"), copy=False)


def reason(feature: Feature) -> exp.Expr:
    """Why a unit is listed: code goes before upstream, and both before the predicate."""
    status = col("metasql_status")
    return case(
        (status.isin("new", "orphaned"), status),
        (col("metasql_by_code"), text("code")),
        (any_of(*(col(_differs(field)) for field in feature.fields)), text("upstream")),
        (col("metasql_is_matched"), text("predicate")),
        otherwise=text("refresh"),
    )


def increment(compared: Compared, layout: Layout, listed: Block | None = None) -> exp.Query:
    """The rows of `X__increment`: what has to be done, one row per input unit.

    Columns: the unit, the dependency columns to work from, status, stale fields, reason,
    receipt, the provenance that the sample will have and the one that it has, the versions of models; of external
    features the attempts that failed, without the units that are held back for them. `listed` is its last block
    where another increment of the feature has it too.
    """
    feature = compared.feature
    names = [field.name for field in provenance.sorted_fields(feature)]
    made: dict[str, exp.Expr] = {name: col(provenance_column(name), "listed") for name in names}
    previous: dict[str, exp.Expr] = {name: col(f"metasql_previous__{flat(name)}", "listed") for name in names}
    columns: list[exp.Expr] = [
        *cols(feature.unit_columns, "listed"),
        *cols(compared.expected.carried, "listed"),
        col("metasql_status", "listed"),
        as_(stale_fields(feature), "metasql_stale_fields"),
        as_(reason(feature), "metasql_reason"),
        as_(_unless_orphaned(provenance.receipt(feature, "listed")), "metasql_receipt"),
        as_(_unless_orphaned(provenance.whole(list(made.values()))), "metasql_provenance"),
        *made.values(),
        *cols((stale_column(name) for name in names), "listed"),
        as_(provenance.by_field(feature, made), "metasql_provenance_by_field"),
        as_(provenance.by_field(feature, previous), "metasql_previous_provenance_by_field"),
        *_models(feature),
    ]
    query = select(*columns).from_(table("listed"), copy=False)
    if attempts.are_kept(feature):
        query = attempts.beside(query, feature, layout, provenance.whole(list(made.values())))
    return with_blocks(query, (*compared.blocks, listed or listed_block(compared)))


def _models(feature: Feature) -> list[exp.Expr]:
    """The versions of the models that the fields are to be made by: those of the receipts, told by the same query."""
    told = {field.model: field.told for field in feature.fields if field.model is not None and field.told is not None}
    return [as_(told[model].version, model_column(model)) for model in sorted(told)]


def listed_block(compared: Compared) -> Block:
    """The units to work on, with the words of their receipts and the provenance they will have."""
    feature, wanted = compared.feature, compared.expected
    made = [
        as_(
            provenance.provenance(provenance.recipe(field), col(wanted.representative[field.name], "judged")),
            provenance_column(field.name),
        )
        for field in feature.fields
    ]
    columns = [
        star("judged"),
        *made,
        as_(provenance.encoded_columns(feature, feature.unit_columns, "judged"), "metasql_unit"),
        as_(provenance.receipt_words(feature, "judged", wanted.representative), "metasql_words"),
    ]
    query = select(*columns).from_(table("judged"), copy=False)
    query = query.where(not_null(col("metasql_status", "judged")), copy=False)
    return Block("listed", "what has to be done, with the provenance that it will have", query)


def _unless_orphaned(tree: exp.Expr) -> exp.Expr:
    return case((differs(col("metasql_status", "listed"), text("orphaned")), tree))


def stale_fields(feature: Feature) -> exp.Expr:
    """The names of the stale fields, sorted, with commas between them."""
    fields = provenance.sorted_fields(feature)
    if len(fields) == 1:
        return case((col(stale_column(fields[0].name)), text(fields[0].name)), otherwise=text(""))
    parts = [case((col(stale_column(field.name)), text(f",{field.name}")), otherwise=text("")) for field in fields]
    return exp.Substring(this=concat(*parts), start=exp.Literal.number(2))


def summary(compared: Compared) -> exp.Query:
    """The increment counted. Grain: status, reason, field; field NULL counts the units themselves."""
    feature = compared.feature
    listed_ = select(
        col("metasql_status"),
        as_(reason(feature), "metasql_reason"),
        *(col(stale_column(f.name)) for f in feature.fields),
    )
    listed_ = listed_.from_(table("judged"), copy=False).where(not_null(col("metasql_status")), copy=False)
    rows = [exp.Tuple(expressions=[null("text")])] + [
        exp.Tuple(expressions=[text(field.name)]) for field in feature.fields
    ]
    names = exp.Values(
        expressions=rows, alias=exp.TableAlias(this=exp.to_identifier("field"), columns=[exp.to_identifier("name")])
    )
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
    query = joined(query.from_(table("listed"), copy=False), names, None, "CROSS")
    query = query.where(any_of(is_null(col("name", "field")), of_field), copy=False)
    query = query.group_by(
        col("metasql_status", "listed"), col("metasql_reason", "listed"), col("name", "field"), copy=False
    )
    block = Block("listed", "the units of the increment, and why", listed_)
    return with_blocks(query, (*compared.blocks, block))


def unsettled(compared: Compared) -> exp.Query:
    """Every unit that is not settled, with its status (`waiting` too), reason and stale fields."""
    feature = compared.feature
    query = select(
        *cols(feature.unit_columns, "judged"),
        as_(case((col("metasql_is_waiting"), text("waiting")), otherwise=col("metasql_status")), "status"),
        as_(case((col("metasql_is_waiting"), text("waiting")), otherwise=reason(feature)), "reason"),
        as_(stale_fields(feature), "fields"),
    )
    query = query.from_(table("judged"), copy=False)
    query = query.where(any_of(not_null(col("metasql_status")), col("metasql_is_waiting")), copy=False)
    return with_blocks(query, compared.blocks)


def counted(units: exp.Expr) -> exp.Query:
    """Units as `unsettled` gives them, counted. Grain: status, reason and set of stale fields."""
    names = ("status", "reason", "fields")
    query = select(*cols(names, "unit"), as_(exp.Count(this=exp.Star()), "units")).from_(units, copy=False)
    return query.group_by(*cols(names, "unit"), copy=False)
