"""A project on its warehouse, for one command: read again, since its bodies may ask the warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from metasql.events import Emit
from metasql.execute.connection import Connection
from metasql.execute.defer import deferring
from metasql.execute.registry import connect
from metasql.execute.session import Session
from metasql.execute.state import check_version
from metasql.pipeline import Options, Project, load, read_config


def _nothing(project: Project) -> None:
    """Warnings that nobody is told."""


@contextmanager
def opened(
    options: Options,
    emit: Emit,
    *,
    read_only: bool = False,
    scratch: bool = False,
    patience: float = 0,
    warn: Callable[[Project], None] = _nothing,
) -> Iterator[tuple[Project, Session]]:
    """The project and a session; the connection is opened at the first need, and closed at the end.

    With `scratch` a session that reads makes temporary tables, too. A warehouse that another process has to itself
    is waited for, for `patience` seconds.

    Raises: MetasqlError, MS0606 of it where a newer metasql wrote what is there.
    """
    connections: list[Connection] = []
    config, target, _ = read_config(options)

    def connection() -> Connection:
        if not connections:
            connections.append(
                connect(target, config.hash, read_only=read_only, scratch=scratch, emit=emit, patience=patience)
            )
        return connections[0]

    def run_query(sql: str) -> list[tuple[Any, ...]]:
        return connection().fetch(sql)[1]

    try:
        project = load(options, run_query)
        warn(project)
        layout = deferring(project.target, project.graph, project.layout, connection())
        check_version(connection(), layout)
        yield project, Session.open(project.graph, layout, connection(), emit, config.root)
    finally:
        for item in connections:
            item.close()
