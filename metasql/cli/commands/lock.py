"""lock."""

from __future__ import annotations

import click

from metasql.cli.options import Common, common
from metasql.graph.lock import FILE
from metasql.pipeline import check_lock, write_lock


@click.command("lock")
@common
@click.option("--check", is_flag=True, help="Write nothing, and fail where the file is not up to date.")
def lock_command(shared: Common, check: bool) -> int:
    """Write code versions that are read from SQL to metasql.lock.

    `metasql run` writes it too, outside of CI.
    """
    project = shared.project()
    if check:
        check_lock(project)
    changes = project.lock.changes()
    written = write_lock(project)
    for line in changes if not shared.quiet else []:
        click.echo(line)
    count = len(project.lock.made)
    fields = f"{count} field{'' if count == 1 else 's'}"
    click.echo(f"{FILE}: {fields}, {'written' if written else 'up to date'}", err=True)
    return 0
