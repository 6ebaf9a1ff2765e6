"""`metasql vacuum`: what was deleted or replaced is removed for good, and nothing else."""

from __future__ import annotations

import pytest

from tests.scenarios.support import Place

FEATURES = """
version: 1
sources: [{name: raw, schema: raw, tables: [{name: t}]}]
features:
  - {name: video, id_columns: [id], fields: [{name: f, columns: [x]}]}
  - {name: few, id_columns: [id]}
  - {name: part, id_columns: [id, n], deps: [{feature: video, lineage: {expansion: {on: [id]}}}]}
  - name: crop
    id_columns: [id]
    deps: [video]
    columns: [{name: path, type: text}]
"""


@pytest.fixture
def place(tmp_path, engine):
    """A root, a SQL feature that leaves samples out, an expansion, and an external feature with a history."""
    made = Place(tmp_path, engine)
    made.write("models/features.yml", FEATURES)
    made.write("models/video.sql", "select id, x from {{ source('raw', 't') }}")
    made.write("models/few.sql", "select id, x from {{ ref('video') }} where x > 1")
    made.write(
        "models/part.sql", "select id, n from {{ ref('video') }} cross join (values (1), (2)) as l(n) where n <= x"
    )
    fill(made, a=1, b=2, c=3)
    made.run()
    made.work_off("crop", {"path": "p"})
    return made


def fill(place, **rows):
    place.fill("t", {"id": "text", "x": "int"}, list(rows.items()))


def stored(place, *names):
    """The rows that there are in tables, deleted ones too, as a plain client counts them."""
    final = "FINAL" if place.type == "clickhouse" else ""
    return [place.values(f"SELECT count(*) FROM {name} {final}")[0][0] for name in names]


def test_deleted_samples_go(place):
    """Of every table; what is live, and units that are done without a row, stay, and so does all that is seen."""
    fill(place, a=1, b=2)
    place.run()
    place.cli("delete", "crop", "--orphaned")
    before = place.public(without=())
    assert stored(place, "video__samples", "few__samples", "part__samples", "part__inputs", "crop__samples") == [
        3,
        3,
        5,
        3,
        3,
    ]
    result = place.cli("vacuum", "--older-than", "0s")
    assert "6 rows removed" in result.err
    assert [line.split() for line in result.out.splitlines() if line.startswith("part")] == [["part", "2", "1", "0"]]
    assert stored(place, "video__samples", "few__samples", "part__samples", "part__inputs", "crop__samples") == [
        2,
        2,
        3,
        2,
        2,
    ]
    assert place.public(without=()) == before
    assert place.listed("few") == {}
    assert "0 rows removed" in place.cli("vacuum", "--older-than", "0s").err
    place.run()
    assert place.public(without=()) == before


def test_what_is_young_stays(place):
    """Thirty days is what nobody has to say; a dry run counts only."""
    fill(place, a=1)
    place.run()
    assert "0 rows removed" in place.cli("vacuum").err
    shown = place.cli("vacuum", "--older-than", "0d", "--dry-run", "--select", "video")
    assert "2 rows would be removed" in shown.err
    assert "video" in shown.out
    assert stored(place, "video__samples") == [3]
    place.cli("vacuum", "--older-than", "0d", "--select", "video")
    assert stored(place, "video__samples", "few__samples") == [1, 3]
    assert "vacuum" in {row[0] for row in place.values("SELECT command FROM metasql_runs")}


def test_history_goes_when_it_is_asked_for(place):
    """Rows that were replaced stay otherwise."""
    fill(place, a=5, b=2, c=3)
    place.run()
    place.work_off("crop", {"path": "q"})
    assert stored(place, "crop__history") == [1]
    place.cli("vacuum", "--older-than", "0d")
    assert stored(place, "crop__history") == [1]
    assert "1 row removed" in place.cli("vacuum", "--older-than", "0d", "--history").err
    assert stored(place, "crop__history") == [0]
    assert len(place.values("SELECT * FROM crop")) == 3


def test_a_sample_that_comes_back(place):
    """It is new, whether it was removed for good or not."""
    fill(place, a=1, b=2)
    place.run()
    place.cli("vacuum", "--older-than", "0d")
    fill(place, a=1, b=2, c=3)
    place.run()
    assert ("c",) in place.listed("crop") or place.values("SELECT id FROM crop WHERE id = 'c'") == [("c",)]
    assert sorted(place.values("SELECT id FROM video")) == [("a",), ("b",), ("c",)]
    assert sorted(place.values("SELECT id FROM few")) == [("b",), ("c",)]


def test_before_the_first_run(tmp_path, engine):
    """There is nothing to remove."""
    place = Place(tmp_path, engine)
    place.write(
        "models/features.yml", "version: 1\nfeatures: [{name: v, id_columns: [id], columns: [{name: id, type: text}]}]"
    )
    assert "0 rows removed" in place.cli("vacuum").err


@pytest.mark.parametrize("age", ["30", "d30", "1 year", "-1d"])
def test_no_age(age, place):
    """It is said how an age is written."""
    assert "is no age" in place.cli("vacuum", f"--older-than={age}", code=2).err
