"""Bodies that look across samples: whether what they read is as it was when they were last computed.

Such a body may give a sample another row though nothing that the sample is made of changed: a rank moves when a
stranger comes. So a run computes all samples of it anew whenever anything that it reads was written, and replaces
those rows that came out otherwise. What was read is told by a horizon, above which commits are new, and by the number
of rows, so that rows which vanish are seen too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from metasql.execute import state
from metasql.execute.session import Session
from metasql.graph.nodes import Dependency, Feature, Kind
from metasql.plan.restrict import why_whole
from metasql.plan.sql import as_, col, current, number, select, table

_SIGN = "; "


@dataclass(frozen=True)
class Reading:
    """What a body reads, in one text, and the commit number up to which all of it is visible."""

    told: str
    horizon: int


def reading(session: Session, feature: Feature) -> Reading | None:
    """What a body that looks across samples would read now; None where a body does not."""
    body = feature.body_for(session.layout.engine)
    if feature.kind is not Kind.SQL or body is None or why_whole(body, feature) is None:
        return None
    horizon = session.connection.horizon()  # before anything is read
    read = [_told(session, dep) for dep in _read(session, feature)]
    return Reading(_SIGN.join([feature.version, *read]), horizon)


def is_as_before(session: Session, feature: Feature, now: Reading) -> bool:
    """Whether nothing that the body reads was written since all samples were computed."""
    before = _before(session, feature)
    if before is None or before.told != now.told or before.horizon < 0:
        return False
    if any(session.layout.is_deferred(dep.feature) for dep in _read(session, feature)):
        return False  # commits of another target are counted by themselves
    return not any(_written_since(session, dep, before.horizon) for dep in _read(session, feature))


def remember(session: Session, feature: Feature, read: Reading) -> None:
    """All samples were computed from this. To be called inside a transaction."""
    row = {"name": _name(feature), "value": f"{read.told}{_SIGN}{read.horizon}"}
    with session.connection.writing():
        state.replace(session.connection, session.layout, "metasql_meta", {"name": row["name"]}, [row])


def accept(session: Session, feature: Feature) -> None:
    """What is stored is accepted as of the present definition; what was read for it stays. Inside a transaction."""
    before = _before(session, feature)
    if before is not None:
        told = _SIGN.join([feature.version, *before.told.split(_SIGN)[1:]])
        remember(session, feature, Reading(told, before.horizon))


def _before(session: Session, feature: Feature) -> Reading | None:
    value = state.meta(session.connection, session.layout, _name(feature))
    if value is None:
        return None
    told, _, horizon = value.rpartition(_SIGN)
    return Reading(told, int(horizon))


def _read(session: Session, feature: Feature) -> Iterator[Dependency]:
    body = feature.body_for(session.layout.engine)
    refs = {str(ref.name) for ref in body.refs if ref.kind == "ref"} if body is not None else set()
    return (dep for dep in feature.deps if str(dep.feature) in refs)


def _name(feature: Feature) -> str:
    return f"read by {feature.key}"


def _told(session: Session, dep: Dependency) -> str:
    samples = current(session.layout.samples(dep.feature), "sample")
    query = select(as_(exp.Count(this=exp.Star()), "units")).from_(samples, copy=False)
    [(units,)] = session.connection.rows(query, f"see whether {dep.feature} was written to")
    where = dep.where.sql("duckdb") if dep.where is not None else ""
    where = f"{where} {session.layout.samples(dep.feature)}" if session.layout.is_deferred(dep.feature) else where
    return f"{dep.feature} {units} {sorted(dep.rename.items())} {where}"


def _written_since(session: Session, dep: Dependency, horizon: int) -> bool:
    query = select(number(1)).from_(table(session.layout.samples(dep.feature), "sample"), copy=False)
    query = query.where(exp.GT(this=col("metasql_commit", "sample"), expression=number(horizon)), copy=False)
    return bool(session.connection.rows(query.limit(1), f"see whether {dep.feature} was written to"))
