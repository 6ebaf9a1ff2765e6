"""What follows a commit: the counts of `metasql_status`, and the record of what was done.

Counting an increment reads it whole, which a program that commits often should not pay each time. So a
commit is followed by a count where the time since the last one is many times what that took, and the end
of the session by one of every feature that was written to. Increment views are always up to date.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from metasql.api.running import finish_write
from metasql.execute.session import Session
from metasql.graph.nodes import Feature
from metasql.pipeline import Project

RARER = 10
"""Counting takes at most this part of the time."""


@dataclass
class Upkeep:
    """The features of a session that were written to since they were last counted, with the rows."""

    project: Project
    session: Session
    clock: Callable[[], float] = time.monotonic
    _written: dict[str, tuple[Feature, int]] = field(default_factory=dict)
    _next: float = 0.0

    def note(self, feature: Feature, rows: int) -> None:
        """A feature was written to; it is counted now, or later."""
        before = self._written.get(feature.key.path, (feature, 0))[1]
        self._written[feature.key.path] = (feature, before + rows)
        if self.clock() >= self._next:
            self.settle()

    def settle(self) -> None:
        """Count and record what was written since the last time; what comes after is another run."""
        if not self._written:
            return
        started = self.clock()
        while self._written:
            key, (feature, rows) = next(iter(self._written.items()))
            finish_write(self.project, self.session, feature, "commit", rows)
            del self._written[key]
            self.session = replace(self.session, run_id=str(uuid.uuid4()))
            self.session.connection.told_run(self.session.run_id)
        ended = self.clock()
        self._next = ended + RARER * (ended - started)
