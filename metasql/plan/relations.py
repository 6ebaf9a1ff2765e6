"""The tables and views of a feature: what they hold, and the queries that give their types.

A table is created from a query that returns no rows, so that the engine itself finds the
types: of a body's columns, of id columns that come from upstream, of declared columns.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from metasql.graph.nodes import Feature, Graph, Kind
from metasql.names import (
    Relation,
    data_version_column,
    inputs_column,
    provenance_column,
    recipe_column,
)
from metasql.plan import attempts, delta, provenance
from metasql.plan.body import whole_body
from metasql.plan.expected import Expected
from metasql.plan.increment import compare, increment, listed_block, narrowed, summary
from metasql.plan.layout import Layout
from metasql.plan.sql import (
    Block,
    as_,
    cast_to,
    col,
    cols,
    current,
    is_null,
    null,
    select,
    star,
    table,
    with_blocks,
)

VERSION_COLUMNS = (recipe_column, inputs_column, provenance_column, data_version_column)

BOOKKEEPING: tuple[tuple[str, str], ...] = (
    ("metasql_feature_version", "text"),
    ("metasql_run_id", "text"),
    ("metasql_created_at", "timestamp"),
    ("metasql_updated_at", "timestamp"),
    ("metasql_deleted_at", "timestamp"),
    ("metasql_commit", "bigint"),
)
"""On every row: `metasql_commit` grows with every write to the target; times are UTC."""


@dataclass(frozen=True)
class View:
    """A public view: its relation, what it is for, and its query over tables only."""

    relation: Relation
    purpose: str
    query: exp.Query


@dataclass(frozen=True)
class Table:
    """A table that metasql keeps: `template` returns no rows and has its columns and types.

    At most one row of each `key` is the present one. `owned` are the columns that follow the
    author's declaration; the others are metasql's.
    """

    relation: Relation
    purpose: str
    template: exp.Query
    key: tuple[str, ...]
    owned: tuple[str, ...]


def tables(feature: Feature, graph: Graph, layout: Layout) -> list[Table]:
    """`X__samples`, for an expansion `X__inputs`, and where history is kept `X__history`."""
    columns = [column.name for column in feature.columns]
    samples = _samples(feature, graph, layout)
    found = [
        Table(
            layout.of(feature.key, "samples"),
            f"{feature.key}: at most one row per sample",
            samples,
            feature.id_columns,
            tuple(columns),
        )
    ]
    if feature.is_expansion:
        purpose = f"{feature.key}: the inputs that were processed, those without children too"
        inputs = _inputs(feature, graph, layout)
        unit = feature.unit_columns
        found.append(Table(layout.of(feature.key, "inputs"), purpose, inputs, unit, unit))
    if feature.history:
        superseded = _samples(feature, graph, layout).select(
            as_(null("timestamp"), "metasql_superseded_at"), copy=False
        )
        key = (*feature.id_columns, "metasql_commit")
        purpose = f"{feature.key}: rows that were replaced, and when"
        found.append(Table(layout.of(feature.key, "history"), purpose, superseded, key, tuple(columns)))
    if attempts.are_kept(feature):
        purpose = f"{feature.key}: the units that could not be made, and how often that was tried"
        kept, unit = _attempts(feature, graph, layout), feature.unit_columns
        found.append(Table(layout.of(feature.key, attempts.SUFFIX), purpose, kept, unit, unit))
    return found


def views(feature: Feature, graph: Graph, layout: Layout) -> list[View]:
    """`X`, `X__expected`, `X__increment`, `X__summary`, and `X__increment_full` where the increment is by delta.

    Each reads tables only.
    """
    key = feature.key
    compared = compare(feature, graph, layout)
    by_delta = delta.why_full(feature, graph, layout) is None
    looked_at = narrowed(compared, graph, layout) if by_delta else compared
    listed = listed_block(compared)
    todo = "what has to be done, one row per input unit"
    found = [
        View(layout.public(key), f"{key}: the live samples", live_samples(feature, layout)),
        View(
            layout.of(key, "expected"),
            f"{key}: what upstream calls for, one row per input unit, with the provenance it should have",
            expected_view(feature, compared.expected),
        ),
        View(layout.of(key, "increment"), f"{key}: {todo}", increment(looked_at, layout, listed)),
        View(
            layout.of(key, "summary"),
            f"{key}: the increment counted by status, reason and field (NULL: the units themselves)",
            summary(looked_at),
        ),
    ]
    if attempts.are_kept(feature):
        purpose = f"{key}: the units that could not be made, with the last error and the number of attempts"
        found.append(View(layout.of(key, "errors"), purpose, attempts.errors_view(feature, layout)))
    if by_delta:
        full = f"{key}: {todo}, whatever was settled before"
        found.append(View(layout.of(key, "increment_full"), full, increment(compared, layout, listed)))
    return found


def live_samples(feature: Feature, layout: Layout) -> exp.Query:
    """`X`: data columns, flat versions, their maps, the sample's versions, and bookkeeping."""
    fields = provenance.sorted_fields(feature)
    columns = cols((column.name for column in feature.columns), "sample")
    effective = {field.name: provenance.effective(field.name, "sample") for field in fields}
    made: dict[str, exp.Expr] = {field.name: col(provenance_column(field.name), "sample") for field in fields}
    for field in fields:
        columns += cols((recipe_column(field.name), inputs_column(field.name), provenance_column(field.name)), "sample")
        columns.append(as_(effective[field.name], data_version_column(field.name)))
    columns += [
        as_(provenance.whole_stored(list(made.values())), "metasql_provenance"),
        as_(provenance.whole_stored(list(effective.values())), "metasql_data_version"),
        as_(provenance.by_field(feature, made), "metasql_provenance_by_field"),
        as_(provenance.by_field(feature, effective), "metasql_data_version_by_field"),
    ]
    columns += cols((name for name, _ in BOOKKEEPING), "sample")
    query = select(*columns).from_(current(layout.of(feature.key, "samples"), "sample"), copy=False)
    return query.where(is_null(col("metasql_deleted_at", "sample")), copy=False)


