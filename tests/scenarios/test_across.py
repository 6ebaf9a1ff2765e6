"""Bodies that look across samples: a run replaces whatever came out otherwise, and computes when it has to."""

from __future__ import annotations

import json

import pytest

from tests.scenarios.support import Place


@pytest.fixture
def place(tmp_path, engine):
    """Points, their ranks, and what is made of the ranks."""
    made = Place(tmp_path, engine)
    made.write(
        "models/features.yml",
        """
        version: 1
        sources: [{name: raw, schema: raw, tables: [{name: t}]}]
        features:
          - {name: points, id_columns: [id], fields: [{name: score, columns: [score]}, {name: note, columns: [note]}]}
          - {name: ranks, id_columns: [id]}
          - {name: medals, id_columns: [id]}
        """,
    )
    made.write("models/points.sql", "select id, score, note from {{ source('raw', 't') }}")
    made.write("models/ranks.sql", "select id, rank() over (order by score desc) as place from {{ ref('points') }}")
    made.write("models/medals.sql", "select id, place <= 2 as has_one from {{ ref('ranks') }}")
    return made


def fill(place, **scores):
    """Points by id; what is noted of each is its own name."""
    types = {"id": "text", "score": "int", "note": "text"}
    place.fill("t", types, [(name, score, name) for name, score in scores.items()])


def ranks(place):
    return dict(place.values("SELECT id, place FROM ranks"))


def written(place):
    told = json.loads((place.folder / "target/metasql_results.json").read_text(encoding="utf-8"))["results"]
    return {item["name"]: item["written"] for item in told}


def test_a_stranger_moves_others(place):
    """Samples that are not in the increment get their new rows, and what is made of them is computed."""
    fill(place, a=10, b=20, c=30)
    place.run()
    fill(place, a=10, b=20, c=30, d=25)
    place.run("--select", "points")
    assert set(place.listed("ranks")) == {("d",)}
    assert "2 updated" in place.run("--select", "ranks").err
    assert ranks(place) == {"c": 1, "d": 2, "b": 3, "a": 4}
    assert set(place.listed("medals")) == {("a",), ("b",), ("d",)}
    place.run()
    assert dict(place.values("SELECT id, has_one FROM medals")) == {"a": False, "b": False, "c": True, "d": True}


def test_one_less_moves_others(place):
    """Nothing is new or stale: what upstream lost is enough."""
    fill(place, a=10, b=20, c=30)
    place.run()
    fill(place, a=10, b=20)
    place.run()
    assert ranks(place) == {"b": 1, "a": 2}
    place.cli("delete", "points", "--where", "id = 'b'", "--hard")
    place.run("--select", "ranks")
    assert ranks(place) == {"a": 1}


def test_a_second_run_does_nothing(place):
    """Also where what upstream wrote changed nothing here."""
    fill(place, a=10, b=20)
    place.run()
    before = place.public(without=())
    place.run()
    assert written(place) == {"points": 0, "ranks": 0, "medals": 0}
    place.fill("t", {"id": "text", "score": "int", "note": "text"}, [("a", 10, "other"), ("b", 20, "b")])
    place.run()
    assert written(place) == {"points": 1, "ranks": 0, "medals": 0}
    assert place.public(without=())["ranks"] == before["ranks"]


def test_a_filter_that_changes_moves_others(place):
    """What the declaration lets in is what the body reads."""
    fill(place, a=10, b=20, c=30)
    place.run()
    place.edit("models/features.yml", "{name: ranks,", "{name: ranks, deps: [{feature: points, where: score < 30}],")
    place.run()
    assert ranks(place) == {"b": 1, "a": 2}
