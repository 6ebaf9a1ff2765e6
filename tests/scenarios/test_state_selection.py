"""`state:`: what is declared otherwise than the target was last told."""

from __future__ import annotations

import pytest

from tests.scenarios.support import Place

MODELS = """
version: 1
sources: [{name: raw, schema: raw, tables: [{name: t}]}]
features:
  - {name: a, id_columns: [id]}
  - {name: b, id_columns: [id], deps: [a], fields: [{name: x, code_version: "1"}], columns: [{name: p, type: text}]}
  - {name: c, id_columns: [id], deps: [b], columns: [{name: q, type: text}]}
"""


@pytest.fixture
def place(tmp_path, engine):
    """A root and two features from outside, one over the other, run once."""
    made = Place(tmp_path, engine)
    made.write("models/features.yml", MODELS)
    made.write("models/a.sql", "select id, v from {{ source('raw', 't') }}")
    made.fill("t", {"id": "bigint", "v": "text"}, [(1, "a")])
    return made


def selected(place, what):
    return place.cli("ls", "--output", "selector", "--select", what).out.split()


def test_what_was_never_run(place):
    """All of it is new, and so modified; nothing is, once it was run."""
    place.run("--select", "a")
    assert selected(place, "state:new") == selected(place, "state:modified") == ["b", "c"]
    place.run("--select", "state:new")
    assert selected(place, "state:new") == selected(place, "state:modified") == []


def test_what_is_declared_otherwise(place):
    """The feature itself, and what is downstream where that is asked for."""
    place.run()
    place.edit("models/features.yml", 'code_version: "1"', 'code_version: "2"')
    assert selected(place, "state:modified") == ["b"]
    assert selected(place, "state:modified+") == ["b", "c"]
    assert selected(place, "state:new") == []


def test_another_word(place):
    """It is told which there are."""
    place.run()
    assert "state:modified" in place.cli("ls", "--select", "state:old", code=1).err
