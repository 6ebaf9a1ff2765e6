"""Two versions of a dataset row by row: added, removed, changed. By the key; a row is changed where any column is."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from metasql.names import Relation
from metasql.plan import provenance
from metasql.plan.sql import (
    any_of,
    as_,
    case,
    coalesce,
    col,
    cols,
    concat,
    differs,
    is_null,
    joined,
    not_null,
    number,
    on_equal,
    select,
    table,
    text,
)

CHANGES = ("added", "removed", "changed")


@dataclass(frozen=True)
class Sides:
    """The tables of two versions, their key, and the columns that both have."""

    old: Relation
    new: Relation
    key: tuple[str, ...]
    common: tuple[str, ...]


def counted(sides: Sides) -> exp.Query:
    """How many rows are added, removed and changed."""
    rows = _changes(sides).subquery("found", copy=False)
    query = select(col("metasql_change"), as_(exp.Count(this=exp.Star()), "rows")).from_(rows, copy=False)
    return query.where(not_null(col("metasql_change")), copy=False).group_by(col("metasql_change"), copy=False)


def listed(sides: Sides, most: int) -> exp.Query:
    """The first rows that differ, in the order of their key: the change, the key, and the columns that changed."""
    query = select(col("metasql_change"), *cols(sides.key), col("metasql_columns"))
    query = query.from_(_changes(sides).subquery("found", copy=False), copy=False)
    query = query.where(not_null(col("metasql_change")), copy=False)
    return query.order_by(*cols(sides.key), copy=False).limit(most, copy=False)


def _changes(sides: Sides) -> exp.Select:
    values = [name for name in sides.common if name not in sides.key]
    other = {name: differs(_text(name, "old"), _text(name, "new")) for name in values}
    change = case(
        (is_null(col("metasql_here", "old")), text("added")),
        (is_null(col("metasql_here", "new")), text("removed")),
        *(((any_of(*other.values()), text("changed")),) if other else ()),
    )
    names = concat(text(""), *(case((tree, text(f",{name}")), otherwise=text("")) for name, tree in other.items()))
    both = not_null(concat(col("metasql_here", "old"), col("metasql_here", "new")))
    columns = [as_(coalesce(col(name, "new"), col(name, "old")), name) for name in sides.key]
    columns.append(as_(change, "metasql_change"))
    columns.append(as_(case((both, exp.Substring(this=names, start=number(2)))), "metasql_columns"))
    query = select(*columns).from_(_side(sides.old, sides, "old"), copy=False)
    return joined(query, _side(sides.new, sides, "new"), on_equal("old", "new", sides.key), "FULL")


def _side(relation: Relation, sides: Sides, alias: str) -> exp.Subquery:
    columns = [*cols(sides.key), *cols(name for name in sides.common if name not in sides.key)]
    return (
        select(*columns, as_(text("y"), "metasql_here")).from_(table(relation), copy=False).subquery(alias, copy=False)
    )


def _text(name: str, alias: str) -> exp.Expr:
    """A value as a text that differs where the value does, whatever its type became."""
    return provenance.encoded(col(name, alias))
