"""Plans held against what then happens: feature by feature, what was planned and what was recomputed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.scenarios.support import Place

Worker = Callable[[dict[str, Any]], Iterable[dict[str, Any]]]
"""From an increment row to the samples that it gives, without the receipt; the unit's columns are those of the row."""

Counts = dict[str, int]
WORDS = ("new", "stale", "orphaned")


def planned(place: Place, *options: str) -> dict[str, dict[str, Any]]:
    """Feature → what the plan says of it, in the order of the graph."""
    document = json.loads(place.cli("plan", *options, "--format", "json").out)
    return {item["feature"]: item for item in document["features"]}


def counts(plan: Mapping[str, Any], bound: str = "at_most") -> dict[str, tuple[int, ...]]:
    """Feature → new, stale and orphaned of a plan, where there is anything."""
    found = {key: tuple(item[word][bound] for word in WORDS) for key, item in plan.items() if item["new"] is not None}
    return {key: numbers for key, numbers in found.items() if any(numbers)}


def carry_out(place: Place, plan: Mapping[str, Any], workers: Mapping[str, Worker]) -> dict[str, Counts]:
    """Work off every feature of a plan in its order: by a run, or as an outside program; what there was to do."""
    return {key: _done(place, item, workers.get(key)) for key, item in plan.items()}


def _done(place: Place, item: Mapping[str, Any], worker: Worker | None) -> Counts:
    key = item["feature"]
    place.run("--select", key)
    results = json.loads((place.folder / "target/metasql_results.json").read_text(encoding="utf-8"))["results"]
    work = results[0]["work"]
    found = {word: int(work[word]) for word in WORDS}
    if item["kind"] == "external":
        _work_off(place, key, worker or (lambda _: ()))
    return found


def _work_off(place: Place, key: str, worker: Worker) -> None:
    """Commit what an increment lists; of an expansion the inputs are listed beside the children."""
    unit, rows, inputs = place.unit(key), [], []
    for row in place.increment(key, "new,stale"):
        named = {name: row[name] for name in unit}
        receipt = {"metasql_receipt": row["metasql_receipt"]}
        inputs.append(named | receipt)
        rows += [made | named | receipt for made in worker(row)]
    if not inputs:
        return
    ids = place.rows(f"SELECT id_columns FROM metasql_features WHERE feature = '{key}'")[0]["id_columns"]
    if set(str(ids).split(",")) == set(unit):
        place.commit(key, rows)
        return
    path = place.folder / "inputs.json"
    path.write_text("".join(json.dumps(row) + "\n" for row in inputs), encoding="utf-8")
    place.commit(key, [{n: v for n, v in row.items() if n != "metasql_receipt"} for row in rows], "--inputs", str(path))


def departures(plan: Mapping[str, Any], came: Mapping[str, Counts]) -> list[str]:
    """Where what came is not what was planned, or above what was planned at most."""
    found = []
    for key, item in plan.items():
        if item["new"] is None:
            continue
        for word in WORDS:
            least, most = item[word]["at_least"], item[word]["at_most"]
            if item["open"] and word == "new":
                most = max(most, came[key][word])
            if not least <= came[key][word] <= most:
                found.append(f"{key}: planned {least} to {most} {word}, came {came[key][word]}")
    return found
