"""Versions of datasets: frozen, told apart, exported, promoted and rolled back."""

from __future__ import annotations

import csv
import json

import pyarrow.parquet as pq
import pytest

from tests.scenarios.support_datasets import document, fill, made, splits


@pytest.fixture
def place(tmp_path, engine):
    return made(tmp_path / "project", engine)


def frozen(place, number, dataset="train"):
    """The rows of a version, with what each was made of."""
    return place.table(f"{dataset}__v{number}", without=())


def test_a_snapshot_never_changes(place):
    """It has the rows of its moment, with split and provenance, whatever comes after."""
    before = place.table("train", without=())
    assert "train v1: 19 rows" in place.cli("snapshot", "train", "--message", "the first").err
    assert frozen(place, 1) == before
    fill(place, range(5, 40), frames=9)
    place.edit("models/datasets.yml", "frames > 1", "frames > 3")
    place.run("--full-refresh")
    assert "train v2: 35 rows" in place.cli("snapshot", "train").err
    assert frozen(place, 1) == before
    assert frozen(place, 2) == place.table("train", without=())


def test_what_is_kept_of_a_version(place):
    """Who, when, why, the declaration, the versions of the features, rows by split, and a digest."""
    place.cli("snapshot", "train", "-m", "the first", "--name", "baseline")
    told = document(place, "dataset", "show", "train", "baseline")
    assert (told["version"], told["name"], told["message"], told["rows"]) == (1, "baseline", "the first", 19)
    counts = list(splits(place).values())
    assert told["splits"] == {"train": counts.count("train"), "val": counts.count("val")}
    assert told["definition"]["where"] == "frames > 1"
    version = place.values("SELECT feature_version FROM metasql_features WHERE feature = 'video/crop'")[0][0]
    assert told["features"]["video/crop"]["version"] == version
    assert told["author"]
    assert len(told["digest"]) == 32
    for name in ("1", "v1", "latest"):
        assert document(place, "dataset", "show", "train", name) == told
    assert "the first" in place.cli("dataset", "show", "train", "1").out
    assert ("snapshot", "ok") in place.values("SELECT command, status FROM metasql_runs")


def test_equal_rows_have_equal_digests(place):
    """The digest tells the rows, and not when they were frozen."""
    place.cli("snapshot", "train")
    place.cli("snapshot", "train")
    fill(place, range(19))
    place.run()
    place.cli("snapshot", "train")
    one, two, three = (document(place, "dataset", "show", "train", str(n))["digest"] for n in (1, 2, 3))
    assert one == two != three


def test_digests_are_the_same_on_every_engine(place):
    """The rows of this dataset have this digest."""
    place.cli("snapshot", "train")
    assert document(place, "dataset", "show", "train", "1")["digest"] == DIGEST


DIGEST = "546a0531c3fa91d312e690f348a8fa6b"


def test_no_rows(place):
    """A version of nothing is a version, and an export of it has files without rows."""
    place.edit("models/datasets.yml", "frames > 1", "frames > 100")
    place.cli("snapshot", "train")
    told = document(place, "dataset", "show", "train", "1")
    assert (told["rows"], told["splits"]) == (0, {"train": 0, "val": 0})
    place.cli("dataset", "export", "train", "1", "-o", str(place.folder / "out"))
    assert pq.read_table(place.folder / "out/train.parquet").num_rows == 0


def test_the_list(place):
    """Every version, and the datasets that have none yet."""
    assert "none yet" in place.cli("dataset", "list").out
    place.cli("snapshot", "train", "--name", "baseline")
    place.cli("dataset", "promote", "train", "baseline")
    lines = [line.split() for line in place.cli("dataset", "list").out.splitlines()]
    assert [line[:2] for line in lines[2:]] == [["clips", "none"], ["parts", "none"], ["train", "v1"]]
    assert "current" in lines[4]
    told = document(place, "dataset", "list")
    assert [item["name"] for item in told["datasets"]] == ["clips", "parts", "train"]
    assert [item["is_current"] for item in told["versions"]] == [True]


def test_a_list_before_the_first_run(tmp_path, engine):
    """Nothing is there, and nothing is wrong."""
    from tests.scenarios.support_datasets import declared

    assert "none yet" in declared(tmp_path, engine).cli("dataset", "list").out


# Export


