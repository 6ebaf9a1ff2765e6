"""Models: registered, promoted, and the code version of what they make."""

from __future__ import annotations

import pytest

import metasql
from tests.scenarios.support import Place
from tests.scenarios.support_datasets import document

FEATURES = """
version: 1
sources: [{name: raw, schema: raw, tables: [{name: t}]}]
features:
  - {name: video, id_columns: [id], fields: [{name: f, columns: [x]}]}
  - name: guess
    id_columns: [id]
    deps: [video]
    columns: [{name: label, type: text}, {name: note, type: text}]
    fields:
      - {name: label, code_version: {model: lips}, columns: [label]}
      - {name: note, code_version: "1", columns: [note]}
  - name: told
    id_columns: [id]
    deps: [guess]
  - name: scored
    id_columns: [id]
    deps: [video]
    fields: [{name: score, columns: [score], code_version: {model: lips}}]
datasets:
  - {name: train, features: [video], splits: {train: 0.5, val: 0.5}}
"""


@pytest.fixture
def place(tmp_path, engine):
    """A root, a prediction by a model, a feature made of it, and what the model learns from."""
    made = Place(tmp_path, engine)
    made.write("models/features.yml", FEATURES)
    made.write("models/video.sql", "select id, x from {{ source('raw', 't') }}")
    made.write("models/told.sql", "select id, upper(label) as label from {{ ref('guess') }}")
    made.write("models/scored.sql", "select id, x * 2 as score from {{ ref('video') }}")
    fill(made, "ab")
    made.run()
    return made


def fill(place, ids, x=1):
    place.fill("t", {"id": "text", "x": "int"}, [(name, x) for name in ids])


def project(place):
    place.engine.ready(place.folder)
    return metasql.Project.load(place.folder)


def register(place, *versions, **words):
    """Register versions of the model; gives their names."""
    with project(place).connect() as wh:
        return [wh.register_model("lips", version=version, **words).version for version in versions]


def statuses(place, key="guess"):
    """Unit → status and stale fields."""
    return {unit[0]: told[:2] for unit, told in place.listed(key).items()}


def predict(place, label):
    place.work_off("guess", {"label": label, "note": "n"})


def promoted(place, version):
    """A version registered, promoted, and its predictions made."""
    register(place, version)
    place.cli("model", "promote", "lips", version)
    predict(place, f"by {version}")


def test_a_promotion_makes_exactly_the_predictions_stale(place):
    """By code, in the fields that the model makes, from the moment on in which it is promoted."""
    promoted(place, "1")
    place.run()
    assert statuses(place) == statuses(place, "told") == {}
    register(place, "2")
    assert statuses(place) == {}
    assert "lips 2 is current now" in place.cli("model", "promote", "lips", "2").err
    assert place.listed("guess") == {("a",): ("stale", "label", "code"), ("b",): ("stale", "label", "code")}
    assert statuses(place, "told") == {}
    assert place.values("SELECT stale FROM metasql_status WHERE feature = 'guess'") == [(2,)]
    predict(place, "by 2")
    assert statuses(place) == {}
    assert set(statuses(place, "told").values()) == {("stale", "default")}
    place.run()
    assert sorted(place.values("SELECT id, label FROM told")) == [("a", "BY 2"), ("b", "BY 2")]
    assert place.cli("verify").code == 0


def test_a_model_in_sql(place):
    """A SQL feature is computed again by the next run, and what came out the same leaves all behind it settled."""
    assert statuses(place, "scored") == {}
    register(place, "1")
    place.cli("model", "promote", "lips", "1")
    assert set(statuses(place, "scored").values()) == {("stale", "score")}
    assert "2 stale" in place.run("--select", "scored").err
    assert statuses(place, "scored") == {}
    assert "settled" in place.run("--select", "scored").err
    assert place.cli("verify").code == 0


def test_the_increment_tells_which_model_to_take(place):
    """The version of its receipts; none before there is one."""
    assert {row["metasql_model__lips"] for row in place.increment("guess")} == {None}
    register(place, "1")
    place.cli("model", "promote", "lips", "1")
    assert {row["metasql_model__lips"] for row in place.increment("guess")} == {"1"}
    with project(place).connect() as wh:
        batch = next(wh.increment("guess").batches())
        assert wh.model("lips", batch["metasql_model__lips"][0].as_py()).is_current


