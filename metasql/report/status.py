"""`metasql status`: what is to be done for each feature, which fields are stale, and why.

Counted at the moment of asking, by what is declared now. A feature is

| state | meaning |
| --- | --- |
| current | it was run with the definition that is declared |
| changed | it is declared otherwise since its last run; its counts say what the next run would find |
| altered | the same, and its tables have to be altered first: nothing can be counted before `metasql run` |
| never run | it has no relations here yet |
| deferred | it was never run here, and is read from the target that this one defers to; `source` says which |
| error | the engine could not count; `error` says why |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metasql.diagnostics import Diagnostic, MetasqlError
from metasql.execute import state
from metasql.execute.connection import Value
from metasql.execute.counting import count, refresh_status
from metasql.execute.quiet import quiet
from metasql.execute.results import Counts
from metasql.execute.session import Session, now
from metasql.execute.views import is_current, told_made
from metasql.graph.nodes import Feature
from metasql.names import FeatureKey
from metasql.plan.delta import why_full
from metasql.plan.layout import Layout

SCHEMA_VERSION = 1
PENDING = ("new", "stale", "orphaned")
"""What there is to be done. `any` means all of these."""

COLUMNS = ("feature", "kind", "live", *PENDING, "waiting", "stale fields")
NUMBERS = ("live", *PENDING, "waiting")

_REFUSED = frozenset({"MS0610", "MS0611"})


@dataclass(frozen=True)
class FeatureStatus:
    """One feature on a target. `counts` is None where nothing could be counted.

    `full`: why its increment looks at all samples, and not only at what changed. `source`: the target that it is
    read from.
    """

    feature: str
    kind: str
    state: str
    counts: Counts | None = None
    error: tuple[Diagnostic, ...] = ()
    full: str | None = None
    source: str | None = None

    def has(self, what: str) -> bool:
        """Whether there is something new, stale or orphaned, or `any` of these.

        Of an altered feature that cannot be ruled out, so it is said to have everything.
        """
        if self.counts is None:
            return self.state == "altered"
        return self.counts.pending > 0 if what == "any" else int(getattr(self.counts, what)) > 0

    def stale_fields(self) -> list[dict[str, Any]]:
        """Each stale field with its reason and the number of units, the most first."""
        found = self.counts.fields if self.counts is not None else {}
        ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        return [{"field": field, "reason": reason, "samples": samples} for (field, reason), samples in ordered]

    def as_dict(self) -> dict[str, Any]:
        """For programs; the numbers are null where nothing could be counted."""
        numbers = {name: getattr(self.counts, name) if self.counts is not None else None for name in NUMBERS}
        found: dict[str, Any] = {"feature": self.feature, "kind": self.kind, "state": self.state, **numbers}
        found["stale_fields"] = self.stale_fields()
        found["increment"] = "delta" if self.full is None else "full"
        found["why_full"] = self.full
        found["read_from"] = self.source
        found["error"] = [item.as_dict() for item in self.error]
        return found


def statuses(session: Session, features: Iterable[Feature], *, refresh: bool = False) -> list[FeatureStatus]:
    """Count what is to be done; with `refresh` the warehouse's own tables say it too."""
    known = session.connection.columns(session.layout.relation("metasql_features")) is not None
    told = (
        {str(row["feature"]): row for row in state.read(session.connection, session.layout, "metasql_features")}
        if known
        else {}
    )
    chosen = list(features)
    samples = {item.key.path: session.layout.of(item.key, "samples") for item in chosen if item.key.path in told}
    there = session.connection.there(list(samples.values()))
    told = {path: told[path] for path, relation in samples.items() if relation in there}
    settled = quiet(session, [item for item in chosen if item.key.path in told]) if not refresh else {}
    made = told_made(session) if known else {}
    return [_status(session, feature, told, made, settled, refresh) for feature in chosen]


