"""The increment by what changed: the units that need a look at all (docs/decisions/0011-increments-by-delta.md).

`X__settled` holds one row without a unit, the horizon, and one row per unit that was not settled when the
horizon was drawn. A commit number at or below the horizon was published before anything was judged, so a unit
can only have changed since if some row that it is made of, or its own, has a higher one. Every way to write a
row stamps it with a new number; where rows vanish without one (removed for good, tables altered or dropped),
`X__settled` is emptied, and with it the horizon: then every unit is looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlglot import exp

from metasql.graph import version
from metasql.graph.nodes import Dependency, Feature, Graph, Kind
from metasql.plan.layout import Layout
from metasql.plan.sql import (
    Block,
    all_of,
    as_,
    coalesce,
    col,
    cols,
    concat,
    equal,
    exists,
    is_null,
    not_null,
    null,
    number,
    select,
    table,
    text,
)
from metasql.trace.volatile import volatile

FORM = "1"
"""Counted up when the rules of settledness change: then every feature is judged in full once."""

TOUCHED = "touched"
HORIZON = "settled_until"
_NEVER = -1
"""Lower than every commit number: without a horizon, every row counts as changed."""


def why_full(feature: Feature, graph: Graph, layout: Layout) -> str | None:
    """Why a feature's increment has to look at all units, or None where it looks at what changed."""
    if feature.kind is Kind.ROOT:
        return "a source tells no changes" if feature.bodies else "outside programs write it"
    if layout.spread:
        return "its rows are spread over several nodes"
    for dep in feature.deps:
        source = layout.source_of(dep.feature)
        if source is not None:
            return f"{dep.feature} is read from {source}, whose commits are counted by themselves"
        mutable = [old for old, _ in dep.match if old not in graph.features[dep.feature].id_columns]
        if mutable:
            return f"`{mutable[0]}` of {dep.feature} may change, and then nothing tells the sample it belonged to"
    trees = [feature.stale_when, *(dep.where for dep in feature.deps)]
    for tree in trees:
        for node in tree.walk() if tree is not None else ():
            name = volatile(node)
            if name is not None:
                return f"{name} gives another value each time"
    return None


def definition(feature: Feature) -> str:
    """A digest of all that says whether a unit is settled. It is in no version: another one only means a full look."""
    parts: list[str | None] = [FORM, feature.key.path, feature.kind.value, *feature.id_columns, *feature.unit_columns]
    for field in feature.fields:
        parts += [field.name, field.recipe, *(str(parent) for parent in field.parents)]
    for dep in feature.deps:
        parts += [str(dep.feature), dep.lineage.value, str(dep.whole_key), str(dep.optional), _said(dep.where)]
        parts += [name for pair in dep.match for name in pair]
    return version.digest(version.encode(*parts, _said(feature.stale_when)))


def told_definition(feature: Feature) -> exp.Expr:
    """The digest, with the numbers of the promotions of the models that fields are made by."""
    told = {field.model: field.told for field in feature.fields if field.model is not None and field.told is not None}
    parts = [part for model in sorted(told) for part in (text(":"), told[model].promotion)]
    return concat(text(definition(feature)), *parts)


def _said(tree: exp.Expr | None) -> str | None:
    return tree.sql("duckdb") if tree is not None else None


CHANGED = "changed"
"""The name by which a condition on the units to look at calls them."""


def touched(feature: Feature, layout: Layout, keep: exp.Expr | None = None) -> tuple[Block, Block]:
    """The horizon, and the units to look at: pending ones, and those of which some row was written since.

    `keep`: those of them alone, by their columns under the name `changed`.
    """
    settled = layout.of(feature.key, "settled")
    mark = equal(col("metasql_definition", "settled"), told_definition(feature))
    horizon = coalesce(exp.Max(this=col("metasql_horizon", "settled")), number(_NEVER))
    until = select(as_(horizon, "metasql_horizon")).from_(table(settled, "settled"), copy=False)
    pending = select(*cols(feature.unit_columns, "settled")).from_(table(settled, "settled"), copy=False)
    query: exp.Query = pending.where(is_null(col("metasql_horizon", "settled")), copy=False)
    for part in _parts(feature, layout):
        query = exp.union(query, part, distinct=False, copy=False)
    if keep is not None:
        units = select(*cols(feature.unit_columns, CHANGED))
        query = units.from_(query.subquery(CHANGED, copy=False), copy=False).where(keep, copy=False)
    return (
        Block(HORIZON, "the commit number up to which everything is settled but what is pending", until.where(mark)),
        Block(TOUCHED, "the units that are pending, or of which some row was written since", query),
    )


def looks(feature: Feature, layout: Layout) -> exp.Query:
    """The horizon that holds for the present definition, and how many units need a look.

    Columns: `horizon`, NULL where there is none; `pending`; `written`, the rows of whole keys that were written since;
    `there`, all such rows. It costs the counting of rows above the horizon, whatever there is besides.
    """
    until, _ = touched(feature, layout)
    settled_ = table(layout.of(feature.key, "settled"), "settled")
    mine = equal(col("metasql_definition", "settled"), told_definition(feature))
    horizon = select(exp.Max(this=col("metasql_horizon", "settled"))).from_(settled_, copy=False)
    pending = _counted(settled_.copy()).where(is_null(col("metasql_horizon", "settled")), copy=False)
    rows = [table(layout.of(dep.feature, "samples"), "written") for dep in feature.deps if dep.whole_key]
    since = [_counted(source).where(_since("written"), copy=False) for source in rows]
    query = select(
        as_(exp.Subquery(this=horizon.where(mine, copy=False)), "horizon"),
        as_(exp.Subquery(this=pending), "pending"),
        as_(_sum(since), "written"),
        as_(_sum([_counted(source.copy()) for source in rows]), "there"),
    )
    return query.with_(until.name, as_=until.query, copy=False)


