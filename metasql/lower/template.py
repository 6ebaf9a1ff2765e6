"""Operations that are written as SQL of their engine, with `:a`, `:b` for the arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

import sqlglot
from sqlglot import exp

Lowering = Callable[[Sequence[exp.Expr]], exp.Expr]


@cache
def _parsed(template: str, dialect: str) -> tuple[exp.Expr, frozenset[int]]:
    """A template's tree, and the ids of its nodes that hold a placeholder."""
    tree = sqlglot.parse_one(template, dialect=dialect)
    open_nodes = set()
    for node in tree.find_all(exp.Placeholder):
        above: exp.Expr | None = node
        while above is not None:
            open_nodes.add(id(above))
            above = above.parent
    return tree, frozenset(open_nodes)


def _lower(template: str, dialect: str, arguments: Sequence[exp.Expr]) -> exp.Expr:
    tree, open_nodes = _parsed(template, dialect)
    return _filled(tree, open_nodes, dict(zip("abcd", arguments, strict=False)))


def template(text: str, dialect: str) -> Lowering:
    """An operation as an expression of a dialect over `:a`, `:b`. It is parsed when it is first used."""
    return partial(_lower, text, dialect)


def call(name: str) -> Lowering:
    """An operation that is one function of the engine."""
    return partial(_call, name)


def _call(name: str, arguments: Sequence[exp.Expr]) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _filled(tree: exp.Expr, open_nodes: frozenset[int], given: Mapping[str, exp.Expr]) -> exp.Expr:
    """A template's tree with the arguments in their places; what holds none of them is shared."""
    if isinstance(tree, exp.Placeholder):
        return given[tree.name]
    if id(tree) not in open_nodes:
        return tree

    def part(value: Any) -> Any:
        if isinstance(value, list):
            return [part(item) for item in value]
        return _filled(value, open_nodes, given) if isinstance(value, exp.Expr) else value

    return tree.__class__(**{key: part(value) for key, value in tree.args.items() if value is not None})
