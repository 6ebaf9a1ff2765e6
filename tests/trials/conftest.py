"""Trials start from a project's name: `start_trial("hdtf")`, on each engine that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.engines import Engine
from tests.trials.trial import Trial


@pytest.fixture
def start_trial(tmp_path: Path, capsys: pytest.CaptureFixture[str], engine: Engine) -> Callable[[str], Trial]:
    return lambda name: Trial(name, tmp_path, capsys, engine)
