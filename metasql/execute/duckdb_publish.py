"""`--publish PATH`: a copy of a DuckDB file for readers, which takes the place of the one before in one step.

Readers that have the old copy open keep it to their end; who opens the path from then on has the new one. The engine
makes the copy of one snapshot: opening its file besides would drop the lock that this process has on it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from metasql.config.profiles import Target
from metasql.diagnostics import MetasqlError
from metasql.execute.files import identifier, literal

_COPY = "metasql_published"
_MAGIC = b"DUCK"

Execute = Callable[[str, str], Any]


def publisher(path: Path, target: Target, execute: Execute) -> Callable[[], None]:
    """What publishes the target at a path, when it is called.

    Raises: MetasqlError MS0617 at once, where that cannot be.
    """
    path = path.expanduser().resolve()
    _check(path, target)

    def publish() -> None:
        copy = path.with_name(f".{path.name}.publishing")
        try:
            _remove(copy)
            _copy(copy, target, execute)
            copy.replace(path)
        except OSError as error:
            raise _no_place(path, str(error.strerror)) from None
        finally:
            with suppress(OSError):
                _remove(copy)

    return publish


def _check(path: Path, target: Target) -> None:
    own = [str(target.options.get("path", ""))] + [str(item["path"]) for item in target.options.get("attach") or []]
    if path in [Path(item).resolve() for item in own if item != ":memory:"]:
        raise _no_place(path, "it is the warehouse itself, or a file that is attached to it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise _no_place(path, "there is a folder of that name")
        if path.exists() and path.stat().st_size:
            with path.open("rb") as file:
                if file.read(12)[8:] != _MAGIC:
                    raise _no_place(path, "the file there is no DuckDB file, and is left as it is")
    except OSError as error:
        raise _no_place(path, str(error.strerror)) from None


def _copy(copy: Path, target: Target, execute: Execute) -> None:
    version = target.options.get("storage_version")
    options = f" (STORAGE_VERSION {literal(str(version))})" if version else ""
    purpose, name = "publish a copy", identifier(_COPY)
    [source] = execute("SELECT current_database()", purpose).fetchone()
    execute(f"ATTACH {literal(str(copy))} AS {name}{options}", purpose)
    try:
        execute(f"COPY FROM DATABASE {identifier(str(source))} TO {name}", purpose)
        execute(f"CHECKPOINT {name}", purpose)
    finally:
        execute(f"DETACH {name}", purpose)
    with copy.open("rb") as file:
        os.fsync(file.fileno())


def _remove(copy: Path) -> None:
    for name in (copy, copy.with_name(f"{copy.name}.wal")):
        name.unlink(missing_ok=True)


def _no_place(path: Path, reason: str) -> MetasqlError:
    return MetasqlError.of(
        "MS0617", f"nothing can be published at `{path}`", notes=[reason], help="name another place with `--publish`"
    )
