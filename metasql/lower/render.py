"""Trees → SQL text: the one place where `.sql()` is called."""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp

from metasql.lower.dialect import Dialect
from metasql.plan.sql import OPERATION

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


_LEAVES = frozenset({exp.Literal, exp.Null, exp.Boolean, exp.DataType})
_SHARED = frozenset({exp.Select, exp.Union, exp.Subquery, exp.Anonymous})


class Renderer:
    """Renders the trees of one plan; the queries and calls that they share are lowered once.

    Lowering makes a new tree: operations become the engine's own, and names are quoted
    where they must be. Leaves and names may stand in several places of it.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.shared: dict[int, tuple[exp.Expr, exp.Expr]] = {}
        self.blocks: dict[int, tuple[exp.Expr, exp.Expr]] = {}
        self.names: dict[str, exp.Identifier] = {}
        self.has_long_literal = False

    def render(self, tree: exp.Expr, *, pretty: bool = False) -> str:
        """The statement that the engine is given; `pretty` is for people to read."""
        made = self.tree(tree)
        return self.text(self.with_block_texts(made) if pretty and not self.has_long_literal else made, pretty)

    def text(self, tree: exp.Expr, pretty: bool) -> str:
        return tree.sql(dialect=self.dialect.sqlglot, pretty=pretty, comments=pretty, copy=False)

    def with_block_texts(self, tree: exp.Expr) -> exp.Expr:
        """A query whose blocks are texts already: several views share most of theirs.

        Not where a literal has a line end: its text must not be indented.
        """
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
        """The lowered tree. What may be shared is kept beside it, so that no other can take its id."""
        kind = tree.__class__
        if kind is exp.Identifier:
            return self.names.get(tree.this) or self.name(tree.this)
        if kind in _LEAVES:
            self.has_long_literal |= kind is exp.Literal and "\n" in tree.this
            return tree
        if kind is exp.Final and not self.dialect.reads_final:
            return self.tree(tree.this)
        if kind in _SHARED:
            known = self.shared.get(id(tree))
            if known is None:
                made = self.operation(tree) if kind is exp.Anonymous else self.node(tree)
                known = self.shared[id(tree)] = (tree, made)
            return known[1]
        return self.node(tree)

    def operation(self, tree: exp.Expr) -> exp.Expr:
        """A call; one of metasql's own becomes what the dialect makes of it."""
        if not str(tree.this).startswith(OPERATION):
            return self.node(tree)
        arguments = [self.tree(item) for item in tree.expressions]
        return self.dialect.operations[str(tree.this)[len(OPERATION) :].lower()](arguments)

    def node(self, tree: exp.Expr) -> exp.Expr:
        parts: dict[str, Any] = {}
        for key, value in tree.args.items():
            if isinstance(value, exp.Expr):
                parts[key] = self.tree(value)
            elif isinstance(value, list):
                parts[key] = [self.tree(item) if isinstance(item, exp.Expr) else item for item in value]
            elif value is not None:
                parts[key] = value
        made = tree.__class__(**parts)
        made.comments = tree.comments
        return made

    def name(self, name: str) -> exp.Identifier:
        quoted = _PLAIN.fullmatch(name) is None or name in self.dialect.keywords
        made = self.names[name] = exp.Identifier(this=name, quoted=quoted)
        return made


def render(tree: exp.Expr, dialect: Dialect, *, pretty: bool = False) -> str:
    """One statement by itself."""
    return Renderer(dialect).render(tree, pretty=pretty)
