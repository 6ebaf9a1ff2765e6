"""Every relation and column that the semantics name, and what any client sees of them."""

from __future__ import annotations

import re

import pytest

from tests.scenarios.support import Place
from tests.scenarios.support_example import FIRST, SECOND, example, load

FIELDS = {
    "video": ["audio", "frames"],
    "rating": ["stars"],
    "crop": ["audio", "frames"],
    "clip": ["frames"],
    "rated": ["score"],
    "total": ["sum"],
    "job": ["out"],
}
SAMPLE = [
    "metasql_provenance",
    "metasql_data_version",
    "metasql_provenance_by_field",
    "metasql_data_version_by_field",
    "metasql_feature_version",
    "metasql_run_id",
    "metasql_created_at",
    "metasql_updated_at",
    "metasql_deleted_at",
    "metasql_commit",
]
INCREMENT = [
    "metasql_status",
    "metasql_stale_fields",
    "metasql_reason",
    "metasql_receipt",
    "metasql_provenance",
    "metasql_provenance_by_field",
    "metasql_previous_provenance_by_field",
]
FLAT = {"VARCHAR", "BIGINT", "INTEGER", "DOUBLE", "TIMESTAMP", "BOOLEAN", "HUGEINT"}


def behind(folder, engine):
    """A warehouse whose roots were run again over other data, and nothing else."""
    found = example(folder, engine)
    load(found, FIRST)
    found.run()
    found.work_off("crop", {"path": "p"})
    load(found, SECOND)
    found.run("--select", "video", "--select", "rating")
    return found


@pytest.fixture(scope="module")
def place(engine, tmp_path_factory):
    """For tests that only read."""
    return behind(tmp_path_factory.mktemp("views"), engine)


def columns(place: Place, relation: str) -> dict[str, str]:
    return place.columns(relation)


@pytest.mark.parametrize("key", list(FIELDS))
def test_relations_of_a_feature(key, place):
    """`X`, `X__expected`, `X__increment`, `X__summary`, each with the columns that the semantics name."""
    sample = columns(place, key)
    for field in FIELDS[key]:
        for word in ("recipe", "inputs", "provenance", "data_version"):
            assert sample[f"metasql_{word}__{field}"] == "VARCHAR"
    assert set(SAMPLE) <= set(sample)
    expected = columns(place, f"{key}__expected")
    assert {f"metasql_provenance__{field}" for field in FIELDS[key]} <= set(expected)
    increment = columns(place, f"{key}__increment")
    assert {*INCREMENT, *(f"metasql_provenance__{field}" for field in FIELDS[key])} <= set(increment)
    assert columns(place, f"{key}__summary")
    unit = place.unit(key)
    assert list(increment)[: len(unit)] == unit
    for found in (sample, expected, increment):
        maps = {name for name, kind in found.items() if kind.startswith("MAP")}
        assert all(name.endswith("_by_field") for name in maps)
        assert {kind for name, kind in found.items() if name not in maps} <= FLAT


def test_relations_of_the_warehouse(place):
    """Tables for BI, and a history for external features alone."""
    wanted = {
        "metasql_status": ["feature", "kind", "live", "new", "stale", "orphaned", "waiting", "as_of", "last_run"],
        "metasql_stale_fields": ["feature", "field", "reason", "samples", "as_of"],
        "metasql_features": ["feature"],
        "metasql_fields": ["feature", "field"],
        "metasql_field_lineage": ["feature", "field", "upstream_feature", "upstream_field"],
        "metasql_runs": ["run_id", "command"],
        "metasql_run_results": ["run_id", "node", "status"],
    }
    for relation, names in wanted.items():
        assert set(names) <= set(columns(place, relation)), relation
    assert [name for name in place.relations() if name.endswith("__history")] == ["crop__history", "job__history"]
    assert "metasql_superseded_at" in columns(place, "crop__history")


def test_status_is_what_the_increments_say(engine, tmp_path):
    """`metasql_status` and `metasql_stale_fields` after a run, after a commit and for features behind what was run."""
    place = behind(tmp_path, engine)
    place.run()
    place.work_off("crop", {"path": "bad"})
    every = {key: place.listed(key).values() for key in FIELDS}
    with place.held():
        for key, listed in every.items():
            check_status(place, key, listed)


