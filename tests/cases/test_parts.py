"""The parts that cases are run with: types of columns, project files, batches, what is compared."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
import yaml

from tests.support.cases import DEFAULT_FOLDER, case_files, difference, read_case
from tests.support.columns import column_types, unit_columns
from tests.support.engines import engine_named
from tests.support.project import CaseProject
from tests.support.rows import canonical, children_of, committed_rows, expected_report, outside_batches, reported

VIDEO = {
    "key": "raw/video",
    "id_columns": ["vid"],
    "columns": ["fps"],
    "fields": [{"name": "a/fr", "code_version": "1"}],
}
FRAME = {
    "key": "frame",
    "id_columns": ["vid", "n"],
    "columns": ["q", "fps"],
    "fields": [{"name": "emb", "code_version": "2", "deps": ["raw/video.a/fr"]}],
    "deps": [{"feature": "raw/video", "where": "fps > 1", "lineage": {"expansion": {"on": ["vid"]}}}],
    "stale_when": "q = 0",
}
SAMPLES = [{"vid": "v1", "fps": 2.5, "fields": {"a/fr": None}}, {"vid": "v2", "fps": 1, "fields": {"a/fr": "é"}}]
CASE = {
    "name": "parts",
    "features": [VIDEO, FRAME],
    "steps": [
        {"do": "materialize", "feature": "raw/video", "samples": SAMPLES},
        {"do": "take", "feature": "frame", "as": "t"},
        {"do": "commit", "take": "t", "columns": {"q": {"default": None, "for": [[["v1", 0], True]]}}},
        {"do": "materialize", "feature": "frame", "children": {"column": "n", "count": {"default": 1}}},
    ],
}


def test_types_come_from_values_and_flow_along_dependencies():
    """A type is what all values of a column fit in; columns without values take that of their dependency."""
    types = column_types(CASE)
    assert types["raw/video", "fps"] == types["frame", "fps"] == "double"
    assert types["raw/video", "vid"] == types["frame", "vid"] == "text"
    assert (types["frame", "n"], types["frame", "q"]) == ("bigint", "boolean")


def test_declared_types_win_and_ids_that_are_never_written_take_their_siblings_type():
    """`types` says what JSON cannot, and an empty optional dependency is of the type of the one that is written."""
    plain = [{"name": "v", "code_version": "1"}]
    keys = ("day", "empty")
    roots = [{"key": key, "id_columns": ["day"], "fields": plain} for key in keys]
    both = {"key": "both", "id_columns": ["day"], "fields": plain, "deps": [{"feature": key} for key in keys]}
    steps = [{"do": "write", "feature": "day", "rows": [{"day": "2024-01-01", "fields": {"v": "x"}}]}]
    types = column_types({"features": [{**roots[0], "types": {"day": "date"}}, roots[1], both], "steps": steps})
    assert {types[key, "day"] for key in (*keys, "both")} == {"date"}


def test_values_of_a_batch_that_must_be_rejected_give_no_type():
    """A value that is wrong on purpose does not widen its column."""
    rows = [{"vid": "a", "fps": "fast", "fields": {"a/fr": "x"}}]
    step = {"do": "write", "feature": "raw/video", "rows": rows, "expect": {"error": True}}
    assert column_types({**CASE, "steps": [step, *CASE["steps"]]})["raw/video", "fps"] == "double"


def test_unit_of_an_expansion_is_its_input():
    """`on` names the unit; without it the dependency's key does, as it is renamed."""
    assert unit_columns(FRAME, [VIDEO, FRAME]) == ["vid"]
    dep = {"feature": "raw/video", "rename": {"vid": "v"}, "lineage": {"expansion": {}}}
    assert unit_columns({**FRAME, "deps": [dep]}, [VIDEO]) == ["v"]
    assert unit_columns(VIDEO, [VIDEO]) == ["vid"]


def test_project_files(tmp_path, engine):
    """A root with samples gets a body over its source; the rest is said in the language's own words."""
    project = CaseProject(CASE, tmp_path, engine)
    project.declare(CASE["features"])
    document = yaml.safe_load((tmp_path / "models" / "features.yml").read_text(encoding="utf-8"))
    video, frame = document["features"]
    assert document["sources"] == [{"name": "raw", "schema": "raw", "tables": [{"name": "raw__video"}]}]
    content = "content_raw__video_a__fr"
    assert video["fields"] == [{"name": "a/fr", "code_version": "1", "columns": [content]}]
    assert video["orphans"] == "keep"
    body = (tmp_path / "models" / "raw" / "video.sql").read_text(encoding="utf-8")
    assert f'"{content}"' in body
    assert "{{ source('raw', 'raw__video') }}" in body
    assert frame["deps"] == FRAME["deps"]
    assert frame["stale_when"] == "q = 0"
    assert {"name": "n", "type": "bigint"} in frame["columns"]
    written = yaml.safe_load((tmp_path / "profiles.yml").read_text(encoding="utf-8"))
    assert written["case"]["outputs"]["dev"] == engine.target(tmp_path)


