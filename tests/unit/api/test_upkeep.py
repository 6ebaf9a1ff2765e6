"""What follows a commit, where it does not go as it should."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from metasql.api import upkeep
from metasql.api.upkeep import Upkeep
from metasql.diagnostics import Bug, MetasqlError
from metasql.names import FeatureKey

FEATURE: Any = SimpleNamespace(key=FeatureKey("a/b"))


@pytest.fixture
def told(monkeypatch):
    """Notes that were shown, of an upkeep whose sessions are all the same."""
    monkeypatch.setattr(upkeep, "replace", lambda session, **_: session)
    return []


def keeping(told, monkeypatch, fault=None):
    """An upkeep, and the counts that were made."""
    made: list[tuple[str, int]] = []

    def finish(project, session, feature, command, rows, *, count=True):
        if fault:
            raise fault.pop()
        made.append((str(feature.key) if count else "recorded", rows))

    monkeypatch.setattr(upkeep, "finish_write", finish)
    session: Any = SimpleNamespace(
        run_id="", emit=lambda event: told.append(event.text), connection=SimpleNamespace(told_run=lambda _: None)
    )
    return Upkeep(SimpleNamespace(), session), made  # type: ignore[arg-type]  # a project is handed on alone


def test_a_count_that_fails(told, monkeypatch):
    """The rows are committed, so that nothing is raised; the next count is of these rows, too."""
    kept, made = keeping(told, monkeypatch, [MetasqlError.of("MS0612", "the engine ran out of memory")])
    kept.note(FEATURE, 3)
    assert made == []
    assert told == [
        "note: a/b was written, and what is left to do could not be counted: MS0612: the engine ran out of memory"
    ]
    kept.note(FEATURE, 2)
    kept.settle()
    assert sum(rows for _, rows in made) == 5


def test_a_fault_of_ours(told, monkeypatch):
    """It is not hidden."""
    kept, _ = keeping(told, monkeypatch, [Bug(MetasqlError.of("MS0901", "a fault").bag)])
    with pytest.raises(Bug):
        kept.note(FEATURE, 3)


def test_another_session_counts(told, monkeypatch):
    """A worker of a shard counts at its end alone."""
    kept, made = keeping(told, monkeypatch)
    kept.leave(FEATURE)
    kept.note(FEATURE, 3)
    kept.note(FEATURE, 3)
    assert made == []
    kept.settle()
    assert made == [("a/b", 6)]


@pytest.mark.parametrize(
    ("horizons", "last", "counted", "waits"),
    [
        ([7], 9, "recorded", 0),
        ([None, 5, 7], 9, "recorded", 2),
        ([5], 7, "a/b", 0),
        ([5] * 30, 9, "a/b", 20),
    ],
    ids=["seen by a count", "a count that is waited for", "nobody came later", "nobody counts"],
)
def test_the_end_of_a_worker(horizons, last, counted, waits, told, monkeypatch):
    """It counts where no other session has, or will: who committed last counts at once."""
    kept, made = keeping(told, monkeypatch)
    slept: list[float] = []
    kept.clock = lambda: float(len(slept))
    kept.sleep = slept.append
    given = iter(horizons)
    monkeypatch.setattr(upkeep, "can_delta", lambda *_: True)
    monkeypatch.setattr(
        upkeep, "settled", lambda *_: None if (horizon := next(given)) is None else SimpleNamespace(horizon=horizon)
    )
    monkeypatch.setattr(upkeep, "last_commit", lambda *_: last)
    kept.leave(FEATURE)
    kept.note(FEATURE, 3, 7)
    kept.end()
    assert made == [(counted, 3)]
    assert len(slept) == waits
