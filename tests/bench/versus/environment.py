"""A Python environment for a tool that is compared with, made once and kept in the cache folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path


def environment(name: str, requirements: Sequence[str]) -> Path:
    """The folder with the programs of an environment that holds these packages."""
    digest = hashlib.md5(repr([sys.version_info[:2], *requirements]).encode()).hexdigest()[:8]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "metasql" / "bench" / f"{name}-{digest}"
    done = folder / "installed.txt"
    if not done.is_file():
        print(f"making an environment for {name}: {', '.join(requirements)}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        _run([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *requirements])
        done.write_text("\n".join(requirements), encoding="utf-8")
    return folder / "bin"


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")


def versions(programs: Path, packages: Sequence[str]) -> str:
    """What was installed, to be printed above the figures."""
    code = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    done = subprocess.run([programs / "python", "-c", code, *packages], check=True, capture_output=True, text=True)
    return ", ".join(f"{name} {told}" for name, told in zip(packages, done.stdout.split(), strict=True))
