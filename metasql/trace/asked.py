"""Which columns of a SELECT, and of what it reads, decide about some of its output columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from metasql.trace import makers

ALL = None
"""The demand for every column."""

Demand = frozenset[str] | None

_MANY = (exp.Star, exp.Columns, exp.PositionalColumn)
_BODY = ("where", "group", "having", "windows", "qualify", "order", "distinct", "joins", "laterals")


def needed(tree: exp.Select, names: Sequence[str], demand: Demand) -> list[tuple[str, exp.Expr]]:
    """The output columns that are asked for, and those that these, or a clause, may mean by their names.

    A column that makes rows stands beside all others; DISTINCT and GROUP BY ALL read all of them.
    """
    items = list(zip(names, tree.expressions, strict=True))
    group, order = tree.args.get("group"), tree.args.get("order")
    by_all = any(clause is not None and _says_all(clause) for clause in (group, order))
    if demand is ALL or tree.args.get("distinct") or tree.args.get("match") or by_all:
        return items
    wanted = {name for name, item in items if name in demand or makes_rows(item)}
    wanted |= _bare([tree.args.get(name) for name in _BODY]) & set(names)
    while True:
        more = _bare([item for name, item in items if name in wanted]) & set(names)
        if more <= wanted:
            return [entry for entry in items if entry[0] in wanted]
        wanted |= more


def ordinals(tree: exp.Select) -> list[exp.Expr]:
    """The output columns that numbers in GROUP BY and ORDER BY stand for."""
    found = []
    for name in ("group", "order"):
        clause = tree.args.get(name)
        for item in clause.expressions if clause is not None else []:
            value = item.this if isinstance(item, exp.Ordered) else item
            if isinstance(value, exp.Literal) and not value.is_string and value.this.isdigit():
                number = int(value.this)
                found += tree.expressions[number - 1 : number]
    return found


def makes_rows(item: exp.Expr) -> bool:
    """Whether an output column gives several rows for one."""
    return any(makers.makes_rows(node) for node in item.walk())


def is_star(item: exp.Expr) -> bool:
    """Whether an output column stands for any number of them."""
    item = item.unalias()
    if isinstance(item, exp.Column):
        item = item.this
    return isinstance(item, _MANY) or (not isinstance(item, exp.Query) and item.find(exp.Columns) is not None)


@dataclass(frozen=True)
class Asked:
    """Which columns each source of a SELECT is asked for.

    `bare` are names that may be columns of any source: a column of two parts may be a part of a structure, so
    its first name is one of them. `alone` are those without a second part: they may mean a table's whole row.
    """

    everything: bool = False
    bare: frozenset[str] = frozenset()
    alone: frozenset[str] = frozenset()
    named: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, tree: exp.Select, items: Sequence[exp.Expr]) -> Asked:
        roots = [*items, *ordinals(tree), *(tree.args.get(name) for name in tree.args if name not in _OUTPUT)]
        named: dict[str, set[str]] = {}
        bare: set[str] = set()
        alone: set[str] = set()
        for node in _columns(roots):
            parts = [part.name.lower() for part in node.parts] if isinstance(node, exp.Column) else []
            if not parts or len(parts) > 2 or isinstance(node.this, exp.Star):
                return cls(everything=True)
            if len(parts) == 2:
                named.setdefault(parts[0], set()).add(parts[1])
            else:
                alone.add(parts[0])
            bare.add(parts[0])
        for join in tree.args.get("joins") or []:
            if join.args.get("method") == "NATURAL":
                return cls(everything=True)
            bare |= {column.name.lower() for column in join.args.get("using") or []}
        return cls(
            False, frozenset(bare), frozenset(alone), {alias: frozenset(names) for alias, names in named.items()}
        )

    def by(self, alias: str) -> Demand:
        """The columns that a source is asked for."""
        if self.everything or alias in self.alone:
            return ALL
        return self.bare | self.named.get(alias, frozenset())


_OUTPUT = ("expressions", "with_")


def _says_all(clause: exp.Expr) -> bool:
    if clause.args.get("all"):
        return True
    items = [item.this if isinstance(item, exp.Ordered) else item for item in clause.expressions]
    return any(isinstance(item, (exp.Column, exp.Var)) and item.name.lower() == "all" for item in items)


def _bare(roots: Iterable[Any]) -> set[str]:
    """The first names of columns: what stands before a dot may be an output column that is a structure."""
    return {node.parts[0].name.lower() for node in _columns(list(roots)) if isinstance(node, exp.Column)}


def _columns(roots: Sequence[Any]) -> Iterator[exp.Expr]:
    """Columns and stars in expressions; those of queries inside too, as these may be correlated."""
    stack = list(roots)
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, exp.Count) and isinstance(node.this, exp.Star):
            continue
        elif isinstance(node, (exp.Column, *_MANY)):
            yield node
        elif isinstance(node, exp.Expr):
            stack.extend(node.args.values())
