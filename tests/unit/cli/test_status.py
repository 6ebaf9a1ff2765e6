from __future__ import annotations

import json
import subprocess
import sys

import pytest

ZERO = {"live": 0, "new": 0, "stale": 0, "orphaned": 0, "waiting": 0}


def table(out: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split() for line in out.splitlines()[2:]}


def make_stale(built) -> None:
    """One crop is stale in `frames` because of upstream, all are in `audio` because of the code."""
    built.commit_crops()
    built.edit("seeds/raw_videos.csv", "9d04", "9dff")
    built.edit("models/video/face_crop.yml", 'audio, code_version: "1"', 'audio, code_version: "2"')
    built.must("build")


def test_what_is_to_be_done(built):
    """As a table, in the order of the graph."""
    out = built.must("status")
    assert out.splitlines()[0].split() == [
        "feature", "kind", "live", "new", "stale", "orphaned", "waiting", "stale", "fields",
    ]  # fmt: skip
    assert table(out) == {
        "video/full": ["video/full", "root", "6", "0", "0", "0", "0"],
        "video/face_crop": ["video/face_crop", "external", "0", "5", "0", "0", "0"],
        "video/shape": ["video/shape", "sql", "6", "0", "0", "0", "0"],
    }
    assert "\x1b" not in out


def test_one_document(built):
    """For programs, with sums."""
    document = json.loads(built.must("status", "--json"))
    assert (document["schema_version"], document["target"]) == (1, "dev")
    assert document["total"] == {**ZERO, "live": 12, "new": 5}
    assert document["features"][1] == {
        "feature": "video/face_crop",
        "kind": "external",
        "state": "current",
        **ZERO,
        "new": 5,
        "stale_fields": [],
        "error": [],
        "increment": "delta",
        "why_full": None,
        "read_from": None,
    }


def test_which_fields_are_stale_and_why(built):
    """The most first."""
    make_stale(built)
    crop = built.status()["video/face_crop"]
    assert (crop["live"], crop["stale"]) == (5, 5)
    assert crop["stale_fields"] == [
        {"field": "audio", "reason": "code", "samples": 5},
        {"field": "frames", "reason": "code", "samples": 1},
    ]
    assert "audio 5 code · frames 1 code" in built.must("status", "video/face_crop")


def test_orphans_and_the_lower_number(built):
    """A video that is gone leaves its crop behind."""
    built.commit_crops()
    built.edit("seeds/raw_videos.csv", "v05,raw/v05.mp4,7.9,720,1280,e51b,9d05\n", "")
    built.must("build")
    assert built.status()["video/face_crop"]["orphaned"] == 1
    assert built.run("status", "--fail-on", "orphaned").code == 3


def test_never_run(starter):
    """Shown as such, without making a warehouse; no gate is closed by it."""
    out = starter.must("status", "--fail-on", "any")
    assert out.count("never run") == 3
    assert not starter.warehouse.exists()
    assert {item["state"] for item in starter.status().values()} == {"never run"}
    assert starter.status("--select", "increment:new") == {}


def test_one_that_was_never_run_among_others(built):
    """The numbers are missing for it alone."""
    (built.folder / "models/video/tall.sql").write_text(
        "{{ config(id_columns=['video_id']) }}\nselect video_id from {{ ref('video/full') }}\n"
    )
    found = built.status()
    assert (found["video/tall"]["state"], found["video/tall"]["live"]) == ("never run", None)
    assert found["video/full"]["live"] == 6


