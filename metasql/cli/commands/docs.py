"""docs: what dbt's documentation, and others that read dbt's artifacts, show a project from."""

from __future__ import annotations

import uuid

import click

from metasql.api.artifacts import place_of
from metasql.cli.options import Common, common
from metasql.execute.session import now
from metasql.pipeline import Project
from metasql.report.dbt.catalog import Columns, write_catalog
from metasql.report.dbt.manifest import write_manifest


@click.command("docs")
@click.argument("what", type=click.Choice(["generate"]))
@click.option("--empty-catalog", is_flag=True, help="Ask no warehouse: a catalog without tables.")
@common
def docs_command(shared: Common, what: str, empty_catalog: bool) -> int:  # noqa: ARG001 - one so far
    """Write manifest.json and catalog.json, as dbt has them.

    WHAT is `generate`. Programs that read dbt's artifacts read the graph, and the columns of the warehouse, from them.
    """
    if empty_catalog:
        _write(shared.project(), lambda _: None)
        return 0
    with shared.session(read_only=True) as (project, session):
        _write(project, session.connection.columns)
    return 0


def _write(project: Project, columns: Columns) -> None:
    place, invocation, moment = place_of(project), str(uuid.uuid4()), now()
    for path in (write_manifest(place, invocation, moment), write_catalog(place, columns, invocation, moment)):
        click.echo(f"{project.config.target_path}/{path.name}")
