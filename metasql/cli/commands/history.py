"""history: what happened."""

from __future__ import annotations

import json
from typing import Any

import click

from metasql.api.running import require_relations
from metasql.cli.options import Common, common, row_limit
from metasql.execute.history import commands, events, steps
from metasql.pipeline import feature_of
from metasql.report.history import (
    COMMANDS,
    command_document,
    command_rows,
    event_document,
    event_lines,
    step_document,
    step_lines,
)
from metasql.report.table import print_table


@click.command("history")
@click.argument("key", required=False)
@click.argument("ids", nargs=-1, metavar="[ID…]")
@common
@click.option("--limit", type=row_limit, default=20, show_default=True, help="At most so many, the newest ones.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document in the place of the text.")
def history_command(shared: Common, key: str | None, ids: tuple[str, ...], limit: int, as_json: bool) -> int:
    """Show what happened, in all or to one sample.

    Without KEY, the commands that wrote to the target. With KEY, how the feature was declared, by which revision and
    author, what was written and what was accepted. With the ids of a sample, ID…, every row that was stored of it and
    what it was made of, the oldest first.
    """
    with shared.session(read_only=True) as (project, session):
        if key is None:
            found = commands(session, limit)
            _show(as_json, command_document(found), lambda: print_table(COMMANDS, command_rows(found)))
            return 0
        feature = feature_of(project, key)
        require_relations(session, feature)
        if ids:
            life = steps(session, feature, ids)[-limit:] if limit else []
            _show(as_json, step_document(life), lambda: _echo(step_lines(life)))
            if not life and not shared.quiet:
                click.echo(f"{key}: nothing is stored of this sample, and nothing ever was", err=True)
            elif not feature.history and not shared.quiet:
                click.echo(f"{key} keeps no rows that were replaced (`history: true` keeps them)", err=True)
            return 0
        told = events(session, feature, limit)
        _show(as_json, event_document(told), lambda: _echo(event_lines(told)))
    return 0


def _show(as_json: bool, document: Any, text: Any) -> None:
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        text()


def _echo(lines: Any) -> None:
    for line in lines:
        click.echo(line)
