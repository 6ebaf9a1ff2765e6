"""What the command line and the Python API share: selection, hooks, walking the nodes of a command, its record."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from metasql.api.selecting import Choice, Lookups, feature_keys, lookups_without_warehouse, named_keys
from metasql.config.project import VERSION
from metasql.diagnostics import Bag, Bug, MetasqlError
from metasql.events import Emit, Note
from metasql.execute import state
from metasql.execute.command import prepare, refresh_downstream
from metasql.execute.counting import refresh_status
from metasql.execute.defer import aside, before_first_run, check_parents, deferring, own_only, owning, tell_deferred
from metasql.execute.holding import Holder
from metasql.execute.projects import check_projects
from metasql.execute.registry import connect, hold
from metasql.execute.results import NodeResult, RunResult
from metasql.execute.run import RunOptions
from metasql.execute.session import Session, now, told_at
from metasql.execute.told import told
from metasql.execute.views import is_current, told_made
from metasql.execute.walk import Node, record, walk
from metasql.graph.definition import definitions_of
from metasql.graph.diff import compare_definitions
from metasql.graph.nodes import Feature, Graph
from metasql.parse.hooks import render_hooks
from metasql.pipeline import Options, Project, check_lock, write_lock
from metasql.plan.layout import Layout
from metasql.report.status import PENDING, statuses
from metasql.source import Word, span_of

_KEY_WORD = re.compile(r"(?:@|\d*\+)?([^+@]+)(?:\+\d*)?")
"""A word of a selection that names a feature, with or without what is above and below it."""

Nodes = Callable[[Project, set[str]], Sequence[Node]]


def layout_before(project: Project) -> Layout:
    """Where things lie, as far as that is known of a target that does not exist yet."""
    return before_first_run(project.target, project.config.hash, project.graph, project.layout)


def to_make(graph: Graph, layout: Layout, chosen: set[str], choice: Choice) -> set[str]:
    """The chosen nodes without what is read from another target (docs/environments.md).

    Raises: MetasqlError MS0682.
    """
    if layout.elsewhere is None:
        return chosen
    words = {word for words in choice["select"] for part in words.split() for word in part.split(",")}
    keys = {match[1] for word in words if (match := _KEY_WORD.fullmatch(word))}
    named = {key for key in graph.features if str(key) in keys}
    return aside(graph, layout, chosen, named if choice["select"] or choice["selector"] else None)


def run_options(options: Options, project: Project, choice: Choice, full_refresh: bool) -> RunOptions:
    """What a run is told; hooks are rendered with the project's macros when they are due."""

    def rendered(hooks: Sequence[str], this: str) -> Sequence[str]:
        return render_hooks(hooks, project.config, project.target, options.env, this)

    return RunOptions(full_refresh, named_keys(project, choice), rendered)


def lookups(project: Project, session: Session) -> Lookups:
    """`increment:new|stale|orphaned|any` as the increments tell it now, `result:` from the last command.

    `state:new|modified` by what the target was last told: what it never saw, and what is declared otherwise itself.
    """

    def increment(value: str) -> Iterable[str]:
        if value not in (*PENDING, "any"):
            known = ", ".join(f"increment:{word}" for word in (*PENDING, "any"))
            raise MetasqlError.of("MS0350", f"`increment:{value}` is no selection", help=f"there are: {known}")
        for item in statuses(session, project.graph.features.values()):
            if item.error:
                raise MetasqlError(Bag(list(item.error)))
            if item.has(value):
                yield item.feature

    def declared(value: str) -> Iterable[str]:
        if value not in ("new", "modified"):
            raise MetasqlError.of(
                "MS0350", f"`state:{value}` is no selection", help="there are: state:new, state:modified"
            )
        found = compare_definitions(told(session), definitions_of(project.graph)).features
        changes = ("added",) if value == "new" else ("added", "changed")
        return [item.key for item in found if item.change in changes and item.is_own]

    return {**lookups_without_warehouse(project), "increment": increment, "state": declared}


def looked_up(project: Project, emit: Emit, method: str, value: str) -> list[str]:
    """The nodes that one of the lookups finds, on a warehouse that is opened for it."""
    connection = connect(project.target, project.config.hash, read_only=True, emit=emit)
    try:
        layout = deferring(project.target, project.graph, project.layout, connection)
        state.check_version(connection, layout)
        session = Session.open(project.graph, layout, connection)
        return list(lookups(project, session)[method](value))
    finally:
        connection.close()


