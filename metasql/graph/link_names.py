"""Every column that a query names is in a table that the query reads, as far as the declarations tell.

Where the columns of a table are not known, nothing is said of names that it may have. In
doubt the engine is left to judge: a name that is right must never be an error here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from metasql.diagnostics import Bag, candidates, suggest
from metasql.names import PREFIX, FeatureKey
from metasql.parse.declarations import Ref
from metasql.parse.outputs import query_names, relation_columns
from metasql.parse.sql import span_of
from metasql.source import LineMap

Known = Mapping[str, Sequence[str]]
"""The columns of tables and WITH parts by their names in lower case; what is not in it is not known."""

_EVERYWHERE = frozenset({"all", "rowid", "user", "session_user", "localtime", "localtimestamp"})
"""Names that are right without any table: pseudo columns, functions without brackets, `ORDER BY ALL`."""


@dataclass(frozen=True)
class _Table:
    """A relation of a FROM or JOIN: the names that it goes by, and its columns where they are known."""

    names: frozenset[str]
    columns: frozenset[str] | None
    hidden: bool = False


@dataclass(frozen=True)
class _Frame:
    """What the expressions of one SELECT see. `closed`: nothing but `tables` can be meant by a table's name."""

    tables: tuple[_Table, ...]
    shared: frozenset[str]
    aliases: frozenset[str]
    closed: bool

    @property
    def is_known(self) -> bool:
        return self.closed and all(table.columns is not None for table in self.tables)

    def named(self, name: str) -> _Table | None:
        return next((table for table in self.tables if name in table.names), None)

    def having(self, column: str) -> list[_Table]:
        return [table for table in self.tables if column in (table.columns or ())]


def check_names(
    tree: exp.Query, refs: Iterable[Ref], columns: Callable[[Ref], Sequence[str] | None], lines: LineMap, bag: Bag
) -> None:
    """Report tables and columns that a query names and that are not there.

    `columns` gives the columns that the query sees behind a reference, None where they are not known.
    Names that begin with `metasql_` are let through: assertions see the columns of public views.
    """
    known = {ref.placeholder: found for ref in refs if (found := columns(ref)) is not None}
    called = {ref.placeholder: FeatureKey(str(ref.table or ref.name)).relation for ref in refs}
    _Check(called, lines, bag).query(tree, known, ())


class _Check:
    """Walks a query with all of its parts."""

    def __init__(self, called: Mapping[str, str], lines: LineMap, bag: Bag) -> None:
        self.called = called
        self.lines = lines
        self.bag = bag
        self.said: set[tuple[str, ...]] = set()

    def query(self, tree: exp.Expr, known: Known, outer: tuple[_Frame, ...]) -> None:
        """`outer` are the frames around it, the outermost first."""
        known = self._with_parts(tree, known, outer)
        while isinstance(tree, (exp.SetOperation, exp.Subquery)):
            if isinstance(tree, exp.SetOperation):
                self.query(tree.expression, known, outer)
            tree = tree.this
            known = self._with_parts(tree, known, outer)
        if isinstance(tree, exp.Select):
            self._select(tree, known, outer)

    def _with_parts(self, tree: exp.Expr, known: Known, outer: tuple[_Frame, ...]) -> Known:
        clause = tree.args.get("with_")
        found = dict(known)
        for part in clause.expressions if clause is not None else []:
            name = part.alias.lower()
            before = dict(found)
            if clause is not None and clause.args.get("recursive"):
                before.pop(name, None)
            self.query(part.this, before, outer)
            columns = [column.name for column in part.args["alias"].columns] or query_names(part.this, before)
            found.pop(name, None)
            if columns is not None:
                found[name] = columns
        return found

    def _select(self, select: exp.Select, known: Known, outer: tuple[_Frame, ...]) -> None:
        from_ = select.args.get("from_")
        joins = list(select.args.get("joins") or [])
        first = [] if from_ is None else [from_.this]
        relations = [*first, *(join.this for join in joins), *(select.args.get("laterals") or [])]
        aliases = frozenset(item.alias.lower() for item in select.expressions if isinstance(item, exp.Alias))
        frames = [_frame(relations[:end], joins, aliases, known, self.called) for end in range(len(relations) + 1)]
        for number, relation in enumerate(relations):
            self._relation(relation, known, (*outer, frames[number]))
        for number, join in enumerate(joins, start=len(first) + 1):
            self._expressions([join.args.get("on")], known, (*outer, frames[number]))
        rest = [value for name, value in select.args.items() if name not in ("with_", "from_", "joins", "laterals")]
        self._expressions(rest, known, (*outer, frames[-1]))

    def _relation(self, relation: exp.Expr, known: Known, frames: tuple[_Frame, ...]) -> None:
        if isinstance(relation, exp.Subquery):
            self.query(relation.this, self._with_parts(relation, known, frames), frames)
        elif isinstance(relation, exp.Table):
            self._expressions(_arguments(relation.this), known, frames)
        else:
            inner = [value for name, value in relation.args.items() if name != "alias"]
            self._expressions(inner, known, frames)

    def _expressions(self, values: Iterable[object], known: Known, frames: tuple[_Frame, ...]) -> None:
        for node in _parts(values):
            if isinstance(node, exp.Query):
                self.query(node, known, frames)
            else:
                self._column(node, frames)

    def _column(self, column: exp.Column, frames: tuple[_Frame, ...]) -> None:
        parts = column.parts
        if isinstance(column.this, exp.Star):
            parts = parts[:-1]
        name = column.name.lower()
        if name in _EVERYWHERE or name.startswith((PREFIX, "current_")) or len(parts) > 2 or not parts:
            return
        if len(parts) == 1 and not isinstance(column.this, exp.Star):
            self._bare(parts[0], frames)
        else:
            self._qualified(parts[0], parts[1] if len(parts) == 2 else None, frames)

    def _bare(self, part: exp.Expr, frames: tuple[_Frame, ...]) -> None:
        name = part.name.lower()
        for frame in reversed(frames):
            tables = frame.having(name)
            seen = [table for table in tables if not table.hidden]
            if len(seen) > 1 and frame.is_known and name not in frame.shared | frame.aliases:
                self._ambiguous(part, seen)
            if tables or name in frame.aliases or frame.named(name) or not frame.is_known:
                return
        self._unknown_column(
            part, {column for frame in frames for table in frame.tables for column in table.columns or ()}
        )

    def _qualified(self, table: exp.Expr, column: exp.Expr | None, frames: tuple[_Frame, ...]) -> None:
        name = table.name.lower()
        for frame in reversed(frames):
            found = frame.named(name)
            if found is not None:
                if column is not None and found.columns is not None and column.name.lower() not in found.columns:
                    self._unknown_column(column, found.columns, _shown(found))
                return
            if name in frame.aliases or frame.having(name) or not frame.is_known:
                return
        self._unknown_table(table, {_shown(item) for frame in frames for item in frame.tables})

    def _unknown_column(self, part: exp.Expr, known: Iterable[str], table: str = "") -> None:
        if self._first("column", table, part.name):
            where = f"`{table}`" if table else "no table of this query"
            message = f"{where} has no column `{part.name}`" if table else f"{where} has a column `{part.name}`"
            known = set(known)
            self.bag.error(
                "MS0335",
                message,
                span_of(self.lines, part),
                label="unknown column",
                notes=[f"columns: {candidates(known)}"],
                help=suggest(part.name, known) or "name one of the columns, or add it upstream",
            )

    def _unknown_table(self, part: exp.Expr, known: set[str]) -> None:
        if self._first("table", part.name):
            self.bag.error(
                "MS0345",
                f"the query reads no table `{part.name}`",
                span_of(self.lines, part),
                label="unknown table",
                notes=[f"its tables: {candidates(known)}"],
                help=suggest(part.name, known) or "name a table of FROM or JOIN, by its alias where it has one",
            )

    def _ambiguous(self, part: exp.Expr, tables: Sequence[_Table]) -> None:
        if self._first("ambiguous", part.name):
            names = [_shown(table) for table in tables]
            self.bag.error(
                "MS0346",
                f"several tables have a column `{part.name}`",
                span_of(self.lines, part),
                notes=[f"tables that have it: {candidates(names)}"],
                help=f"say which one is meant, such as `{names[0]}.{part.name}`",
            )

    def _first(self, *what: str) -> bool:
        """Whether this was not said yet: one slip is often written several times."""
        key = tuple(word.lower() for word in what)
        new = key not in self.said
        self.said.add(key)
        return new


