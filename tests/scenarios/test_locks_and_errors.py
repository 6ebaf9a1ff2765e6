"""What the engine or the machine refuses: a designed error, and a warehouse that is whole."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.scenarios.support import PYTHON, Place

HOLDER = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


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
    """The message names the process; when it is gone the run goes on."""
    place.run()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(place.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        told = place.run(code=3).err
        assert "MS0602" in told
        assert str(holder.pid) in told
        holder.communicate()
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


def test_a_file_that_is_no_warehouse(place):
    """It is left as it is."""
    place.path.write_text("no database at all, but a text of some length" * 20, encoding="utf-8")
    assert "MS0604" in place.run(code=3).err
    assert place.path.read_text(encoding="utf-8").startswith("no database")


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


# What every refusal has to leave behind


AS_A_USER = """
import ctypes, os, sys
if os.geteuid() == 0 and sys.platform == "linux":
    for capability in (1, 2):  # by which an administrator reads and writes whatever a file's mode says
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP: gone with the next program
os.execv(sys.executable, [sys.executable, "-m", "metasql", *sys.argv[1:]])
"""


def whole(place):
    """A good run settles every feature, and the one after it writes nothing."""
    place.run()
    assert place.values("SELECT x FROM good ORDER BY id") == [("5",), ("6",)]
    assert place.values("SELECT id, n FROM behind ORDER BY id") == [(1, 5), (2, 6)]
    before = place.public(without=())
    assert all(place.listed(key) == {} for key in ("a", "good", "risky", "behind"))
    place.run()
    assert place.public(without=()) == before


def objects(err):
    """Standard error as JSON lines: each is an object."""
    found = [json.loads(line) for line in err.splitlines()]
    assert found
    assert all(isinstance(item, dict) for item in found)
    return found


@contextmanager
def held(place, how="duckdb.connect(sys.argv[1])") -> Iterator[int]:
    """Another process has the warehouse open; gives its number."""
    program = HOLDER.replace("duckdb.connect(sys.argv[1])", how)
    with subprocess.Popen(
        [PYTHON, "-c", program, str(place.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline().strip() == b"held"
            yield holder.pid
        finally:
            holder.communicate()


def as_a_user(place, *command):
    """A command in a process for which the modes of files count, whoever runs the tests."""
    program = [PYTHON, "-c", AS_A_USER, *command, "--project-dir", str(place.folder)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    assert "MS9" not in done.stderr, done.stderr
    return done


@pytest.mark.parametrize(
    "command",
    [
        *(("run",), ("build",), ("seed",), ("test",), ("status",), ("show", "good"), ("increment", "good")),
        *(("ls", "--select", "increment:new"), ("delete", "good", "--orphaned")),
    ],
    ids=lambda command: command[0],
)
def test_every_command_names_the_process_that_writes(place, command):
    """Those that only read cannot read beside a writer either."""
    place.run()
    with held(place) as pid:
        result = place.cli(*command, code=3)
        assert "MS0602" in result.err
        assert f"process {pid}" in result.err
    whole(place)


def test_a_reader_keeps_writers_out_and_readers_not(place):
    """Beside a process that reads, commands that read work; a run says who is in its way."""
    place.run()
    with held(place, "duckdb.connect(sys.argv[1], read_only=True)") as pid:
        assert f"process {pid}" in place.run(code=3).err
        assert json.loads(place.cli("show", "good", "--format", "json").out.splitlines()[0]) == {"id": 1, "x": "5"}
        place.cli("increment", "good")
        place.cli("status")
    whole(place)


def test_commands_that_need_no_warehouse(place):
    """A held warehouse does not stop them."""
    with held(place):
        place.cli("parse")
        place.cli("compile")
        place.cli("ls")
    whole(place)


def test_a_held_warehouse_for_programs(place):
    """The error is a JSON line of its own."""
    with held(place) as pid:
        (told,) = objects(place.run("--log-format", "json", code=3).err)
    assert told["code"] == "MS0602"
    assert str(pid) in told["message"]


def test_a_file_that_may_not_be_written(place):
    """A run is refused; reading goes on."""
    place.run()
    place.path.chmod(0o400)
    refused = as_a_user(place, "run")
    assert refused.returncode == 3, refused.stderr
    assert "MS0605" in refused.stderr
    assert as_a_user(place, "show", "good").returncode == 0
    place.path.chmod(0o600)
    whole(place)


def test_a_folder_that_may_not_be_written(place):
    """The warehouse cannot be made in it; when it can, all is made."""
    folder = place.folder / "shut"
    folder.mkdir()
    place.edit("profiles.yml", str(place.path), str(folder / "inner" / "other.duckdb"))
    folder.chmod(0o500)
    refused = as_a_user(place, "run")
    assert refused.returncode == 3, refused.stderr
    assert "MS0605" in refused.stderr
    folder.chmod(0o700)
    assert list(folder.iterdir()) == []


def test_a_path_that_leads_through_a_file(place):
    """No folder can be made there."""
    place.edit("profiles.yml", str(place.path), str(place.path / "other.duckdb"))
    assert "MS0605" in place.run(code=3).err
    place.edit("profiles.yml", str(place.path / "other.duckdb"), str(place.path))
    whole(place)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("select id, x::bigint + 9223372036854775807 as n from {{ ref('a') }}", "overflow"),
        ("select id, 1 // (x::int - 6) as n from {{ ref('a') }}", "division by zero"),
        ("select id, error('on purpose') as n from {{ ref('a') }}", "on purpose"),
        ("select id, nothing_of_that_name(x) as n from {{ ref('a') }}", "nothing_of_that_name"),
    ],
    ids=["overflow", "division", "own", "function"],
)
def test_what_the_engine_says_of_a_body(place, body, says):
    """Its words are passed on, with the file; no sample of the failing run is to be seen."""
    good = "select id, cast(x as int) as n from {{ ref('a') }}"
    place.write("models/risky.sql", body)
    result = place.run(code=3)
    assert says in result.err.lower()
    assert "models/risky.sql" in result.err
    assert "risky" not in place.relations() or place.values("SELECT * FROM risky") == []
    place.write("models/risky.sql", good)
    whole(place)


@pytest.mark.parametrize("threads", ["1", "4"])
def test_errors_in_several_features(place, threads):
    """All are told in one run, whatever else is done at once."""
    place.edit("models/features.yml", "{name: behind", "{name: other, id_columns: [id], deps: [a]}\n  - {name: behind")
    place.write("models/other.sql", "select id, cast(x as date) as d from {{ ref('a') }}")
    place.write("models/risky.sql", "select id, cast(x as date) as n from {{ ref('a') }}")
    told = objects(place.run("--threads", threads, "--log-format", "json", code=3).err)
    assert len([item for item in told if item.get("code") == "MS0610"]) == 2
    assert place.values("SELECT count(*) FROM good") == [(2,)]
    place.write("models/other.sql", "select id from {{ ref('a') }}")
    place.write("models/risky.sql", "select id, cast(x as int) as n from {{ ref('a') }}")
    whole(place)


def test_errors_of_the_project(place):
    """They leave with 1, before the warehouse is opened, and all of them are told."""
    place.run()
    before = place.path.read_bytes()
    place.edit("models/features.yml", "deps: [risky]", "deps: [riksy]")
    place.write("models/good.sql", "select id, x fro {{ ref('a') }} where (")
    with held(place):
        told = objects(place.run("--log-format", "json", code=1).err)
    assert {item["code"][:4] for item in told if item.get("severity") == "error"} >= {"MS02", "MS03"}
    assert place.path.read_bytes() == before
    place.edit("models/features.yml", "deps: [riksy]", "deps: [risky]")
    place.write("models/good.sql", "select id, x from {{ ref('a') }}")
    whole(place)


def test_an_assertion_that_warns_and_one_that_holds(place):
    """A warning is told and leaves with 0; `test` asks the assertions alone."""
    place.run()
    place.write(
        "tests/assertions/small.sql", "{{ config(severity='warn') }}\nselect id from {{ ref('good') }} where x < '6'"
    )
    place.write("tests/assertions/none.sql", "select id from {{ ref('good') }} where x < '0'")
    result = place.cli("test")
    assert "MS0701" in result.err
    assert "error[" not in result.err
    whole(place)
