"""The horizon: no commit that is still to be seen is at or below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from metasql.config.profiles import Target
from metasql.execute.connection import Connection
from metasql.execute.registry import connect

Sessions = Callable[[], Connection]


@pytest.fixture(params=["duckdb", "chdb"])
def sessions(request: pytest.FixtureRequest, tmp_path) -> Iterator[Sessions]:
    """Two or more sessions of one warehouse, in this process."""
    options = {"duckdb": {"path": str(tmp_path / "a.duckdb")}, "chdb": {"driver": "chdb", "path": str(tmp_path / "a")}}
    kind = "duckdb" if request.param == "duckdb" else "clickhouse"
    target = Target("bench", "dev", kind, "main", options[request.param])
    with ExitStack() as stack:
        first = connect(target, "md5")
        stack.callback(first.close)

        def session() -> Connection:
            other = first.cursor()
            stack.callback(other.close)
            return other

        yield session


def test_nothing_was_written(sessions):
    """It is below every number."""
    one = sessions()
    with one.transaction():
        assert one.horizon() < one.next_commit()


def test_a_commit_that_is_under_way(sessions):
    """It keeps the horizon below its number until it ends."""
    writer, reader = sessions(), sessions()
    with writer.transaction():
        with writer.writing():
            number = writer.next_commit()
        with reader.transaction():
            assert reader.horizon() < number
    with reader.transaction():
        assert reader.horizon() >= number


def test_a_commit_that_fails(sessions):
    """Its rows will never be seen."""
    writer, reader = sessions(), sessions()
    taken: list[int] = []

    def fail() -> None:
        with writer.transaction(), writer.writing():
            taken.append(writer.next_commit())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with writer.transaction(), writer.writing():
        after = writer.next_commit()
    with reader.transaction():
        assert taken[0] < after <= reader.horizon()


def test_numbers_are_above_every_horizon_that_was_drawn(sessions):
    """Whoever asks later gets a higher one."""
    one, other = sessions(), sessions()
    for _ in range(20):
        with one.transaction(), one.writing():
            one.next_commit()
        with other.transaction():
            drawn = other.horizon()
        with one.transaction(), one.writing():
            assert one.next_commit() > drawn
