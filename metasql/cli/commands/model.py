"""model: versions of models."""

from __future__ import annotations

import json
from typing import Any

import click

from metasql.cli.options import Common, common, lock_timeout
from metasql.cli.running import working
from metasql.config.project import VERSION
from metasql.diagnostics import MetasqlError
from metasql.execute.connection import NOT_THERE
from metasql.execute.models import (
    ModelVersion,
    known_model,
    made_by,
    model_version,
    model_versions,
    promote_model,
    rollback_model,
)
from metasql.execute.results import NodeResult, RunResult
from metasql.execute.session import now
from metasql.execute.walk import record
from metasql.report.model import COLUMNS, model_document, model_lines, model_rows
from metasql.report.table import print_table

ARGUMENTS = {"list": (), "show": ("NAME", "[VERSION]"), "promote": ("NAME", "VERSION"), "rollback": ("NAME",)}
READING = ("list", "show")


@click.command("model")
@click.argument("what", type=click.Choice(list(ARGUMENTS)))
@click.argument("arguments", nargs=-1)
@common
@lock_timeout
@click.option("--json", "as_json", is_flag=True, help="One JSON document in the place of the text.")
@click.option(
    "--with-dataset", is_flag=True, help="Of promote and rollback: the dataset's version that it learned from, too."
)
def model_command(shared: Common, what: str, arguments: tuple[str, ...], as_json: bool, with_dataset: bool) -> int:
    """List, show and promote versions of models.

    WHAT and its ARGUMENTS are one of: list · show NAME [VERSION] · promote NAME VERSION · rollback NAME. A VERSION is
    one that was registered, `latest`, or `current`, the one that is promoted. A field with `code_version:
    {model: NAME}` is stale where another version made it. A rollback returns to the version that was promoted before.
    """
    names = ARGUMENTS[what]
    least = sum(1 for name in names if not name.startswith("["))
    if not least <= len(arguments) <= len(names):
        raise click.UsageError(f"write `metasql model {' '.join([what, *names])}`")
    if (with_dataset and what in READING) or (as_json and what not in READING):
        raise click.UsageError(f"`--{'with-dataset' if with_dataset else 'json'}` does not belong to {what}")
    if what == "list":
        return _list(shared, as_json)
    if what == "show":
        return _show(shared, arguments, as_json)
    return _point(shared, what, arguments, with_dataset)


def _list(shared: Common, as_json: bool) -> int:
    found: list[ModelVersion] = []
    try:
        with shared.session(read_only=True) as (_, session):
            found = model_versions(session)
    except MetasqlError as error:
        if not set(error.codes) <= NOT_THERE:
            raise
    if as_json:
        _json([model_document(item) for item in found])
    elif found:
        print_table(COLUMNS, model_rows(found))
    return 0


def _show(shared: Common, arguments: tuple[str, ...], as_json: bool) -> int:
    with shared.session(read_only=True) as (_, session):
        named = len(arguments) > 1
        found = [model_version(session, *arguments)] if named else known_model(session, arguments[0])
    if as_json:
        _json(model_document(found[0]) if named else [model_document(item) for item in found])
        return 0
    for item in found:
        for line in model_lines(item):
            click.echo(line)
    return 0


def _point(shared: Common, what: str, arguments: tuple[str, ...], with_dataset: bool) -> int:
    name, command = arguments[0], f"model {what}"
    with shared.session() as (project, opened), working(shared, project, opened, command) as session:
        if what == "promote":
            made = promote_model(session, name, arguments[1], with_dataset=with_dataset)
        else:
            made = rollback_model(session, name, with_dataset=with_dataset)
        node = NodeResult(f"model:{name}", "model", "ok", text=made.version)
        result = RunResult(session.run_id, command, project.target.name, now(), 0.0, (node,))
        record(session, result, project.config.name, VERSION)
        stale = [str(feature.key) for feature in made_by(session, name)]
    if not shared.quiet:
        data = f", {made.dataset}__current is v{made.dataset_version}" if with_dataset else ""
        click.echo(f"{name} {made.version} is current now{data}", err=True)
        if stale:
            click.echo(f"it makes {', '.join(stale)}: `metasql status` counts what is stale", err=True)
    return 0


def _json(document: Any) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))
