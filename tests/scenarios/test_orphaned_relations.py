"""`metasql clean --orphaned-relations`: what features that are no longer declared have left."""

from __future__ import annotations

import pytest

from tests.scenarios.support import Place

FEATURES = """
version: 1
features:
  - name: video
    id_columns: [id]
    columns: [{name: id, type: text}, {name: x, type: int}]
    fields: [{name: f, columns: [x]}]
  - {name: a/crop, id_columns: [id], deps: [video], columns: [{name: path, type: text}]}
"""


@pytest.fixture
def place(tmp_path, engine):
    """Two features that ran, of which one is declared no more."""
    made = Place(tmp_path, engine)
    made.write("models/features.yml", FEATURES)
    made.run()
    made.commit("video", [{"id": "v", "x": 1}])
    made.work_off("a/crop", {"path": "p"})
    made.edit("models/features.yml", FEATURES.splitlines()[-1] + "\n", "")
    return made


def relations(place):
    return [name for name in place.relations() if name.startswith("a__crop")]


def test_they_are_listed(place):
    """And stay, until a person says otherwise."""
    before = relations(place)
    result = place.cli("clean", "--orphaned-relations")
    listed = {line.split()[1] for line in result.out.splitlines()[2:]}
    assert set(before) <= listed
    assert "a__crop__samples" in listed
    assert "`--yes` drops them" in result.err
    assert relations(place) == before
    assert (place.folder / "target/metasql_results.json").exists()


def test_they_are_dropped(place):
    """With all that metasql knows of them; the rest is untouched."""
    before = place.table("video", without=())
    count = len(place.cli("clean", "--orphaned-relations").out.splitlines()) - 2
    assert f"{count} relations dropped" in place.cli("clean", "--orphaned-relations", "--yes").err
    assert relations(place) == []
    assert place.values("SELECT feature FROM metasql_features") == [("video",)]
    assert place.values("SELECT feature FROM metasql_status") == [("video",)]
    assert place.table("video", without=()) == before
    assert "0 relations" in place.cli("clean", "--orphaned-relations").err
    place.run()


def test_a_feature_that_comes_back(place):
    """It begins anew."""
    place.cli("clean", "--orphaned-relations", "--yes")
    place.write("models/features.yml", FEATURES)
    place.run()
    assert place.listed("a/crop") == {("v",): ("new", "default", "new")}


def test_features_of_another_project(place):
    """They are of somebody else, and stay."""
    path = place.folder / "dbt_project_style.yml"
    name = next(line.split(": ")[1] for line in path.read_text().splitlines() if line.startswith("name: "))
    path.write_text(path.read_text().replace(f"name: {name}", "name: another", 1))
    result = place.cli("clean", "--orphaned-relations", "--yes")
    assert "a/crop is of the project" in result.err
    assert "0 relations dropped" in result.err
    assert relations(place)


def test_yes_alone(place):
    """It says nothing about the target folder."""
    assert "--orphaned-relations" in place.cli("clean", "--yes", code=2).err


def test_before_the_first_run(tmp_path, engine):
    """There is nothing; a warehouse that does not exist is not made."""
    place = Place(tmp_path, engine)
    place.write("models/features.yml", FEATURES)
    place.run("--select", "video")
    assert "0 relations" in place.cli("clean", "--orphaned-relations").err
