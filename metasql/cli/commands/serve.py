"""serve-commits: one process that writes, for many that work."""

from __future__ import annotations

import os
import secrets
import signal
from typing import Any

import click

from metasql.api.project import project_of
from metasql.api.served import Committer
from metasql.cli.options import Common, common

VARIABLE = "METASQL_COMMIT_TOKEN"


@click.command("serve-commits")
@common
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8756, show_default=True, help="The port; 0 is any.")
def serve_commits_command(shared: Common, host: str, port: int) -> int:
    """Hand out increments and commit results for other processes.

    On DuckDB one process alone can write: this one has the file open, and workers reach it with
    Project.worker(address, token). The token is METASQL_COMMIT_TOKEN of the environment, or made and shown.
    """
    project = project_of(shared.options)
    given = os.environ.get(VARIABLE)
    token = given or secrets.token_urlsafe(24)
    with project.connect() as warehouse:
        committer = Committer(warehouse, token, host, port)

        def stop(number: int, frame: Any) -> None:
            del number, frame
            committer.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        click.echo(committer.address)
        if given is None:
            click.echo(f"token: {token}", err=True)
        committer.serve()
    return 0
