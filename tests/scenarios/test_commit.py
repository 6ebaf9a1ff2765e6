"""What outside programs hand in: every form, every check, and nothing written when any of it is wrong."""

from __future__ import annotations

import io
import json
import sys

import duckdb
import pytest

from tests.scenarios.support import Place, csv_text, lines

MODELS = """
version: 1
sources: [{name: raw, schema: raw, tables: [{name: a}]}]
features:
  - name: a
    id_columns: [id]
    fields: [{name: x, columns: [x]}, {name: y, columns: [y]}]
  - name: e
    id_columns: [id]
    deps: [{feature: a, columns: []}]
    fields: [{name: x}, {name: y}]
    columns:
      - {name: path, type: text}
      - {name: n, type: int}
      - {name: amount, type: "decimal(9, 2)"}
      - {name: at, type: timestamp}
      - {name: score, type: double}
      - {name: good, type: boolean}
  - name: other
    id_columns: [id]
    deps: [{feature: a, columns: []}]
    fields: [{name: x}]
    columns: [{name: path, type: text}]
  - name: parts
    id_columns: [id, n]
    deps: [{feature: a, columns: [], lineage: {expansion: {on: [id]}}}]
    fields: [{name: x}]
    columns: [{name: n, type: int}, {name: path, type: text}]
"""
IDS = ["1", "2", "3", "#4", "5,6", 'a"b', "", "é🎬"]


@pytest.fixture
def place(engine, tmp_path):
    found = Place(tmp_path, engine)
    found.write("models/features.yml", MODELS)
    found.write("models/a.sql", "select id, x, y from {{ source('raw', 'a') }}")
    fill(found, {name: ("x", "y") for name in IDS})
    found.run()
    return found


def fill(place, rows):
    place.fill("a", {"id": "text", "x": "text", "y": "text"}, [(name, *row) for name, row in rows.items()])


def receipts(place, key="e"):
    return {row["id"]: row["metasql_receipt"] for row in place.increment(key, "new,stale")}


def stored(place, key="e"):
    return place.table(f"{key}__samples", without=())


def paths(place, key="e"):
    return dict(place.values(f"SELECT id, path FROM {key}"))


def rejected(place, result, code, *words):
    """The batch was refused for this reason, and nothing of it is there."""
    assert result.code == 3, str(result)
    assert code in result.err, str(result)
    for word in words:
        assert word in result.err, f"{word!r} is not in\n{result}"
    assert place.values("SELECT count(*) FROM e__samples") == [(0,)]
    assert place.values("SELECT count(*) FROM parts__samples") == [(0,)]


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
        f"SELECT '1' AS id, 'p' AS path, 3::BIGINT AS n, 1.5::DECIMAL(5, 3) AS amount, true AS good, 0.5::FLOAT AS score, "
        f"TIMESTAMPTZ '2024-01-01 00:00:00+02' AS \"at\", '{receipts(place)['1']}' AS metasql_receipt"
    ).write_parquet(str(path))
    place.cli("commit", "e", str(path))
    query = 'SELECT path, n, amount::TEXT, score, good, "at"::TEXT FROM e'
    assert place.values(query) == [("p", 3, "1.50", 0.5, True, "2023-12-31 22:00:00")]


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
    fill(place, {name: ("x", "y") for name in names})
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


def row(given, name="1", **values):
    return {"id": name, "metasql_receipt": given[name], **values}


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


# What is stored


def test_repeating_a_commit_changes_nothing(place):
    """Not the rows, not their times, not their commit numbers, not the history."""
    rows = [row(receipts(place), "1", path="p", n=1), row(receipts(place), "2", path="q")]
    place.commit("e", rows)
    before = stored(place)
    result = place.commit("e", rows)
    assert "0 of them changed" in result.err
    assert stored(place) == before
    assert place.values("SELECT count(*) FROM e__history") == [(0,)]
    place.commit("e", list(reversed(rows)))
    assert stored(place) == before


def test_a_part_of_the_increment_may_be_committed(place):
    """The rest is still new."""
    given = receipts(place)
    place.commit("e", [row(given, "1", path="p")])
    assert set(place.listed("e")) == {(name,) for name in IDS if name != "1"}
    place.commit("e", [row(given, "2", path="p")])
    assert set(paths(place)) == {"1", "2"}


def test_a_late_commit_is_stored_and_stale(place):
    """Upstream moved on while the worker worked: the sample is stale in what moved, never wrongly fresh."""
    given = receipts(place)
    fill(place, {name: ("x", "new" if name == "1" else "y") for name in IDS})
    place.run("--select", "a")
    place.commit("e", [row(given, "1", path="late")])
    assert paths(place) == {"1": "late"}
    assert place.listed("e")[("1",)] == ("stale", "y", "upstream")


def test_a_late_commit_of_a_lost_sample_is_orphaned(place):
    """Upstream lost the sample meanwhile."""
    given = receipts(place)
    fill(place, {name: ("x", "y") for name in IDS if name != "1"})
    place.run("--select", "a")
    place.commit("e", [row(given, "1", path="late")])
    assert place.listed("e")[("1",)] == ("orphaned", "", "orphaned")
    place.cli("delete", "e", "--orphaned")
    assert ("1",) not in place.listed("e")
    assert paths(place) == {}


