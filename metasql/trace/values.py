"""Expressions: what the value of one is made of, and what a name in it means."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from sqlglot import exp

from metasql.trace.makers import makes_rows
from metasql.trace.reach import NOTHING, EdgeKind, Item, Reach, gather
from metasql.trace.relation import Frame, Relation, Table

Frames = tuple[Frame, ...]
"""The frames around an expression, the outermost first."""

Scope = Mapping[str, Relation]
"""The WITH parts that can be read, by their names in lower case."""

_PLAIN = (
    exp.Condition,
    exp.Tuple,
    exp.Distinct,
    exp.Slice,
    exp.IgnoreNulls,
    exp.RespectNulls,
    exp.HavingMax,
    exp.AtTimeZone,
    exp.Interval,
    exp.JSONKeyValue,
    exp.FromTimeZone,
    exp.Alias,
    exp.PivotAlias,
    exp.WindowSpec,
    exp.Where,
    exp.Having,
    exp.Qualify,
    exp.Limit,
    exp.LimitOptions,
    exp.Offset,
    exp.Fetch,
    exp.Ordered,
    exp.WithinGroup,
)
"""Nodes whose value is made of their parts and of nothing else. `Condition` has operators and functions."""

_LEAVES = (exp.Literal, exp.Null, exp.Boolean, exp.DataType, exp.Var, exp.IntervalSpan, exp.JSONPath, exp.JSONPathPart)
_NO_TABLES = frozenset({"user", "session_user", "localtime", "localtimestamp"})
"""Functions that are written without brackets, and so look like columns."""


@dataclass(frozen=True, eq=False)
class Lost:
    """A node that could not be followed, and what is known of it."""

    node: exp.Expr
    why: str
    reach: Reach


class Values(ABC):
    """Reads expressions. What it cannot follow reaches everything that may be meant."""

    def __init__(self, tables: Mapping[str, Table], called: Mapping[str, str], *, aliases_win: bool) -> None:
        self.tables = tables
        self.called = called
        self.aliases_win = aliases_win
        self.lost: list[Lost] = []
        self._open: set[int] = set()
        self._cuts = 0

    @abstractmethod
    def query(self, tree: exp.Expr, scope: Scope, outer: Frames, *, top: bool = False) -> Relation:
        """The columns that a query gives (trace/query.py)."""

    def value(self, root: object, scope: Scope, frames: Frames, hidden: frozenset[str] = frozenset()) -> Reach:
        """What an expression, or a list of them, is made of. `hidden` are the variables of lambdas around it."""
        found: list[Reach] = []
        stack: list[object] = [root]
        while stack:
            node = stack.pop()
            if isinstance(node, list):
                stack.extend(node)
            elif isinstance(node, exp.Column):
                found.append(self.column(node, scope, frames, hidden))
            elif isinstance(node, _LEAVES) or not isinstance(node, exp.Expr):
                continue
            else:
                special = self._special(node)
                if special is not None:
                    found.append(special(node, scope, frames, hidden))
                elif isinstance(node, _PLAIN):
                    stack.extend(_operands(node))
                else:
                    found.append(self.lose(node, "this cannot be followed", frames))
                    stack.extend(node.args.values())
        return gather(found)

    def _special(self, node: exp.Expr) -> Callable[[exp.Expr, Scope, Frames, frozenset[str]], Reach] | None:
        if isinstance(node, (exp.Query, exp.Values)):
            return self._subquery
        if isinstance(node, exp.Exists):
            return self._exists
        if isinstance(node, exp.Window):
            return self._window
        if isinstance(node, (exp.Filter, exp.Order)):
            return self._filter if isinstance(node, exp.Filter) else self._ordered
        if isinstance(node, (exp.Lambda, exp.Comprehension)):
            return self._lambda
        if isinstance(node, (exp.Star, exp.Columns, exp.PositionalColumn, exp.Identifier)):
            return self._name
        if makes_rows(node):
            return self._rows_made
        return self._count if isinstance(node, exp.Count) else None

    def _subquery(self, node: exp.Expr, scope: Scope, frames: Frames, _: frozenset[str]) -> Reach:
        relation = self.query(node, scope, frames)
        return relation.whole(node) | relation.rows

    def _exists(self, node: exp.Expr, scope: Scope, frames: Frames, hidden: frozenset[str]) -> Reach:
        if isinstance(node.this, (exp.Query, exp.Values)):
            return self.query(node.this, scope, frames).rows
        return self.value(list(node.args.values()), scope, frames, hidden)

    def _window(self, node: exp.Expr, scope: Scope, frames: Frames, hidden: frozenset[str]) -> Reach:
        """A function over a window, or the window itself where it has a name and no function."""
        function = node.this if not isinstance(node.this, exp.Identifier) else None
        parts = [node.args.get(name) for name in ("partition_by", "order", "spec")]
        over = self.value(parts, scope, frames, hidden)
        base = node.args.get("alias")
        if isinstance(base, exp.Identifier):
            named = next(
                (f.windows[base.name.lower()] for f in reversed(frames) if base.name.lower() in f.windows), None
            )
            if named is None:
                over |= self.lose(node, f"there is no window `{base.name}`", frames)
            elif named is not node:
                over |= self._window(named, scope, frames, hidden)
        return self.value(function, scope, frames, hidden) | _by_window(over)

    def _filter(self, node: exp.Expr, scope: Scope, frames: Frames, hidden: frozenset[str]) -> Reach:
        kept = self.value(node.args.get("expression"), scope, frames, hidden)
        return self.value(node.this, scope, frames, hidden) | kept.by(EdgeKind.FILTER)

    def _ordered(self, node: exp.Expr, scope: Scope, frames: Frames, hidden: frozenset[str]) -> Reach:
        order = self.value(node.expressions, scope, frames, hidden)
        return self.value(node.this, scope, frames, hidden) | order.by(EdgeKind.ORDER)

    def _lambda(self, node: exp.Expr, scope: Scope, frames: Frames, hidden: frozenset[str]) -> Reach:
        """What a lambda reads beside its variables, whose values are read by the function around it."""
        if isinstance(node, exp.Lambda):
            inner = hidden | {part.name.lower() for part in node.expressions}
            return self.value(node.this, scope, frames, inner)
        names = node.args["expression"]
        parts = names.expressions if isinstance(names, exp.Tuple) else [names]
        inner = hidden | {part.name.lower() for part in parts}
        read = self.value(node.args.get("iterator"), scope, frames, hidden)
        return read | self.value([node.this, node.args.get("condition")], scope, frames, inner)

    def _name(self, node: exp.Expr, scope: Scope, frames: Frames, hidden: frozenset[str]) -> Reach:
        if isinstance(node, exp.Identifier):
            if node.name.lower() in hidden:
                return NOTHING
            found = self.bare(node.name.lower(), node, scope, frames)  # `name.upper()` has no column in its tree
            return (
                found if found is not None else self.lose(node, f"what `{node.name}` stands for cannot be told", frames)
            )
        return gather(frame.whole(node) for frame in frames[-1:])

    def _rows_made(self, node: exp.Expr, scope: Scope, frames: Frames, hidden: frozenset[str]) -> Reach:
        """A function that makes several rows of one: it reaches every column beside it."""
        found = self.value(list(node.args.values()), scope, frames, hidden)
        if frames:
            frames[-1].made |= found.by(EdgeKind.JOIN)
            frames[-1].multiplied = True
        return found

    def _count(self, node: exp.Expr, scope: Scope, frames: Frames, hidden: frozenset[str]) -> Reach:
        if isinstance(node.this, exp.Star) and not any(node.this.args.values()):
            return NOTHING
        return self.value(list(node.args.values()), scope, frames, hidden)

    def column(self, node: exp.Column, scope: Scope, frames: Frames, hidden: frozenset[str] = frozenset()) -> Reach:
        """What a name means: a column, a part of a structure, a whole row, or an output column beside it."""
        parts = [part.name.lower() for part in node.parts]
        if parts[0] in hidden:
            return NOTHING
        if isinstance(node.this, exp.Star):
            found = self._row_of(parts[:-1], node, scope, frames)
        elif len(parts) == 1:
            found = self.bare(parts[0], node, scope, frames)
        else:
            found = self._dotted(parts, node, scope, frames)
        if found is not None:
            return found
        if len(parts) == 1 and (parts[0] in _NO_TABLES or parts[0].startswith("current_")):
            return NOTHING
        return self.lose(node, f"what `{node.sql()}` stands for cannot be told", frames)

    def _row_of(self, parts: list[str], node: exp.Expr, scope: Scope, frames: Frames) -> Reach | None:
        """`t.*`, where `t` may be a structure."""
        for frame in reversed(frames):
            relation = frame.named(parts[-1])
            found = [relation.whole(node)] if relation is not None else []
            if frame.having(parts[0]):
                found.append(self.bare(parts[0], node, scope, (frame,)) or NOTHING)
            if found:
                return gather(found)
        return self.bare(parts[0], node, scope, frames)

    def _dotted(self, parts: list[str], node: exp.Expr, scope: Scope, frames: Frames) -> Reach | None:
        """`table.column`, `schema.table.column`, `column.part`, `table.column.part`."""
        for frame in reversed(frames):
            found: list[Reach] = []
            for table, column in pairwise(parts):
                relation = frame.named(table)
                reach = relation.reach(column, node) if relation is not None else None
                if reach is not None:
                    found.append(reach)
                    break
            if frame.having(parts[0]) or (not found and parts[0] in frame.aliases):
                found.append(self.bare(parts[0], node, scope, (frame,)) or NOTHING)
            if found:
                return gather(found)
            if frame.named(parts[0]) is not None:
                return None
        return self.bare(parts[0], node, scope, frames)

    def bare(self, name: str, node: exp.Expr, scope: Scope, frames: Frames) -> Reach | None:
        """What a name without a table is made of. In doubt everything that it may be."""
        found: list[Reach] = []
        for depth in range(len(frames), 0, -1):
            frame = frames[depth - 1]
            sure = [relation.reach(name, node) or NOTHING for _, relation in frame.having(name)]
            found += sure
            alias = frame.aliases.get(name)
            if alias is not None and alias.node is not node and (not sure or self._may_be_alias(node)):
                found.append(self.item(frame, alias, scope, frames[:depth]))
            if sure:
                break
            found += [relation.reach(name, node) or NOTHING for relation in frame.open()]
            if alias is not None:
                break
            relation = frame.named(name)
            if relation is not None:
                found.append(relation.whole(node))
                break
        return gather(found) if found else None

    def _may_be_alias(self, node: exp.Expr) -> bool:
        """Whether a name that is a column too may mean the output column of that name.

        In a WHERE, JOIN, GROUP BY or SELECT the column wins, but not in every dialect.
        """
        clause = node.find_ancestor(exp.Having, exp.Qualify, exp.Order, exp.Query)
        return self.aliases_win or not isinstance(clause, exp.Query)

    @abstractmethod
    def item(self, frame: Frame, item: Item, scope: Scope, frames: Frames) -> Reach:
        """What an output column that is referred to is made of (trace/query.py)."""

    def lose(self, node: exp.Expr, why: str, frames: Iterable[Frame], more: Reach = NOTHING) -> Reach:
        """Everything in sight, as a node is not understood."""
        found = gather(frame.whole(node) for frame in frames) | more
        self.lost.append(Lost(node, why, found))
        return found


def _operands(node: exp.Expr) -> list[object]:
    """The parts that have a value: not the names of a structure's parts, nor of arguments."""
    if isinstance(node, (exp.PropertyEQ, exp.Kwarg)):
        return [node.expression]
    if isinstance(node, exp.Dot):
        return [node.this] if isinstance(node.expression, exp.Identifier) else [node.this, node.expression]
    if isinstance(node, (exp.Alias, exp.PivotAlias)):
        return [node.this]
    if isinstance(node, exp.Cast):
        return [node.this, node.args.get("default")]
    if isinstance(node, exp.Collate):
        return [node.this]
    return list(node.args.values())


def _by_window(reach: Reach) -> Reach:
    """All of a window, its order too, is of the one kind."""
    edges = frozenset(
        edge._replace(kind=EdgeKind.WINDOW) if edge.kind in (EdgeKind.VALUE, EdgeKind.ORDER) else edge
        for edge in reach.edges
    )
    return Reach(edges, reach.items)
