"""What follows a commit: who counts, and when."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from metasql.api import upkeep
from metasql.api.upkeep import Upkeep
from metasql.names import FeatureKey

FEATURE: Any = SimpleNamespace(key=FeatureKey("a/b"))
CHILD: Any = SimpleNamespace(key=FeatureKey("a/c"))


class Keeping:
    """An upkeep on no warehouse: `done` are the rows that were recorded, and whether they were counted.

    `horizons` are those that are seen one after the other, of the feature and its child; `fails`: counts do.
    """

    def __init__(self, monkeypatch, horizons=(), last=0, fails=False):
        self.done: list[tuple[int, bool]] = []
        self.slept: list[float] = []
        given = iter(horizons)

        def finish(project, session, feature, command, rows, *, count=True):
            self.done.append((rows, count))
            return count and not fails

        def settled(session, feature):
            horizon = next(given)
            return None if horizon is None else SimpleNamespace(horizon=horizon)

        monkeypatch.setattr(upkeep, "replace", lambda session, **_: session)
        monkeypatch.setattr(upkeep, "finish_write", finish)
        monkeypatch.setattr(upkeep, "children_of", lambda *_: [CHILD])
        monkeypatch.setattr(upkeep, "settled", settled)
        monkeypatch.setattr(upkeep, "last_commit", lambda *_: last)
        session: Any = SimpleNamespace(run_id="", connection=SimpleNamespace(told_run=lambda _: None))
        project: Any = SimpleNamespace()
        self.upkeep = Upkeep(project, session, lambda: float(len(self.slept)), self.slept.append)


def test_alone(monkeypatch):
    """The first commit is counted at once, and nothing is left for the end."""
    kept = Keeping(monkeypatch)
    kept.upkeep.note(FEATURE, 3, 7)
    kept.upkeep.end()
    assert kept.done == [(3, True)]


def test_a_count_that_fails(monkeypatch):
    """What was done is recorded, and counted at the end."""
    kept = Keeping(monkeypatch, fails=True)
    kept.upkeep.note(FEATURE, 3, 7)
    kept.upkeep.end()
    assert kept.done == [(3, True), (0, True)]


@pytest.mark.parametrize(
    ("shards", "for_all"),
    [([(0, 4)], False), ([(1, 4), (2, 4)], False), ([(1, 4)], True)],
    ids=["the first shard", "several shards", "a committer"],
)
def test_who_counts_for_others(shards, for_all, monkeypatch):
    """While they work, and not at the end alone."""
    kept = Keeping(monkeypatch)
    kept.upkeep.for_all = for_all
    for shard in shards:
        kept.upkeep.asked(FEATURE, shard)
    kept.upkeep.note(FEATURE, 3, 7)
    assert kept.done == [(3, True)]


@pytest.mark.parametrize(
    ("horizons", "last", "counts", "waits"),
    [
        ([7, 7], 9, False, 0),
        ([None, 5, 7, 6, 7, 7], 9, False, 3),
        ([5], 7, True, 0),
        ([7, None], 7, True, 0),
        ([5] * 30, 9, True, 20),
    ],
    ids=["seen by counts", "waited for", "nobody came later", "the child was not counted", "nobody counts"],
)
def test_the_end_of_a_worker_of_another_shard(horizons, last, counts, waits, monkeypatch):
    """It records what it does, and counts at its end where no other session has, or will."""
    kept = Keeping(monkeypatch, horizons, last)
    kept.upkeep.asked(FEATURE, (2, 4))
    kept.upkeep.note(FEATURE, 3, 7)
    assert kept.done == [(3, False)]
    kept.upkeep.end()
    assert kept.done[1:] == ([(0, True)] if counts else [])
    assert len(kept.slept) == waits
