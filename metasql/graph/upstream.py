"""What stands upstream of the feature that is being linked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from metasql.graph.nodes import Feature
from metasql.names import FeatureKey
from metasql.parse.declarations import Declarations


@dataclass(frozen=True)
class Upstream:
    """What is linked already, and the names of what could not be."""

    features: Mapping[FeatureKey, Feature]
    broken: set[str]
    disabled: frozenset[str]
    declarations: Declarations

    def columns_of(self, name: str) -> tuple[str, ...] | None:
        """The columns of a feature or seed as a body sees them; None where they are not known."""
        feature = self.features.get(FeatureKey(name))
        if feature is not None:
            return tuple(column.name for column in feature.columns)
        for seed in self.declarations.seeds:
            if str(seed.name) == name:
                return seed.header
        return None

    def columns_of_source(self, source: str, table: str) -> tuple[str, ...] | None:
        """The declared columns of a source table; None where none are declared."""
        for item in self.declarations.sources:
            if (str(item.source), str(item.table)) == (source, table) and item.columns:
                return tuple(str(column.name) for column in item.columns)
        return None
