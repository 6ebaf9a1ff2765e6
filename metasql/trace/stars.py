"""Output columns that stand for several: `*`, `t.*`, `COLUMNS(...)`, `unnest` of a structure."""

from __future__ import annotations

import re

from sqlglot import exp

from metasql.trace.makers import ROW_MAKERS
from metasql.trace.reach import NOTHING, Item, Reach, gather
from metasql.trace.relation import Frame, Relation

_LISTS = (exp.Array, exp.GenerateSeries, exp.Split, exp.StringToArray, exp.RegexpSplit, exp.ArrayAgg)
_REGEX = re.compile(r"[\w.*+?|^$()\[\]-]*")


def is_star(node: exp.Expr) -> bool:
    return isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star))


def star_columns(node: exp.Expr, frame: Frame) -> list[tuple[str, Reach]] | None:
    wanted = node.table.lower() if isinstance(node, exp.Column) else ""
    found: list[tuple[str, Reach]] = []
    met = False
    for relation, shared in zip(frame.relations, frame.shared, strict=True):
        if relation.hidden or (wanted and wanted not in relation.names):
            continue
        met = True
        if relation.columns is None:
            return None
        for name, value in relation.each(node):
            if wanted or name.lower() not in shared:
                found.append((name, value if wanted else _merged(name, value, frame, node)))
    return found if met else None


def _merged(name: str, value: Reach, frame: Frame, node: exp.Expr) -> Reach:
    """A column of USING is that of all sides."""
    if not any(name.lower() in shared for shared in frame.shared):
        return value
    return value | gather(relation.reach(name.lower(), node) or NOTHING for _, relation in frame.having(name.lower()))


def matching(node: exp.Columns, frame: Frame) -> list[tuple[str, Reach]] | None:
    """The columns of `COLUMNS(*)` and of `COLUMNS('pattern')`, where the pattern is a plain one."""
    columns = star_columns(node, frame) if not node.args.get("unpack") else None
    if columns is None or (isinstance(node.this, exp.Star) and not any(node.this.args.values())):
        return columns
    if not isinstance(node.this, exp.Literal) or not _REGEX.fullmatch(node.this.name):
        return None
    try:
        pattern = re.compile(node.this.name)
    except re.error:
        return None
    return [(name, value) for name, value in columns if pattern.search(name)]


def with_stars(tree: exp.Select, items: list[tuple[Item, Reach]], frame: Frame) -> dict[str, Reach]:
    """The columns whose names are known, beside a star of which not all are.

    The star may give a column of the same name, and then that is meant.
    """
    stars = [node for node in tree.expressions if is_star(node) or isinstance(node, exp.Columns)]
    plain = all(isinstance(node, exp.Star) and not any(node.args.values()) for node in stars)
    named: dict[str, Reach] = {}
    for relation in frame.visible() if plain and stars else []:
        for name in relation.named:
            named[name] = gather(item.reach(name, stars[0]) or NOTHING for item in frame.visible())
    derived = [relation for relation in frame.open() if relation.parent is None]
    for item, value in items:
        name = item.name.lower()
        more = gather(relation.reach(name, item.node) or NOTHING for relation in derived)
        named[name] = named.get(name, NOTHING) | value | more
    return named


def unnamed(relation: Relation, node: exp.Expr) -> Reach:
    """What the columns without known names are made of; those with names are passed on by name."""
    return relation.rest | relation.carried if relation.named else relation.whole(node)


def may_be_wide(node: exp.Expr) -> bool:
    """Whether an output column may stand for several: `unnest` of a structure gives each of its parts."""
    value = node.unalias()
    if not isinstance(value, ROW_MAKERS):
        return False
    made = value.this if not isinstance(value, exp.Unnest) else next(iter(value.expressions), None)
    return not isinstance(made, _LISTS) or bool(value.expressions)


def is_wide(frame: Frame) -> bool:
    return any(relation.is_wide for relation in frame.visible())
