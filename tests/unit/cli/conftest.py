"""The starter project: as `metasql init` leaves it, and after a build."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from metasql.report.starter import start
from tests.unit.cli.starter import Starter


@pytest.fixture
def starter(tmp_path: Path) -> Starter:
    """A project in which nothing was run."""
    return Starter(start(tmp_path / "demo").folder)


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was built, to be copied."""
    folder = start(tmp_path_factory.mktemp("built") / "demo").folder
    Starter(folder).must("build")
    return folder


@pytest.fixture
def built(built_once: Path, tmp_path: Path) -> Starter:
    """A project that was built once."""
    shutil.copytree(built_once, tmp_path / "demo")
    return Starter(tmp_path / "demo")
