"""How incoming rows replace stored ones: history, delete, insert, all under one commit number.

The rows stand in the temporary table `metasql_incoming` with the id and data columns, the
versions of every field and `metasql_feature_version`; for an expansion the processed
inputs stand in `metasql_incoming_inputs`. Rows that would change nothing are left alone,
so repeating a write changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from metasql.graph.nodes import Feature, Kind
from metasql.names import Relation, data_version_column, inputs_column, recipe_column
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
    differs,
    equal,
    exists,
    is_null,
    not_null,
    null,
    number,
    on_equal,
    select,
    table,
    text,
)
from metasql.plan.steps import Stamp, Step, delete_matching, insert, named, temporary, update_matching

INCOMING = "metasql_incoming"
INCOMING_INPUTS = "metasql_incoming_inputs"
CHANGED = "metasql_changed"
CHANGED_INPUTS = "metasql_changed_inputs"
WORK = "metasql_work"


def version_names(feature: Feature) -> list[str]:
    return [make(field.name) for field in feature.fields for make in VERSION_COLUMNS]


def row_columns(feature: Feature) -> list[str]:
    """The columns that an incoming row brings."""
    # A unit for which the body gave no row is stored as deleted: for readers it is not there.
    extra = ["metasql_no_row"] if feature.kind is Kind.SQL and not feature.is_expansion else []
    return [*(column.name for column in feature.columns), *version_names(feature), *extra, "metasql_feature_version"]


def find_changed(feature: Feature, layout: Layout) -> list[Step]:
    """Of the incoming rows those that differ from what is stored, in `metasql_changed`."""
    compare = [column.name for column in feature.data_columns] + _compared_versions(feature)
    samples = layout.of(feature.key, "samples")
    steps = [_changed(CHANGED, INCOMING, samples, feature.id_columns, row_columns(feature), compare)]
    if feature.is_expansion:
        inputs = layout.of(feature.key, "inputs")
        compare = [*_compared_versions(feature), "metasql_children"]
        steps.append(
            _changed(CHANGED_INPUTS, INCOMING_INPUTS, inputs, feature.unit_columns, _input_columns(feature), compare)
        )
    return steps


def _input_columns(feature: Feature) -> list[str]:
    return [*feature.unit_columns, *version_names(feature), "metasql_children", "metasql_feature_version"]


def write_samples(feature: Feature, layout: Layout, stamp: Stamp) -> list[Step]:
    """Replace or add the changed samples; for an expansion, replace all children of the inputs."""
    samples = layout.of(feature.key, "samples")
    steps = _drop_lost_children(feature, layout, stamp) if feature.is_expansion else []
    if feature.history:
        steps.append(_supersede(feature, layout, stamp))
    steps += _replace(CHANGED, samples, feature.id_columns, row_columns(feature), stamp)
    if feature.is_expansion:
        inputs = layout.of(feature.key, "inputs")
        steps += _replace(CHANGED_INPUTS, inputs, feature.unit_columns, _input_columns(feature), stamp)
    return steps


def _compared_versions(feature: Feature) -> list[str]:
    names = [make(f.name) for f in feature.fields for make in (recipe_column, inputs_column, data_version_column)]
    return names + (["metasql_no_row"] if feature.kind is Kind.SQL and not feature.is_expansion else [])


def _changed(
    name: str, incoming: str, stored: Relation, key: Sequence[str], brought: list[str], compare: list[str]
) -> Step:
    """The incoming rows that differ from what is stored, with the time when their sample was first written."""
    live = is_null(col("metasql_deleted_at", "stored"))
    new = is_null(col(key[0], "stored"))
    reopened = [not_null(col("metasql_reopened_at", "stored"))] if incoming == INCOMING_INPUTS else []
    gone = not_null(col("metasql_deleted_at", "stored"))
    if "metasql_no_row" in compare:
        gone = all_of(gone, exp.Not(this=col("metasql_no_row", "stored")))
    other = any_of(
        new,
        gone,
        *reopened,
        *(differs(col(column, "incoming"), col(column, "stored")) for column in compare),
    )
    created = as_(case((live, col("metasql_created_at", "stored"))), "metasql_created_at")
    query = select(*cols(brought, "incoming"), created).from_(table(incoming, "incoming"), copy=False)
    query = query.join(table(stored, "stored"), on=on_equal("incoming", "stored", key), join_type="left", copy=False)
    return temporary(name, query.where(other, copy=False), "the rows that differ from what is stored")


def _supersede(feature: Feature, layout: Layout, stamp: Stamp) -> Step:
    names = [*row_columns(feature), "metasql_run_id", "metasql_created_at", "metasql_updated_at"]
    names += ["metasql_deleted_at", "metasql_commit"]
    query = select(*cols(names, "stored"), as_(stamp.time(), "metasql_superseded_at"))
    query = query.from_(table(layout.of(feature.key, "samples"), "stored"), copy=False)
    match = on_equal("changed", "stored", feature.id_columns)
    query = query.where(
        exists(select(number(1)).from_(table(CHANGED, "changed"), copy=False).where(match, copy=False)), copy=False
    )
    history = table(layout.of(feature.key, "history"))
    return insert(history, [*names, "metasql_superseded_at"], query, "the rows that are replaced go to the history")


def _replace(changed: str, stored: Relation, key: Sequence[str], brought: list[str], stamp: Stamp) -> list[Step]:
    values = stamp.columns()
    values["metasql_created_at"] = coalesce(col("metasql_created_at", "changed"), stamp.time())
    if "metasql_no_row" in brought:
        values["metasql_deleted_at"] = case((col("metasql_no_row", "changed"), stamp.time()))
    query = select(*cols(brought, "changed"), *named(values)).from_(table(changed, "changed"), copy=False)
    match = on_equal("stored", "changed", key)
    return [
        delete_matching(table(stored, "stored"), table(changed, "changed"), match, "take out what is replaced"),
        insert(table(stored), [*brought, *values], query, "put in the new rows"),
    ]


def _drop_lost_children(feature: Feature, layout: Layout, stamp: Stamp) -> list[Step]:
    """Children that a processed input no longer gives are deleted."""
    of_input = on_equal("incoming_input", "stored", feature.unit_columns)
    kept = exists(
        select(number(1))
        .from_(table(INCOMING, "incoming"), copy=False)
        .where(on_equal("incoming", "stored", feature.id_columns), copy=False)
    )
    condition = all_of(of_input, is_null(col("metasql_deleted_at", "stored")), exp.Not(this=kept))
    stored = table(layout.of(feature.key, "samples"), "stored")
    using = table(INCOMING_INPUTS, "incoming_input")
    purpose = "children that their input no longer gives are deleted"
    return [update_matching(stored, deleted(stamp), using, condition, purpose)]


def deleted(stamp: Stamp) -> dict[str, exp.Expr]:
    """The columns of a row that is marked deleted."""
    return {
        "metasql_deleted_at": stamp.time(),
        "metasql_updated_at": stamp.time(),
        "metasql_run_id": text(stamp.run_id),
        "metasql_commit": number(stamp.commit),
    }


def delete_orphans(feature: Feature, layout: Layout, stamp: Stamp) -> list[Step]:
    """Mark the orphaned units of the work table deleted, children and input records alike."""
    orphaned = equal(col("metasql_status", "work"), text("orphaned"))
    steps = []
    for suffix in ("samples", "inputs") if feature.is_expansion else ("samples",):
        match = on_equal("stored", "work", feature.unit_columns)
        live = is_null(col("metasql_deleted_at", "stored"))
        values = deleted(stamp)
        if suffix == "samples" and feature.kind is Kind.SQL and not feature.is_expansion:
            live = any_of(live, col("metasql_no_row", "stored"))
            values["metasql_no_row"] = exp.false()
        stored = table(layout.of(feature.key, suffix), "stored")
        condition = all_of(match, orphaned, exp.paren(live))
        steps.append(update_matching(stored, values, table(WORK, "work"), condition, "orphaned samples are deleted"))
    return steps


def no_data_versions(feature: Feature) -> dict[str, exp.Expr]:
    return {data_version_column(field.name): null("text") for field in feature.fields}
