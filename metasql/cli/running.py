"""What the commands that walk nodes share: warnings shown, artifacts written, the exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from metasql.api.running import (
    Choice,
    Lookups,
    Nodes,
    chosen_nodes,
    ensure_own_tables,
    keep_lock,
    lookups,
    lookups_without_warehouse,
    walk_nodes,
)
from metasql.cli.options import Common
from metasql.cli.reporting import report
from metasql.diagnostics import Bag
from metasql.execute.registry import connect
from metasql.execute.results import RunResult
from metasql.execute.sent import Sent
from metasql.execute.session import Session
from metasql.pipeline import Project
from metasql.report.artifacts import write_manifest, write_run_results


def select_nodes(project: Project, choice: Choice, lookups: Lookups, shared: Common | None = None) -> set[str]:
    """The selected nodes; `shared` says how warnings are shown.

    Raises: MetasqlError MS035x.
    """
    chosen, bag = chosen_nodes(project, choice, lookups)
    if len(bag) and not (shared and shared.quiet):
        report(bag, ["--log-format", shared.log_format if shared else "text"])
    return chosen


def lookups_on_demand(shared: Common, project: Project) -> Lookups:
    """The same for a command that needs the warehouse for `increment:` alone: it is opened then, to read."""

    def increment(value: str) -> Iterable[str]:
        connection = connect(project.target, project.config.hash, read_only=True, emit=shared.console())
        try:
            session = Session.open(project.graph, project.layout, connection)
            return list(lookups(project, session)["increment"](value))
        finally:
            connection.close()

    return {**lookups_without_warehouse(project), "increment": increment}


def execute_nodes(
    shared: Common,
    command: str,
    choice: Choice,
    threads: int | None,
    nodes: Nodes,
    locked: bool | None = None,
    told: Mapping[str, Any] | None = None,
) -> int:
    """Walk the selected nodes on the warehouse, and report what came out.

    `locked`: whether the lock file must be up to date; None where it is of no account. `told`: what a retry of this
    has to know.
    """
    sent = Sent()
    with shared.session(listener=sent) as (project, session):
        if locked is not None:
            keep_lock(project, locked, shared.options.env)
        ensure_own_tables(session)
        chosen = select_nodes(project, choice, lookups(project, session), shared)
        todo = nodes(project, chosen)
        result = walk_nodes(project, session, shared.options, command, todo, threads)
    write_manifest(project.config, project.graph)
    write_run_results(project.config, sent.beside(result), told)
    return finish(shared, result)


def finish(shared: Common, result: RunResult) -> int:
    """Show what went wrong; 0 or 3."""
    bag = Bag([item for node in result.nodes for item in node.diagnostics])
    if len(bag):
        sys.stderr.flush()
        report(bag, ["--log-format", shared.log_format])
    return 0 if result.ok else 3
