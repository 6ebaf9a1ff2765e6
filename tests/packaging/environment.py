"""A fresh virtual environment that sees the libraries of this one, and a copy of the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Environment:
    """A virtual environment in a folder of its own."""

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> Environment:
        """An environment without metasql; its dependencies, pip among them, come from this one by a `.pth` file."""
        venv.create(folder, symlinks=True)
        environment = cls(folder)
        libraries = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
        (environment.site / "libraries.pth").write_text("\n".join(libraries) + "\n", encoding="utf-8")
        return environment

    @property
    def site(self) -> Path:
        """Where pip installs to."""
        return next(self.folder.glob("lib/python*/site-packages"))

    def run(self, command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a shell's command; its output, both streams as a terminal would show them, is in `stdout`."""
        hidden = ("PYTHONPATH", "PYTHONHOME", "METASQL_", "PYTEST_", "COV_")
        variables = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        variables |= {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "VIRTUAL_ENV": str(self.folder),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "NO_COLOR": "1",
        }
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", command],
            cwd=cwd,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def must(self, command: str, cwd: Path) -> str:
        """The output of a command that must succeed."""
        done = self.run(command, cwd)
        assert done.returncode == 0, f"$ {command}\nexit code {done.returncode}\n{done.stdout}"
        return done.stdout


def checkout_files() -> list[str]:
    """The files of the checkout that belong to it: tracked, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(name for name in set(listed.stdout.split("\0")) if name and (ROOT / name).is_file())


def copy_checkout(to: Path) -> Path:
    """A copy of those files, as a fresh clone would have them."""
    for name in checkout_files():
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, to / name)
    return to
