"""Placeholders of a template's `ref` and `source` → the relations that they stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlglot import exp

from metasql.parse.declarations import Ref

Place = Callable[[Ref, exp.Table], tuple[exp.Table, str]]
"""From a reference and its node to a relation, and the name under which the query sees it."""


def place_refs(tree: exp.Query, refs: Iterable[Ref], place: Place) -> exp.Query:
    """A copy of a query in which every placeholder is a relation, under the author's alias or its own name.

    What else the author wrote about the table (joins, pivots, a sample) stays.
    """
    tree = _copied(tree)
    known = {ref.placeholder: ref for ref in refs}
    names: dict[str, str] = {}
    for node in list(tree.find_all(exp.Table)):
        ref = known.get(node.name) if isinstance(node.this, exp.Identifier) else None
        if ref is None:
            continue
        relation, name = place(ref, node)
        names[ref.placeholder] = name
        alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name))
        for part in ("this", "db", "catalog"):
            node.set(part, relation.args.get(part))
        node.set("alias", alias)
    for column in tree.find_all(exp.Column):
        if column.table in names:
            column.set("table", exp.to_identifier(names[column.table]))
    return tree


def _copied(tree: Any) -> Any:
    """A query as a new one, without what the parser noted of its places: that makes copying slow."""
    if isinstance(tree, list):
        return [_copied(item) for item in tree]
    if not isinstance(tree, exp.Expr):
        return tree
    made = tree.__class__(**{key: _copied(value) for key, value in tree.args.items() if value is not None})
    made.comments = tree.comments
    return made
