"""manifest.json, run_results.json and catalog.json, in the forms that dbt gives them.

`tests/artifacts` lets the programs that read them read them.
"""

from __future__ import annotations

import json

import pytest

from tests.scenarios.support import Place
from tests.scenarios.support_example import BODIES, FIRST, example, load
from tests.scenarios.support_projects import projects

FEATURES = {f"model.case.{name}" for name in ("video", "rating", "crop", "clip", "rated", "total", "job")}


@pytest.fixture
def place(tmp_path, engine):
    """Every kind of feature, with tests and a seed."""
    made = example(tmp_path, engine)
    made.write(
        "models/more.yml",
        """
        version: 1
        seeds: [{name: words, columns: [{name: id, tests: [unique]}]}]
        features:
          - name: word/long
            id_columns: [id]
            description: Words with their lengths.
            fields: [{name: n, columns: [letters], code_version: "1"}]
            columns:
              - {name: id, tests: [not_null, {relationships: {to: video, field: video_id}}]}
              - {name: letters, description: How many there are.}
            tags: [text]
            owner: somebody
        """,
    )
    made.write("models/word/long.sql", "select id, length(word) as letters from {{ ref('words') }}\n")
    made.write("seeds/words.csv", "id,word\n1,a\n2,bb\n")
    made.write("tests/assertions/no_long_ones.sql", "select * from {{ ref('word/long') }} where letters > 10\n")
    load(made, FIRST)
    return made


def document(place: Place, name: str):
    return json.loads((place.folder / "target" / name).read_text(encoding="utf-8"))


def test_the_graph(place):
    """Features, seeds, assertions and sources, each with what it is made of, in both directions."""
    place.cli("build")
    found = document(place, "manifest.json")
    assert found["metadata"]["dbt_schema_version"] == "https://schemas.getdbt.com/dbt/manifest/v12.json"
    assert found["metadata"]["adapter_type"] == place.type
    models = {name for name, node in found["nodes"].items() if node["resource_type"] == "model"}
    assert models == {*FEATURES, "model.case.word__long"}
    parents = found["parent_map"]
    assert parents["model.case.rated"] == ["model.case.clip", "model.case.rating"]
    assert parents["model.case.video"] == ["source.case.raw.video"]
    assert parents["model.case.word__long"] == ["seed.case.words"]
    assert parents["test.case.no_long_ones"] == ["model.case.word__long"]
    assert set(parents) == {*found["nodes"], *found["sources"], *found["exposures"]}
    turned = {(child, name) for name, children in found["child_map"].items() for child in children}
    assert turned == {(name, parent) for name, above in parents.items() for parent in above}


def test_a_feature(place):
    """Its names, its columns, its text, and what is metasql's own."""
    place.cli("build")
    node = document(place, "manifest.json")["nodes"]["model.case.word__long"]
    assert (node["name"], node["fqn"]) == ("word__long", ["case", "word", "long"])
    assert (node["path"], node["original_file_path"]) == ("word/long.sql", "models/word/long.sql")
    assert node["columns"]["letters"]["description"] == "How many there are."
    assert "{{ ref('words') }}" in node["raw_code"]
    assert (node["tags"], node["description"]) == (["text"], "Words with their lengths.")
    own = node["meta"]["metasql"]
    assert (own["key"], own["kind"], own["fields"][0]["code_version"]) == ("word/long", "root", "1")
    assert place.values(f"SELECT count(*) FROM {node['relation_name']}") == [(2,)]


def test_generic_tests(place):
    """By the names that readers know them by, with the column, and of a relationship what is tested last."""
    place.cli("build")
    nodes = document(place, "manifest.json")["nodes"].values()
    tests = {node["test_metadata"]["name"]: node for node in nodes if "test_metadata" in node}
    assert set(tests) == {"not_null", "relationships", "unique"}
    assert tests["unique"]["attached_node"] == "seed.case.words"
    related = tests["relationships"]
    assert (related["attached_node"], related["column_name"]) == ("model.case.word__long", "id")
    assert related["depends_on"]["nodes"] == ["model.case.video", "model.case.word__long"]
    assert related["test_metadata"]["kwargs"]["field"] == "video_id"