def test_source_tables(tmp_path):
    """The source holds exactly the rows it was last filled with, NULL contents as NULL."""
    project = CaseProject(CASE, tmp_path, engine_named("duckdb"))
    project.declare(CASE["features"])
    project.fill("raw/video", [])
    project.fill("raw/video", SAMPLES)
    with duckdb.connect(str(tmp_path / "case.duckdb")) as connection:
        rows = connection.execute(
            'SELECT vid, fps, content_raw__video_a__fr FROM raw."raw__video" ORDER BY vid'
        ).fetchall()
    assert rows == [("v1", 2.5, None), ("v2", 1.0, "é")]


def test_rows_from_outside_are_committed_by_the_columns_they_carry():
    """One commit for rows that carry the same, a missing id as NULL; one for all that must be rejected together."""
    rows = [{"id": 1, "fields": {"a/fr": "x"}}, {"fields": {"a/fr": None}}, {"id": 2, "data_versions": {"a/fr": "d"}}]
    content, version = "metasql_content__a__fr", "metasql_data_version__a__fr"
    assert outside_batches(rows, ["id"], as_one=False) == [
        [{"id": 1, content: "x"}, {"id": None, content: None}],
        [{"id": 2, version: "d"}],
    ]
    (batch,) = outside_batches(rows, ["id"], as_one=True)
    assert [set(row) for row in batch] == [{"id", content, version}] * 3


def test_committed_rows_of_an_input():
    """Children are numbered, take the receipt of their input, and columns of their own or those carried."""
    types = {"vid": "text", "n": "bigint", "q": "bigint", "fps": "double"}
    step = {
        "children": {"column": "n", "count": {"default": 0, "for": [[["v1"], 2]]}},
        "columns": {"q": {"default": 1, "for": [[["v1", 1], 0]]}},
        "data_versions": {"emb": {"default": None, "for": [[["v1", 0], "d"]]}},
    }
    row = {"vid": "v1", "fps": 2.5, "metasql_receipt": "r"}
    found = children_of({"vid": "v1"}, FRAME, types, step)
    assert committed_rows(row, found, FRAME, types, step) == [
        {"vid": "v1", "n": 0, "q": 1, "fps": 2.5, "metasql_data_version__emb": "d", "metasql_receipt": "r"},
        {"vid": "v1", "n": 1, "q": 0, "fps": 2.5, "metasql_receipt": "r"},
    ]
    assert children_of({"vid": "v2"}, FRAME, types, step) == []


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("2024-02-29 00:00:00", "date", "2024-02-29"),
        ("2024-02-29 12:00:00", "timestamp", "2024-02-29T12:00:00"),
        ("1.50", "decimal(12, 2)", "1.5"),
        (1.5, "decimal(12, 2)", "1.5"),
        (" 1", "text", " 1"),
        (9007199254740993, "bigint", 9007199254740993),
        (None, "date", None),
    ],
)
def test_ids_compare_by_value(value, kind, expected):
    """Dates, times and decimals are equal however they are written; texts and integers are what they are."""
    assert canonical(value, kind) == expected


def test_reports_compare_as_sets():
    """Order never matters; a missing, an unexpected and a doubled row do."""
    row = {"id": 1, "metasql_status": "stale", "metasql_stale_fields": "b,a", "metasql_reason": "code"}
    new = {"id": 2, "metasql_status": "new", "metasql_stale_fields": "a,b", "metasql_reason": "new"}
    expect = {"unit": ["id"], "new": [[2]], "stale": [{"id": [1], "stale_fields": ["b", "a"], "reason": "code"}]}
    wanted = expected_report(expect, {"id": "bigint"})
    assert difference(wanted, reported([new, row], ["id"], {})) == []
    assert difference(wanted, reported([row], ["id"], {})) == ["new: missing [2]"]
    assert difference(wanted, reported([new, row, new], ["id"], {})) == ["new: listed twice [2]"]
    other = difference(wanted, reported([new, {**row, "metasql_reason": "upstream"}], ["id"], {}))
    assert [line.split(" ")[:2] for line in other] == [["stale:", "missing"], ["stale:", "unexpected"]]


def test_unknown_engines_and_empty_folders_are_errors(tmp_path):
    """Nothing that was asked for is left out in silence."""
    with pytest.raises(pytest.UsageError, match="known are chdb, clickhouse, cluster, duckdb"):
        engine_named("postgres")
    with pytest.raises(pytest.UsageError, match="no case files"):
        case_files(str(tmp_path))


def test_without_the_default_folder_ci_fails(monkeypatch):
    """Elsewhere the test is skipped, with the folder's name."""
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="does not exist"):
        read_case(DEFAULT_FOLDER)
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="does not exist"):
        read_case(DEFAULT_FOLDER)


def test_case_files_are_read_from_the_folder_that_is_named(tmp_path):
    """`--cases-dir` takes any folder of case files."""
    (tmp_path / "one.json").write_text(json.dumps(CASE), encoding="utf-8")
    assert case_files(str(tmp_path)) == [Path(tmp_path / "one.json")]
    assert read_case(tmp_path / "one.json")["name"] == "parts"
