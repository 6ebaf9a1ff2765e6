"""The Python API: increments handed out and results taken back, in every form, with the logic of the command line."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import metasql
from tests.scenarios.support_batches import IDS, batches, fill, paths, stored, unmade


@pytest.fixture
def place(engine, tmp_path):
    return batches(tmp_path, engine)


@pytest.fixture
def project(place):
    place.engine.ready(place.folder)
    return metasql.Project.load(place.folder)


def made(rows, **columns):
    """Results for rows of an increment: their ids and receipts, and some columns."""
    return [{"id": row["id"], "metasql_receipt": row["metasql_receipt"], **columns} for row in rows]


def pairs(value):
    """A map as a dict, whichever way a library gives it."""
    return dict(value)


# Handing out


def test_an_increment_in_batches(project):
    """Arrow batches of at most the size that is asked for, with every unit once and its receipt."""
    with project.connect() as wh:
        found = list(wh.increment("e").batches(3))
    assert [type(batch) for batch in found] == [pa.RecordBatch] * 3
    assert [batch.num_rows for batch in found] == [3, 3, 2]
    rows = [row for batch in found for row in batch.to_pylist()]
    assert sorted(row["id"] for row in rows) == sorted(IDS)
    assert {row["metasql_status"] for row in rows} == {"new"}
    assert all(row["metasql_receipt"].startswith("r1:") for row in rows)


def test_the_same_rows_in_every_form(place, project):
    """As Arrow, polars, pandas and dicts; and they are those of the command line."""
    told = {row["id"]: row["metasql_receipt"] for row in place.increment("e", "new,stale")}
    with project.connect() as wh:
        inc = wh.increment("e")
        dicts = inc.to_dicts()
        assert {row["id"]: row["metasql_receipt"] for row in dicts} == told
        assert pairs(dicts[0]["metasql_provenance_by_field"]).keys() == {"x", "y"}
        for rows in (inc.to_arrow().to_pylist(), inc.to_polars().to_dicts(), inc.to_pandas().to_dict("records")):
            assert {row["id"]: row["metasql_receipt"] for row in rows} == told


def test_an_empty_increment(project):
    """No batches, and a table of no rows that has its columns."""
    with project.connect() as wh:
        inc = wh.increment("e", status="orphaned")
        assert list(inc.batches()) == []
        assert inc.to_arrow().num_rows == 0
        assert "metasql_receipt" in inc.to_arrow().schema.names
        assert (inc.to_dicts(), len(inc.to_polars()), len(inc.to_pandas())) == ([], 0, 0)


def test_a_part_of_an_increment(project):
    """By a number of rows, by a condition, and by the fields that are stale."""
    with project.connect() as wh:
        assert [row["id"] for row in wh.increment("e", limit=2).to_dicts()] == sorted(IDS)[:2]
        assert [row["id"] for row in wh.increment("e", where="id in ('2', '3') and id <> '2'").to_dicts()] == ["3"]
        wh.commit("e", made(wh.increment("e").to_dicts(), path="p"))
        assert wh.increment("e").to_dicts() == []


def test_only_where_a_field_is_stale(place, project):
    """A worker that makes one field is handed out what it has to make."""
    place.work_off("e", {"path": "p"})
    fill(place, {**dict.fromkeys(IDS, ("x", "y")), "1": ("X", "y"), "2": ("x", "Y")})
    place.run("--select", "a")
    with project.connect() as wh:
        assert {row["id"] for row in wh.increment("e").to_dicts()} == {"1", "2"}
        assert [row["id"] for row in wh.increment("e", fields=["y"]).to_dicts()] == ["2"]
        assert [row["id"] for row in wh.increment("e", status="stale", fields=["x"]).to_dicts()] == ["1"]


@pytest.mark.parametrize("count", [1, 3, 16])
def test_shards_are_a_partition(count, place, project):
    """Every unit is in one shard, and in the same one for the command line."""
    with project.connect() as wh:
        parts = [[row["id"] for row in wh.increment("e", shard=(index, count)).to_dicts()] for index in range(count)]
    assert sorted(name for part in parts for name in part) == sorted(IDS)
    out = place.cli("increment", "e", "--shard", f"0/{count}", "--format", "json").out
    assert out.count("\n") == len(parts[0])


def test_staying_in_the_warehouse(place, project):
    """The text of the query gives the same rows to any client; on DuckDB there is a relation of it, too."""
    with project.connect() as wh:
        inc = wh.increment("e", limit=3)
        if place.engine.name == "duckdb":
            assert inc.relation().count("id").fetchall() == [(3,)]
        else:
            with pytest.raises(metasql.MetasqlError, match="MS0504"):
                inc.relation()
    assert len(place.rows(inc.sql())) == 3


# Taking back


FORMS = {
    "dicts": lambda rows: rows,
    "generator": iter,
    "table": pa.Table.from_pylist,
    "batch": pa.RecordBatch.from_pylist,
    "batches": lambda rows: pa.Table.from_pylist(rows).to_batches(2),
    "reader": lambda rows: pa.Table.from_pylist(rows).to_reader(2),
    "polars": pl.DataFrame,
    "lazy": pl.LazyFrame,
    "pandas": pd.DataFrame,
    "index": lambda rows: pd.DataFrame(rows, index=range(7, 7 + len(rows))),
}


@pytest.mark.parametrize("form", FORMS)
def test_results_in_every_form(form, place, project):
    """All values arrive, NULL and awkward texts too, and nothing is left to do."""
    texts = dict(zip(IDS, [' a "q", b ', "two\nlines", "", None, "'); --", "é🎬", "a\\", "null"], strict=True))
    with project.connect() as wh:
        rows = [row | {"path": texts[row["id"]], "n": 2**31 - 1} for row in made(wh.increment("e").to_dicts())]
        done = wh.commit("e", FORMS[form](rows))
        assert (done.feature, done.rows, done.changed, done.deleted) == ("e", 8, 8, 0)
        assert wh.increment("e").to_dicts() == []
    assert paths(place) == texts
    assert place.values("SELECT DISTINCT n FROM e") == [(2**31 - 1,)]


def test_a_duckdb_relation_of_another_connection(place, project):
    """Rows that a program computed with a DuckDB of its own."""
    with project.connect() as wh, duckdb.connect() as own:
        todo = wh.increment("e").to_arrow()
        wh.commit("e", own.sql("SELECT id, metasql_receipt, 'p' || id AS path FROM todo"))
        assert todo.num_rows == 8
    assert paths(place) == {name: f"p{name}" for name in IDS}


def test_a_relation_of_the_warehouse_itself(place, project):
    """From the increment to the commit without a row in Python."""
    if place.engine.name != "duckdb":
        return
    with project.connect() as wh:
        todo = wh.increment("e").relation()
        wh.commit("e", todo.project("id, metasql_receipt, 'p' AS path"))
        assert len(wh.increment("e").to_dicts()) == 0
    assert set(paths(place).values()) == {"p"}


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_a_file(form, place, project):
    """By its path, as text or Path."""
    path = place.folder / f"done.{form}"
    with project.connect() as wh:
        table = pl.DataFrame(made(wh.increment("e").to_dicts(), path="p"))
        {"parquet": table.write_parquet, "csv": table.write_csv, "jsonl": table.write_ndjson}[form](path)
        assert wh.commit("e", str(path)).changed == 8
        assert wh.commit("e", path).changed == 0


def test_values_of_python(place, project):
    """Every kind of value as its column's type; a time with a zone is that moment in UTC."""
    east = timezone(timedelta(hours=2))
    values = {"n": 7, "amount": Decimal("12345.60"), "score": 0.1, "good": True}
    with project.connect() as wh:
        rows = made(wh.increment("e", limit=2).to_dicts(), **values)
        rows[0]["at"] = datetime(2024, 1, 1, 2, tzinfo=east)
        rows[1]["at"] = datetime(2024, 1, 1, 0, 0, 0, 5)
        wh.commit("e", rows)
    names = ", ".join(values)
    found = place.values(f'SELECT {names}, "at" FROM e ORDER BY "at"')
    assert [row[:4] for row in found] == [tuple(values.values())] * 2
    assert [row[4] for row in found] == [datetime(2024, 1, 1), datetime(2024, 1, 1, 0, 0, 0, 5)]


