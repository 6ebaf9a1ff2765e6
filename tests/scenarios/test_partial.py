"""Batches that bring some of a feature's fields."""

from __future__ import annotations

import pytest

from tests.scenarios.support import Place

MODELS = """
version: 1
sources: [{name: raw, schema: raw, tables: [{name: a}]}]
features:
  - {name: a, id_columns: [id], fields: [{name: x, columns: [x]}]}
  - name: e
    id_columns: [id]
    deps: [{feature: a, columns: []}]
    fields: [{name: caption, columns: [caption]}, {name: tags, columns: [tags, boxes]}]
    columns: [{name: caption, type: text}, {name: tags, type: text}, {name: boxes, type: int}]
  - name: parts
    id_columns: [id, n]
    deps: [{feature: a, columns: [], lineage: {expansion: {on: [id]}}}]
    fields: [{name: caption, columns: [caption]}, {name: tags, columns: [tags]}]
    columns: [{name: n, type: int}, {name: caption, type: text}, {name: tags, type: text}]
  - {name: behind, id_columns: [id], deps: [{feature: e, fields: {t: [tags]}}], fields: [{name: t}]}
"""


@pytest.fixture
def place(engine, tmp_path):
    found = Place(tmp_path, engine)
    found.write("models/features.yml", MODELS)
    found.write("models/a.sql", "select id, x from {{ source('raw', 'a') }}")
    found.fill("a", {"id": "text", "x": "text"}, [("1", "x"), ("2", "x")])
    found.run()
    return found


def test_a_field_that_a_batch_does_not_bring_stays_to_be_made(place):
    """A new sample is stale in it, what stands behind it waits, and the rest of it can come later."""
    place.work_off("e", {"caption": "c"})
    assert place.listed("e") == {("1",): ("stale", "tags", "code"), ("2",): ("stale", "tags", "code")}
    assert place.listed("behind") == {}
    place.work_off("e", {"tags": "t", "boxes": 1})
    assert place.listed("e") == {}
    assert place.values("SELECT DISTINCT caption, tags, boxes FROM e") == [("c", "t", 1)]
    assert len(place.listed("behind")) == 2


def test_a_stale_field_that_a_batch_does_not_bring_stays_stale(place):
    """Both fields are stale, and one of them is made anew."""
    place.work_off("e", {"caption": "c", "tags": "t", "boxes": 1})
    before = place.values("SELECT DISTINCT metasql_provenance__tags FROM e")
    place.fill("a", {"id": "text", "x": "text"}, [("1", "y"), ("2", "y")])
    place.run("--select", "a")
    place.work_off("e", {"caption": "d"})
    assert place.listed("e") == {(id_,): ("stale", "tags", "upstream") for id_ in ("1", "2")}
    assert place.values("SELECT DISTINCT metasql_provenance__tags FROM e") == before


def test_one_column_of_a_field_brings_it(place):
    """What the batch leaves out of the field keeps what is stored."""
    place.work_off("e", {"caption": "c", "tags": "t"})
    assert place.listed("e") == {}


def test_children_come_with_all_of_their_fields(place):
    """They are replaced together, so a field that is left out would be lost."""
    rows = [
        {"id": row["id"], "n": 0, "caption": "c", "metasql_receipt": row["metasql_receipt"]}
        for row in place.increment("parts")
    ]
    result = place.commit("parts", rows, code=3)
    assert "MS0813" in result.err
    assert "`tags`" in result.err
    assert place.values("SELECT count(*) FROM parts") == [(0,)]
