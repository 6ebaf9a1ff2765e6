"""The names of a query's output columns, as far as the declarations tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

Names = tuple[str, ...]
Resolve = Callable[[str], Names | None]
"""From a table's name in the body to its columns, or None where they are not known."""


def output_columns(query: exp.Expr, resolve: Resolve, ctes: Mapping[str, Names | None] | None = None) -> Names | None:
    """The output columns of a query, in order; None where a star cannot be expanded."""
    known = dict(ctes or {})
    for cte in _ctes(query):
        aliases = tuple(column.name for column in cte.args["alias"].columns)
        known[cte.alias] = aliases or output_columns(cte.this, resolve, known)
    if isinstance(query, exp.Subquery):
        return output_columns(query.this, resolve, known)
    if isinstance(query, exp.SetOperation):
        return output_columns(query.left, resolve, known)
    if not isinstance(query, exp.Select):
        return None
    names: list[str] = []
    for item in query.expressions:
        part = _item_columns(item, query, resolve, known)
        if part is None:
            return None
        names.extend(part)
    return tuple(names)


def _ctes(query: exp.Expr) -> list[exp.CTE]:
    clause = query.args.get("with_")
    return list(clause.expressions) if clause else []


def _item_columns(
    item: exp.Expr, query: exp.Select, resolve: Resolve, known: Mapping[str, Names | None]
) -> Names | None:
    star = item.this if isinstance(item, exp.Column) and isinstance(item.this, exp.Star) else item
    if not isinstance(star, exp.Star):
        return (item.alias_or_name,)
    table = item.table if isinstance(item, exp.Column) else ""
    if star.args.get("replace") or star.args.get("rename"):
        return None
    dropped = {part.name.lower() for part in star.args.get("except_") or []}
    parts = [
        _source_columns(source, resolve, known)
        for source in _sources(query)
        if not table or source.alias_or_name == table
    ]
    if not parts or any(part is None for part in parts):
        return None
    merged = _using_columns(query) if not table else set()
    names: list[str] = []
    for part in parts:
        for name in part or ():
            if name.lower() in dropped or (name.lower() in merged and name in names):
                continue
            names.append(name)
    return tuple(names)


def _sources(query: exp.Select) -> list[exp.Expr]:
    clause = query.args.get("from_")
    sources = [clause.this] if clause else []
    for join in query.args.get("joins") or []:
        if str(join.args.get("kind") or "").upper() not in {"SEMI", "ANTI"}:
            sources.append(join.this)
    return sources


def _using_columns(query: exp.Select) -> set[str]:
    return {column.name.lower() for join in query.args.get("joins") or [] for column in join.args.get("using") or []}


def _source_columns(source: exp.Expr, resolve: Resolve, known: Mapping[str, Names | None]) -> Names | None:
    alias = source.args.get("alias")
    if alias is not None and alias.columns:
        return tuple(column.name for column in alias.columns)
    if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
        return known[source.name] if source.name in known else resolve(source.name)
    if isinstance(source, exp.Subquery):
        return output_columns(source.this, resolve, known)
    return None
