"""The parents of a SQL feature's field: what its bodies read, held against what the author declared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from metasql.diagnostics import Bag, Label
from metasql.graph.link_deps import LinkedDep
from metasql.graph.link_traces import FieldReads, all_fields
from metasql.graph.upstream import Upstream
from metasql.names import FeatureKey, FieldKey
from metasql.parse.declarations import FieldDecl
from metasql.source import NOWHERE, Span, span_of
from metasql.trace.reach import Edge, EdgeKind


def parents_read(
    item: FieldDecl,
    declared: dict[FeatureKey, Sequence[FieldKey]],
    reads: FieldReads,
    deps: Sequence[LinkedDep],
    upstream: Upstream,
    bag: Bag,
) -> list[FieldKey]:
    """The parents of a field. `declared` has the parents that the author wrote, by dependency.

    Where nothing is written of a dependency it is what the bodies read. Where only the rows of
    it are read, any field tells of them: one that is declared, else all are parents.
    """
    found: list[FieldKey] = []
    for dep in deps:
        key = dep.dependency.feature
        read = {parent: edges for parent, edges in reads.fields.items() if parent.feature == key}
        if not read and key in reads.present and not declared.get(key):
            read = dict.fromkeys(all_fields(upstream.features[key]), reads.present[key])
        if key not in declared:
            found += read
            continue
        found += declared[key]
        missing = sorted((parent for parent in read if parent not in declared[key]), key=str)
        if missing and missing[0] not in reads.fields:
            missing = missing[:1]  # any one tells of the rows
        for parent in missing:
            _too_few(item, parent, reads.place(read[parent]), _written(item, dep), bag)
        if key in reads.seen and not (key in reads.present and not read):
            unread = {parent for parent in declared[key] if parent not in read}
            _too_many(item, sorted(unread, key=str), _written(item, dep), bag)
    return found


def _written(item: FieldDecl, dep: LinkedDep) -> Span:
    """Where the author said which fields of a dependency a field is made of."""
    if item.deps is None:
        return dep.mapping.span
    ours = [word for word in item.deps if str(word).rpartition(".")[0] == str(dep.dependency.feature)]
    return span_of(ours[0]) if ours else span_of(item.deps[0]) if item.deps else span_of(item.name)


def _too_few(item: FieldDecl, parent: FieldKey, found: tuple[Span, Edge], written: Span, bag: Bag) -> None:
    """A field reads more than the author said."""
    place, edge = found
    what = "its rows are" if edge.kind is EdgeKind.ROWS else f"`{edge.column}` is"
    way = "" if edge.kind in (EdgeKind.VALUE, EdgeKind.ROWS) else f", by {_WORDS[edge.kind]}"
    if item.deps is not None:
        help = f"add `{parent}` to the field's `deps`, or leave `deps` out: then they are what the SQL reads"
    else:
        help = f"give `{parent}` to the field in `fields` of the dependency, or leave `fields` out there"
    bag.error(
        "MS0410",
        f"field `{item.name}` reads `{parent}`, which is not declared",
        place,
        label=f"{what} read here{way}",
        secondary=[Label(written, "declared here")] if written is not NOWHERE else [],
        help=help,
    )


_WORDS = {
    EdgeKind.FILTER: "a filter",
    EdgeKind.JOIN: "a join",
    EdgeKind.GROUP: "a GROUP BY or DISTINCT",
    EdgeKind.ORDER: "an ORDER BY",
    EdgeKind.WINDOW: "a window",
}


def _too_many(item: FieldDecl, parents: Iterable[FieldKey], written: Span, bag: Bag) -> None:
    """The author said more than the bodies read. It stays: more is stale, and nothing wrongly fresh."""
    for parent in parents:
        bag.warn(
            "MS0411",
            f"field `{item.name}` is declared to be made of `{parent}`, which its SQL does not read",
            written.find(str(parent)),
            help=f"take `{parent}` away, or leave it if something that the SQL does not show is made of it",
        )
