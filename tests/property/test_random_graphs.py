"""Random graphs and random edits: metasql through the command line against the plain-Python reference.

The cases are the same ones every time. `METASQL_PROPERTY_EXAMPLES=500` makes more of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.property.edits import random_case, with_expectations
from tests.support.harness import failure_of

EXAMPLES = int(os.environ.get("METASQL_PROPERTY_EXAMPLES", "12"))
SHRINKING_RUNS = 60
"""How many smaller cases are tried before the smallest found is shown."""

Case = dict[str, Any]


@pytest.mark.parametrize("seed", range(EXAMPLES))
def test_random_graph(seed, engine, tmp_path):
    """Every increment after every edit is what the reference says, and what a look at all samples gives."""
    attempts = iter(range(SHRINKING_RUNS + 1))

    def check(case: Case) -> str | None:
        return failure_of(case, tmp_path / str(next(attempts)), engine, verified=True)

    case = random_case(seed)
    failure = check(case)
    if failure:
        smallest, failure = shrink(case, failure, check)
        pytest.fail(f"{failure}\n\nThe case, to be saved as a file:\n{as_file(smallest)}", pytrace=False)


@pytest.mark.parametrize("seed", range(40))
def test_random_cases_are_cases(seed):
    """The maker of cases makes the same case of the same seed, and the reference has a word on each increment."""
    case = random_case(seed)
    assert case == random_case(seed)
    asked = [step for step in case["steps"] if step["do"] in ("resolve", "materialize", "take")]
    assert asked
    assert all({"unit", "new", "stale", "orphaned"} <= set(step["expect"]) for step in asked)


def test_shrinking_leaves_what_the_failure_needs():
    """Steps without which the case still fails are taken out."""
    case = random_case(3)
    wanted = case["steps"][-1]["do"], case["steps"][-1]["feature"]

    def check(smaller: Case) -> str | None:
        return "it fails" if any((step["do"], step.get("feature")) == wanted for step in smaller["steps"]) else None

    smallest, _ = shrink(case, "it fails", check)
    assert [(step["do"], step["feature"]) for step in smallest["steps"]] == [wanted]


def shrink(case: Case, failure: str, check: Callable[[Case], str | None]) -> tuple[Case, str]:
    """A case with fewer steps that fails as well, and how."""
    runs = 0
    size = max(1, len(case["steps"]) // 2)
    while size:
        for smaller in list(_without(case, size)):
            if runs == SHRINKING_RUNS:
                return case, failure
            runs += 1
            found = check(smaller)
            if found:
                case, failure = smaller, found
                break
        else:
            size //= 2
    return case, failure


def _without(case: Case, size: int) -> Iterator[Case]:
    """The case without each run of so many steps, the last ones first, where that leaves a case."""
    for start in range(len(case["steps"]) - size, -1, -size):
        steps = case["steps"][:start] + case["steps"][start + size :]
        try:
            yield with_expectations({**case, "steps": steps})
        except (KeyError, StopIteration):
            continue  # a commit without its take, or a field that is not declared any more


def as_file(case: Case) -> str:
    """A case as its file is written: a line for each feature and each step."""
    lines = [f' "{word}": {json.dumps(case[word], ensure_ascii=False)},' for word in ("name", "shows")]
    parts = []
    for word in ("features", "steps"):
        items = ",\n".join(f"  {json.dumps(item, ensure_ascii=False)}" for item in case[word])
        parts.append(f' "{word}": [\n{items}\n ]')
    return "\n".join(["{", *lines, ",\n".join(parts), "}"])
