"""What the packaging tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packaging.environment import Environment, copy_checkout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A virtual environment without metasql."""
    return Environment.create(tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the files that belong to the checkout."""
    return copy_checkout(tmp_path_factory.mktemp("checkout"))
