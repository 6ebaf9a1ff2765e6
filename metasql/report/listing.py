"""`metasql ls`: the nodes of a project as plain data. Needs no warehouse."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from metasql.graph.assertions import chosen_assertions, names_of
from metasql.graph.nodes import Feature, Graph
from metasql.parse.declarations import AssertionDecl

TYPES = ("feature", "seed", "source", "assertion", "dataset")
DEFAULT_TYPES = ("feature", "seed", "source")


@dataclass(frozen=True)
class Listed:
    """One node. `kind` is a feature's kind, and the resource type of everything else."""

    key: str
    resource_type: str
    kind: str
    path: str
    tags: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    deps: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def listing(graph: Graph, chosen: Collection[str], types: Collection[str] = DEFAULT_TYPES) -> list[Listed]:
    """The chosen nodes of some types: by type, and within it by key."""
    found: list[Listed] = []
    if "feature" in types:
        found += [_feature(graph, item) for key, item in sorted(graph.features.items()) if str(key) in chosen]
    if "seed" in types:
        seeds = sorted(graph.seeds.items())
        found += [Listed(name, "seed", "seed", seed.path, seed.tags) for name, seed in seeds if name in chosen]
    if "source" in types:
        for (source, name), item in sorted(graph.sources.items()):
            key = f"source:{source}.{name}"
            if key in chosen:
                found.append(Listed(key, "source", "source", item.span.source.path))
    if "dataset" in types:
        items = [item for item in graph.datasets.values() if set(map(str, item.features)) & set(chosen)]
        found += [
            Listed(item.name, "dataset", "dataset", item.path, item.tags, (), tuple(map(str, item.features)))
            for item in items
        ]
    if "assertion" in types:
        found += _assertions(graph, chosen)
    return found


def _feature(graph: Graph, feature: Feature) -> Listed:
    reads = {f"source:{r.name}.{r.table}" for body in feature.bodies.values() for r in body.refs if r.kind == "source"}
    deps = {str(dep.feature) for dep in feature.deps} | {str(name) for name in graph.refs_of(feature)} | reads
    return Listed(
        str(feature.key),
        "feature",
        feature.kind.value,
        feature.path,
        tuple(feature.tags),
        tuple(field.name for field in feature.fields),
        tuple(sorted(deps)),
    )


def _assertions(graph: Graph, chosen: Collection[str]) -> Iterable[Listed]:
    """The assertions that `metasql test` would check for the same selection."""
    return [_assertion(item) for item in sorted(chosen_assertions(graph, chosen), key=lambda item: item.name)]


def _assertion(item: AssertionDecl) -> Listed:
    return Listed(item.name, "assertion", "assertion", item.path, item.tags, (), tuple(sorted(names_of(item))))
