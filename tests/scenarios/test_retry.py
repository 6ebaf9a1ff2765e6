"""`metasql retry`: the last command goes on from what failed or was skipped."""

from __future__ import annotations

import json

import pytest

from tests.scenarios.support import Place


@pytest.fixture
def place(tmp_path, engine):
    """Two chains; one of them has a body that fails."""
    made = Place(tmp_path, engine)
    made.write(
        "models/features.yml",
        """
        version: 1
        sources: [{name: raw, schema: raw, tables: [{name: t}]}]
        features:
          - {name: root, id_columns: [id], fields: [{name: f, columns: [x]}]}
          - {name: fine, id_columns: [id], columns: [{name: x, tests: [not_null]}]}
          - {name: broken, id_columns: [id]}
          - {name: behind, id_columns: [id]}
        """,
    )
    made.write("models/root.sql", "select id, x from {{ source('raw', 't') }}")
    made.write("models/fine.sql", "select id, x from {{ ref('root') }}")
    made.write("models/broken.sql", "select id, cast(x as int) as y from {{ ref('root') }}")
    made.write("models/behind.sql", "select id, y + 1 as y from {{ ref('broken') }}")
    fill(made, "1", "many")
    return made


def fill(place, *values):
    place.fill("t", {"id": "text", "x": "text"}, [(str(number), value) for number, value in enumerate(values)])


def results(place):
    document = json.loads((place.folder / "target/metasql_results.json").read_text(encoding="utf-8"))
    return document["command"], {item["name"]: item["status"] for item in document["results"]}


@pytest.mark.parametrize("command", ["run", "build"])
def test_what_failed_and_what_was_skipped(command, place):
    """They are done again, and nothing else; when nothing failed, there is nothing to do."""
    place.cli(command, code=3)
    assert results(place)[1]["behind"] == "skipped"
    place.cli("retry", code=3)
    assert results(place) == (command, {"broken": "error", "behind": "skipped"})
    place.edit("models/broken.sql", "cast(x as int)", "try_cast(x as int)")
    place.cli("retry")
    assert results(place) == (command, {"broken": "ok", "behind": "ok"})
    assert len(place.values("SELECT * FROM behind")) == 2
    assert f"nothing failed in the last `metasql {command}`" in place.cli("retry").err


def test_assertions(place):
    """Those that failed are checked again."""
    place.write("tests/assertions/few.sql", "select id from {{ ref('root') }} where x = 'many'")
    place.run("--select", "root fine")
    place.cli("test", "--select", "root fine", code=3)
    failed = {name for name, status in results(place)[1].items() if status == "fail"}
    assert len(failed) == 1
    fill(place, "1")
    place.run("--select", "root fine")
    place.cli("test", "--select", "root fine")
    place.write("tests/assertions/few.sql", "select id from {{ ref('root') }} where x <> 'many'")
    place.cli("test", "--select", "root fine", code=3)
    place.write("tests/assertions/few.sql", "select id from {{ ref('root') }} where x = 'many'")
    place.cli("retry")
    assert results(place) == ("test", dict.fromkeys(failed, "ok"))


def test_a_full_refresh_goes_on_as_one(place):
    """What is tried again is computed as fully as it was to be."""
    fill(place, "1", "2")
    place.run()
    place.edit("models/broken.sql", "cast(x as int)", "cast(x || '!' as int)")
    place.run("--full-refresh", code=3)
    place.edit("models/broken.sql", "cast(x || '!' as int)", "cast(x as int)")
    place.cli("retry")
    told = json.loads((place.folder / "target/metasql_results.json").read_text(encoding="utf-8"))
    assert told["options"]["full_refresh"] is True
    assert [item["work"]["stale"] for item in told["results"]] == [2, 2]


def test_the_same_target(place):
    """Without `--target`, that of the last command."""
    place.cli("run", code=3)
    path = place.folder / "target/metasql_results.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"target": "', '"target": "other_'), encoding="utf-8")
    assert "other_" in place.cli("retry", code=1).err


def test_a_feature_that_is_gone(place):
    """It is said, and the others are done."""
    place.cli("run", code=3)
    (place.folder / "models/behind.sql").unlink()
    place.edit("models/features.yml", "  - {name: behind, id_columns: [id]}\n", "")
    assert "behind is not declared any more" in place.cli("retry", code=3).err
    assert results(place)[1] == {"broken": "error"}


def test_nothing_to_go_on_from(place):
    """No command, another command, or a file that is not metasql's."""
    assert "MS0664" in place.cli("retry", code=3).err
    path = place.folder / "target/metasql_results.json"
    place.cli("run", code=3)
    path.write_text("{}", encoding="utf-8")
    assert "MS0115" in place.cli("retry", code=1).err
    document = {"command": "vacuum", "target": "case", "results": []}
    path.write_text(json.dumps(document), encoding="utf-8")
    assert "MS0664" in place.cli("retry", code=3).err
