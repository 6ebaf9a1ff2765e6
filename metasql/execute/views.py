"""A feature's views on the target: whether they are those of its declaration, and their replacement where not.

Two digests say so. That of a view's text (`metasql_relations`) says which views have to be replaced. Making the texts
takes ten times as long as looking at the declaration, so a digest of that (`metasql_made`) says beforehand that nothing
can have changed. The views of a root with a body are told by their texts alone: they hold what the body says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from metasql.execute import state
from metasql.execute.connection import Value
from metasql.execute.session import Session
from metasql.graph.nodes import Feature, Kind
from metasql.lower.program import program
from metasql.lower.render import Renderer
from metasql.names import FeatureKey
from metasql.plan.relations import View, views


def made_of(session: Session, feature: Feature) -> str | None:
    """A digest of what the views of a feature would be made of now; None where that cannot be told."""
    if feature.kind is Kind.ROOT and feature.bodies:
        return None
    if session.graph.features.get(feature.key) is not feature:
        return None  # the digests are those of the graph; a unit test stores rows by another code than it declares
    said = [program(), repr(session.layout), session.connection.dialect.name, session.graph.digests[feature.key]]
    said += [str(session.layout.samples(dep.feature)) for dep in feature.deps]  # here, or of another target
    return hashlib.md5("".join(said).encode(), usedforsecurity=False).hexdigest()


def told_made(session: Session) -> dict[FeatureKey, str]:
    """What the views of every feature on the target were made of; nothing where an older metasql wrote there last."""
    if session.connection.columns(session.layout.relation("metasql_made")) is None:
        return {}
    rows = state.read(session.connection, session.layout, "metasql_made")
    return {FeatureKey(str(row["feature"])): str(row["made_of"]) for row in rows}


def is_current(session: Session, feature: Feature, made: str | None = None) -> bool:
    """Whether the views of a feature on the target are those of its declaration, where they are `made` of something."""
    if made is not None and made == made_of(session, feature):
        return True
    told = _told_views(session, feature)
    return all(told.get(str(view.relation)) == digest for view, digest in _digested(session, feature))


def ensure_views(session: Session, feature: Feature) -> bool:
    """Replace the views whose texts are not those that are there; says whether there were any."""
    connection, layout, key = session.connection, session.layout, feature.key.path
    made = made_of(session, feature)
    before = state.read(connection, layout, "metasql_made", feature=key)
    if made is not None and any(row["made_of"] == made for row in before):
        return False
    changed = _replace_views(session, feature)
    with connection.writing():
        rows = [{"feature": key, "made_of": made}] if made is not None else []
        state.replace(connection, layout, "metasql_made", {"feature": key}, rows)
    return changed


def _replace_views(session: Session, feature: Feature) -> bool:
    connection, layout, told = session.connection, session.layout, _told_views(session, feature)
    digests: dict[str, Value] = dict(told)
    changed: list[View] = []
    for view, digest in _digested(session, feature):
        name = str(view.relation)
        if told.get(name) != digest:
            digests[name] = digest
            changed.append(view)
    if not changed:
        return False
    key = feature.key.path
    with connection.writing():
        for view in changed:
            connection.create_view(view.relation, view.query)
        rows = [{"relation": name, "feature": key, "digest": digest} for name, digest in digests.items()]
        state.replace(connection, layout, "metasql_relations", {"feature": key}, rows)
    return True


def _told_views(session: Session, feature: Feature) -> dict[str, Value]:
    """The views of a feature that are there, with the digests of their texts."""
    rows = state.read(session.connection, session.layout, "metasql_relations", feature=feature.key.path)
    return {str(row["relation"]): row["digest"] for row in rows}


def _digested(session: Session, feature: Feature) -> Iterator[tuple[View, str]]:
    """The views of a feature with the digests of their texts.

    A digest says only whether a view has to be replaced, and is in no version. The texts are those for people:
    there, what views share is written once.
    """
    renderer = Renderer(session.connection.dialect)
    for view in views(feature, session.graph, session.layout):
        yield view, hashlib.sha256(renderer.view(view.query, pretty=True).encode()).hexdigest()
