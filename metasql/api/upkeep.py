"""What follows a commit: the counts of `metasql_status`, and the record of what was done.

Counting an increment reads it whole, which a program that commits often should not pay each time. So a
commit is followed by a count where the time since the last one is many times what that took, and the end
of the session by one of every feature that was written to. Increment views are always up to date.

A count takes the memory of all that is pending. So of many workers that each have a shard, the one that has the first
counts for all while they work, and of those that end together the one that committed last: the others wait a while for
a count that has seen their commits. Each records what it did.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from metasql.api.running import finish_write
from metasql.diagnostics import Bug, MetasqlError
from metasql.execute.command import children_of
from metasql.execute.session import Session
from metasql.execute.settling import last_commit, settled
from metasql.graph.nodes import Feature
from metasql.pipeline import Project

RARER = 10
"""Counting takes at most this part of the time."""

PATIENCE = 20.0
"""So many seconds, in all, a worker of a shard waits for others to count what it committed."""


@dataclass
class Upkeep:
    """The features of a session that were written to since they were last recorded and counted, with the rows.

    `for_all`: the session commits what others send, and leaves no count to them.
    """

    project: Project
    session: Session
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    for_all: bool = False
    _written: dict[str, tuple[Feature, int]] = field(default_factory=dict)
    _uncounted: dict[str, Feature] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)
    _next: float = 0.0
    _shards: dict[str, set[tuple[int, int]]] = field(default_factory=dict)

    def asked(self, feature: Feature, shard: tuple[int, int]) -> None:
        """A shard of a feature is worked on here."""
        self._shards.setdefault(feature.key.path, set()).add(shard)

    def note(self, feature: Feature, rows: int, commit: int | None = None) -> None:
        """A feature was written to; it is recorded and counted now, or later."""
        key = feature.key.path
        if commit is not None:
            self._last[key] = commit
        before = self._written.get(key, (feature, 0))[1]
        self._written[key] = (feature, before + rows)
        if self.clock() >= self._next:
            self.settle()

    def settle(self) -> None:
        """Record what was written since the last time, and count it where no other session does."""
        started = self.clock()
        for key, (feature, rows) in list(self._written.items()):
            self._finish(feature, rows, count=not self._is_left(key))
        ended = self.clock()
        self._next = ended + RARER * (ended - started)

    def end(self) -> None:
        """Count everything that no other session has counted since, and record the rest."""
        until = self.clock() + PATIENCE
        for key, feature in {**self._uncounted, **{key: found for key, (found, _) in self._written.items()}}.items():
            rows = self._written.get(key, (feature, 0))[1]
            counted = self._is_left(key) and key in self._last and self._is_counted(feature, until)
            if rows or not counted:
                self._finish(feature, rows, count=not counted)
            self._uncounted.pop(key, None)

    def _finish(self, feature: Feature, rows: int, *, count: bool) -> None:
        key = feature.key.path
        counted = finish_write(self.project, self.session, feature, "commit", rows, count=count)
        self._written.pop(key, None)
        if counted:
            self._uncounted.pop(key, None)
        else:
            self._uncounted[key] = feature
        self.session = replace(self.session, run_id=str(uuid.uuid4()))  # what comes after is another run
        self.session.connection.told_run(self.session.run_id)

    def _is_left(self, key: str) -> bool:
        """Whether the session works on one shard alone that is not the first."""
        shards = self._shards.get(key, set())
        return not self.for_all and len(shards) == 1 and all(index > 0 for index, _ in shards)

    def _is_counted(self, feature: Feature, until: float) -> bool:
        """Whether counts have seen the last commit. Waits while there are later ones: who made them will count."""
        key = feature.key.path
        commit = self._last[key]
        try:
            while True:
                seen = (feature, *children_of(self.session, [key]))
                if all(self._is_settled(item, commit) for item in seen):
                    return True
                if self.clock() >= until or last_commit(self.session, feature) <= commit:
                    return False
                self.sleep(random.uniform(0.2, 1.0))
        except Bug:
            raise
        except MetasqlError:
            return False  # whoever counts now says why

    def _is_settled(self, feature: Feature, commit: int) -> bool:
        known = settled(self.session, feature)
        return known is not None and known.horizon >= commit
