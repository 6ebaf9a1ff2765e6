"""Expressions of the declarations over named columns: `where`, `stale_when`, `version`, aggregates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlglot import exp

from metasql.diagnostics import Bag, candidates, suggest
from metasql.parse.sql import parse_expression, place_in
from metasql.source import Span, Word, span_of


def expression_over(text: Word, columns: Collection[str], key: str, dialect: str, bag: Bag) -> exp.Expr | None:
    """An expression over the columns of one row of a feature."""
    return over_renamed(text, {name: name for name in columns}, key, dialect, bag)


def over_renamed(text: Word, names: Mapping[str, str], key: str, dialect: str, bag: Bag) -> exp.Expr | None:
    """An expression over one row, whose columns are renamed by `names`, as one over their own names."""
    tree = parse_expression(text, dialect, bag)
    if tree is None:
        return None
    across = tree.find(exp.AggFunc, exp.Window, exp.Unnest, exp.Explode)
    if across is not None:
        bag.error(
            "MS0344",
            "an aggregate, a window or `unnest` cannot stand here: this is asked of each row alone",
            place_in(text, across),
            help="compute it in the body of a SQL feature, and use its column here",
        )
        return None
    return undo_rename(tree, names, text, key, bag)


def aggregate_over(text: Word, names: Mapping[str, str], key: str, dialect: str, bag: Bag) -> exp.Expr | None:
    """An aggregate expression over the members of a group."""
    tree = parse_expression(text, dialect, bag)
    if tree is None:
        return None
    window = tree.find(exp.Window)
    if window is not None or not _may_aggregate(tree):
        bag.error(
            "MS0344",
            "an aggregate is wanted here: several rows of a group become one value",
            text.span if window is None else place_in(text, window),
            help=f"say which one, such as `min({text})`"
            if tree.find(exp.Func) is None
            else "use count, sum, min, list",
        )
        return None
    return undo_rename(tree, names, text, key, bag)


def _may_aggregate(tree: exp.Expr) -> bool:
    """Whether an aggregate is in it, or a function of the engine's that may be one."""
    unknown = any(function.expressions for function in tree.find_all(exp.Anonymous))
    return unknown or tree.find(exp.AggFunc, exp.AnonymousAggFunc) is not None


def undo_rename(tree: exp.Expr, names: Mapping[str, str], text: Word, key: str, bag: Bag) -> exp.Expr:
    """An expression over renamed columns as one over the columns' own names."""
    own = {new.lower(): old for old, new in names.items()}

    def restore(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            return node
        if node.table:
            _qualified(node, text, key, bag)
            return node
        if node.name.lower() not in own:
            unknown_column(node.name, place_in(text, node), names.values(), key, bag)
            return node
        return exp.column(exp.to_identifier(own[node.name.lower()]))

    return tree.transform(restore)


def _qualified(node: exp.Column, text: Word, key: str, bag: Bag) -> None:
    bag.error(
        "MS0335",
        f"columns stand without a table's name here: `{node.sql()}`",
        place_in(text, node),
        notes=[f"the expression sees the columns of `{key}` and nothing else"],
        help=f"write `{node.name}`; for a part of a structure, `({node.table}).{node.name}`",
    )


def check_column(name: Word, known: Sequence[str], key: str, bag: Bag) -> None:
    """Report a column that a feature does not have."""
    if str(name) not in known:
        unknown_column(str(name), span_of(name), known, key, bag)


def unknown_column(name: str, span: Span, known: Iterable[str], key: str, bag: Bag) -> None:
    known = list(known)
    bag.error(
        "MS0335",
        f"`{key}` has no column `{name}`",
        span,
        label="unknown column",
        notes=[f"columns of `{key}`: {candidates(known)}"],
        help=suggest(name, known) or f"name a column of `{key}`, or add it there",
    )
