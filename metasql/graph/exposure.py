"""What people make of features and datasets outside of the warehouse, as frozen values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from metasql.diagnostics import Bag, candidates, suggest
from metasql.names import FeatureKey
from metasql.parse.declarations import Declarations, ExposureDecl
from metasql.source import NOWHERE, Span, span_of


@dataclass(frozen=True)
class Exposure:
    """A dashboard, a notebook, an application. `features` and `datasets` are what it is made of."""

    name: str
    type: str
    features: tuple[FeatureKey, ...]
    datasets: tuple[str, ...]
    label: str | None = None
    url: str | None = None
    maturity: str | None = None
    owner: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    tags: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""
    span: Span = NOWHERE

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {
            "path": self.path,
            "type": self.type,
            "label": self.label,
            "url": self.url,
            "maturity": self.maturity,
            "owner": dict(self.owner),
            "description": self.description,
            "tags": list(self.tags),
            "meta": dict(self.meta),
            "features": [str(key) for key in self.features],
            "datasets": list(self.datasets),
        }


def link_exposures(
    declarations: Declarations,
    features: Collection[FeatureKey],
    datasets: Collection[str],
    broken: Collection[str],
    bag: Bag,
) -> dict[str, Exposure]:
    """The exposures by name; what is wrong is in the bag and left out."""
    declared = {str(decl.name) for decl in declarations.datasets}
    found = {}
    for decl in declarations.exposures:
        known = [*map(str, features), *datasets]
        _check_names(decl, {*known, *broken, *declared}, known, bag)  # what is broken has been told
        found[str(decl.name)] = Exposure(
            name=str(decl.name),
            type=decl.type,
            features=tuple(FeatureKey(str(word)) for word in decl.depends_on if FeatureKey(str(word)) in features),
            datasets=tuple(str(word) for word in decl.depends_on if str(word) in datasets),
            label=decl.label,
            url=decl.url,
            maturity=decl.maturity,
            owner=decl.owner,
            description=decl.description,
            tags=decl.tags,
            meta=decl.meta,
            path=decl.path,
            span=span_of(decl.name),
        )
    return dict(sorted(found.items()))


def _check_names(decl: ExposureDecl, there: Collection[str], known: Collection[str], bag: Bag) -> None:
    for word in decl.depends_on:
        if str(word) not in there:
            bag.error(
                "MS0330",
                f"there is no feature and no dataset `{word}`",
                span_of(word),
                label="unknown",
                notes=[f"features and datasets: {candidates(known)}"],
                help=suggest(str(word), known) or "`metasql ls` lists the features",
            )
