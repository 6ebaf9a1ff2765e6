"""Workers beside one another, workers that die, and one committer for those of an engine that one process has."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

import metasql
from metasql.api.served import Committer
from tests.scenarios.support_batches import IDS, batches, fill, paths

WORKERS = 32
TOKEN = "a token of the tests"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(engine, tmp_path):
    return batches(tmp_path, engine)


@pytest.fixture
def project(place):
    place.engine.ready(place.folder)
    return metasql.Project.load(place.folder)


@contextmanager
def committer(project, token=TOKEN):
    """A committer in a thread of its own; gives what makes a worker."""
    with project.connect() as warehouse:
        made = Committer(warehouse, token)
        serving = threading.Thread(target=made.serve)
        serving.start()
        try:
            yield lambda token=token: project.worker(made.address, token)
        finally:
            made.stop()
            serving.join()


def made(rows, **columns):
    return [{"id": row["id"], "metasql_receipt": row["metasql_receipt"], **columns} for row in rows]


def test_two_workers_with_the_same_rows(place, project):
    """Both results are right; the later one stands, the earlier one is in the history, and nothing is there twice."""
    with project.connect() as one, project.connect() as other:
        first, second = one.increment("e").to_dicts(), other.increment("e").to_dicts()
        assert other.commit("e", made(second, path="second")).changed == 8
        assert one.commit("e", made(first, path="first")).changed == 8
        assert other.increment("e").to_dicts() == []
    assert paths(place) == dict.fromkeys(IDS, "first")
    assert place.values("SELECT count(*) FROM e") == [(8,)]
    assert set(place.values("SELECT path FROM e__history")) == {("second",)}


DYING = """
import os, sys, metasql
with metasql.Project.load(sys.argv[1]).connect() as wh:
    rows = wh.increment("e").to_dicts()
    print(len(rows), flush=True)
    os._exit(9)