def test_a_late_commit_of_an_older_definition_is_stale_by_code(place):
    """The code version was counted up while the worker worked."""
    given = receipts(place)
    place.edit(
        "models/features.yml", "fields: [{name: x}, {name: y}]", "fields: [{name: x, code_version: '2'}, {name: y}]"
    )
    place.run()
    place.commit("e", [row(given, "1", path="late")])
    assert place.listed("e")[("1",)] == ("stale", "x", "code")


def test_data_versions(place):
    """A data version is hashed on entry, kept while the provenance is the same, and dropped when it changes."""
    query = (
        "SELECT metasql_data_version__x, metasql_provenance__x, metasql_data_version__y = metasql_provenance__y FROM e"
    )
    place.commit("e", [row(receipts(place), "1", metasql_data_version__x="v1")])
    [(version, made, same)] = place.values(query)
    assert (version != made, len(version), same) == (True, 32, True)
    fill(place, {name: ("x", "new") for name in IDS})
    place.run("--select", "a")
    place.commit("e", [row(receipts(place), "1")])
    assert place.values(query) == [(version, made, True)], "only `y` moved: the version of `x` stays"
    fill(place, {name: ("new", "new") for name in IDS})
    place.run("--select", "a")
    place.commit("e", [row(receipts(place), "1")])
    [(version, made, _)] = place.values(query)
    assert version == made


def test_history(place):
    """A row that is replaced goes to the history, with the time when that was."""
    given = receipts(place)
    place.commit("e", [row(given, "1", path="old")])
    place.commit("e", [row(given, "1", path="new")])
    query = "SELECT id, path, metasql_superseded_at IS NOT NULL, metasql_superseded_at >= metasql_updated_at FROM e__history"
    assert place.values(query) == [("1", "old", True, True)]
    assert paths(place) == {"1": "new"}


# Expansions


def children(given, name, count, **values):
    return [{"id": name, "n": number, "metasql_receipt": given[name], **values} for number in range(count)]


def test_children_are_replaced_at_once(place):
    """Committing an input again with fewer children takes the others out."""
    given = receipts(place, "parts")
    place.commit("parts", [*children(given, "1", 3), *children(given, "2", 1)])
    place.commit("parts", children(given, "1", 2, path="p"))
    assert place.values("SELECT id, n, path FROM parts ORDER BY ALL") == [("1", 0, "p"), ("1", 1, "p"), ("2", 0, None)]
    assert {("1",), ("2",)}.isdisjoint(place.listed("parts"))


def test_inputs_without_children_are_done(place):
    """`--inputs` lists what was processed; an input without children is not new for ever."""
    given = receipts(place, "parts")
    inputs = place.folder / "inputs.json"
    inputs.write_text(lines([{"id": name, "metasql_receipt": given[name]} for name in ("1", "2")]), encoding="utf-8")
    rows = [{"id": "1", "n": 0, "path": "p"}]
    place.commit("parts", rows, "--inputs", str(inputs))
    assert {("1",), ("2",)}.isdisjoint(place.listed("parts"))
    before = stored(place, "parts"), place.table("parts__inputs", without=())
    place.commit("parts", rows, "--inputs", str(inputs))
    assert (stored(place, "parts"), place.table("parts__inputs", without=())) == before
    (place.folder / "none.json").write_text("", encoding="utf-8")
    place.cli("commit", "parts", str(place.folder / "none.json"), "--inputs", str(inputs))
    assert place.values("SELECT count(*) FROM parts") == [(0,)]
    assert {("1",), ("2",)}.isdisjoint(place.listed("parts"))


def test_the_inputs_may_have_another_form_than_the_children(place):
    """Each file is read by its own ending."""
    given = receipts(place, "parts")
    inputs = place.folder / "inputs.csv"
    inputs.write_text(csv_text([{"id": "1", "metasql_receipt": given["1"]}]), encoding="utf-8")
    place.commit("parts", [{"id": "1", "n": 0}], "--inputs", str(inputs))
    assert ("1",) not in place.listed("parts")


def test_deleting_a_child_opens_its_input_again(place):
    """One of two children is deleted by hand."""
    given = receipts(place, "parts")
    place.commit("parts", children(given, "1", 2))
    place.cli("delete", "parts", "--where", "id = '1' AND n = 0")
    assert place.listed("parts")[("1",)][0] == "new"
    assert place.values("SELECT id, n FROM parts") == [("1", 1)]


def test_faulty_children(place):
    """Two receipts for one input, a child of no listed input, a foreign receipt, and children that come twice."""
    given = receipts(place, "parts")
    strange = [{"id": "3", "n": 0, "metasql_receipt": given["1"]}]
    rejected(place, place.commit("parts", strange, code=None), "MS0807", "id = 3")
    twice = children(given, "1", 1) * 2
    rejected(place, place.commit("parts", twice, code=None), "MS0805", "rows 1 and 2")
    inputs = place.folder / "inputs.json"
    inputs.write_text(lines([{"id": "1", "metasql_receipt": given["1"]}]), encoding="utf-8")
    lost = [{"id": "2", "n": 0}]
    rejected(place, place.commit("parts", lost, "--inputs", str(inputs), code=None), "MS0809", "row 1")
    inputs.write_text(json.dumps({"id": "1", "metasql_receipt": given["2"]}) + "\n", encoding="utf-8")
    rejected(place, place.commit("parts", [], "--inputs", str(inputs), code=None), "MS0807")
