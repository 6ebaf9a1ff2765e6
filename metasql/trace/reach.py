"""What reaches a value: the columns upstream, each with how and where it is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from sqlglot import exp


class EdgeKind(str, Enum):
    """How a column upstream reaches an output column.

    `ROWS` has no column: it says that it matters which rows the parent has.
    """

    VALUE = "value"
    FILTER = "filter"
    JOIN = "join"
    GROUP = "group"
    ORDER = "order"
    WINDOW = "window"
    ROWS = "rows"


@dataclass(frozen=True, eq=False, slots=True)
class Mention:
    """A node of the query, told from others by what it is and not by how it reads."""

    node: exp.Expr


class Edge(NamedTuple):
    """A column of a parent (the name of its table in the tree), and the place where it is read.

    `column` is None where the rows alone are meant, and `*` where a parent's columns are not known.
    """

    parent: str
    column: str | None
    kind: EdgeKind
    mention: Mention


@dataclass(frozen=True, eq=False, slots=True)
class Item:
    """One output column of one SELECT within the query; for a star, one of those that it stands for."""

    select: exp.Select
    index: int
    name: str
    node: exp.Expr


@dataclass(frozen=True, slots=True)
class Reach:
    """The edges that lead to a value, and the output columns of inner queries on the way."""

    edges: frozenset[Edge] = frozenset()
    items: frozenset[Item] = frozenset()

    def __or__(self, other: Reach) -> Reach:
        if not other.edges and not other.items:
            return self
        if not self.edges and not self.items:
            return other
        return Reach(self.edges | other.edges, self.items | other.items)

    def by(self, kind: EdgeKind) -> Reach:
        """The same as it is read in a clause. What an inner clause said of an edge stays."""
        value = EdgeKind.VALUE
        if all(edge.kind is not value for edge in self.edges):
            return self
        edges = (edge._replace(kind=kind) if edge.kind is value else edge for edge in self.edges)
        return Reach(frozenset(edges), self.items)


NOTHING = Reach()


def gather(reaches: Iterable[Reach]) -> Reach:
    """All of them together."""
    found = [reach for reach in reaches if reach.edges or reach.items]
    if len(found) < 2:
        return found[0] if found else NOTHING
    return Reach(
        frozenset().union(*(reach.edges for reach in found)),
        frozenset().union(*(reach.items for reach in found)),
    )
