"""How incoming rows replace stored ones: history and rows, all under one commit number.

The rows stand in the temporary table `metasql_incoming` with the id and data columns, the
versions of every field and `metasql_feature_version`; for an expansion the processed
inputs stand in `metasql_incoming_inputs`. Rows that would change nothing are left alone,
so repeating a write changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from metasql.graph.nodes import Feature, Kind
from metasql.names import Relation, data_version_column, inputs_column, provenance_column, recipe_column
from metasql.plan.layout import Layout
from metasql.plan.relations import VERSION_COLUMNS
from metasql.plan.sql import (
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
    exists,
    is_null,
    joined,
    not_null,
    null,
    number,
    on_equal,
    select,
    table,
    text,
)
from metasql.plan.steps import Append, Mark, Put, Stamp, Step, Temporary

INCOMING = "metasql_incoming"
INCOMING_INPUTS = "metasql_incoming_inputs"
CHANGED = "metasql_changed"
CHANGED_INPUTS = "metasql_changed_inputs"
WORK = "metasql_work"
LOST = "metasql_lost"
ORPHANS = "metasql_orphans"


def version_names(feature: Feature) -> list[str]:
    return [make(field.name) for field in feature.fields for make in VERSION_COLUMNS]


def row_columns(feature: Feature) -> list[str]:
    """The columns that an incoming row brings."""
    # A unit for which the body gave no row is stored as deleted: for readers it is not there.
    extra = ["metasql_no_row"] if _remembers_no_row(feature) else []
    return [*(column.name for column in feature.columns), *version_names(feature), *extra, "metasql_feature_version"]


def find_changed(feature: Feature, layout: Layout) -> list[Step]:
    """Of the incoming rows those that differ from what is stored, in `metasql_changed`."""
    compare = [column.name for column in feature.data_columns] + _compared_versions(feature)
    samples = layout.of(feature.key, "samples")
    steps = [_changed(CHANGED, INCOMING, feature, samples, feature.id_columns, row_columns(feature), compare)]
    if feature.is_expansion:
        inputs = layout.of(feature.key, "inputs")
        compare = [*_compared_versions(feature), "metasql_children"]
        unit, brought = feature.unit_columns, input_columns(feature)
        steps.append(_changed(CHANGED_INPUTS, INCOMING_INPUTS, feature, inputs, unit, brought, compare))
    return steps


def input_columns(feature: Feature) -> list[str]:
    return [*feature.unit_columns, *version_names(feature), "metasql_children", "metasql_feature_version"]


def write_samples(feature: Feature, layout: Layout, stamp: Stamp) -> list[Step]:
    """Replace or add the changed samples; for an expansion, replace all children of the inputs."""
    samples = layout.of(feature.key, "samples")
    steps = _drop_lost_children(feature, layout, stamp) if feature.is_expansion else []
    if feature.history:
        steps.append(_supersede(feature, layout, stamp))
    steps.append(_replace(CHANGED, samples, feature.id_columns, row_columns(feature), stamp))
    if feature.is_expansion:
        inputs = layout.of(feature.key, "inputs")
        steps.append(_replace(CHANGED_INPUTS, inputs, feature.unit_columns, input_columns(feature), stamp))
    return steps


def _compared_versions(feature: Feature) -> list[str]:
    names = [make(f.name) for f in feature.fields for make in (recipe_column, inputs_column, data_version_column)]
    return names + (["metasql_no_row"] if _remembers_no_row(feature) else [])


def _changed(
    name: str,
    incoming: str,
    feature: Feature,
    stored: Relation,
    key: Sequence[str],
    brought: list[str],
    compare: list[str],
) -> Step:
    """The incoming rows that differ from what is stored, with the time when their sample was first written.

    A field without a data version of its own keeps the stored one while its provenance is the same: what was accepted
    or given from outside holds until the field is made otherwise.
    """
    live = is_null(col("metasql_deleted_at", "stored"))
    new = is_null(col(key[0], "stored"))
    reopened = [not_null(col("metasql_reopened_at", "stored"))] if incoming == INCOMING_INPUTS else []
    gone = not_null(col("metasql_deleted_at", "stored"))
    if "metasql_no_row" in compare:
        gone = all_of(gone, exp.Not(this=col("metasql_no_row", "stored")))
    told = [field.name for field in feature.fields if not field.result]  # not by what its columns hold
    kept = {data_version_column(name): _kept(name, live) for name in told}
    made = {column: kept.get(column, col(column, "incoming")) for column in brought}
    other = any_of(new, gone, *reopened, *(differs(made[column], col(column, "stored")) for column in compare))
    created = as_(case((live, col("metasql_created_at", "stored"))), "metasql_created_at")
    columns = [as_(made[column], column) if column in kept else made[column] for column in brought]
    query = select(*columns, created).from_(table(incoming, "incoming"), copy=False)
    query = joined(query, current(stored, "stored"), on_equal("incoming", "stored", key), "LEFT")
    return Temporary("the rows that differ from what is stored", name, query.where(other, copy=False))


def _kept(field: str, live: exp.Expr) -> exp.Expr:
    """The data version that comes, else the stored one where the field is made as it was."""
    data_version, made = data_version_column(field), provenance_column(field)
    same = all_of(live, equal(col(made, "incoming"), col(made, "stored")))
    return coalesce(col(data_version, "incoming"), case((same, col(data_version, "stored"))))


def _supersede(feature: Feature, layout: Layout, stamp: Stamp) -> Step:
    names = [*row_columns(feature), "metasql_run_id", "metasql_created_at", "metasql_updated_at"]
    names += ["metasql_deleted_at", "metasql_commit"]
    query = select(*cols(names, "stored"), as_(stamp.time(), "metasql_superseded_at"))
    query = query.from_(current(layout.of(feature.key, "samples"), "stored"), copy=False)
    query = query.where(_among(CHANGED, "changed", feature.id_columns), copy=False)
    history = layout.of(feature.key, "history")
    purpose = "the rows that are replaced go to the history"
    return Append(purpose, history, (*names, "metasql_superseded_at"), query)


def _among(name: str, alias: str, key: Sequence[str]) -> exp.Expr:
    """The stored row's key is in a temporary table."""
    rows = select(number(1)).from_(table(name, alias), copy=False)
    return exists(rows.where(on_equal(alias, "stored", key), copy=False))


