"""The reference is a judge only if it says of every worked example what that says itself."""

from __future__ import annotations

import json

import pytest

from tests.property.predicate import aggregate, matches
from tests.property.reference import World
from tests.support.cases import OWN_FILES, difference, read_case


def test_reference_agrees_with_the_case(case_file):
    """Each step of a case reports what the case expects."""
    check(read_case(case_file))


@pytest.mark.parametrize("file", OWN_FILES, ids=[file.stem for file in OWN_FILES])
def test_reference_agrees_with_own_case(file):
    """The same for the cases that this project adds, whose expectations were written by hand."""
    check(read_case(file))


def check(case):
    world = World(case["features"])
    for number, step in enumerate(case["steps"], start=1):
        came, expect = world.apply(step), step.get("expect")
        told = f"step {number} {json.dumps(step, ensure_ascii=False)}\ncame {came}"
        rejected = bool((expect or {}).get("error"))
        assert (came == {"error": True}) == rejected, told
        if expect and not rejected:
            assert not difference(expect, came), told


@pytest.mark.parametrize(
    ("condition", "row", "expected"),
    [
        ("a = 1 or b is null", {"a": None, "b": None}, True),
        ("not (a = 1)", {"a": None}, False),
        ("a in (1, null)", {"a": 1}, True),
        ("a not in (1, null)", {"a": 2}, False),
        ("a <> 'x' and b is not null", {"a": "y", "b": 0}, True),
        ("a = 1 and b > 2", {"a": 2, "b": None}, False),
        ("not (a = 1 and b > 2)", {"a": 2, "b": None}, True),
        ("n < 0 or n between 2 and 3", {"n": 3}, True),
        ("coalesce(n, -1) = -1", {"n": None}, True),
        ("done and not failed", {"done": True, "failed": False}, True),
        ("day < date '2024-03-01'", {"day": "2024-02-29"}, True),
    ],
)
def test_conditions_have_three_values(condition, row, expected):
    """A row is let in where the condition is true, not where it is false or unknown."""
    assert matches(condition, row) is expected


def test_aggregate_expressions():
    """Aggregates leave NULL out, except for a count of rows."""
    rows = [{"n": 2}, {"n": None}, {"n": 5}]
    assert [aggregate(sql, rows) for sql in ("count(*)", "count(n)", "min(n)", "max(n)", "sum(n)")] == [3, 2, 2, 5, 7]
