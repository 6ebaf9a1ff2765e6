"""Datasets: views over features on their common key, with splits that stay as they are."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.scenarios.support_datasets import DATASETS, declared, document, fill, made, splits
from tests.scenarios.support_projects import projects


@pytest.fixture
def place(tmp_path, engine):
    return made(tmp_path, engine)


def split_of(*ids):
    """The split of a row, reckoned by hand: the first eight characters of the hash of its ids' encoding."""
    said = "".join(f"{len(str(value))}:{value}" for value in ("split", *ids))
    return "train" if int(hashlib.md5(said.encode()).hexdigest()[:8], 16) < 0.75 * 2**32 else "val"


def test_a_dataset_is_a_view(place):
    """Its columns are the chosen ones under their names, the split, and what each feature's sample was made of."""
    rows = place.rows("SELECT * FROM train WHERE video_id = 'v3'")
    assert len(rows) == 1
    values = list(rows[0].items())
    assert values[:4] == [("video_id", "v3"), ("frames", 5), ("path", "crop//3.mp4"), ("full_path", "/3.mp4")]
    assert [name for name, _ in values[4:]] == [
        "split",
        "metasql_provenance__video__full",
        "metasql_provenance__video__crop",
        "metasql_feature_version__video__full",
        "metasql_feature_version__video__crop",
    ]
    stored = place.rows("SELECT metasql_provenance, metasql_feature_version FROM video__crop WHERE video_id = 'v3'")[0]
    assert rows[0]["metasql_provenance__video__crop"] == stored["metasql_provenance"]
    assert rows[0]["metasql_feature_version__video__crop"] == stored["metasql_feature_version"]
    assert place.values("SELECT count(*) FROM train") == [(19,)]


def test_splits_are_those_of_the_hash(place):
    """The same on every engine, for one and for several id columns."""
    found = splits(place)
    assert found == {name: split_of(name) for name in found}
    assert set(found.values()) == {"train", "val"}
    rows = place.values("SELECT n, video_id, split FROM parts")
    assert [split for _, _, split in rows] == [split_of(n, video) for n, video, _ in rows]


def test_splits_are_stable_as_data_grows(place):
    """Rows stay in their split when others come and go."""
    before = splits(place)
    fill(place, range(5, 60), frames=7)
    place.run()
    after = splits(place)
    assert len(after) == 55
    assert {name: after[name] for name in before if name in after} == {k: v for k, v in before.items() if k in after}


def test_the_grain_is_the_finest_key(place):
    """Coarser features join by their ids; without splits there is no split."""
    rows = place.rows("SELECT video_id, n, text, frames FROM clips ORDER BY video_id, n")
    assert len(rows) == 6
    assert rows[0] == {"video_id": "v0", "n": 1, "text": "t0-1", "frames": 1}
    assert "split" not in place.columns("clips")


def test_a_dataset_follows_its_declaration(place):
    """A run replaces the view where it is declared otherwise, and says so."""
    place.edit("models/datasets.yml", "frames > 1", "frames > 100")
    assert "view made" in place.run().err
    assert place.values("SELECT count(*) FROM train") == [(0,)]
    assert "view made" not in place.run().err


def test_compiled(place):
    """`compile` writes the view; by its relation it is printed."""
    place.cli("compile")
    text = (place.folder / "target/compiled/case/train.sql").read_text(encoding="utf-8")
    assert place.cli("compile", "--stdout", "train").out.strip() == text.strip()
    assert "video/full: its live samples" in text


def test_a_run_of_some_features(tmp_path, engine):
    """A dataset waits for what was never run, and is made when all is there."""
    place = declared(tmp_path, engine)
    fill(place)
    assert "waits for `video/crop`" in place.run("--select", "video/full").err
    place.run("--select", "video/crop")
    assert place.values("SELECT count(*) FROM train") == [(19,)]
    assert "dataset" not in place.run("--select", "clip/cut", "--exclude", "clip/cut").err


def test_in_the_artifacts(place):
    """`show`, the manifest and `ls` tell what is declared."""
    found = document(place, "dataset", "show", "train")
    assert found["splits"] == {"train": "0.75", "val": "0.25"}
    assert found["key"] == ["video_id"]
    assert found["columns"]["full_path"] == "video/full.path"
    assert found["tags"] == ["ml"]
    place.cli("parse")
    manifest = json.loads((place.folder / "target/metasql.json").read_text(encoding="utf-8"))
    assert manifest["datasets"]["train"]["where"] == "frames > 1"
    ls = ("ls", "--resource-type", "dataset")
    assert place.cli(*ls, "--output", "selector").out.split() == ["clips", "parts", "train"]
    assert place.cli(*ls, "--select", "video/crop").out.split() == ["train", "dataset"]


def test_a_plan_tells_the_datasets(place):
    """Those that are made of something that would change."""
    assert "dataset" not in place.cli("plan").out
    fill(place, range(30))
    out = place.cli("plan").out
    assert "dataset train: touched by video/full, video/crop" in out
    assert "dataset parts" not in out
    told = json.loads(place.cli("plan", "--format", "json").out)["datasets"]
    assert told[0] == {"name": "clips", "features": ["video/full"]}
    assert "dataset clips: touched by video/full" in place.cli("plan", "--format", "markdown").out


def test_a_column_of_another_type(place):
    """The view follows."""
    place.edit("models/video/full.sql", "frames, path", "frames / 2.0 as frames, path")
    place.run("--full-refresh")
    assert place.values("SELECT DISTINCT frames FROM train") == [(2.5,)]


