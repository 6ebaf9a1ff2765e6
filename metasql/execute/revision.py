"""A project as it is at a git revision, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from metasql.config.project import PROJECT_FILE
from metasql.diagnostics import MetasqlError


@contextmanager
def project_at(folder: Path, revision: str) -> Iterator[Path]:
    """The files of a project's folder at a revision, for as long as they are needed.

    Raises: MetasqlError MS0512 (no repository, no such revision), MS0513 (no project there).
    """
    if _git(folder, "rev-parse", "--is-inside-work-tree") != "true":
        raise MetasqlError.of(
            "MS0512",
            f"`{folder.name}` is in no git repository",
            help="compare with a manifest instead: `metasql diff --state target/metasql.json`",
        )
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if not commit:
        raise MetasqlError.of(
            "MS0512",
            f"git knows no revision `{revision}`",
            help="name a branch, a tag or a commit; `git fetch` brings those of others",
        )
    inside = (_git(folder, "rev-parse", "--show-prefix") or "").rstrip("/")
    if _git(folder, "cat-file", "-e", f"{commit}:{f'{inside}/' if inside else ''}{PROJECT_FILE}") is None:
        raise MetasqlError.of(
            "MS0513",
            f"there is no project at `{revision}`",
            notes=[f"looked for `{inside + '/' if inside else ''}{PROJECT_FILE}` in commit {commit[:12]}"],
            help="name a revision that has the project in this folder",
        )
    with tempfile.TemporaryDirectory() as place:
        made = Path(place, "project")
        archive = Path(place, "project.tar")
        top = Path(_git(folder, "rev-parse", "--show-toplevel") or folder)
        _git(top, "archive", "--format=tar", f"--output={archive}", f"{commit}:{inside}")
        with tarfile.open(archive) as tar:
            tar.extractall(made, filter="data")
        yield made


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says; None where it fails, or is not there."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], env=env, capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
