"""Features of other projects, before they are read: their relations are there, and as they were told to be."""

from __future__ import annotations

from collections.abc import Iterable

from metasql.diagnostics import Bag, MetasqlError, candidates
from metasql.execute import state
from metasql.execute.session import Session
from metasql.graph.nodes import Dependency, Feature
from metasql.names import data_version_column
from metasql.plan.layout import Layout, Place


def check_projects(session: Session, features: Iterable[Feature]) -> None:
    """What some features read of other projects.

    Raises: MetasqlError MS0690 (no metasql wrote there), MS0606 (a newer one did), MS0692 (a feature is not there, or
    has another form).
    """
    bag = Bag()
    read = {dep.feature: dep for feature in features for dep in feature.deps if dep.feature.project}
    for project in sorted({key.project for key in read}):
        _check_place(session, project, session.layout.projects[project])
    for key, dep in sorted(read.items(), key=lambda item: str(item[0])):
        _check_feature(session, session.graph.features[key], dep, bag)
    bag.raise_errors()


def _check_place(session: Session, project: str, place: Place) -> None:
    layout = Layout(place.schema, session.layout.engine, place.catalog)
    if session.connection.columns(layout.relation("metasql_meta")) is None:
        raise nothing_there(project, place)
    version = state.meta(session.connection, layout, "version")
    if version is not None and int(version) > int(state.VERSION):
        raise state.newer(version)


def _check_feature(session: Session, feature: Feature, dep: Dependency, bag: Bag) -> None:
    relation = session.layout.samples(feature.key)
    stored = session.connection.columns(relation)
    wanted = [*feature.id_columns, *(column.name for column in feature.columns)]
    wanted += [data_version_column(field.name) for field in feature.fields]
    lacking = [name for name in dict.fromkeys(wanted) if stored is not None and name not in stored]
    if stored is not None and not lacking:
        return
    notes = [f"`{relation}` is not there" if stored is None else f"`{relation}` lacks: {candidates(lacking)}"]
    bag.error(
        "MS0692",
        f"`{feature.key}` is not in the warehouse as its project declares it",
        dep.span,
        notes=notes,
        help=f"run it in the project `{feature.key.project}`: `metasql run --select {feature.key.there}`",
    )


def nothing_there(project: str, place: Place) -> MetasqlError:
    """The error for a place that no metasql wrote to."""
    where = ".".join(part for part in (place.catalog, place.schema) if part)
    return MetasqlError.of(
        "MS0690",
        f"`{where}`, where the features of `{project}` are to be, holds no tables of metasql's",
        help=f"run the project `{project}` there first, or correct `schema` in `dependencies`",
    )
