from __future__ import annotations

import json
import subprocess
import sys

import pytest

DRIVERS = {"duckdb", "clickhouse_connect", "chdb", "pyarrow", "pandas", "polars", "numpy"}


def loaded_after(statement: str) -> set[str]:
    """The top-level modules that a fresh Python has loaded after a statement."""
    report = (
        "import json, sys; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", f"{statement}\n{report}"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def command(*arguments: str) -> str:
    """A statement that runs a command in-process and must succeed."""
    return f"from metasql.cli.main import main\nassert main({list(arguments)!r}) == 0"


@pytest.mark.parametrize(
    "statement",
    [
        "import metasql",
        "from metasql import *",
        "import metasql.pipeline",
        command("--help"),
        command("run", "--help"),
    ],
    ids=["import", "everything", "pipeline", "help", "run-help"],
)
def test_no_driver_is_loaded(statement):
    """Compiling needs neither a database nor a driver, and asking for help needs nothing at all."""
    assert loaded_after(statement) & DRIVERS == set()


def test_importing_metasql_loads_nothing_of_it():
    """Neither its parser nor its tables, before something is asked of it."""
    assert loaded_after("import metasql") & {"sqlglot", "rich", "click", "yaml", "jinja2"} == set()


@pytest.mark.parametrize("module", ["metasql.codes", "metasql.names", "metasql.report.explain"])
def test_the_base_is_plain_python(module):
    """What everything stands on imports no library."""
    assert loaded_after(f"import {module}") & {*DRIVERS, "click", "rich", "yaml"} == set()


def test_help_loads_no_command():
    """Not even what parses SQL and YAML."""
    assert loaded_after(command("--help")) & {*DRIVERS, "sqlglot", "yaml", "jinja2"} == set()


def test_compiling_a_project_loads_no_driver(tmp_path):
    """From YAML to SQL on disk, without the engine."""
    (tmp_path / "models").mkdir()
    (tmp_path / "dbt_project_style.yml").write_text("name: light\nprofile: light\n")
    (tmp_path / "profiles.yml").write_text("light: {target: dev, outputs: {dev: {type: duckdb, path: a.duckdb}}}\n")
    (tmp_path / "models/video.yml").write_text(
        "version: 1\nfeatures: [{name: video, id_columns: [id], columns: [{name: id, type: text}]}]\n"
    )
    (tmp_path / "models/clip.sql").write_text("{{ config(id_columns=['id']) }}\nselect id from {{ ref('video') }}\n")
    assert loaded_after(command("compile", "--project-dir", str(tmp_path))) & DRIVERS == set()
    assert not (tmp_path / "a.duckdb").exists()