def _frame(
    relations: Sequence[exp.Expr],
    joins: Sequence[exp.Join],
    aliases: frozenset[str],
    known: Known,
    called: Mapping[str, str],
) -> _Frame:
    using = frozenset(part.name.lower() for join in joins for part in join.args.get("using") or [])
    tables = tuple(_table(relation, known, called) for relation in relations)
    merged = any(join.args.get("method") for join in joins)
    shared = using | frozenset(c for table in tables for c in table.columns or ()) if merged else using
    closed = all(table.names and not _is_joined(relation) for table, relation in zip(tables, relations, strict=True))
    return _Frame(tables, shared, aliases, closed)


def _table(relation: exp.Expr, known: Known, called: Mapping[str, str]) -> _Table:
    name = relation.alias_or_name.lower()
    names = {name, called[name].lower()} if name in called and not relation.alias else {name}
    join = relation.parent
    side = str(join.args.get("kind") or join.args.get("side") or "") if isinstance(join, exp.Join) else ""
    columns = _columns(relation, known)
    found = None if columns is None else frozenset(column.lower() for column in columns)
    return _Table(frozenset(names - {""}), found, side.upper() in {"SEMI", "ANTI"})


def _columns(relation: exp.Expr, known: Known) -> Sequence[str] | None:
    alias = relation.args.get("alias")
    if isinstance(relation, exp.Unnest) and isinstance(alias, exp.TableAlias) and alias.columns:
        return [column.name for column in alias.columns]
    return relation_columns(relation, dict(known))


def _is_joined(relation: exp.Expr) -> bool:
    """Tables in parentheses, joined there: their names are seen from outside."""
    inner = relation.this if isinstance(relation, exp.Subquery) else None
    return bool(relation.args.get("joins")) or (inner is not None and not isinstance(inner, exp.Query))


def _arguments(function: exp.Expr | None) -> Iterator[object]:
    """The values that a table function is given: in `header = true` the left side is a name of its own."""
    for value in function.args.values() if isinstance(function, exp.Func) else ():
        for part in value if isinstance(value, list) else [value]:
            yield part.expression if isinstance(part, (exp.EQ, exp.PropertyEQ)) else part


def _shown(table: _Table) -> str:
    return min((name for name in table.names if not name.startswith("__")), default="?")


def _parts(values: Iterable[object]) -> Iterator[exp.Column | exp.Query]:
    """The columns of expressions, and the queries within them; what is inside of those is not looked at."""
    stack = [*values]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, (exp.Column, exp.Query)):
            yield value
        elif isinstance(value, exp.Expr) and not isinstance(value, exp.Comprehension):
            stack.extend(value.args.values())
