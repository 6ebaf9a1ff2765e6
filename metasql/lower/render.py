"""Trees → SQL text: the one place where SQL is generated."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from operator import is_
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as Generators

from metasql.lower.dialect import Dialect
from metasql.plan.sql import OPERATION

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")

_STEADY = frozenset(
    {
        exp.And,
        exp.CTE,
        exp.Case,
        exp.Coalesce,
        exp.Column,
        exp.DPipe,
        exp.EQ,
        exp.From,
        exp.Group,
        exp.If,
        exp.Is,
        exp.Not,
        exp.NullSafeNEQ,
        exp.Or,
        exp.Paren,
        exp.TableAlias,
        exp.Tuple,
        exp.Where,
    }
)
"""Nodes that no generator changes while it writes them: where their parts stay, they stay too."""


class Renderer:
    """Renders the trees of a plan; the queries and calls that they share are lowered once.

    Lowering makes new nodes of what changes: operations become the engine's own, and names are
    quoted where they must be. What stays as it is stands in both trees.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.generators = Generators.get_or_raise(dialect.sqlglot)
        self.ways = {**_WAYS, **dict.fromkeys(dialect.nodes, Renderer.special)}
        self.more_settings: Mapping[str, str | int] = {}
        self.names: dict[str, exp.Identifier] = {}
        self.words: dict[str, str] = {}
        self.of_columns: dict[tuple[str, str, str | None], exp.Expr] = {}
        self.shared: dict[int, tuple[exp.Expr, exp.Expr]] = {}
        self.blocks: dict[int, tuple[exp.Expr, exp.Expr]] = {}
        self.repeated: list[exp.Expr] = []
        self.has_long_literal = False

    def forget(self) -> None:
        """Let go of the trees of a plan that is done; names and the like are kept for the next."""
        self.shared.clear()
        self.blocks.clear()
        self.repeated.clear()
        self.has_long_literal = False

    def render(self, tree: exp.Expr, *, pretty: bool = False) -> str:
        """The statement that the engine is given; `pretty` is for people to read."""
        made = self.tree(tree)
        return self.text(self.with_texts(made) if pretty and not self.has_long_literal else made, pretty)

    def view(self, tree: exp.Expr, *, pretty: bool = False) -> str:
        """The query of a view, with the settings that it is written for in its text."""
        return self.with_settings(self.render(self.dialect.guarded(tree), pretty=pretty), pretty=pretty)

    def with_settings(self, text: str, *, pretty: bool = False) -> str:
        """A query's text that does not hang on the settings of who reads it."""
        given = {**self.dialect.settings, **self.dialect.view_settings, **self.more_settings}
        told = [f"{name} = {value!r}" for name, value in given.items()]
        settings = f"SETTINGS {', '.join(told)}"
        return ("\n" if pretty else " ").join([text, settings]) if told else text

    def text(self, tree: exp.Expr, pretty: bool) -> str:
        return self.generators.generate(tree, copy=False, pretty=pretty, comments=pretty)

    def with_texts(self, tree: exp.Expr) -> exp.Expr:
        """A query whose blocks are texts already, and calls that are repeated: views share most of theirs.

        Not where a literal has a line end: its text must not be indented.
        """
        for call in self.repeated:
            if isinstance(call.this, exp.Expr):
                call.args["this"] = self.text(call.this, True)
        self.repeated.clear()
        clause = tree.args.get("with_")
        if clause is None:
            return tree
        blocks = [
            exp.CTE(this=self.block(cte.this), alias=cte.args["alias"]) if isinstance(cte.this, exp.Query) else cte
            for cte in clause.expressions
        ]
        recursive = clause.args.get("recursive")
        parts = {**tree.args, "with_": exp.With(expressions=blocks, recursive=recursive)}
        made = tree.__class__(**{key: value for key, value in parts.items() if value is not None})
        made.comments = tree.comments
        return made

    def block(self, query: exp.Expr) -> exp.Expr:
        if id(query) not in self.blocks:
            self.blocks[id(query)] = (query, exp.Var(this=self.text(query, True)))
        return self.blocks[id(query)][1]

    def tree(self, tree: exp.Expr) -> exp.Expr:
        """The lowered tree."""
        return self.ways.get(tree.__class__, Renderer.node)(self, tree)

    def node(self, tree: exp.Expr) -> exp.Expr:
        """A node over its lowered parts; the node itself where they stay as they are."""
        ways, node = self.ways, Renderer.node
        parts: dict[str, Any] = {}
        stays = tree.__class__ in _STEADY
        for key, value in tree.args.items():
            if isinstance(value, exp.Expr):
                parts[key] = made = ways.get(value.__class__, node)(self, value)
                stays = stays and made is value
            elif isinstance(value, list):
                parts[key] = items = [
                    ways.get(item.__class__, node)(self, item) if isinstance(item, exp.Expr) else item for item in value
                ]
                stays = stays and all(map(is_, items, value))
            elif value is not None:
                parts[key] = value
        return tree if stays else _like(tree, parts)

    def once(self, tree: exp.Expr) -> exp.Expr:
        """What may be shared is kept beside what it became, so that no other can take its id."""
        known = self.shared.get(id(tree))
        if known is None:
            known = self.shared[id(tree)] = (tree, self.node(tree))
        return known[1]

    def select(self, tree: exp.Expr) -> exp.Expr:
        """A query; what is asked of keys beforehand is one more condition where rows are not looked up by `FINAL`."""
        before, where = tree.args.get("prewhere"), tree.args.get("where")
        if before is None or self.dialect.reads_final:
            return self.once(tree)
        if id(tree) not in self.shared:
            asked = before.this
            if where is not None:
                first = exp.Paren(this=where.this) if isinstance(where.this, exp.Or) else where.this
                asked = exp.And(this=first, expression=asked)
            query = _like(tree, {**tree.args, "prewhere": None, "where": exp.Where(this=asked)})
            self.shared[id(tree)] = (tree, self.node(query))
        return self.shared[id(tree)][1]

    def special(self, tree: exp.Expr) -> exp.Expr:
        """A node that the dialect lowers in a way of its own."""
        known = self.shared.get(id(tree))
        if known is None:
            lowering = self.dialect.nodes[tree.__class__]
            known = self.shared[id(tree)] = (tree, lowering(tree, self.node(tree)))
        return known[1]

    def call(self, tree: exp.Expr) -> exp.Expr:
        """A call; one of metasql's own becomes what the dialect makes of it."""
        known = self.shared.get(id(tree))
        if known is not None:
            return self.again(known[1])
        name = str(tree.this)
        made = self.operation(name, tree.expressions) if name.startswith(OPERATION) else self.node(tree)
        self.shared[id(tree)] = (tree, made)
        return made

    def operation(self, name: str, arguments: list[exp.Expr]) -> exp.Expr:
        """An operation as the dialect has it, types in metasql's words; over one column it serves all plans."""
        column = arguments[0] if len(arguments) == 1 and _is_own(arguments[0]) else None
        key = None if column is None else (name, column.args["this"], column.args.get("table"))
        if key in self.of_columns:
            return self.again(self.of_columns[key])
        lowered = [item if item.__class__ is exp.DataType else self.tree(item) for item in arguments]
        made = exp.Var(this=self.dialect.operations[name[len(OPERATION) :].lower()](lowered))
        if key is not None:
            self.of_columns[key] = made
        return made

    def again(self, call: exp.Expr) -> exp.Expr:
        """A call that stands in several places becomes a text, unless the dialect has to look into it."""
        if isinstance(call, exp.Var) and not self.dialect.nodes:
            self.repeated.append(call)
        return call

    def final(self, tree: exp.Expr) -> exp.Expr:
        return self.node(tree) if self.dialect.reads_final else self.tree(tree.this)

    def leaf(self, tree: exp.Expr) -> exp.Expr:
        return tree

    def literal(self, tree: exp.Expr) -> exp.Expr:
        self.has_long_literal |= "\n" in tree.this
        return tree

    def alias(self, tree: exp.Expr) -> exp.Expr:
        name = tree.args["alias"]
        if name.__class__ is not str:
            return self.node(tree)
        this, word = self.tree(tree.args["this"]), self.word(name)
        return tree if this is tree.args["this"] and word == name else _like(tree, {"this": this, "alias": word})

    def column(self, tree: exp.Expr) -> exp.Expr:
        """A column; one of metasql's own stays where its names need no quotes."""
        if not _is_own(tree):
            return self.node(tree)
        names = tree.args
        if self.dialect.nodes:
            return exp.Column(**{key: self.name(name) for key, name in names.items()})
        for name in names.values():
            if self.word(name) != name:
                return exp.Column(**{key: self.word(name) for key, name in names.items()})
        return tree

    def identifier(self, tree: exp.Expr) -> exp.Expr:
        made = self.name(tree.this)
        stays = not (made.args["quoted"] or tree.args.get("quoted") or tree.comments)
        return tree if stays else made

    def name(self, name: str) -> exp.Identifier:
        made = self.names.get(name)
        if made is None:
            quoted = _PLAIN.fullmatch(name) is None or name in self.dialect.keywords
            made = self.names[name] = exp.Identifier(this=name, quoted=quoted)
        return made

    def word(self, name: str) -> str:
        """A name as it stands in the text."""
        word = self.words.get(name)
        if word is None:
            made = self.name(name)
            word = self.words[name] = self.text(made, False) if made.args["quoted"] else name
        return word


