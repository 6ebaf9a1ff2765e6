"""The buffered writer: what is put is committed or reported, from threads, after errors, and in the end."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

import metasql
from tests.scenarios.support_batches import IDS, batches, paths


@pytest.fixture
def place(engine, tmp_path):
    return batches(tmp_path, engine)


@pytest.fixture
def wh(place):
    place.engine.ready(place.folder)
    with metasql.Project.load(place.folder).connect() as found:
        yield found


def todo(wh, key="e", **columns):
    """A row of results for each row of an increment."""
    rows = sorted(wh.increment(key).to_dicts(), key=lambda row: row["id"])
    return [{"id": row["id"], "metasql_receipt": row["metasql_receipt"], **columns} for row in rows]


def left(wh, key="e"):
    return len(wh.increment(key).to_dicts())


def test_rows_are_committed_in_batches(wh):
    """By the number of rows, and the rest at the end."""
    rows = todo(wh, path="p")
    with wh.writer("e", every=3, seconds=None) as out:
        for number, row in enumerate(rows, 1):
            out.put(row)
            assert left(wh) == 8 - number // 3 * 3
    assert left(wh) == 0


def test_flush(wh):
    """At once."""
    with wh.writer("e", seconds=None) as out:
        out.put(todo(wh, path="p")[:2])
        assert left(wh) == 8
        out.flush()
        assert left(wh) == 6


def test_rows_that_have_waited(wh):
    """They are committed without another call."""
    with wh.writer("e", seconds=0.01) as out:
        out.put(todo(wh, path="p")[:2])
        waiting = threading.Event()
        while left(wh) != 6:
            waiting.wait(0.01)
        out.put(todo(wh, path="p")[:1])
        while left(wh) != 5:
            waiting.wait(0.01)


def test_any_form(wh):
    """A data frame is as many rows."""
    with wh.writer("e", seconds=None) as out:
        out.put(pl.DataFrame(todo(wh, path="p")))
    assert left(wh) == 0


def test_an_error_in_the_block(place, wh):
    """What was put before it is a result, and is committed."""

    def fail():
        with wh.writer("e") as out:
            out.put(todo(wh, path="p")[:3])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert left(wh) == 5


def test_the_end_of_the_warehouse(place):
    """A writer that is still open then commits what it has."""
    with metasql.Project.load(place.folder).connect() as wh:
        out = wh.writer("e", seconds=None).__enter__()
        out.put(todo(wh, path="p"))
    assert len(paths(place)) == 8


def test_one_bad_row(wh):
    """The others of its batch are committed; it is carried by the error, with what is wrong."""
    rows = todo(wh, path="p", n=1)
    rows[5]["n"] = "many"
    with wh.writer("e", seconds=None) as out:
        out.put(rows)
        with pytest.raises(metasql.Unwritten) as caught:
            out.flush()
        assert (list(caught.value.rows), caught.value.inputs) == ([rows[5]], ())
        assert {"MS0822", "MS0810"} == set(caught.value.codes)
        assert left(wh) == 1
        out.put({**rows[5], "n": 1})
    assert left(wh) == 0


def test_every_row_is_bad(wh):
    """All of them are carried, and not each of them is tried by itself."""
    rows = todo(wh, n="many")

    def write():
        with wh.writer("e", seconds=None) as out:
            out.put(rows)

    with pytest.raises(metasql.Unwritten) as caught:
        write()
    assert sorted(row["id"] for row in caught.value.rows) == sorted(IDS)
    assert left(wh) == 8


def test_a_commit_that_time_started_fails(wh):
    """The next call says so."""
    bad, good = todo(wh, n="many")[0], todo(wh, path="p")[1]
    tried = threading.Event()
    with wh.writer("e", seconds=0.01) as out:
        commit = out._commit

        def watched(rows, inputs):
            try:
                commit(rows, inputs)
            finally:
                tried.set()

        out._commit = watched
        out.put(bad)
        tried.wait()
        with pytest.raises(metasql.Unwritten) as caught:
            out.put(good)
        assert list(caught.value.rows) == [bad]
    assert left(wh) == 7


def test_two_results_for_one_sample(place):
    """The second comes after the first, which goes to the history."""
    with metasql.Project.load(place.folder).connect() as wh:
        rows = todo(wh, path="first")
        with wh.writer("e", seconds=None) as out:
            out.put(rows)
            out.put({**rows[0], "path": "second"})
    assert paths(place)[rows[0]["id"]] == "second"
    assert place.values("SELECT id, path FROM e__history") == [(rows[0]["id"], "first")]


def test_many_threads(wh):
    """Each puts its rows; every one of them is there, once."""
    rows = todo(wh, path="p")
    with wh.writer("e", every=2, seconds=0.01) as out, ThreadPoolExecutor(8) as pool:
        list(pool.map(out.put, rows))
    assert left(wh) == 0


def test_children_with_their_inputs(place, wh):
    """Inputs with no children are done too; children of one input are never parted."""
    rows = sorted(wh.increment("parts").to_dicts(), key=lambda row: row["id"])
    with wh.writer("parts", every=3, seconds=None) as out:
        for number, row in enumerate(rows):
            children = [{"id": row["id"], "n": n, "path": "p"} for n in range(number)]
            out.put(children, inputs=[{"id": row["id"], "metasql_receipt": row["metasql_receipt"]}])
    assert left(wh, "parts") == 0


def test_children_without_their_inputs(wh):
    """A part of an input's children would be taken for all of them."""
    with wh.writer("parts") as out, pytest.raises(metasql.MetasqlError, match="MS0821"):
        out.put({"id": "1", "n": 1, "metasql_receipt": "r1:"})


def test_inputs_of_a_feature_without_any(wh):
    """They are refused before anything is kept."""
    with wh.writer("e") as out, pytest.raises(metasql.MetasqlError, match="MS0812"):
        out.put(todo(wh), inputs=[])


@pytest.mark.parametrize("options", [{"every": 0}, {"seconds": 0}, {"seconds": -1}])
def test_numbers_that_make_no_sense(options, wh):
    """Said when the writer is made."""
    with pytest.raises(metasql.MetasqlError, match="MS0821"):
        wh.writer("e", **options)


def test_outside_the_block(wh):
    """Nobody would commit the rest."""
    out = wh.writer("e")
    with pytest.raises(metasql.MetasqlError, match="MS0821"):
        out.put(todo(wh))
    with out:
        pass
    with pytest.raises(metasql.MetasqlError, match="MS0821"):
        out.put(todo(wh))


def test_a_file_is_no_row(wh):
    """It is committed as it is."""
    with wh.writer("e") as out, pytest.raises(metasql.MetasqlError, match="MS0801"):
        out.put("done.parquet")


def test_an_interruption_loses_nothing(wh, monkeypatch):
    """What was to be committed then waits, and is committed at the end."""
    rows = todo(wh, path="p")
    with wh.writer("e", seconds=None) as out:
        out.put(rows)
        with monkeypatch.context() as patched:
            patched.setattr(out, "_commit", _interrupted)
            with pytest.raises(KeyboardInterrupt):
                out.flush()
        assert left(wh) == 8
    assert left(wh) == 0


def _interrupted(rows, inputs):
    raise KeyboardInterrupt
