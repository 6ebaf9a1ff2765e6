"""Relations of features that are no longer declared."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlglot import exp

from metasql.execute import state
from metasql.execute.session import Session
from metasql.names import FeatureKey, Relation
from metasql.plan.sql import select, table

VIEWS = ("expected", "increment", "increment_full", "summary", "errors")
TABLES = ("samples", "inputs", "history", "settled", "attempts")
TOLD = (
    "metasql_features",
    "metasql_fields",
    "metasql_field_lineage",
    "metasql_definitions",
    "metasql_relations",
    "metasql_made",
    "metasql_status",
    "metasql_stale_fields",
)
"""metasql's own tables that say something of a feature by its key."""


@dataclass(frozen=True)
class Leftover:
    """A feature that is no longer declared, and its relations. `rows` are those of its samples, deleted ones too.

    `project` is another project that ran it last; None where it was this one.
    """

    feature: str
    views: tuple[Relation, ...]
    tables: tuple[Relation, ...]
    rows: int
    project: str | None = None


def leftovers(session: Session, declared: Collection[str], project: str) -> list[Leftover]:
    """The features that the target knows and the project does not, by key."""
    connection, layout = session.connection, session.layout
    if connection.columns(layout.relation("metasql_features")) is None:
        return []
    runs = {row["run_id"]: str(row["project"]) for row in state.read(connection, layout, "metasql_runs")}
    found = []
    for row in sorted(state.read(connection, layout, "metasql_features"), key=lambda item: str(item["feature"])):
        key = FeatureKey(str(row["feature"]))
        if key.path in declared:
            continue
        owner = runs.get(row["run_id"], project)
        views = _there(session, [layout.public(key), *(layout.of(key, name) for name in VIEWS)])
        tables = _there(session, [layout.of(key, name) for name in TABLES])
        rows = sum(_count(session, item) for item in tables if item == layout.of(key, "samples"))
        found.append(Leftover(key.path, views, tables, rows, owner if owner != project else None))
    return found


def _there(session: Session, relations: Sequence[Relation]) -> tuple[Relation, ...]:
    return tuple(item for item in relations if session.connection.columns(item) is not None)


def _count(session: Session, relation: Relation) -> int:
    return int(session.connection.rows(select(exp.Count(this=exp.Star())).from_(table(relation)))[0][0])


def drop(session: Session, item: Leftover) -> None:
    """Drop the relations of a feature, and what metasql's own tables say of it; logs stay."""
    connection, layout = session.connection, session.layout
    with connection.writing(), connection.transaction():
        for view in item.views:
            connection.drop_view(view)
        for relation in item.tables:
            connection.drop_table(relation)
        for name in TOLD:
            state.replace(connection, layout, name, {"feature": item.feature}, [])
        state.replace(connection, layout, "metasql_meta", {"name": f"read by {item.feature}"}, [])