def check_status(place, key, listed):
    """What the tables say of a feature is what its increment lists."""
    [status] = place.rows(f"SELECT * FROM metasql_status WHERE feature = '{key}'")
    counts = {word: sum(1 for item in listed if item[0] == word) for word in ("new", "stale", "orphaned")}
    assert {word: status[word] for word in counts} == counts, key
    assert place.values(f"SELECT count(*) FROM {key}") == [(status["live"],)]
    by_field: dict[tuple[str, str], int] = {}
    for state, fields, reason in listed:
        for field in fields.split(",") if state == "stale" else []:
            by_field[field, reason] = by_field.get((field, reason), 0) + 1
    told = place.values(f"SELECT field, reason, samples FROM metasql_stale_fields WHERE feature = '{key}'")
    assert {(field, reason): samples for field, reason, samples in told} == by_field, key


def test_features_behind_a_selection_are_counted_too(place):
    """Running the roots alone tells at once what that left to do right behind them."""
    [status] = place.rows("SELECT stale + new + orphaned AS pending FROM metasql_status WHERE feature = 'clip'")
    assert status["pending"] == len(place.listed("clip")) > 0


def test_summary_counts_the_increment(place):
    """By status and reason, and by field."""
    for key in FIELDS:
        listed = list(place.listed(key).values())
        units: dict[tuple[str, str], int] = {}
        for state, _, reason in listed:
            units[state, reason] = units.get((state, reason), 0) + 1
        query = f"SELECT metasql_status, metasql_reason, metasql_units FROM {key}__summary WHERE metasql_field IS NULL"
        assert {(state, reason): count for state, reason, count in place.values(query)} == units


def test_views_read_tables_only(place):
    """No view stands on another, nor on a temporary table."""
    views = place.engine.reads(place.folder)
    assert "video__increment" in views
    for name, read in views.items():
        assert read, name
        assert not read & set(views), name


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kathmandu"])
def test_a_plain_client_reads_every_view(zone, place):
    """Read-only, with any time zone, and the same rows as in UTC."""
    with place.held():
        for name in place.relations():
            query = f'SELECT * FROM "{name}"'
            assert sorted(map(repr, place.rows(query, zone))) == sorted(map(repr, place.rows(query)))


# The hash of contents


def root(place, key, value):
    """A root with one row, whose content is a value."""
    head = "{{ config(id_columns=['id'], fields=[{'name': 'f', 'columns': ['v']}]) }}\n"
    place.write(f"models/{key}.sql", f"{head}select 1 as id, {value} as v")


def refusal(place):
    """The code with which a run is refused."""
    result = place.run(code=None)
    assert result.code in {1, 3}, str(result)
    return re.search(r"error\[(\w+)\]", result.err)[1]


TYPES = {
    "zoned": "TIMESTAMPTZ '2024-03-10 07:30:00.12+00'",
    "old_zoned": "TIMESTAMPTZ '1900-01-01 12:00:00+00'",
    "plain_time": "TIMESTAMP '2024-03-10 02:30:00'",
    "day": "DATE '2024-03-10'",
    "number": "1.500::DECIMAL(9, 3)",
    "floating": "0.1::DOUBLE",
    "flag": "true",
    "offset": "TIMESTAMP '2024-03-10 02:30:00+02'",
    "uuid": "'00000000-0000-0000-0000-000000000001'::UUID",
}


@pytest.mark.parametrize("kind", list(TYPES))
def test_the_hash_of_a_value_does_not_depend_on_the_reader(kind, engine, tmp_path):
    """What is settled in UTC is settled in every time zone."""
    place = Place(tmp_path, engine)
    root(place, "r", TYPES[kind])
    place.run()
    assert "settled" in place.run().err
    query = "SELECT metasql_provenance__f FROM r__expected"
    with place.held():
        for zone in ("America/New_York", "Europe/Amsterdam", "Asia/Kathmandu"):
            assert place.rows(query, zone) == place.rows(query)
            assert place.rows("SELECT id FROM r__increment", zone) == []


ON_DUCKDB = {
    "['a', 'b|c']": "MS0624",
    "{'a': 1}": "MS0502",
    "'\\xAA'::BLOB": "MS0502",
    "TIMESTAMPTZ 'infinity'": "MS0502",
    "TIMESTAMPTZ '0044-03-15 (BC) 00:00:00+00'": "MS0610",
}
"""Values that DuckDB alone has, or has a text for, and how they are refused elsewhere."""


@pytest.mark.parametrize("value", list(ON_DUCKDB))
def test_values_have_a_hash_or_are_refused(value, engine, tmp_path):
    """The hash does not depend on the reader; where there is none, nothing is made."""
    place = Place(tmp_path, engine)
    root(place, "r", value)
    if engine.hashes_all:
        place.run()
        for zone in ("UTC", "America/New_York", "Asia/Kathmandu"):
            assert place.rows("SELECT id FROM r__increment", zone) == []
    else:
        assert refusal(place) == ON_DUCKDB[value]
        assert place.columns("r") == {}


