"""Every file of the cases folder, through the command line: `pytest tests/cases --cases-dir DIR --engine duckdb`.

The files of `own/` beside this one say the same kind of thing about keys and rules that the folder leaves out.
"""

from __future__ import annotations

import pytest

from tests.support.cases import OWN_FILES, read_case
from tests.support.harness import failure_of


def test_case(case_file, engine, tmp_path):
    """Each step reports what the case says, and what must be rejected writes nothing."""
    check(case_file, engine, tmp_path)


@pytest.mark.parametrize("file", OWN_FILES, ids=[file.stem for file in OWN_FILES])
def test_own_case(file, engine, tmp_path):
    """The same for the cases that this project adds."""
    check(file, engine, tmp_path)


def check(file, engine, folder):
    failure = failure_of(read_case(file), folder, engine)
    if failure:
        pytest.fail(failure, pytrace=False)