@pytest.mark.parametrize("form", ["parquet", "csv", "json"])
def test_an_export_is_reproducible(form, place):
    """A file for each split and a manifest, in the order of the key, byte for byte the same."""
    place.cli("snapshot", "train")
    fill(place, range(3))
    place.run()
    one, two = place.folder / "one", place.folder / "deep/two"
    for folder in (one, two):
        place.cli("dataset", "export", "train", "1", "-o", str(folder), "--format", form)
    ending = {"json": "jsonl"}.get(form, form)
    assert sorted(path.name for path in one.iterdir()) == ["manifest.json", f"train.{ending}", f"val.{ending}"]
    assert {path.name: path.read_bytes() for path in one.iterdir()} == {p.name: p.read_bytes() for p in two.iterdir()}
    rows = {name: read(one / f"{name}.{ending}", form) for name in ("train", "val")}
    ids = [row["video_id"] for row in rows["train"]]
    assert ids == sorted(ids)
    assert sum(map(len, rows.values())) == 19
    assert list(rows["val"][0]) == ["video_id", "frames", "path", "full_path", "split"]
    assert {row["split"] for row in rows["val"]} == {"val"}
    manifest = json.loads((one / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["digest"] == document(place, "dataset", "show", "train", "1")["digest"]
    assert [file["rows"] for file in manifest["files"]] == [len(rows["train"]), len(rows["val"])]


def read(path, form):
    """The rows of a file as dicts."""
    if form == "parquet":
        return pq.read_table(path).to_pylist()
    text = path.read_text(encoding="utf-8")
    return (
        list(csv.DictReader(text.splitlines())) if form == "csv" else [json.loads(line) for line in text.splitlines()]
    )


def test_an_export_with_versions(place):
    """What each row was made of comes along where it is asked for; without splits it is one file."""
    place.cli("snapshot", "clips")
    place.cli("dataset", "export", "clips", "latest", "-o", str(place.folder / "out"), "--versions")
    table = pq.read_table(place.folder / "out/data.parquet")
    assert table.num_rows == 6
    assert "metasql_provenance__clip__cut" in table.schema.names


def test_an_export_into_a_folder_that_is_not_empty(place):
    """Nothing is written; an empty folder will do."""
    place.cli("snapshot", "train")
    folder = place.folder / "out"
    folder.mkdir()
    place.cli("dataset", "export", "train", "1", "-o", str(folder))
    before = sorted(path.name for path in folder.iterdir())
    for path in (folder, place.folder / "profiles.yml"):
        assert "MS0672" in place.cli("dataset", "export", "train", "1", "-o", str(path), code=3).err
    assert sorted(path.name for path in folder.iterdir()) == before
    assert [path.name for path in place.folder.iterdir() if path.name.startswith(".out")] == []


def test_a_table_that_was_changed(place):
    """An export says that the rows are not those that were frozen."""
    place.cli("snapshot", "train")
    place.cli("snapshot", "train")
    for statement in (
        "DROP TABLE {{ target.schema }}.train__v1",
        "INSERT INTO {{ target.schema }}.train__v2 (video_id) VALUES ('x')",
    ):
        place.write("macros/meddle.sql", f"{{% macro meddle() %}}{statement}{{% endmacro %}}")
        place.cli("run-operation", "meddle")
    for version in "12":
        err = place.cli("dataset", "export", "train", version, "-o", str(place.folder / "out"), code=3).err
        assert "MS0673" in err
        assert not (place.folder / "out").exists()
    assert "MS0673" in place.cli("dataset", "promote", "train", "1", code=3).err


# Comparing


def test_two_versions_compared(place):
    """Rows added, removed and changed, counted and named; and what is declared otherwise."""
    place.cli("snapshot", "train")
    fill(place, range(2, 23), frames=5)
    place.fill("videos", {"video_id": "text", "frames": "int", "path": "text"}, VIDEOS_AFTER)
    place.edit("models/datasets.yml", "frames > 1", "frames > 2")
    place.run()
    place.cli("snapshot", "train")
    told = document(place, "dataset", "diff", "train", "1", "2", "--limit", "10")
    assert told["rows"] == {"added": 1, "removed": 16, "changed": 2}
    assert told["definition"] == ["where: frames > 1 → frames > 2"]
    assert told["changes"][0] == {"change": "changed", "key": {"video_id": "v1"}, "columns": ["frames"]}
    assert len(told["changes"]) == 10
    text = place.cli("dataset", "diff", "train", "1", "latest", "--limit", "30").out
    assert "1 added, 16 removed, 2 changed" in text
    assert [line.split() for line in text.splitlines() if "v2 " in line] == [["changed", "v2", "path,", "full_path"]]
    same = place.cli("dataset", "diff", "train", "2", "v2").out
    assert "declared alike" in same
    assert "rows: the same" in same


VIDEOS_AFTER = [("v1", 6, "/1.mp4"), ("v2", 5, "/new.mp4"), ("v3", 5, "/3.mp4"), ("v30", 5, "/30.mp4")]


def test_versions_of_other_forms_compared(place):
    """Columns that came or went are told; rows are compared by what both have. Other keys cannot be compared."""
    place.cli("snapshot", "train")
    place.edit(
        "models/datasets.yml", "{column: video/full.path, as: full_path}", "{column: video/full.path, as: source}"
    )
    place.cli("snapshot", "train")
    told = document(place, "dataset", "diff", "train", "1", "2")
    assert told["rows"] == {"added": 0, "removed": 0, "changed": 0}
    assert told["definition"] == [
        "column `full_path` is gone, from video/full.path",
        "column `source` is new, from video/full.path",
    ]
    place.write(
        "models/datasets.yml",
        "version: 1\ndatasets: [{name: train, features: [video/full, clip/cut], columns: [text]}]",
    )
    place.cli("snapshot", "train")
    told = document(place, "dataset", "diff", "train", "1", "3")
    assert told["rows"] is None
    assert "key: video_id → video_id, n" in told["definition"]
    assert "feature `video/crop` is gone" in told["definition"]


def test_a_feature_that_was_declared_otherwise(place):
    """The diff names the fields."""
    place.cli("snapshot", "train")
    place.edit("models/video/crop.sql", "'crop/'", "'cropped/'")
    place.run()
    place.cli("snapshot", "train")
    told = document(place, "dataset", "diff", "train", "1", "2")
    assert told["rows"]["changed"] == 19
    assert told["definition"] == ["feature `video/crop` is declared otherwise: f"]


# Promoting


def current(place):
    return place.values("SELECT count(*) FROM train__current")[0][0]


def test_promotion_and_rollback(place):
    """`NAME__current` is the promoted version; rollbacks go back one promotion at a time."""
    for count in (19, 10, 5):
        fill(place, range(1, count + 1))
        place.run()
        place.cli("snapshot", "train")
    assert "MS0674" in place.cli("dataset", "show", "train", "current", code=3).err
    for version, rows in (("1", 19), ("v2", 10), ("latest", 5)):
        assert "train__current is v" in place.cli("dataset", "promote", "train", version).err
        assert current(place) == rows
    place.cli("dataset", "promote", "train", "3")
    place.cli("dataset", "rollback", "train")
    assert current(place) == 10
    assert document(place, "dataset", "show", "train", "current")["version"] == 2
    place.cli("dataset", "rollback", "train")
    assert current(place) == 19
    assert "MS0674" in place.cli("dataset", "rollback", "train", code=3).err
    assert current(place) == 19
    place.cli("dataset", "promote", "train", "3")
    place.cli("dataset", "rollback", "train")
    assert current(place) == 19
    log = [row[0] for row in place.values("SELECT action FROM metasql_promotions ORDER BY number")]
    assert log == ["promote", "promote", "promote", "rollback", "rollback", "promote", "rollback"]


# Bad input


WRONG = [
    (("snapshot", "trian"), "MS0363", 1),
    (("snapshot", "train", "--name", "v7"), "MS0670", 3),
    (("snapshot", "train", "--name", "current"), "MS0670", 3),
    (("snapshot", "train", "--name", "a b"), "MS0670", 3),
    (("snapshot", "train", "--name", "baseline"), "MS0670", 3),
    (("dataset", "show", "trian"), "MS0363", 1),
    (("dataset", "show", "train", "7"), "MS0671", 3),
    (("dataset", "show", "train", "v"), "MS0671", 3),
    (("dataset", "diff", "train", "1", "baselien"), "MS0671", 3),
    (("dataset", "diff", "trian", "1", "1"), "MS0363", 1),
    (("dataset", "export", "train", "7", "-o", "x"), "MS0671", 3),
    (("dataset", "promote", "train", "7"), "MS0671", 3),
    (("dataset", "promote", "clips", "latest"), "MS0671", 3),
    (("dataset", "rollback", "train"), "MS0674", 3),
    (("dataset", "rollback", "trian"), "MS0363", 1),
    (("dataset", "export", "train", "1"), "--output", 2),
    (("dataset", "diff", "train", "1"), "metasql dataset diff NAME OLD NEW", 2),
    (("dataset", "list", "--limit", "3"), "belongs to diff", 2),
    (("dataset", "drop", "train"), "Invalid value", 2),
]


def test_bad_input(place):
    """Every mistake is told, and nothing comes of it."""
    place.cli("snapshot", "train", "--name", "baseline")
    for command, word, code in WRONG:
        assert word in place.cli(*command, code=code).err, command
    assert place.values("SELECT count(*) FROM metasql_dataset_versions") == [(1,)]
    assert [name for name in place.relations() if name.startswith("train__")] == []


def test_before_the_first_run(tmp_path, engine):
    """A dataset of features that were never run cannot be frozen."""
    from tests.scenarios.support_datasets import declared

    place = declared(tmp_path, engine)
    fill(place)
    place.run("--select", "video/full")
    err = place.cli("snapshot", "train", code=3).err
    assert "MS0607" in err
    assert "metasql run --select +video/crop" in err


def test_a_dataset_that_is_declared_no_more(place):
    """Its versions can still be looked at."""
    place.cli("snapshot", "train")
    place.write("models/datasets.yml", "version: 1")
    assert document(place, "dataset", "show", "train", "1")["rows"] == 19
    place.cli("dataset", "export", "train", "1", "-o", str(place.folder / "out"))
    assert "MS0363" in place.cli("snapshot", "train", code=1).err
