"""Where everything lies in the warehouse: the relations of a target's schema."""

from __future__ import annotations

from dataclasses import dataclass

from metasql.graph.nodes import Graph
from metasql.names import FeatureKey, Relation
from metasql.parse.declarations import Ref


@dataclass(frozen=True)
class Layout:
    """The schema of a target, and the engine whose bodies are used there.

    `spread`: rows lie on several nodes.
    """

    schema: str
    engine: str
    catalog: str | None = None
    spread: bool = False

    def relation(self, name: str) -> Relation:
        return Relation(self.schema, name, self.catalog)

    def public(self, key: FeatureKey) -> Relation:
        """`X`: the live samples."""
        return self.relation(key.relation)

    def of(self, key: FeatureKey, suffix: str) -> Relation:
        """`X__samples`, `X__increment` and so on."""
        return self.relation(f"{key.relation}__{suffix}")

    def outside(self, ref: Ref, graph: Graph) -> Relation | None:
        """The relation of a seed or a source; None where the ref is a feature."""
        if ref.kind == "source":
            source = graph.sources[(str(ref.name), str(ref.table))]
            return Relation(source.schema, source.identifier, source.database)
        return self.relation(str(ref.name)) if str(ref.name) in graph.seeds else None
