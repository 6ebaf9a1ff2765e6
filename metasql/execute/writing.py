"""Put incoming rows in the place of stored ones, under one commit number."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from metasql.execute.connection import Connection
from metasql.execute.session import Session, perform
from metasql.graph.nodes import Feature
from metasql.plan.sql import select, table
from metasql.plan.write import CHANGED, CHANGED_INPUTS, LOST, find_changed, write_samples
from metasql.source import Span


@dataclass(frozen=True)
class Written:
    """Rows that changed, children that their input no longer gives, and the number of the commit if there was one."""

    rows: int = 0
    deleted: int = 0
    commit: int | None = None


def write_incoming(session: Session, feature: Feature, place: Span) -> Written:
    """Write the rows of `metasql_incoming` that change something; to be called inside a transaction."""
    connection = session.connection
    perform(session, feature, find_changed(feature, session.layout), place)
    written = row_count(connection, CHANGED)
    if not written and not (feature.is_expansion and row_count(connection, CHANGED_INPUTS)):
        return Written()
    with connection.writing():
        stamp = session.stamp()
        perform(session, feature, write_samples(feature, session.layout, stamp), place)
    return Written(written, row_count(connection, LOST) if feature.is_expansion else 0, stamp.commit)


def row_count(connection: Connection, name: str) -> int:
    """The rows of a temporary table."""
    return int(connection.rows(select(exp.Count(this=exp.Star())).from_(table(name)))[0][0])
