"""`metasql dataset promote` and `rollback`: which version is the current one."""

from __future__ import annotations

from metasql.execute import state
from metasql.execute.session import Session
from metasql.execute.snapshot import checked_table
from metasql.execute.versions import (
    CURRENT,
    DATASET,
    DatasetVersion,
    before_current,
    dataset_version,
    note_promotion,
)
from metasql.plan.sql import cols, select, table


def promote_dataset(session: Session, name: str, version: str | int) -> DatasetVersion:
    """Let `NAME__current` be a version.

    Raises: MetasqlError MS0671 for a version that there is not, MS0673 where its table is gone.
    """
    chosen = dataset_version(session, name, version)
    _point(session, chosen, "promote")
    return dataset_version(session, name, chosen.version)


def rollback_dataset(session: Session, name: str) -> DatasetVersion:
    """Let `NAME__current` be the version that was promoted before the present one.

    Raises: MetasqlError MS0674 where there is none, MS0673 where its table is gone.
    """
    chosen = dataset_version(session, name, before_current(session, DATASET, name))
    _point(session, chosen, "rollback")
    return dataset_version(session, name, chosen.version)


def _point(session: Session, version: DatasetVersion, action: str) -> None:
    state.ensure_tables(session.connection, session.layout)
    checked_table(session, version)
    with session.connection.writing(), session.connection.transaction():
        point(session, version, action)


def point(session: Session, version: DatasetVersion, action: str) -> None:
    """The log says what is current; a view says it to those who read the warehouse by themselves.

    To promote what is current already makes the view alone: it heals what a killed command left. To be called inside a
    transaction and `writing()`.

    Raises: MetasqlError MS0673 where the table is gone.
    """
    relation = checked_table(session, version)
    names = session.connection.columns(relation) or {}
    view = select(*cols(names, "frozen")).from_(table(relation, "frozen"))
    if not (version.is_current and action == "promote"):
        note_promotion(session, DATASET, version.dataset, str(version.version), action)
    session.connection.create_view(session.layout.relation(f"{version.dataset}__{CURRENT}"), view)
