"""`metasql verify`: the increment by delta beside the one over all units, and what differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from metasql.execute.session import Session
from metasql.execute.settling import can_delta, settled, unsettle
from metasql.graph.nodes import Feature
from metasql.plan.increment import compare, unsettled
from metasql.plan.sql import all_of, as_, case, coalesce, col, differs, equal, joined, on_equal, select, text

SHOWN = 10
"""So many units are shown of a feature."""


@dataclass(frozen=True)
class Difference:
    """A unit on which both do not agree: what each says of it, or None where it does not list the unit."""

    unit: tuple[Any, ...]
    by_delta: tuple[str, str, str] | None
    full: tuple[str, str, str] | None


@dataclass(frozen=True)
class Verified:
    """One feature. `way`: `delta`; or `full` or `deferred`, where there is nothing to compare and `why` says so."""

    feature: str
    way: str
    why: str = ""
    units: int = 0
    differing: int = 0
    shown: tuple[Difference, ...] = ()


def verify(session: Session, feature: Feature, *, repair: bool = False) -> Verified:
    """Compare both ways; `repair` forgets what is settled of a feature on which they differ."""
    key, connection = feature.key.path, session.connection
    if session.layout.elsewhere is not None and session.layout.is_deferred(feature.key):
        return Verified(key, "deferred", f"it is read from {session.layout.elsewhere.target}")
    if not can_delta(session, feature):
        return Verified(key, "full", "its increment looks at all samples")
    if settled(session, feature) is None:
        return Verified(key, "full", "it was not settled yet as it is declared")
    rows = connection.rows(_compared(session, feature), f"compare both increments of {key}")
    differing = [row for row in rows if row[0] != "same"]
    same = sum(int(row[-1]) for row in rows if row[0] == "same")
    if differing and repair:
        with connection.transaction():
            unsettle(session, [feature.key])
    found = tuple(_difference(row) for row in differing[:SHOWN])
    return Verified(key, "delta", "", same + len(differing), len(differing), found)


def _compared(session: Session, feature: Feature) -> exp.Query:
    """`same` or `other`, unit, and what each way says of it; units on which both agree are counted in one row."""
    graph, layout = session.graph, session.layout
    said, unit = ("status", "reason", "fields"), feature.unit_columns
    by_delta = unsettled(compare(feature, graph, layout, by_delta=True)).subquery("one", copy=False)
    full = unsettled(compare(feature, graph, layout)).subquery("other", copy=False)
    columns = [as_(coalesce(col(name, "one"), col(name, "other")), name) for name in unit]
    for alias in ("one", "other"):
        columns += [as_(col(name, alias), f"{alias}_{name}") for name in said]
    same = all_of(*(exp.Not(this=exp.paren(differs(col(name, "one"), col(name, "other")))) for name in said))
    query = select(as_(case((same, text("same")), otherwise=text("other")), "found"), *columns)
    query = joined(query.from_(by_delta, copy=False), full, on_equal("one", "other", unit), "FULL")
    agreed = equal(col("found", "both"), text("same"))
    names = [*unit, *(f"{alias}_{name}" for alias in ("one", "other") for name in said)]
    groups = [as_(case((exp.Not(this=agreed), col(name, "both"))), name) for name in names]
    grouped = select(col("found", "both"), *groups, as_(exp.Count(this=exp.Star()), "units"))
    grouped = grouped.from_(query.subquery("both", copy=False), copy=False)
    return grouped.group_by(*(exp.Literal.number(index) for index in range(1, len(names) + 2)), copy=False)


def _difference(row: tuple[Any, ...]) -> Difference:
    unit, said = row[1:-7], row[-7:-1]
    one, other = (tuple(part) if part[0] is not None else None for part in (said[:3], said[3:]))
    return Difference(tuple(unit), one, other)
