"""What a person wrote in the project's dialect, as ClickHouse's SQL with the same result.

Every node goes through one table: what is not in it has no counterpart that gives the same
values, and is refused with a reason. Many functions are there for values of unknown type:
`toTypeName` is constant for the engine, so it takes one branch and does not look at the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlglot import exp

from metasql.lower.dialect import Refusal
from metasql.lower.template import template

Rule = Callable[["Carrier", Any], exp.Expr]

_CONDITIONS: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.Where: ("this",),
    exp.Having: ("this",),
    exp.Qualify: ("this",),
    exp.And: ("this", "expression"),
    exp.Or: ("this", "expression"),
    exp.Not: ("this",),
    exp.Join: ("on",),
    exp.If: ("this",),
}
"""Where a condition stands, and not a value: ClickHouse's comparisons are numbers, and have to be made booleans."""

_BOOLEANS = (
    exp.Predicate,
    exp.Connector,
    exp.Not,
    exp.RegexpLike,
    exp.RegexpFullMatch,
    exp.Escape,
    exp.IsNan,
    exp.IsInf,
    exp.StartsWith,
    exp.EndsWith,
    exp.Contains,
    exp.ArrayContains,
)
_NAMED_BOOLEANS = frozenset({"prefix", "suffix", "isfinite"})
_GROUP = "metasql_group"
_NO_NUMBERS = (exp.Boolean, exp.Case, exp.If)


class RefusedError(Exception):
    """A rule cannot carry its node."""


class Carrier:
    """Makes a new tree and leaves the old one as it is."""

    def __init__(
        self,
        rules: Mapping[type[exp.Expr], Rule],
        types: Mapping[str, exp.DataType] | None = None,
        sources: Mapping[str, Mapping[str, exp.DataType]] | None = None,
    ) -> None:
        """`types` are those of columns by name; `sources` the same for each table that a query may read."""
        self.rules = rules
        self.refusals: list[Refusal] = []
        self.spread: Mapping[tuple[str, str], str] = {}
        self.types: Mapping[str, exp.DataType] = types or {}
        self.sources = sources or {}

    def tree(self, node: exp.Expr, *, condition: bool = False) -> exp.Expr:
        """A node in the words of the engine; a comparison that is a value becomes a boolean."""
        if isinstance(node, exp.Paren):
            return exp.Paren(this=self.tree(node.this, condition=condition))
        rule = self.rules.get(node.__class__)
        if rule is None:
            return self.refuse(node, f"{_name(node)} has no counterpart that gives the same values")
        try:
            made = rule(self, node)
        except RefusedError as refused:
            return self.refuse(node, str(refused))
        if not condition and _is_number(node):
            return exp.Cast(this=made, to=exp.DataType.build("boolean"))
        return made

    def refuse(self, node: exp.Expr, reason: str) -> exp.Expr:
        self.refusals.append(Refusal(node, reason))
        return node

    def parts(self, node: exp.Expr, **given: Any) -> exp.Expr:
        """The same node with its parts carried; `given` are made already."""
        conditions = _CONDITIONS.get(node.__class__, ())
        made: dict[str, Any] = {}
        for key, value in node.args.items():
            if key in given or value is None:
                continue
            if isinstance(value, exp.Expr):
                made[key] = self.tree(value, condition=key in conditions)
            elif isinstance(value, list):
                made[key] = [self.tree(item) if isinstance(item, exp.Expr) else item for item in value]
            else:
                made[key] = value
        result = node.__class__(**made, **{key: value for key, value in given.items() if value is not None})
        result.comments = node.comments
        return result

    def all(self, nodes: Sequence[exp.Expr | None]) -> list[exp.Expr]:
        return [self.tree(node) for node in nodes if node is not None]


def _is_number(node: exp.Expr) -> bool:
    """Whether it is a truth that ClickHouse tells by 0 and 1."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower() in _NAMED_BOOLEANS
    return isinstance(node, _BOOLEANS) and not isinstance(node, _NO_NUMBERS)


def plain(carrier: Carrier, node: exp.Expr) -> exp.Expr:
    """Said alike on both engines."""
    return carrier.parts(node)


def kept(_: Carrier, node: exp.Expr) -> exp.Expr:
    """A leaf, or a name."""
    return node


def sql(text: str, *arguments: exp.Expr) -> exp.Expr:
    """ClickHouse's SQL over `:a`, `:b` and so on.

    The type of an aggregate is constant for the engine only under another name, which a lambda gives.
    """
    if "toTypeName" in text:
        grouped = [name for name, argument in zip("abcd", arguments, strict=False) if _has_group(argument, set())]
        text = _by_name(text, grouped) if grouped else text
    return template(text, "clickhouse")(arguments)


def _by_name(text: str, names: list[str]) -> str:
    named = re.sub(rf":({'|'.join(names)})\b", r"metasql_\1", text)
    heads, values = ", ".join(f"metasql_{name}" for name in names), ", ".join(f"[:{name}]" for name in names)
    return f"arrayElement(arrayMap(({heads}) -> {named}, {values}), 1)"


def mark_group(node: exp.Expr) -> exp.Expr:
    """Note on a node that it is an aggregate, or a value over a window."""
    node.meta[_GROUP] = True
    return node


def _has_group(node: exp.Expr, seen: set[int]) -> bool:
    """Whether a made tree holds one; what stands in it many times is one node, and looked at once."""
    if id(node) in seen:
        return False
    seen.add(id(node))
    return _GROUP in node.meta or any(_has_group(part, seen) for part in node.iter_expressions())


def written(text: str, *names: str) -> Rule:
    """A node as ClickHouse's SQL over its arguments of these names, or over its parts in order."""

    def rule(carrier: Carrier, node: exp.Expr) -> exp.Expr:
        chosen = names or ("this", "expression")
        return sql(text, *carrier.all([node.args.get(name) for name in chosen]))

    return rule


def literal(node: exp.Expr | None, what: str) -> str:
    """The text of a literal: some of ClickHouse's functions take nothing else."""
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
        return f"-{node.this.this}"
    if not isinstance(node, exp.Literal):
        raise RefusedError(f"{what} must be written out here")
    return str(node.this)


def only(node: exp.Expr, known: frozenset[str], what: str) -> None:
    """Nothing is written here but what is known."""
    for part, value in node.args.items():
        if value and part not in known:
            raise RefusedError(f"{what} with `{part.strip('_').replace('_', ' ').upper()}` is not carried over")


def _name(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return f"`{str(node.this).lower()}`"
    if isinstance(node, exp.Func):
        return f"`{node.sql_name().lower()}`"
    return f"`{node.key.upper()}`"
