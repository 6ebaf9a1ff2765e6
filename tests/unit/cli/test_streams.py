"""What goes where: results to stdout, events and messages to stderr."""

from __future__ import annotations

import json

import pytest

from tests.support.cli import run_cli

WRITING = ["seed", "run", "test", "build"]


@pytest.mark.parametrize("command", WRITING)
def test_commands_that_write_have_no_result(built, command):
    """What happens is told on stderr."""
    result = built.run(command)
    assert (result.code, result.out) == (0, ""), str(result)
    assert f"{command}:" in result.err


@pytest.mark.parametrize("command", WRITING)
def test_events_as_json_lines(built, command):
    """Every line of stderr is a document."""
    result = built.run(command, "--log-format", "json")
    events = [json.loads(line)["event"] for line in result.err.splitlines()]
    assert (events[0], events[-1]) == ("run_started", "run_finished")
    assert result.out == ""


@pytest.mark.parametrize("command", [*WRITING, "ls", "status", "clean", "explain", "debug"])
def test_quiet(built, command):
    """Nothing but results and errors."""
    result = built.run(command, "-q")
    assert (result.code, result.err) == (0, ""), str(result)


def test_statements_on_request(built):
    """`-v` shows what is executed, on stderr."""
    result = built.run("status", "-v")
    assert "SELECT" in result.err
    assert "SELECT" not in result.out


@pytest.mark.parametrize(
    "command",
    [["ls"], ["status"], ["show", "video/full"], ["build"], ["increment", "video/face_crop"], ["clean"], ["compile"]],
)
def test_without_a_project(tmp_path, command):
    """The same message everywhere."""
    result = run_cli(*command, "--project-dir", str(tmp_path))
    assert (result.code, result.out) == (1, "")
    assert "MS0101" in result.err


def test_a_command_that_is_not_there():
    """The nearest is named; a mistake in using metasql."""
    result = run_cli("statu")
    assert (result.code, result.out) == (2, "")
    assert "Did you mean 'status'?" in result.err


def test_vars_that_are_no_mapping(starter):
    """Designed, as every mistake."""
    result = starter.run("ls", "--vars", "[1]")
    assert result.code == 1
    assert "MS0150" in result.err
