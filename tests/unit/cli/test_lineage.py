"""`metasql lineage`: what fields are made of, where the SQL says so, and what they reach."""

from __future__ import annotations

import json

SHAPE = "models/video/shape.sql"


def test_tree_with_places(starter):
    """Each parent with the columns that are read, how, and where; then what that is made of."""
    lines = starter.must("lineage", "video/shape.layout").splitlines()
    assert lines[:3] == [
        "video/shape.layout",
        "└─ video/full.frames",
        f"   │  width_px (value) at {SHAPE}:3:5",
    ]
    assert f"   │  height_px (value) at {SHAPE}:6:25" in lines
    assert "   └─ seed:raw_videos" in lines
    assert not starter.warehouse.exists()


def test_a_feature_shows_all_of_its_fields(starter):
    """Field by field."""
    lines = starter.must("lineage", "video/face_crop").splitlines()
    assert [line for line in lines if line.startswith("video/")] == ["video/face_crop.audio", "video/face_crop.frames"]


def test_downstream(starter):
    """What a field reaches: here a field of SQL, and one that a program makes."""
    lines = starter.must("lineage", "video/full.frames", "--downstream").splitlines()
    assert lines[0] == "video/full.frames"
    assert {"├─ video/face_crop.frames", "└─ video/shape.layout"} <= set(lines)
    assert starter.must("lineage", "video/shape.layout", "--downstream").splitlines() == ["video/shape.layout"]


def test_json(starter):
    """Steps one by one; a step that nobody wrote in SQL has no reads."""
    found = json.loads(starter.must("lineage", "video/full.frames", "--downstream", "--json"))
    assert (found["fields"], found["direction"]) == (["video/full.frames"], "downstream")
    steps = {step["field"]: step for step in found["steps"]}
    assert steps["video/face_crop.frames"]["reads"] == []
    first = steps["video/shape.layout"]["reads"][0]
    place = {"file": SHAPE, "line": 3, "column": 5}
    assert first == {"column": "width_px", "kind": "value", "place": place}


def test_unknown_names(starter):
    """A field or feature that is not there is an error that names the nearest."""
    field = starter.run("lineage", "video/full.frame")
    assert (field.code, "did you mean `frames`?" in field.err) == (1, True)
    feature = starter.run("lineage", "video/ful")
    assert (feature.code, "did you mean `video/full`?" in feature.err) == (1, True)