LOOKUP = """
version: 1
features:
  - {name: speaker, id_columns: [id], columns: [{name: id, type: text}, {name: age, type: int}]}
  - name: talk
    id_columns: [talk_id, speaker_id]
    deps: [{feature: speaker, rename: {id: speaker_id}, columns: [], lineage: {expansion: {on: [speaker_id]}}}]
    columns: [{name: talk_id, type: int}, {name: length, type: int}]
datasets:
  - {name: talks, features: [speaker, talk], columns: [age, length]}
"""


def test_keys_of_other_names(tmp_path, engine):
    """A feature whose key has other names joins as the dependency on it says."""
    place = declared(tmp_path, engine, "version: 1")
    place.write("models/talks.yml", LOOKUP)
    place.run("--select", "speaker talk")
    place.commit("speaker", [{"id": "a", "age": 30}, {"id": "b", "age": 40}])
    receipts = {row["speaker_id"]: row["metasql_receipt"] for row in place.increment("talk")}
    rows = [{"talk_id": n, "speaker_id": "a", "length": n, "metasql_receipt": receipts["a"]} for n in (1, 2)]
    place.commit("talk", rows)
    assert sorted(place.values("SELECT talk_id, speaker_id, age, length FROM talks")) == [
        (1, "a", 30, 1),
        (2, "a", 30, 2),
    ]


WRONG = [
    ("features: [video/full, video/corp]", "MS0330", "video/corp"),
    ("features: [video/full, stranger]", "MS0360", "no common key"),
    ("columns: [video_id, path]", "MS0346", "path"),
    ("columns: [video_id, video/crop.size]", "MS0335", "size"),
    ("columns: [video_id, clip/cut.text]", "MS0345", "clip/cut"),
    ("columns: [video_id, video/crop.path, video/full.path]", "MS0306", "path"),
    ("columns: [frames, {column: video/crop.path, as: split}]", "MS0362", "split"),
    ("columns: [frames, {column: video/crop.path, as: video_id}]", "MS0362", "video_id"),
    ("columns: [{column: frames, as: metasql_frames}]", "MS0304", "metasql_frames"),
    ("splits: {train: 0.9, val: 0.2}", "MS0361", "1.1"),
    ("splits: {train: 0.9}", "MS0361", "0.9"),
    ("splits: {train: 1.5, val: -0.5}", "MS0361", "above 0"),
    ("splits: {train: most}", "MS0207", "train"),
    ("splits: {a/b: 1}", "MS0361", "a/b"),
    ("where: path = 'x'", "MS0346", "video__crop.path"),
    ("where: video__corp.path = 'x'", "MS0345", "video__crop"),
    ("where: count(*) > 1", "MS0344", "aggregate"),
    ("where: frmes > 1", "MS0335", "frames"),
    ("name: video__full", "MS0333", "video__full"),
    ("name: Train", "MS0300", "Train"),
    ("filter: frames > 1", "MS0208", "where"),
]


@pytest.mark.parametrize(("line", "code", "word"), WRONG)
def test_wrong(line, code, word, tmp_path, engine):
    """Each mistake is told at its place, with what to write."""
    told = {"name": "train", "features": "[video/full, video/crop]", "columns": "[video_id, frames]"}
    told["splits"] = "{train: 0.5, val: 0.5}"
    name, _, value = line.partition(": ")
    words = "".join(f"    {key}: {text}\n" for key, text in {**told, name: value}.items())
    place = declared(tmp_path, engine, f"version: 1\ndatasets:\n  -\n{words}")
    place.edit(
        "models/features.yml",
        "  - {name: clip/cut",
        "  - {name: stranger, id_columns: [x], columns: [{name: x, type: int}]}\n  - {name: clip/cut",
    )
    result = place.cli("parse", code=1)
    assert code in result.err, result.err
    assert word in result.err
    assert "models/datasets.yml:" in result.err
    assert "help: " in result.err


def test_all_columns(tmp_path, engine):
    """Without `columns` all of them are taken; two of one name have to be chosen from."""
    place = declared(tmp_path, engine, "version: 1\ndatasets: [{name: both, features: [video/full, clip/cut]}]")
    fill(place)
    place.run()
    names = [name for name in place.columns("both") if not name.startswith("metasql_")]
    assert names == ["video_id", "n", "text", "frames", "path"]
    place.write("models/datasets.yml", "version: 1\ndatasets: [{name: both, features: [video/full, video/crop]}]")
    assert "MS0362" in place.cli("parse", code=1).err


def test_twice(tmp_path, engine):
    """A name is declared once."""
    place = declared(tmp_path, engine)
    place.write("models/again.yml", DATASETS)
    assert "MS0301" in place.cli("parse", code=1).err


ACROSS = """
version: 1
datasets:
  - name: sounds
    features: [crop, "media:video/full"]
    columns: [sound, {column: "media:video/full.audio_etag", as: etag}]
    where: media__video__full.audio_etag <> 'a1'
"""


def test_a_feature_of_another_project(tmp_path, engine):
    """It is joined like any other, and named with its project before it."""
    place = projects(tmp_path, engine)
    place.write("models/datasets.yml", ACROSS)
    place.media("run")
    place.run()
    assert place.values("SELECT video_id, sound, etag FROM sounds") == [(2, "A2", "a2")]
    place.cli("snapshot", "sounds")
    assert document(place, "dataset", "show", "sounds", "1")["features"].keys() == {"crop", "media:video/full"}
