"""Warehouses that earlier versions of metasql wrote, in the hands of the present one: `tests/fixtures/warehouses`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from metasql import Project
from metasql.diagnostics import MetasqlError
from metasql.execute import state
from metasql.execute.registry import connect
from metasql.pipeline import Options
from metasql.pipeline import load as load_project
from tests.scenarios.support import Place
from tests.support.old_warehouses import VERSIONS, WAREHOUSES, engine_folder, old_project, old_warehouse, restored

MODELS = "models/features.yml"
CLIP = {"id": "VARCHAR", "etag": "VARCHAR", "height": "INTEGER"}
FEATURES = ("clip", "size", "crop", "shot", "total")
KEPT = ("clip__samples", "size__samples", "size__history", "crop__samples", "crop__history", "shot__samples")
KEPT += ("total__samples", "shot__inputs")
NOTHING = (0, 0, 0)
PENDING = {"clip": NOTHING, "size": NOTHING, "total": NOTHING, "crop": (2, 0, 0), "shot": (2, 0, 0)}
"""New, stale and orphaned: `c` and `e` have no crop, `b` and `c` were not cut."""


@pytest.fixture(params=VERSIONS, ids=[f"v{version}" for version in VERSIONS])
def old(request, tmp_path, engine):
    """The warehouse of a version, with the project that made it; and the batch that was handed out there."""
    place = Place(tmp_path / "clips", engine)
    old_project(place.folder)
    batch = old_warehouse(place.folder, engine, request.param)
    shutil.copy(batch, place.folder / "old.json")
    return place


READERS = [("status",), ("increment", "crop"), ("why", "crop", "c"), ("history",), ("verify",), ("plan",)]
WRITERS = [("run",), ("commit", "crop", "old.json"), ("delete", "crop", "--orphaned"), ("retry-samples", "crop")]
WRITERS += [("vacuum", "--older-than", "0d"), ("clean", "--orphaned-relations", "--yes")]


@pytest.fixture(scope="module")
def newer(tmp_path_factory, engine):
    """A warehouse that a version wrote which does not exist yet."""
    place = Place(tmp_path_factory.mktemp("newer"), engine)
    old_project(place.folder)
    shutil.copy(old_warehouse(place.folder, engine, VERSIONS[-1]), place.folder / "old.json")
    engine.ready(place.folder)
    project = load_project(Options(place.folder))
    connection = connect(project.target, project.config.hash)
    row = {"name": "version", "value": "99"}
    state.replace(connection, project.layout, "metasql_meta", {"name": "version"}, [row])
    connection.close()
    return place


def stored(place):
    """Every row of every feature, as it is stored, with its times and commit numbers."""
    return place.tables(KEPT, without=())


def version(place):
    return place.values("SELECT value FROM metasql_meta WHERE name = 'version'")[0][0]


def counted(place):
    found = json.loads(place.cli("status", "--json").out)["features"]
    return {item["feature"]: (item["new"], item["stale"], item["orphaned"]) for item in found}


def verified(place):
    """Both increments agree; gives the features that have one by delta."""
    found = json.loads(place.cli("verify", "--json").out)["features"]
    assert [item["differing"] for item in found] == [0] * len(FEATURES)
    return {item["feature"] for item in found if item["way"] == "delta"}


def test_there_is_a_warehouse_of_every_earlier_version():
    """Who counts the version up makes one of the version before; the README there says how."""
    assert list(range(1, int(state.VERSION))) == VERSIONS
    for number in VERSIONS:
        assert {path.name for path in (WAREHOUSES / f"v{number}").iterdir()} == {"duckdb", "clickhouse"}


def test_the_next_one_can_be_made(engine, tmp_path):
    """The script that keeps a warehouse works, and what it kept is what was there."""
    kept = tmp_path / "kept"
    made = [sys.executable, str(WAREHOUSES.parent / "make_warehouse.py"), engine_folder(engine), str(kept)]
    subprocess.run(made, check=True, cwd=WAREHOUSES.parents[2])
    place = Place(tmp_path / "clips", engine)
    old_project(place.folder)
    batch = restored(place.folder, engine, kept)
    assert version(place) == state.VERSION
    assert counted(place) == PENDING
    place.cli("commit", "crop", str(batch))
    assert counted(place) == PENDING | {"crop": NOTHING}
    verified(place)


def test_reading_changes_nothing(old):
    """Whoever looks with the present metasql sees what is there, and leaves it to the old one."""
    before, was = stored(old), version(old)
    assert counted(old) == PENDING
    verified(old)
    assert set(old.listed("crop")) == {("c",), ("e",)}
    for words in (["plan"], ["history"], ["history", "size", "b"], ["why", "crop", "c"], ["show", "crop"]):
        old.cli(*words)
    assert version(old) == was != state.VERSION
    assert stored(old) == before


def test_a_run_upgrades(old):
    """metasql's own tables are all there; no sample is made anew, and none counts as new or stale that was settled."""
    before = stored(old)
    old.run()
    assert version(old) == state.VERSION
    assert all(old.columns(name) for name in state.TABLES)
    assert stored(old) == before
    assert counted(old) == PENDING
    assert verified(old) == {"size", "crop", "shot"}
    told = json.loads(old.cli("history", "--json").out)
    assert [row["command"] for row in told] == ["run", "commit", "delete", "run", "commit", "commit", "run"]
    assert "settled" in old.cli("why", "size", "b").out
    assert "half_height = 240 → 540" in old.cli("history", "size", "b").out
    assert "changed" not in old.cli("plan").out
    again = old.run()
    assert stored(old) == before
    assert "run: 5 ok" in again.err