def test_a_rollback_makes_what_the_other_one_made_stale(place):
    """What the model that is current again made is fresh, without being computed again."""
    promoted(place, "1")
    promoted(place, "2")
    fill(place, "abc")
    place.run()
    receipt = {row["id"]: row["metasql_receipt"] for row in place.increment("guess")}
    assert list(receipt) == ["c"]
    place.cli("model", "rollback", "lips")
    assert statuses(place) == {"a": ("stale", "label"), "b": ("stale", "label"), "c": ("new", "label,note")}
    place.commit("guess", [{"id": "c", "label": "by 2", "note": "n", "metasql_receipt": receipt["c"]}])
    assert statuses(place) == dict.fromkeys("abc", ("stale", "label"))
    place.cli("model", "promote", "lips", "2")
    assert statuses(place) == {}
    assert place.cli("verify").code == 0


def test_back_and_forth_between_commits(place):
    """Whatever is promoted in between, delta and full increment agree."""
    promoted(place, "1")
    for version, rows in (("2", "abc"), ("1", "abcd"), ("2", "abcde")):
        if version not in {row[0] for row in place.values("SELECT version FROM metasql_models")}:
            register(place, version)
        place.cli("model", "promote", "lips", version)
        fill(place, rows)
        place.run("--select", "video")
        todo = place.increment("guess")[:2]
        rows = [{"id": r["id"], "label": version, "note": "n", "metasql_receipt": r["metasql_receipt"]} for r in todo]
        place.commit("guess", rows)
        place.cli("status", "--refresh")
        assert place.cli("verify").code == 0
        full = place.values("SELECT id, metasql_status FROM guess__increment_full")
        assert sorted(full) == sorted((row["id"], row["metasql_status"]) for row in place.increment("guess"))


def test_without_a_model(place):
    """Predictions are handed out before any model is promoted, and are stale by the first one."""
    assert set(statuses(place).values()) == {("new", "label,note")}
    predict(place, "nobody's")
    assert statuses(place) == {}
    promoted(place, "1")
    assert place.values("SELECT DISTINCT label FROM guess") == [("by 1",)]


def test_why(place):
    """The code versions are told."""
    promoted(place, "1")
    register(place, "2")
    place.cli("model", "promote", "lips", "2")
    out = place.cli("why", "guess", "a").out
    assert "lips@1" in out
    assert "lips@2" in out
    assert "lips@1" in place.cli("history", "guess", "a").out
    assert "label 2 code" in place.cli("plan").out


def test_rebase(place):
    """Predictions of another model may be accepted."""
    promoted(place, "1")
    register(place, "2")
    place.cli("model", "promote", "lips", "2")
    place.cli("rebase", "guess", "--reason", "the same weights under another name")
    assert statuses(place) == {}
    place.cli("model", "rollback", "lips")
    assert set(statuses(place).values()) == {("stale", "label")}


def test_what_is_kept_of_a_model(place):
    """The data that it learned from, its metrics, where it lies, who and when."""
    place.cli("snapshot", "train")
    words = {"dataset": ("train", "latest"), "metrics": {"loss": 0.25, "by_class": [1, 2]}, "uri": "s3://m/1.pt"}
    assert register(place, None, "2024-05", None, **words, message="better") == ["1", "2024-05", "2"]
    found = document(place, "model", "show", "lips", "2024-05")
    assert (found["dataset"], found["dataset_version"]) == ("train", 1)
    assert found["metrics"] == {"loss": 0.25, "by_class": [1, 2]}
    assert (found["uri"], found["message"], found["code_version"]) == ("s3://m/1.pt", "better", "lips@2024-05")
    assert [item["version"] for item in document(place, "model", "show", "lips")] == ["1", "2024-05", "2"]
    assert document(place, "model", "show", "lips", "latest")["version"] == "2"
    lines = place.cli("model", "list").out.splitlines()
    assert len(lines) == 5
    assert "train v1" in lines[2]
    assert "loss 0.25" in place.cli("model", "show", "lips", "1").out


