"""`metasql delete`: take samples out, softly or for good."""

from __future__ import annotations

from sqlglot import exp

from metasql.execute.session import Session, perform, place_of
from metasql.execute.settling import unsettle
from metasql.execute.writing import row_count
from metasql.graph.nodes import Feature
from metasql.plan.remove import GONE, delete_orphaned_steps, delete_steps, gone, orphaned
from metasql.plan.write import WORK


def delete_samples(session: Session, feature: Feature, where: exp.Expr | None, *, hard: bool = False) -> int:
    """Delete the live samples that a condition matches (all of them where it is None).

    Deleting a child of an expansion re-opens its input. To be called inside a transaction.
    Gives the number of samples.
    """
    connection, place = session.connection, place_of(feature, session.layout.engine)
    perform(session, feature, [gone(feature, session.layout, where)], place)
    found = row_count(connection, GONE)
    if found:
        if hard:
            unsettle(session, [feature.key])
        with connection.writing():
            perform(session, feature, delete_steps(feature, session.layout, session.stamp(), hard=hard), place)
    return found


def delete_orphaned(session: Session, feature: Feature, *, hard: bool = False) -> int:
    """Delete the units that the increment lists as orphaned; gives their number."""
    connection, place = session.connection, place_of(feature, session.layout.engine)
    perform(session, feature, [orphaned(feature, session.graph, session.layout)], place)
    found = row_count(connection, WORK)
    if found:
        if hard:
            unsettle(session, [feature.key])
        with connection.writing():
            steps = delete_orphaned_steps(feature, session.layout, session.stamp(), hard=hard)
            perform(session, feature, steps, place)
    return found
