"""Where a command comes from: the git revision of the project, and who ran it. No program is started for that."""

from __future__ import annotations

import getpass
from pathlib import Path


def author() -> str | None:
    """The user by whom the process runs; None where the system knows no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return None


def revision(folder: Path | None) -> str | None:
    """The commit that is checked out in a folder, changed files or not; None outside of a repository."""
    for place in (folder, *folder.parents) if folder is not None else ():
        found = place / ".git"
        if found.exists():
            return _checked_out(found)
    return None


def _checked_out(place: Path) -> str | None:
    try:
        if place.is_file():  # of a worktree: a line that says where it is
            place = place.parent / place.read_text(encoding="utf-8").partition(":")[2].strip()
        head = (place / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return head
        common = place / "commondir"
        if common.is_file():
            place = (place / common.read_text(encoding="utf-8").strip()).resolve()
        return _tip(place, head.removeprefix("ref: "))
    except (OSError, UnicodeDecodeError):
        return None


def _tip(place: Path, name: str) -> str | None:
    loose = place / name
    if loose.is_file():
        return loose.read_text(encoding="utf-8").strip()
    lines = (place / "packed-refs").read_text(encoding="utf-8").splitlines()
    return next((line.split()[0] for line in lines if line.endswith(f" {name}")), None)
