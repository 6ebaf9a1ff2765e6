"""What `metasql plan` found, as one value: what changed, what would be computed, what that costs, what is pruned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from metasql.diagnostics import MetasqlError, candidates
from metasql.execute.plan import Bounds, Work
from metasql.execute.session import now
from metasql.graph.diff import Diff
from metasql.graph.nodes import Feature, Graph
from metasql.names import FeatureKey
from metasql.report.diff import feature_document

SCHEMA_VERSION = 1
SAMPLES = "samples"


@dataclass(frozen=True)
class Cost:
    """An amount in a unit of its own, at least and at most."""

    least: float
    most: float
    unit: str


@dataclass(frozen=True)
class Limit:
    """What a plan must not exceed: so many samples, or so much of a unit of cost."""

    amount: float
    unit: str

    def __str__(self) -> str:
        return f"{self.amount:,g} {self.unit}"


@dataclass(frozen=True)
class Plan:
    """A plan for some features of a project, upstream first. `works` are in the same order."""

    project: str
    target: str
    graph: Graph
    diff: Diff
    works: tuple[Work, ...]

    def feature(self, work: Work) -> Feature:
        return self.graph.features[work.feature]

    @property
    def is_empty(self) -> bool:
        """Whether a run would do nothing."""
        return not any(is_touched(work) or (not work.is_counted and work.state != "outside") for work in self.works)

    def total(self, what: str) -> Bounds:
        """The sum of new, stale or orphaned units."""
        return sum((getattr(work, what) for work in self.works), Bounds())

    def costs(self) -> dict[str, Cost]:
        """What all costs, by unit."""
        found: dict[str, Cost] = {}
        for work in self.works:
            cost = cost_of(self.feature(work), work)
            if cost is not None:
                known = found.get(cost.unit, Cost(0, 0, cost.unit))
                found[cost.unit] = Cost(known.least + cost.least, known.most + cost.most, cost.unit)
        return found


def is_touched(work: Work) -> bool:
    """Whether a run would, or might, change anything of a feature."""
    return bool(work.computed.most or work.orphaned.most)


def cost_of(feature: Feature, work: Work) -> Cost | None:
    """What computing a feature's units costs; a unit of an expansion gives as many samples as its inputs did so far."""
    cost = feature.cost_per_sample
    if cost is None or not work.is_counted:
        return None
    each = float(cost.amount) * (work.children if work.children is not None else 1)
    return Cost(work.computed.least * each, work.computed.most * each, cost.unit)


def pruned(plan: Plan) -> list[tuple[Work, str]]:
    """The features behind something that changes, of which nothing has to be computed, each with why."""
    touched = {work.feature for work in plan.works if is_touched(work) or not work.is_counted}
    touched |= {FeatureKey(item.key) for item in plan.diff.features if item.is_own and item.change != "removed"}
    reached: set[FeatureKey] = set()
    for key, feature in plan.graph.features.items():
        if any(dep.feature in touched | reached for dep in feature.deps):
            reached.add(key)
    return [
        (work, _depends(plan.feature(work), touched | reached))
        for work in plan.works
        if work.is_counted and work.feature in reached and not is_touched(work)
    ]


def datasets_touched(plan: Plan) -> list[tuple[str, list[str]]]:
    """The datasets whose rows would, or might, be others, each with the features that change."""
    touched = {work.feature for work in plan.works if is_touched(work)}
    found = [
        (name, [str(key) for key in item.features if key in touched]) for name, item in plan.graph.datasets.items()
    ]
    return [(name, keys) for name, keys in found if keys]


def exposures_touched(plan: Plan) -> list[tuple[str, list[str]]]:
    """The exposures that show rows that would, or might, be others, each with the features and datasets that change."""
    touched = {str(work.feature) for work in plan.works if is_touched(work)}
    touched |= {name for name, _ in datasets_touched(plan)}
    found = [
        (name, [part for part in (*map(str, item.features), *item.datasets) if part in touched])
        for name, item in plan.graph.exposures.items()
    ]
    return [(name, parts) for name, parts in found if parts]


def _depends(feature: Feature, touched: set[FeatureKey]) -> str:
    """What of the features that change a feature is made of."""
    fields = sorted({str(parent) for field in feature.fields for parent in field.parents if parent.feature in touched})
    if not fields:
        gates = sorted({str(dep.feature) for dep in feature.deps if dep.feature in touched})
        return f"depends on which samples {candidates(gates)} has, and on no field of it"
    return f"depends on {candidates(fields)} alone"


