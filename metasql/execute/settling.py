"""What is settled, and up to which commit: kept in `X__settled` for increments by delta (plan/delta.py)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlglot import exp

from metasql.execute.session import Session
from metasql.graph.nodes import Feature
from metasql.names import FeatureKey
from metasql.plan import delta
from metasql.plan.increment import compare, counted, unsettled
from metasql.plan.sql import as_, coalesce, col, number, select, table
from metasql.plan.steps import Temporary

UNSETTLED = "metasql_unsettled"


@dataclass(frozen=True)
class Settled:
    """The horizon up to which a feature is settled as it is declared now, and the units that are pending.

    `little`: fewer than half of the units need a look; else it is less work to look at all of them, and takes no memory
    that grows with those.
    """

    horizon: int
    pending: int
    little: bool = field(default=True, compare=False)


def can_delta(session: Session, feature: Feature) -> bool:
    return delta.why_full(feature, session.graph, session.layout) is None


def settled(session: Session, feature: Feature) -> Settled | None:
    """None where nothing is known: then every unit has to be looked at."""
    if not can_delta(session, feature):
        return None
    if session.connection.columns(session.layout.of(feature.key, "settled")) is None:
        return None
    rows = session.connection.rows(delta.looks(feature, session.layout), "see what is settled")
    horizon, pending, written, there = rows[0]
    if horizon is None:
        return None
    return Settled(int(horizon), int(pending), 2 * (int(pending) + int(written)) < int(there))


def goes_by_delta(known: Settled | None) -> bool:
    """Whether an increment is to be found by what changed."""
    return known is not None and known.little


def last_commit(session: Session, feature: Feature) -> int:
    """The number of the last commit to a feature that is there to see; -1 where there was none."""
    last = exp.Max(this=col("metasql_commit", "sample"))
    query = select(coalesce(last, number(-1))).from_(table(session.layout.of(feature.key, "samples"), "sample"))
    return int(session.connection.rows(query, f"see the last commit to {feature.key}")[0][0])


def settle(session: Session, feature: Feature) -> list[tuple[str, str, str, int]]:
    """Judge what changed, and remember what is not settled; to be called inside a transaction.

    Gives status, reason and stale fields of the unsettled units, with their numbers.
    """
    connection, layout = session.connection, session.layout
    horizon = connection.horizon()  # before anything is read: what is published later has a higher number
    held_for = _held_for(session, feature)
    before = settled(session, feature)
    compared = compare(feature, session.graph, layout, by_delta=goes_by_delta(before))
    purpose = f"find what is not settled of {feature.key}"
    connection.apply(Temporary(purpose, UNSETTLED, unsettled(compared)), session.graph.spread[feature.key])
    found = connection.rows(counted(table(UNSETTLED, "unit")), f"count what is to be done for {feature.key}")
    pending = sum(int(row[3]) for row in found)
    if before is None or before != Settled(horizon, pending):
        with connection.writing():
            query = delta.settled(feature, layout, horizon, UNSETTLED, held_for)
            connection.store(layout.of(feature.key, "settled"), query)
    return [(str(status), str(reason), str(fields), int(units)) for status, reason, fields, units in found]


def _held_for(session: Session, feature: Feature) -> str | None:
    """What a horizon holds for, where the warehouse tells a part of it: which models are promoted now."""
    if all(field.model is None for field in feature.fields):
        return None
    query = select(as_(delta.told_definition(feature), "definition"))
    return str(session.connection.rows(query, "see which models are promoted")[0][0])


def ensure_settled(session: Session, feature: Feature) -> None:
    """Make `X__settled` where it is missing or has another unit. To be called inside a transaction."""
    if not can_delta(session, feature):
        return
    connection, relation = session.connection, session.layout.of(feature.key, "settled")
    empty = delta.settled(feature, session.layout, 0, None)
    if connection.columns(relation) != connection.describe(empty):
        with connection.writing():
            connection.store(relation, empty)


def unsettle(session: Session, keys: Iterable[FeatureKey]) -> None:
    """Rows of some features vanish or change without a commit number: they and what is made of them are looked at anew.

    To be called inside a transaction, before that happens.
    """
    graph, connection = session.graph, session.connection
    chosen = set(keys)
    chosen |= {child for key in chosen for child in graph.children.get(key, ())}
    for key in sorted(chosen, key=str):
        relation = session.layout.of(key, "settled")
        if connection.columns(relation) is not None:
            with connection.writing():
                connection.empty(relation)
