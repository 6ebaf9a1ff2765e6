"""What the commands that walk nodes share: warnings shown, artifacts written, the exit code."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from metasql.api.artifacts import write_artifacts
from metasql.api.running import (
    Nodes,
    at_work,
    ensure_own_tables,
    keep_lock,
    lookups,
    published,
    publishing,
    to_make,
    walk_nodes,
)
from metasql.api.selecting import Choice
from metasql.cli.options import Common
from metasql.cli.reporting import report
from metasql.cli.selecting import select_nodes
from metasql.diagnostics import Bag
from metasql.execute.results import RunResult
from metasql.execute.sent import Sent
from metasql.execute.session import Session
from metasql.pipeline import Project


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
