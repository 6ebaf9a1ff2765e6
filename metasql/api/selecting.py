"""Which nodes a selection chooses, as far as that is known without a warehouse."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from metasql.diagnostics import Bag, MetasqlError
from metasql.graph.nodes import Feature
from metasql.names import FeatureKey
from metasql.pipeline import Project
from metasql.report.artifacts import RUN_RESULTS

Lookups = Mapping[str, Callable[[str], Iterable[str]]]
Choice = Mapping[str, Any]
"""What `--select`, `--exclude` and `--selector` say, under these names."""


def chosen_nodes(project: Project, choice: Choice, lookups: Lookups) -> tuple[set[str], Bag]:
    """The selected nodes, and what is doubtful about the selection.

    Raises: MetasqlError MS035x.
    """
    chosen, bag = project.selector(lookups).select(choice["select"], choice["exclude"], choice["selector"])
    bag.raise_errors()
    return chosen, bag


def feature_keys(project: Project, chosen: set[str]) -> list[tuple[str, Feature]]:
    """The selected features, upstream first."""
    return [(str(key), feature) for key, feature in project.graph.features.items() if str(key) in chosen]


def named_keys(project: Project, choice: Choice) -> frozenset[FeatureKey]:
    """The features that `--select` names by their whole key."""
    words = {word for words in choice["select"] for part in words.split() for word in part.split(",")}
    return frozenset(key for key in project.graph.features if str(key) in words)


def lookups_without_warehouse(project: Project) -> Lookups:
    return {"result": lambda value: _results(project, value)}


def _results(project: Project, value: str) -> Iterable[str]:
    path = project.config.root / project.config.target_path / RUN_RESULTS
    if not path.is_file():
        return []
    try:
        nodes = json.loads(path.read_text(encoding="utf-8"))["results"]
        return [node["name"] for node in nodes if node["status"] == value]
    except (ValueError, KeyError, TypeError):
        help = "remove the file; the next run writes it anew"
        raise MetasqlError.of("MS0115", f"`{path.name}` is not as metasql wrote it", help=help) from None