def read_limit(text: str) -> Limit | None:
    """`1000 samples`, `50 USD`; None where it is neither."""
    found = re.fullmatch(r"\s*([0-9][0-9_,]*(?:\.[0-9]+)?)\s*([^\s\d].*?)\s*", text)
    if found is None:
        return None
    unit = SAMPLES if found[2].lower() in ("sample", SAMPLES) else found[2]
    return Limit(float(found[1].replace(",", "").replace("_", "")), unit)


def check_limit(graph: Graph, limit: Limit) -> None:
    """Raises: MetasqlError MS0516 where no feature's cost is told in the unit of a limit: it would never be met."""
    units = {feature.cost_per_sample.unit for feature in graph if feature.cost_per_sample is not None}
    if limit.unit not in (SAMPLES, *units):
        raise MetasqlError.of(
            "MS0516",
            f"no feature has a cost in `{limit.unit}`",
            notes=[f"units of `cost_per_sample` in this project: {candidates(units)}"],
            help="limit the samples (`--fail-above '1000 samples'`), or declare `cost_per_sample` in that unit",
        )


def exceeded(plan: Plan, limit: Limit) -> MetasqlError | None:
    """The error for a plan that exceeds a limit, or of which nobody can say that it does not."""
    computed = plan.total("new") + plan.total("stale")
    most = computed.most if limit.unit == SAMPLES else 0.0
    if limit.unit != SAMPLES and limit.unit in plan.costs():
        most = plan.costs()[limit.unit].most
    unknown = [str(work.feature) for work in plan.works if not work.is_counted and work.state != "outside"]
    help = "look at the plan; raise the limit of `--fail-above` if this is what is wanted"
    if most > limit.amount:
        return MetasqlError.of("MS0515", f"the plan comes to {most:,g} {limit.unit}: more than {limit}", help=help)
    if unknown:
        notes = [f"not counted: {candidates(unknown)}"]
        return MetasqlError.of("MS0515", f"nobody can say that the plan stays below {limit}", notes=notes, help=help)
    return None


def plan_document(plan: Plan) -> dict[str, Any]:
    """The JSON rendering."""
    reasons = {work.feature: why for work, why in pruned(plan)}
    totals = {what: _bounds(plan.total(what)) for what in ("new", "stale", "orphaned")}
    computed = plan.total("new") + plan.total("stale")
    return {
        "schema_version": SCHEMA_VERSION,
        "project": plan.project,
        "target": plan.target,
        "as_of": now(),
        "changes": {
            "counts": plan.diff.counts(),
            "features": [feature_document(item) for item in plan.diff.features],
        },
        "features": [_work(plan, work, reasons.get(work.feature)) for work in plan.works],
        "datasets": [{"name": name, "features": keys} for name, keys in datasets_touched(plan)],
        "exposures": [{"name": name, "by": parts} for name, parts in exposures_touched(plan)],
        "total": {
            **totals,
            "samples": _bounds(computed),
            "exact": all(work.is_exact and work.state != "unknown" for work in plan.works),
            "cost": {unit: _cost(cost) for unit, cost in sorted(plan.costs().items())},
        },
    }


def _work(plan: Plan, work: Work, why_pruned: str | None) -> dict[str, Any]:
    feature = plan.feature(work)
    cost = cost_of(feature, work)
    known = work.is_counted
    return {
        "feature": str(work.feature),
        "kind": feature.kind.value,
        "state": work.state,
        "live": work.live,
        "new": _bounds(work.new) if known else None,
        "stale": _bounds(work.stale) if known else None,
        "orphaned": _bounds(work.orphaned) if known else None,
        "waiting": work.waiting if known else None,
        "exact": work.is_exact and known,
        "open": work.is_open,
        "stale_fields": stale_fields(work),
        "cost": {"unit": cost.unit, **_cost(cost)} if cost is not None else None,
        "pruned": why_pruned,
        "behind": work.behind,
        "error": [item.as_dict() for item in work.error],
    }


def stale_fields(work: Work) -> list[dict[str, Any]]:
    """Each stale field with its reason and its units at most, the most first."""
    ordered: Sequence[tuple[tuple[str, str], int]] = sorted(work.fields.items(), key=lambda item: (-item[1], item[0]))
    return [{"field": field, "reason": reason, "samples": samples} for (field, reason), samples in ordered]


def _bounds(bounds: Bounds) -> dict[str, int]:
    return {"at_least": bounds.least, "at_most": bounds.most}


def _cost(cost: Cost) -> dict[str, float]:
    return {"at_least": round(cost.least, 6), "at_most": round(cost.most, 6)}
