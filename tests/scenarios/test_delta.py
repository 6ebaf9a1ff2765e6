"""Increments by delta: what they see, what takes a horizon away, and what tells that one is wrong."""

from __future__ import annotations

import json
from subprocess import PIPE, Popen

import pytest

from tests.scenarios.support import PYTHON, Place, lines

PROGRAM = [PYTHON, "-m", "metasql"]

MODELS = """
version: 1
sources: [{name: raw, schema: raw, tables: [{name: video}]}]
features:
  - name: video
    id_columns: [video_id]
    fields: [{name: audio, columns: [audio]}, {name: frames, columns: [frames]}]
  - name: loud
    id_columns: [video_id]
    deps: [video]
    fields: [{name: loud, columns: [loud]}]
  - name: crop
    id_columns: [video_id]
    deps: [{feature: video, where: "grp <> 'x'"}, loud]
    fields: [{name: frames, code_version: "1", deps: [video.frames, loud.loud]}]
    columns: [{name: path, type: text}]
  - name: party
    id_columns: [grp]
    deps: [{feature: video, lineage: {aggregation: {on: [grp]}}, columns: {}}]
    fields: [{name: all, deps: [video.frames]}]
    columns: [{name: path, type: text}]
"""
TYPES = {"video_id": "int", "grp": "text", "audio": "text", "frames": "text"}
ROWS = [(number, "ab"[number % 2], f"a{number}", f"f{number}") for number in range(6)]
FEATURES = ("crop", "party")


@pytest.fixture
def place(engine, tmp_path):
    """Everything is made, and settled."""
    made = Place(tmp_path, engine)
    made.write("models/features.yml", MODELS)
    made.write("models/video.sql", "select video_id, grp, audio, frames from {{ source('raw', 'video') }}\n")
    made.write("models/loud.sql", "select video_id, upper(audio) as loud from {{ ref('video') }}\n")
    made.write("macros/say.sql", "{% macro say(sql) %}{{ sql }}{% endmacro %}\n")
    made.fill("video", TYPES, ROWS)
    made.run()
    for key in FEATURES:
        made.work_off(key, {"path": "p"})
    made.run()
    assert {key: made.listed(key) for key in FEATURES} == {"crop": {}, "party": {}}
    return made


def say(place, sql):
    """A statement that goes around metasql."""
    place.cli("run-operation", "say", "--args", json.dumps({"sql": sql}))


def refill(place, *rows):
    """The source with other rows in the place of those of the same id; a row of the id alone is gone."""
    found = {row[0]: row for row in ROWS} | {row[0]: row for row in rows}
    place.fill("video", TYPES, [row for row in found.values() if len(row) > 1])


def agreed(place):
    """Both ways say the same of every feature."""
    return place.cli("verify")


def test_a_change_is_seen_before_and_after_the_run(place):
    """Changed, filtered out, gone and new samples, and groups that win and lose members."""
    refill(place, (0, "a", "a0", "other"), (1, "x", "a1", "f1"), (2,), (9, "c", "a9", "f9"))
    place.cli("run", "--select", "video", "--select", "loud")
    for _ in range(2):
        assert place.listed("crop") == {
            (0,): ("stale", "frames", "upstream"),
            (1,): ("orphaned", "", "orphaned"),
            (2,): ("orphaned", "", "orphaned"),
            (9,): ("new", "frames", "new"),
        }
        groups = place.listed("party")
        assert {unit: row[0] for unit, row in groups.items()} == {
            ("a",): "stale",
            ("b",): "stale",
            ("c",): "new",
            ("x",): "new",
        }
        agreed(place)
        place.run()


def test_shards_are_the_whole(place):
    """A shard's query is made for it alone, and gives whole rows as the view does, what is pending and what is new."""
    refill(place, (0, "a", "a0", "other"), (1, "x", "a1", "f1"), (2,), (9, "c", "a9", "f9"))
    place.run()
    refill(place, (0, "a", "a0", "other"), (1, "x", "a1", "f1"), (2,), (9, "c", "a9", "f9"), (4, "d", "a4", "f"))
    place.cli("run", "--select", "video", "--select", "loud")
    asked = ("--status", "new,stale,orphaned", "--format", "json")
    for key, most in (("crop", 5), ("party", 5)):
        whole = place.cli("increment", key, *asked).out.splitlines()
        parts = [place.cli("increment", key, "--shard", f"{index}/3", *asked).out.splitlines() for index in range(3)]
        assert sorted(line for part in parts for line in part) == sorted(whole)
        assert len(whole) == most
    place.edit("models/features.yml", 'code_version: "1"', 'code_version: "2"')  # the view goes by the other one
    assert (
        sum(place.cli("increment", "crop", "--shard", f"{index}/3", *asked).out.count("\n") for index in range(3)) == 5
    )


def test_what_is_handed_out_where_most_is_new(place):
    """It is read in full then, and by what changed where that is little: the rows are those of the view."""
    asked = ("--status", "new,stale,orphaned", "--format", "json")

    def handed_out():
        made = [json.loads(line) for line in place.cli("increment", "crop", *asked).out.splitlines()]
        return {(row["video_id"],): (row["metasql_status"], row["metasql_receipt"]) for row in made}

    def viewed():
        rows = place.values("SELECT video_id, metasql_status, metasql_receipt FROM main.crop__increment")
        return {(row[0],): tuple(row[1:]) for row in rows}

    refill(place, *((number, "a", f"a{number}", "f") for number in range(10, 30)))
    place.run()
    assert len(handed_out()) == 20
    assert handed_out() == viewed()
    place.work_off("crop", {"path": "q"})
    refill(place, *((number, "a", f"a{number}", "f" if number < 28 else "g") for number in range(11, 30)))
    place.run()
    assert len(handed_out()) == 3
    assert handed_out() == viewed()