def _is_own(tree: exp.Expr) -> bool:
    """Whether it is one of metasql's own columns, whose names are plain texts (plan/sql.py)."""
    return tree.__class__ is exp.Column and tree.args["this"].__class__ is str


def _like(tree: exp.Expr, parts: dict[str, Any]) -> exp.Expr:
    """A node over other parts."""
    made = tree.__class__(**parts)
    made.comments = tree.comments
    return made


_WAYS: dict[type[exp.Expr], Callable[[Renderer, exp.Expr], exp.Expr]] = {
    exp.Alias: Renderer.alias,
    exp.Anonymous: Renderer.call,
    exp.Boolean: Renderer.leaf,
    exp.Column: Renderer.column,
    exp.DataType: Renderer.leaf,
    exp.Final: Renderer.final,
    exp.Identifier: Renderer.identifier,
    exp.Literal: Renderer.literal,
    exp.Null: Renderer.leaf,
    exp.Select: Renderer.select,
    exp.Subquery: Renderer.once,
    exp.Union: Renderer.once,
}
"""What is done with nodes of a class where it is not just their parts that are lowered."""


def render(tree: exp.Expr, dialect: Dialect, *, pretty: bool = False) -> str:
    """One statement by itself."""
    return Renderer(dialect).render(tree, pretty=pretty)
