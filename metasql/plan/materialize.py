"""The steps of a root or SQL feature's run: find the work, compute it, check it, write it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from metasql.graph.nodes import Feature, Graph, Kind
from metasql.names import data_version_column, inputs_column, provenance_column, recipe_column
from metasql.plan import provenance
from metasql.plan.body import restricted_body, whole_body
from metasql.plan.increment import Compared, compare
from metasql.plan.layout import Layout
from metasql.plan.sql import (
    all_of,
    any_of,
    as_,
    case,
    cast,
    cast_to,
    coalesce,
    col,
    cols,
    exists,
    is_null,
    not_null,
    null,
    number,
    on_equal,
    select,
    table,
    text,
    true,
    with_blocks,
)
from metasql.plan.steps import Check, Step, Temporary
from metasql.plan.write import INCOMING, INCOMING_INPUTS, WORK, row_columns

RESULT = "metasql_result"
SETTLED = "settled"


@dataclass(frozen=True)
class Computation:
    """What is computed before anything is written: steps and checks, in order.

    `finding` ends with the work table; `computing` has nothing to do where no unit of it is new or stale, but for
    a root, whose content says it alone. `whole` is why the body reads its whole inputs, or None where it reads only
    what the increment needs.
    """

    finding: tuple[Step | Check, ...]
    computing: tuple[Step | Check, ...]
    whole: str | None

    @property
    def steps(self) -> tuple[Step | Check, ...]:
        return (*self.finding, *self.computing)


def computation(
    feature: Feature,
    graph: Graph,
    layout: Layout,
    *,
    full_refresh: bool,
    unlike: frozenset[str] = frozenset(),
    by_delta: bool = False,
    across: bool = False,
) -> Computation:
    """From the increment to `metasql_incoming`, for a feature with a body.

    `by_delta`: the increment looks only at what changed (plan/delta.py).
    `across`: settled samples are computed too, by a body that looks across samples (execute/across.py).
    `unlike` are columns of types that have no text of their own: a field with one of them
    has its provenance as its data version.
    """
    body = feature.body_for(layout.engine)
    assert body is not None, "only features with a body are materialised"
    if feature.kind is Kind.ROOT:
        result = _result(feature, whole_body(body, feature, graph, layout), None, "read the source, once")
        compared = compare(feature, graph, layout, everything=full_refresh, read=RESULT)
        work = _work(feature, compared, settled=True)
        return Computation((result, *_checks(feature), work), (_incoming(feature, unlike),), None)
    tree, why = restricted_body(body, feature, graph, layout, WORK)
    purpose = f"compute them ({why}, so its inputs are read whole)" if why else "compute them"
    result = _result(feature, tree, WORK, purpose)
    inputs = (_incoming_inputs(feature),) if feature.is_expansion else ()
    by_delta = by_delta and not full_refresh
    compared = compare(feature, graph, layout, everything=full_refresh, by_delta=by_delta)
    work = _work(feature, compared, settled=across)
    return Computation((work,), (result, *_checks(feature), *inputs, _incoming(feature, unlike)), why)


def _work(feature: Feature, compared: Compared, *, settled: bool) -> Step:
    """The units to work off, with the versions that they will have.

    `settled`: those that are settled are there too. So it is of a root: a column that no field
    claims is not versioned, but what is stored of it follows the source.
    """
    status: exp.Expr = col("metasql_status", "judged")
    wanted = not_null(status)
    if settled:
        status = coalesce(status, text(SETTLED))
        wanted = exp.Not(this=col("metasql_is_waiting", "judged"))
    columns: list[exp.Expr] = [*cols(feature.unit_columns, "judged"), as_(status, "metasql_status")]
    for field in feature.fields:
        made_of = col(compared.expected.representative[field.name], "judged")
        columns += [
            as_(provenance.recipe(field), recipe_column(field.name)),
            as_(made_of, inputs_column(field.name)),
            as_(provenance.provenance(provenance.recipe(field), made_of), provenance_column(field.name)),
        ]
    query = select(*columns).from_(table("judged"), copy=False)
    if feature.kind is not Kind.ROOT:
        query = query.where(wanted, copy=False)
    purpose = "the increment: which samples are new, stale or orphaned"
    return Temporary(purpose, WORK, with_blocks(query, compared.blocks))


def _result(feature: Feature, tree: exp.Query, work: str | None, purpose: str) -> Step:
    """The body's rows: all of them, or those of the units in the work table."""
    columns = [as_(cast_to(col(item.name, "body"), item.type), item.name) for item in feature.columns]
    query = select(*columns).from_(tree.subquery("body", copy=False), copy=False)
    if work is not None:
        pending = all_of(on_equal(work, "body", feature.unit_columns), _pending(work))
        wanted = exists(select(number(1)).from_(table(work), copy=False).where(pending, copy=False))
        unnamed = [is_null(col(name, "body")) for name in feature.id_columns]
        query = query.where(any_of(wanted, *unnamed), copy=False)
    return Temporary(purpose, RESULT, query)