def test_what_is_pending_stays_so(place):
    """Many commands later a sample that nobody worked off is listed as before."""
    refill(place, (0, "a", "a0", "other"))
    place.run()
    for number in range(3):
        refill(place, (0, "a", "a0", "other"), (5, "b", "a5", f"again {number}"))
        place.run()
        place.work_off("crop", {"path": "q"}) if number == 1 else None
    assert set(place.listed("crop")) == {(5,)}
    agreed(place)


@pytest.mark.parametrize("hard", [[], ["--hard"]], ids=["soft", "for good"])
def test_deleted_upstream(place, hard):
    """A row that is removed for good leaves no commit number behind, and is missed all the same."""
    place.cli("delete", "loud", "--where", "video_id = 3", *hard)
    assert place.listed("crop") == {(3,): ("orphaned", "", "orphaned")}
    agreed(place)
    place.run()
    assert place.listed("crop") == {}


@pytest.mark.parametrize("hard", [[], ["--hard"]], ids=["soft", "for good"])
def test_deleted_itself(place, hard):
    """It is new again."""
    place.cli("delete", "crop", "--where", "video_id = 3", *hard)
    assert place.listed("crop") == {(3,): ("new", "frames", "new")}
    agreed(place)


def test_another_definition(place):
    """The first look after it is at everything."""
    place.edit("models/features.yml", 'code_version: "1"', 'code_version: "2"')
    place.run()
    assert set(place.listed("crop").values()) == {("stale", "frames", "code")}
    assert len(place.listed("crop")) == len(ROWS)
    place.edit("models/features.yml", "grp <> 'x'", "grp <> 'a'")
    place.run()
    assert {row[0] for row in place.listed("crop").values()} == {"stale", "orphaned"}
    agreed(place)


def test_a_table_that_is_dropped(place):
    """It is made anew, and what is made of it is looked at in full."""
    say(place, "DROP TABLE main.loud__samples")
    place.run()
    assert place.listed("crop") == {}
    say(place, "DROP TABLE main.crop__samples")
    place.run()
    assert {row[0] for row in place.listed("crop").values()} == {"new"}
    agreed(place)


def test_a_warehouse_without_horizons(place):
    """As an older metasql left it: everything is counted in full, and the next run draws them."""
    for key in ("loud", "crop"):
        say(place, f"DROP TABLE main.{key}__settled")
    refill(place, (0, "a", "a0", "other"))
    counted = json.loads(place.cli("status", "--json").out)["total"]
    assert (counted["new"], counted["stale"]) == (0, 1)
    place.run()
    assert set(place.listed("crop")) == {(0,)}
    agreed(place)


def test_rows_changed_around_metasql(place):
    """`verify` names the sample, and `--repair` looks at everything again."""
    say(place, "DELETE FROM main.loud__samples WHERE video_id = 2")
    assert place.listed("crop") == {}
    told = place.cli("verify", "crop", code=3)
    assert "crop 2: settled, in truth orphaned (orphaned)" in told.out
    place.cli("verify", "--repair", code=3)
    assert place.listed("crop") == {(2,): ("orphaned", "", "orphaned")}
    agreed(place)


def test_status_says_which_features_look_at_everything(place):
    """A member may move from one group to another; a source tells no changes."""
    found = {item["feature"]: item for item in json.loads(place.cli("status", "--json").out)["features"]}
    assert {key: item["increment"] for key, item in found.items()} == {
        "video": "full",
        "loud": "delta",
        "crop": "delta",
        "party": "full",
    }
    assert "`grp` of video may change" in found["party"]["why_full"]
    assert "looks at all samples: `grp` of video may change" in place.cli("status", "party").out
    assert place.relations().count("crop__increment_full") == 1


def test_a_member_that_moves(place):
    """The group that it left is stale too."""
    refill(place, (0, "b", "a0", "f0"))
    place.run()
    assert {unit: row[0] for unit, row in place.listed("party").items()} == {("a",): "stale", ("b",): "stale"}


def test_many_commands_that_change_nothing(place):
    """They leave the horizon, and what is settled, as they are."""
    before = place.values("SELECT * FROM main.crop__settled")
    place.run()
    place.cli("status", "--refresh")
    assert place.values("SELECT * FROM main.crop__settled") == before
    assert len(before) == 1


def test_an_old_file_that_is_put_back(place, tmp_path):
    """It goes on from where it was, whatever was done since."""
    old = place.copy(tmp_path / "old")
    refill(place, (0, "a", "a0", "other"))
    place.run()
    refill(old, (1, "b", "a1", "another"))
    old.run()
    assert set(old.listed("crop")) == {(1,)}
    agreed(old)


def test_commits_at_once(place):
    """While others commit, what is left is counted: nothing is lost, and nothing called settled too early."""
    place.edit("models/features.yml", 'code_version: "1"', 'code_version: "2"')
    place.run()
    rows = [
        {"video_id": row["video_id"], "path": "q", "metasql_receipt": row["metasql_receipt"]}
        for row in place.increment("crop", "stale")
    ]
    assert len(rows) == len(ROWS)
    paths = [place.write(f"batch{number}.json", lines(rows[number::3])) for number in range(3)]
    commands = [["commit", "crop", str(path)] for path in paths]
    if place.engine.alone:
        for command in commands:
            place.cli(*command)
            place.cli("status", "--refresh")
    else:
        work = [Popen([*PROGRAM, *command, "--project-dir", str(place.folder)], stderr=PIPE) for command in commands]
        while any(process.poll() is None for process in work):
            place.cli("status", "--refresh")
        assert [(process.communicate()[1][-300:], process.returncode)[1] for process in work] == [0, 0, 0]
    assert place.listed("crop") == {}
    agreed(place)