def test_outcomes(place):
    """Each node under its name in the manifest, in the words that dbt has for how it went."""
    place.write("models/clip.sql", BODIES["clip"].replace("seconds // 10", "cast(frames as int)") + "\n")
    place.write("tests/assertions/no_long_ones.sql", "select * from {{ ref('word/long') }}\n")
    place.cli("build", code=3)
    found = document(place, "run_results.json")
    assert found["metadata"]["dbt_schema_version"] == "https://schemas.getdbt.com/dbt/run-results/v6.json"
    assert found["args"]["which"] == "build"
    outcomes = {item["unique_id"]: item for item in found["results"]}
    assert set(outcomes) <= set(document(place, "manifest.json")["nodes"])
    status = {name.removeprefix("model.case."): item["status"] for name, item in outcomes.items()}
    assert (status["video"], status["clip"], status["rated"]) == ("success", "error", "skipped")
    assert status["test.case.no_long_ones"] == "fail"
    assert outcomes["test.case.no_long_ones"]["failures"] == 2
    assert "pass" in status.values()
    own = document(place, "metasql_results.json")
    assert {item["status"] for item in own["results"]} == {"ok", "error", "skipped", "fail"}


def test_the_catalog(place):
    """The columns that are there and their types; what is not there is left out, and none of it needs a warehouse."""
    place.cli("docs", "generate", "--empty-catalog")
    assert document(place, "catalog.json")["nodes"] == {}
    place.cli("run", "--select", "video")
    place.cli("docs", "generate")
    found = document(place, "catalog.json")
    assert set(found["nodes"]) == {"model.case.video"}
    assert set(found["sources"]) == {"source.case.raw.video", "source.case.raw.rating"}
    columns = found["nodes"]["model.case.video"]["columns"]
    assert list(columns)[:4] == ["video_id", "audio", "frames", "seconds"]
    assert [column["index"] for column in columns.values()] == list(range(1, len(columns) + 1))
    assert all(column["type"] for column in columns.values())


def test_another_project(tmp_path, engine):
    """What is read of it is a source: nobody takes it for something that is made here."""
    place = projects(tmp_path, engine)
    place.write("tests/assertions/all_there.sql", "select * from {{ ref('media:video/full') }} where video_id > 100\n")
    place.media("run")
    place.run()
    place.cli("docs", "generate")
    found, source = document(place, "manifest.json"), "source.case.media.video__full"
    assert set(found["sources"]) == {source}
    assert found["parent_map"]["model.case.crop"] == [source] == found["parent_map"]["model.case.face"]
    assert found["nodes"]["model.case.crop"]["sources"] == [["media", "video__full"]]
    assert found["nodes"]["model.case.crop"]["refs"] == []
    assert found["parent_map"]["test.case.all_there"] == [source]
    assert "frames_etag" in document(place, "catalog.json")["sources"][source]["columns"]


def test_exposures(place):
    """What people make of features, below what it is made of."""
    place.write(
        "models/shown.yml",
        """
        version: 1
        exposures:
          - name: board
            type: dashboard
            owner: {name: Ada, email: ada@example.com}
            url: https://board.example
            depends_on: [total, word/long]
        """,
    )
    place.cli("docs", "generate", "--empty-catalog")
    found = document(place, "manifest.json")
    shown = found["exposures"]["exposure.case.board"]
    assert (shown["type"], shown["owner"]["name"], shown["url"]) == ("dashboard", "Ada", "https://board.example")
    assert shown["depends_on"]["nodes"] == ["model.case.total", "model.case.word__long"]
    assert "exposure.case.board" in found["child_map"]["model.case.total"]