@pytest.mark.parametrize(
    ("value", "otherwise"),
    [
        ("[TIMESTAMPTZ '2024-03-10 07:30:00+00']", "MS0624"),
        ("{'t': TIMESTAMPTZ '2024-03-10 07:30:00+00'}", "MS0502"),
    ],
)
def test_times_with_a_zone_inside_a_value_are_refused(value, otherwise, engine, tmp_path):
    """Their text depends on who reads it, so they have no hash; nothing is made."""
    place = Place(tmp_path, engine)
    root(place, "r", value)
    assert refusal(place) == ("MS0624" if engine.hashes_all else otherwise)
    assert place.columns("r") == {}


SAME = [
    ("1.50::DECIMAL(9, 2)", "1.5::DECIMAL(4, 1)"),
    ("100::DECIMAL(9, 2)", "100::INTEGER"),
    ("7::TINYINT", "7::BIGINT"),
    ("TIMESTAMPTZ '2024-01-01 02:00:00+02'", "TIMESTAMPTZ '2024-01-01 00:00:00+00'"),
    ("TIMESTAMP '2024-01-01 00:00:00.120'", "TIMESTAMP '2024-01-01 00:00:00.12'"),
    ("'a'::TEXT", "'a'::TEXT"),
    ("(-0.0)::DECIMAL(4, 1)", "0::INTEGER"),
]
OTHER = [
    ("''", "NULL::TEXT"),
    ("'-'", "NULL::TEXT"),
    ("'NULL'", "NULL::TEXT"),
    ("'1'", "'1.0'"),
    ("'a '", "'a'"),
    ("1.05::DECIMAL(9, 2)", "1.5::DECIMAL(9, 2)"),
    ("10::DECIMAL(9, 0)", "1::DECIMAL(9, 0)"),
    ("TIMESTAMP '2024-01-01 00:00:00'", "TIMESTAMP '2024-01-01 00:00:00.000001'"),
    ("'é'", "'e\u0301'"),
    ("true", "false"),
]


LISTS = [
    ("[]::TEXT[]", "NULL::TEXT[]"),
    ("['a, b']", "['a', 'b']"),
    ("[NULL]::TEXT[]", "['NULL']"),
]


def inputs_of(place, left, right):
    """The inputs of two roots with one value each."""
    root(place, "one", left)
    root(place, "two", right)
    place.run()
    [found] = place.values("SELECT one.metasql_inputs__f, two.metasql_inputs__f FROM one, two")
    return found


@pytest.mark.parametrize(
    ("left", "right", "same"), [(*pair, True) for pair in SAME] + [(*pair, False) for pair in OTHER]
)
def test_content_is_compared_by_value(left, right, same, engine, tmp_path):
    """A value has one hash, however its type writes it; different values have different ones."""
    one, two = inputs_of(Place(tmp_path, engine), left, right)
    assert (one == two) is same


@pytest.mark.parametrize(("left", "right"), LISTS)
def test_lists_are_compared_by_value_or_refused(left, right, engine, tmp_path):
    """Nothing, an empty list and the text of a list are different, where lists have a hash."""
    place = Place(tmp_path, engine)
    if engine.hashes_all:
        one, two = inputs_of(place, left, right)
        assert one != two
    else:
        root(place, "one", left)
        assert refusal(place) in {"MS0502", "MS0624"}


def test_columns_do_not_run_into_each_other(engine, tmp_path):
    """`("a|b", "c")` is not `("a", "b|c")`, and a NULL beside a text is neither of them alone."""
    place = Place(tmp_path, engine)
    rows = [
        ("a|b", "c"),
        ("a", "b|c"),
        ("", "abc"),
        (None, "abc"),
        ("abc", None),
        ("abc", ""),
        ("1:a", "-"),
        ("1", ":a-"),
    ]
    values = ", ".join(
        "(" + ", ".join([str(number), *("NULL" if item is None else f"'{item}'" for item in row)]) + ")"
        for number, row in enumerate(rows)
    )
    head = "{{ config(id_columns=['id'], fields=[{'name': 'f', 'columns': ['v', 'w']}]) }}\n"
    place.write("models/r.sql", f"{head}select id, v, w from (values {values}) as r(id, v, w)")
    place.run()
    assert place.values("SELECT count(DISTINCT metasql_inputs__f) FROM r") == [(len(rows),)]
