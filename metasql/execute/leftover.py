"""Relations of features and datasets that are no longer declared."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from metasql.execute import state
from metasql.execute.connection import Value
from metasql.execute.dataset import KIND as DATASET
from metasql.execute.session import Session
from metasql.names import FeatureKey, Relation
from metasql.plan.dataset import relation_of
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
    """A feature, or a dataset by its node's name, that is no longer declared, and its relations.

    `rows` are those of its samples, deleted ones too. The frozen versions of a dataset are not among the relations.

    `project` is another project that ran it last; None where it was this one.
    """

    feature: str
    views: tuple[Relation, ...]
    tables: tuple[Relation, ...]
    rows: int
    project: str | None = None


def leftovers(session: Session, declared: Collection[str], project: str) -> list[Leftover]:
    """The features and datasets that the target knows and the project does not; datasets come last.

    `declared` holds the keys of features, and the names of the nodes of datasets.
    """
    connection, layout = session.connection, session.layout
    if connection.columns(layout.relation("metasql_features")) is None:
        return []
    runs = {row["run_id"]: str(row["project"]) for row in state.read(connection, layout, "metasql_runs")}
    return [*_features(session, declared, project, runs), *_datasets(session, declared, project, runs)]


def _features(
    session: Session, declared: Collection[str], project: str, runs: Mapping[Value, str]
) -> Iterator[Leftover]:
    connection, layout = session.connection, session.layout
    for row in sorted(state.read(connection, layout, "metasql_features"), key=lambda item: str(item["feature"])):
        key = FeatureKey(str(row["feature"]))
        if key.path in declared:
            continue
        owner = runs.get(row["run_id"], project)
        views = _there(session, [layout.public(key), *(layout.of(key, name) for name in VIEWS)])
        tables = _there(session, [layout.of(key, name) for name in TABLES])
        rows = sum(_count(session, item) for item in tables if item == layout.of(key, "samples"))
        yield Leftover(key.path, views, tables, rows, owner if owner != project else None)


def _datasets(
    session: Session, declared: Collection[str], project: str, runs: Mapping[Value, str]
) -> Iterator[Leftover]:
    """The views of datasets: which project's a dataset is, the last run that had it as a node says."""
    connection, layout = session.connection, session.layout
    told = state.read(connection, layout, "metasql_relations")
    for node in sorted({str(row["feature"]) for row in told} - set(declared)):
        if not node.startswith(f"{DATASET}:"):
            continue
        results = state.read(connection, layout, "metasql_run_results", node=node)
        last = max(results, key=lambda row: str(row["finished_at"]), default=None)
        owner = runs.get(last["run_id"], project) if last is not None else project
        views = _there(session, [layout.relation(node.removeprefix(f"{DATASET}:"))])
        yield Leftover(node, views, (), 0, owner if owner != project else None)


def _there(session: Session, relations: Sequence[Relation]) -> tuple[Relation, ...]:
    """Those that there are, and that nothing has by now that is declared: a dataset may get the name of a feature."""
    graph, layout = session.graph, session.layout
    taken = {layout.public(key) for key in graph.features}
    taken |= {relation_of(dataset, layout) for dataset in graph.datasets.values()}
    return tuple(item for item in relations if item not in taken and session.connection.columns(item) is not None)


def _count(session: Session, relation: Relation) -> int:
    return int(session.connection.rows(select(exp.Count(this=exp.Star())).from_(table(relation)))[0][0])


def drop(session: Session, item: Leftover) -> None:
    """Drop the relations of a feature or dataset, and what metasql's own tables say of it; logs stay."""
    connection, layout = session.connection, session.layout
    with connection.writing(), connection.transaction():
        for view in item.views:
            connection.drop_view(view)
        for relation in item.tables:
            connection.drop_table(relation)
        for name in TOLD:
            state.replace(connection, layout, name, {"feature": item.feature}, [])
        state.replace(connection, layout, "metasql_meta", {"name": f"read by {item.feature}"}, [])