def _counted(source: exp.Expr) -> exp.Select:
    return select(exp.Count(this=exp.Star())).from_(source, copy=False)


def _sum(queries: Iterable[exp.Query]) -> exp.Expr:
    total: exp.Expr = number(0)
    for query in queries:
        total = exp.Add(this=total, expression=exp.Subquery(this=query))
    return total


def _parts(feature: Feature, layout: Layout) -> Iterator[exp.Select]:
    unit = feature.unit_columns
    whole = [dep for dep in feature.deps if dep.whole_key]
    required = [dep for dep in whole if not dep.optional]
    own = ["inputs", "samples"] if feature.is_expansion else ["samples"]
    for suffix in own:
        source = table(layout.of(feature.key, suffix), "written")
        yield select(*cols(unit, "written")).from_(source, copy=False).where(_since("written"), copy=False)
    for dep in whole:
        yield _units(dep, feature, layout).where(_since("written"), copy=False)
    for dep in feature.deps:
        if dep.whole_key:
            continue
        for other in required[:1] or whole:
            ours = {ours: old for old, ours in other.match}
            found = _found(dep, layout, ours)
            yield _units(other, feature, layout).where(found, copy=False)
        stored = table(layout.of(feature.key, own[0]), "written")
        found = _found(dep, layout, {name: name for name in unit})
        yield select(*cols(unit, "written")).from_(stored, copy=False).where(found, copy=False)


def _units(dep: Dependency, feature: Feature, layout: Layout) -> exp.Select:
    """The units that the rows of a dependency belong to, whether they count or not."""
    theirs = {ours: old for old, ours in dep.match}
    columns = [as_(col(theirs[name], "written"), name) for name in feature.unit_columns]
    return select(*columns).from_(table(layout.of(dep.feature, "samples"), "written"), copy=False)


def _found(dep: Dependency, layout: Layout, names: dict[str, str]) -> exp.Expr:
    """A row belongs to a row of a lookup that was written since."""
    same = [equal(col(old, "looked_up"), col(names[ours], "written")) for old, ours in dep.match]
    query = select(number(1)).from_(table(layout.of(dep.feature, "samples"), "looked_up"), copy=False)
    return exists(query.where(all_of(*same, _since("looked_up")), copy=False))


def _since(alias: str) -> exp.Expr:
    until = select(col("metasql_horizon")).from_(table(HORIZON), copy=False)
    return exp.GT(this=col("metasql_commit", alias), expression=exp.Subquery(this=until))


def near(query: exp.Select, pairs: list[tuple[str, str]], alias: str) -> exp.Select:
    """A query over a keyed table, for the rows of units that need a look alone.

    `pairs` are columns of the row and the unit columns that they must equal. They are in the key of the table
    (`why_full`), and so hold or do not for all rows of a key: they are asked before the present row is found.
    """
    same = all_of(*(equal(col(ours, TOUCHED), col(theirs, alias)) for theirs, ours in pairs))
    found = exists(select(number(1)).from_(table(TOUCHED), copy=False).where(same, copy=False))
    query.set("prewhere", exp.PreWhere(this=found))
    return query


def settled(
    feature: Feature, layout: Layout, horizon: int, pending: str | None, definition_: str | None = None
) -> exp.Query:
    """What `X__settled` holds: the horizon, and the units of a temporary table; None: no rows at all.

    `definition_` is what the horizon holds for, where the warehouse tells a part of it: as it was before anything
    was judged.
    """
    unit = feature.unit_columns
    source = table(pending, "unit") if pending else table(layout.of(feature.key, _own(feature)), "unit")
    units = select(*cols(unit, "unit"), as_(null("bigint"), "metasql_horizon"))
    units = units.select(as_(null("text"), "metasql_definition"), copy=False).from_(source, copy=False)
    mark = select(*(as_(exp.null(), name) for name in unit), as_(number(horizon), "metasql_horizon"))
    mark = mark.select(as_(text(definition_ or definition(feature)), "metasql_definition"), copy=False)
    if pending is None:
        units, mark = units.where(exp.false(), copy=False), mark.where(exp.false(), copy=False)
    return exp.union(units, mark, distinct=False, copy=False)


def _own(feature: Feature) -> str:
    return "inputs" if feature.is_expansion else "samples"


def told(feature: Feature, layout: Layout) -> exp.Query:
    """The horizon that holds for the present definition, if there is one, and how many units are pending."""
    settled_ = table(layout.of(feature.key, "settled"), "settled")
    mine = equal(col("metasql_definition", "settled"), told_definition(feature))
    units = exp.Sum(this=exp.Case(ifs=[exp.If(this=is_null(col("metasql_horizon", "settled")), true=number(1))]))
    horizon = exp.Max(this=exp.Case(ifs=[exp.If(this=mine, true=col("metasql_horizon", "settled"))]))
    query = select(as_(horizon, "horizon"), as_(units, "pending")).from_(settled_, copy=False)
    return query.having(not_null(exp.Max(this=col("metasql_horizon", "settled"))), copy=False)
