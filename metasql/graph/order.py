"""The order in which features can be computed, and the cycles that forbid one."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from metasql.diagnostics import Bag, Label
from metasql.parse.declarations import FeatureDecl
from metasql.source import Word, span_of


def upstream_names(decl: FeatureDecl, known: Mapping[str, FeatureDecl]) -> list[Word]:
    """The declared features that a feature's dependencies and bodies name, each once."""
    names = [dep.feature for dep in decl.deps]
    names += [ref.name for body in decl.bodies.values() for ref in body.refs if ref.kind == "ref"]
    return list({str(name): name for name in names if name in known}.values())


def in_order(decls: Mapping[str, FeatureDecl], bag: Bag) -> list[FeatureDecl]:
    """Declarations, upstream first; features of a cycle are reported and left out."""
    remaining = dict(decls)
    while True:
        sorter: TopologicalSorter[str] = TopologicalSorter()
        for key in sorted(remaining):
            sorter.add(key, *(str(name) for name in upstream_names(remaining[key], remaining)))
        try:
            return [remaining[key] for key in sorter.static_order()]
        except CycleError as error:
            cycle = [str(key) for key in error.args[1]][::-1]
            _report(cycle, remaining, bag)
            for key in set(cycle):
                del remaining[key]


def _report(cycle: list[str], decls: Mapping[str, FeatureDecl], bag: Bag) -> None:
    start = cycle.index(min(cycle))
    ring = cycle[start:-1] + cycle[: start + 1] if cycle[0] == cycle[-1] else cycle
    edges = list(pairwise(ring))
    labels = [
        Label(span_of(name), f"`{child}` reads `{name}`")
        for child, parent in edges
        for name in upstream_names(decls[child], decls)
        if name == parent
    ]
    bag.error(
        "MS0332",
        f"features depend on each other in a circle: {' → '.join(ring)}",
        labels[0].span if labels else decls[ring[0]].span,
        label=labels[0].message if labels else "",
        secondary=labels[1:],
        help="take one of these dependencies away; no feature can be computed before itself",
    )