def test_a_changed_declaration_is_counted_by_what_it_says_now(built):
    """So the question can be asked before the run; the note says that there was none yet."""
    built.edit("models/video/shape.yml", "- name: layout\n", '- name: layout\n        code_version: "2"\n')
    shape = built.status()["video/shape"]
    assert (shape["state"], shape["stale"]) == ("changed", 6)
    assert "declared otherwise since its last run" in built.must("status")
    built.must("run")
    assert built.status()["video/shape"]["state"] == "current"


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("models/video/shape.yml", "- name: layout\n", "- name: size\n      - name: layout\n"),
        (
            "models/video/shape.yml",
            "id_columns: [video_id]\n    deps: [video/full]",
            "id_columns: [video_id, orientation]\n"
            "    deps: [{feature: video/full, lineage: {expansion: {on: [video_id]}}}]",
        ),
    ],
    ids=["another field", "another key"],
)
def test_tables_that_have_to_be_altered_first(built, file, old, new):
    """Nothing can be counted; that is no error, and no gate passes it over."""
    built.edit(file, old, new)
    shape = built.status()["video/shape"]
    assert (shape["state"], shape["live"]) == ("altered", None)
    assert "`metasql run` counts it" in built.must("status")
    assert built.run("status", "--fail-on", "stale").code == 3


def test_what_the_engine_refuses_is_told_and_the_rest_counted(built):
    """Somebody dropped a table."""
    built.sql("drop table raw_videos")
    result = built.run("status")
    assert result.code == 3
    assert "MS0611" in result.err
    assert table(result.out)["video/shape"][2] == "6"
    document = json.loads(built.run("status", "--json").out)
    assert document["features"][0]["state"] == "error"
    assert document["features"][0]["error"][0]["code"] == "MS0611"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["new"], 3),
        (["stale"], 0),
        (["orphaned"], 0),
        (["any"], 3),
        (["stale", "new"], 3),
    ],
)
def test_fail_on(built, words, code):
    """The table is printed all the same."""
    result = built.run("status", *(part for word in words for part in ("--fail-on", word)))
    assert result.code == code
    assert "video/face_crop" in result.out


def test_fail_on_looks_at_what_is_shown(built):
    """Other features do not matter."""
    assert built.run("status", "video/shape", "--fail-on", "any").code == 0


def test_keys_and_selections(built):
    """Both are possible, and together."""
    assert list(built.status("video/shape")) == ["video/shape"]
    assert list(built.status("--select", "kind:external")) == ["video/face_crop"]
    assert list(built.status("video/shape", "--select", "kind:external")) == ["video/face_crop", "video/shape"]
    assert list(built.status("--exclude", "video/full")) == ["video/face_crop", "video/shape"]
    assert list(built.status("--select", "increment:new")) == ["video/face_crop"]


def test_nothing_selected(built):
    """No table without rows; the document is one all the same."""
    assert built.must("status", "--select", "raw_videos") == ""
    assert built.status("--select", "raw_videos") == {}


def test_unknown_keys(built):
    """The nearest is named."""
    result = built.run("status", "video/shap")
    assert (result.code, result.out) == (1, "")
    assert "did you mean `video/shape`?" in result.err


def test_it_writes_nothing_unless_it_is_told_to(built):
    """`--refresh` brings metasql_status and metasql_stale_fields up to date."""
    make_stale(built)
    built.sql("update metasql_status set stale = 99, last_run = null")
    built.sql("delete from metasql_stale_fields")
    stale = "select stale from metasql_status where feature = 'video/face_crop'"
    built.must("status")
    assert built.sql(stale) == [(99,)]
    built.must("status", "--refresh", "video/face_crop")
    assert built.sql(stale) == [(5,)]
    assert built.sql("select stale from metasql_status where feature = 'video/shape'") == [(99,)]
    assert built.sql("select field, reason, samples from metasql_stale_fields order by all") == [
        ("audio", "code", 5),
        ("frames", "code", 1),
    ]


def test_refresh_before_the_first_build(starter):
    """There is nothing to write, and that is no error."""
    assert "never run" in starter.must("status", "--refresh")


def test_while_another_process_writes(built):
    """One message, no traceback."""
    path = str(built.warehouse)
    hold = f"import duckdb, sys; held = duckdb.connect({path!r}); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        result = built.run("status")
        process.communicate("")
    assert (result.code, result.out) == (3, "")
    assert "MS0602" in result.err
