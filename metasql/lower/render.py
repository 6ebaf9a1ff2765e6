"""Trees → SQL text: the one place where `.sql()` is called."""

from __future__ import annotations

import re

from sqlglot import exp

from metasql.lower.dialect import Dialect
from metasql.plan.sql import OPERATION

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


def lowered(tree: exp.Expression, dialect: Dialect) -> exp.Expression:
    """A tree in which every operation of metasql's is the engine's own, and names are quoted."""
    tree = tree.copy()
    calls = [node for node in tree.find_all(exp.Anonymous) if str(node.this).startswith(OPERATION)]
    for call in reversed(calls):
        made = dialect.operations[str(call.this)[len(OPERATION) :].lower()](call.expressions)
        if call is tree:
            tree = made
        else:
            call.replace(made)
    for name in tree.find_all(exp.Identifier):
        name.set("quoted", _PLAIN.fullmatch(name.name) is None or name.name in dialect.keywords)
    return tree


def render(tree: exp.Expression, dialect: Dialect, *, pretty: bool = False) -> str:
    """The statement that the engine is given; `pretty` is for people to read."""
    return lowered(tree, dialect).sql(dialect=dialect.sqlglot, pretty=pretty, comments=pretty)
