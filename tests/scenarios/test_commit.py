"""What outside programs hand in: every form, every check, and nothing written when any of it is wrong."""

from __future__ import annotations

import io
import json
import sys
from datetime import datetime
from decimal import Decimal

import duckdb
import pytest

from tests.scenarios.support import Place, csv_text, lines
from tests.scenarios.support_batches import IDS, batches, fill, paths, receipts, rejected, row, stored


@pytest.fixture
def place(engine, tmp_path):
    return batches(tmp_path, engine)


# Forms


@pytest.mark.parametrize("form", ["json", "csv"])
def test_values_come_back_as_they_were_given(form, place):
    """Quotes, commas, line ends, spaces, code and foreign scripts survive; an empty text is no NULL."""
    given = receipts(place)
    texts = [
        ' a "q", b ',
        "two\nlines",
        "",
        None,
        "'); DROP TABLE e__samples; --",
        "日本 é e\u0301 \u2028",
        "a\\",
        "null",
    ]
    rows = [{"id": name, "path": text, "metasql_receipt": given[name]} for name, text in zip(IDS, texts, strict=True)]
    place.commit("e", rows, form=form)
    assert paths(place) == dict(zip(IDS, texts, strict=True))
    assert place.listed("e") == {}


def test_parquet_brings_its_own_types(place):
    """Numbers, decimals, times with a zone and NULLs arrive as the declared types."""
    path = place.folder / "batch.parquet"
    duckdb.sql(
        f"SELECT '1' AS id, 'p' AS path, 3::BIGINT AS n, 1.5::DECIMAL(5, 3) AS amount, true AS good, "
        f"0.5::FLOAT AS score, "
        f"TIMESTAMPTZ '2024-01-01 00:00:00+02' AS \"at\", '{receipts(place)['1']}' AS metasql_receipt"
    ).write_parquet(str(path))
    place.cli("commit", "e", str(path))
    [(*values, amount, at)] = place.values('SELECT path, n, score, good, amount, "at" FROM e')
    assert values == ["p", 3, 0.5, True]
    assert (type(amount), str(amount)) == (Decimal, "1.50")
    assert at == datetime(2023, 12, 31, 22)


def test_a_csv_file_may_have_a_byte_order_mark_and_windows_line_ends(place):
    """Spreadsheets write both."""
    text = csv_text([{"id": "1", "path": "p", "metasql_receipt": receipts(place)["1"]}])
    path = place.folder / "batch.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    place.cli("commit", "e", str(path))
    assert paths(place) == {"1": "p"}


def test_a_row_that_begins_with_a_hash_is_no_comment(place):
    """No row of a batch is dropped silently, whatever its first value is."""
    given = receipts(place)
    rows = [{"id": name, "path": "p", "metasql_receipt": given[name]} for name in ("#4", "2")]
    place.commit("e", rows, form="csv")
    assert paths(place) == {"#4": "p", "2": "p"}


def test_a_short_row_is_named(place):
    """A row without all of its columns rejects the batch for that reason, not for a guess at another delimiter."""
    given = receipts(place)
    path = place.folder / "batch.csv"
    path.write_text(f"id,path,metasql_receipt\n1,p,{given['1']}\n2,q\n", encoding="utf-8")
    rejected(place, place.cli("commit", "e", str(path), code=None), "MS0801")


def test_a_file_with_a_comma_in_none_of_its_rows_is_not_split_elsewhere(place):
    """A receipt holds semicolons and colons: they are no delimiters."""
    given = receipts(place, "e")
    path = place.folder / "batch.csv"
    path.write_text("metasql_receipt\n" + "\n".join(given.values()) + "\n", encoding="utf-8")
    rejected(place, place.cli("commit", "e", str(path), code=None), "MS0803", "no column `id`")


def test_quotes_after_many_plain_rows(place):
    """What the first rows look like says nothing of the last."""
    names = [f"{number:05}" for number in range(25_000)]
    fill(place, dict.fromkeys(names, ("x", "y")))
    place.run()
    given = receipts(place)
    rows = [{"id": name, "path": "p", "metasql_receipt": given[name]} for name in names]
    rows[-1]["path"] = 'a "q",\nb'
    place.commit("e", rows, form="csv")
    assert paths(place)[names[-1]] == 'a "q",\nb'


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_text_of_three_megabytes(form, place):
    """A cell may be long."""
    text = "x" * 3_000_000
    place.commit("e", [{"id": "1", "path": text, "metasql_receipt": receipts(place)["1"]}], form=form)
    assert place.values("SELECT length(path) FROM e") == [(3_000_000,)]


