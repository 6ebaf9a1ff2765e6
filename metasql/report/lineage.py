"""`metasql lineage`: which fields a field is made of, or reaches, and where the SQL says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from metasql.graph.lineage import made_of, reached_by
from metasql.graph.link_traces import own_columns, reads_of
from metasql.graph.nodes import Feature, Field, Graph
from metasql.graph.traces import traces_of
from metasql.names import FieldKey
from metasql.source import Span
from metasql.trace.body import Trace
from metasql.trace.reach import Edge


@dataclass(frozen=True)
class Read:
    """A place where the SQL reads a parent. `column` is None where it is the rows that matter."""

    column: str | None
    kind: str
    place: Span

    def as_dict(self) -> dict[str, Any]:
        span = self.place
        return {
            "column": self.column,
            "kind": self.kind,
            "place": {"file": span.source.path, "line": span.line, "column": span.column},
        }


@dataclass(frozen=True)
class Step:
    """A field and one thing that it is made of: a field, a seed or a source.

    Without `reads` the author declared it, or an outside program makes the field.
    """

    field: str
    parent: str
    reads: tuple[Read, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {"field": self.field, "parent": self.parent, "reads": [read.as_dict() for read in self.reads]}


def steps_of(feature: Feature, graph: Graph, dialect: str) -> tuple[Step, ...]:
    """What each field of a feature is made of, directly."""
    traces = traces_of(feature, graph, dialect)
    return tuple(step for field in feature.fields for step in _steps(feature, field, graph, traces))


def _steps(feature: Feature, field: Field, graph: Graph, traces: tuple[Trace, ...]) -> Iterator[Step]:
    name = str(FieldKey(feature.key, field.name))
    claimed = [column for item in feature.fields for column in item.columns]
    names = [column.name for column in feature.columns]
    own = own_columns(names, claimed, field.columns, feature.id_columns)
    found = reads_of(own, feature.id_columns, feature.unit_columns, traces, feature.deps, graph.features)
    for parent in field.parents:
        edges = found.fields.get(parent) or found.present.get(parent.feature, [])
        yield Step(name, str(parent), _reads(edges))
    for parent_name, edges in sorted(_outside(own, feature, graph, traces).items()):
        yield Step(name, parent_name, _reads(edges))


def _outside(
    columns: Iterable[str], feature: Feature, graph: Graph, traces: tuple[Trace, ...]
) -> dict[str, list[tuple[Trace, Edge]]]:
    """The seeds and sources that a field's columns read. They have no versions."""
    found: dict[str, list[tuple[Trace, Edge]]] = {}
    for trace in traces:
        names = {ref.placeholder: ref for ref in trace.body.refs}
        for edge in trace.reach([*columns, *feature.id_columns]).edges:
            ref = names.get(edge.parent)
            if ref is None:
                found.setdefault(f"table:{edge.parent}", []).append((trace, edge))
            elif ref.kind == "source":
                found.setdefault(f"source:{ref.name}.{ref.table}", []).append((trace, edge))
            elif graph.get(str(ref.name)) is None:
                found.setdefault(f"seed:{ref.name}", []).append((trace, edge))
    return found


def _reads(edges: Iterable[tuple[Trace, Edge]]) -> tuple[Read, ...]:
    """Each read once, in the order of the file; rows are left out where columns are read."""
    found = {}
    for trace, edge in edges:
        read = Read(edge.column, edge.kind.value, trace.place(edge))
        key = (read.place.source.path, read.place.start, read.kind, read.column or "")
        found[key] = read
    columns = {key: read for key, read in found.items() if read.column is not None}
    return tuple(read for _, read in sorted((columns or found).items()))


def walked(starts: Iterable[FieldKey], graph: Graph, dialect: str, *, downstream: bool) -> list[Step]:
    """All steps on the way from some fields, upstream or downstream, in the order of the graph."""
    fields = set(starts)
    for start in list(fields):
        fields |= reached_by(graph, start) if downstream else made_of(graph, start)
    steps = [step for feature in graph for step in steps_of(feature, graph, dialect) if _has(feature, fields)]
    names = {str(field) for field in fields}
    if downstream:
        return [step for step in steps if step.field in names and step.parent in names]
    return [step for step in steps if step.field in names]


def _has(feature: Feature, fields: set[FieldKey]) -> bool:
    return any(FieldKey(feature.key, item.name) in fields for item in feature.fields)


def tree_lines(start: FieldKey, steps: Iterable[Step], *, downstream: bool) -> Iterator[str]:
    """The steps as a tree for people. A field that stands in it twice is shown whole once."""
    edges: dict[str, list[tuple[str, Step]]] = {}
    for step in steps:
        here, there = (step.parent, step.field) if downstream else (step.field, step.parent)
        edges.setdefault(here, []).append((there, step))
    yield str(start)
    yield from _branches(str(start), edges, "", {str(start)})


def _branches(name: str, edges: Mapping[str, list[tuple[str, Step]]], indent: str, seen: set[str]) -> Iterator[str]:
    children = edges.get(name, [])
    for number, (child, step) in enumerate(children):
        last = number == len(children) - 1
        below = indent + ("   " if last else "│  ")
        again = child in seen and bool(edges.get(child))
        yield f"{indent}{'└─ ' if last else '├─ '}{child}{'  (see above)' if again else ''}"
        more = bool(edges.get(child)) and not again
        for read in step.reads:
            what = read.column if read.column is not None else "rows"
            kind = f" ({read.kind})" if read.column is not None and read.kind != "rows" else ""
            yield f"{below}{'│  ' if more else '   '}{what}{kind} at {read.place}"
        seen.add(child)
        if more:
            yield from _branches(child, edges, below, seen)


def document(starts: Iterable[FieldKey], steps: Iterable[Step], *, downstream: bool) -> dict[str, Any]:
    """The JSON rendering: the steps one by one, each with its places."""
    return {
        "fields": [str(start) for start in starts],
        "direction": "downstream" if downstream else "upstream",
        "steps": [step.as_dict() for step in steps],
    }
