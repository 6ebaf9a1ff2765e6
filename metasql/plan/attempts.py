"""Samples that an outside program could not make: how often it tried, and when it is to try again.

`X__attempts` keeps a row per unit of an external feature with the number of attempts that failed, the last
message, and the provenance that the sample would have had. An error counts while that is what the sample
would have: another version of the code or of what it is made of gives it a fresh start, and so does a
result. A unit with `max_attempts` errors, or whose wait is not over, leaves `X__increment`.
"""

from __future__ import annotations

from sqlglot import exp

from metasql.graph.nodes import Feature, Kind
from metasql.plan.layout import Layout
from metasql.plan.sql import (
    all_of,
    any_of,
    as_,
    case,
    cast,
    coalesce,
    col,
    cols,
    current,
    differs,
    equal,
    false,
    is_null,
    joined,
    null,
    number,
    on_equal,
    op,
    select,
    text,
)

SUFFIX = "attempts"
ERROR = "metasql_error"
ATTEMPTS = "metasql_attempts"
LAST_ERROR = "metasql_last_error"
TRIED = "metasql_tried"
FAILED_AT = "metasql_failed_at"
HELD_BACK = "metasql_held_back"


def are_kept(feature: Feature) -> bool:
    """Of features that outside programs make."""
    return feature.kind is Kind.EXTERNAL


def template() -> list[exp.Expr]:
    """The columns of `X__attempts` besides the unit and metasql's bookkeeping, without rows."""
    types = {ATTEMPTS: "bigint", ERROR: "text", FAILED_AT: "timestamp", TRIED: "text"}
    return [as_(null(type_), name) for name, type_ in types.items()]


def errors_view(feature: Feature, layout: Layout) -> exp.Query:
    """`X__errors`: the units with errors, their number, the last message, when that was, and whether they wait."""
    columns = [
        *cols(feature.unit_columns, "attempt"),
        *cols((ERROR, ATTEMPTS, FAILED_AT), "attempt"),
        as_(_held(feature), HELD_BACK),
        as_(col(TRIED, "attempt"), "metasql_provenance"),
        *cols(("metasql_run_id", "metasql_commit"), "attempt"),
    ]
    query = select(*columns).from_(current(layout.of(feature.key, SUFFIX), "attempt"), copy=False)
    return query.where(alive("attempt"), copy=False)


def _held(feature: Feature) -> exp.Expr:
    """Whether so many attempts were made that no other is, or it is not yet time for it."""
    conditions: list[exp.Expr] = [exp.GTE(this=col(ATTEMPTS, "attempt"), expression=number(feature.max_attempts))]
    if feature.retry_after:
        doubled = exp.Pow(this=number(2), expression=exp.paren(exp.Sub(this=_few(), expression=number(1))))
        wait = exp.Mul(this=number(feature.retry_after), expression=doubled)
        conditions.append(exp.LT(this=op("age", col(FAILED_AT, "attempt")), expression=wait))
    return any_of(*conditions)


def _few() -> exp.Expr:
    """The attempts, as far as they double the wait."""
    most = number(20)
    return case(
        (exp.GT(this=col(ATTEMPTS, "attempt"), expression=most), most.copy()), otherwise=col(ATTEMPTS, "attempt")
    )


def alive(alias: str) -> exp.Expr:
    return is_null(col("metasql_deleted_at", alias))


def beside(query: exp.Select, feature: Feature, layout: Layout, made: exp.Expr) -> exp.Select:
    """The rows of an increment with their attempts, without those that are held back.

    `made` is the provenance that a row's sample will have.
    """
    names = (ATTEMPTS, ERROR, TRIED, FAILED_AT)
    attempts = select(*cols((*feature.unit_columns, *names), "attempt"))
    attempts = attempts.from_(current(layout.of(feature.key, SUFFIX), "attempt"), copy=False)
    attempts = attempts.where(alive("attempt"), copy=False)
    # What is orphaned has no attempts. To say so also keeps ClickHouse from sorting all that is listed for this join.
    counts = differs(col("metasql_status", "listed"), text("orphaned"))
    on = all_of(on_equal("listed", "attempt", feature.unit_columns), counts)
    query = joined(query, attempts.subquery("attempt", copy=False), on, "LEFT")
    # Without an error there is nothing to hash for.
    same = case((is_null(col(TRIED, "attempt")), false()), otherwise=equal(col(TRIED, "attempt"), made))
    query = query.select(
        as_(coalesce(case((same, col(ATTEMPTS, "attempt"))), cast(number(0), "bigint")), ATTEMPTS),
        as_(case((same, col(ERROR, "attempt"))), LAST_ERROR),
        copy=False,
    )
    held = coalesce(all_of(same, _held(feature)), false())
    return query.where(exp.Not(this=held), copy=False)
