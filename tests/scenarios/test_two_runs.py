"""Two runs on one target at once: one waits, or says who has it; a run that died is recognised."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

import metasql
from metasql.diagnostics import MetasqlError
from metasql.execute import clickhouse_lock
from metasql.execute.holding import Holder
from metasql.execute.registry import hold
from metasql.lower import clickhouse_locks as locks
from metasql.pipeline import Options, read_config
from tests.scenarios.support import PYTHON, Place

ROOT = Path(__file__).resolve().parents[2]
PAUSED = Path(__file__).with_name("support_paused.py")
ENV = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", **{k: v for k, v in os.environ.items() if k in ("HOME",)}}


@pytest.fixture
def place(tmp_path, engine):
    """A root, a feature over it, and one that is made outside; run once."""
    made = Place(tmp_path, engine)
    made.write(
        "models/features.yml",
        """
        version: 1
        sources: [{name: raw, schema: raw, tables: [{name: t}]}]
        features:
          - {name: a, id_columns: [id]}
          - {name: b, id_columns: [id], deps: [a]}
          - {name: outside, id_columns: [id], deps: [a], columns: [{name: path, type: text}]}
        """,
    )
    made.write("models/a.sql", "select id, x from {{ source('raw', 't') }}")
    made.write("models/b.sql", "select id, x from {{ ref('a') }}")
    made.fill("t", {"id": "bigint", "x": "text"}, [(1, "5"), (2, "6")])
    made.run()
    return made


def start(place, *command, paused=False):
    """A command in a process of its own."""
    program = [PYTHON, str(PAUSED)] if paused else [PYTHON, "-m", "metasql"]
    return subprocess.Popen(
        [*program, command[0], "--project-dir", str(place.folder), *command[1:]],
        env=ENV,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def leave_to_others(place):
    """A server answers everybody; a folder of chDB is closed here first."""
    if place.engine.alone:
        place.engine.settle(place.folder)
    else:
        place.engine.ready(place.folder)


@contextmanager
def at_work(place, command="run"):
    """A run in progress in another process; it goes on at the end, unless it was killed."""
    leave_to_others(place)
    with start(place, command, paused=True) as process:
        assert process.stdout.readline() == "at work\n", process.stderr.read()
        yield process
        if process.poll() is None:
            _, err = process.communicate("go\n")
            assert process.returncode == 0, err


def other_process(place, *command):
    """A command beside the one that is at work; chDB's folder cannot be opened twice from here."""
    with start(place, *command) as process:
        _, err = process.communicate()
    return process.returncode, err


def test_another_run_says_who_has_the_target(place):
    """Without patience it is told at once: command, process, and what can be done."""
    with at_work(place, "build") as process:
        code, told = other_process(place, "run", "--lock-timeout", "0")
        assert code == 3
        assert f"process {process.pid}" in told
        assert "--lock-timeout" in told
        assert ("MS0602" if place.engine.alone else "MS0608") in told
        assert ("`metasql build`" in told) is not place.engine.alone
    place.run()


def test_another_run_waits(place):
    """It says for whom, and begins when that one is done."""
    with at_work(place):
        waiting = start(place, "run", "--lock-timeout", "600")
        assert "600 s" in waiting.stderr.readline()
        assert waiting.poll() is None
    waiting.communicate()
    assert waiting.returncode == 0


def test_a_run_that_was_killed(place):
    """The next one goes on; where a lock was left behind, it is said to be taken over."""
    with at_work(place) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    code, told = other_process(place, "run")
    assert code == 0, told
    assert ("its process is no more; its lock is taken over" in told) is (place.engine.name != "duckdb")


def test_commits_go_on_beside_a_run(place):
    """Where several processes can write at all, a run keeps no worker waiting."""
    rows = [
        {"id": row["id"], "path": "p", "metasql_receipt": row["metasql_receipt"]} for row in place.increment("outside")
    ]
    with at_work(place):
        if not place.engine.alone:
            place.commit("outside", rows)
            assert place.values("SELECT count(*) FROM outside") == [(2,)]
    place.commit("outside", rows)
    assert place.increment("outside") == []


