from __future__ import annotations

import io
import json
import sys

import pytest

from metasql.cli.main import main
from tests.support.cli import run_cli

SECRET = "hunter2-and-more"


def checks(out: str) -> dict[str, str]:
    """The status of each check."""
    return {line.split("  ")[0].strip(): line[line.index("  ") :].split()[0] for line in out.splitlines()}


def test_everything_is_in_order(built):
    """Versions, files and what the engine says of itself."""
    out = built.must("debug")
    assert set(checks(out).values()) == {"ok"}
    assert "DuckDB v" in out
    assert str(built.warehouse) in out
    assert "3 features, 1 seed, 4 assertions" in out


def test_a_warehouse_that_is_not_there_yet_is_no_fault(starter):
    """And looking does not make it."""
    assert "`metasql build` makes it" in starter.must("debug")
    assert not starter.warehouse.exists()


def test_a_project_that_does_not_parse(built):
    """The rest is looked at all the same; every mistake is shown."""
    built.edit("models/video/shape.sql", "FROM", "FORM")
    built.edit("models/video/full.yml", "id_columns", "id_colums")
    result = built.run("debug")
    assert result.code == 1
    found = checks(result.out)
    assert found["files"] == "error"
    assert found["warehouse"] == found["engine"] == found["target"] == "ok"
    assert "models/video/full.yml" in result.err
    assert "models/video/shape.sql" in result.err


def test_no_project_file(tmp_path):
    """What cannot be looked at is said, too."""
    result = run_cli("debug", "--project-dir", str(tmp_path))
    assert result.code == 1
    assert checks(result.out) == {
        "metasql": "ok",
        "python": "ok",
        "project": "error",
        "profile": "-",
        "files": "-",
        "warehouse": "-",
    }
    assert "MS0101" in result.err


def test_an_unknown_target(built):
    """The files can be read without one."""
    result = built.run("debug", "--target", "prd")
    assert result.code == 1
    assert checks(result.out)["profile"] == "error"
    assert checks(result.out)["files"] == "ok"
    assert checks(result.out)["warehouse"] == "-"
    assert "MS0112" in result.err


def test_a_warehouse_that_cannot_be_opened(built):
    """The project is in order, the warehouse is not: exit code 3."""
    built.warehouse.write_text("no database")
    result = built.run("debug")
    assert result.code == 3
    assert checks(result.out)["warehouse"] == "error"
    assert "MS0604" in result.err


@pytest.mark.parametrize("broken", [False, True])
def test_no_secret_is_shown(starter, broken):
    """Neither by the checks nor by the messages about the file that holds it."""
    port = "port: x" if broken else "port: 1"
    (starter.folder / "profiles.yml").write_text(
        "demo:\n  target: prod\n  outputs:\n    prod:\n      type: clickhouse\n      host: 127.0.0.1\n"
        f"      {port}\n      username: reader\n      password: {SECRET}\n"
        f"      settings: {{s3_secret: {SECRET}}}\n"
    )
    for arguments in ((), ("--log-format", "json"), ("-v",)):
        result = starter.run("debug", *arguments)
        assert result.code in (1, 3)
        assert SECRET not in result.out + result.err
        assert "clickhouse" in result.out or broken


def test_mistakes_as_json_lines(built):
    """For programs; the checks are the result, and stay what they are."""
    built.edit("models/video/shape.sql", "FROM", "FORM")
    result = built.run("debug", "--log-format", "json")
    assert [json.loads(line)["severity"] for line in result.err.splitlines()] == ["error"]
    assert "files" in result.out


class Terminal(io.StringIO):
    """Takes colours."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("command", ["debug", "status"])
@pytest.mark.parametrize("no_color", ["", "1"])
def test_colors_on_a_terminal_unless_they_are_not_wanted(built, monkeypatch, command, no_color):
    """NO_COLOR leaves no escape sequence at all."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert main([command, "--project-dir", str(built.folder)]) == 0
    assert ("\x1b[" in sys.stdout.getvalue()) is not bool(no_color)
