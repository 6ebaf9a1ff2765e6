"""Tables as a plan sees them: as they would be after a run, or as they are under the present declaration.

A plan asks the same questions as an increment, of other tables. So it takes the increment's
trees and puts in the place of each table what stands for it: a temporary table, the stored one
with the columns that it does not have yet, or no rows at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from sqlglot import exp

from metasql.graph.nodes import Feature, Kind
from metasql.names import Relation
from metasql.plan.layout import Layout
from metasql.plan.relations import BOOKKEEPING, VERSION_COLUMNS
from metasql.plan.sql import Block, as_, cast_to, col, current, null, select, table

Source = Callable[[str], exp.Expr]
"""From an alias to what is read under it."""

Sources = Mapping[Relation, Source]


def over(blocks: Sequence[Block], sources: Sources) -> tuple[Block, ...]:
    """Blocks that were just made, reading what stands for each table."""
    for block in blocks:
        for node in list(block.query.find_all(exp.Final)):
            place = node.this
            source = sources.get(Relation(place.text("db"), place.name, place.text("catalog") or None))
            if source is not None:
                node.replace(source(place.alias))
    return tuple(blocks)


def predicted(name: str) -> Source:
    """A temporary table of this plan."""
    return lambda alias: table(name, alias)


def stored(feature: Feature, layout: Layout, suffix: str, present: Collection[str] | None) -> Source:
    """One of a feature's tables under its present declaration.

    Columns that it lacks are NULL; without the table there are no rows.
    """
    wanted = _wanted(feature, suffix)
    relation = layout.samples(feature.key) if suffix == "samples" else layout.of(feature.key, suffix)
    if present is not None and wanted.keys() <= set(present):
        return lambda alias: current(relation, alias)

    def source(alias: str) -> exp.Expr:
        if present is None:
            empty = select(*(as_(tree.copy(), name) for name, tree in wanted.items()))
            return empty.where(exp.false(), copy=False).subquery(alias, copy=False)
        columns = [col(name, "kept") if name in present else as_(tree.copy(), name) for name, tree in wanted.items()]
        return select(*columns).from_(current(relation, "kept"), copy=False).subquery(alias, copy=False)

    return source


def never_stored(feature: Feature, suffix: str) -> Source:
    """No rows, whose unit columns have the types of those that are expected."""
    wanted = _wanted(feature, suffix)

    def source(alias: str) -> exp.Expr:
        columns = [
            col(name, "none_yet") if name in feature.unit_columns else as_(tree.copy(), name)
            for name, tree in wanted.items()
        ]
        query = select(*columns).from_(table("expected", "none_yet"), copy=False)
        return query.where(exp.false(), copy=False).subquery(alias, copy=False)

    return source


def _wanted(feature: Feature, suffix: str) -> dict[str, exp.Expr]:
    """The columns of a table as they are declared, each with the NULL that stands for it."""
    versions = [make(field.name) for field in feature.fields for make in VERSION_COLUMNS]
    if suffix == "inputs":
        found = {name: missing(feature, name) for name in feature.unit_columns}
        found["metasql_reopened_at"] = null("timestamp")
    else:
        found = {column.name: missing(feature, column.name) for column in feature.columns}
        if feature.kind is Kind.SQL and not feature.is_expansion:
            found["metasql_no_row"] = null("boolean")
    found |= {name: null("text") for name in versions}
    return found | {name: null(type_) for name, type_ in BOOKKEEPING}


def missing(feature: Feature, column: str) -> exp.Expr:
    """NULL of a column's type, as far as it is declared."""
    type_ = next((item.type for item in feature.columns if item.name == column), None)
    return cast_to(exp.null(), type_)
