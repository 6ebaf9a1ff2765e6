"""Which features have nothing to do, asked of all of them in one query: nothing is pending, and no row is new.

What is asked is what the delta increment stands on (plan/delta.py): a horizon for the present definition, no pending
unit, and no row above the horizon in the tables that units come from. Of such a feature nothing needs to be counted
but its live samples.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from metasql.diagnostics import MetasqlError
from metasql.execute.results import Counts
from metasql.execute.session import Session
from metasql.execute.settling import can_delta
from metasql.graph.nodes import Feature
from metasql.names import FeatureKey, Relation
from metasql.plan import delta
from metasql.plan.sql import as_, col, current, is_null, select, table, text

MOST = 100
"""Features in one query: engines plan long ones slowly."""


def quiet(session: Session, features: Iterable[Feature]) -> dict[FeatureKey, Counts]:
    """The features with nothing to do, and their live samples; of those that cannot be asked, nothing is said."""
    try:
        return _quiet(session, features)
    except MetasqlError:
        return {}  # each is counted by itself, and says what is wrong with it


def _quiet(session: Session, features: Iterable[Feature]) -> dict[FeatureKey, Counts]:
    needed = {feature.key: _tables(session, feature) for feature in features if can_delta(session, feature)}
    there = session.connection.there([name for names in needed.values() for name in names])
    asked = [session.graph.features[key] for key, names in needed.items() if there.issuperset(names)]
    found: dict[FeatureKey, Counts] = {}
    for start in range(0, len(asked), MOST):
        parts = [_asked(session, feature) for feature in asked[start : start + MOST]]
        query: exp.Query = parts[0]
        for part in parts[1:]:
            query = exp.union(query, part, distinct=False, copy=False)
        for key, horizon, pending, newest, live in session.connection.rows(query, "see which features are settled"):
            if horizon is not None and not pending and (newest is None or int(newest) <= int(horizon)):
                found[FeatureKey(str(key))] = Counts(live=int(live))
    return found


def _tables(session: Session, feature: Feature) -> list[Relation]:
    """All tables that are asked."""
    return [session.layout.of(feature.key, "settled"), *_sources(session, feature)]


def _sources(session: Session, feature: Feature) -> list[Relation]:
    """The tables with the rows that a feature's units are made of, its own among them."""
    own = ["samples", "inputs"] if feature.is_expansion else ["samples"]
    above = [session.layout.of(dep.feature, "samples") for dep in feature.deps]
    return [*(session.layout.of(feature.key, suffix) for suffix in own), *above]


def _asked(session: Session, feature: Feature) -> exp.Select:
    told = delta.told(feature, session.layout).subquery("told", copy=False)
    samples = current(session.layout.of(feature.key, "samples"), "sample")
    live = select(exp.Count(this=exp.Star())).from_(samples, copy=False)
    return select(
        as_(text(feature.key.path), "feature"),
        as_(_one(col("horizon", "told"), told), "horizon"),
        as_(_one(col("pending", "told"), told.copy()), "pending"),
        as_(_one(_newest("row"), _newest_of_each(session, feature)), "newest"),
        as_(exp.Subquery(this=live.where(is_null(col("metasql_deleted_at", "sample")), copy=False)), "live"),
    )


def _newest_of_each(session: Session, feature: Feature) -> exp.Subquery:
    first, *rest = [
        select(as_(_newest("row"), "metasql_commit")).from_(table(item, "row"), copy=False)
        for item in _sources(session, feature)
    ]
    query: exp.Query = first
    for part in rest:
        query = exp.union(query, part, distinct=False, copy=False)
    return query.subquery("row", copy=False)


def _newest(alias: str) -> exp.Expr:
    return exp.Max(this=col("metasql_commit", alias))


def _one(value: exp.Expr, source: exp.Expr) -> exp.Subquery:
    return exp.Subquery(this=select(value).from_(source, copy=False))
