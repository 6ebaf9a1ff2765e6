"""Trees → SQL text: the one place where `.sql()` is called."""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp

from metasql.lower.dialect import Dialect
from metasql.plan.sql import OPERATION

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


class Renderer:
    """Renders the trees of one plan; what they share is lowered once.

    Lowering makes a new tree: operations become the engine's own, and names are quoted
    where they must be.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.done: dict[int, tuple[exp.Expr, exp.Expr]] = {}

    def render(self, tree: exp.Expr, *, pretty: bool = False) -> str:
        """The statement that the engine is given; `pretty` is for people to read."""
        return self.tree(tree).sql(dialect=self.dialect.sqlglot, pretty=pretty, comments=pretty, copy=False)

    def value(self, value: Any) -> Any:
        if isinstance(value, exp.Expr):
            return self.tree(value)
        return [self.value(item) for item in value] if isinstance(value, list) else value

    def tree(self, tree: exp.Expr) -> exp.Expr:
        """The lowered tree. The plan's own is kept beside it, so that no other can take its id."""
        known = self.done.get(id(tree))
        if known is None:
            known = self.done[id(tree)] = (tree, self._lowered(tree))
        return known[1]

    def _lowered(self, tree: exp.Expr) -> exp.Expr:
        if isinstance(tree, exp.Identifier):
            name = tree.name
            return exp.Identifier(this=name, quoted=_PLAIN.fullmatch(name) is None or name in self.dialect.keywords)
        if isinstance(tree, exp.Anonymous) and str(tree.this).startswith(OPERATION):
            arguments = [self.tree(item) for item in tree.expressions]
            return self.dialect.operations[str(tree.this)[len(OPERATION) :].lower()](arguments)
        made = tree.__class__(**{key: self.value(value) for key, value in tree.args.items()})
        made.comments = tree.comments
        return made


def render(tree: exp.Expr, dialect: Dialect, *, pretty: bool = False) -> str:
    """One statement by itself."""
    return Renderer(dialect).render(tree, pretty=pretty)
