"""A feature's samples as a run would leave them, in a temporary table that stands for the stored ones.

Its columns are those that downstream reads: ids, the data columns by which rows are let in or grouped,
`metasql_data_version__<field>`, `metasql_deleted_at`; and beside them what is not known (plan/doubt.py)
and, where a row is a unit, what is counted (`TELLING` in plan/cascade.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlglot import exp

from metasql.graph.nodes import Feature, Field, Kind
from metasql.names import data_version_column, flat, provenance_column
from metasql.plan import provenance
from metasql.plan.cascade import TELLING, Level, telling, weighed
from metasql.plan.doubt import UNSURE, doubt_column, keeps_every_unit, moved_column
from metasql.plan.expected import Expected
from metasql.plan.sql import (
    Block,
    all_of,
    any_of,
    as_,
    case,
    cast,
    coalesce,
    col,
    cols,
    exists,
    false,
    is_null,
    joined,
    null,
    number,
    on_equal,
    select,
    star,
    table,
    text,
    true,
    with_blocks,
)
from metasql.plan.stand_in import Source, missing
from metasql.plan.steps import Temporary

LONG_AGO = "1970-01-01 00:00:00"
"""When rows went that a run would delete."""


def predicted_samples(level: Level, name: str) -> list[Temporary]:
    """The feature's samples as a run would leave them, with what is counted of them.

    Of an expansion the units are in a table of their own, `<name>_units`.
    """
    feature = level.feature
    blocks, wanted = weighed(level)
    purpose = f"{feature.key} as it would be after a run"
    if not feature.is_expansion:
        made = _samples(level, wanted)
        return [Temporary(purpose, name, with_blocks(made, (*blocks, _said(feature))))]
    units = f"{name}_units"
    first = with_blocks(select(star("said")).from_(table("said"), copy=False), (*blocks, _said(feature)))
    children = _children(level, wanted, units)
    return [Temporary(f"{feature.key}: its inputs", units, first), Temporary(purpose, name, children)]


def _said(feature: Feature) -> Block:
    """`weighed` with what is counted beside it."""
    more = [item for item in telling(feature) if not isinstance(item, exp.Column)]
    query = select(star("weighed"), *more).from_(table("weighed"), copy=False)
    return Block("said", "and why", query)


def _samples(level: Level, wanted: Expected) -> exp.Select:
    """One row per unit: rows that a run would delete are marked deleted, so that they are counted all the same."""
    feature = level.feature
    columns: list[exp.Expr] = [*cols(feature.unit_columns, "unit")]
    columns += [_data(level, wanted, name) for name in level.columns]
    columns += _predicted(level, wanted)
    columns += cols(TELLING, "unit")
    columns.append(as_(case((_is_gone(level), cast(text(LONG_AGO), "timestamp"))), "metasql_deleted_at"))
    query = select(*columns).from_(table("said", "unit"), copy=False)
    if level.live is not None:
        query = joined(query, _live(level, level.live), on_equal("unit", "live", feature.unit_columns), "LEFT")
    return query


def _children(level: Level, wanted: Expected, units: str) -> exp.Query:
    """Stored children with their inputs' versions; of inputs that have none, one row whose child is not known."""
    feature = level.feature
    others = [name for name in feature.id_columns if name not in feature.unit_columns]
    ahead: list[exp.Expr] = [
        *cols(feature.unit_columns, "unit"),
        *(as_(missing(feature, name), name) for name in others),
    ]
    ahead += [as_(missing(feature, name), name) for name in level.columns]
    ahead += [*_predicted(replace(level, live=None), wanted), as_(null("timestamp"), "metasql_deleted_at")]
    query = select(*ahead).from_(table(units, "unit"), copy=False)
    may_have = _recomputed(level)
    if feature.kind is Kind.SQL:
        may_have = all_of(may_have, any_of(_is_new(), _not_sure(level)))
    if level.live is None:
        return query.where(may_have, copy=False)
    found = select(number(1)).from_(_live(level, level.live), copy=False)
    found = found.where(on_equal("unit", "live", feature.unit_columns), copy=False)
    query = query.where(all_of(may_have, exp.Not(this=exists(found))), copy=False)
    columns: list[exp.Expr] = [*cols(feature.unit_columns, "unit"), *cols(others, "live"), *cols(level.columns, "live")]
    columns += [*_predicted(level, wanted), as_(null("timestamp"), "metasql_deleted_at")]
    kept = select(*columns).from_(table(units, "unit"), copy=False)
    kept = joined(kept, _live(level, level.live), on_equal("unit", "live", feature.unit_columns), "INNER")
    kept = kept.where(exp.Not(this=exp.paren(_is_gone(level))), copy=False)
    return exp.union(kept, query, distinct=False, copy=False)


