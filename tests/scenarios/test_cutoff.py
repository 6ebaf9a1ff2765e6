"""Early cutoff: a recomputed sample whose fields come out the same leaves everything downstream settled."""

from __future__ import annotations

import pytest

from tests.scenarios.support import Place

MODELS = """
version: 1
sources: [{name: raw, schema: raw, tables: [{name: video}]}]
features:
  - name: video
    id_columns: [video_id]
    fields: [{name: audio, columns: [audio]}, {name: frames, columns: [frames, seconds]}]
  - name: shape
    id_columns: [video_id]
    deps: [video]
    fields:
      - {name: loud, deps: [video.audio], columns: [loud]}
      - {name: length, deps: [video.frames], columns: [length]}
  - name: part
    id_columns: [video_id, n]
    deps: [{feature: video, lineage: {expansion: {on: [video_id]}}}]
    fields: [{name: frames, deps: [video.frames], columns: [part]}]
  - name: sum
    id_columns: [video_id]
    deps: [{feature: part, lineage: {aggregation: {on: [video_id]}}, columns: {}}]
    fields: [{name: frames, deps: [part.frames], columns: [parts]}]
  - name: worker
    id_columns: [video_id]
    deps: [{feature: shape, columns: [length]}, {feature: sum, columns: [parts], optional: true}]
    fields:
      - {name: sound, deps: [shape.loud]}
      - {name: picture, deps: [shape.length, sum.frames]}
    columns: [{name: path, type: text}]
"""
BODIES = {
    "video": "select video_id, audio, frames, seconds from {{ source('raw', 'video') }}",
    "shape": "select video_id, upper(audio) as loud, case when seconds < 10 then 'short' else 'long' end as length"
    " from {{ ref('video') }}",
    "part": "select video_id, unnest(range(seconds // 10)) as n, upper(frames) as part from {{ ref('video') }}",
    "sum": "select video_id, count(*) as parts from {{ ref('part') }} group by video_id",
}
TYPES = {"video_id": "int", "audio": "text", "frames": "text", "seconds": "int"}
ROWS = [(number, f"a{number}", f"f{number}", 5 + 10 * number) for number in range(4)]


@pytest.fixture
def project(engine, tmp_path):
    """Never run."""
    made = Place(tmp_path, engine)
    made.write("models/features.yml", MODELS)
    for key, body in BODIES.items():
        made.write(f"models/{key}.sql", body + "\n")
    made.fill("video", TYPES, ROWS)
    return made


@pytest.fixture
def place(project):
    """All of it is made, and settled."""
    project.run()
    project.work_off("worker", {"path": "p"})
    project.run()
    assert project.listed("worker") == {}
    return project


def changed(place, number, **values):
    """The source with another row for one video."""
    names = list(TYPES)
    rows = [list(row) for row in ROWS]
    for name, value in values.items():
        rows[number][names.index(name)] = value
    place.fill("video", TYPES, rows)


def test_what_comes_out_the_same_stops_there(place):
    """Another length in seconds is the same word; the features in between are recomputed, what is after them is not."""
    changed(place, 2, seconds=29)
    result = place.run()
    assert "shape  sql  1 stale" in result.err
    assert place.listed("worker") == {}
    assert place.rows("SELECT seconds FROM video WHERE video_id = 2") == [{"seconds": 29}]


def test_only_the_fields_that_came_out_otherwise_go_on(place):
    """Two fields are recomputed, and one of them differs."""
    changed(place, 2, seconds=29, audio="other")
    place.run()
    assert place.listed("worker") == {(2,): ("stale", "sound", "upstream")}
    changed(place, 2, seconds=29, audio="OTHER")
    place.work_off("worker", {"path": "q"})
    place.run()
    assert place.listed("worker") == {}


def test_another_code_with_the_same_result(place):
    """The rows of the feature itself are recomputed."""
    place.edit(
        "models/features.yml",
        "{name: loud, deps: [video.audio], columns: [loud]}",
        "{name: loud, deps: [video.audio], columns: [loud], code_version: '2'}",
    )
    assert "shape  sql  4 stale" in place.run().err
    assert place.listed("worker") == {}


def test_children_that_come_out_the_same(place):
    """Of an expansion, and the group of them."""
    changed(place, 2, frames="F2")
    result = place.run()
    assert "part  sql  1 stale" in result.err
    assert "sum  sql  settled" in result.err
    assert place.listed("worker") == {}
    changed(place, 2, frames="G2")
    result = place.run()
    assert "sum  sql  1 stale" in result.err
    assert place.listed("worker") == {}


def test_a_child_more(place):
    """The members of the group are others, and so is its result."""
    changed(place, 2, seconds=36)
    assert "sum  sql  1 stale" in place.run().err
    assert place.listed("worker") == {(2,): ("stale", "picture", "upstream")}


def test_null_is_a_value(place):
    """Neither the empty text nor a missing row."""
    changed(place, 1, audio="")
    place.run()
    assert place.listed("worker") == {(1,): ("stale", "sound", "upstream")}
    place.work_off("worker", {"path": "q"})
    changed(place, 1, audio=None)
    place.run()
    assert place.listed("worker") == {(1,): ("stale", "sound", "upstream")}


def test_it_can_be_turned_off(place):
    """For a field, or for all of them: then downstream follows what it is made of."""
    place.edit(
        "models/features.yml",
        "columns: [length]}\n  - name: part",
        "columns: [length], data_version: provenance}\n  - name: part",
    )
    changed(place, 2, seconds=29)
    place.run()
    assert place.listed("worker") == {(2,): ("stale", "picture", "upstream")}


def test_a_column_that_no_field_claims(place):
    """What reads it is made of all fields: each of them tells of it."""
    place.edit("models/shape.sql", "select video_id,", "select video_id, seconds as exactly,")
    for own in ("deps: [video.audio], columns: [loud]", "deps: [video.frames], columns: [length]"):
        place.edit("models/features.yml", own, own.split("], ")[1])
    place.write("models/reader.sql", "select video_id, exactly from {{ ref('shape') }}\n")
    place.edit(
        "models/features.yml",
        "  - name: worker",
        "  - name: reader\n    id_columns: [video_id]\n"
        "    deps: [shape]\n    fields: [{name: exactly, columns: [exactly]}]\n  - name: worker",
    )
    place.run("--full-refresh", "--select", "shape")
    place.run()
    changed(place, 2, seconds=29)
    assert "reader  sql  1 stale" in place.run().err
    assert place.rows("SELECT exactly FROM reader WHERE video_id = 2") == [{"exactly": 29}]


def test_lists_have_no_text_of_their_own(project):
    """A field with such a column goes by its provenance; to ask for its content is an error."""
    project.edit("models/shape.sql", "upper(audio) as loud", "[upper(audio)] as loud")
    project.run()
    other = "metasql_data_version__loud <> metasql_provenance__loud"
    assert project.rows(f"SELECT count(*) AS n FROM shape WHERE {other}") == [{"n": 0}]
    project.edit("models/features.yml", "columns: [loud]}", "columns: [loud], data_version: content}")
    result = project.run(code=3)
    assert "MS0624" in result.err
    assert "column `loud` of `shape` cannot be hashed" in result.err


def test_rows_of_an_older_metasql(place):
    """Without a data version of their own go on as they are until they are recomputed."""
    place.edit("models/features.yml", "  - name: shape\n", "  - name: shape\n    data_version: provenance\n")
    place.run("--full-refresh", "--select", "shape")
    place.work_off("worker", {"path": "q"})
    place.edit("models/features.yml", "    data_version: provenance\n", "")
    place.run()
    assert place.listed("worker") == {}
