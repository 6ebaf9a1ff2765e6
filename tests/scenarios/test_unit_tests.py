"""`metasql test --unit`: unit tests of increments, on an engine in memory of the target's kind."""

from __future__ import annotations

import json

import pytest

from tests.scenarios.support import Place

DECLARED = """
version: 1
features:
  - name: video
    id_columns: [id]
    fields: [{name: audio, columns: [audio_etag]}, {name: frames, columns: [height]}]
    columns: [{name: id, type: text}, {name: audio_etag, type: text}, {name: height, type: int}]
  - name: crop
    id_columns: [id]
    deps: [video]
    fields: [{name: audio}, {name: frames}]
    columns: [{name: path, type: text}]
"""

EXTERNAL = """
version: 1
unit_tests:
  - name: each_field_is_stale_for_itself
    feature: crop
    given:
      upstream:
        video:
          - {id: same, audio_etag: a, height: 10}
          - {id: louder, audio_etag: b, height: 10}
          - {id: larger, audio_etag: a, height: 20}
          - {id: added, audio_etag: a, height: 10}
      stored_from:
        video:
          - {id: same, audio_etag: a, height: 10}
          - {id: louder, audio_etag: a, height: 10}
          - {id: larger, audio_etag: a, height: 10}
          - {id: gone, audio_etag: a, height: 10}
      stored: [{id: same, path: p1}, {id: louder, path: p2}, {id: larger, path: p3}, {id: gone, path: p4}]
    expect:
      new: [{id: added}]
      stale: [{id: louder, fields: [audio]}, {id: larger, fields: [frames]}]
      orphaned: [{id: gone}]
"""

TALL = """
version: 1
unit_tests:
  - name: only_tall_videos_stay
    feature: tall
    given:
      upstream: {video: [{id: a, height: 10}, {id: b, height: 20}, {id: c, height: 30}]}
      stored_from: {video: [{id: b, height: 15}]}
      stored: [{id: b, twice: 30}]
    expect:
      stale: [{id: b}]
      orphaned: []
      rows: [{id: b, twice: 40}, {id: c, twice: 60}]
"""


@pytest.fixture
def place(tmp_path, engine):
    """A root that is written from outside, an external feature over it, and a SQL feature."""
    made = Place(tmp_path, engine)
    made.write("models/features.yml", DECLARED)
    made.write(
        "models/tall.sql",
        "{{ config(id_columns=['id']) }}\nselect id, height * 2 as twice from {{ ref('video') }} where height > 12",
    )
    return made


def test_an_external_feature(place):
    """New, stale with its fields, and orphaned are told as the increment would tell them."""
    place.write("models/tests.yml", EXTERNAL)
    result = place.cli("test", "--unit")
    assert "each_field_is_stale_for_itself" in result.err
    assert not (place.folder / "case.duckdb").exists()


def test_a_sql_feature_with_its_rows_after_the_run(place):
    """The body computes what is new or stale, and the rows are those of the public relation."""
    place.write("models/tests.yml", TALL)
    place.cli("test", "--unit")


def test_a_failure_shows_the_rows_that_differ(place):
    """`-` before what was expected, `+` before what is there; the exit code is 3, and metasql_results.json has it."""
    place.write("models/tests.yml", TALL.replace("twice: 40", "twice: 41"))
    result = place.cli("test", "--unit", code=3)
    assert "error[MS0704]" in result.err
    assert "only_tall_videos_stay: rows after the run" in result.out
    lines = [line.split() for line in result.out.splitlines()]
    assert ["-", "b", "41"] in lines
    assert ["+", "b", "40"] in lines
    assert not any("c" in line for line in lines[2:])
    results = json.loads((place.folder / "target/metasql_results.json").read_text(encoding="utf-8"))["results"]
    assert [(item["name"], item["status"]) for item in results] == [("unit test:only_tall_videos_stay", "fail")]


def test_a_selection_runs_the_tests_of_its_features(place):
    """And no others."""
    place.write("models/tests.yml", EXTERNAL + TALL.replace("\nversion: 1\nunit_tests:\n", ""))
    shown = place.cli("test", "--unit", "--select", "tall").err
    assert "only_tall_videos_stay" in shown
    assert "each_field_is_stale_for_itself" not in shown


