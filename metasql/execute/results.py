"""What came out of a run: frozen values for the console, the artifacts and the warehouse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from metasql.diagnostics import Diagnostic


@dataclass(frozen=True)
class Counts:
    """The units of one feature that are not settled, and its live samples.

    `fields` maps (field, reason) to the number of stale units.
    """

    live: int = 0
    new: int = 0
    stale: int = 0
    orphaned: int = 0
    waiting: int = 0
    fields: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def pending(self) -> int:
        return self.new + self.stale + self.orphaned

    def text(self) -> str:
        """`1,204 new · 37 stale`, or that there is nothing to do."""
        named = [(self.new, "new"), (self.stale, "stale"), (self.orphaned, "orphaned"), (self.waiting, "waiting")]
        return " · ".join(f"{number:,} {word}" for number, word in named if number) or "settled"


@dataclass(frozen=True)
class Statement:
    """A statement as the engine's own log knows it: ClickHouse's `system.query_log`."""

    query_id: str
    log_comment: str
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        return {"query_id": self.query_id, "log_comment": self.log_comment, "seconds": round(self.seconds, 6)}


@dataclass(frozen=True)
class NodeResult:
    """One feature, seed or assertion of a run.

    `status` is ok, warn, error, fail or skipped. For features `work` says what the
    increment was and `after` what is left; `written` and `deleted` are rows. `statements`
    are those that it sent, where the engine keeps a log of them.
    """

    name: str
    kind: str
    status: str
    seconds: float = 0.0
    text: str = ""
    work: Counts | None = None
    after: Counts | None = None
    written: int = 0
    deleted: int = 0
    failures: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    statements: tuple[Statement, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {"name": self.name, "kind": self.kind, "status": self.status}
        found |= {"seconds": round(self.seconds, 6), "text": self.text}
        for name, counts in (("work", self.work), ("after", self.after)):
            if counts is not None:
                found[name] = {
                    "live": counts.live,
                    "new": counts.new,
                    "stale": counts.stale,
                    "orphaned": counts.orphaned,
                    "waiting": counts.waiting,
                }
        found |= {"written": self.written, "deleted": self.deleted, "failures": self.failures}
        found["diagnostics"] = [item.as_dict() for item in self.diagnostics]
        if self.statements:
            found["statements"] = [item.as_dict() for item in self.statements]
        return found


@dataclass(frozen=True)
class RunResult:
    """A whole command: its nodes in the order in which they were done.

    `statements` are those that belong to no node: opening the target, hooks, metasql's own tables.
    """

    run_id: str
    command: str
    target: str
    started_at: str
    seconds: float
    nodes: tuple[NodeResult, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    statements: tuple[Statement, ...] = ()

    @property
    def ok(self) -> bool:
        return not any(node.status in {"error", "fail", "skipped"} for node in self.nodes)

    def counts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for node in self.nodes:
            found[node.status] = found.get(node.status, 0) + 1
        return found
