"""One command at work on a target: everything that its steps need, as a frozen value."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from metasql.diagnostics import Label, MetasqlError
from metasql.events import Emit, silent
from metasql.execute.connection import Connection
from metasql.graph.nodes import Feature, Graph
from metasql.plan.layout import Layout
from metasql.plan.steps import Check, Stamp, Step
from metasql.source import Span


def _always() -> None:
    """Nothing was locked, so nothing can be lost."""


@dataclass(frozen=True)
class Session:
    """A graph on a target. `run_id` marks every row that this command writes; `folder` is the project's.

    `still` raises where the command may not go on, since it lost its lock on the target.
    """

    graph: Graph
    layout: Layout
    connection: Connection
    run_id: str
    emit: Emit = silent
    folder: Path | None = None
    still: Callable[[], None] = _always

    @classmethod
    def open(
        cls, graph: Graph, layout: Layout, connection: Connection, emit: Emit = silent, folder: Path | None = None
    ) -> Session:
        session = cls(graph, layout, connection, str(uuid.uuid4()), emit, folder)
        connection.told_run(session.run_id)
        return session

    def with_connection(self, connection: Connection) -> Session:
        return replace(self, connection=connection)

    def stamp(self) -> Stamp:
        """Time and commit number of one write; taken inside `connection.writing()`."""
        return Stamp(self.run_id, now(), self.connection.next_commit())


def now() -> str:
    """The present time in UTC, to the microsecond, as SQL writes it."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")


def perform(session: Session, feature: Feature, steps: Sequence[Step | Check], place: Span) -> None:
    """Execute steps over a feature in order; a check that finds something stops with everything it found.

    Raises: MetasqlError with the check's code, or 06xx where the engine refuses.
    """
    connection, by = session.connection, session.graph.spread[feature.key]
    for step in steps:
        if not isinstance(step, Check):
            with told_at(place):
                connection.apply(step, by)
            continue
        found = connection.rows(step.tree, step.purpose)
        if found:
            error = MetasqlError.of(
                step.code, step.message.format(*(_shown(value) for value in found[0])), place, help=step.help
            )
            for row in found[1:]:
                error.bag.error(
                    step.code, step.message.format(*(_shown(value) for value in row)), place, help=step.help
                )
            raise error


@contextmanager
def told_at(place: Span) -> Iterator[None]:
    """What the engine refuses within is told at a place of the project, where it has none of its own."""
    try:
        yield
    except MetasqlError as error:
        for index, item in enumerate(error.bag.items):
            if not item.primary.span.source.text:
                error.bag.items[index] = replace(item, primary=Label(place))
        raise


def _shown(value: object) -> str:
    return "NULL" if value is None else str(value)


def place_of(feature: Feature, engine: str) -> Span:
    """Where a feature's rows are described: its body, else its declaration."""
    body = feature.body_for(engine)
    return body.lines.template.line_span(1) if body is not None else feature.span
