"""What the Python API refuses, each with its code and words, and nothing written."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import metasql
from tests.scenarios.support_batches import batches, receipts


@pytest.fixture
def place(engine, tmp_path):
    return batches(tmp_path, engine)


@pytest.fixture
def project(place):
    place.engine.ready(place.folder)
    return metasql.Project.load(place.folder)


def refused(place, project, results, code, *words, key="e", **options):
    """The commit is refused for this reason; nothing of it is stored, and the warehouse goes on working."""
    with project.connect() as wh:
        with pytest.raises(metasql.MetasqlError) as caught:
            wh.commit(key, results, **options)
        told = str(caught.value)
        assert code in told
        for word in words:
            assert word in told, told
        assert len(wh.increment("e").to_dicts()) == 8
    assert place.values(f"SELECT count(*) FROM {key}__samples") == [(0,)]


def rows_of(place, **changes):
    """Three rows of results; `changes` are made to the second."""
    given = receipts(place)
    rows = [{"id": name, "path": "p", "n": 1, "metasql_receipt": given[name]} for name in ("1", "2", "3")]
    rows[1] |= changes
    return rows


FORMS = {"dicts": lambda rows: rows, "arrow": pa.Table.from_pylist, "polars": pl.DataFrame, "pandas": pd.DataFrame}


@pytest.mark.parametrize("form", FORMS)
def test_a_batch_with_one_bad_row(form, place, project):
    """A receipt of another row: the row is named, and no row of the batch is stored."""
    rows = rows_of(place)
    rows[1]["metasql_receipt"] = rows[0]["metasql_receipt"]
    refused(place, project, FORMS[form](rows), "MS0807", "row 2", "id = 2")


@pytest.mark.parametrize("form", FORMS)
def test_an_id_that_is_null(form, place, project):
    """It names no sample."""
    refused(place, project, FORMS[form](rows_of(place, id=None)), "MS0803", "row 2")


@pytest.mark.parametrize("form", FORMS)
def test_an_id_that_comes_twice(form, place, project):
    """Of two rows for one sample none is chosen."""
    rows = rows_of(place)
    rows[1] = dict(rows[0])
    refused(place, project, FORMS[form](rows), "MS0805", "rows 1 and 2", "id = 1")


@pytest.mark.parametrize("form", FORMS)
def test_a_column_that_is_not_known(form, place, project):
    """A value in it would be lost; the nearest column is named."""
    rows = [{**row, "pth": "p"} for row in rows_of(place)]
    with project.connect() as wh, pytest.raises(metasql.MetasqlError, match="MS0802") as caught:
        wh.commit("e", FORMS[form](rows))
    assert "did you mean `path`?" in str([item.help for item in caught.value.bag])


@pytest.mark.parametrize("form", FORMS)
def test_no_receipts(form, place, project):
    """Without them it is not known what the results were made of."""
    rows = [{name: value for name, value in row.items() if name != "metasql_receipt"} for row in rows_of(place)]
    refused(place, project, FORMS[form](rows), "MS0806", "no column `metasql_receipt`")


@pytest.mark.parametrize("form", FORMS)
def test_a_row_without_a_receipt(form, place, project):
    """The row is named."""
    refused(place, project, FORMS[form](rows_of(place, metasql_receipt=None)), "MS0806", "row 2 (id = 2)")


@pytest.mark.parametrize("receipt", ["", "r1:", "r1:0000;x=1", "nonsense", "r2:" + "0" * 200])
def test_a_broken_receipt(receipt, place, project):
    """It was not handed out for the row."""
    refused(place, project, rows_of(place, metasql_receipt=receipt), "MS0807", "row 2")


def test_a_receipt_of_another_feature(place, project):
    """It is for a sample of the same id, and yet foreign."""
    foreign = receipts(place, "other")["2"]
    refused(place, project, rows_of(place, metasql_receipt=foreign), "MS0807", "row 2")


@pytest.mark.parametrize(
    ("column", "value"),
    [("n", "many"), ("n", 1.5), ("n", 2**40), ("amount", "12,5"), ("at", "noon"), ("good", "perhaps"), ("score", "x")],
)
def test_a_value_of_another_type(column, value, place, project):
    """The row, the value and the type are named; a value is never rounded or cut silently."""
    refused(place, project, rows_of(place, **{column: value}), "MS0810", "row 2", str(value), f"`{column}`")


def test_a_number_that_does_not_fit_in_arrow(place, project):
    """Types of Arrow's own are checked as texts are."""
    rows = [{**row, "n": 2**40} for row in rows_of(place)]
    refused(place, project, pa.Table.from_pylist(rows), "MS0810", "row 1")


@pytest.mark.parametrize("value", [b"x", object(), 1 + 2j, {1, 2}])
def test_a_value_without_a_text(value, place, project):
    """It is told which row, which column and what kind of value."""
    refused(place, project, rows_of(place, path=value), "MS0810", "row 2", f"`{type(value).__name__}`", "`path`")


@pytest.mark.parametrize("results", [None, 5, {"id": "1"}, pd.Series([1])])
def test_results_of_no_known_form(results, place, project):
    """The forms that there are stand in the help."""
    refused(place, project, results, "MS0801", f"`{type(results).__name__}`")


def test_rows_that_are_no_mappings(place, project):
    """A tuple does not say which value is which."""
    refused(place, project, [("1", "p")], "MS0801", "row 1", "`tuple`")


