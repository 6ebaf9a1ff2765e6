"""Field → field: what a field is made of, and what it reaches."""

from __future__ import annotations

from metasql.graph.nodes import Graph
from metasql.names import FieldKey


def reached_by(graph: Graph, start: FieldKey) -> set[FieldKey]:
    """Every field that is made of a field, through any number of features."""
    found: set[FieldKey] = set()
    for key, feature in graph.features.items():
        for field in feature.fields:
            if any(parent == start or parent in found for parent in field.parents):
                found.add(FieldKey(key, field.name))
    return found


def made_of(graph: Graph, start: FieldKey) -> set[FieldKey]:
    """Every field that a field is made of, through any number of features."""
    found: set[FieldKey] = set()
    frontier = [start]
    while frontier:
        key = frontier.pop()
        for parent in graph.features[key.feature].field_named(key.field).parents:
            if parent not in found:
                found.add(parent)
                frontier.append(parent)
    return found
