"""`defer` between two DuckDB files: the other one is attached read-only, and stays byte for byte what it was."""

from __future__ import annotations

import hashlib

import duckdb
import pytest

from tests.scenarios.support import Place
from tests.scenarios.support_defer import Two, status
from tests.scenarios.test_environments import MADE, MORE
from tests.support.engines import engine_named
from tests.support.occupied import DUCKDB, held_by_process


@pytest.fixture
def two(tmp_path):
    """Videos, crops and sizes in the file of prod; features that stand on them are declared since."""
    made = Two(tmp_path, engine_named("duckdb"), files=True)
    made.write("models/features.yml", MADE)
    made.write("models/size.sql", "select id, height, height * 2 as width from {{ ref('video') }}")
    made.prod.run()
    made.prod.commit("video", [{"id": name, "etag": "e", "height": 10} for name in "abc"])
    made.prod.work_off("crop", {"path": "p"})
    made.prod.run()
    made.write("models/more.yml", MORE)
    made.write("models/area.sql", "select id, height * width as area from {{ ref('size') }}")
    return made


def digest(two):
    return hashlib.sha256(two.prod.file.read_bytes()).hexdigest()


def test_the_file_stays_what_it_was(two):
    """Whatever is done in dev; and a change in prod is seen by the next command."""
    before = digest(two)
    two.dev.run()
    two.dev.work_off("words", {"said": "hello"})
    two.dev.cli("status", "--refresh")
    two.dev.cli("plan")
    two.dev.cli("test")
    two.dev.run("--select", "size")
    two.dev.run("--select", "area", "--full-refresh")
    two.dev.cli("vacuum", "--older-than", "0s")
    two.dev.cli("delete", "words", "--where", "id = 'a'")
    assert status(two.dev)["area"] == ("current", 3, 0, 0, 0)
    assert not list(two.folder.glob("prod.duckdb?*"))
    assert digest(two) == before
    two.prod.commit("video", [{"id": "b", "etag": "f", "height": 12}])
    assert status(two.dev)["size"] == ("current", 3, 0, 1, 0)


def test_a_copy_from_another_file(two):
    """Deferring or not, the other file is only read; where it is missing, that is said."""
    before = digest(two)
    two.dev.cli("copy", "video", "--from", "prod", "--no-defer")
    two.dev.cli("copy", "crop", "--from", "prod", "--sample", "100%")
    assert status(two.dev, "--no-defer")["crop"] == ("current", 3, 0, 0, 0)
    assert digest(two) == before
    two.prod.file.unlink()
    told = two.dev.cli("copy", "crop", "--from", "prod", "--no-defer", code=3).err
    assert "MS0680" in told
    assert not two.prod.file.exists()


def test_before_the_first_run(two):
    """The file of dev is not there, and is not made by looking."""
    states = {key: told[0] for key, told in status(two.dev).items()}
    assert (states["size"], states["area"]) == ("deferred", "never run")
    told = two.dev.cli("plan").out
    assert "area" in told
    assert "video" not in told
    assert not two.dev.file.exists()


def test_the_file_is_missing(two):
    """The message names it and the target; without deferring all goes on."""
    two.dev.run()
    two.prod.file.rename(two.folder / "elsewhere")
    for command in (("run",), ("status",), ("increment", "words")):
        told = two.dev.cli(*command, code=3).err
        assert "MS0680" in told
        assert "prod.duckdb" in told
    assert "words" in two.dev.cli("status", "--no-defer").out
    assert not two.prod.file.exists()


def test_the_file_is_in_use(two):
    """Another process writes it: the message names that process."""
    with held_by_process(DUCKDB, str(two.prod.file)) as process:
        told = two.dev.run(code=3).err
        assert "MS0602" in told
        assert f"process {process}" in told
        assert "from which `dev` reads features" in told
    two.dev.run()


def test_the_file_is_something_else(two):
    """No DuckDB file: it is left as it is."""
    two.prod.file.write_text("something else" * 500)
    told = two.dev.run(code=3).err
    assert "MS0604" in told
    assert two.prod.file.read_text() == "something else" * 500


@pytest.mark.parametrize(("version", "code"), [("1", "MS0681"), ("99", "MS0606")])
def test_tables_of_another_version(two, version, code):
    """Those of an older metasql are not upgraded from here, and those of a newer one not understood."""
    with duckdb.connect(str(two.prod.file)) as connection:
        connection.execute(f"UPDATE metasql_meta SET value = '{version}' WHERE name = 'version'")
    before = digest(two)
    assert code in two.dev.run(code=3).err
    assert digest(two) == before


def test_a_session_cannot_write_there(two):
    """Not even a hook of the author's: the engine refuses."""
    before = digest(two)
    two.edit(
        "dbt_project_style.yml",
        "name: case",
        "name: case\non-run-start: ['delete from metasql_prod.main.video__samples']",
    )
    assert "read-only" in two.dev.run(code=None).err
    assert digest(two) == before


def test_a_target_that_defers_to_nothing_is_as_ever(two):
    """A view over prod reads as ever in the file of dev, where prod's is attached under the same name."""
    two.dev.run()
    with duckdb.connect(str(two.dev.file), read_only=True) as connection:
        connection.execute(f"ATTACH '{two.prod.file}' AS metasql_prod (READ_ONLY)")
        assert connection.execute("SELECT count(*) FROM words__increment").fetchall() == [(3,)]
    assert isinstance(two.dev, Place)
