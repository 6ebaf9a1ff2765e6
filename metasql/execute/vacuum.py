"""`metasql vacuum`: remove for good what was deleted, or replaced, some time ago."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from metasql.execute.session import Session, perform, place_of
from metasql.execute.settling import unsettle
from metasql.execute.writing import row_count
from metasql.graph.nodes import Feature
from metasql.plan.vacuum import HISTORY, erase, find, removed, tables_of


def cutoff(age: timedelta) -> str:
    """The time that lies so far back, in UTC as SQL writes it."""
    return (datetime.now(timezone.utc) - age).strftime("%Y-%m-%d %H:%M:%S.%f")


def vacuum(session: Session, feature: Feature, before: str, *, history: bool, dry_run: bool) -> Mapping[str, int]:
    """Remove rows of `X__samples` and `X__inputs` that were deleted before a time; with `history`, replaced ones too.

    Gives the number of rows by table suffix; with `dry_run` they stay. Tables that are not there have none.
    """
    connection, place = session.connection, place_of(feature, session.layout.engine)
    found: dict[str, int] = {}
    with connection.transaction():
        for suffix, key in tables_of(feature, history=history):
            relation = session.layout.of(feature.key, suffix)
            if connection.columns(relation) is None:
                continue
            perform(session, feature, [find(feature, session.layout, suffix, key, before)], place)
            found[suffix] = row_count(connection, removed(suffix))
            if dry_run or not found[suffix]:
                continue
            if suffix != HISTORY:
                unsettle(session, [feature.key])
            with connection.writing():
                perform(session, feature, [erase(feature, session.layout, suffix, key)], place)
    return found
