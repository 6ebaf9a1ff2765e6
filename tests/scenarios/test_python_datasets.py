"""Datasets in the Python API: frozen, read in every form, promoted."""

from __future__ import annotations

from datetime import datetime

import pytest

import metasql
from tests.scenarios.support_datasets import declared, fill, made, splits


@pytest.fixture
def place(tmp_path, engine):
    return made(tmp_path, engine)


@pytest.fixture
def project(place):
    place.engine.ready(place.folder)
    return metasql.Project.load(place.folder)


def test_a_version_in_every_form(place, project):
    """Its rows by their key, the same ones as Arrow, polars, pandas and dicts, whatever comes after."""
    with project.connect() as wh:
        version = wh.snapshot("train", message="for a test", name="baseline")
        assert (version.dataset, version.version, version.name, version.rows) == ("train", 1, "baseline", 19)
        assert version.features["video/crop"]["fields"]["f"]["code_version"]
        data = wh.dataset("train", "baseline")
        rows = data.to_dicts()
        assert [row["video_id"] for row in rows] == sorted(f"v{n}" for n in range(1, 20))
        assert list(rows[0]) == ["video_id", "frames", "path", "full_path", "split"]
        assert data.to_polars().to_dicts() == data.to_arrow().to_pylist() == rows
        assert data.to_pandas().to_dict("records") == rows
        assert [batch.num_rows for batch in data.batches(8)] == [8, 8, 3]
        assert data.version == version == wh.dataset("train", 1).version
        assert datetime.fromisoformat(version.created_at)
    assert project.datasets() == ("clips", "parts", "train")


def test_a_split(place, project):
    """Of a version and of the dataset as it is now."""
    wanted = splits(place)
    with project.connect() as wh:
        wh.snapshot("train")
        for version in (None, "latest"):
            for split in ("train", "val"):
                found = {row["video_id"] for row in wh.dataset("train", version, split=split).to_dicts()}
                assert found == {name for name, other in wanted.items() if other == split}
        with pytest.raises(metasql.MetasqlError, match="MS0820"):
            wh.dataset("train", split="tset")


def test_as_it_is_now(place, project):
    """Without a version the rows follow the features."""
    with project.connect() as wh:
        assert wh.dataset("train").version is None
        assert len(wh.dataset("train").to_dicts()) == 19
    fill(place, range(3))
    place.run()
    place.engine.ready(place.folder)
    with project.connect() as wh:
        assert len(wh.dataset("train").to_dicts()) == 2


def test_promotion(place, project):
    """As on the command line."""
    with project.connect() as wh:
        for _ in range(2):
            wh.snapshot("train")
        assert wh.promote_dataset("train", 1).is_current
        assert wh.promote_dataset("train", "latest").version == 2
        assert wh.dataset("train", "current").version.version == 2
        assert wh.rollback_dataset("train").version == 1
        assert [item.is_current for item in wh.dataset_versions("train")] == [True, False]
    assert place.values("SELECT count(*) FROM train__current") == [(19,)]


def test_mistakes(place, project):
    """Each with its code."""
    with project.connect() as wh:
        wh.snapshot("train", name="baseline")
        for call, code in (
            (lambda: wh.snapshot("trian"), "MS0363"),
            (lambda: wh.snapshot("train", name="baseline"), "MS0670"),
            (lambda: wh.dataset("trian"), "MS0363"),
            (lambda: wh.dataset("train", 2), "MS0671"),
            (lambda: wh.dataset("train", "current"), "MS0674"),
            (lambda: wh.promote_dataset("train", 5), "MS0671"),
            (lambda: wh.rollback_dataset("train"), "MS0674"),
        ):
            with pytest.raises(metasql.MetasqlError, match=code):
                call()


def test_before_the_first_run(tmp_path, engine):
    """There are no rows to read."""
    place = declared(tmp_path, engine)
    fill(place)
    place.run("--select", "video/full")
    place.engine.ready(place.folder)
    with metasql.Project.load(place.folder).connect() as wh:
        for call in (lambda: wh.dataset("train"), lambda: wh.snapshot("train")):
            with pytest.raises(metasql.MetasqlError, match="MS0607"):
                call()
