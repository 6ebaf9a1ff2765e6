"""`catalog.json` as dbt has it, schema version 1: the columns that the warehouse has, and their types."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from metasql.names import Relation
from metasql.report.artifacts import write_document
from metasql.report.dbt.common import Place, head

CATALOG = "catalog.json"

Columns = Callable[[Relation], Mapping[str, str] | None]
"""The columns of a relation and their types, as the engine tells them; None where there is none."""


def write_catalog(place: Place, columns: Columns, invocation: str, moment: str) -> Path:
    return write_document(place.folder / CATALOG, catalog(place, columns, invocation, moment))


def catalog(place: Place, columns: Columns, invocation: str, moment: str) -> dict[str, Any]:
    """What of the graph is there; what was never run is left out, as dbt does it."""
    return {
        "metadata": head("catalog", 1, invocation, moment),
        "nodes": _tables(place, _nodes(place), columns),
        "sources": _tables(place, _sources(place), columns),
        "errors": None,
    }


def _nodes(place: Place) -> Iterator[tuple[str, str, Relation, Mapping[str, str]]]:
    """Name in the manifest, kind, relation, and what is said about columns."""
    for feature in place.graph.features.values():
        told = {item.name: item.description for item in feature.columns}
        yield place.model(feature.key), "VIEW", place.layout.public(feature.key), told
    for name in place.graph.datasets:
        yield place.dataset(name), "VIEW", place.layout.relation(name), {}
    for name in place.graph.seeds:
        yield place.seed(name), "BASE TABLE", place.layout.relation(name), {}


def _sources(place: Place) -> Iterator[tuple[str, str, Relation, Mapping[str, str]]]:
    for (source, name), item in place.graph.sources.items():
        told = {str(column.name): column.description for column in item.columns}
        relation = Relation(item.schema, item.identifier, item.database)
        yield place.source(source, name), "BASE TABLE", relation, told
    for key in place.foreign:
        yield place.model(key), "VIEW", place.layout.live(key), {}


def _tables(
    place: Place, relations: Iterator[tuple[str, str, Relation, Mapping[str, str]]], columns: Columns
) -> dict[str, Any]:
    found = {}
    for name, kind, relation, told in sorted(relations, key=lambda item: item[0]):
        types = columns(relation)
        if types is not None:
            found[name] = _table(place, name, kind, relation, told, types)
    return found


def _table(
    place: Place, name: str, kind: str, relation: Relation, told: Mapping[str, str], types: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "metadata": {
            "type": kind,
            "database": relation.catalog or place.database or None,
            "schema": relation.schema,
            "name": relation.name,
            "comment": None,
            "owner": None,
        },
        "columns": {
            column: {"type": type, "index": index, "name": column, "comment": told.get(column) or None}
            for index, (column, type) in enumerate(types.items(), 1)
        },
        "stats": {
            "has_stats": {
                "id": "has_stats",
                "label": "Has Stats?",
                "value": False,
                "include": False,
                "description": "Indicates whether there are statistics for this table",
            }
        },
        "unique_id": name,
    }
