"""How much there is to do, as the increments tell it now."""

from __future__ import annotations

from collections.abc import Iterable

from metasql.execute import state
from metasql.execute.results import Counts
from metasql.execute.session import Session
from metasql.execute.settling import can_delta, goes_by_delta, settle, settled
from metasql.graph.nodes import Feature
from metasql.plan.increment import compare, counted, unsettled


def count(session: Session, feature: Feature) -> Counts:
    """The units of a feature that are not settled, by status and by stale field and reason; writes nothing."""
    by_delta = goes_by_delta(settled(session, feature))
    units = unsettled(compare(feature, session.graph, session.layout, by_delta=by_delta))
    query = counted(units.subquery("unit", copy=False))
    return _counts(session, feature, session.connection.rows(query, f"count what is to be done for {feature.key}"))


def refresh_status(session: Session, feature: Feature, *, ran: bool = False) -> Counts:
    """Count a feature's increment, write it to `metasql_status` and `metasql_stale_fields`, and settle the rest."""
    if not can_delta(session, feature):
        found = count(session, feature)
        with session.connection.writing(), session.connection.transaction():
            state.write_status(session, feature, found, ran=ran)
        return found
    with session.connection.transaction():
        found = _counts(session, feature, settle(session, feature))
        with session.connection.writing():
            state.write_status(session, feature, found, ran=ran)
    return found


def _counts(session: Session, feature: Feature, rows: Iterable[tuple[str, str, str, int]]) -> Counts:
    by_status: dict[str, int] = {}
    by_field: dict[tuple[str, str], int] = {}
    for status, reason, fields, units in rows:
        by_status[status] = by_status.get(status, 0) + units
        if status == "stale":
            for field in str(fields).split(","):
                by_field[field, reason] = by_field.get((field, reason), 0) + units
    return Counts(
        live=state.live_count(session, feature),
        new=by_status.get("new", 0),
        stale=by_status.get("stale", 0),
        orphaned=by_status.get("orphaned", 0),
        waiting=by_status.get("waiting", 0),
        fields=by_field,
    )
