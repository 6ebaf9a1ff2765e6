"""`metasql why`: what is the matter with one sample, field by field."""

from __future__ import annotations

import json

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
    deps: [{feature: video, where: height > 5}]
    fields: [{name: audio, code_version: "1"}, {name: frames, code_version: "1"}]
    columns: [{name: path, type: text}, {name: bad, type: boolean}]
    stale_when: bad
"""


@pytest.fixture
def place(tmp_path, engine):
    """Videos and crops of them; `d` is only upstream, and `e` is left out there."""
    made = Place(tmp_path, engine)
    made.write("models/features.yml", FEATURES)
    made.run()
    made.commit("video", [{"id": name, "etag": "e", "height": 10} for name in "abc"])
    made.work_off("crop", {"path": "p", "bad": False})
    made.commit("video", [{"id": "d", "etag": "e", "height": 10}, {"id": "e", "etag": "e", "height": 1}])
    return made


def story(place, *words):
    """What is said, as text and as data."""
    return place.cli("why", *words).out, json.loads(place.cli("why", *words, "--json").out)


def test_settled_and_new(place):
    """Nothing is the matter, or nothing was ever made."""
    text, told = story(place, "crop", "a")
    assert text.startswith("crop  id = a: settled")
    assert told["status"] == "settled"
    assert [field["causes"] for field in told["fields"]] == [[], []]
    text, told = story(place, "crop", "d")
    assert text.startswith("crop  id = d: new")
    assert "audio: made of video.audio" in text
    assert told["run_id"] is None


def test_upstream_changed(place):
    """The field, and the version upstream as it was and as it is."""
    old = place.values("SELECT metasql_data_version__frames FROM video WHERE id = 'b'")[0][0]
    place.commit("video", [{"id": "b", "etag": "e", "height": 20}])
    new = place.values("SELECT metasql_data_version__frames FROM video WHERE id = 'b'")[0][0]
    text, told = story(place, "crop", "b")
    assert "stale: what it is made of changed" in text
    assert "audio: as it should be" in text
    assert f"frames: {old[:12]} → {new[:12]}" in text
    assert ", after the sample" in text
    frames = next(field for field in told["fields"] if field["name"] == "frames")
    assert (frames["causes"], frames["inputs"], frames["expected_inputs"]) == (["upstream"], old, new)


def test_code_changed(place):
    """The code version as it was, and as it is declared now."""
    place.edit("models/features.yml", 'frames, code_version: "1"', 'frames, code_version: "2"')
    place.run()
    text, told = story(place, "crop", "a")
    assert "stale: it was made by other code" in text
    assert "its code version: `1` → `2`" in text
    place.edit("models/features.yml", 'frames, code_version: "2"', 'frames, code_version: "2", deps: [video.audio]')
    place.run()
    text, told = story(place, "crop", "a")
    assert "it was made of video.frames, and is now of video.audio" in text
    assert [field["causes"] for field in told["fields"]] == [[], ["code", "upstream"]] or told["reason"] == "code"


def test_orphaned_and_absent(place):
    """What upstream lost, and what it never had."""
    place.cli("delete", "video", "--where", "id = 'c'")
    text, _ = story(place, "crop", "c")
    assert "orphaned" in text
    assert "video was deleted" in text
    text, _ = story(place, "crop", "e")
    assert "nothing calls for it, and nothing of it is stored" in text
    assert "`where` leaves out: height > 5" in text
    text, told = story(place, "crop", "nobody")
    assert "video has no row for it" in text
    assert told["status"] == "absent"


def test_waiting_and_matched(place):
    """A parent without a version yet, and a predicate."""
    place.commit("crop", [{"id": "a", "path": "p", "bad": True, "metasql_receipt": receipt(place)}])
    assert "`stale_when` matches it" in story(place, "crop", "a")[0]
    place.edit(
        "models/features.yml", "{name: frames, columns: [height]}", "{name: frames, columns: [height]}, {name: x}"
    )
    place.edit("models/features.yml", '{name: frames, code_version: "1"}', "{name: frames, deps: [video.x]}")
    place.run()
    text, _ = story(place, "crop", "b")
    assert "waiting" in text
    assert "x: no version yet" in text


def receipt(place):
    """One for the sample `a`, which is made new for it."""
    place.cli("delete", "crop", "--where", "id = 'a'")
    return next(row["metasql_receipt"] for row in place.increment("crop") if row["id"] == "a")


def test_groups_and_inputs(place):
    """Members of a group that were written since are named; an expansion is asked by its input."""
    place.write(
        "models/more.yml",
        """
        version: 1
        features:
          - {name: sizes, id_columns: [height], deps: [{feature: video, lineage: {aggregation: {on: [height]}}}]}
          - {name: parts, id_columns: [id, n], deps: [{feature: video, lineage: {expansion: {on: [id]}}}]}
        """,
    )
    place.write("models/sizes.sql", "select height, count(etag) as n from {{ ref('video') }} group by height")
    place.write("models/parts.sql", "select id, 1 as n, height as h from {{ ref('video') }}")
    place.run()
    place.commit("video", [{"id": "b", "etag": "other", "height": 10}])
    text, told = story(place, "sizes", "10")
    assert "stale: what it is made of changed" in text
    assert "video (id = b)" in text.split("after the sample")[0]
    assert len(told["parents"][0]["rows"]) == 4
    assert "parts  id = b: settled" in story(place, "parts", "b")[0]
    place.commit("video", [{"id": "b", "etag": "other", "height": 11}])
    assert "parts  id = b: stale" in story(place, "parts", "b")[0]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["crop"], 3, "is named by `id`, and no id is given"),
        (["crop", "a", "b"], 3, "MS0662"),
        (["corp", "a"], 1, "MS0330"),
    ],
)
def test_mistakes(words, code, said, place):
    """Each is told with the way out."""
    assert said in place.cli("why", *words, code=code).err


def test_a_text_that_is_no_value(place):
    """Ids are of the types of their columns."""
    place.write("models/n.yml", "version: 1\nfeatures: [{name: n, id_columns: [k], columns: [{name: k, type: int}]}]")
    place.run("--select", "n")
    assert "`one` is no value of `k`" in place.cli("why", "n", "one", code=3).err
