"""The manifest with some features made anew: their entries, and the versions of what is downstream of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from typing import Any

from metasql.graph.nodes import Feature
from metasql.graph.version import Hasher
from metasql.names import FeatureKey
from metasql.report.artifacts import feature_entry


def with_features(document: Mapping[str, Any], made: Iterable[Feature], hasher: Hasher) -> dict[str, Any]:
    """The document once more. Of a feature made anew, all that others can see is as it was."""
    entries: dict[str, Any] = {**document["features"], **{str(feature.key): feature_entry(feature) for feature in made}}
    above = {key: [dep["feature"] for dep in entry["deps"]] for key, entry in entries.items()}
    versions: dict[str, str] = {}
    for key in TopologicalSorter(above).static_order():
        entries[key] = _versioned(FeatureKey(key), entries[key], versions, hasher)
    whole = hasher.project_version((key, entry["version"]) for key, entry in entries.items())
    return {**document, "project": {**document["project"], "digest": whole}, "features": entries}


def _versioned(key: FeatureKey, entry: Mapping[str, Any], versions: dict[str, str], hasher: Hasher) -> dict[str, Any]:
    """An entry with the versions that follow from its own words and from what is upstream of it."""
    fields = []
    for item in entry["fields"]:
        parents = [versions[name] for name in item["made_of"]]
        version = hasher.field_version(key, item["name"], item["code_version"], parents)
        versions[f"{key}.{item['name']}"] = version
        fields.append({**item, "version": version})
    whole = hasher.feature_version(key, ((item["name"], item["version"]) for item in fields))
    return {**entry, "fields": fields, "version": whole}
