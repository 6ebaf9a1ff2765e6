"""Which upstream fields each field of a SQL feature reads, as its bodies say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from metasql.diagnostics import Bag
from metasql.graph.nodes import Dependency, Feature, Lineage
from metasql.graph.traces import seen_table, trace_body
from metasql.graph.upstream import Upstream
from metasql.names import FeatureKey, FieldKey
from metasql.parse.declarations import FeatureDecl, Ref
from metasql.parse.sql import span_of as span_in
from metasql.source import Span
from metasql.trace.body import Trace
from metasql.trace.reach import Edge, EdgeKind, Reach
from metasql.trace.relation import Table


@dataclass
class FieldReads:
    """The upstream fields that a field reads, each with the edges that say so.

    `present` are the features of which it matters which rows they have, where no version of a sample
    tells of that but those of their fields: those that are optional, and the members of a group. `seen` are all
    features that the bodies name.
    """

    fields: dict[FieldKey, list[tuple[Trace, Edge]]] = field(default_factory=dict)
    present: dict[FeatureKey, list[tuple[Trace, Edge]]] = field(default_factory=dict)
    seen: set[FeatureKey] = field(default_factory=set)

    def add(self, key: FieldKey, trace: Trace, edge: Edge) -> None:
        self.fields.setdefault(key, []).append((trace, edge))

    def place(self, edges: Iterable[tuple[Trace, Edge]]) -> tuple[Span, Edge]:
        """The first place of some edges, and the edge that is read there."""
        places = [(trace.place(edge), edge) for trace, edge in edges]
        return min(places, key=lambda pair: (pair[0].source.path, pair[0].start, pair[1].kind.value))


def link_traces(
    decl: FeatureDecl, deps: Sequence[Dependency], upstream: Upstream, dialect: str, bag: Bag
) -> tuple[Trace, ...]:
    """The traces of a SQL feature's bodies. What cannot be followed is a warning where features are read by it."""
    renames = {str(dep.feature): dep.rename for dep in deps}

    def table(ref: Ref) -> Table:
        if ref.kind == "source":
            return Table(upstream.columns_of_source(str(ref.name), str(ref.table)), loose=True)
        feature = upstream.features.get(FeatureKey(str(ref.name)))
        if feature is not None:
            return seen_table(feature, renames.get(str(ref.name), {}))
        return Table(upstream.columns_of(str(ref.name)))

    traces = tuple(trace_body(body, table, dialect) for body in decl.bodies.values())
    for trace in traces:
        broken = any(item.severity.value == "error" and _is_in(item.primary.span, trace) for item in bag)
        for lost in trace.lost if not broken else ():
            _say_lost(trace, lost.why, span_in(trace.body.lines, lost.node), lost.reach, deps, bag)
    return traces


def _is_in(span: Span, trace: Trace) -> bool:
    return span.source.path == trace.body.path


def _say_lost(trace: Trace, why: str, place: Span, reach: Reach, deps: Sequence[Dependency], bag: Bag) -> None:
    features = {ref.placeholder: str(ref.name) for ref in trace.body.refs if ref.kind == "ref"}
    known = {str(dep.feature) for dep in deps}
    read = sorted({features[edge.parent] for edge in reach.edges if features.get(edge.parent) in known})
    if read:
        bag.warn(
            "MS0412",
            why,
            place,
            notes=[f"so all columns of {', '.join(f'`{name}`' for name in read)} count as read here"],
            help="write it in another way, or declare the fields' `deps`",
        )


def reads_of(
    columns: Collection[str],
    ids: Sequence[str],
    unit: Sequence[str],
    traces: Iterable[Trace],
    deps: Sequence[Dependency],
    features: Mapping[FeatureKey, Feature],
) -> FieldReads:
    """What a field with these output columns reads.

    The id columns count with it: where they are computed, they decide which samples there are. Which rows
    are there for the key of a unit is the business of the increment, so the rows alone do not count for it.
    """
    found = FieldReads()
    for trace in traces:
        owners = _Owners(trace, deps, features)
        found.seen.update(dep.feature for dep in owners.deps.values())
        for edge in trace.reach(columns).edges:
            owners.note(edge, trace, found)
        for name in ids:
            for edge in trace.own(name).edges:
                if edge.kind is not EdgeKind.ROWS or name not in unit:
                    owners.note(edge, trace, found)
    return found


class _Owners:
    """The fields that own the columns of each dependency, as a body sees them."""

    def __init__(self, trace: Trace, deps: Sequence[Dependency], features: Mapping[FeatureKey, Feature]) -> None:
        by_name = {str(dep.feature): dep for dep in deps}
        self.deps = {
            ref.placeholder.lower(): by_name[str(ref.name)]
            for ref in trace.body.refs
            if ref.kind == "ref" and str(ref.name) in by_name
        }
        self.owned = {parent: _owned(features[dep.feature], dep.rename) for parent, dep in self.deps.items()}
        self.all = {parent: all_fields(features[dep.feature]) for parent, dep in self.deps.items()}

    def note(self, edge: Edge, trace: Trace, found: FieldReads) -> None:
        """The fields that an edge leads to."""
        dep = self.deps.get(edge.parent)
        if dep is None:
            return
        if edge.column is None:
            if dep.optional or dep.lineage is Lineage.AGGREGATION:
                found.present.setdefault(dep.feature, []).append((trace, edge))
            return
        for key in self.owned[edge.parent].get(edge.column.lower(), self.all[edge.parent]):
            found.add(key, trace, edge)


def own_columns(columns: Iterable[str], claimed: Iterable[str], own: Iterable[str], ids: Iterable[str]) -> list[str]:
    """The output columns that a field has to tell of: its own, and those that no field claims.

    What reads a column that no field claims is made of all fields.
    """
    taken = {*claimed, *ids}
    return [*own, *(name for name in columns if name not in taken)]


def _owned(feature: Feature, rename: Mapping[str, str]) -> dict[str, tuple[FieldKey, ...]]:
    """The fields that own each column, under the names that a body sees; id columns have none."""
    found: dict[str, tuple[FieldKey, ...]] = {}
    for item in feature.fields:
        for name in item.columns:
            seen = rename.get(name, name).lower()
            found[seen] = (*found.get(seen, ()), FieldKey(feature.key, item.name))
    return found | {rename.get(name, name).lower(): () for name in feature.id_columns}


def all_fields(feature: Feature) -> tuple[FieldKey, ...]:
    return tuple(FieldKey(feature.key, item.name) for item in feature.fields)
