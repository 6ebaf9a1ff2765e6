"""A project as a Python program has it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from metasql.api.artifacts import write_artifacts
from metasql.api.opened import opened
from metasql.api.planning import counted_plan, uncounted_plan
from metasql.api.running import (
    at_work,
    ensure_own_tables,
    keep_lock,
    layout_before,
    lookups,
    published,
    publishing,
    run_options,
    to_make,
    walk_nodes,
)
from metasql.api.selecting import chosen_nodes, lookups_without_warehouse
from metasql.api.values import Lineage, PlanReport, RunReport, Status
from metasql.api.warehouse import Warehouse
from metasql.api.worker import Worker
from metasql.diagnostics import Diagnostic, MetasqlError
from metasql.events import Emit, Event, Note, StatementRun
from metasql.execute.command import feature_nodes
from metasql.execute.connection import NOT_THERE
from metasql.execute.defer import deferring
from metasql.execute.holding import PATIENCE
from metasql.execute.registry import connect
from metasql.execute.session import Session
from metasql.execute.state import check_version
from metasql.pipeline import Options, feature_of, fields_of, load
from metasql.pipeline import Project as Loaded
from metasql.report.console import all_of, stderr_console
from metasql.report.lineage import walked
from metasql.report.status import never_run

_LOG = logging.getLogger("metasql")


def _logged(event: Event) -> None:
    if isinstance(event, StatementRun):
        _LOG.debug("%s (%.3f s): %s", event.purpose or "ask", event.seconds, event.sql)
    elif isinstance(event, Note):
        _LOG.warning("%s", event.text)
    else:
        _LOG.info("%s", event)


class Project:
    """A project that was read for one target. `Project.load` reads it; no warehouse is opened for that."""

    def __init__(self, options: Options, loaded: Loaded) -> None:
        self._options = options
        self._loaded = loaded
        self._warehouses: list[Warehouse] = []

    @classmethod
    def load(
        cls,
        path: str | Path = ".",
        *,
        target: str | None = None,
        vars: Mapping[str, Any] | None = None,
        profiles_dir: str | Path | None = None,
        defer: bool = True,
    ) -> Project:
        """Read the project in a folder, as the command line does with the options of the same names.

        Raises: MetasqlError with every mistake of the first stage that has one.
        """
        folder = Path(profiles_dir) if profiles_dir is not None else None
        return cls(*_read(Options(Path(path).resolve(), folder, target, dict(vars or {}), defer)))

    @property
    def name(self) -> str:
        return self._loaded.config.name

    @property
    def target(self) -> str:
        """The name of the target."""
        return self._loaded.target.name

    @property
    def features(self) -> tuple[str, ...]:
        """The keys of all features, upstream first."""
        return tuple(str(key) for key in self._loaded.graph.features)

    def datasets(self) -> tuple[str, ...]:
        """The names of all datasets."""
        return tuple(self._loaded.graph.datasets)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What is doubtful in the project."""
        return self._loaded.diagnostics

    def connect(self, *, read_only: bool = False) -> Warehouse:
        """Open the target's warehouse: `with project.connect() as wh:`.

        `read_only` lets other processes read a DuckDB file meanwhile; nothing can be committed then.

        Raises: MetasqlError 06xx.
        """
        loaded = self._loaded
        connection = connect(loaded.target, loaded.config.hash, read_only=read_only, emit=_logged)
        try:
            layout = deferring(loaded.target, loaded.graph, loaded.layout, connection)
            check_version(connection, layout)
        except MetasqlError:
            connection.close()
            raise
        session = Session.open(loaded.graph, layout, connection, _logged, loaded.config.root)
        made = Warehouse(loaded, session, self._warehouses.remove)
        self._warehouses.append(made)
        return made

    def worker(self, address: str, token: str) -> Worker:
        """The warehouse through a committer (`metasql serve-commits`): `with project.worker(address, token) as wh:`.

        Nothing is opened: on DuckDB, where one process alone can write, many workers commit through one committer.
        """
        return Worker(self._loaded, address, token)

    def status(self, *keys: str) -> Status:
        """What is to be done for the features that are named, or for all; counted now.

        Raises: MetasqlError MS0330.
        """
        try:
            with self._reading() as warehouse:
                return warehouse.status(*keys)
        except MetasqlError as error:
            if not set(error.codes) <= NOT_THERE:
                raise
        graph = self._loaded.graph
        features = [feature_of(self._loaded, key) for key in keys] or list(graph.features.values())
        return Status(tuple(never_run(features, layout_before(self._loaded))))

    def plan(self, select: str | Sequence[str] = (), *, exclude: str | Sequence[str] = ()) -> PlanReport:
        """What `run` would do to the same features, and what that costs; counted now, through the whole graph.

        Writes nothing but temporary tables. Where there is no warehouse yet, nothing is counted.

        Raises: MetasqlError MS035x for the selection, 06xx.
        """
        choice = {"select": _words(select), "exclude": _words(exclude), "selector": None}
        try:
            with opened(self._options, _logged, read_only=True, scratch=True) as (project, session):
                chosen, _ = chosen_nodes(project, choice, lookups(project, session))
                chosen = to_make(session.graph, session.layout, chosen, choice)
                return PlanReport.of(counted_plan(project, session, chosen))
        except MetasqlError as error:
            if not set(error.codes) <= NOT_THERE:
                raise
        known = {**lookups_without_warehouse(self._loaded), "increment": lambda _: ()}
        chosen, _ = chosen_nodes(self._loaded, choice, known)
        chosen = to_make(self._loaded.graph, layout_before(self._loaded), chosen, choice)
        return PlanReport.of(uncounted_plan(self._loaded, chosen))

    def lineage(self, key: str, *, downstream: bool = False) -> Lineage:
        """What a feature, or one of its fields (`video/full.audio`), is made of, or what is made of it.

        Raises: MetasqlError MS0330, MS0302.
        """
        loaded = self._loaded
        starts = fields_of(loaded, key)
        return Lineage(tuple(walked(starts, loaded.graph, loaded.config.dialect, downstream=downstream)))

    def run(
        self,
        select: str | Sequence[str] = (),
        *,
        exclude: str | Sequence[str] = (),
        threads: int | None = None,
        full_refresh: bool = False,
        progress: bool = False,
        lock_timeout: float = PATIENCE,
        publish: str | Path | None = None,
    ) -> RunReport:
        """Compute what is new or stale, as `metasql run` does; `progress` shows it on standard error.

        Another run on the same target is waited for, for `lock_timeout` seconds. If all goes well, a copy of the DuckDB
        file takes the place of the one at `publish`, in one step.

        What went wrong with a feature is in its result, and `ok` is false; nothing is raised for it.

        Raises: MetasqlError where the project, the selection or the warehouse does not let it begin.
        """
        choice = {"select": _words(select), "exclude": _words(exclude), "selector": None}
        shown: Emit = stderr_console(color=False, quiet=False, verbose=False, log_format="text")
        emit = all_of(_logged, shown) if progress else _logged
        with (
            opened(self._options, emit, patience=lock_timeout) as (project, opened_session),
            at_work(project, opened_session, "run", lock_timeout) as session,
        ):
            keep_lock(project, False, self._options.env)
            place = Path(publish) if publish is not None else None
            put = publishing(session, place)
            ensure_own_tables(session)
            chosen, _ = chosen_nodes(project, choice, lookups(project, session))
            chosen = to_make(session.graph, session.layout, chosen, choice)
            nodes = feature_nodes(project.graph, chosen, run_options(self._options, project, choice, full_refresh))
            result = walk_nodes(project, session, self._options, "run", nodes, threads)
            fault = published(session, put, place) if result.ok else None
        write_artifacts(project, result)
        if fault is not None:
            raise fault
        return RunReport.of(result)

    @contextmanager
    def _reading(self) -> Iterator[Warehouse]:
        """A warehouse of this project that is open already, else one for this alone."""
        if self._warehouses:
            yield self._warehouses[-1]
            return
        with self.connect(read_only=True) as warehouse:
            yield warehouse

    def __repr__(self) -> str:
        return f"Project({self.name!r}, target={self.target!r}, features={len(self.features)})"


def project_of(options: Options) -> Project:
    """The project of a command."""
    return Project(*_read(options))


def _read(options: Options) -> tuple[Options, Loaded]:
    return options, load(options)


def _words(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