def walk_nodes(
    project: Project, session: Session, options: Options, command: str, todo: Sequence[Node], threads: int | None
) -> RunResult:
    """Walk nodes on the warehouse with the project's hooks around them, and record what came out there."""
    features = [feature for _, feature in feature_keys(project, {node.name for node in todo})]
    session = owning(session, [feature.key for feature in features])
    check_parents(session, features)
    check_projects(session, features)
    tell_deferred(session, features)
    prepare(session, features)
    _hooks(options, project, session, project.config.on_run_start, "on-run-start")
    number = threads or int(project.target.options.get("threads") or 1)
    result = walk(session, command, project.target.name, todo, number)
    written = [node.name for node in result.nodes if node.written or node.deleted]
    refresh_downstream(session, written, {feature.key.path for feature in features})
    _hooks(options, project, session, project.config.on_run_end, "on-run-end")
    record(session, result, project.config.name, VERSION)
    return result


def _hooks(options: Options, project: Project, session: Session, hooks: Sequence[Word], name: str) -> None:
    for hook, sql in zip(hooks, render_hooks(hooks, project.config, project.target, options.env), strict=True):
        if sql.strip():
            with told_at(span_of(hook)), session.connection.writing(), session.connection.transaction():
                session.connection.run_text(sql, f"run a hook of {name}")


def require_relations(session: Session, feature: Feature) -> None:
    """A feature that was never run here has no increment to read.

    Raises: MetasqlError MS0607, MS0684. A definition that changed since is a note.
    """
    layout = session.layout
    own_only(session, feature)
    if session.connection.columns(layout.of(feature.key, "increment")) is None:
        raise MetasqlError.of(
            "MS0607",
            f"`{feature.key}` was never run on this target",
            feature.span,
            help=f"`metasql run --select {feature.key}` makes its relations",
        )
    if not is_current(session, feature, told_made(session).get(feature.key)):
        text = f"`{feature.key}` was declared otherwise when it was last run: `metasql run --select {feature.key}`"
        session.emit(Note(f"note: {text} brings the target up to date"))


def finish_write(
    project: Project, session: Session, feature: Feature, command: str, written: int, *, count: bool = True
) -> bool:
    """After commits or a deletion: refresh the status, if that is to be done here, and record what was done.

    What was written is there, whatever becomes of the counts: where they cannot be told, a note says why. Gives
    whether they were.
    """
    after, counted = None, False
    try:
        if count:
            after = refresh_status(session, feature)
            refresh_downstream(session, [feature.key.path] if written else [], [])
            counted = True
    except Bug:
        raise
    except MetasqlError as error:
        text = f"note: {feature.key} was written, and what is left to do could not be counted:"
        session.emit(Note(f"{text} {error}"))
    text = after.text() if after else ""
    node = NodeResult(feature.key.path, feature.kind.value, "ok", text=text, after=after, written=written)
    result = RunResult(session.run_id, command, project.target.name, now(), 0.0, (node,))
    record(session, result, project.config.name, VERSION)
    return counted


def publishing(session: Session, path: Path | None) -> Callable[[], None]:
    """What publishes the target at a path, when it is called; nothing without one.

    Raises: MetasqlError MS0616, MS0617.
    """
    return session.connection.publishing(path) if path is not None else _nothing


def _nothing() -> None:
    """Nothing was to be published."""


def published(session: Session, put: Callable[[], None], path: Path | None) -> MetasqlError | None:
    """Publish the target; gives what went wrong, since a run that went well is told whatever becomes of its copy."""
    try:
        put()
    except MetasqlError as error:
        return error
    if path is not None:
        session.emit(Note(f"published at {path}"))
    return None


@contextmanager
def at_work(project: Project, session: Session, command: str, patience: float) -> Iterator[Session]:
    """The session of a command that has the target for itself, but for commits from outside.

    Raises: MetasqlError MS0608 where another command has it for longer than `patience`.
    """
    holder = Holder.of(session.run_id, command)
    with hold(project.target, project.config.hash, holder, patience, session.emit) as held:
        # Another command may have made what this one was to read from elsewhere, while it waited.
        layout = deferring(project.target, project.graph, project.layout, session.connection)
        yield replace(session, layout=layout, still=held.check)


def keep_lock(project: Project, locked: bool, env: Mapping[str, str]) -> None:
    """Write the lock file before anything is computed; in CI it is left as it is.

    Raises: MetasqlError MS0418 where it must be up to date (`locked`) and is not.
    """
    if locked:
        check_lock(project)
    elif env.get("CI", "").lower() in ("", "0", "false"):
        write_lock(project)


def ensure_own_tables(session: Session) -> None:
    """metasql's own tables, where they are not there yet."""
    state.ensure_tables(session.connection, session.layout)
