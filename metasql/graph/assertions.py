"""Which nodes an assertion reads, and which assertions go with a selection."""

from __future__ import annotations

from collections.abc import Iterable

from metasql.graph.nodes import Graph
from metasql.parse.declarations import AssertionDecl


def names_of(assertion: AssertionDecl) -> frozenset[str]:
    """The features and seeds that an assertion reads."""
    return frozenset(str(ref.name) for ref in assertion.refs if ref.kind == "ref")


def chosen_assertions(graph: Graph, chosen: Iterable[str]) -> list[AssertionDecl]:
    """The assertions that read selected nodes alone, or belong to one of them."""
    names = set(chosen)
    return [item for item in graph.assertions if _is_chosen(item, names)]


def _is_chosen(assertion: AssertionDecl, names: set[str]) -> bool:
    if assertion.feature is not None:
        return assertion.feature in names
    return bool(names_of(assertion) & names)