def expected_view(feature: Feature, wanted: Expected) -> exp.Query:
    """`X__expected`: units, dependency columns, inputs and provenance; versions NULL while a unit waits."""
    columns: list[exp.Expr] = [*cols(feature.unit_columns, "expected"), *cols(wanted.carried, "expected")]
    fields = provenance.sorted_fields(feature)
    for field in fields:
        inputs = col(wanted.representative[field.name], "expected")
        columns += [
            as_(provenance.recipe(field), recipe_column(field.name)),
            as_(inputs, inputs_column(field.name)),
            as_(provenance.provenance(provenance.recipe(field), inputs), provenance_column(field.name)),
        ]
    hashed = Block("made", "with the provenance that each field should have", _from("expected", columns))
    made: dict[str, exp.Expr] = {field.name: col(provenance_column(field.name), "made") for field in fields}
    whole = as_(provenance.whole(list(made.values())), "metasql_provenance")
    by_field = as_(provenance.by_field(feature, made), "metasql_provenance_by_field")
    return with_blocks(_from("made", [star("made"), whole, by_field]), (*wanted.blocks, hashed))


def _from(block: str, columns: list[exp.Expr]) -> exp.Select:
    return select(*columns).from_(table(block), copy=False)


def _version_columns(feature: Feature) -> list[exp.Expr]:
    names = [make(field.name) for field in feature.fields for make in VERSION_COLUMNS]
    return [as_(null("text"), name) for name in names]


def _samples(feature: Feature, graph: Graph, layout: Layout) -> exp.Select:
    query = _data(feature, graph, layout)
    extra = _version_columns(feature)
    if feature.kind is Kind.SQL and not feature.is_expansion:
        extra.append(as_(null("boolean"), "metasql_no_row"))
    extra += [as_(null(type_), name) for name, type_ in BOOKKEEPING]
    return query.select(*extra, copy=False).where(exp.false(), copy=False)


def _inputs(feature: Feature, graph: Graph, layout: Layout) -> exp.Select:
    extra = [
        *_version_columns(feature),
        as_(null("timestamp"), "metasql_reopened_at"),
        as_(null("bigint"), "metasql_children"),
    ]
    return _units(feature, graph, layout, extra)


def _attempts(feature: Feature, graph: Graph, layout: Layout) -> exp.Select:
    return _units(feature, graph, layout, attempts.template())


def _units(feature: Feature, graph: Graph, layout: Layout, extra: list[exp.Expr]) -> exp.Select:
    """A row for each unit, with some columns and metasql's bookkeeping."""
    source = _data(feature, graph, layout).where(exp.false(), copy=False).subquery("sample", copy=False)
    extra = [*extra, *(as_(null(type_), name) for name, type_ in BOOKKEEPING)]
    return (
        select(*cols(feature.unit_columns, "sample"), *extra).from_(source, copy=False).where(exp.false(), copy=False)
    )


def _data(feature: Feature, graph: Graph, layout: Layout) -> exp.Select:
    """The id and data columns with their types: from the body, or declared, or from upstream."""
    body = feature.body_for(layout.engine)
    if body is not None:
        columns = [as_(cast_to(col(item.name, "body"), item.type), item.name) for item in feature.columns]
        return select(*columns).from_(whole_body(body, feature, graph, layout).subquery("body", copy=False), copy=False)
    query = exp.Select()
    joined: list[str] = []
    for item in feature.columns:
        if item.type is not None:
            query = query.select(as_(cast_to(exp.null(), item.type), item.name), copy=False)
            continue
        dep, old = next((dep, old) for dep in feature.deps for old, new in dep.match if new == item.name)
        alias = f"from_{dep.relation}"
        if alias not in joined:
            relation = table(layout.samples(dep.feature), alias)
            query = query.join(relation, join_type="cross", copy=False) if joined else query.from_(relation, copy=False)
            joined.append(alias)
        query = query.select(as_(col(old, alias), item.name), copy=False)
    return query