def _pending(alias: str) -> exp.Expr:
    return col("metasql_status", alias).isin("new", "stale", SETTLED)


def _checks(feature: Feature) -> tuple[Check, ...]:
    ids = list(feature.id_columns)
    shown = ", ".join(f"{name} = {{{index}}}" for index, name in enumerate(ids))
    as_text = [as_(cast(col(name, "result"), "text"), name) for name in ids]
    unnamed = select(*as_text).from_(table(RESULT, "result"), copy=False)
    unnamed = unnamed.where(any_of(*(is_null(col(name, "result")) for name in ids)), copy=False).limit(5, copy=False)
    twice = select(*as_text, as_(exp.Count(this=exp.Star()), "metasql_rows")).from_(table(RESULT, "result"), copy=False)
    twice = twice.group_by(*cols(ids, "result"), copy=False).having(
        exp.GT(this=exp.Count(this=exp.Star()), expression=number(1)), copy=False
    )
    return (
        Check(
            "no id is NULL",
            unnamed,
            "MS0621",
            f"the body gives a row whose id is NULL: {shown}",
            "filter such rows out in the body, or give them an id",
        ),
        Check(
            "no id comes twice",
            twice.limit(5, copy=False),
            "MS0622",
            f"the body gives {{{len(ids)}}} rows for one sample: {shown}",
            "let the body give one row per sample, or add the column that tells them apart to `id_columns`",
        ),
    )


def _versions(feature: Feature, alias: str) -> list[exp.Expr]:
    trees: list[exp.Expr] = []
    for field in feature.fields:
        trees += cols((recipe_column(field.name), inputs_column(field.name), provenance_column(field.name)), alias)
    return trees


def _data_versions(feature: Feature, unlike: frozenset[str], here: exp.Expr | None) -> list[exp.Expr]:
    """The hash of each field's result, or NULL where the data version is the provenance; `here`: there is a row."""
    trees = []
    for field in feature.fields:
        tree: exp.Expr = null("text")
        if field.result and unlike.isdisjoint(field.result):
            made = provenance.result(feature, field, "result")
            tree = made if here is None else case((here, made))
        trees.append(as_(tree, data_version_column(field.name)))
    return trees


def _incoming(feature: Feature, unlike: frozenset[str]) -> Step:
    """The computed rows with their versions; a unit that gave no row is remembered as done."""
    unit = feature.unit_columns
    data = cols((column.name for column in feature.columns), "result")
    constant = [as_(text(feature.version), "metasql_feature_version")]
    joined = on_equal("work", "result", unit)
    versions = _versions(feature, "work")
    if feature.kind is Kind.SQL and not feature.is_expansion:
        ids = cols(unit, "work")
        rest = cols((column.name for column in feature.data_columns), "result")
        empty = is_null(col("metasql_here", "result"))
        versions += _data_versions(feature, unlike, not_null(col("metasql_here", "result")))
        query = select(*ids, *rest, *versions, as_(empty, "metasql_no_row"), *constant)
        here = select(*cols(c.name for c in feature.columns), as_(true(), "metasql_here")).from_(
            table(RESULT), copy=False
        )
        query = query.from_(table(WORK, "work"), copy=False).join(
            here.subquery("result", copy=False), on=joined, join_type="left", copy=False
        )
        query = query.where(_pending("work"), copy=False)
    else:
        query = select(*data, *versions, *_data_versions(feature, unlike, None), *constant)
        query = query.from_(table(RESULT, "result"), copy=False).join(table(WORK, "work"), on=joined, copy=False)
        query = query.where(_pending("work"), copy=False)
    names = row_columns(feature)
    ordered = select(*cols(names, "made")).from_(query.subquery("made", copy=False), copy=False)
    return Temporary("the rows as they will be stored", INCOMING, ordered)


def _incoming_inputs(feature: Feature) -> Step:
    """The processed inputs with the number of their children, those without any too."""
    unit = feature.unit_columns
    counted = select(*cols(unit, "result"), as_(exp.Count(this=exp.Star()), "metasql_rows")).from_(
        table(RESULT, "result"), copy=False
    )
    children = counted.group_by(*cols(unit, "result"), copy=False).subquery("child", copy=False)
    number_of = exp.Coalesce(this=col("metasql_rows", "child"), expressions=[number(0)])
    query = select(
        *cols(unit, "work"),
        *_versions(feature, "work"),
        *(as_(null("text"), data_version_column(field.name)) for field in feature.fields),
        as_(number_of, "metasql_children"),
        as_(text(feature.version), "metasql_feature_version"),
    )
    query = query.from_(table(WORK, "work"), copy=False).join(
        children, on=on_equal("work", "child", unit), join_type="left", copy=False
    )
    return Temporary("the inputs that were processed", INCOMING_INPUTS, query.where(_pending("work"), copy=False))


def counted_work() -> exp.Query:
    """The units of the work table by status."""
    query = select(col("metasql_status"), as_(exp.Count(this=exp.Star()), "units")).from_(table(WORK), copy=False)
    return query.group_by(col("metasql_status"), copy=False)
