"""Where everything lies in the warehouse: the relations of a target's schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from metasql.diagnostics import Diagnostic
from metasql.graph.nodes import Graph
from metasql.names import FeatureKey, Relation
from metasql.parse.declarations import Ref


@dataclass(frozen=True)
class Elsewhere:
    """Another target, of which some features are read because this one has none of them: they are never written.

    `features` are these. `lacking` are in neither of the two, and `unfit` are there in a form that cannot be read here.
    """

    target: str
    schema: str
    catalog: str | None
    features: frozenset[FeatureKey]
    lacking: frozenset[FeatureKey] = frozenset()
    unfit: Mapping[FeatureKey, Diagnostic] = field(default_factory=dict)

    def relation(self, name: str) -> Relation:
        return Relation(self.schema, name, self.catalog)


@dataclass(frozen=True)
class Place:
    """Where the relations of another project lie."""

    schema: str
    catalog: str | None = None

    def relation(self, name: str) -> Relation:
        return Relation(self.schema, name, self.catalog)


@dataclass(frozen=True)
class Layout:
    """The schema of a target, and the engine whose bodies are used there.

    `spread`: rows lie on several nodes. `elsewhere`: what is read of another target; `projects`: where other
    projects lie. What is written is always here.
    """

    schema: str
    engine: str
    catalog: str | None = None
    spread: bool = False
    elsewhere: Elsewhere | None = field(default=None, repr=False)
    projects: Mapping[str, Place] = field(default_factory=dict, repr=False)

    def relation(self, name: str) -> Relation:
        return Relation(self.schema, name, self.catalog)

    def public(self, key: FeatureKey) -> Relation:
        """`X`: the live samples."""
        return self.relation(key.relation)

    def of(self, key: FeatureKey, suffix: str) -> Relation:
        """`X__samples`, `X__increment` and so on."""
        return self.relation(f"{key.relation}__{suffix}")

    def is_deferred(self, key: FeatureKey) -> bool:
        """Whether a feature is read from another target, or of another project."""
        return bool(key.project) or (self.elsewhere is not None and key in self.elsewhere.features)

    def source_of(self, key: FeatureKey) -> str | None:
        """From where a feature is read; None where that is here."""
        if key.project:
            return f"the project {key.project}"
        return self.elsewhere.target if self.elsewhere is not None and key in self.elsewhere.features else None

    def samples(self, key: FeatureKey) -> Relation:
        """`X__samples` where it is read: here, or of another target."""
        return self._read(key, f"{key.there.relation}__samples")

    def live(self, key: FeatureKey) -> Relation:
        """`X` where it is read."""
        return self._read(key, key.there.relation)

    def _read(self, key: FeatureKey, name: str) -> Relation:
        if key.project:
            return self.projects[key.project].relation(name)
        other = self.elsewhere
        return other.relation(name) if other is not None and key in other.features else self.relation(name)

    def outside(self, ref: Ref, graph: Graph) -> Relation | None:
        """The relation of a seed or a source; None where the ref is a feature."""
        if ref.kind == "source":
            source = graph.sources[(str(ref.name), str(ref.table))]
            return Relation(source.schema, source.identifier, source.database)
        return self.relation(str(ref.name)) if str(ref.name) in graph.seeds else None
