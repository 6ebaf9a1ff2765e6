"""`metasql source freshness`: how old sources are, by the warehouse's clock."""

from __future__ import annotations

import json

import pytest

from tests.scenarios.support import Place

TYPES = {"id": "bigint", "kind": "text", "loaded_at": "timestamp"}


@pytest.fixture
def place(tmp_path, engine):
    """Two sources with a time: one is long past its limits, one was loaded in the far future."""
    made = Place(tmp_path, engine)
    made.write(
        "models/sources.yml",
        """
        version: 1
        sources:
          - name: raw
            schema: raw
            loaded_at_field: loaded_at
            freshness: {warn_after: {count: 12, period: hour}, error_after: {count: 2, period: day}}
            tables: [{name: old}, {name: recent}]
        """,
    )
    made.fill("old", TYPES, [(1, "a", "2020-01-01 00:00:00"), (2, "b", "2100-01-01 00:00:00")])
    made.fill("recent", TYPES, [(1, "a", "2020-01-01 00:00:00"), (2, "a", "2100-01-01 00:00:00")])
    return made


def results(place):
    """Name → its entry in target/sources.json."""
    document = json.loads((place.folder / "target/sources.json").read_text(encoding="utf-8"))
    return {item["unique_id"]: item for item in document["results"]}


def test_the_newest_row_counts(place):
    """A source passes as long as one of its rows is young enough."""
    result = place.cli("source", "freshness")
    assert [line.split()[:2] for line in result.out.splitlines() if line.startswith("raw.")] == [
        ["raw.old", "pass"],
        ["raw.recent", "pass"],
    ]


def test_a_filter_chooses_the_rows_and_an_old_source_fails(place):
    """`filter` is SQL over the source; past `error_after` the exit code is 3, and sources.json says by how much."""
    place.edit("models/sources.yml", "[{name: old}, {name: recent}]", "TABLES")
    limits = "warn_after: {count: 12, period: hour}, error_after: {count: 2, period: day}"
    place.edit(
        "models/sources.yml", "TABLES", f"[{{name: old, freshness: {{{limits}, filter: \"kind = 'a'\"}}}}, recent]"
    )
    result = place.cli("source", "freshness", code=3)
    assert "MS0702" in result.err
    assert "may be 2 days old" in result.err
    found = results(place)
    assert found["source:raw.old"]["status"] == "error"
    assert found["source:raw.old"]["max_loaded_at"].startswith("2020-01-01T00:00:00")
    assert found["source:raw.old"]["criteria"]["filter"] == "kind = 'a'"
    assert found["source:raw.old"]["criteria"]["error_after"] == {"count": 2, "period": "day"}
    assert found["source:raw.recent"]["status"] == "pass"


def test_a_selection_asks_some_sources_alone(place):
    """`--select source:...` leaves the others alone, in sources.json too."""
    place.cli("source", "freshness", "--select", "source:raw.recent")
    assert list(results(place)) == ["source:raw.recent"]


def test_between_the_limits_is_a_warning(place):
    """Past `warn_after` alone the exit code stays 0."""
    place.edit("models/sources.yml", ", error_after: {count: 2, period: day}", "")
    place.fill("old", TYPES, [(1, "a", "2020-01-01 00:00:00")])
    result = place.cli("source", "freshness")
    assert "MS0702" in result.err
    assert results(place)["source:raw.old"]["status"] == "warn"


def test_a_source_without_rows_is_as_old_as_can_be(place):
    """Nothing was ever loaded: that is past every limit, and no row of the year 1970 is made up."""
    place.fill("old", TYPES, [])
    result = place.cli("source", "freshness", code=3)
    assert "the source `raw.old` has no rows" in result.err
    assert results(place)["source:raw.old"]["max_loaded_at"] is None


@pytest.mark.parametrize(
    ("word", "code", "said"),
    [
        ("lodaed_at", "MS0", "lodaed_at"),
        ("max(", "MS02", "sources.yml"),
    ],
)
def test_a_time_that_cannot_be_asked_for(word, code, said, place):
    """A wrong `loaded_at_field` is told at its place, and is a result of its own: others are still asked."""
    place.edit("models/sources.yml", "loaded_at_field: loaded_at", f'loaded_at_field: "{word}"')
    result = place.cli("source", "freshness", code=3)
    assert code in result.err
    assert said in result.err
    assert results(place)["source:raw.old"]["status"] == "runtime error"


def test_freshness_without_a_time(place):
    """It is said that `loaded_at_field` is missing."""
    place.edit("models/sources.yml", "loaded_at_field: loaded_at\n", "description: none\n")
    assert "MS0703" in place.cli("source", "freshness", code=3).err
