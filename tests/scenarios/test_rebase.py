"""`metasql rebase`: what is stored is accepted under the present definition, and nothing is computed."""

from __future__ import annotations

import pytest

from tests.scenarios.support import Place

FEATURES = """
version: 1
features:
  - name: video
    id_columns: [id]
    fields: [{name: audio, columns: [etag]}, {name: frames, columns: [height]}]
    columns: [{name: id, type: text}, {name: etag, type: text}, {name: height, type: int}]
  - name: crop
    id_columns: [id]
    deps: [video]
    fields: [{name: audio, code_version: "1"}, {name: frames, code_version: "1"}]
    columns: [{name: path, type: text}]
  - name: text
    id_columns: [id]
    deps: [crop]
    fields: [{name: words, deps: [crop.audio]}]
    columns: [{name: said, type: text}]
"""


@pytest.fixture
def place(tmp_path, engine):
    """Videos, crops of them, and what is said in the crops: all settled."""
    made = Place(tmp_path, engine)
    made.write("models/features.yml", FEATURES)
    made.run()
    made.commit("video", [{"id": name, "etag": "e", "height": 10} for name in "abc"])
    made.work_off("crop", {"path": "p"})
    made.work_off("text", {"said": "hello"})
    return made


def versions(place, key, column):
    return dict(place.values(f"SELECT id, {column} FROM {key}"))


def test_a_change_of_code_is_accepted(place):
    """No sample is stale any more, here or downstream; rows are new writes, and their data versions are as before."""
    before = versions(place, "crop", "metasql_data_version__audio")
    commits = versions(place, "crop", "metasql_commit")
    place.edit("models/features.yml", 'audio, code_version: "1"', 'audio, code_version: "2"')
    place.run()
    assert {row[0] for row in place.listed("crop").values()} == {"stale"}
    result = place.cli("rebase", "crop", "--reason", "only the log lines changed")
    assert "3 samples accepted" in result.err
    assert place.listed("crop") == {}
    assert place.listed("text") == {}
    assert versions(place, "crop", "metasql_data_version__audio") == before
    assert all(number > commits[name] for name, number in versions(place, "crop", "metasql_commit").items())
    assert versions(place, "crop", "path") == {"a": "p", "b": "p", "c": "p"}
    place.run()
    assert place.listed("crop") == {}
    kept = place.rows("SELECT reason, fields, samples, accepted_upstream FROM metasql_rebases")
    assert kept == [
        {"reason": "only the log lines changed", "fields": "audio,frames", "samples": 3, "accepted_upstream": "no"}
    ]
    assert "rebase" in {row[0] for row in place.values("SELECT command FROM metasql_runs")}


def test_what_changed_upstream_stays_stale(place):
    """Accepting code says nothing of data that moved on since; `--accept-upstream` does."""
    place.commit("video", [{"id": "b", "etag": "e", "height": 20}])
    place.edit("models/features.yml", 'frames, code_version: "1"', 'frames, code_version: "2"')
    place.run()
    place.cli("rebase", "crop", "--reason", "same results")
    assert place.listed("crop") == {("b",): ("stale", "frames", "upstream")}
    place.cli("rebase", "crop", "--accept-upstream", "--reason", "the height does not matter")
    assert place.listed("crop") == {}
    assert place.listed("text") == {}


def test_a_part_of_it(place):
    """By field, by condition, and by the version that rows were written by."""
    first = place.values("SELECT DISTINCT metasql_feature_version FROM crop")[0][0]
    for name in ("audio", "frames"):
        place.edit("models/features.yml", f'{name}, code_version: "1"', f'{name}, code_version: "2"')
    place.run()
    place.cli("rebase", "crop", "--field", "audio", "--where", "id <> 'a'", "--reason", "checked")
    assert place.listed("crop") == {
        ("a",): ("stale", "audio,frames", "code"),
        ("b",): ("stale", "frames", "code"),
        ("c",): ("stale", "frames", "code"),
    }
    assert {row[0] for row in place.values("SELECT metasql_feature_version FROM crop")} == {first}
    place.cli("rebase", "crop", "--from-feature-version", first, "--reason", "checked")
    assert place.listed("crop") == {}
    assert first not in {row[0] for row in place.values("SELECT metasql_feature_version FROM crop")}
    assert len(place.values("SELECT * FROM crop__history")) == 5


def test_a_dry_run_writes_nothing(place):
    """It counts what would be accepted."""
    place.edit("models/features.yml", 'audio, code_version: "1"', 'audio, code_version: "2"')
    place.run()
    before = place.public(without=())
    result = place.cli("rebase", "crop", "--where", "id = 'a'", "--reason", "r", "--dry-run")
    assert "1 sample would be accepted" in result.err
    assert place.public(without=()) == before
    assert place.values("SELECT * FROM metasql_rebases") == []


def test_fields_that_are_made_of_others(place):
    """What upstream held then is not known: it is an error, and the way out is to accept upstream too."""
    place.edit("models/features.yml", "deps: [crop.audio]", "deps: [crop.audio, crop.frames]")
    result = place.cli("rebase", "text", "--reason", "frames never mattered", code=3)
    assert "MS0660" in result.err
    assert "3 rows were made of other fields" in result.err
    assert place.values("SELECT * FROM metasql_rebases") == []
    place.cli("rebase", "text", "--reason", "frames never mattered", "--accept-upstream")
    assert place.listed("text") == {}
    place.run()
    assert place.listed("text") == {}


