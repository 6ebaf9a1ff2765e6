"""The README's commands, run as they stand; CONTRIBUTING.md says how its blocks are marked."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.packaging.environment import ROOT
from tests.spec.document import Block, blocks
from tests.support.shown import shows

README = ROOT / "README.md"
MARKS = re.compile(r"run|run, exit \d+|output|tests")


def marked() -> list[Block]:
    """The blocks of the README that are marked for checking, in order."""
    return [block for block in blocks(README.read_text(encoding="utf-8")) if block.mark and MARKS.fullmatch(block.mark)]


def test_the_commands_of_the_readme_do_what_it_says(environment, checkout):
    """One after the other in a fresh clone and an environment without metasql, outputs compared."""
    output = ""
    for block in marked():
        where = f"README.md:{block.start}"
        if block.mark == "output":
            assert shows(block.text, output), f"{where}: shown\n{block.text}\nbut came\n{output}"
        elif block.mark != "tests":
            done = environment.run(block.text, checkout)
            code = int((block.mark or "").partition("exit ")[2] or 0)
            output = done.stdout
            assert done.returncode == code, f"{where}: exit code {done.returncode}\n{output}"


def test_the_readme_installs_and_builds_in_its_first_command():
    """Whoever has nothing but Python sees the main job with one paste."""
    first = marked()[0]
    assert first.mark == "run"
    assert "pip install" in first.text
    assert "metasql build" in first.text


def test_ci_runs_the_tests_as_the_readme_says():
    """One block is marked `tests`, and `.ci/run` reads that very text."""
    (block,) = [block for block in marked() if block.mark == "tests"]
    assert "python -m pytest" in block.text
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    (reader,) = re.findall(r"awk '([^']*)' README\.md", script)
    read = subprocess.run(["awk", reader, str(README)], capture_output=True, text=True, check=True)
    assert read.stdout == block.text


@pytest.mark.parametrize(
    ("shown", "came", "same"),
    [
        ("a  0.31 s\nb", "a  12 s  \nb\n", True),
        ("a ... z", "a b\nc z", True),
        ("1 of 2", "1 of 3", False),
        ("a", "a\nb", False),
        ("2026-01-02 03:04:05.6 by run 288f24b4-812", "2027-01-02 03:04:05 by run 29c48f52-d4d", True),
    ],
)
def test_outputs_are_compared(shown, came, same):
    """By line, durations aside; `...` stands for anything."""
    assert shows(shown, came) is same