def test_a_data_frame_of_mixed_values(place, project):
    """What Arrow cannot hold is told in its words."""
    frame = pd.DataFrame({"id": pd.Series([1, "a", 2.5], dtype="object")})
    refused(place, project, frame, "MS0801", "cannot be brought into Arrow")


def test_two_columns_of_one_name(place, project):
    """In capitals or not: it would not be known which one is meant."""
    given = next(iter(receipts(place).items()))
    table = pa.table([[given[0]], ["p"], ["q"], [given[1]]], names=["id", "path", "Path", "metasql_receipt"])
    refused(place, project, table, "MS0802", "two columns")


def test_a_reader_that_fails(place, project):
    """What had been read of it is not stored, and what it said is told."""
    whole = pa.Table.from_pylist(rows_of(place))

    def failing():
        yield from whole.to_batches()
        raise ValueError("the disk is gone")

    with project.connect() as wh:
        with pytest.raises(metasql.MetasqlError, match="MS0801") as caught:
            wh.commit("e", pa.RecordBatchReader.from_batches(whole.schema, failing()))
        assert "the disk is gone" in str([item.notes for item in caught.value.bag])
        assert wh.commit("e", whole).changed == 3


@pytest.mark.parametrize(("path", "words"), [("gone.parquet", "no file"), ("done.txt", "what form")])
def test_a_file_that_is_not_there_or_of_no_known_form(path, words, place, project):
    """The name is told."""
    refused(place, project, path, "MS0801", words, path)


def test_a_file_of_something_else(place, project):
    """Its name says Parquet, and it is none."""
    path = place.write("done.parquet", "id,path\n1,p\n")
    refused(place, project, path, "MS0801", "cannot be read as parquet")


def test_inputs_of_a_feature_that_is_no_expansion(place, project):
    """There are none to list."""
    refused(place, project, rows_of(place), "MS0812", inputs=rows_of(place))


def test_a_feature_with_a_body(place, project):
    """`metasql run` computes it."""
    with project.connect() as wh, pytest.raises(metasql.MetasqlError, match="MS0811"):
        wh.commit("a", [{"id": "1"}])


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"status": "fresh"}, "MS0820"),
        ({"status": ()}, "MS0820"),
        ({"shard": (3, 3)}, "MS0820"),
        ({"shard": (-1, 3)}, "MS0820"),
        ({"shard": (0, 0)}, "MS0820"),
        ({"limit": -1}, "MS0820"),
        ({"fields": ["z"]}, "MS0302"),
        ({"where": "nothing > 1"}, "MS0335"),
        ({"where": "id >"}, "MS02"),
        ({"where": "count(*) > 1"}, "MS0344"),
    ],
)
def test_a_part_of_an_increment_that_there_is_not(options, code, project):
    """Said when it is asked for, and not when the rows are."""
    with project.connect() as wh, pytest.raises(metasql.MetasqlError, match=code):
        wh.increment("e", **options)


def test_batches_of_no_rows(project):
    """Said at once, and not at the first batch."""
    with project.connect() as wh, pytest.raises(metasql.MetasqlError, match="MS0820"):
        wh.increment("e").batches(0)


def test_a_feature_that_there_is_not(project):
    """The nearest one is named."""
    with project.connect() as wh:
        with pytest.raises(metasql.MetasqlError, match="MS0330"):
            wh.increment("othre")
        with pytest.raises(metasql.MetasqlError, match="MS0330"):
            wh.commit("othre", [])
        with pytest.raises(metasql.MetasqlError, match="MS0330"):
            wh.status("othre")


def test_a_feature_that_was_never_run(place):
    """It has no increment yet."""
    place.write("models/late.yml", "version: 1\nfeatures: [{name: late, id_columns: [id], deps: [a]}]\n")
    with metasql.Project.load(place.folder).connect() as wh, pytest.raises(metasql.MetasqlError, match="MS0607"):
        wh.increment("late")


def test_a_warehouse_that_is_closed(project):
    """Every use of it says so; closing it again is nothing."""
    wh = project.connect()
    inc = wh.increment("e")
    wh.close()
    wh.close()
    for use in (lambda: wh.increment("e"), lambda: wh.commit("e", []), wh.status, inc.to_dicts):
        with pytest.raises(metasql.MetasqlError, match="MS0651"):
            use()


def test_an_error_in_the_block_is_what_is_told(place, project):
    """What was committed before it stays, and is counted."""
    rows = rows_of(place)

    def fail():
        with project.connect() as wh:
            wh.commit("e", rows)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert place.values("SELECT new FROM metasql_status WHERE feature = 'e'") == [(5,)]


def test_a_project_that_is_wrong(place):
    """All mistakes of the stage, as the command line tells them."""
    place.edit("models/features.yml", "name: parts", "name: other")
    with pytest.raises(metasql.MetasqlError) as caught:
        metasql.Project.load(place.folder)
    assert all(item.code.startswith("MS0") for item in caught.value.bag)
    with pytest.raises(metasql.MetasqlError, match="MS01"):
        metasql.Project.load(place.folder / "models")


def test_ids_that_were_never_handed_out(place, project):
    """They can have no receipt of their own."""
    refused(place, project, rows_of(place, id="unheard of"), "MS0807", "row 2")
