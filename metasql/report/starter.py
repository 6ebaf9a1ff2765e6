"""`metasql init`: a copy of the starter project, named after its folder."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from metasql.diagnostics import MetasqlError, candidates

STARTER = Path(__file__).parents[1] / "starter"
NAME = "my_project"
"""The name of the starter project, for which every file of a copy says the new one."""

_RENAMED = {"gitignore": ".gitignore", "crop_faces.py.txt": "crop_faces.py"}
"""Files that would mean something where they lie: to git, and as a module of this package."""

_HARMLESS = frozenset({".git"})
"""What may be in a folder that counts as empty: people run `git init` first."""


@dataclass(frozen=True)
class Started:
    """A new project: its folder and name, and its files relative to the folder."""

    folder: Path
    name: str
    files: tuple[str, ...]


def project_name(folder: str) -> str:
    """A folder's name made to fit `[a-z][a-z0-9_]*`: `2024 Vidéos` becomes `videos`."""
    plain = unicodedata.normalize("NFKD", folder).encode("ascii", "ignore").decode().lower()
    return re.sub(r"^[^a-z]+", "", re.sub(r"[^a-z0-9]+", "_", plain)).rstrip("_") or NAME


def start(folder: Path) -> Started:
    """Copy the starter project into a folder that is new or empty.

    Raises: MetasqlError MS0151 (it is not empty, or no folder), MS0152 (it cannot be written);
    then nothing was written.
    """
    _check_empty(folder)
    name = project_name(folder.resolve().name)
    contents = {
        _place(path): path.read_text(encoding="utf-8").replace(NAME, name)
        for path in sorted(STARTER.rglob("*"))
        if path.is_file()
    }
    made: list[Path] = []
    try:
        for place, text in contents.items():
            _make_folders((folder / place).parent, made)
            made.append(folder / place)
            (folder / place).write_text(text, encoding="utf-8")
    except OSError as error:
        _undo(made)
        raise _cannot_write(folder, error) from error
    return Started(folder, name, tuple(place.as_posix() for place in contents))


def _place(path: Path) -> Path:
    place = path.relative_to(STARTER)
    return place.with_name(_RENAMED.get(place.name, place.name))


def _check_empty(folder: Path) -> None:
    try:
        found = sorted(entry.name for entry in folder.iterdir() if entry.name not in _HARMLESS)
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise MetasqlError.of("MS0151", f"`{folder}` is no folder", help="name a new or an empty folder") from None
    except OSError as error:
        raise _cannot_write(folder, error) from error
    if found:
        raise MetasqlError.of(
            "MS0151",
            f"the folder `{folder}` is not empty",
            notes=[f"it holds: {candidates(found)}"],
            help="name a new or an empty folder: `metasql init my_project`",
        )


def _make_folders(folder: Path, made: list[Path]) -> None:
    """Make a folder and those above it, outermost first, and remember which were made."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir()
        made.append(path)


def _undo(made: list[Path]) -> None:
    for path in reversed(made):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)


def _cannot_write(folder: Path, error: OSError) -> MetasqlError:
    reason = (error.strerror or "unknown reason").lower()
    return MetasqlError.of(
        "MS0152", f"the project cannot be written to `{folder}`: {reason}", help="choose a folder that you may write to"
    )
