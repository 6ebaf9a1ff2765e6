"""`metasql run`: walk the features in order, and work off what has a body (semantics.md, running)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from metasql.diagnostics import MetasqlError
from metasql.execute.across import is_as_before, reading, remember
from metasql.execute.counting import refresh_status
from metasql.execute.delete import delete_samples
from metasql.execute.ensure import ensure, ensure_storage
from metasql.execute.results import Counts, NodeResult
from metasql.execute.session import Session, perform, place_of, told_at
from metasql.execute.settling import goes_by_delta, settled
from metasql.execute.writing import write_incoming
from metasql.graph.nodes import Feature, Graph, Kind
from metasql.lower.render import render
from metasql.names import FeatureKey
from metasql.plan.layout import Elsewhere
from metasql.plan.materialize import computation, counted_work
from metasql.plan.sql import table
from metasql.plan.write import delete_orphans, version_names


def as_written(hooks: Sequence[str], _this: str) -> Sequence[str]:
    """Hooks that hold no Jinja."""
    return hooks


@dataclass(frozen=True)
class RunOptions:
    """`full_refresh`: compute all samples anew. `named`: the features that the user named by key.

    `render` gives the SQL of a feature's hooks; its second argument is what `this` stands for.
    """

    full_refresh: bool = False
    named: frozenset[FeatureKey] = frozenset()
    render: Callable[[Sequence[str], str], Sequence[str]] = as_written


def prepare_parents(session: Session, selected: Iterable[Feature]) -> None:
    """Give what stands upstream of the selected features its tables, where it is not run itself.

    A table that has all the columns that its declaration asks for is left alone.
    """
    chosen = {feature.key for feature in selected}
    for feature in upstream_of(session.graph, chosen, session.layout.elsewhere):
        if not has_its_columns(session, feature):
            with session.connection.writing(), session.connection.transaction():
                ensure_storage(session, feature)


def has_its_columns(session: Session, feature: Feature) -> bool:
    """Whether a feature has a table, and that has all the columns that are declared."""
    stored = session.connection.columns(session.layout.samples(feature.key))
    wanted = {column.name for column in feature.columns} | set(version_names(feature))
    return stored is not None and wanted <= stored.keys()


def upstream_of(graph: Graph, chosen: set[FeatureKey], other: Elsewhere | None = None) -> list[Feature]:
    """What stands upstream of some features and is none of them, in graph order.

    What is read of another target is left out, and so is what this target has not made.
    """
    needed = set(chosen)
    apart = {*other.features, *other.lacking, *other.unfit} if other is not None else set()
    for key in reversed(list(graph.features)):
        if key in needed:
            needed |= {dep.feature for dep in graph.features[key].deps} - apart
    return [feature for key, feature in graph.features.items() if key in needed - chosen]


def run_feature(session: Session, feature: Feature, options: RunOptions) -> NodeResult:
    """Bring a feature's relations to its declaration, and compute what its increment lists.

    Errors come back in the result; nothing that was written before is lost by them.
    """
    started = time.perf_counter()
    try:
        return _run(session, feature, options, started)
    except MetasqlError as error:
        return NodeResult(
            feature.key.path,
            feature.kind.value,
            "error",
            time.perf_counter() - started,
            error.bag.sorted()[0].message,
            diagnostics=tuple(error.bag.sorted()),
        )


def _run(session: Session, feature: Feature, options: RunOptions, started: float) -> NodeResult:
    connection = session.connection
    refresh = options.full_refresh and bool(feature.bodies or feature.key in options.named)
    work, written = Counts(), 0
    with connection.transaction():
        ensure(session, feature, full_refresh=refresh)
        _hooks(session, feature, feature.pre_hook, options, "pre-hook")
        if feature.body_for(session.layout.engine) is not None:
            work, written = materialize(session, feature, full_refresh=options.full_refresh)
        elif refresh and feature.kind is Kind.EXTERNAL:
            delete_samples(session, feature, None)
        _hooks(session, feature, feature.post_hook, options, "post-hook")
    after = refresh_status(session, feature, ran=True)
    return NodeResult(
        feature.key.path,
        feature.kind.value,
        "ok",
        time.perf_counter() - started,
        _told(feature, work, written, after),
        work=work if feature.bodies else after,
        after=after,
        written=written,
        deleted=work.orphaned if feature.orphans == "delete" and feature.bodies else 0,
    )


def _told(feature: Feature, work: Counts, written: int, after: Counts) -> str:
    """What was worked off; of a feature that is computed outside, what there is to do."""
    if not feature.bodies:
        return after.text() + (" to do" if after.new or after.stale else "")
    parts = [work.text()]
    if not feature.is_expansion and written > work.new + work.stale:
        parts.append(f"{written - work.new - work.stale:,} updated")
    if after.waiting:
        parts.append(f"{after.waiting:,} waiting")
    return " · ".join(parts)


def _hooks(session: Session, feature: Feature, hooks: Sequence[str], options: RunOptions, what: str) -> None:
    this = render(table(session.layout.public(feature.key)), session.connection.dialect)
    for sql in options.render(hooks, this):
        if sql.strip():
            with told_at(feature.span), session.connection.writing():
                session.connection.run_text(sql, f"run a {what} of {feature.key}")


def materialize(session: Session, feature: Feature, *, full_refresh: bool = False) -> tuple[Counts, int]:
    """Work off the increment of a feature with a body. To be called inside a transaction.

    Gives what the increment was, and how many rows were written.
    """
    connection, layout = session.connection, session.layout
    place = place_of(feature, layout.engine)
    read = reading(session, feature)
    across = read is not None and not is_as_before(session, feature, read)
    by_delta = not (full_refresh or across) and goes_by_delta(settled(session, feature))
    unlike = _unlike(session, feature)
    plan = computation(
        feature, session.graph, layout, full_refresh=full_refresh, unlike=unlike, by_delta=by_delta, across=across
    )
    perform(session, feature, plan.finding, place)
    found = {str(status): int(units) for status, units in connection.rows(counted_work())}
    work = Counts(new=found.get("new", 0), stale=found.get("stale", 0), orphaned=found.get("orphaned", 0))
    written = 0
    if work.new or work.stale or across or feature.kind is Kind.ROOT:
        perform(session, feature, plan.computing, place)
        written = write_incoming(session, feature, place).rows
    if across and read is not None:
        remember(session, feature, read)
    if work.orphaned and feature.orphans == "delete":
        with connection.writing():
            perform(session, feature, delete_orphans(feature, layout, session.stamp()), place)
    return work, written


def _unlike(session: Session, feature: Feature) -> frozenset[str]:
    """The columns of a feature whose values have no text that is the same on every engine."""
    if not any(field.result for field in feature.fields):
        return frozenset()
    types = session.connection.columns(session.layout.of(feature.key, "samples")) or {}
    return frozenset(name for name, type_ in types.items() if session.connection.dialect.is_unlike(type_))
