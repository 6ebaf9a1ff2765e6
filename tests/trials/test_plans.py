"""Plans on real data: a field in the middle of the graph is changed, and what was planned is what is recomputed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.trials import test_hdtf as hdtf
from tests.trials import test_vggsound as vggsound
from tests.trials.trial import Trial

WORDS = ("new", "stale", "orphaned")
Numbers = tuple[int, int, int]
Work = Callable[[Trial], None]


@pytest.fixture
def footage(start_trial: Callable[[str], Trial]) -> Trial:
    """HDTF, all of it done."""
    trial = start_trial("hdtf")
    trial.metasql("build")
    hdtf.commit_all(trial)
    return trial


@pytest.fixture
def sounds(start_trial: Callable[[str], Trial]) -> Trial:
    """VGG-Sound, all of it done."""
    trial = start_trial("vggsound")
    trial.metasql("build")
    vggsound.commit_embeddings(trial, vggsound.labels_of(trial.data))
    trial.metasql("run")
    return trial


def planned(trial: Trial) -> dict[str, dict[str, Any]]:
    """Feature → what the plan says of it."""
    return {item["feature"]: item for item in json.loads(trial.metasql("plan", "--format", "json"))["features"]}


def numbers(plan: Mapping[str, Any], bound: str = "at_most") -> dict[str, Numbers]:
    """Feature → new, stale, orphaned, where there is anything."""
    found = {key: tuple(item[word][bound] for word in WORDS) for key, item in plan.items()}
    return {key: (new, stale, orphaned) for key, (new, stale, orphaned) in found.items() if new or stale or orphaned}


def carry_out(trial: Trial, units: Mapping[str, list[str]], outside: Mapping[str, Work]) -> dict[str, Numbers]:
    """Work off all features in their order; what each of them had to do."""
    came: dict[str, Numbers] = {}
    for key, unit in units.items():
        trial.metasql("run", "--select", key)
        results = json.loads((trial.project / "target/metasql_results.json").read_text(encoding="utf-8"))["results"]
        found = {word: results[0]["work"][word] for word in WORDS}
        if key in outside:
            listed = Counter(status for status, _, _ in trial.work(key, unit).values())
            assert dict(listed) == {word: number for word, number in found.items() if number}
            outside[key](trial)
        came[key] = (found["new"], found["stale"], found["orphaned"])
    return {key: counts for key, counts in came.items() if any(counts)}


HDTF_OUTSIDE: dict[str, Work] = {
    "video/download": hdtf.commit_downloads,
    "clip/render": hdtf.commit_renders,
    "shot/found": hdtf.commit_shots,
}


def test_hdtf_a_field_of_a_root(footage: Trial) -> None:
    """The zoom is read anew: exact for the clips; behind their content at most, and there nothing came otherwise.

    The width of a crop is in the same field as its zoom, and says which clips are rendered: all of them might go.
    """
    footage.edit_model("crop/window.sql", "{'name': 'zoom',", "{'name': 'zoom', 'code_version': '2',")
    plan = planned(footage)
    assert numbers(plan, "at_least") == {"crop/window": (0, 421, 0), "clip/framed": (0, 421, 0)}
    assert numbers(plan) == numbers(plan, "at_least") | {"subset/footage": (0, 3, 0), "clip/render": (0, 421, 421)}
    assert plan["video/footage"]["pruned"] == "depends on clip/framed.span alone"
    assert plan["clip/render"]["cost"] == {"unit": "USD", "at_least": 0.0, "at_most": 0.842}
    came = carry_out(footage, hdtf.UNITS, HDTF_OUTSIDE)
    assert came == numbers(plan, "at_least")
    hdtf.assert_settled(footage)


def test_hdtf_outside_work(footage: Trial) -> None:
    """A new downloader: one field of what it made, and nothing else."""
    footage.edit_model("video/download.yml", '{name: frames, code_version: "1"', '{name: frames, code_version: "2"')
    plan = planned(footage)
    assert numbers(plan) == {"video/download": (0, 369, 0)}
    assert all(item["exact"] for item in plan.values())
    assert carry_out(footage, hdtf.UNITS, HDTF_OUTSIDE) == numbers(plan)
    hdtf.assert_settled(footage)


def test_hdtf_edited_rows(footage: Trial) -> None:
    """New, changed and deleted rows of every file: what came lies within what was planned."""
    hdtf.edit_rows(footage)
    plan = planned(footage)
    came = carry_out(footage, hdtf.UNITS, HDTF_OUTSIDE)
    for key, item in plan.items():
        for word, number in zip(WORDS, came.get(key, (0, 0, 0)), strict=True):
            upper = number if item["open"] and word == "new" else item[word]["at_most"]
            assert item[word]["at_least"] <= number <= upper, (key, word)
    assert [key for key in plan if plan[key]["exact"]] == ["video/source", "crop/window", "clip/cut", "video/download"]


def test_vggsound_outside_work(sounds: Trial) -> None:
    """A new audio model for one field of 15,446 clips: nobody reads it. For the other one: what reads it, too."""
    outside: dict[str, Work] = {
        "clip/embedding": lambda trial: vggsound.commit_embeddings(trial, vggsound.labels_of(trial.data))
    }
    sounds.edit_model("clip/embedding.yml", '{name: vector, code_version: "1"', '{name: vector, code_version: "2"')
    plan = planned(sounds)
    assert numbers(plan) == {"clip/embedding": (0, 15446, 0)}
    assert plan["clip/checked"]["pruned"] == "depends on clip/embedding.guess alone"
    assert carry_out(sounds, vggsound.UNITS, outside) == numbers(plan)

    sounds.edit_model("clip/embedding.yml", '{name: guess, code_version: "1"', '{name: guess, code_version: "2"')
    plan = planned(sounds)
    assert numbers(plan) == {"clip/embedding": (0, 15446, 0), "clip/checked": (0, 15446, 0)}
    assert all(item["exact"] for item in plan.values())
    assert carry_out(sounds, vggsound.UNITS, outside) == numbers(plan)
    vggsound.assert_settled(sounds)
