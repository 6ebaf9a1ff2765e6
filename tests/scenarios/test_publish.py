"""`--publish PATH`: a copy of the DuckDB file for readers, in one step, and only of what went well."""

from __future__ import annotations

import duckdb
import pytest

import metasql
from metasql.diagnostics import MetasqlError
from tests.scenarios.support import Place


@pytest.fixture
def place(tmp_path, engine):
    """A root, a feature over it, one that is made outside, and an assertion."""
    made = Place(tmp_path / "project", engine)
    made.write(
        "models/features.yml",
        """
        version: 1
        sources: [{name: raw, schema: raw, tables: [{name: t}]}]
        features:
          - {name: a, id_columns: [id]}
          - {name: b, id_columns: [id], deps: [a], history: true}
          - {name: outside, id_columns: [id], deps: [a], columns: [{name: path, type: text}]}
        """,
    )
    made.write("models/a.sql", "select id, cast(x as int) as x from {{ source('raw', 't') }}")
    made.write("models/b.sql", "select id, x from {{ ref('a') }}")
    made.write("tests/assertions/small.sql", "select id from {{ ref('b') }} where x > 100")
    fill(made, "5", "6")
    return made


def fill(place, *values):
    place.fill("t", {"id": "bigint", "x": "text"}, list(enumerate(values, 1)))


@pytest.fixture
def published(place, tmp_path):
    """A folder of its own, beside which the project could be gone."""
    return tmp_path / "published" / "data.duckdb"


def on_duckdb(place):
    return place.engine.name == "duckdb"


def values(path, sql="SELECT id, x FROM b ORDER BY id"):
    """What a client that only reads sees."""
    with duckdb.connect(str(path), read_only=True) as client:
        return client.execute(sql).fetchall()


def test_a_copy_for_readers(place, published):
    """It has all views, and nothing lies beside it; ClickHouse has no such file, and says so before it runs."""
    result = place.run("--publish", str(published), code=0 if on_duckdb(place) else 3)
    if not on_duckdb(place):
        assert "MS0616" in result.err
        assert place.columns("b") == {}
        return
    assert f"published at {published}" in result.err
    assert values(published) == [(1, 5), (2, 6)]
    assert [path.name for path in published.parent.iterdir()] == ["data.duckdb"]
    with duckdb.connect(str(published), read_only=True) as client:
        views = client.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        assert sorted(name for (name,) in views) == sorted(name for name in place.relations() if "history" not in name)
        for (name,) in views:
            client.execute(f'SELECT * FROM "{name}"').fetchall()
        assert client.execute("SELECT metasql_status FROM outside__increment").fetchall() == [("new",), ("new",)]
        assert client.execute("SELECT count(*) FROM metasql_runs").fetchall() == [(1,)]
    assert values(published, "SELECT tags['storage_version'] FROM duckdb_databases() WHERE path IS NOT NULL") == values(
        place.folder / "case.duckdb", "SELECT tags['storage_version'] FROM duckdb_databases() WHERE path IS NOT NULL"
    )


def test_readers_keep_the_old_copy(place, published):
    """Who has it open reads it to the end; who opens the path then has the new one."""
    if not on_duckdb(place):
        return
    place.cli("build", "--publish", str(published))
    with duckdb.connect(str(published), read_only=True) as reader:
        fill(place, "5", "7", "8")
        place.cli("build", "--publish", str(published))
        assert reader.execute("SELECT id, x FROM b ORDER BY id").fetchall() == [(1, 5), (2, 6)]
    assert values(published) == [(1, 5), (2, 7), (3, 8)]


@pytest.mark.parametrize(("command", "wrong"), [("run", "six"), ("build", "600")])
def test_what_fails_is_not_published(place, published, command, wrong):
    """Neither a run with a feature that failed nor a build with an assertion that did."""
    if not on_duckdb(place):
        return
    place.cli(command, "--publish", str(published))
    before = published.read_bytes()
    fill(place, "5", wrong)
    place.cli(command, "--publish", str(published), code=3)
    assert published.read_bytes() == before
    assert len(list(published.parent.iterdir())) == 1


def test_places_where_nothing_can_be_published(place, tmp_path):
    """Each is told before anything is computed, and left as it is."""
    if not on_duckdb(place):
        return
    text = tmp_path / "README.md"
    text.write_text("a text that is longer than the head of a database\n", encoding="utf-8")
    for path in (text, tmp_path, place.folder / "case.duckdb", text / "below.duckdb"):
        told = place.run("--publish", str(path), code=3).err
        assert "MS0617" in told
        assert "--publish" in told
    assert text.read_text(encoding="utf-8").startswith("a text")
    assert place.columns("b") == {}


def test_a_copy_that_cannot_be_written(place, published):
    """The run is told, and what was published before stays; a rest of a killed one does not matter."""
    if not on_duckdb(place):
        return
    place.run("--publish", str(published))
    (published.parent / ".data.duckdb.publishing").write_bytes(b"half a file")
    fill(place, "5", "7")
    place.run("--publish", str(published))
    assert values(published) == [(1, 5), (2, 7)]
    fill(place, "5", "8")
    (published.parent / ".data.duckdb.publishing").mkdir()
    told = place.run("--publish", str(published), code=3).err
    assert "MS0617" in told
    assert "run: 3 ok" in told
    assert values(published) == [(1, 5), (2, 7)]
    assert place.values("SELECT x FROM b ORDER BY id") == [(5,), (8,)]


def test_the_same_from_python(place, published):
    """`publish=` of a run."""
    place.engine.ready(place.folder)
    project = metasql.Project.load(place.folder)
    if not on_duckdb(place):
        with pytest.raises(MetasqlError, match="MS0616"):
            project.run(publish=published)
        return
    assert project.run(publish=published).ok
    assert values(published) == [(1, 5), (2, 6)]