def test_a_root_over_a_source(place):
    """Rows of a source are given by `source.table`; its stored rows are compared by their content."""
    place.write(
        "models/root.yml",
        """
        version: 1
        sources: [{name: raw, schema: raw, tables: [{name: t}]}]
        features: [{name: root, id_columns: [id], fields: [{name: f, columns: [x]}]}]
        unit_tests:
          - name: content_tells
            feature: root
            given:
              upstream: {raw.t: [{id: 1, x: a}, {id: 2, x: b}, {id: 3, x: c}]}
              stored: [{id: 1, x: a}, {id: 2, x: old}, {id: 4, x: d}]
            expect:
              new: [{id: 3}]
              stale: [{id: 2, fields: [f]}]
              orphaned: [{id: 4}]
              rows: [{id: 1, x: a}, {id: 2, x: b}, {id: 3, x: c}]
        """,
    )
    place.write("models/root.sql", "select id, x from {{ source('raw', 't') }}")
    place.cli("test", "--unit", "--select", "root")


def test_versions_of_fields_without_columns(place):
    """A field whose version no column tells has the one that a row says."""
    place.write(
        "models/tests.yml",
        """
        version: 1
        features:
          - {name: mark, id_columns: [id], deps: [crop], columns: [{name: y, type: int}], fields: [{name: audio}]}
        unit_tests:
          - name: another_crop
            feature: mark
            given:
              upstream: {crop: [{id: a, versions: {audio: 2}}, {id: b, versions: {frames: 2}}]}
              stored_from: {crop: [{id: a, versions: {audio: 1}}, {id: b, versions: {frames: 1}}]}
              stored: [{id: a, y: 1}, {id: b, y: 1}]
            expect: {new: [], stale: [{id: a, fields: [audio]}]}
        """,
    )
    place.cli("test", "--unit")


def test_rows_of_other_code(place):
    """A stored row says which code versions it was written by: of the other fields it is fresh."""
    place.write(
        "models/tests.yml",
        """
        version: 1
        unit_tests:
          - name: other_code
            feature: crop
            given:
              upstream: {video: [{id: a, height: 1}, {id: b, height: 1}, {id: c, height: 2}, {id: d, height: 1}]}
              stored_from: {video: [{id: a, height: 1}, {id: b, height: 1}, {id: c, height: 1}, {id: d, height: 1}]}
              stored:
                - {id: a, path: p, code_versions: {frames: "0"}}
                - {id: b, path: p, code_versions: {frames: "0", audio: "0"}}
                - {id: c, path: p}
                - {id: d, path: p}
            expect:
              new: []
              stale:
                - {id: a, fields: [frames], reason: code}
                - {id: b, fields: [audio, frames], reason: code}
                - {id: c, fields: [frames], reason: upstream}
          - name: other_sql
            feature: tall
            given:
              upstream: {video: [{id: a, height: 20}, {id: b, height: 20}]}
              stored: [{id: a, twice: 41, code_versions: {default: before}}, {id: b, twice: 41}]
            expect:
              stale: [{id: a, reason: code}]
              rows: [{id: a, twice: 40}, {id: b, twice: 41}]
        """,
    )
    place.cli("test", "--unit")


def test_an_aggregation(place):
    """Its units are groups: one more member, one less, and other code."""
    place.write(
        "models/tests.yml",
        """
        version: 1
        features:
          - name: shot
            id_columns: [id, n]
            fields: [{name: frames, columns: [size]}]
            columns: [{name: id, type: text}, {name: n, type: int}, {name: size, type: int}]
          - name: total
            id_columns: [id]
            deps: [{feature: shot, lineage: {aggregation: {on: [id]}}}]
        unit_tests:
          - name: groups
            feature: total
            given:
              upstream:
                shot:
                  - {id: same, n: 1, size: 5}
                  - {id: more, n: 1, size: 5}
                  - {id: more, n: 2, size: 6}
                  - {id: less, n: 1, size: 5}
                  - {id: coded, n: 1, size: 5}
                  - {id: added, n: 1, size: 7}
              stored_from:
                shot:
                  - {id: same, n: 1, size: 5}
                  - {id: more, n: 1, size: 5}
                  - {id: less, n: 1, size: 5}
                  - {id: less, n: 2, size: 6}
                  - {id: coded, n: 1, size: 5}
                  - {id: gone, n: 1, size: 5}
              stored:
                - {id: same, size: 5}
                - {id: more, size: 5}
                - {id: less, size: 11}
                - {id: coded, size: 4, code_versions: {default: before}}
                - {id: gone, size: 5}
            expect:
              new: [{id: added}]
              stale: [{id: more, reason: upstream}, {id: less, reason: upstream}, {id: coded, reason: code}]
              orphaned: [{id: gone}]
              rows:
                - {id: same, size: 5}
                - {id: more, size: 11}
                - {id: less, size: 5}
                - {id: coded, size: 5}
                - {id: added, size: 7}
        """,
    )
    place.write("models/total.sql", "select id, sum(size) as size from {{ ref('shot') }} group by id")
    place.cli("test", "--unit")