def _live(level: Level, source: Source) -> exp.Subquery:
    """The stored samples with what downstream reads of them now."""
    feature = level.feature
    columns = [*cols(feature.id_columns, "sample"), *cols(level.columns, "sample")]
    columns += [as_(provenance.effective(field.name, "sample"), _effective(field)) for field in feature.fields]
    query = select(*columns, as_(true(), "metasql_here")).from_(source("sample"), copy=False)
    return query.where(is_null(col("metasql_deleted_at", "sample")), copy=False).subquery("live", copy=False)


def _effective(field: Field) -> str:
    return f"metasql_effective__{flat(field.name)}"


def _status() -> exp.Column:
    return col("metasql_status", "unit")


def _is_new() -> exp.Expr:
    return coalesce(_status().isin("new"), false())


def _recomputed(level: Level) -> exp.Expr:
    """Whether a run computes the unit; of a body that looks across samples, all that do not wait."""
    if level.across:
        waits = col("metasql_is_waiting", "unit")
        return exp.Not(this=any_of(coalesce(_status().isin("orphaned"), false()), waits))
    return coalesce(_status().isin("new", "stale"), false())


def _differs(level: Level, field: Field) -> exp.Expr:
    """Whether a field of the unit may come out otherwise."""
    if level.across and field.name in level.contents:
        return true()
    return any_of(_is_new(), col(f"metasql_differs__{flat(field.name)}", "unit"))


def _here(level: Level) -> exp.Expr:
    return coalesce(col("metasql_here", "live"), false()) if level.live is not None else false()


def _data(level: Level, wanted: Expected, name: str) -> exp.Expr:
    """A data column, as far as it is known."""
    stored = col(name, "live") if level.live is not None else missing(level.feature, name)
    if name not in wanted.carried:
        return as_(stored, name)
    if level.live is None:
        return col(name, "unit")
    return as_(case((coalesce(_status().isin("orphaned"), false()), stored), otherwise=col(name, "unit")), name)


def _predicted(level: Level, wanted: Expected) -> Iterator[exp.Expr]:
    """The data version of each field as downstream would read it, and what of the row is not known."""
    for field in level.feature.fields:
        made = provenance.provenance(provenance.recipe(field), col(wanted.representative[field.name], "unit"))
        again = _recomputed(level)
        if level.feature.kind is Kind.EXTERNAL or field.name in level.contents:
            again = all_of(again, exp.paren(_differs(level, field)))
        stored = col(_effective(field), "live") if level.live is not None else null("text")
        yield as_(case((again, made), otherwise=stored), data_version_column(field.name))
        yield as_(null("text"), provenance_column(field.name))
        yield as_(_doubt(level, field), doubt_column(field.name))
    for name in level.columns:
        yield as_(_moves(level, name), moved_column(name))
    yield as_(_is_unsure(level), UNSURE)


