"""What the engine or the machine refuses: a designed error, and a warehouse that is whole."""

from __future__ import annotations

import json

import pytest

from tests.scenarios.support import Place


@pytest.fixture
def place(tmp_path, engine):
    """A root over a source, and two features over it, of which one divides."""
    made = Place(tmp_path, engine)
    made.write(
        "models/features.yml",
        """
        version: 1
        sources: [{name: raw, schema: raw, tables: [{name: t}]}]
        features:
          - {name: a, id_columns: [id]}
          - {name: good, id_columns: [id], deps: [a]}
          - {name: risky, id_columns: [id], deps: [a]}
          - {name: behind, id_columns: [id], deps: [risky]}
        """,
    )
    made.write("models/a.sql", "select id, x from {{ source('raw', 't') }}")
    made.write("models/good.sql", "select id, x from {{ ref('a') }}")
    made.write("models/risky.sql", "select id, cast(x as int) as n from {{ ref('a') }}")
    made.write("models/behind.sql", "select id, n from {{ ref('risky') }}")
    made.fill("t", {"id": "bigint", "x": "text"}, [(1, "5"), (2, "6")])
    return made


def test_another_process_holds_the_warehouse(place):
    """The message names the process; when it is gone the run goes on. A server has many clients at once."""
    place.run()
    with place.engine.held_elsewhere(place.folder) as process:
        told = place.run("--lock-timeout", "0", code=3 if place.engine.alone else 0).err
        assert ("MS0602" in told) is place.engine.alone
        assert (f"process {process}" in told) is place.engine.alone
    place.run()


def test_a_value_that_cannot_be_cast(place):
    """One feature fails at its place, what stands on it is skipped, the others are done; mended, all settle."""
    place.fill("t", {"id": "bigint", "x": "text"}, [(1, "5"), (2, "six")])
    result = place.run(code=3)
    assert "MS0610" in result.err
    assert "models/risky.sql" in result.err
    assert place.values("SELECT count(*) FROM good") == [(2,)]
    place.fill("t", {"id": "bigint", "x": "text"}, [(1, "5"), (2, "6")])
    place.run()
    assert place.values("SELECT id, n FROM behind ORDER BY id") == [(1, 5), (2, 6)]
    assert "new" not in place.run().err


def test_a_failing_run_keeps_what_was_there(place):
    """Readers go on seeing the samples before it."""
    place.run()
    before = place.table("risky")
    place.fill("t", {"id": "bigint", "x": "text"}, [(1, "7"), (2, "six")])
    place.run(code=3)
    assert place.table("risky") == before


def test_a_source_table_that_is_missing(place):
    """It is named, at the body that reads it."""
    place.edit("models/a.sql", "'t'", "'gone'")
    place.edit("models/features.yml", "{name: t}", "{name: t}, {name: gone}")
    told = place.run(code=3).err
    assert "MS0611" in told
    assert "models/a.sql" in told


def test_something_else_in_the_place_of_the_warehouse(place):
    """A file of something else, or another server: it is told what is there, and a file is left as it is."""
    with place.engine.displaced(place.folder) as code:
        assert code in place.run(code=3).err


def test_errors_for_programs(place):
    """With `--log-format json` every line on stderr is an object."""
    place.fill("t", {"id": "bigint", "x": "text"}, [(2, "six")])
    result = place.run("--log-format", "json", code=3)
    objects = [json.loads(line) for line in result.err.splitlines() if line.strip()]
    assert "MS0610" in {item.get("code") for item in objects}


def test_an_assertion_that_fails(place):
    """Exit code 3, with the number of rows."""
    place.write("tests/assertions/none_are_small.sql", "select id from {{ ref('good') }} where x < '6'")
    result = place.cli("build", code=3)
    assert "MS0701" in result.err
    assert "1 row" in result.err