"""


def test_a_worker_that_dies_before_it_commits(place, project):
    """What it was handed out is handed out again."""
    if place.engine.name == "chdb":  # this process has the folder
        rows = len(place.increment("e", "new"))
    else:
        run = [sys.executable, "-c", DYING, str(place.folder)]
        died = subprocess.run(run, capture_output=True, text=True, cwd=ROOT, check=False)
        assert died.returncode == 9, died.stderr
        rows = int(died.stdout)
    with project.connect() as wh:
        again = wh.increment("e").to_dicts()
        assert len(again) == rows == 8
        wh.commit("e", made(again, path="p"))
        assert wh.increment("e").to_dicts() == []


def test_upstream_that_moves_on_meanwhile(place, project):
    """The result is stored, and is stale: it is never called fresh."""
    with project.connect() as wh:
        rows = wh.increment("e").to_dicts()
    fill(place, {**dict.fromkeys(IDS, ("x", "y")), "1": ("X", "y")})
    place.run("--select", "a")
    with project.connect() as wh:
        assert wh.commit("e", made(rows, path="p")).changed == 8
        [left] = wh.increment("e").to_dicts()
        assert (left["id"], left["metasql_status"], left["metasql_stale_fields"]) == ("1", "stale", "x")


def test_upstream_that_loses_a_sample_meanwhile(place, project):
    """The result is stored, and is orphaned."""
    with project.connect() as wh:
        rows = wh.increment("e").to_dicts()
    fill(place, {name: ("x", "y") for name in IDS if name != "1"})
    place.run("--select", "a")
    with project.connect() as wh:
        assert wh.commit("e", made(rows, path="p")).changed == 8
        assert [row["id"] for row in wh.increment("e", status="orphaned").to_dicts()] == ["1"]
        assert wh.increment("e").to_dicts() == []


def test_a_commit_that_is_repeated(place, project):
    """After a lost answer nothing is known: the same rows once more change nothing."""
    with project.connect() as wh:
        rows = made(wh.increment("e").to_dicts(), path="p")
        assert wh.commit("e", rows).changed == 8
        before = wh.commit("e", rows)
        assert (before.changed, before.commit) == (0, None)
    assert place.values("SELECT count(*) FROM e__history") == [(0,)]


def test_children_of_inputs(place, project):
    """Those without children are done; what an input no longer gives is deleted; repeating it changes nothing."""
    with project.connect() as wh:
        rows = sorted(wh.increment("parts").to_dicts(), key=lambda row: row["id"])
        inputs = made(rows)
        children = pa.Table.from_pylist([{"id": row["id"], "n": n, "path": "p"} for row in rows[:2] for n in range(3)])
        done = wh.commit("parts", children, inputs=pa.Table.from_pylist(inputs))
        assert (done.rows, done.changed, done.deleted) == (6, 6, 0)
        assert wh.increment("parts").to_dicts() == []
        done = wh.commit("parts", children.slice(0, 4), inputs=inputs)
        assert (done.changed, done.deleted) == (0, 2)
        assert wh.commit("parts", children.slice(0, 4), inputs=inputs).deleted == 0
        assert wh.commit("parts", [], inputs=inputs).deleted == 4
    assert place.values("SELECT count(*) FROM parts") == [(0,)]


def test_a_child_of_an_input_that_is_not_listed(place, project):
    """It is named, and nothing is written."""
    with project.connect() as wh:
        rows = sorted(wh.increment("parts").to_dicts(), key=lambda row: row["id"])
        children = [{"id": row["id"], "n": 0, "path": "p"} for row in rows]
        with pytest.raises(metasql.MetasqlError, match="MS0809"):
            wh.commit("parts", children, inputs=made(rows[:-1]))
        with pytest.raises(metasql.MetasqlError, match="MS0807"):
            wh.commit("parts", children, inputs=[row | {"metasql_receipt": "r1:"} for row in made(rows)])
    assert place.values("SELECT count(*) FROM parts__samples") == [(0,)]


def test_many_workers_at_once(place):
    """Each has a shard, and commits in small batches: nothing is lost, and nothing is there twice.

    Where one process alone has the warehouse they commit through one committer; else each has a connection.
    """
    names = [f"{number:04}" for number in range(12 * WORKERS)]
    fill(place, dict.fromkeys(names, ("x", "y")))
    place.run("--select", "a")
    place.engine.ready(place.folder)
    project = metasql.Project.load(place.folder)

    def work(index, open_one):
        with open_one() as wh, wh.writer("e", every=9, seconds=None) as out:
            for row in wh.increment("e", shard=(index, WORKERS)).to_dicts():
                out.put({"id": row["id"], "path": f"p{row['id']}", "metasql_receipt": row["metasql_receipt"]})

    with ThreadPoolExecutor(WORKERS) as pool:
        if place.engine.alone:
            with committer(project) as open_one:
                list(pool.map(lambda index: work(index, open_one), range(WORKERS)))
        else:
            list(pool.map(lambda index: work(index, project.connect), range(WORKERS)))
    assert paths(place) == {name: f"p{name}" for name in names}
    assert place.values("SELECT count(*), count(DISTINCT id) FROM e") == [(len(names), len(names))]
    assert place.values("SELECT count(*) FROM e__increment") == [(0,)]
    assert place.values("SELECT new FROM metasql_status WHERE feature = 'e'") == [(0,)]


def test_a_worker_behind_a_committer(place, project):
    """It has what a worker needs, and hears the same errors."""
    with committer(project) as open_one, open_one() as wh:
        rows = wh.increment("e", limit=3, where="id <> '1'", fields=["x"], shard=(0, 1)).to_dicts()
        assert len(rows) == 3
        with pytest.raises(metasql.MetasqlError, match="MS0810") as caught:
            wh.commit("e", made(rows, n="many"))
        assert "row 1" in str(caught.value)
        assert wh.commit("e", pa.Table.from_pylist(made(rows, path="p"))).changed == 3
        assert wh.commit_errors("e", [row | {"metasql_error": "no"} for row in wh.increment("e").to_dicts()]) == 5
        assert wh.retry("e", where="metasql_attempts = 1") == 5
        inputs = made(wh.increment("parts").to_dicts())
        assert wh.commit("parts", [], inputs=inputs).rows == 0
        assert wh.increment("parts").to_dicts() == []
        for use in (lambda: wh.increment("f"), lambda: wh.increment("e", limit=-1).to_dicts(), wh.increment("e").sql):
            with pytest.raises(metasql.MetasqlError, match=r"MS0330|MS0820|MS0504"):
                use()
        with pytest.raises(metasql.MetasqlError, match="MS0653"):
            open_one("another token").commit("e", [])
    assert len(paths(place)) == 3


def test_a_committer_that_is_not_there(project):
    """Said as such, with the way to start one."""
    with pytest.raises(metasql.MetasqlError, match="MS0653"):
        project.worker("http://127.0.0.1:9", "token").commit("e", [])


def test_a_port_that_is_taken(place, project):
    """A second committer at the same port is refused."""
    with project.connect() as warehouse:
        first = Committer(warehouse, TOKEN)
        port = int(first.address.rpartition(":")[2])
        with pytest.raises(metasql.MetasqlError, match="MS0652"):
            Committer(warehouse, TOKEN, port=port)
        first._server.server_close()


def test_the_command(place, project):
    """`metasql serve-commits` shows its address, serves, and ends when it is told to, with everything counted."""
    if place.engine.name == "chdb":
        return  # this process has the folder, and another one is refused
    command = [sys.executable, "-m", "metasql", "serve-commits", "--project-dir", str(place.folder), "--port", "0"]
    environment = {**os.environ, "METASQL_COMMIT_TOKEN": TOKEN}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as process:
        address = process.stdout.readline().strip()
        with project.worker(address, TOKEN) as wh:
            wh.commit("e", made(wh.increment("e").to_dicts(), path="p"))
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    assert len(paths(place)) == 8
    assert place.values("SELECT new FROM metasql_status WHERE feature = 'e'") == [(0,)]