@pytest.mark.parametrize(
    "name",
    ["b[1].json", "b*.json", "b?.json", "b'; DROP TABLE e__samples; --.json", "day=1/b.json", "ü b.json", "{a,b}.json"],
)
def test_any_file_name(name, place):
    """A file's name is a name: no pattern, no partition, no SQL."""
    path = place.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(lines([{"id": "1", "path": "p", "metasql_receipt": receipts(place)["1"]}]), encoding="utf-8")
    (place.folder / "b1.json").write_text("{}\n", encoding="utf-8")
    place.cli("commit", "e", str(path))
    assert paths(place) == {"1": "p"}


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_folder_name_is_no_column(form, place):
    """Folders such as `day=1` are a habit of writers; they add no column."""
    path = place.folder / "day=1" / f"batch.{form}"
    path.parent.mkdir()
    row = {"id": "1", "path": "p", "metasql_receipt": receipts(place)["1"]}
    if form == "csv":
        path.write_text(csv_text([row]), encoding="utf-8")
    else:
        columns = ", ".join(f"'{value}' AS {name}" for name, value in row.items())
        duckdb.sql(f"SELECT {columns}").write_parquet(str(path))
    place.cli("commit", "e", str(path))
    assert paths(place) == {"1": "p"}


@pytest.mark.parametrize("text", ["", "id,path,metasql_receipt\n"], ids=["nothing", "header"])
def test_an_empty_batch_changes_nothing(text, place):
    """No row is a batch too."""
    before = stored(place)
    path = place.folder / "batch.csv"
    path.write_text(text, encoding="utf-8")
    place.cli("commit", "e", str(path))
    assert stored(place) == before


def test_standard_input(place, monkeypatch):
    """`-` reads the batch from standard input, JSON lines unless it is said otherwise."""
    text = lines([{"id": "1", "path": "p", "metasql_receipt": receipts(place)["1"]}])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    place.cli("commit", "e", "-")
    assert paths(place) == {"1": "p"}


# Checks


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("n", "x"),
        ("n", "1.5"),
        ("n", "1e3"),
        ("n", "99999999999"),
        ("n", "true"),
        ("amount", "1,5"),
        ("amount", "12345678.00"),
        ("at", "2024-13-01"),
        ("score", "much"),
        ("good", "maybe"),
    ],
)
@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_value_of_another_type_is_named_with_its_row(form, column, value, place):
    """The second row is at fault, and the first is not written either."""
    given = receipts(place)
    rows = [row(given, "1", **{column: None}), row(given, "2", **{column: value})]
    rejected(place, place.commit("e", rows, form=form, code=None), "MS0810", "row 2", f"`{value}`", f"`{column}`")


def test_json_numbers_where_numbers_are_wanted(place):
    """3 and 3.0 are the integer three; 3.5 and true are none."""
    given = receipts(place)
    place.commit("e", [row(given, "1", n=3), row(given, "2", n=3.0), row(given, "3", n=None)])
    assert place.values("SELECT id, n FROM e ORDER BY id") == [("1", 3), ("2", 3), ("3", None)]
    for wrong in (3.5, True, [3]):
        result = place.commit("e", [row(given, "#4", n=wrong)], code=None)
        assert (result.code, "MS0810" in result.err) == (3, True), str(result)


def test_faulty_ids(place):
    """An id that is NULL or absent, a column that is absent, and two rows for one sample."""
    given = receipts(place)
    nameless = {"id": None, "metasql_receipt": given["1"]}
    rejected(place, place.commit("e", [row(given, "2"), nameless], code=None), "MS0803", "row 2", "`id`")
    absent = {"path": "p", "metasql_receipt": given["1"]}
    rejected(place, place.commit("e", [row(given, "2"), absent], code=None), "MS0803", "row 2")
    rejected(place, place.commit("e", [absent], code=None), "MS0803", "no column `id`")
    rejected(
        place,
        place.commit("e", [row(given), row(given, "2"), row(given)], code=None),
        "MS0805",
        "rows 1 and 3",
        "id = 1",
    )
    empty = [{"id": None, "path": "p", "metasql_receipt": given["1"]}]
    rejected(place, place.commit("e", empty, form="csv", code=None), "MS0803", "row 1")


def test_a_list_of_objects(place):
    """A JSON file may be one list, over one line or many."""
    given = receipts(place)
    rows = [row(given, "1", path="p"), row(given, "#4", path=None)]
    for indent in (None, 2):
        path = place.folder / "list.json"
        path.write_text(json.dumps(rows, indent=indent), encoding="utf-8")
        place.cli("commit", "e", str(path))
        assert paths(place) == {"1": "p", "#4": None}


