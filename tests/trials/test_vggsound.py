"""VGG-Sound as a project: 15,446 clips, of which edits recompute exactly what they reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.trials.trial import Key, Picture, Row, Trial, Work, difference, everything, read_table, to_do

UNITS = {
    "clip/listed": ["clip_id"],
    "class/listed": ["label"],
    "annotation/listed": ["clip_id", "label"],
    "annotation/typed": ["clip_id", "label"],
    "class/size": ["label"],
    "category/size": ["category"],
    "window/half": ["clip_id"],
    "clip/embedding": ["clip_id"],
    "clip/checked": ["clip_id"],
}
"""The columns of an increment row, features in the order in which they can be computed."""

INSIDE = [key for key in UNITS if key != "clip/embedding"]

DOGS = "dog barking"
CHIRPS = "bird chirping, tweeting"


def pictures(data: Path, heard: Mapping[Key, Any]) -> dict[str, Picture]:
    """All features, computed from the CSV files alone. `heard` is what `guess` was last made of."""
    clips = {row["clip_id"]: row for row in read_table(data / "clips.csv")}
    classes = {row["label"]: row for row in read_table(data / "classes.csv")}
    audio = {name: (row["youtube_id"], int(row["start_s"])) for name, row in clips.items()}
    label = {name: row["label"] for name, row in clips.items()}
    by_label: dict[Key, dict[str, Any]] = {}
    by_category: dict[Key, dict[Key, str]] = {}
    for name in clips:
        category = classes[label[name]]["category"]
        by_label.setdefault((label[name],), {})[name] = audio[name][1]
        by_category.setdefault((category,), {})[(name, label[name])] = category
    return {
        "clip/listed": {(name,): {"audio": audio[name], "label": label[name]} for name in clips},
        "class/listed": {
            (name,): {"clip_count": int(row["clip_count"]), "category": row["category"]}
            for name, row in classes.items()
        },
        "annotation/listed": {(name, label[name]): {"claim": audio[name][1]} for name in clips},
        "annotation/typed": {
            (name, label[name]): {"claim": audio[name][1], "category": classes[label[name]]["category"]}
            for name in clips
        },
        "class/size": {key: {"size": members} for key, members in by_label.items()},
        "category/size": {key: {"size": members} for key, members in by_category.items()},
        "window/half": {(name,): {"span": audio[name]} for name in clips},
        "clip/embedding": {(name,): {"vector": audio[name], "guess": (audio[name], label[name])} for name in clips},
        "clip/checked": {(name,): {"agreement": (label[name], heard.get((name,)))} for name in clips},
    }


def guesses(picture: Mapping[str, Picture]) -> dict[Key, Any]:
    """What `guess` of each clip is made of."""
    return {key: fields["guess"] for key, fields in picture["clip/embedding"].items()}


def commit_embeddings(trial: Trial, labels: Mapping[str, str]) -> None:
    """The model of this trial is right, dogs aside."""
    trial.commit("clip/embedding", [_embedded(row, labels) for row in trial.increment("clip/embedding", "new,stale")])


def _embedded(row: Row, labels: Mapping[str, str]) -> Row:
    label = labels[row["clip_id"]]
    return {
        "clip_id": row["clip_id"],
        "path": f"{row['youtube_id']}-{row['start_s']}.npy",
        "guessed_label": "wolf howling" if label == DOGS else label,
        "metasql_receipt": row["metasql_receipt"],
    }


def labels_of(data: Path) -> dict[str, str]:
    return {row["clip_id"]: row["label"] for row in read_table(data / "clips.csv")}


def assert_settled(trial: Trial) -> None:
    """Nothing is to be done, and a run finds nothing to do."""
    before = trial.last_commit()
    trial.metasql("run")
    assert trial.last_commit() == before
    assert {key: trial.work(key, unit) for key, unit in UNITS.items()} == {key: {} for key in UNITS}


@pytest.fixture
def vggsound(start_trial: Callable[[str], Trial]) -> Trial:
    """The project, built for the first time."""
    trial = start_trial("vggsound")
    trial.metasql("build")
    return trial


def test_first_build_counts_what_the_files_hold(vggsound: Trial) -> None:
    """Every relation has as many rows as the files say, and labels with commas stay whole."""
    clips = read_table(vggsound.data / "clips.csv")
    classes = {row["label"]: row["category"] for row in read_table(vggsound.data / "classes.csv")}
    assert len(clips) == vggsound.live("clip/listed") == vggsound.live("annotation/typed") == 15446
    assert len(classes) == vggsound.live("class/listed") == vggsound.live("class/size") == 309
    assert vggsound.live("window/half") == 2 * 15446

    sizes = Counter(row["label"] for row in clips)
    assert dict(vggsound.query("SELECT label, clips FROM class__size")) == sizes
    assert CHIRPS in sizes
    of_category = Counter(classes[row["label"]] for row in clips)
    labels = Counter(classes[label] for label in sizes)
    rows = vggsound.query("SELECT category, clips, labels FROM category__size")
    assert set(rows) == {(name, of_category[name], labels[name]) for name in of_category}
    assert len(rows) == 9


def test_outside_work_is_handed_out_and_taken_back(vggsound: Trial) -> None:
    """All clips are new, once; what reads the results optionally is stale when they come."""
    picture = pictures(vggsound.data, {})
    for key in INSIDE:
        assert vggsound.work(key, UNITS[key]) == {}, key
    new = difference({}, picture["clip/embedding"])
    assert vggsound.work("clip/embedding", ["clip_id"]) == new
    assert len(new) == 15446
    assert set(vggsound.query("SELECT DISTINCT verdict FROM clip__checked")) == {("unknown",)}

    commit_embeddings(vggsound, labels_of(vggsound.data))
    assert vggsound.work("clip/embedding", ["clip_id"]) == {}
    heard = pictures(vggsound.data, guesses(picture))
    assert vggsound.work("clip/checked", ["clip_id"]) == difference(picture["clip/checked"], heard["clip/checked"])

    vggsound.metasql("run")
    dogs = sum(1 for label in labels_of(vggsound.data).values() if label == DOGS)
    verdicts = dict(vggsound.query("SELECT verdict, count(*) FROM clip__checked GROUP BY verdict"))
    assert verdicts == {"agrees": 15446 - dogs, "differs": dogs}
    assert_settled(vggsound)


def edit_rows(trial: Trial) -> None:
    """Move, relabel, delete and add clips; correct a class, and add one without clips."""

    def clips(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in rows[100:103]:
            row["start_s"] = str(int(row["start_s"]) + 1)
        for row in rows[500:502]:
            assert row["label"] != CHIRPS
            row["label"] = CHIRPS
        added = [
            {"clip_id": "-aaaaaaaaaa_000005", "youtube_id": "-aaaaaaaaaa", "start_s": "5", "label": CHIRPS},
            {"clip_id": "00000000001_000000", "youtube_id": "00000000001", "start_s": "0", "label": DOGS},
        ]
        return [*rows[:1000], *rows[1004:], *added]

    def classes(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in rows:
            if row["label"] == "playing harp":
                assert row["category"] == "music"
                row["category"] = "others"
            if row["label"] == "zebra braying":
                row["clip_count"] = "1"
        return [*rows, {"label": "silence, none at all", "clip_count": "0", "category": "others"}]

    trial.edit_data("clips.csv", clips)
    trial.edit_data("classes.csv", classes)


def test_edited_rows_recompute_what_they_reach(vggsound: Trial) -> None:
    """Feature by feature, the work is what the edits reach, and a run does exactly that."""
    commit_embeddings(vggsound, labels_of(vggsound.data))
    vggsound.metasql("run")
    heard = guesses(pictures(vggsound.data, {}))
    before = pictures(vggsound.data, heard)
    edit_rows(vggsound)
    after = pictures(vggsound.data, heard)
    expected = {key: difference(before[key], after[key]) for key in UNITS}
    assert_counts(expected)

    for key in INSIDE:
        assert vggsound.work(key, UNITS[key]) == expected[key], key
        mark = vggsound.last_commit()
        vggsound.metasql("run", "--select", key)
        assert vggsound.written_since(key, mark, UNITS[key]) == to_do(expected[key]), key
        assert vggsound.work(key, UNITS[key]) == {}, key
    assert vggsound.work("clip/embedding", ["clip_id"]) == expected["clip/embedding"]

    commit_embeddings(vggsound, labels_of(vggsound.data))
    vggsound.metasql("delete", "clip/embedding", "--orphaned")
    heard_now = pictures(vggsound.data, guesses(after))
    again = difference(after["clip/checked"], heard_now["clip/checked"])
    assert vggsound.work("clip/checked", ["clip_id"]) == again
    mark = vggsound.last_commit()
    vggsound.metasql("run")
    assert vggsound.written_since("clip/checked", mark, ["clip_id"]) == to_do(again)
    assert_settled(vggsound)


def assert_counts(expected: Mapping[str, Work]) -> None:
    """The edits in numbers that can be checked by hand: 3 moved, 2 relabelled, 4 deleted, 2 added."""
    counts = {key: Counter(item[0] for item in work.values()) for key, work in expected.items()}
    assert counts["clip/listed"] == {"new": 2, "stale": 5, "orphaned": 4}
    assert counts["clip/embedding"] == {"new": 2, "stale": 5, "orphaned": 4}
    assert counts["window/half"] == {"new": 2, "stale": 3, "orphaned": 4}
    assert counts["clip/checked"] == {"new": 2, "stale": 2, "orphaned": 4}
    assert counts["annotation/listed"] == {"new": 4, "stale": 3, "orphaned": 6}
    assert counts["class/listed"] == {"new": 1, "stale": 2}
    assert counts["annotation/typed"]["stale"] > 40  # the harps, each of which looks its class up
    assert {"others", "music"} <= {key[0] for key in expected["category/size"]}


def test_code_version_of_outside_work(vggsound: Trial) -> None:
    """A new audio model makes one field of every clip stale, and nothing that reads the other one."""
    commit_embeddings(vggsound, labels_of(vggsound.data))
    vggsound.metasql("run")
    picture = pictures(vggsound.data, {})
    vggsound.edit_model("clip/embedding.yml", '{name: vector, code_version: "1"', '{name: vector, code_version: "2"')
    mark = vggsound.last_commit()
    vggsound.metasql("run")
    assert vggsound.last_commit() == mark
    due = everything(picture["clip/embedding"], ["vector"], "code")
    assert vggsound.work("clip/embedding", ["clip_id"]) == due

    commit_embeddings(vggsound, labels_of(vggsound.data))
    assert_settled(vggsound)


def test_code_version_of_a_sql_feature(vggsound: Trial) -> None:
    """A new rule for windows cuts every clip again, and nothing else is touched."""
    vggsound.edit_model("window/half.yml", "- name: span\n", '- name: span\n        code_version: "2"\n')
    mark = vggsound.last_commit()
    vggsound.metasql("run")
    everyone = {(name,) for name in labels_of(vggsound.data)}
    assert vggsound.written_since("window/half", mark, ["clip_id"]) == everyone
    for key in INSIDE:
        if key != "window/half":
            assert vggsound.written_since(key, mark, UNITS[key]) == set(), key
    assert vggsound.live("window/half") == 2 * len(everyone)
