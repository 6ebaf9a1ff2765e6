"""One run at a time on a DuckDB file: its lock keeps other processes away, so what counts are threads of this one.

The operating system takes the file's lock from a process that dies, so nothing is left behind.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Condition

from metasql.config.profiles import Target
from metasql.events import Emit, Note
from metasql.execute.holding import Freely, Held, Holder, in_progress
from metasql.execute.session import now
from metasql.lower.dialect import Dialect

_HELD: dict[str, Holder] = {}
_FREED = Condition()


@contextmanager
def hold(target: Target, dialect: Dialect, holder: Holder, patience: float, emit: Emit) -> Iterator[Held]:
    """The file for one command of this process.

    Raises: MetasqlError MS0608 where another thread has it for longer than `patience`.
    """
    del dialect
    path = str(target.options.get("path", ":memory:"))
    if path == ":memory:":
        yield Freely()
        return
    place = str(Path(path).resolve())
    _take(place, replace(holder, since=now()), patience, emit)
    try:
        yield Freely()
    finally:
        with _FREED:
            del _HELD[place]
            _FREED.notify_all()


def _take(place: str, holder: Holder, patience: float, emit: Emit) -> None:
    until = time.monotonic() + patience
    with _FREED:
        if place in _HELD and patience:
            emit(Note(f"waiting for {_HELD[place]}, for up to {patience:g} s"))
        while place in _HELD:
            left = until - time.monotonic()
            if left <= 0:
                help = "wait until it is done, or give it longer with `--lock-timeout SECONDS`"
                raise in_progress(_HELD[place], ["it is another thread of this process"], help)
            _FREED.wait(left)
        _HELD[place] = holder
