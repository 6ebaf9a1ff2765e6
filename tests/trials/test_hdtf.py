"""HDTF as a project: what its files say is what metasql says, before and after edits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.trials.trial import Picture, Row, Trial, Work, difference, everything, read_table, to_do

UNITS = {
    "video/source": ["video_name"],
    "crop/window": ["video_name", "clip_index"],
    "clip/cut": ["video_name"],
    "clip/framed": ["video_name", "clip_index"],
    "video/footage": ["video_name"],
    "subset/footage": ["subset"],
    "video/download": ["video_name"],
    "clip/render": ["video_name", "clip_index"],
    "shot/found": ["video_name", "clip_index"],
}
"""The columns of an increment row, features in the order in which they can be computed."""

INSIDE = ["video/source", "crop/window", "clip/cut", "clip/framed", "video/footage", "subset/footage"]
OUTSIDE = ["video/download", "clip/render", "shot/found"]


def pictures(data: Path) -> dict[str, Picture]:
    """All features, computed from the CSV files alone.

    What stands on a SQL feature is made of what its columns hold, not of what they were computed from.
    """
    videos = {row["video_name"]: row for row in read_table(data / "videos.csv")}
    heights = {row["video_name"]: int(row["height_px"]) or None for row in read_table(data / "resolutions.csv")}
    cuts: dict[str, dict[int, tuple[int, int]]] = {name: {} for name in videos}
    for row in read_table(data / "clips.csv"):
        if row["video_name"] in videos:
            cuts[row["video_name"]][int(row["clip_index"])] = (int(row["start_s"]), int(row["end_s"]))
    crops = {
        (row["video_name"], int(row["clip_index"])): {
            "place": (row["min_width_px"], row["width_px"], row["min_height_px"], row["height_px"]),
            "zoom": float(row["zoom_ratio"]),
        }
        for row in read_table(data / "crops.csv")
    }
    url = {name: row["url"] for name, row in videos.items()}
    clips = {(name, index): span for name in videos for index, span in cuts[name].items()}
    framed: dict[Any, dict[str, Any]] = {
        key: {"span": span, "crop": crops.get(key), "origin": videos[key[0]]["subset"]} for key, span in clips.items()
    }
    seconds = {key: end - start for key, (start, end) in clips.items()}
    window = {key: crop and (crop["place"][1], crop["zoom"]) for key, crop in ((key, crops.get(key)) for key in clips)}
    subsets = {key: item["origin"] for key, item in framed.items()}
    return {
        "video/source": {
            (name,): {"stream": url[name], "picture": heights.get(name), "cuts": cuts[name], "origin": row["subset"]}
            for name, row in videos.items()
        },
        "crop/window": crops,
        "clip/cut": {(name,): {"span": cuts[name]} for name in videos},
        "clip/framed": framed,
        "video/footage": {
            (name,): {"amount": {index: seconds[name, index] for index in cuts[name]}} for name in videos if cuts[name]
        },
        "subset/footage": {
            (subset,): {
                "amount": {key: seconds[key] for key in framed if subsets[key] == subset},
                "crops": {key: window[key] for key in framed if subsets[key] == subset},
            }
            for subset in set(subsets.values())
        },
        "video/download": {
            (name,): {"audio": url[name], "frames": (url[name], heights[name])}
            for name in videos
            if heights.get(name) is not None
        },
        "clip/render": {
            key: {"audio": (seconds[key], url[key[0]]), "frames": (seconds[key], window[key], url[key[0]])}
            for key, item in framed.items()
            if item["crop"] is not None
        },
        "shot/found": {key: {"span": spans} for key, spans in clips.items()},
    }


def commit_downloads(trial: Trial) -> None:
    rows = trial.increment("video/download", "new,stale")
    trial.commit(
        "video/download",
        [{**pick(row, "video_name"), "path": f"{row['video_name']}.mp4", "byte_count": 1} for row in rows],
    )


def commit_renders(trial: Trial) -> None:
    rows = trial.increment("clip/render", "new,stale")
    made = [
        {**pick(row, "video_name", "clip_index"), "path": f"{row['video_name']}-{row['clip_index']}.mp4"}
        for row in rows
    ]
    trial.commit("clip/render", made)


def shot_count(clip_index: int) -> int:
    """The first clip of a video has no shots, the second one, and so on."""
    return clip_index % 3


def commit_shots(trial: Trial) -> None:
    """Clips without any shot are among the inputs all the same."""
    rows = trial.increment("shot/found", "new,stale")
    shots: list[Row] = [
        {"video_name": row["video_name"], "clip_index": row["clip_index"], "shot_index": number, "from_s": number}
        for row in rows
        for number in range(shot_count(row["clip_index"]))
    ]
    trial.commit("shot/found", shots, inputs=[pick(row, "video_name", "clip_index") for row in rows])


def pick(row: Row, *names: str) -> Row:
    """The columns of an increment row that a commit hands back."""
    return {name: row[name] for name in (*names, "metasql_receipt")}


def commit_all(trial: Trial) -> None:
    commit_downloads(trial)
    commit_renders(trial)
    commit_shots(trial)


def assert_settled(trial: Trial) -> None:
    """Nothing is to be done, and a run finds nothing to do."""
    before = trial.last_commit()
    trial.metasql("run")
    assert trial.last_commit() == before
    assert {key: trial.work(key, unit) for key, unit in UNITS.items()} == {key: {} for key in UNITS}


@pytest.fixture
def hdtf(start_trial: Callable[[str], Trial]) -> Trial:
    """The project, built for the first time."""
    trial = start_trial("hdtf")
    trial.metasql("build")
    return trial


def test_first_build_counts_what_the_files_hold(hdtf: Trial) -> None:
    """Every relation has as many rows as the files say, warts included."""
    picture = pictures(hdtf.data)
    assert len(read_table(hdtf.data / "videos.csv")) == hdtf.live("video/source") == 370
    assert len(read_table(hdtf.data / "clips.csv")) == hdtf.live("clip/cut") == hdtf.live("clip/framed") == 436
    assert len(read_table(hdtf.data / "crops.csv")) == hdtf.live("crop/window") == 421

    uncropped = set(hdtf.query("SELECT video_name, clip_index FROM clip__framed WHERE width_px IS NULL"))
    assert uncropped == {key for key, fields in picture["clip/framed"].items() if fields["crop"] is None}
    assert len(uncropped) == 15

    without_clips = hdtf.query("SELECT video_name FROM video__source WHERE spans IS NULL")
    assert without_clips == [("Radio24",)]
    assert hdtf.live("video/footage") == 369

    expected = {}
    for subset, fields in picture["subset/footage"].items():
        seconds = sum(fields["amount"].values())
        cropped = sum(1 for crop in fields["crops"].values() if crop is not None)
        expected[subset] = (len(fields["amount"]), seconds, cropped)
    rows = hdtf.query("SELECT subset, clips, seconds, cropped FROM subset__footage")
    assert {row[:1]: row[1:] for row in rows} == expected
    assert len(rows) == 3


def test_first_build_leaves_the_work_outside(hdtf: Trial) -> None:
    """SQL is done, a video without clips included; all the rest is new, until it is committed."""
    picture = pictures(hdtf.data)
    for key in INSIDE:
        assert hdtf.work(key, UNITS[key]) == {}, key
    for key in OUTSIDE:
        assert hdtf.work(key, UNITS[key]) == difference({}, picture[key]), key
    assert len(picture["video/download"]) == 369  # one height is given as 0
    assert len(picture["clip/render"]) == 421

    commit_all(hdtf)
    assert (hdtf.live("video/download"), hdtf.live("clip/render")) == (369, 421)
    assert hdtf.live("shot/found") == sum(shot_count(index) for _, index in picture["shot/found"])
    assert_settled(hdtf)


def edit_rows(trial: Trial) -> None:
    """Change, add and delete rows of every file."""

    def videos(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in rows:
            if row["video_name"] in {"Radio3", "AdamKinzinger0"}:
                row["url"] += "&again"
            if row["video_name"] == "Radio7":
                row["subset"] = "WRA"
        kept = [row for row in rows if row["video_name"] not in {"Radio11", "Radio5"}]
        return [*kept, {"video_name": "Radio99", "subset": "RD", "url": "https://example.com/99"}]

    def resolutions(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in rows:
            if row["video_name"] in {"KevinMcCarthy1", "Radio56"}:
                row["height_px"] = "1440"
        return [*rows, {"video_name": "Radio99", "height_px": "720"}]

    def clips(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in rows:
            if row["video_name"] == "Radio12":
                row["end_s"] = "61"
        kept = [row for row in rows if (row["video_name"], row["clip_index"]) != ("Radio34", "9")]
        added = [("Radio24", "0"), ("Radio99", "0"), ("Radio1", "1")]
        return [*kept, *({"video_name": n, "clip_index": i, "start_s": "100", "end_s": "120"} for n, i in added)]

    def crops(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in rows:
            if row["video_name"] == "Radio20":
                row["zoom_ratio"] = "1.75"
            if row["video_name"] == "Radio21":
                row["min_width_px"] = "1"
        kept = [row for row in rows if row["video_name"] != "Radio10"]
        return [*kept, {**kept[0], "video_name": "Radio15", "clip_index": "0"}]

    trial.edit_data("videos.csv", videos)
    trial.edit_data("resolutions.csv", resolutions)
    trial.edit_data("clips.csv", clips)
    trial.edit_data("crops.csv", crops)


def test_edited_rows_recompute_what_they_reach(hdtf: Trial) -> None:
    """Feature by feature, the work is what the edits reach, and a run does exactly that."""
    commit_all(hdtf)
    before = pictures(hdtf.data)
    edit_rows(hdtf)
    after = pictures(hdtf.data)
    expected = {key: difference(before[key], after[key]) for key in UNITS}
    assert_touches_every_status(expected)

    for key in INSIDE:
        assert hdtf.work(key, UNITS[key]) == expected[key], key
        mark = hdtf.last_commit()
        hdtf.metasql("run", "--select", key)
        # An input without clips has no rows to find.
        written = {unit for unit in to_do(expected[key]) if key != "clip/cut" or after[key][unit]["span"]}
        assert hdtf.written_since(key, mark, UNITS[key]) == written, key
        assert hdtf.work(key, UNITS[key]) == {}, key
    for key in OUTSIDE:
        assert hdtf.work(key, UNITS[key]) == expected[key], key

    commit_all(hdtf)
    for key in OUTSIDE:
        orphans = {unit: item for unit, item in expected[key].items() if item[0] == "orphaned"}
        assert hdtf.work(key, UNITS[key]) == orphans, key
        hdtf.metasql("delete", key, "--orphaned")
    assert_settled(hdtf)
    assert hdtf.live("video/download") == len(after["video/download"])
    assert hdtf.live("clip/render") == len(after["clip/render"])


def assert_touches_every_status(expected: dict[str, Work]) -> None:
    """The edits are worth something: each feature has work, and none has all of it to do."""
    found = {key: {item[0] for item in work.values()} for key, work in expected.items()}
    some = {"new", "stale", "orphaned"}
    assert found == {**dict.fromkeys(UNITS, some), "subset/footage": {"stale"}, "crop/window": some}


def test_code_version_of_outside_work(hdtf: Trial) -> None:
    """A new cropper makes one field of all its samples stale, for the reason `code`, and nothing else."""
    commit_all(hdtf)
    picture = pictures(hdtf.data)
    hdtf.edit_model("video/download.yml", '{name: frames, code_version: "1"', '{name: frames, code_version: "2"')
    mark = hdtf.last_commit()
    hdtf.metasql("run")
    assert hdtf.last_commit() == mark
    for key, unit in UNITS.items():
        due = everything(picture[key], ["frames"], "code") if key == "video/download" else {}
        assert hdtf.work(key, unit) == due, key
    commit_downloads(hdtf)
    assert_settled(hdtf)


def test_code_version_of_a_root_reaches_what_reads_it(hdtf: Trial) -> None:
    """The zoom is read anew: clips with a crop are computed again, the others are not. They come out the same."""
    commit_all(hdtf)
    picture = pictures(hdtf.data)
    hdtf.edit_model("crop/window.sql", "{'name': 'zoom',", "{'name': 'zoom', 'code_version': '2',")
    mark = hdtf.last_commit()
    hdtf.metasql("run")
    cropped = set(picture["clip/render"])
    assert hdtf.written_since("crop/window", mark, UNITS["crop/window"]) == set(picture["crop/window"])
    assert hdtf.written_since("clip/framed", mark, UNITS["clip/framed"]) == cropped
    for key in ("video/source", "clip/cut", "video/footage", "subset/footage"):
        assert hdtf.written_since(key, mark, UNITS[key]) == set(), key
    for key in OUTSIDE:
        assert hdtf.work(key, UNITS[key]) == {}, key
    assert_settled(hdtf)


def test_stale_when_asks_again(hdtf: Trial) -> None:
    """A download that came out empty is stale whatever its versions say."""
    rows = hdtf.increment("video/download", "new")
    made = [
        {**pick(row, "video_name"), "path": row["video_name"], "byte_count": int(row["video_name"] != "Radio2")}
        for row in rows
    ]
    hdtf.commit("video/download", made)
    again: Work = {("Radio2",): ("stale", frozenset({"audio", "frames"}), "predicate")}
    assert hdtf.work("video/download", ["video_name"]) == again