def test_before_the_target_was_told(place):
    """A rebase brings the target to the declaration, as a run does."""
    place.edit("models/features.yml", 'audio, code_version: "1"', 'audio, code_version: "2"')
    place.cli("rebase", "crop", "--reason", "same results")
    assert place.listed("crop") == {}


def test_a_field_that_was_declared_since(place):
    """No row has anything of it, so nothing fits."""
    place.edit("models/features.yml", '{name: frames, code_version: "1"}', "{name: frames}, {name: extra}")
    place.cli("rebase", "crop", "--field", "frames", "--reason", "no version is needed")
    assert {row[1] for row in place.listed("crop").values()} == {"extra"}
    assert "MS0660" in place.cli("rebase", "crop", "--reason", "r", code=3).err
    place.cli("rebase", "crop", "--reason", "it was in the file all along", "--accept-upstream")
    assert place.listed("crop") == {}


def test_computed_features(place):
    """Of a SQL feature the content stays its data version; a body that looks across samples is not computed again."""
    place.write("models/tall.sql", "{{ config(id_columns=['id']) }} select id, height > 5 as t from {{ ref('video') }}")
    place.write(
        "models/rank.sql",
        "{{ config(id_columns=['id']) }} select id, rank() over (order by t) as r from {{ ref('tall') }}",
    )
    place.run()
    place.edit("models/tall.sql", "height > 5", "height >= 6")
    place.edit("models/rank.sql", "order by t", "order by not t")
    place.cli("rebase", "tall", "--reason", "whole numbers")
    place.cli("rebase", "rank", "--reason", "as good")
    assert place.listed("tall") == {}
    assert place.listed("rank") == {}
    before = place.tables(["tall", "rank"], without=())
    place.run()
    assert place.tables(["tall", "rank"], without=()) == before


def test_roots_with_a_body(place):
    """Every run reads a root anew, and what was accepted stays accepted."""
    place.fill("t", {"id": "text", "x": "int"}, [("a", 1), ("b", 2)])
    place.write(
        "models/root.yml",
        """
        version: 1
        sources: [{name: raw, schema: raw, tables: [{name: t}]}]
        features:
          - {name: root, id_columns: [id], fields: [{name: f, columns: [x], code_version: "1"}]}
          - {name: made, id_columns: [id], deps: [root], columns: [{name: y, type: int}]}
        """,
    )
    place.write("models/root.sql", "select id, x from {{ source('raw', 't') }}")
    place.run()
    place.work_off("made", {"y": 1})
    place.edit("models/root.yml", 'code_version: "1"', 'code_version: "2"')
    place.fill("t", {"id": "text", "x": "int"}, [("a", 1), ("b", 3)])
    assert "2 samples accepted" in place.cli("rebase", "root", "--reason", "the same rows").err
    assert place.listed("root") == {("b",): ("stale", "f", "upstream")}
    before = place.table("root", without=())
    place.run()
    place.run()
    assert place.listed("made") == {("b",): ("stale", "default", "upstream")}
    after = place.table("root", without=())
    assert [row for row in before if "'a'" in row] == [row for row in after if "'a'" in row]


def test_expansions(place):
    """All children of an input are accepted with it, and inputs that gave none too."""
    place.write(
        "models/shot.yml",
        """
        version: 1
        features:
          - name: shot
            id_columns: [id, n]
            deps: [{feature: video, lineage: {expansion: {on: [id]}}}]
            fields: [{name: f, code_version: "1", columns: [n]}]
        """,
    )
    place.write(
        "models/shot.sql",
        "select id, n from {{ ref('video') }} cross join (values (1), (2)) as l(n) where id <> 'c' and n < height",
    )
    place.run()
    before = place.table("shot")
    place.edit("models/shot.yml", 'code_version: "1"', 'code_version: "2"')
    place.run("--select", "video")
    result = place.cli("rebase", "shot", "--where", "n = 1", "--reason", "r", code=3)
    assert "MS0663" in result.err
    place.cli("rebase", "shot", "--where", "id = 'a'", "--reason", "r")
    assert set(place.listed("shot")) == {("b",), ("c",)}
    place.cli("rebase", "shot", "--reason", "r")
    assert place.listed("shot") == {}
    assert len(place.table("shot")) == len(before) == 4


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["rebase", "corp", "--reason", "r"], 1, "MS0330"),
        (["rebase", "crop", "--field", "adio", "--reason", "r"], 1, "MS0302"),
        (["rebase", "crop", "--where", "pth = 'x'", "--reason", "r"], 1, "pth"),
        (["rebase", "crop", "--from-feature-version", "0000", "--reason", "r"], 3, "MS0661"),
        (["rebase", "crop"], 2, "--reason"),
        (["rebase", "crop", "--reason", " "], 2, "say why"),
    ],
)
def test_mistakes(words, code, said, place):
    """Each is told, and nothing is written."""
    assert said in place.cli(*words, code=code).err
