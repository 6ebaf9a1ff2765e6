"""Exposures as dbt's manifest has them."""

from __future__ import annotations

from metasql.graph.exposure import Exposure
from metasql.report.artifacts import plain_value
from metasql.report.dbt.common import Place
from metasql.report.dbt.nodes import Node


def exposure_entry(item: Exposure, place: Place) -> Node:
    """A dashboard, a notebook, an application, and what it shows."""
    nodes = [*(place.model(key) for key in item.features), *(place.dataset(name) for name in item.datasets)]
    names = [*(key.relation for key in item.features if not key.project), *item.datasets]
    meta = plain_value(item.meta)
    return {
        "name": item.name,
        "resource_type": "exposure",
        "package_name": place.config.name,
        "path": item.path,
        "original_file_path": item.path,
        "unique_id": f"exposure.{place.config.name}.{item.name}",
        "fqn": [place.config.name, item.name],
        "type": item.type,
        "owner": {"email": item.owner.get("email"), "name": item.owner.get("name")},
        "description": item.description,
        "label": item.label,
        "maturity": item.maturity,
        "url": item.url,
        "tags": list(item.tags),
        "meta": meta,
        "config": {"enabled": True, "tags": list(item.tags), "meta": meta},
        "unrendered_config": {},
        "depends_on": {"macros": [], "nodes": list(dict.fromkeys(nodes))},
        "refs": [{"name": name, "package": None, "version": None} for name in dict.fromkeys(names)],
        "sources": [name.split(".", 3)[2:] for name in nodes if name.startswith("source.")],
        "metrics": [],
    }
