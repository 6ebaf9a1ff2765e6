"""The trace of a body: for each output column the columns upstream that reach it, with kind and place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from metasql.parse.declarations import Body
from metasql.parse.sql import span_of
from metasql.source import Span
from metasql.trace.query import Tracer
from metasql.trace.reach import NOTHING, Edge, Reach, gather
from metasql.trace.relation import Relation, Table
from metasql.trace.values import Lost

ALIASES_WIN = frozenset({"clickhouse"})
"""Dialects in which a name means the output column of that name rather than the column upstream."""


@dataclass(frozen=True)
class Trace:
    """What the output columns of a body are made of.

    `rows` reaches all of them: it decides which rows there are. `lost` is what could not be followed;
    everything that it may read is among the edges.
    """

    body: Body
    relation: Relation
    lost: tuple[Lost, ...]

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The output columns, None where a star hides them."""
        return self.relation.columns

    @property
    def rows(self) -> Reach:
        return self.relation.rows

    def own(self, column: str) -> Reach:
        """What the value of one column is made of, apart from what decides about rows."""
        return self.relation.reach(column.lower(), self.body.tree) or self.relation.whole(self.body.tree)

    def reach(self, columns: Iterable[str]) -> Reach:
        """All that reaches some output columns, and with it their rows."""
        return gather([self.relation.rows, *(self.own(column) for column in columns)])

    def place(self, edge: Edge) -> Span:
        """Where the column of an edge is read, in the file as it was written."""
        return span_of(self.body.lines, edge.mention.node)


def trace(body: Body, tables: Mapping[str, Table], called: Mapping[str, str], dialect: str) -> Trace:
    """Trace a body. `tables` and `called` are by the names of tables in its tree: columns, and relations' names."""
    written = body.engine or dialect
    known = {name.lower(): table for name, table in tables.items()}
    names = {name.lower(): relation.lower() for name, relation in called.items()}
    tracer = Tracer(known, names, aliases_win=written in ALIASES_WIN)
    relation = tracer.query(body.tree, {}, (), top=True)
    return Trace(body, relation, _once(tracer.lost))


def _once(lost: Iterable[Lost]) -> tuple[Lost, ...]:
    """Each node once: an alias that is read twice is followed twice."""
    found: dict[tuple[int, str], Lost] = {}
    for item in lost:
        before = found.get((id(item.node), item.why))
        reach = item.reach | (before.reach if before is not None else NOTHING)
        found[id(item.node), item.why] = Lost(item.node, item.why, reach)
    return tuple(found.values())
