"""`manifest.json` as dbt has it, schema version 12: who reads those reads the graph from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from metasql.report.artifacts import write_document
from metasql.report.dbt.common import Place, head
from metasql.report.dbt.exposures import exposure_entry
from metasql.report.dbt.nodes import Node, dataset_node, foreign_entry, model_node, seed_node, source_entry, test_node

MANIFEST = "manifest.json"
OVERVIEW = "doc.dbt.__overview__"
"""The page that dbt's documentation begins with: it must be there."""


def write_manifest(place: Place, invocation: str, moment: str) -> Path:
    return write_document(place.folder / MANIFEST, manifest(place, invocation, moment))


def manifest(place: Place, invocation: str, moment: str) -> dict[str, Any]:
    """The graph as dbt's manifest; nothing of dbt's own is in it but what its readers ask for."""
    found = [source_entry(item, place) for item in place.graph.sources.values()]
    found += [foreign_entry(key, place) for key in place.foreign]
    nodes = {node["unique_id"]: node for node in sorted(_nodes(place), key=lambda node: node["unique_id"])}
    sources = {item["unique_id"]: item for item in sorted(found, key=lambda item: item["unique_id"])}
    shown = [exposure_entry(item, place) for _, item in sorted(place.graph.exposures.items())]
    exposures = {item["unique_id"]: item for item in shown}
    above = {name: list(node["depends_on"].get("nodes", ())) for name, node in nodes.items()}
    above |= {name: [] for name in sources}
    above |= {name: item["depends_on"]["nodes"] for name, item in exposures.items()}
    return {
        "metadata": _metadata(place, invocation, moment),
        "nodes": nodes,
        "sources": sources,
        "macros": {},
        "docs": {OVERVIEW: _overview(place)},
        "exposures": exposures,
        "metrics": {},
        "groups": {},
        "selectors": {},
        "disabled": {},
        "parent_map": above,
        "child_map": _turned(above),
        "group_map": {},
        "saved_queries": {},
        "semantic_models": {},
        "unit_tests": {},
    }


def _nodes(place: Place) -> list[Node]:
    graph = place.graph
    return [
        *(model_node(feature, place) for feature in graph.features.values()),
        *(dataset_node(dataset, place) for dataset in graph.datasets.values()),
        *(seed_node(seed, place) for seed in graph.seeds.values()),
        *(test_node(item, place) for item in graph.assertions),
    ]


def _metadata(place: Place, invocation: str, moment: str) -> dict[str, Any]:
    name = place.config.name
    return {
        **head("manifest", 12, invocation, moment),
        "project_name": name,
        "project_id": hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(),
        "user_id": None,
        "send_anonymous_usage_stats": False,
        "adapter_type": place.target.type,
    }


def _overview(place: Place) -> Mapping[str, str]:
    name = place.config.name
    text = (
        f"# {name}\n\nThis is a metasql project. Its *models* are features: tables of samples. What a feature is made "
        "of, field by field, stands in `meta` as `metasql`; `metasql lineage` follows it."
    )
    return {
        "name": "__overview__",
        "resource_type": "doc",
        "package_name": "dbt",
        "path": "overview.md",
        "original_file_path": "docs/overview.md",
        "unique_id": OVERVIEW,
        "block_contents": text,
    }


def _turned(above: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The other way round: of each what is made of it."""
    below: dict[str, list[str]] = {name: [] for name in above}
    for name, parents in above.items():
        for parent in parents:
            below.setdefault(parent, []).append(name)
    return {name: sorted(children) for name, children in below.items()}
