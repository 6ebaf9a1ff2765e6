"""What happens while metasql works, as frozen values; the console, logs and orchestrators read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class RunStarted:
    """A command began its work on `total` nodes."""

    run_id: str
    command: str
    target: str
    total: int


@dataclass(frozen=True)
class NodeStarted:
    """A feature, seed or assertion is being worked on; `index` counts from 1."""

    index: int
    total: int
    name: str
    kind: str


@dataclass(frozen=True)
class NodeFinished:
    """The same is done. `status` is ok, warn, error, fail or skipped; `text` says what came out."""

    index: int
    total: int
    name: str
    kind: str
    status: str
    text: str
    seconds: float


@dataclass(frozen=True)
class StatementRun:
    """One statement was executed on the target.

    `query_id` is the engine's own name for it and `log_comment` what it was sent with: an engine
    without a log of its statements has neither.
    """

    purpose: str
    sql: str
    seconds: float
    query_id: str = ""
    log_comment: str = ""


@dataclass(frozen=True)
class Note:
    """Something that a person may want to know."""

    text: str


@dataclass(frozen=True)
class RunFinished:
    """The command is done; `counts` are nodes by status."""

    run_id: str
    command: str
    counts: dict[str, int]
    seconds: float


Event = RunStarted | NodeStarted | NodeFinished | StatementRun | Note | RunFinished
Emit = Callable[[Event], None]


def silent(event: Event) -> None:
    """Listens to nothing."""