def _replace(changed: str, stored: Relation, key: Sequence[str], brought: list[str], stamp: Stamp) -> Step:
    values = stamp.columns()
    values["metasql_created_at"] = coalesce(col("metasql_created_at", "source"), stamp.time())
    if "metasql_no_row" in brought:
        values["metasql_deleted_at"] = case((col("metasql_no_row", "source"), stamp.time()))
    purpose = "the new rows, in the place of those that they replace"
    return Put(purpose, stored, tuple(key), changed, tuple(brought), values)


def _drop_lost_children(feature: Feature, layout: Layout, stamp: Stamp) -> list[Step]:
    """Children that a processed input no longer gives are deleted."""
    samples = layout.of(feature.key, "samples")
    kept = _among(INCOMING, "incoming", feature.id_columns)
    of_input = _among(INCOMING_INPUTS, "incoming_input", feature.unit_columns)
    query = select(*cols(feature.id_columns, "stored")).from_(current(samples, "stored"), copy=False)
    query = query.where(all_of(of_input, is_null(col("metasql_deleted_at", "stored")), exp.Not(this=kept)), copy=False)
    purpose = "children that their input no longer gives"
    return [
        Temporary(purpose, LOST, query),
        Mark(f"{purpose} are deleted", samples, feature.id_columns, LOST, stamp.deleted()),
    ]


def delete_orphans(feature: Feature, layout: Layout, stamp: Stamp) -> list[Step]:
    """Mark the orphaned units of the work table deleted, children and input records alike."""
    steps: list[Step] = []
    for suffix, key in keyed(feature):
        steps.append(find_orphans(feature, layout, suffix, key, live=True))
        values = stamp.deleted()
        if _remembers_no_row(feature):
            values["metasql_no_row"] = exp.false()
        purpose = "orphaned samples are deleted"
        steps.append(Mark(purpose, layout.of(feature.key, suffix), key, f"{ORPHANS}_{suffix}", values))
    return steps


def keyed(feature: Feature) -> list[tuple[str, tuple[str, ...]]]:
    """The keyed tables of a feature by suffix, with their keys."""
    inputs = [("inputs", feature.unit_columns)] if feature.is_expansion else []
    return [("samples", feature.id_columns), *inputs]


def find_orphans(feature: Feature, layout: Layout, suffix: str, key: Sequence[str], *, live: bool) -> Step:
    """The keys of the stored rows whose unit is orphaned; `live`: without those that are deleted already."""
    orphaned = equal(col("metasql_status", "work"), text("orphaned"))
    units = select(number(1)).from_(table(WORK, "work"), copy=False)
    keep = [exists(units.where(all_of(on_equal("stored", "work", feature.unit_columns), orphaned), copy=False))]
    if live:
        there = is_null(col("metasql_deleted_at", "stored"))
        if _remembers_no_row(feature):
            there = any_of(there, col("metasql_no_row", "stored"))
        keep.append(exp.paren(there))
    query = select(*cols(key, "stored")).from_(current(layout.of(feature.key, suffix), "stored"), copy=False)
    return Temporary(f"orphaned rows of the {suffix}", f"{ORPHANS}_{suffix}", query.where(all_of(*keep), copy=False))


def _remembers_no_row(feature: Feature) -> bool:
    return feature.kind is Kind.SQL and not feature.is_expansion


def no_data_versions(feature: Feature) -> dict[str, exp.Expr]:
    return {data_version_column(field.name): null("text") for field in feature.fields}
