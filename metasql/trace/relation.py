"""Relations as expressions see them: tables, WITH parts, subqueries, and the frame of one SELECT."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from sqlglot import exp

from metasql.trace.reach import NOTHING, Edge, EdgeKind, Item, Mention, Reach, gather


@dataclass(frozen=True)
class Table:
    """A table that the query reads. `columns` is None where they are not known; `key` tells its rows apart.

    `loose`: it may have more columns than those.
    """

    columns: tuple[str, ...] | None
    key: tuple[str, ...] = ()
    loose: bool = False


@dataclass(frozen=True)
class Relation:
    """What stands in a FROM or JOIN.

    A table upstream has a `parent`. A derived one has `values`, which go with `columns` by position where
    all columns are known; else `rest` is what any other column may be made of. `rows` decides which rows
    there are. `carried` comes along with every column. In `keys` are sets of columns that tell its rows apart.
    `is_wide`: one of the columns may stand for several, so that the others may have other places.
    """

    names: frozenset[str] = frozenset()
    columns: tuple[str, ...] | None = None
    parent: str | None = None
    values: tuple[Reach, ...] = ()
    named: Mapping[str, Reach] = field(default_factory=dict)
    rest: Reach = NOTHING
    rows: Reach = NOTHING
    carried: Reach = NOTHING
    keys: tuple[frozenset[str], ...] = ()
    hidden: bool = False
    loose: bool = False
    is_wide: bool = False

    @cached_property
    def _found(self) -> dict[str, Reach]:
        found = dict(self.named)
        for name, value in zip(self.columns or (), self.values, strict=False):
            lower = name.lower()
            found[lower] = found[lower] | value if lower in found else value
        return found

    @cached_property
    def _lower(self) -> dict[str, str]:
        return {name.lower(): name for name in self.columns or ()}

    def has(self, name: str) -> bool:
        """Whether it has a column for certain; `name` is in lower case, here and below."""
        return name in self._lower or name in self.named

    def reach(self, name: str, node: exp.Expr) -> Reach | None:
        """What a column is made of, None where there is no such column."""
        if self.parent is not None:
            if self.columns is not None and name not in self._lower and not self.loose:
                return None
            return _edge(self.parent, self._lower.get(name, name), EdgeKind.VALUE, node) | self.carried
        found = self._found.get(name)
        if found is None:
            if self.columns is not None and not self.is_wide:
                return None
            found = self.rest if self.columns is None else gather(self.values)
        return found | self.carried

    def whole(self, node: exp.Expr) -> Reach:
        """What the whole row is made of."""
        if self.parent is not None:
            names = (*(self.columns or ()), *(["*"] if self.columns is None or self.loose else []))
            mention = Mention(node)
            edges = frozenset(Edge(self.parent, name, EdgeKind.VALUE, mention) for name in names)
            return Reach(edges) | self.carried
        return gather([*self._found.values(), self.rest, self.carried])

    def each(self, node: exp.Expr) -> Iterator[tuple[str, Reach]]:
        """Its columns in order, where they are known."""
        for number, name in enumerate(self.columns or ()):
            if self.parent is not None:
                yield name, _edge(self.parent, name, EdgeKind.VALUE, node) | self.carried
            else:
                yield name, self.values[number] | self.carried

    def called(self, names: Iterable[str], given: Sequence[exp.Expr] = ()) -> Relation:
        """Under an alias, and with the column names that the alias gives."""
        made = replace(self, names=frozenset(name.lower() for name in names if name))
        return made.renamed([part.name for part in given], given[0]) if given else made

    def renamed(self, given: Sequence[str], node: exp.Expr) -> Relation:
        """With other names for its first columns."""
        if self.columns is None or self.is_wide:
            whole = gather([*self._found.values(), self.rest])
            named = {name.lower(): whole for name in given}
            return replace(self, columns=None, values=(), named=named, rest=whole, keys=(), is_wide=False)
        names = (*given, *self.columns[len(given) :])
        values = self.values if self.parent is None else tuple(reach for _, reach in self.each(node))
        lower = {old.lower(): new.lower() for old, new in zip(self.columns, names, strict=False)}
        keys = tuple(frozenset(lower[name] for name in key) for key in self.keys)
        return replace(self, columns=names, values=values, parent=None, keys=keys, loose=False)

    def bringing(self, reach: Reach) -> Relation:
        """With something that every column of it brings along."""
        return replace(self, carried=self.carried | reach)


def table_relation(parent: str, table: Table, node: exp.Expr) -> Relation:
    """A table upstream, as the query reads it at a node."""
    key = frozenset(name.lower() for name in table.key)
    rows = _edge(parent, None, EdgeKind.ROWS, node)
    return Relation(columns=table.columns, parent=parent, rows=rows, keys=(key,) if key else (), loose=table.loose)


def _edge(parent: str, column: str | None, kind: EdgeKind, node: exp.Expr) -> Reach:
    return Reach(frozenset((Edge(parent, column, kind, Mention(node)),)))


@dataclass
class Frame:
    """What the expressions of one SELECT see, and what decides about its rows so far.

    `made` collects what multiplies rows from within the output columns, `multiplied` that something does.
    `keys` are sets of (number of a relation, its column) that tell the rows apart.
    """

    relations: list[Relation] = field(default_factory=list)
    aliases: dict[str, Item] = field(default_factory=dict)
    windows: dict[str, exp.Expr] = field(default_factory=dict)
    shared: list[frozenset[str]] = field(default_factory=list)
    rows: Reach = NOTHING
    made: Reach = NOTHING
    multiplied: bool = False
    keys: tuple[frozenset[tuple[int, str]], ...] = ()
    values: dict[int, Reach] = field(default_factory=dict)

    def add(self, relation: Relation, shared: frozenset[str] = frozenset()) -> None:
        """One more relation; `shared` are the columns that it has in common with those before it."""
        self.relations.append(relation)
        self.shared.append(shared)

    def named(self, name: str) -> Relation | None:
        return next((relation for relation in self.relations if name in relation.names), None)

    def having(self, name: str) -> list[tuple[int, Relation]]:
        """The relations that have a column for certain; hidden ones where no other has it."""
        found = [(number, item) for number, item in enumerate(self.relations) if item.has(name)]
        return [entry for entry in found if not entry[1].hidden] or found

    def visible(self) -> list[Relation]:
        return [relation for relation in self.relations if not relation.hidden]

    def open(self) -> list[Relation]:
        """The relations whose columns are not all known."""
        return [item for item in self.relations if item.columns is None or item.loose or item.is_wide]

    def whole(self, node: exp.Expr) -> Reach:
        return gather(relation.whole(node) for relation in self.relations)
