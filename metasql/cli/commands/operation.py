"""run-operation: call a macro."""

from __future__ import annotations

import click

from metasql.cli.options import Common, common, parse_mapping
from metasql.execute.preview import public_relation
from metasql.parse.operation import render_operation


@click.command("run-operation")
@click.argument("macro")
@common
@click.option("--args", "arguments", default="", help="The macro's arguments as a YAML mapping.")
def run_operation_command(shared: Common, macro: str, arguments: str) -> int:
    """Call a macro, and execute the SQL that it gives.

    MACRO is the name of a macro of the project. It may ask the warehouse with `run_query`; the text that it gives
    is executed statement by statement, in the words of the target's engine.
    """
    given = parse_mapping("--args", arguments, "{days: 7}")
    with shared.session() as (project, session):
        statements = render_operation(
            macro,
            given,
            project.config,
            project.target,
            env=shared.options.env,
            sources=project.graph.sources.values(),
            run_query=lambda sql: session.connection.fetch(sql)[1],
            relation=lambda ref: str(public_relation(session, ref)),
        )
        with session.connection.writing(), session.connection.transaction():
            for sql in statements:
                session.connection.run_text(sql, f"run the operation {macro}")
    if not shared.quiet:
        done = f"{len(statements)} statement{'' if len(statements) == 1 else 's'}"
        click.echo(f"{macro}: {done}", err=True)
    return 0