def test_model_and_dataset_together(place):
    """One command leads both back, and forth."""
    for count in ("ab", "abc"):
        fill(place, count)
        place.run("--select", "video")
        place.cli("snapshot", "train")
        register(place, None, dataset=("train", "latest"))
        place.cli("model", "promote", "lips", "latest", "--with-dataset")
    assert place.values("SELECT count(*) FROM train__current") == [(3,)]
    assert "train__current is v1" in place.cli("model", "rollback", "lips", "--with-dataset").err
    assert place.values("SELECT count(*) FROM train__current") == [(2,)]
    assert document(place, "model", "show", "lips", "current")["version"] == "1"
    assert document(place, "dataset", "show", "train", "current")["version"] == 1
    assert "MS0674" in place.cli("dataset", "rollback", "train", code=3).err
    place.cli("model", "promote", "lips", "2", "--with-dataset")
    assert place.values("SELECT count(*) FROM train__current") == [(3,)]


def test_in_python(place):
    """As on the command line."""
    with project(place).connect() as wh:
        wh.snapshot("train")
        one = wh.register_model("lips", dataset=("train", 1), metrics={"loss": 1})
        assert (one.version, one.dataset, one.dataset_version, one.is_current) == ("1", "train", 1, False)
        wh.register_model("lips", version=7)
        assert wh.promote_model("lips", 1, with_dataset=True).is_current
        assert wh.dataset("train", "current").version.version == 1
        assert wh.promote_model("lips", "latest").version == "7"
        assert wh.model("lips").version == "7"
        assert wh.rollback_model("lips").version == "1"
        assert [(item.version, item.is_current) for item in wh.models()] == [("1", True), ("7", False)]
        assert {row["metasql_status"] for row in wh.increment("guess").to_dicts()} == {"new"}


def test_bad_input(place):
    """Each mistake with its code, and nothing comes of it."""
    register(place, "1")
    with project(place).connect() as wh:
        for call, code in (
            (lambda: wh.register_model("lips", version="1"), "MS0675"),
            (lambda: wh.register_model("lips", version="current"), "MS0675"),
            (lambda: wh.register_model("lips", version="a b"), "MS0675"),
            (lambda: wh.register_model("a/b"), "MS0300"),
            (lambda: wh.register_model("lips", dataset=("train", 9)), "MS0671"),
            (lambda: wh.register_model("lips", metrics={"loss": float("nan")}), "MS0820"),
            (lambda: wh.register_model("lips", metrics={"loss": object()}), "MS0820"),
            (lambda: wh.model("lisp"), "MS0676"),
            (lambda: wh.model("lips", 2), "MS0671"),
            (lambda: wh.model("lips"), "MS0674"),
        ):
            with pytest.raises(metasql.MetasqlError, match=code):
                call()
    for command, word, code in (
        (("promote", "lisp", "1"), "MS0676", 3),
        (("promote", "lips", "9"), "MS0671", 3),
        (("promote", "lips", "1", "--with-dataset"), "MS0674", 3),
        (("rollback", "lips"), "MS0674", 3),
        (("show", "lips", "9"), "MS0671", 3),
        (("promote", "lips"), "metasql model promote NAME VERSION", 2),
        (("list", "--with-dataset"), "does not belong to list", 2),
    ):
        assert word in place.cli("model", *command, code=code).err, command
    assert place.values("SELECT count(*) FROM metasql_models") == [(1,)]
    assert place.values("SELECT count(*) FROM metasql_promotions") == [(0,)]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("code_version: {model: lips}", "code_version: {model: Lips/2}", "MS0300"),
        ("code_version: {model: lips}", "code_version: {modle: lips}", "MS0208"),
        ("code_version: {model: lips}", "code_version: {model: }", "MS0209"),
        ("{name: f, columns: [x]}", "{name: f, columns: [x], code_version: {model: lips}}", "MS0417"),
    ],
)
def test_mistakes_of_a_declaration(old, new, code, place):
    """Each at its place."""
    place.edit("models/features.yml", old, new)
    assert code in place.cli("parse", code=1).err
