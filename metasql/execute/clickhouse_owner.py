"""Names of the tables that live for one session, and whose session is over; and who has a folder open.

A name tells the machine, the process and the session that made it, so that what a killed run
left behind is known for it: on the same machine by the process that is no more, elsewhere by age.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import sys
import uuid
from functools import cache
from pathlib import Path

if sys.platform != "win32":
    import fcntl

PREFIX = "metasql_tmp_"
HOURS = 24
"""So old is what a session of another machine left behind, before it is taken to be over."""

GRACE = 0.25
"""Hours for which a server may work on a statement of a process that is gone."""

_LIVE: set[str] = set()
_NAME = re.compile(rf"{PREFIX}([0-9a-f]{{8}})_([0-9a-f]+)_([0-9a-f]{{6}})__.*")


def begin() -> str:
    """The token of a new session."""
    token = f"{_home()}_{os.getpid():x}_{secrets.token_hex(3)}"
    _LIVE.add(token)
    return token


def end(token: str) -> None:
    _LIVE.discard(token)


def temporary(token: str, number: int, name: str) -> str:
    """Short enough for every file system, whatever the name."""
    return f"{PREFIX}{token}__{number}_{name.removeprefix('metasql_')[:60]}"


def is_finished(token: str, hours: float, *, alone: bool) -> bool:
    """Whether what took a commit number under a token, `hours` ago, can publish nothing any more.

    A session of a process that is gone may have left a statement that the server still works on: it is given a while.
    """
    if hours <= (0 if alone else GRACE):
        return False
    return is_over(f"{PREFIX}{token.partition(':')[0]}__", hours, alone=alone)


def is_over(name: str, hours: float, *, alone: bool) -> bool:
    """Whether the session that made a table is known to be over, `hours` after it made it.

    `alone`: no other process can have the warehouse open.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        return False
    home, process, session = found.groups()
    if f"{home}_{process}_{session}" in _LIVE:
        return False
    if alone or (home == _home() and not _runs(int(process, 16))):
        return True
    return hours > HOURS


def holder(folder: Path) -> int | None:
    """The process that has a folder of chDB's open: the engine notes its number there."""
    try:
        found = re.search(r"^PID: (\d+)$", (folder / "status").read_text(encoding="utf-8"), re.MULTILINE)
    except (OSError, UnicodeDecodeError):
        return None
    return int(found[1]) if found and _runs(int(found[1])) else None


def is_locked(folder: Path) -> bool:
    """Whether another process has a folder of chDB's open now: the engine itself would complain on standard error."""
    if sys.platform == "win32" or holder(folder) is None:
        return False
    try:
        with (folder / "status").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _runs(process: int) -> bool:
    if process == os.getpid():
        return False  # its sessions are all known
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


@cache
def _home() -> str:
    """Where process numbers mean the same: this start of this machine, and this container."""
    parts = [platform.node(), str(uuid.getnode())]
    try:
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    except OSError:
        pass  # no Linux
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]
