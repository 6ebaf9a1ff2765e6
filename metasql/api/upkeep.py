"""What follows a commit: the counts of `metasql_status`, and the record of what was done.

Counting an increment reads it whole, which a program that commits often should not pay each time. So a
commit is followed by a count where the time since the last one is many times what that took, and the end
of the session by one of every feature that was written to. Increment views are always up to date.

A count takes the memory of all that is pending. So of many workers that each have a shard, the one that has the first
counts for all while they work, and of those that end together the one that committed last: the others wait a while for
a count that has seen their commits. A count that fails is told as a note: what was committed stays so.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from metasql.api.running import finish_write
from metasql.diagnostics import Bug, MetasqlError
from metasql.events import Note
from metasql.execute.session import Session
from metasql.execute.settling import can_delta, last_commit, settled
from metasql.graph.nodes import Feature
from metasql.pipeline import Project

RARER = 10
"""Counting takes at most this part of the time."""

PATIENCE = 20.0
"""So many seconds a worker of a shard waits for others to count what it committed."""


@dataclass
class Upkeep:
    """The features of a session that were written to since they were last counted, with the rows."""

    project: Project
    session: Session
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _written: dict[str, tuple[Feature, int]] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)
    _next: float = 0.0
    _left: set[str] = field(default_factory=set)

    def leave(self, feature: Feature) -> None:
        """Another session counts this feature while they work; here it is counted at the end."""
        self._left.add(feature.key.path)

    def note(self, feature: Feature, rows: int, commit: int | None = None) -> None:
        """A feature was written to; it is counted now, or later."""
        if commit is not None:
            self._last[feature.key.path] = commit
        before = self._written.get(feature.key.path, (feature, 0))[1]
        self._written[feature.key.path] = (feature, before + rows)
        if feature.key.path not in self._left and self.clock() >= self._next:
            self.settle()

    def end(self) -> None:
        """Count what was not counted yet; what another session has counted meanwhile, or soon will, is recorded."""
        for key, (feature, rows) in list(self._written.items()):
            if key in self._left and key in self._last and self._is_counted(feature, self._last[key]):
                finish_write(self.project, self.session, feature, "commit", rows, count=False)
                del self._written[key]
                self._next_run()
        self.settle()

    def _is_counted(self, feature: Feature, commit: int) -> bool:
        """Whether a count has seen a commit. Waits for one while there are later commits: who made them will count."""
        until = self.clock() + PATIENCE
        try:
            while can_delta(self.session, feature):
                known = settled(self.session, feature)
                if known is not None and known.horizon >= commit:
                    return True
                if self.clock() >= until or last_commit(self.session, feature) <= commit:
                    return False
                self.sleep(random.uniform(0.2, 1.0))
        except MetasqlError:
            return False  # whoever counts now says why
        return False

    def _next_run(self) -> None:
        """What comes after is another run."""
        self.session = replace(self.session, run_id=str(uuid.uuid4()))
        self.session.connection.told_run(self.session.run_id)

    def settle(self) -> None:
        """Count and record what was written since the last time; what comes after is another run."""
        if not self._written:
            return
        started = self.clock()
        for key, (feature, rows) in list(self._written.items()):
            try:
                finish_write(self.project, self.session, feature, "commit", rows)
            except Bug:
                raise
            except MetasqlError as error:
                text = f"note: {key} was written, and what is left to do could not be counted:"
                self.session.emit(Note(f"{text} {error}"))
                break
            del self._written[key]
            self._next_run()
        ended = self.clock()
        self._next = ended + RARER * (ended - started)