def test_many_runs_at_once_follow_one_another(place):
    """All of them come to their end, and no two of them are at work at the same time."""
    leave_to_others(place)
    running = [start(place, "run", "--full-refresh", "--lock-timeout", "600") for _ in range(4)]
    for process in running:
        _, told = process.communicate()
        assert process.returncode == 0, told
    found = place.values("SELECT started_at, finished_at FROM metasql_runs WHERE command = 'run' ORDER BY started_at")
    assert len(found) == 5
    assert all(before[1] <= after[0] for before, after in pairwise(found))


def held(place, run_id, command="run", patience=0.0, emit=lambda event: None):
    """The lock of a command of this process."""
    place.engine.ready(place.folder)
    config, target, _ = read_config(Options(place.folder))
    return hold(target, config.hash, Holder.of(run_id, command), patience, emit)


def test_two_threads_of_one_process(place):
    """They are two runs like any others."""
    with held(place, "one", "build"):
        with pytest.raises(MetasqlError) as caught:
            metasql.Project.load(place.folder).run(lock_timeout=0)
        assert caught.value.codes == ["MS0608"]
        assert "`metasql build`" in str(caught.value.bag.items[0].message)
    assert metasql.Project.load(place.folder).run(lock_timeout=0).ok


def test_a_thread_that_waits(place):
    """It is given the target when the other one leaves it."""
    heard = []

    def told(event):
        heard.append(event.text)
        leave.set()

    leave = threading.Event()
    done = threading.Event()

    def first():
        with held(place, "one"):
            done.set()
            leave.wait()

    thread = threading.Thread(target=first)
    thread.start()
    done.wait()
    with held(place, "two", patience=600, emit=told):
        assert "waiting for `metasql run`" in heard[0]
    thread.join()


def lock_elsewhere(place, run_id, silent):
    """The lock of a run on another machine, whose last heartbeat was so many seconds ago."""
    place.engine.ready(place.folder)
    with place.engine.client(place.folder) as client:
        client.command(
            f"INSERT INTO main.metasql_locks SELECT '{run_id}', 'build', 'ada', 'farhost', 'deadbeef_4d_c0ffee', 77,"
            f" now64(6, 'UTC') - {silent + 60}, now64(6, 'UTC') - {silent}, 0, 0"
        )


def release(place, run_id):
    """The end of a run, as it tells it itself."""
    with place.engine.client(place.folder) as client:
        client.command(locks.beat("main", run_id, released=True))


def test_a_table_of_locks_as_other_machines_write_it(place):
    """A holder on another machine is believed for 30 s after its last heartbeat, and ended then."""
    if place.engine.name == "duckdb":  # a file is one machine's
        return
    lock_elsewhere(place, "alive", 3)
    told = place.run("--lock-timeout", "0", code=0 if place.engine.alone else 3).err
    if not place.engine.alone:  # nobody else can have a folder of chDB open
        assert "MS0608" in told
        assert "`metasql build` of ada on farhost (process 77)" in told
        assert "its last sign of life was" in told
        release(place, "alive")
        lock_elsewhere(place, "dead", 31)
        told = place.run("--lock-timeout", "0").err
    assert "farhost (process 77) died: " in told
    assert "farhost" not in place.run("--lock-timeout", "0").err


def test_a_run_that_lost_its_lock(place, monkeypatch):
    """When it finds that another one has ended it, it begins nothing more."""
    if place.engine.name == "duckdb":  # nothing takes the file's lock away
        return
    monkeypatch.setattr(clickhouse_lock, "BEAT", 0.01)
    with held(place, "one") as lock:
        lock.check()
        lock._end("one")
        lock._beating.join()
        with pytest.raises(MetasqlError) as caught:
            lock.check()
    assert caught.value.codes == ["MS0609"]