EXPANSION = """
version: 1
features:
  - name: shot
    id_columns: [id, n]
    deps: [{feature: video, lineage: {expansion: {on: [id]}}}]
unit_tests:
  - name: children
    feature: shot
    given:
      upstream:
        video: [{id: same, height: 2}, {id: more, height: 2}, {id: coded, height: 1}, {id: added, height: 1}]
      stored_from:
        video: [{id: same, height: 2}, {id: more, height: 1}, {id: coded, height: 1}, {id: gone, height: 1}]
      stored:
        - {id: same, n: 1, size: 2}
        - {id: same, n: 2, size: 2}
        - {id: more, n: 1, size: 1}
        - {id: coded, n: 1, size: 9, code_versions: {default: before}}
        - {id: coded, n: 2, size: 9, code_versions: {default: before}}
        - {id: gone, n: 1, size: 1}
    expect:
      new: [{id: added}]
      stale: [{id: more, reason: upstream}, {id: coded, reason: code}]
      orphaned: [{id: gone}]
      rows:
        - {id: same, n: 1, size: 2}
        - {id: same, n: 2, size: 2}
        - {id: more, n: 1, size: 2}
        - {id: more, n: 2, size: 2}
        - {id: coded, n: 1, size: 1}
        - {id: added, n: 1, size: 1}
"""


ONE_LEFT = EXPANSION.replace("n: 1, size: 9, code_versions: {default: before}", "n: 1, size: 9")
"""One of the children was written by the code of today."""


def test_an_expansion(place):
    """Its units are inputs; the children of a stale one are replaced together."""
    place.write("models/tests.yml", EXPANSION)
    place.write(
        "models/shot.sql",
        "select id, n, height as size from {{ ref('video') }} cross join (values (1), (2)) as l(n) where n <= height",
    )
    place.cli("test", "--unit")


def test_children_of_one_input_by_one_code(place):
    """They were written at once: it is an error to give them code versions that differ."""
    place.write("models/tests.yml", ONE_LEFT)
    place.write("models/shot.sql", "select id, 1 as n, height as size from {{ ref('video') }}")
    result = place.cli("test", "--unit", code=1)
    assert "MS0355" in result.err
    assert "by the same code" in result.err


def test_a_stored_row_that_was_made_of_nothing(place):
    """It is said which rows are missing, and where."""
    place.write(
        "models/tests.yml", TALL.replace("stored_from: {video: [{id: b, height: 15}]}", "stored_from: {video: []}")
    )
    result = place.cli("test", "--unit", code=3)
    assert "MS0705" in result.err
    assert "stored_from" in result.err


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("feature: tall", "feature: tal", "MS0355"),
        ("upstream: {video:", "upstream: {vidoe:", "MS0355"),
        ("{id: b, twice: 30}", "{id: b, twise: 30}", "MS0355"),
        ("{id: b, twice: 30}", "{twice: 30}", "MS0355"),
        ("{id: a, height: 10}", "{id: a, hieght: 10}", "MS0355"),
        ("{id: b, twice: 30}", "{id: b, twice: 30, code_versions: {defualt: x}}", "MS0355"),
        ("{id: b, twice: 30}", "{id: b, twice: 30, code_versions: x}", "MS0355"),
        ("stored: [{id: b, twice: 30}]", "stored: {id: b}", "MS0207"),
        ("expect:", "expects:", "MS0209"),
        ("given:", "givn:", "MS0208"),
        ("orphaned: []", "orphans: []", "MS0208"),
    ],
)
def test_a_unit_test_that_does_not_fit(old, new, code, place):
    """Each mistake is told at its place, and nothing runs."""
    place.write("models/tests.yml", TALL.replace(old, new, 1))
    result = place.cli("test", "--unit", code=1)
    assert code in result.err
    assert "tests.yml" in result.err
