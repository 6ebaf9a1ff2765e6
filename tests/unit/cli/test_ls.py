from __future__ import annotations

import json

import pytest

from tests.unit.cli.starter import FEATURES


def keys(out: str) -> list[str]:
    return [line.split()[0] for line in out.splitlines()]


def test_key_and_kind(starter):
    """Features, seeds and sources; no warehouse is needed, and none is made."""
    assert [line.split() for line in starter.must("ls").splitlines()] == [
        ["video/face_crop", "external"],
        ["video/full", "root"],
        ["video/shape", "sql"],
        ["raw_videos", "seed"],
    ]
    assert not starter.warehouse.exists()


def test_sources(starter):
    """With the key that selects them, and among what reads them."""
    (starter.folder / "models/raw.yml").write_text(
        "version: 1\nsources: [{name: raw, schema: raw, tables: [{name: faces}]}]\n"
    )
    (starter.folder / "models/faces.sql").write_text(
        "{{ config(id_columns=['face_id']) }}\nselect face_id from {{ source('raw', 'faces') }}\n"
    )
    (source,) = starter.rows("ls", "--resource-type", "source", "--output", "json")
    assert (source["key"], source["kind"], source["path"]) == ("source:raw.faces", "source", "models/raw.yml")
    (faces,) = starter.rows("ls", "--select", "faces", "--output", "json")
    assert faces["deps"] == ["source:raw.faces"]
    assert keys(starter.must("ls", "--select", "source:raw.faces+")) == ["faces", "source:raw.faces"]


def test_assertions_where_they_are_asked_for(starter):
    """Those that `metasql test` would check for the same selection."""
    found = starter.must("ls", "--resource-type", "assertion", "--output", "selector").splitlines()
    assert found[1:] == ["crops_have_frames", "not_null__video__full__path", "unique__video__full__path"]
    assert found[0].startswith("accepted_values__video__shape__orientation")
    (crops,) = starter.rows("ls", "--resource-type", "assertion", "--output", "json", "--select", "video/face_crop")
    assert crops["path"] == "tests/assertions/crops_have_frames.sql"
    assert crops["deps"] == ["video/face_crop"]
    assert len(starter.must("ls", "--resource-type", "all").splitlines()) == 8


def test_json_lines(starter):
    """Everything that a program may want to choose by."""
    rows = {row["key"]: row for row in starter.rows("ls", "--output", "json")}
    assert rows["video/shape"] == {
        "key": "video/shape",
        "resource_type": "feature",
        "kind": "sql",
        "path": "models/video/shape.yml",
        "tags": [],
        "fields": ["layout"],
        "deps": ["video/full"],
    }
    assert rows["video/full"]["deps"] == ["raw_videos"]
    assert rows["raw_videos"]["resource_type"] == "seed"


def test_files(starter):
    """Each once."""
    out = starter.must("ls", "--output", "path", "--resource-type", "feature")
    assert out.splitlines() == [f"models/{key}.yml" for key in FEATURES]


def test_keys_can_be_selected_by_again(starter):
    """What is put out is a selection."""
    out = starter.must("ls", "--output", "selector")
    assert starter.must("ls", "--output", "selector", "--select", " ".join(out.split())) == out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--select", "kind:external"], ["video/face_crop"]),
        (["-s", "video/*", "--exclude", "video/full+"], []),
        (["--select", "raw_videos+1"], None),
        (["--select", "+video/shape"], ["video/full", "video/shape", "raw_videos"]),
        (["--select", "video/shape", "--select", "raw_videos"], ["video/shape", "raw_videos"]),
        (["--resource-type", "seed"], ["raw_videos"]),
    ],
)
def test_selection(starter, arguments, expected):
    """As for every command."""
    result = starter.run("ls", *arguments)
    if expected is not None:
        assert result.code == 0, str(result)
        assert keys(result.out) == expected


def test_a_name_that_is_nowhere_is_a_warning(starter):
    """And gives an empty list."""
    result = starter.run("ls", "--select", "video/ful")
    assert (result.code, result.out) == (0, "")
    assert "MS0351" in result.err
    assert "did you mean `video/full`?" in result.err
    assert json.loads(starter.run("ls", "--select", "nope", "--log-format", "json").err)["code"] == "MS0351"
    assert starter.run("ls", "--select", "nope", "-q").err == ""


def test_by_what_is_to_be_done(built):
    """The warehouse is opened to be read, and only for this."""
    assert keys(built.must("ls", "--select", "increment:new")) == ["video/face_crop"]
    assert built.must("ls", "--select", "increment:stale") == ""
    built.commit_crops()
    assert built.must("ls", "--select", "increment:any") == ""


def test_by_what_is_to_be_done_without_a_warehouse(starter):
    """Nothing can be said."""
    result = starter.run("ls", "--select", "increment:any")
    assert (result.code, result.out) == (3, "")
    assert "MS0603" in result.err
    assert not starter.warehouse.exists()


@pytest.mark.parametrize("word", ["fields", "live", "text", ""])
def test_by_something_that_no_increment_has(built, word):
    """The words that there are stand in the help."""
    result = built.run("ls", "--select", f"increment:{word}")
    assert result.code == 1
    assert "MS0350" in result.err
    assert "increment:orphaned" in result.err


def test_what_has_to_be_altered_first_is_selected(built):
    """A declared field that no table has yet: `metasql run --select increment:any` must not pass it over."""
    built.edit("models/video/shape.yml", "      - name: layout\n", "      - name: size\n      - name: layout\n")
    assert keys(built.must("ls", "--select", "increment:stale")) == ["video/shape"]


def test_a_broken_project(starter):
    """Nothing is listed."""
    starter.edit("models/video/shape.sql", "FROM", "FORM")
    result = starter.run("ls")
    assert (result.code, result.out) == (1, "")


def test_an_unknown_output(starter):
    """A mistake in using the command."""
    assert starter.run("ls", "--output", "xml").code == 2