@pytest.mark.parametrize("first", ["run", "commit"])
def test_an_old_receipt_is_still_good(old, first):
    """What the old version handed out is taken back, before the upgrade and after it."""
    if first == "run":
        old.run()
    old.cli("commit", "crop", str(old.folder / "old.json"))
    assert dict(old.values("SELECT id, path FROM crop")) == {name: f"/{name}/1" for name in "abce"}
    old.run()
    assert counted(old) == PENDING | {"crop": NOTHING}
    assert verified(old) == {"size", "crop", "shot"}
    before = stored(old)
    assert "0 of them changed" in old.cli("commit", "crop", str(old.folder / "old.json")).err
    assert stored(old) == before


def test_an_edit_after_the_upgrade(old):
    """It makes stale what it changed, and nothing else."""
    old.run()
    old.edit(MODELS, '[clip.frames, size.half], code_version: "1"', '[clip.frames, size.half], code_version: "2"')
    old.run()
    assert counted(old) == PENDING | {"crop": (2, 2, 0)}
    stale = {unit: said for unit, said in old.listed("crop").items() if said[0] == "stale"}
    assert stale == dict.fromkeys([("a",), ("b",)], ("stale", "frames", "code"))
    verified(old)


def test_an_edit_with_the_upgrade(old):
    """The project changed before the present metasql came to the target: that is seen, nothing is taken for settled."""
    old.edit(MODELS, 'deps: [clip.frames], code_version: "1"}]\n    columns: [{name: half', MORE)
    commits = "SELECT id, metasql_commit FROM size"
    before = dict(old.values(commits))
    old.run()
    after = dict(old.values(commits))
    assert before.keys() == after.keys() == set("abce")
    assert all(after[name] > max(before.values()) for name in after)
    verified(old)


MORE = 'deps: [clip.frames], code_version: "2"}]\n    columns: [{name: half'


def test_new_rows_upstream(old):
    """What changes in the source just before the upgrade goes through the whole graph."""
    old.fill("clip", CLIP, [("a", "e1", 360), ("b", "e2", 1080), ("c", "new", 720), ("f", "e6", 480)])
    old.run()
    assert dict(old.values("SELECT id, half_height FROM size")) == {"a": 180, "b": 540, "c": 360, "f": 240}
    assert dict(old.values("SELECT height, clips FROM total")) == {360: 1, 480: 1, 720: 1, 1080: 1}
    assert old.listed("crop") == {
        ("a",): ("stale", "frames", "upstream"),
        ("c",): ("new", "audio,frames", "new"),
        ("f",): ("new", "audio,frames", "new"),
    }
    assert counted(old)["shot"] == (3, 1, 1)
    verified(old)


def test_a_part_first(old):
    """Features that were not run again stay as the old version left them, and can be read and written beside."""
    old.fill("clip", CLIP, [("a", "e1", 360), ("b", "e2", 1080), ("c", "e3", 720), ("e", "e5", 480)])
    old.run("--select", "clip size")
    assert version(old) == state.VERSION
    assert old.listed("crop")[("a",)] == ("stale", "frames", "upstream")
    old.cli("commit", "crop", str(old.folder / "old.json"))
    verified(old)
    old.run()
    assert counted(old)["crop"] == (0, 1, 0)
    assert counted(old)["shot"] == (2, 1, 0)
    verified(old)


def test_other_commands_come_first(old):
    """Whatever writes first makes the tables that it needs."""
    old.cli("delete", "crop", "--where", "id = 'a'", "--hard")
    old.cli("vacuum", "--older-than", "0d")
    old.edit(MODELS, TOTAL, "")
    (old.folder / "models/total.sql").unlink()
    assert "total__samples" in old.cli("clean", "--orphaned-relations").out
    old.cli("clean", "--orphaned-relations", "--yes")
    assert not old.columns("total__samples")
    old.run()
    assert counted(old)["crop"] == (3, 0, 0)
    assert old.cli("verify").code == 0


TOTAL = """
  - name: total
    id_columns: [height]
    deps: [{feature: clip, columns: {clips: count(*)}, lineage: {aggregation: {on: [height]}}}]
    fields: [{name: count, deps: [clip.frames], code_version: "1"}]
    columns: [{name: clips, type: bigint}]
"""


def test_dropping_comes_first(old):
    """An older version has not all the tables that know of a feature."""
    old.edit(MODELS, TOTAL, "")
    (old.folder / "models/total.sql").unlink()
    old.cli("clean", "--orphaned-relations", "--yes")
    assert not old.columns("total__samples")
    assert version(old) == state.VERSION
    old.run()
    assert counted(old) == {key: said for key, said in PENDING.items() if key != "total"}


def test_a_rebase_comes_first(old):
    """The rows of the old version are accepted under the present definition."""
    old.edit(MODELS, '[clip.frames, size.half], code_version: "1"', '[clip.frames, size.half], code_version: "2"')
    old.cli("rebase", "crop", "--reason", "the same frames")
    old.run()
    assert counted(old) == PENDING
    verified(old)


@pytest.mark.parametrize("words", READERS + WRITERS, ids=" ".join)
def test_a_newer_warehouse_is_left_alone(newer, words):
    """What a newer version keeps there may mean more than this one knows: it is neither read nor written."""
    words = [str(newer.folder / word) if word == "old.json" else word for word in words]
    assert "MS0606" in newer.cli(*words, code=3).err


def test_a_newer_warehouse_is_not_opened_from_python(newer):
    """The same for a program."""
    newer.engine.ready(newer.folder)
    with pytest.raises(MetasqlError, match="newer metasql"):
        Project.load(newer.folder).connect()
