"""The normal form of a part of a query: equal for queries that only read differently.

What is left out is how a query is written: comments, layout, brackets, the case of names, the names of WITH
parts, aliases and inner columns, the order of columns, columns that nothing in the part reads, WITH parts that
nothing reads. What stays is everything that can decide about a value or a row: literals, operators, functions,
types, joins, filters, groups, orders, limits, and the names of what lies upstream.

In doubt a form tells more than it has to: then a query counts as changed that is not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from metasql.trace.asked import ALL, Asked, Demand, is_star, needed, ordinals
from metasql.trace.volatile import volatile

_SILENT = {"comments", "pretty", "hint", "kind_", "copy"}
_CLAUSES = ("from_", "joins", "laterals", "where", "group", "having", "windows", "qualify", "distinct", "order")


@dataclass(frozen=True)
class Shape:
    """A relation within a query: its form, and the names of its columns in it.

    `names` is None where the columns are not known one by one: then they go by their own names.
    """

    form: str
    names: Mapping[str, str] | None = None

    def column(self, name: str) -> str | None:
        return name if self.names is None else self.names.get(name)


@dataclass
class _Frame:
    """The sources of one SELECT, by alias, in order; and the frame around it."""

    sources: dict[str, tuple[int, Shape]] = field(default_factory=dict)
    outer: _Frame | None = None
    depth: int = 0

    def column(self, table: str, name: str) -> str:
        """A column as number of frame, number of source and name; one that cannot be told by its own words."""
        frame: _Frame | None = self
        while frame is not None:
            if table:
                found = [frame.sources[table]] if table in frame.sources else []
            else:
                found = [item for item in frame.sources.values() if item[1].names is not None and name in item[1].names]
                open_ = [item for item in frame.sources.values() if item[1].names is None]
                found = found if len(found) == 1 and not open_ else open_ if len(open_) == 1 and not found else []
            if len(found) == 1:
                number, shape = found[0]
                known = shape.column(name)
                if known is not None:
                    return f"#{frame.depth}.{number}.{known}"
            frame = frame.outer
        return f"?{table}.{name}"


class Normal:
    """Writes normal forms. `tables` are the names of what lies upstream, by those in the tree.

    `volatile` are the functions met on the way that give another value each time.
    """

    def __init__(self, tables: Mapping[str, str]) -> None:
        self.tables = {name.lower(): told for name, told in tables.items()}
        self.volatile: list[tuple[exp.Expr, str]] = []
        self._parts: dict[tuple[int, Demand], Shape] = {}

    def of(self, tree: exp.Query, columns: Iterable[str]) -> str:
        """The form of a query as far as some of its output columns need it, in the order of their names."""
        wanted = frozenset(name.lower() for name in columns)
        shape = self.query(tree, wanted, {}, None)
        names = shape.names
        told = sorted(wanted) if names is None else sorted(f"{name}={names.get(name)}" for name in wanted)
        return f"{shape.form}|{','.join(told)}"

    # Queries

    def query(self, tree: exp.Expr, demand: Demand, scope: Mapping[str, _Part], outer: _Frame | None) -> Shape:
        scope = self._with(tree, scope)
        if isinstance(tree, exp.Subquery):
            others = {
                name: value for name, value in tree.args.items() if value and name not in ("this", "alias", "with_")
            }
            if not others:
                return self.query(tree.this, demand, scope, outer)
            inner = self.query(tree.this, ALL, scope, outer)
            return Shape(_digest("subquery", inner.form, self._args(others, scope, _Frame(outer=outer))), inner.names)
        if isinstance(tree, exp.SetOperation):
            return self._set_operation(tree, scope, outer)
        if isinstance(tree, exp.Select):
            return self._select(tree, demand, scope, outer)
        return Shape(_digest("other", self._node(tree, scope, _Frame(outer=outer))))

    def _with(self, tree: exp.Expr, scope: Mapping[str, _Part]) -> Mapping[str, _Part]:
        clause = tree.args.get("with_")
        if clause is None:
            return scope
        known = dict(scope)
        for part in clause.expressions:
            given = tuple(column.name.lower() for column in part.args["alias"].args.get("columns") or ())
            name, inside = part.alias.lower(), dict(known)
            if clause.args.get("recursive"):
                inside[name] = _Part(None, given, {}, name)
            else:
                inside.pop(name, None)
            known[name] = _Part(part.this, given, inside, name)
        return known

    def part(self, part: _Part, demand: Demand) -> Shape:
        """A WITH part as it is read from one place."""
        if part.tree is None:
            return Shape("recursion")
        if part.given or part.name in part.scope:
            demand = ALL
        known = (id(part.tree), demand)
        if known not in self._parts:
            found = self.query(part.tree, demand, part.scope, None)
            self._parts[known] = _renamed(found, part.given, part.tree)
        return self._parts[known]

    def _set_operation(self, tree: exp.SetOperation, scope: Mapping[str, _Part], outer: _Frame | None) -> Shape:
        """Columns go by their position: none can be left out, and their order counts."""
        sides = [self.query(side, ALL, scope, outer) for side in (tree.this, tree.expression)]
        orders = [_positions(side, shape) for side, shape in zip((tree.this, tree.expression), sides, strict=True)]
        rest = {
            name: value for name, value in tree.args.items() if value and name not in ("this", "expression", "with_")
        }
        told = [f"{shape.form}[{order}]" for shape, order in zip(sides, orders, strict=True)]
        form = _digest(tree.key, *told, self._args(rest, scope, _Frame(outer=outer)))
        return Shape(form, _by_position(tree.this))

    def _select(self, tree: exp.Select, demand: Demand, scope: Mapping[str, _Part], outer: _Frame | None) -> Shape:
        names = [item.alias_or_name.lower() for item in tree.expressions]
        starry = any(is_star(item) for item in tree.expressions)
        if starry or "" in names or len(set(names)) < len(names):
            demand = ALL
        kept = needed(tree, names, demand)
        frame = self._frame(tree, [item for _, item in kept], scope, outer)
        parts = [self._clause(name, tree.args.get(name), scope, frame) for name in _CLAUSES]
        more = {
            name: value
            for name, value in tree.args.items()
            if value and name not in (*_CLAUSES, *_SILENT, "expressions", "with_")
        }
        parts.append(self._args(more, scope, frame))
        parts += [self._node(item.unalias(), scope, frame) for item in ordinals(tree)]
        if starry:
            listed = [self._node(item.unalias(), scope, frame) for item in tree.expressions]
            return Shape(_digest("select", *parts, *listed, *_outputs(tree)))
        forms = {name: self._node(item.unalias(), scope, frame) for name, item in kept}
        told = sorted(set(forms.values()))
        return Shape(_digest("select", *parts, *told), {name: str(told.index(form)) for name, form in forms.items()})

    def _clause(self, name: str, value: Any, scope: Mapping[str, _Part], frame: _Frame) -> str:
        if not value:
            return ""
        if name == "from_":
            return f"from:{self._source_form(value.this, frame)}"
        if name == "joins":
            return ",".join(self._join(join, scope, frame) for join in value)
        return f"{name}:{self._value(value, scope, frame)}"

    # Sources

    def _frame(
        self, tree: exp.Select, kept: Sequence[exp.Expr], scope: Mapping[str, _Part], outer: _Frame | None
    ) -> _Frame:
        frame = _Frame(outer=outer, depth=outer.depth + 1 if outer else 0)
        from_ = tree.args.get("from_")
        nodes = [from_.this] if from_ is not None else []
        nodes += [join.this for join in tree.args.get("joins") or []]
        nodes += list(tree.args.get("laterals") or [])
        asked = Asked.of(tree, kept)
        for number, node in enumerate(nodes):
            alias = (node.alias or node.name).lower() or f"#{number}"
            frame.sources[alias] = (number, self._source(node, asked.by(alias), scope, frame))
        return frame

    def _source(self, node: exp.Expr, demand: Demand, scope: Mapping[str, _Part], frame: _Frame) -> Shape:
        if isinstance(node, exp.Final):
            inner = self._source(node.this, demand, scope, frame)
            return Shape(_digest("final", inner.form), inner.names)
        around = frame.outer
        if isinstance(node, exp.Subquery):
            alias = node.args.get("alias")
            given = tuple(column.name.lower() for column in (alias.args.get("columns") or ()) if alias) if alias else ()
            shape = self.query(node, ALL if given else demand, scope, around)
            return _renamed(shape, given, node.this)
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            return self._table(node, demand, scope, frame)
        inside = _Frame(dict(frame.sources), around, frame.depth)
        return Shape(_digest("source", self._node(node, scope, inside, silent=("alias",)), *_given(node)))

    def _table(self, node: exp.Table, demand: Demand, scope: Mapping[str, _Part], frame: _Frame) -> Shape:
        rest = {
            name: value for name, value in node.args.items() if value and name not in ("this", "db", "catalog", "alias")
        }
        more = self._args(rest, scope, frame) if rest else ""
        part = scope.get(node.name.lower()) if not node.db else None
        alias = node.args.get("alias")
        given = tuple(column.name.lower() for column in (alias.args.get("columns") or ())) if alias else ()
        if part is not None:
            shape = _renamed(self.part(part, ALL if given or rest else demand), given, part.tree)
            return Shape(_digest("part", shape.form, more), shape.names) if more else shape
        name = ".".join(piece.name.lower() for piece in node.parts)
        return Shape(_digest("table", self.tables.get(name, name), more, *given))

    def _source_form(self, node: exp.Expr, frame: _Frame) -> str:
        alias = (node.alias or node.name).lower()
        found = frame.sources.get(alias) or next(iter(frame.sources.values()))
        return found[1].form

    def _join(self, join: exp.Join, scope: Mapping[str, _Part], frame: _Frame) -> str:
        rest = {name: value for name, value in join.args.items() if value and name != "this"}
        using = [column.name.lower() for column in rest.pop("using", [])]
        alias = (join.this.alias or join.this.name).lower()
        form = frame.sources[alias][1].form if alias in frame.sources else self._node(join.this, scope, frame)
        return f"({form};{self._args(rest, scope, frame)};{','.join(using)})"

    # Expressions

    def _args(self, args: Mapping[str, Any], scope: Mapping[str, _Part], frame: _Frame) -> str:
        return ";".join(f"{name}={self._value(value, scope, frame)}" for name, value in sorted(args.items()))

    def _value(self, value: Any, scope: Mapping[str, _Part], frame: _Frame) -> str:
        if isinstance(value, list):
            return f"[{','.join(self._value(item, scope, frame) for item in value)}]"
        if isinstance(value, exp.Expr):
            return self._node(value, scope, frame)
        return f"{type(value).__name__}:{_quoted(str(value))}"

    def _node(self, node: exp.Expr, scope: Mapping[str, _Part], frame: _Frame, silent: Sequence[str] = ()) -> str:
        if isinstance(node, exp.Paren):
            return self._node(node.this, scope, frame)
        if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star):
            return self._column(node, frame)
        if isinstance(node, exp.Query):
            shape = self.query(node, ALL, scope, frame)
            return f"({shape.form}{_positions(node, shape)})"
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            return f"({self._table(node, ALL, scope, frame).form};{_quoted(node.alias_or_name.lower())})"
        if isinstance(node, exp.Identifier):
            return f"name:{_quoted(node.name.lower())}"
        if isinstance(node, exp.Literal):
            return f"{'text' if node.is_string else 'number'}:{_quoted(str(node.this))}"
        called = volatile(node)
        if called is not None:
            self.volatile.append((node, called))
        args = {
            name: value
            for name, value in node.args.items()
            if value is not None and value != [] and name not in _SILENT and name not in silent
        }
        if isinstance(node, exp.Anonymous):
            args["this"] = str(node.this).lower()
        return f"{node.key}({self._args(args, scope, frame)})"

    def _column(self, node: exp.Column, frame: _Frame) -> str:
        parts = [part.name.lower() for part in node.parts]
        if len(parts) <= 2:
            return frame.column(parts[0] if len(parts) == 2 else "", parts[-1])
        return f"?{'.'.join(parts)}"


@dataclass
class _Part:
    """A WITH part: its query, the names that it is given, and what could be read where it stands."""

    tree: exp.Expr | None
    given: tuple[str, ...]
    scope: dict[str, _Part]
    name: str


def _digest(*parts: str) -> str:
    return hashlib.md5("\x1f".join(parts).encode(), usedforsecurity=False).hexdigest()


def _quoted(text: str) -> str:
    return f"{len(text)}'{text}"


def _renamed(shape: Shape, given: Sequence[str], tree: exp.Expr | None) -> Shape:
    """Under the column names that an alias gives, which go by position."""
    if not given:
        return shape
    outputs = _outputs(tree) if tree is not None else []
    if shape.names is None or len(outputs) < len(given):
        return Shape(_digest("renamed", shape.form, *given))
    names = {new: shape.names.get(old, old) for new, old in zip(given, outputs, strict=False)}
    names |= {old: shape.names.get(old, old) for old in outputs[len(given) :]}
    return Shape(shape.form, names)


def _outputs(tree: exp.Expr) -> list[str]:
    """The names of a query's output columns."""
    while isinstance(tree, (exp.SetOperation, exp.Subquery)):
        tree = tree.this
    return [item.alias_or_name.lower() for item in tree.expressions] if isinstance(tree, exp.Select) else []


def _by_position(tree: exp.Expr) -> Mapping[str, str] | None:
    names = _outputs(tree)
    if not names or "" in names or "*" in names or len(set(names)) < len(names):
        return None
    return {name: f"@{number}" for number, name in enumerate(names)}


def _positions(tree: exp.Expr, shape: Shape) -> str:
    """Its columns in the order in which they are written."""
    return "" if shape.names is None else ",".join(shape.names.get(name, "?") for name in _outputs(tree))


def _given(node: exp.Expr) -> list[str]:
    """The names that an alias gives to columns: a function has no others."""
    alias = node.args.get("alias")
    return [column.name.lower() for column in alias.args.get("columns") or ()] if alias is not None else []