def test_an_id_of_another_type_is_one_mistake(place):
    """It is not told a second time as an id that is missing."""
    given = receipts(place, "parts")
    rows = [{"id": "1", "n": wrong, "path": "p", "metasql_receipt": given["1"]} for wrong in ("x", "y")]
    result = place.commit("parts", rows, code=None)
    rejected(place, result, "MS0810", "row 1", "row 2", "2 errors")


def test_columns_that_nobody_declared(place):
    """The column is named, and the nearest one that there is."""
    given = receipts(place)
    rejected(place, place.commit("e", [row(given, paht="p")], code=None), "MS0802", "`paht`", "did you mean `path`?")
    nasty = """x'}); DROP TABLE e__samples; --"""
    rejected(place, place.commit("e", [row(given, **{nasty: 1})], code=None), "MS0802", nasty)
    rejected(place, place.commit("e", [row(given, metasql_row=1)], code=None), "MS0802", "`metasql_row`")
    rejected(place, place.commit("e", [row(given, metasql_commit=1)], code=None), "MS0802", "`metasql_commit`")
    rejected(place, place.commit("e", [row(given, metasql_data_version__z=1)], code=None), "MS0802")


def test_a_receipt_is_needed(place):
    """A batch without receipts, a row without one, and an empty one."""
    given = receipts(place)
    rejected(place, place.commit("e", [{"id": "1", "path": "p"}], code=None), "MS0806")
    missing = {"id": "2", "metasql_receipt": None}
    rejected(place, place.commit("e", [row(given), missing], code=None), "MS0806", "row 2", "id = 2")


@pytest.mark.parametrize(
    "kind", ["of another sample", "of another feature", "cut", "changed", "empty", "nonsense", "number"]
)
def test_a_receipt_that_was_not_handed_out_for_the_row(kind, place):
    """Mixed up, foreign or broken: the row is named and nothing is written."""
    given = receipts(place)
    wrong = {
        "of another sample": given["2"],
        "of another feature": receipts(place, "other")["1"],
        "cut": given["1"][:-4],
        "changed": given["1"][:-1] + ("0" if given["1"][-1] != "0" else "1"),
        "empty": "",
        "nonsense": "r1:zzz",
        "number": 5,
    }[kind]
    rows = [row(given, "3"), {"id": "1", "metasql_receipt": wrong}]
    rejected(place, place.commit("e", rows, code=None), "MS0807", "row 2", "id = 1")


@pytest.mark.parametrize("text", ["[{}]", "{", "5\n", '{"id": "1"', "\x00", '{"id": "\\ud800"}'])
def test_what_is_no_json_lines_is_said_to_be_none(text, place):
    """A file in another form is refused in words, as a whole."""
    path = place.folder / "batch.json"
    path.write_text(text, encoding="utf-8")
    rejected(place, place.cli("commit", "e", str(path), code=None), "MS08")


def test_what_is_no_parquet(place):
    """Garbage with the right ending, a missing file, and an unknown ending."""
    path = place.folder / "batch.parquet"
    path.write_bytes(b"PAR1garbagePAR1")
    rejected(place, place.cli("commit", "e", str(path), code=None), "MS0801")
    rejected(place, place.cli("commit", "e", "nowhere.csv", code=None), "MS0801", "nowhere.csv")
    place.cli("commit", "e", "batch.xlsx", code=2)


def test_nothing_is_committed_to_a_body(place):
    """A feature that a body computes takes nothing from outside."""
    rejected(place, place.commit("a", [{"id": "1", "x": "x"}], code=None), "MS0811")


def test_a_root_from_outside_has_no_increment(tmp_path, engine):
    """Nothing calls for its rows: none of them is orphaned, and deleting what is orphaned takes none."""
    place = Place(tmp_path, engine)
    place.write(
        "models/v.yml",
        """
        version: 1
        features:
          - name: v
            id_columns: [id]
            fields: [{name: f, columns: [x], code_version: "1"}]
            columns: [{name: id, type: text}, {name: x, type: int}]
        """,
    )
    place.run()
    place.commit("v", [{"id": "a", "x": 1}, {"id": "b", "x": 2}])
    place.edit("models/v.yml", 'code_version: "1"', 'code_version: "2"')
    place.run()
    assert place.increment("v") == []
    assert place.values("SELECT live, new, stale, orphaned FROM metasql_status") == [(2, 0, 0, 0)]
    place.cli("delete", "v", "--orphaned")
    assert len(place.values("SELECT * FROM v")) == 2
