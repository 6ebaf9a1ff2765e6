"""Which output columns of a SELECT tell its rows apart."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from metasql.trace.reach import Item
from metasql.trace.relation import Frame

_ONE_ROW = (exp.Count, exp.Sum, exp.Min, exp.Max, exp.Avg)


def output_keys(tree: exp.Select, frame: Frame, items: Sequence[Item]) -> tuple[frozenset[str], ...]:
    """Sets of output columns, in lower case, of which no two rows have the same values."""
    group = tree.args.get("group")
    if group is not None:
        return _of_groups(group, items)
    if any(_sums_up(item.node) for item in items):
        return (frozenset(),)
    copies: dict[tuple[int, str], str] = {}
    for item in items:
        origin = _origin(item, frame)
        if origin is not None:
            copies[origin] = item.name.lower()
    return tuple(frozenset(copies[part] for part in key) for key in frame.keys if key <= set(copies))


def _of_groups(group: exp.Expr, items: Sequence[Item]) -> tuple[frozenset[str], ...]:
    """The output columns that are what is grouped by, where all of it is given out."""
    if any(value for name, value in group.args.items() if name != "expressions"):
        return ()
    found = set()
    for part in group.expressions:
        names = [item.name.lower() for number, item in enumerate(items) if _is_item(part, number, item)]
        if not names:
            return ()
        found.add(names[0])
    return (frozenset(found),)


def _is_item(part: exp.Expr, number: int, item: Item) -> bool:
    if isinstance(part, exp.Literal):
        return part.is_int and int(part.name) == number + 1
    return part == item.node.unalias()


def _sums_up(node: exp.Expr) -> bool:
    return isinstance(node.unalias(), _ONE_ROW)


def _origin(item: Item, frame: Frame) -> tuple[int, str] | None:
    """The relation's column of which an output column is a plain copy."""
    node = item.node.unalias()
    if isinstance(node, (exp.Star, exp.Columns)) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star)):
        name = item.name.lower()
        if (
            isinstance(node, exp.Column)
            or len(frame.relations) > 1
            or node.args.get("replace")
            or node.args.get("rename")
        ):
            return None
        return (0, name) if frame.relations and frame.relations[0].has(name) else None
    if not isinstance(node, exp.Column) or len(node.parts) > 2:
        return None
    name = node.name.lower()
    if node.table:
        found = [number for number, item_ in enumerate(frame.relations) if node.table.lower() in item_.names]
    else:
        found = [number for number, _ in frame.having(name)]
    sure = len(found) == 1 and frame.relations[found[0]].has(name)
    return (found[0], name) if sure else None
