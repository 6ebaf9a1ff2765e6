"""One run at a time on a target: who has it, and what the others are told."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from typing import Protocol

from metasql.diagnostics import MetasqlError
from metasql.execute.origin import author

PATIENCE = 5.0
"""Seconds that a command waits for another one, where nobody says for how long."""


@dataclass(frozen=True)
class Holder:
    """A command at work on a target. `since` is UTC, as the engine tells it."""

    run_id: str
    command: str
    author: str
    host: str
    process: int
    since: str = ""

    @classmethod
    def of(cls, run_id: str, command: str) -> Holder:
        """A command of the present process."""
        return cls(run_id, command, author() or "", platform.node(), os.getpid())

    def __str__(self) -> str:
        who = f" of {self.author}" if self.author else ""
        return f"`metasql {self.command}`{who} on {self.host} (process {self.process})"


class Held(Protocol):
    """The right to work on a target."""

    def check(self) -> None:
        """Raises: MetasqlError MS0609 where somebody else was given it, since this process was silent for too long."""
        ...


class Freely:
    """Where nothing can take it away."""

    def check(self) -> None:
        """All is well."""


def in_progress(holder: Holder, notes: list[str], help: str) -> MetasqlError:
    """The error for a target that another run is at work on."""
    started = [f"it began at {holder.since} UTC"] if holder.since else []
    return MetasqlError.of("MS0608", f"the target is in use by {holder}", notes=[*started, *notes], help=help)
