"""What the commands that walk nodes share: warnings shown, artifacts written, the exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from metasql.api.artifacts import write_artifacts
from metasql.api.running import (
    Choice,
    Lookups,
    Nodes,
    at_work,
    chosen_nodes,
    ensure_own_tables,
    keep_lock,
    lookups,
    lookups_without_warehouse,
    published,
    publishing,
    to_make,
    walk_nodes,
)
from metasql.cli.options import Common
from metasql.cli.reporting import report
from metasql.diagnostics import Bag
from metasql.execute.defer import deferring
from metasql.execute.registry import connect
from metasql.execute.results import RunResult
from metasql.execute.sent import Sent
from metasql.execute.session import Session
from metasql.execute.state import check_version
from metasql.pipeline import Project


def select_nodes(project: Project, choice: Choice, lookups: Lookups, shared: Common | None = None) -> set[str]:
    """The selected nodes; `shared` says how warnings are shown.

    Raises: MetasqlError MS035x.
    """
    chosen, bag = chosen_nodes(project, choice, lookups)
    if len(bag) and not (shared and shared.quiet):
        report(bag, ["--log-format", shared.log_format if shared else "text"])
    return chosen


def lookups_on_demand(shared: Common, project: Project) -> Lookups:
    """The same for a command that needs the warehouse for `increment:` and `state:` alone: it is opened then."""

    def asked(method: str, value: str) -> Iterable[str]:
        connection = connect(project.target, project.config.hash, read_only=True, emit=shared.console())
        try:
            layout = deferring(project.target, project.graph, project.layout, connection)
            check_version(connection, layout)
            session = Session.open(project.graph, layout, connection)
            return list(lookups(project, session)[method](value))
        finally:
            connection.close()

    opening = {method: partial(asked, method) for method in ("increment", "state")}
    return {**lookups_without_warehouse(project), **opening}


def execute_nodes(
    shared: Common,
    command: str,
    choice: Choice,
    threads: int | None,
    nodes: Nodes,
    locked: bool | None = None,
    told: Mapping[str, Any] | None = None,
    *,
    again: bool = False,
    publish: Path | None = None,
) -> int:
    """Walk the selected nodes on the warehouse, report what came out, and publish what went well.

    `locked`: whether the lock file must be up to date; None where it is of no account. `told`: what a retry of this
    has to know. `again`: this is one, and knows by itself what to do.
    """
    sent = Sent()
    with shared.session(listener=sent) as (project, opened), working(shared, project, opened, command) as session:
        if locked is not None:
            keep_lock(project, locked, shared.options.env)
        put = publishing(session, publish)
        ensure_own_tables(session)
        chosen = select_nodes(project, choice, lookups(project, session), shared)
        makes = command in ("run", "build") or (command == "test" and not any(choice.values()))
        if makes and not again:
            chosen = to_make(session.graph, session.layout, chosen, choice)
        todo = nodes(project, chosen)
        result = walk_nodes(project, session, shared.options, command, todo, threads)
        fault = published(session, put, publish) if result.ok else None
    write_artifacts(project, sent.beside(result), told)
    if fault is not None:
        raise fault
    return finish(shared, result)


def working(shared: Common, project: Project, session: Session, command: str) -> AbstractContextManager[Session]:
    """The target for this command alone; assertions only read, and need it not."""
    if command == "test":
        return nullcontext(session)
    return at_work(project, session, command, shared.lock_timeout)


def finish(shared: Common, result: RunResult) -> int:
    """Show what went wrong; 0 or 3."""
    bag = Bag([item for node in result.nodes for item in node.diagnostics])
    if len(bag):
        sys.stderr.flush()
        report(bag, ["--log-format", shared.log_format])
    return 0 if result.ok else 3
