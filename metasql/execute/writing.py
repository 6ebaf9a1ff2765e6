"""Put incoming rows in the place of stored ones, under one commit number."""

from __future__ import annotations

from sqlglot import exp

from metasql.execute.connection import Connection
from metasql.execute.session import Session, perform
from metasql.graph.nodes import Feature
from metasql.plan.sql import select, table
from metasql.plan.write import CHANGED, CHANGED_INPUTS, find_changed, write_samples
from metasql.source import Span


def write_incoming(session: Session, feature: Feature, place: Span) -> tuple[int, int | None]:
    """Write the rows of `metasql_incoming` that change something; to be called inside a transaction.

    Gives their number and the commit number, None where nothing changed.
    """
    connection = session.connection
    perform(connection, find_changed(feature, session.layout), place)
    written = row_count(connection, CHANGED)
    if not written and not (feature.is_expansion and row_count(connection, CHANGED_INPUTS)):
        return 0, None
    with connection.writing():
        stamp = session.stamp()
        perform(connection, write_samples(feature, session.layout, stamp), place)
    return written, stamp.commit


def row_count(connection: Connection, name: str) -> int:
    """The rows of a temporary table."""
    return int(connection.rows(select(exp.Count(this=exp.Star())).from_(table(name)))[0][0])
