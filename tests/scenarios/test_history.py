"""`metasql history`: commands, definitions over time, and the life of one sample."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.scenarios.support import Place

FEATURES = """
version: 1
features:
  - name: video
    id_columns: [id]
    fields: [{name: audio, columns: [etag]}, {name: frames, columns: [height]}]
    columns: [{name: id, type: text}, {name: etag, type: text}, {name: height, type: int}]
  - name: crop
    id_columns: [id]
    deps: [video]
    fields: [{name: audio, code_version: "1"}, {name: frames, code_version: "1"}]
    columns: [{name: path, type: text}]
"""


@pytest.fixture
def place(tmp_path, engine):
    """Videos and crops of them."""
    made = Place(tmp_path, engine)
    made.write("models/features.yml", FEATURES)
    made.run()
    made.commit("video", [{"id": name, "etag": "e", "height": 10} for name in "ab"])
    made.work_off("crop", {"path": "p1"})
    return made


def told(place, *words):
    """What is said, as data."""
    return json.loads(place.cli("history", *words, "--json").out)


def test_commands(place):
    """The last ones first, and no more than are asked for."""
    assert [row["command"] for row in told(place)] == ["commit", "commit", "run"]
    assert [row["command"] for row in told(place, "--limit", "1")] == ["commit"]
    shown = place.cli("history").out.splitlines()
    assert shown[0].split() == ["started", "command", "status", "project", "run"]
    assert len(shown) == 5


def test_definitions_over_time(place):
    """What changed, by which revision and author; and what was written under it."""
    git(place, "init", "-q", "-b", "main")
    git(place, "add", "models")
    git(place, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", "m")
    revision = git(place, "rev-parse", "HEAD")
    place.edit("models/features.yml", 'frames, code_version: "1"', 'frames, code_version: "2"')
    place.run()
    place.cli("rebase", "crop", "--reason", "the same frames")
    found = told(place, "crop")
    assert [item["what"] for item in found] == ["rebase", "definition", "commit", "definition"]
    assert found[1]["revision"] == revision
    assert found[1]["author"]
    assert found[3]["revision"] is None
    shown = place.cli("history", "crop").out
    assert "2 samples accepted in audio,frames: the same frames" in shown
    assert "frames" in shown.split("definition")[1]
    assert revision[:12] in shown
    place.run()
    assert len(told(place, "crop")) == 4
    assert len(told(place, "crop", "--limit", "2")) == 2


def git(place, *words):
    done = subprocess.run(["git", *words], cwd=place.folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_life_of_a_sample(place):
    """Each row that was stored of it: what made it so, what changed, by which command."""
    place.commit("video", [{"id": "a", "etag": "e", "height": 20}])
    place.work_off("crop", {"path": "p2"})
    place.edit("models/features.yml", 'audio, code_version: "1"', 'audio, code_version: "2"')
    place.run()
    place.cli("rebase", "crop", "--reason", "as before")
    found = told(place, "crop", "a")
    assert [step["command"] for step in found] == ["commit", "commit", "rebase"]
    assert [step["is_deleted"] for step in found] == [False, False, False]
    assert [[field["changed"] for field in step["fields"]] for step in found] == [
        [[], []],
        [[], ["inputs", "result"]],
        [["code"], []],
    ]
    assert [step["columns"] for step in found] == [{"path": [None, "p1"]}, {"path": ["p1", "p2"]}, {}]
    assert found[2]["reason"] == "as before"
    assert [step["fields"][0]["code_version"] for step in found] == ["1", "1", "2"]
    shown = place.cli("history", "crop", "a").out
    assert "frames: other inputs, another result" in shown
    assert "accepted as it was: as before" in shown
    assert "path = p1 → p2" in shown


def test_a_deletion(place):
    """A row that is deleted stays what it was until another comes: a deletion is told in its place."""
    place.cli("delete", "crop", "--where", "id = 'a'")
    found = told(place, "crop", "a")
    assert [(step["command"], step["is_deleted"]) for step in found] == [("delete", True)]
    place.work_off("crop", {"path": "p2"})
    found = told(place, "crop", "a")
    assert [(step["command"], step["is_deleted"]) for step in found] == [("delete", True), ("commit", False)]
    assert "deleted by delete" in place.cli("history", "crop", "a").out


def test_without_history(place):
    """The present row is shown, and how to have more."""
    result = place.cli("history", "video", "a")
    assert len(told(place, "video", "a")) == 1
    assert "history: true" in result.err
    assert "nothing ever was" in place.cli("history", "crop", "nobody").err


def test_mistakes(place):
    """An id too many, and a feature that there is not."""
    assert "MS0662" in place.cli("history", "crop", "a", "b", code=3).err
    assert "MS0330" in place.cli("history", "corp", code=1).err