def test_no_rows_at_all(place, project):
    """An empty list, and an empty table: nothing happens, and nothing is wrong."""
    with project.connect() as wh:
        assert wh.commit("e", []) == metasql.Committed("e", 0, 0, 0, None)
        assert wh.commit("e", wh.increment("e", limit=0).to_arrow().select(["id", "metasql_receipt"])).rows == 0
    assert paths(place) == {}


def test_some_fields_of_a_sample(place, project):
    """A second commit with other columns leaves the first ones' values as they are."""
    with project.connect() as wh:
        rows = wh.increment("e", limit=1).to_dicts()
        wh.commit("e", made(rows, path="p"))
        wh.commit("e", made(rows, n=3))
    assert place.values("SELECT path, n FROM e") == [("p", 3)]


def test_what_the_warehouse_tells_after_the_block(place, project):
    """`metasql_status` and `metasql_runs` say what was done, however many commits there were."""
    with project.connect() as wh:
        rows = wh.increment("e").to_dicts()
        for row in rows[:5]:
            wh.commit("e", made([row], path="p"))
        assert wh.status("e")[0].counts.new == 3
    assert place.values("SELECT live, new FROM metasql_status WHERE feature = 'e'") == [(5, 3)]
    written = "SELECT sum(written) FROM metasql_run_results WHERE node = 'e' AND written > 0"
    assert [int(row[0]) for row in place.values(written)] == [5]
    unknown = "SELECT count(*) FROM e WHERE metasql_run_id NOT IN (SELECT run_id FROM metasql_runs)"
    assert place.values(unknown) == [(0,)]


def test_a_commit_is_that_of_the_command_line(place, project, tmp_path):
    """The same rows of the same batch, but for who wrote them and when."""
    other = place.copy(tmp_path / "copy")
    rows = [{"id": row["id"], "path": "p", "metasql_receipt": row["metasql_receipt"]} for row in place.increment("e")]
    other.commit("e", rows)
    before = other.table("e__samples")
    place.engine.ready(place.folder)
    with project.connect() as wh:
        wh.commit("e", rows)
    assert place.table("e__samples") == before
    assert stored(place) != []


def test_a_plan(place, project):
    """What the command line counts; it agrees with the run, and shows itself as a table."""
    plan = project.plan()
    [work] = [item for item in plan if str(item.feature) == "e"]
    assert (work.new.least, work.new.most) == (len(IDS), len(IDS))
    assert plan.samples.most >= len(IDS)
    assert plan.document["total"]["exact"] in (True, False)
    assert repr(plan).splitlines()[0].split()[:2] == ["feature", "kind"]
    assert {row["feature"] for row in plan.to_dicts()} == set(project.features)
    assert [str(item.feature) for item in project.plan("e")] == ["e"]


def test_a_plan_without_a_warehouse(tmp_path, engine):
    """Nothing is counted, and nothing is made."""
    made = metasql.Project.load(unmade(tmp_path, engine).folder)
    assert {item.state for item in made.plan()} <= {"unmade", "new here"}
