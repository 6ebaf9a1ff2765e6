"""Another version of the SQL parser makes nothing stale: the lock file keeps what an older one read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OLDER = "30.29.0"
PARTS = ("dbt_project_style.yml", "profiles.yml", "models", "macros", "seeds", "tests/assertions")


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with another version of the parser, for PYTHONPATH."""
    folder = tmp_path_factory.mktemp("parser")
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--target", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, f"sqlglot=={OLDER}"], check=True)
    return folder


def metasql(folder: Path, *words: str, first: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command of its own, with a folder of libraries before the others."""
    paths = [str(path) for path in (first, ROOT) if path is not None]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "CI": "", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "metasql", *words, "--project-dir", str(folder)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_a_newer_parser_makes_nothing_stale(older: Path, tmp_path: Path) -> None:
    """What an older one read, computed and locked is settled for this one, in text that is the same."""
    for part in PARTS:
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, tmp_path / part)
    told = subprocess.run(
        [sys.executable, "-c", "import sqlglot; print(sqlglot.__version__)"],
        env={**os.environ, "PYTHONPATH": str(older)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == OLDER
    built = metasql(tmp_path, "build", first=older)
    assert built.returncode == 0, built.stderr
    lock = (tmp_path / "metasql.lock").read_text(encoding="utf-8")
    assert len(lock.splitlines()) > 5

    ran = metasql(tmp_path, "run", "--locked")
    assert ran.returncode == 0, ran.stderr
    lines = [line for line in ran.stderr.splitlines() if " sql " in line]
    assert lines
    assert all("settled" in line for line in lines), ran.stderr
    assert (tmp_path / "metasql.lock").read_text(encoding="utf-8") == lock
