"""lock."""

from __future__ import annotations

import click

from metasql.cli.options import Common, common
from metasql.graph.lock import FILE
from metasql.pipeline import Project, check_lock, read_config, write_lock


@click.command("lock")
@common
@click.option("--check", is_flag=True, help="Write nothing, and fail where the file is not up to date.")
def lock_command(shared: Common, check: bool) -> int:
    """Write code versions that are read from SQL to metasql.lock.

    The versions of features of other projects stand there, too.
    `metasql run` writes it too, outside of CI.
    """
    project = _project(shared)
    if check:
        check_lock(project)
    changes = project.lock.changes()
    written = write_lock(project)
    for line in changes if not shared.quiet else []:
        click.echo(line)
    counted = [(len(project.lock.made), "field"), (len(project.lock.pins), "feature")]
    told = [f"{count} {what}{'' if count == 1 else 's'}" for count, what in counted]
    named = f"{told[0]}, {told[1]} of other projects" if project.lock.pins else told[0]
    click.echo(f"{FILE}: {named}, {'written' if written else 'up to date'}", err=True)
    return 0


def _project(shared: Common) -> Project:
    """The project; the warehouse is opened where other projects are told by it."""
    if all(decl.manifest is not None for decl in read_config(shared.options)[0].dependencies):
        return shared.project()
    with shared.session(read_only=True) as (project, _):
        return project
