"""What the commands that walk nodes share: selection, threads, hooks, artifacts, the exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from metasql import __version__
from metasql.cli.options import Common, keep_lock
from metasql.cli.reporting import report
from metasql.diagnostics import Bag, MetasqlError
from metasql.events import Note
from metasql.execute import state
from metasql.execute.command import prepare, refresh_downstream
from metasql.execute.counting import refresh_status
from metasql.execute.ensure import is_current
from metasql.execute.registry import connect
from metasql.execute.results import NodeResult, RunResult
from metasql.execute.run import RunOptions
from metasql.execute.sent import Sent
from metasql.execute.session import Session, now, told_at
from metasql.execute.walk import Node, record, walk
from metasql.graph.nodes import Feature
from metasql.names import FeatureKey
from metasql.parse.hooks import render_hooks
from metasql.pipeline import Project
from metasql.report.artifacts import RUN_RESULTS, write_manifest, write_run_results
from metasql.report.status import PENDING, statuses
from metasql.source import Word, span_of

Nodes = Callable[[Project, set[str]], Sequence[Node]]
Lookups = Mapping[str, Callable[[str], Iterable[str]]]


def select_nodes(
    project: Project, choice: Mapping[str, Any], lookups: Lookups, shared: Common | None = None
) -> set[str]:
    """The selected nodes; `shared` says how warnings are shown.

    Raises: MetasqlError MS035x.
    """
    chosen, bag = project.selector(lookups).select(choice["select"], choice["exclude"], choice["selector"])
    bag.raise_errors()
    if len(bag) and not (shared and shared.quiet):
        report(bag, ["--log-format", shared.log_format if shared else "text"])
    return chosen


def feature_keys(project: Project, chosen: set[str]) -> list[tuple[str, Feature]]:
    """The selected features, upstream first."""
    return [(str(key), feature) for key, feature in project.graph.features.items() if str(key) in chosen]


def named_keys(project: Project, choice: Mapping[str, Any]) -> frozenset[FeatureKey]:
    """The features that `--select` names by their whole key."""
    words = {word for words in choice["select"] for part in words.split() for word in part.split(",")}
    return frozenset(key for key in project.graph.features if str(key) in words)


def run_options(shared: Common, project: Project, choice: Mapping[str, Any], full_refresh: bool) -> RunOptions:
    """What a run is told; hooks are rendered with the project's macros when they are due."""

    def rendered(hooks: Sequence[str], this: str) -> Sequence[str]:
        return render_hooks(hooks, project.config, project.target, shared.options.env, this)

    return RunOptions(full_refresh, named_keys(project, choice), rendered)


def lookups_without_warehouse(project: Project) -> Lookups:
    return {"result": lambda value: _results(project, value)}


def lookups(project: Project, session: Session) -> Lookups:
    """`increment:new|stale|orphaned|any` as the increments tell it now, `result:` from the last command."""

    def increment(value: str) -> Iterable[str]:
        if value not in (*PENDING, "any"):
            known = ", ".join(f"increment:{word}" for word in (*PENDING, "any"))
            raise MetasqlError.of("MS0350", f"`increment:{value}` is no selection", help=f"there are: {known}")
        for item in statuses(session, project.graph.features.values()):
            if item.error:
                raise MetasqlError(Bag(list(item.error)))
            if item.has(value):
                yield item.feature

    return {**lookups_without_warehouse(project), "increment": increment}


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


def _results(project: Project, value: str) -> Iterable[str]:
    path = project.config.root / project.config.target_path / RUN_RESULTS
    if not path.is_file():
        return []
    try:
        nodes = json.loads(path.read_text(encoding="utf-8"))["results"]
        return [node["name"] for node in nodes if node["status"] == value]
    except (ValueError, KeyError, TypeError):
        help = "remove the file; the next run writes it anew"
        raise MetasqlError.of("MS0115", f"`{path.name}` is not as metasql wrote it", help=help) from None


def execute_nodes(
    shared: Common,
    command: str,
    choice: Mapping[str, Any],
    threads: int | None,
    nodes: Nodes,
    locked: bool | None = None,
) -> int:
    """Walk the selected nodes on the warehouse, and report what came out.

    `locked`: whether the lock file must be up to date; None where it is of no account.
    """
    sent = Sent()
    with shared.session(listener=sent) as (project, session):
        if locked is not None:
            keep_lock(project, locked, shared.options.env)
        state.ensure_tables(session.connection, session.layout)
        chosen = select_nodes(project, choice, lookups(project, session), shared)
        todo = nodes(project, chosen)
        features = [feature for name, feature in feature_keys(project, {node.name for node in todo})]
        prepare(session, features)
        _hooks(shared, project, session, project.config.on_run_start, "on-run-start")
        number = threads or int(project.target.options.get("threads") or 1)
        result = walk(session, command, project.target.name, todo, number)
        written = [node.name for node in result.nodes if node.written or node.deleted]
        refresh_downstream(session, written, {feature.key.path for feature in features})
        _hooks(shared, project, session, project.config.on_run_end, "on-run-end")
        record(session, result, project.config.name, __version__)
    write_manifest(project.config, project.graph)
    write_run_results(project.config, sent.beside(result))
    return finish(shared, result)


def finish(shared: Common, result: RunResult) -> int:
    """Show what went wrong; 0 or 3."""
    bag = Bag([item for node in result.nodes for item in node.diagnostics])
    if len(bag):
        sys.stderr.flush()
        report(bag, ["--log-format", shared.log_format])
    return 0 if result.ok else 3


def _hooks(shared: Common, project: Project, session: Session, hooks: Sequence[Word], name: str) -> None:
    for hook, sql in zip(hooks, render_hooks(hooks, project.config, project.target, shared.options.env), strict=True):
        if sql.strip():
            with told_at(span_of(hook)), session.connection.writing(), session.connection.transaction():
                session.connection.run_text(sql, f"run a hook of {name}")


def require_relations(session: Session, feature: Feature) -> None:
    """A feature that was never run here has no increment to read.

    Raises: MetasqlError MS0607. A definition that changed since is a note.
    """
    layout = session.layout
    if session.connection.columns(layout.of(feature.key, "increment")) is None:
        raise MetasqlError.of(
            "MS0607",
            f"`{feature.key}` was never run on this target",
            feature.span,
            help=f"`metasql run --select {feature.key}` makes its relations",
        )
    if not is_current(session, feature):
        text = f"`{feature.key}` was declared otherwise when it was last run: `metasql run --select {feature.key}`"
        session.emit(Note(f"note: {text} brings the target up to date"))


def finish_write(project: Project, session: Session, feature: Feature, command: str, written: int) -> None:
    """After a commit or a deletion: refresh the status, and record what was done."""
    after = refresh_status(session, feature)
    refresh_downstream(session, [feature.key.path] if written else [], [])
    node = NodeResult(feature.key.path, feature.kind.value, "ok", text=after.text(), after=after, written=written)
    result = RunResult(session.run_id, command, project.target.name, now(), 0.0, (node,))
    record(session, result, project.config.name, __version__)
