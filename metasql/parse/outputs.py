"""The output columns of a body: their names, and whether each has one of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp

from metasql.diagnostics import Bag, Label
from metasql.parse.declarations import Body
from metasql.parse.sql import span_of

Columns = Mapping[str, Sequence[str]]
"""The columns of tables, by the names that stand for them in the tree."""


def output_names(tree: exp.Query, known: Columns | None = None) -> tuple[str, ...] | None:
    """The names of the output columns, or None where a star cannot be expanded.

    `known` are the columns of tables by placeholder. An expression without a name gives ''.
    """
    return query_names(tree, {name.lower(): columns for name, columns in (known or {}).items()})


def check_outputs(body: Body, bag: Bag) -> None:
    """Report output columns that have no name, and names that two of them have."""
    select = first_select(body.tree)
    seen: dict[str, exp.Expr] = {}
    for expression in select.expressions if select is not None else []:
        if _is_star(expression):
            continue
        name = _name(expression)
        span = span_of(body.lines, expression)
        if not name:
            bag.error("MS0235", "this output column has no name", span, help="give it one: `... as name`")
            continue
        first = seen.setdefault(name.lower(), expression)
        if first is not expression:
            other = Label(span_of(body.lines, _named(first)), "first here")
            span = span_of(body.lines, _named(expression))
            help = "rename one of the two, or leave it out"
            bag.error("MS0236", f"two output columns are called `{name}`", span, secondary=[other], help=help)


def first_select(tree: exp.Expr | None) -> exp.Select | None:
    """The SELECT that names the columns: the first of a UNION, the inside of parentheses."""
    while tree is not None and not isinstance(tree, exp.Select):
        tree = tree.this if isinstance(tree, (exp.SetOperation, exp.Subquery)) else None
    return tree


def _named(expression: exp.Expr) -> exp.Expr:
    """The part of an output column that is its name."""
    alias = expression.args.get("alias")
    if isinstance(expression, exp.Alias) and isinstance(alias, exp.Expr):
        return alias
    return expression.this if isinstance(expression, exp.Column) else expression


def _name(expression: exp.Expr) -> str:
    """The name that every engine gives a column, or '' where engines would make one up."""
    if isinstance(expression, exp.Alias):
        return expression.alias
    return expression.name if isinstance(expression, (exp.Column, exp.Dot)) else ""


def _is_star(expression: exp.Expr) -> bool:
    """Whether an expression stands for any number of columns."""
    if isinstance(expression, (exp.Star, exp.Columns, exp.Aliases)):
        return True
    return isinstance(expression, exp.Column) and isinstance(expression.this, exp.Star)


def query_names(tree: exp.Expr, known: dict[str, Sequence[str]]) -> tuple[str, ...] | None:
    """The columns of a query, where `known` holds the tables and the WITH parts around it."""
    with_ = tree.args.get("with_")
    known = dict(known)
    for part in with_.expressions if with_ is not None else []:
        columns = [column.name for column in part.args["alias"].columns] or query_names(part.this, known)
        known.pop(part.alias.lower(), None)
        if columns is not None:
            known[part.alias.lower()] = columns
    if isinstance(tree, (exp.SetOperation, exp.Subquery)):
        return query_names(tree.this, known)
    if not isinstance(tree, exp.Select):
        return None
    names: list[str] = []
    for expression in tree.expressions:
        if not _is_star(expression):
            names.append(_name(expression))
            continue
        expanded = _expand(expression, tree, known)
        if expanded is None:
            return None
        names.extend(expanded)
    return tuple(names)


def _expand(star: exp.Expr, select: exp.Select, known: dict[str, Sequence[str]]) -> list[str] | None:
    """The columns that `*` or `t.*` stands for."""
    inner = star if isinstance(star, exp.Star) else star.this
    if not isinstance(inner, exp.Star):
        return None
    wanted = star.table if isinstance(star, exp.Column) else ""
    names: list[str] = []
    for relation, using in relations(select):
        if wanted and relation.alias_or_name.lower() != wanted.lower():
            continue
        columns = relation_columns(relation, known)
        if columns is None or using is None:
            return None
        names.extend(column for column in columns if wanted or column.lower() not in using)
    return _adjusted(inner, names) if names else None


def _adjusted(star: exp.Star, names: list[str]) -> list[str]:
    """`* EXCLUDE (a)` and `* RENAME (a AS b)`; `REPLACE` leaves names as they are."""
    left_out = {part.name.lower() for part in star.args.get("except_") or []}
    renamed = {part.this.name.lower(): part.alias for part in star.args.get("rename") or []}
    return [renamed.get(name.lower(), name) for name in names if name.lower() not in left_out]


def relations(select: exp.Select) -> Iterator[tuple[exp.Expr, frozenset[str] | None]]:
    """FROM and JOINs, each with the columns that USING shares; None where that is not known."""
    from_ = select.args.get("from_")
    if from_ is not None:
        yield from_.this, frozenset()
    for join in select.args.get("joins") or []:
        side = str(join.args.get("kind") or join.args.get("side") or "").upper()
        if side in {"SEMI", "ANTI"}:
            continue
        using = frozenset(part.name.lower() for part in join.args.get("using") or [])
        yield join.this, None if join.args.get("method") else using
    for lateral in select.args.get("laterals") or []:
        yield lateral, None


def relation_columns(relation: exp.Expr, known: dict[str, Sequence[str]]) -> Sequence[str] | None:
    if relation.args.get("pivots") or relation.args.get("joins"):
        return None
    alias = relation.args.get("alias")
    given = [column.name for column in alias.columns] if isinstance(alias, exp.TableAlias) else []
    columns = known.get(relation.name.lower()) if isinstance(relation, exp.Table) and not relation.db else None
    if isinstance(relation, exp.Subquery):
        columns = query_names(relation.this, known)
    if columns is None:
        return None
    return [*given, *list(columns)[len(given) :]]
