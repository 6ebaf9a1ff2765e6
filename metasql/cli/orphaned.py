"""`metasql clean --orphaned-relations`: what features that are no longer declared have left in the warehouse."""

from __future__ import annotations

from contextlib import ExitStack

import click

from metasql.cli.options import Common
from metasql.cli.running import working
from metasql.config.project import VERSION
from metasql.execute.leftover import Leftover, drop, leftovers
from metasql.execute.results import NodeResult, RunResult
from metasql.execute.session import Session, now
from metasql.execute.state import ensure_tables
from metasql.execute.walk import record
from metasql.names import Relation
from metasql.pipeline import Project
from metasql.report.table import print_table


def clean_relations(shared: Common, *, drop: bool) -> int:
    """List the relations, and drop them where a person said so."""
    with ExitStack() as closing:
        project, session = closing.enter_context(shared.session(read_only=not drop))
        if drop:
            session = closing.enter_context(working(shared, project, session, "clean"))
        declared = {str(key) for key in project.graph.features}
        found = leftovers(session, declared, project.config.name)
        own = [item for item in found if item.project is None]
        if drop and own:
            _drop(project, session, own)
    if own:
        rows = [(item.feature, relation.name, f"{item.rows:,}") for item in own for relation in _relations(item)]
        print_table(("feature", "relation", "rows"), rows, right=("rows",))
    if not shared.quiet:
        for item in found:
            if item.project is not None:
                click.echo(f"note: {item.feature} is of the project `{item.project}`, and stays", err=True)
        count = sum(len(_relations(item)) for item in own)
        hint = "" if drop or not own else ": `--yes` drops them, with all that they hold"
        named = "1 relation" if count == 1 else f"{count:,} relations"
        click.echo(f"{named} {'dropped' if drop else 'of features that are no longer declared'}{hint}", err=True)
    return 0


def _relations(item: Leftover) -> list[Relation]:
    return [*item.views, *item.tables]


def _drop(project: Project, session: Session, found: list[Leftover]) -> None:
    ensure_tables(session.connection, session.layout)  # those of an older metasql may lack some
    nodes = []
    for item in found:
        drop(session, item)
        nodes.append(NodeResult(item.feature, "relations", "ok", text="dropped", deleted=item.rows))
    result = RunResult(session.run_id, "clean", project.target.name, now(), 0.0, tuple(nodes))
    record(session, result, project.config.name, VERSION)
