from __future__ import annotations

import json

import pytest

from metasql.codes import CATALOGUE
from tests.support.cli import run_cli


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_code_is_explained(code):
    """On stdout, without a project."""
    result = run_cli("explain", code)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"# {code}: {CATALOGUE[code].title}\n")


def test_lower_case_will_do():
    """Codes are typed by hand."""
    assert run_cli("explain", "ms0302").out == run_cli("explain", "MS0302").out


def test_without_a_code_all_are_listed():
    """One a line."""
    result = run_cli("explain")
    assert result.code == 0
    assert [line.split()[0] for line in result.out.splitlines()] == list(CATALOGUE)


def test_an_unknown_code_names_similar_ones():
    """And is a mistake in using the command."""
    result = run_cli("explain", "MS0304x")
    assert (result.code, result.out) == (2, "")
    assert "MS0155" in result.err
    assert "did you mean" in result.err
    assert "`MS0304`" in result.err


def test_nothing_is_similar():
    """Then the way to the list is shown; as JSON where that is wanted."""
    result = run_cli("explain", "rhinoceros", "--log-format", "json")
    assert result.code == 2
    assert "lists all codes" in json.loads(result.err)["help"]
