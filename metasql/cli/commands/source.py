"""source: what concerns the tables that metasql reads and does not make."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from metasql.api.running import lookups
from metasql.cli.options import Common, common, selection
from metasql.cli.reporting import report
from metasql.cli.selecting import select_nodes
from metasql.diagnostics import Bag, MetasqlError
from metasql.execute.connection import NOT_THERE
from metasql.execute.freshness import SourceAge, shown_limit, source_age
from metasql.execute.session import Session
from metasql.parse.declarations import SourceDecl
from metasql.parse.freshness import freshness_query
from metasql.pipeline import Project
from metasql.report.artifacts import SOURCES, target_folder, write_sources
from metasql.report.table import print_table


@click.command("source")
@click.argument("what", type=click.Choice(["freshness"]))
@common
@selection
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Where sources.json is written.")
def source_command(shared: Common, what: str, output: Path | None, **choice: Any) -> int:  # noqa: ARG001 - one so far
    """Say how old the newest row of each source is.

    WHAT is `freshness`. Of sources that declare it, the age is told by the warehouse's clock from their
    `loaded_at_field`, and written to target/sources.json. The exit code is 3 where a source is older than its
    `error_after`, or cannot be asked.
    """
    started = time.perf_counter()
    try:
        project, run_id, ages = _ages(shared, choice, read_only=True)
    except MetasqlError as error:
        if not set(error.codes) <= NOT_THERE:
            raise
        # Sources may well be there before the first run has made the warehouse's own schema.
        project, run_id, ages = _ages(shared, choice, read_only=False)
    path = output or target_folder(project.config) / SOURCES
    write_sources(path, run_id, ages, time.perf_counter() - started)
    if ages:
        print_table(["source", "status", "newest row", "limits"], [_row(age) for age in ages])
    bag = Bag([item for age in ages for item in age.diagnostics])
    if len(bag):
        report(bag, ["--log-format", shared.log_format])
    return 3 if any(age.status.endswith("error") for age in ages) else 0


def _ages(shared: Common, choice: dict[str, Any], *, read_only: bool) -> tuple[Project, str, list[SourceAge]]:
    with shared.session(read_only=read_only) as (project, session):
        chosen = _chosen(shared, project, session, choice)
        return project, session.run_id, [_asked(shared, project, session, source) for source in chosen]


def _chosen(shared: Common, project: Project, session: Session, choice: dict[str, Any]) -> list[SourceDecl]:
    """The selected sources that say how old they may be."""
    chosen = select_nodes(project, choice, lookups(project, session), shared)
    found = [item for name, item in sorted(project.graph.sources.items()) if f"source:{'.'.join(name)}" in chosen]
    return [item for item in found if item.freshness and (item.freshness.warn_after or item.freshness.error_after)]


def _asked(shared: Common, project: Project, session: Session, source: SourceDecl) -> SourceAge:
    known = project.graph.sources.values()
    return source_age(
        session,
        source,
        lambda item: freshness_query(item, known, project.config, project.target, shared.options.env),
    )


def _row(age: SourceAge) -> tuple[str, ...]:
    told = age.source.freshness
    limits = [("warn", told.warn_after), ("error", told.error_after)] if told is not None else []
    said = ", ".join(f"{word} after {shown_limit(limit)}" for word, limit in limits if limit is not None)
    return age.name, age.status, age.text if age.status != "runtime error" else "", said