def never_run(features: Iterable[Feature], layout: Layout) -> list[FeatureStatus]:
    """The statuses on a warehouse that does not exist yet."""
    return [
        _deferred(feature, layout) or FeatureStatus(feature.key.path, feature.kind.value, "never run")
        for feature in features
    ]


def _deferred(feature: Feature, layout: Layout) -> FeatureStatus | None:
    """The status of a feature that is read from another target, or should be and cannot."""
    key, kind, other = feature.key, feature.kind.value, layout.elsewhere
    if other is not None and key in other.features:
        return FeatureStatus(key.path, kind, "deferred", source=other.target)
    if other is not None and key in other.unfit:
        return FeatureStatus(key.path, kind, "error", error=(other.unfit[key],))
    return None


def _status(
    session: Session,
    feature: Feature,
    told: dict[str, dict[str, Value]],
    made: Mapping[FeatureKey, str],
    settled: Mapping[FeatureKey, Counts],
    refresh: bool,
) -> FeatureStatus:
    key, kind = feature.key.path, feature.kind.value
    deferred = _deferred(feature, session.layout)
    if deferred is not None:
        return deferred
    if key not in told:
        return FeatureStatus(key, kind, "never run")
    if _has_another_key(feature, told[key]):
        return FeatureStatus(key, kind, "altered")
    changed = not is_current(session, feature, made.get(feature.key))
    try:
        if refresh:
            counts = refresh_status(session, feature)
        else:
            counts = settled.get(feature.key) or count(session, feature)
    except MetasqlError as error:
        if set(error.codes) <= _REFUSED and (changed or _lacks_columns(session, feature)):
            return FeatureStatus(key, kind, "altered")
        return FeatureStatus(key, kind, "error", error=tuple(error.bag.sorted()))
    full = why_full(feature, session.graph, session.layout)
    return FeatureStatus(key, kind, "changed" if changed else "current", counts, full=full)


def _has_another_key(feature: Feature, told: dict[str, Value]) -> bool:
    pairs = (("id_columns", feature.id_columns), ("unit_columns", feature.unit_columns))
    return any(set(str(told[name]).split(",")) != set(columns) for name, columns in pairs)


def _lacks_columns(session: Session, feature: Feature) -> bool:
    """Whether a table that the count reads has yet to be given a declared column: the feature's or a parent's."""
    keys = [feature.key, *(dep.feature for dep in feature.deps)]
    for item in (session.graph.features[key] for key in keys):
        stored = session.connection.columns(session.layout.samples(item.key))
        if stored is None or any(column.name not in stored for column in item.columns):
            return True
    return False


def rows(found: Sequence[FeatureStatus]) -> list[tuple[object, ...]]:
    """The rows of a table for people, in the order of `COLUMNS`."""
    return [(item.feature, item.kind, *_numbers(item), _remark(item)) for item in found]


def _numbers(item: FeatureStatus) -> list[str]:
    if item.counts is None:
        return ["-"] * len(NUMBERS)
    return [f"{getattr(item.counts, name):,}" for name in NUMBERS]


def _remark(item: FeatureStatus) -> str:
    remarks = {
        "changed": "declared otherwise since its last run",
        "altered": "declared otherwise since its last run: `metasql run` counts it",
        "never run": "never run",
        "deferred": f"read from {item.source}",
        "error": item.error[0].message if item.error else "",
    }
    fields = " · ".join(f"{entry['field']} {entry['samples']:,} {entry['reason']}" for entry in item.stale_fields())
    full = f"looks at all samples: {item.full}" if item.full and item.kind != "root" else ""
    return " · ".join(part for part in (fields, remarks.get(item.state, ""), full) if part)


def document(found: Sequence[FeatureStatus], target: str) -> dict[str, Any]:
    """One JSON document with everything, and the sums."""
    return {
        "schema_version": SCHEMA_VERSION,
        "target": target,
        "as_of": now(),
        "features": [item.as_dict() for item in found],
        "total": {name: sum(getattr(item.counts, name) for item in found if item.counts) for name in NUMBERS},
    }
