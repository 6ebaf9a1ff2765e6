"""Every relation and column that the semantics name, and what any client sees of them."""

from __future__ import annotations

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


@pytest.fixture
def place(engine, tmp_path):
    found = example(tmp_path, engine)
    load(found, FIRST)
    found.run()
    found.work_off("crop", {"path": "p"})
    load(found, SECOND)
    found.run("--select", "video", "--select", "rating")
    return found


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


def test_status_is_what_the_increments_say(place):
    """`metasql_status` and `metasql_stale_fields` after a run, after a commit and for features behind what was run."""
    place.run()
    place.work_off("crop", {"path": "bad"})
    for key in FIELDS:
        listed = place.listed(key).values()
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
    for name in place.relations():
        query = f'SELECT * FROM "{name}"'
        assert sorted(map(repr, place.rows(query, zone))) == sorted(map(repr, place.rows(query)))


# The hash of contents

TYPES = {
    "zoned": ("timestamptz", "TIMESTAMPTZ '2024-03-10 07:30:00.12+00'"),
    "old_zoned": ("timestamptz", "TIMESTAMPTZ '1900-01-01 12:00:00+00'"),
    "infinite": ("timestamptz", "TIMESTAMPTZ 'infinity'"),
    "before_christ": ("timestamptz", "TIMESTAMPTZ '0044-03-15 (BC) 00:00:00+00'"),
    "plain_time": ("timestamp", "TIMESTAMP '2024-03-10 02:30:00'"),
    "day": ("date", "DATE '2024-03-10'"),
    "number": ("decimal(9, 3)", "1.500::DECIMAL(9, 3)"),
    "floating": ("double", "0.1::DOUBLE"),
    "flag": ("boolean", "true"),
    "words": ("text[]", "['a', 'b|c']"),
    "blob": ("blob", "'\\xAA'::BLOB"),
    "uuid": ("uuid", "'00000000-0000-0000-0000-000000000001'::UUID"),
}


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Amsterdam", "Asia/Kathmandu"])
@pytest.mark.parametrize("kind", list(TYPES))
def test_the_hash_of_a_value_does_not_depend_on_the_reader(kind, zone, engine, tmp_path):
    """What is settled in UTC is settled in every time zone."""
    place = Place(tmp_path, engine)
    body = f"select 1 as id, {TYPES[kind][1]} as v"
    place.write("models/r.sql", "{{ config(id_columns=['id'], fields=[{'name': 'f', 'columns': ['v']}]) }}\n" + body)
    place.run()
    assert "settled" in place.run().err
    expected = place.values("SELECT metasql_provenance__f FROM r__expected")
    assert [
        tuple(row.values()) for row in place.rows("SELECT metasql_provenance__f FROM r__expected", zone)
    ] == expected
    assert place.rows("SELECT id FROM r__increment", zone) == []


@pytest.mark.parametrize(
    "value", ["[TIMESTAMPTZ '2024-03-10 07:30:00+00']", "{'t': TIMESTAMPTZ '2024-03-10 07:30:00+00'}"]
)
def test_times_with_a_zone_inside_a_value_are_refused(value, engine, tmp_path):
    """Their text depends on who reads it, so they have no hash; nothing is made."""
    place = Place(tmp_path, engine)
    body = f"select 1 as id, {value} as v"
    place.write("models/r.sql", "{{ config(id_columns=['id'], fields=[{'name': 'f', 'columns': ['v']}]) }}\n" + body)
    assert "MS0624" in place.run(code=3).err
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
    ("[]::TEXT[]", "NULL::TEXT[]"),
    ("['a, b']", "['a', 'b']"),
    ("[NULL]::TEXT[]", "['NULL']"),
    ("TIMESTAMP '2024-01-01 00:00:00'", "TIMESTAMP '2024-01-01 00:00:00.000001'"),
    ("'é'", "'e\u0301'"),
    ("true", "false"),
]


@pytest.mark.parametrize(
    ("left", "right", "same"), [(*pair, True) for pair in SAME] + [(*pair, False) for pair in OTHER]
)
def test_content_is_compared_by_value(left, right, same, engine, tmp_path):
    """A value has one hash, however its type writes it; different values have different ones."""
    place = Place(tmp_path, engine)
    for key, value in (("one", left), ("two", right)):
        head = "{{ config(id_columns=['id'], fields=[{'name': 'f', 'columns': ['v']}]) }}\n"
        place.write(f"models/{key}.sql", f"{head}select 1 as id, {value} as v")
    place.run()
    [(one, two)] = place.values("SELECT one.metasql_inputs__f, two.metasql_inputs__f FROM one, two")
    assert (one == two) is same


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
