"""Versions of datasets are whole or not there: after a kill at any moment, and where several are made at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

import metasql
from tests.scenarios.support_datasets import document, made
from tests.scenarios.test_crash import killed, moments


@pytest.fixture
def place(tmp_path, engine):
    return made(tmp_path / "project", engine)


def test_a_killed_snapshot(place, tmp_path):
    """A version that is listed has all its rows; another one can be made in any case."""
    for number in moments(place, tmp_path / "search", "snapshot", "train", count=8):
        disturbed = place.copy(tmp_path / f"killed_{number}")
        assert killed(disturbed, number, "snapshot", "train")
        listed = document(disturbed, "dataset", "list")["versions"]
        assert {item["rows"] for item in listed} <= {19}
        disturbed.cli("snapshot", "train")
        versions = document(disturbed, "dataset", "list")["versions"]
        assert len(versions) == len(listed) + 1
        for item in versions:
            folder = tmp_path / f"out_{number}_{item['version']}"
            disturbed.cli("dataset", "export", "train", str(item["version"]), "-o", str(folder), "--format", "csv")


def test_a_killed_promotion(place, tmp_path):
    """What is current is one of the two, and promoting again completes it."""
    place.cli("snapshot", "train")
    place.edit("models/datasets.yml", "frames > 1", "frames > 100")
    place.cli("snapshot", "train")
    place.cli("dataset", "promote", "train", "1")
    for number in moments(place, tmp_path / "search", "dataset", "promote", "train", "2", count=5):
        disturbed = place.copy(tmp_path / f"killed_{number}")
        assert killed(disturbed, number, "dataset", "promote", "train", "2")
        assert disturbed.values("SELECT count(*) FROM train__current") in ([(19,)], [(0,)])
        disturbed.cli("dataset", "promote", "train", "2")
        assert disturbed.values("SELECT count(*) FROM train__current") == [(0,)]


def test_several_at_once(place):
    """Each has a number of its own, and all rows."""
    place.engine.ready(place.folder)
    project = metasql.Project.load(place.folder)

    def snapshot(_):
        with project.connect() as wh:
            return wh.snapshot("train")

    with ThreadPoolExecutor(4) as pool:
        versions = list(pool.map(snapshot, range(8)))
    assert len({item.version for item in versions}) == 8
    assert {item.rows for item in versions} == {19}
    assert len({item.digest for item in versions}) == 1