def _doubt(level: Level, field: Field) -> exp.Expr:
    """Whether nobody can know that the data version will be the predicted one."""
    feature = level.feature
    if feature.kind is Kind.ROOT:
        return false()
    unknown: list[exp.Expr] = [col(doubt_column(field.name), "unit"), col(UNSURE, "unit")]
    if feature.kind is Kind.SQL:
        stale = coalesce(_status().isin("stale"), false())
        unknown.append(all_of(stale, exp.Not(this=coalesce(col("metasql_certain", "unit"), false()))))
    inherited = all_of(exp.Not(this=_is_new()), any_of(*unknown))
    if field.name not in level.contents:
        return all_of(_recomputed(level), exp.paren(inherited))
    own = _differs(level, field) if level.told(field) else true()
    return all_of(_recomputed(level), any_of(own, inherited))


def _moves(level: Level, column: str) -> exp.Expr:
    """Whether a data column may hold another value."""
    feature = level.feature
    if feature.kind is Kind.ROOT:
        return false()
    if feature.kind is Kind.EXTERNAL:
        return _recomputed(level)
    claiming = [field for field in feature.fields if column in field.columns] or list(feature.fields)
    may = [_differs(level, field) if level.told(field) else true() for field in claiming]
    return all_of(_recomputed(level), any_of(*may))


def _is_unsure(level: Level) -> exp.Expr:
    """Whether nobody can know that the row will be there."""
    feature = level.feature
    if feature.kind is Kind.ROOT:
        return false()
    unsure = col(UNSURE, "unit")
    parts: list[exp.Expr] = [unsure if level.deletes else all_of(_is_new(), unsure)]
    if feature.is_expansion and feature.kind is Kind.EXTERNAL:
        parts.append(_recomputed(level))
    elif feature.kind is Kind.SQL and not keeps_every_unit(feature, level.layout.engine):
        parts.append(all_of(_recomputed(level), _not_sure(level)))
    return any_of(*parts)


def _sure_field(level: Level) -> exp.Expr | None:
    """Whether some field stays as it is.

    It reads all that says which rows there are: so its row stays, or stays away.
    """
    if level.feature.kind is not Kind.SQL:
        return None
    same = [exp.Not(this=exp.paren(_differs(level, field))) for field in level.feature.fields if level.told(field)]
    return any_of(*same) if same else None


def _not_sure(level: Level) -> exp.Expr:
    sure = _sure_field(level)
    return true() if sure is None else exp.Not(this=exp.paren(sure))


def _is_gone(level: Level) -> exp.Expr:
    """Whether a run leaves no row of a unit."""
    sure = _sure_field(level)
    absent = exp.Not(this=_here(level))
    stays_away = all_of(absent, exp.paren(sure)) if sure is not None and not level.feature.is_expansion else false()
    orphan = true() if level.deletes else absent
    if level.across:
        orphaned = coalesce(_status().isin("orphaned"), false())
        return case((_recomputed(level), false()), (orphaned, orphan), otherwise=absent)
    return case(
        (_status().isin("new"), false()),
        (_status().isin("stale"), stays_away),
        (_status().isin("orphaned"), orphan),
        otherwise=absent,
    )


def in_doubt(level: Level, name: str) -> exp.Query:
    """One row: for each mark of a predicted table whether any row has it."""
    there = is_null(col("metasql_deleted_at", "sample"))
    marks = [
        UNSURE,
        *(doubt_column(field.name) for field in level.feature.fields),
        *(moved_column(c) for c in level.columns),
    ]
    columns = [
        as_(coalesce(exp.Max(this=case((col(mark, "sample"), number(1)), otherwise=number(0))), number(0)), mark)
        for mark in marks
    ]
    return select(*columns).from_(table(name, "sample"), copy=False).where(there, copy=False)


def marks_of(level: Level, row: Sequence[object]) -> tuple[bool, frozenset[str], frozenset[str]]:
    """The row of `in_doubt`: whether rows are unsure, the doubted fields, the moved columns."""
    fields = [field.name for field in level.feature.fields]
    flags = [bool(value) for value in row]
    doubted = frozenset(name for name, flag in zip(fields, flags[1 : 1 + len(fields)], strict=True) if flag)
    moved = frozenset(name for name, flag in zip(level.columns, flags[1 + len(fields) :], strict=True) if flag)
    return flags[0], doubted, moved
