"""show, status: what is in a feature, and what is to be done."""

from __future__ import annotations

import json
from typing import Any

import click

from metasql.api.running import layout_before, lookups
from metasql.api.selecting import feature_keys, lookups_without_warehouse
from metasql.cli.options import Common, common, row_limit, selection
from metasql.cli.reporting import exit_code, report
from metasql.cli.selecting import select_nodes
from metasql.diagnostics import Bag, MetasqlError
from metasql.execute import state
from metasql.execute.connection import NOT_THERE
from metasql.execute.preview import inline_query, public_relation, samples_query, seed_query
from metasql.execute.session import Session
from metasql.graph.nodes import Feature
from metasql.parse.inline import read_inline
from metasql.pipeline import Project, feature_of, known_feature, load
from metasql.report.rows import print_rows
from metasql.report.status import COLUMNS, NUMBERS, PENDING, FeatureStatus, document, never_run, rows, statuses
from metasql.report.table import print_table


@click.command("show")
@click.argument("key", required=False)
@common
@click.option("--inline", metavar="SQL", help="A query in Jinja and SQL, with ref and source, in the place of a key.")
@click.option("--limit", type=row_limit, default=5, show_default=True, help="At most so many rows.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="A table, one JSON object a line, or CSV.",
)
@click.option("--versions", is_flag=True, help="The columns that metasql keeps, too.")
def show_command(shared: Common, key: str | None, inline: str | None, limit: int, form: str, versions: bool) -> int:
    """Preview a feature, a seed, or a query over them.

    Of the feature KEY the live samples are shown, in the order of their ids.
    """
    if (key is None) == (inline is None):
        raise click.UsageError("say what to show: either a key or --inline SQL")
    with shared.session(read_only=True) as (project, session):
        if inline is not None:
            query = inline_query(session, _read(shared, project, session, inline), limit)
        elif key in project.graph.seeds:
            query = seed_query(session, str(key), limit)
        else:
            query = samples_query(session, known_feature(project, str(key)), limit, versions=versions)
        print_rows(session.connection, query, form)
    return 0


def _read(shared: Common, project: Project, session: Session, inline: str) -> Any:
    return read_inline(
        inline,
        project.config,
        project.target,
        env=shared.options.env,
        sources=project.graph.sources.values(),
        run_query=lambda sql: session.connection.fetch(sql)[1],
        relation=lambda ref: str(public_relation(session, ref)),
    )


@click.command("status")
@click.argument("keys", nargs=-1)
@common
@selection
@click.option("--json", "as_json", is_flag=True, help="One JSON document in the place of the table.")
@click.option(
    "--fail-on",
    multiple=True,
    type=click.Choice([*PENDING, "any"]),
    help="Exit with 3 where a feature has such samples.",
)
@click.option("--refresh", is_flag=True, help="Write metasql_status and metasql_stale_fields, too.")
def status_command(
    shared: Common, keys: tuple[str, ...], as_json: bool, fail_on: tuple[str, ...], refresh: bool, **choice: Any
) -> int:
    """Count what is to be done, and say why.

    For each feature, or for KEYS alone: the live samples, what is new, stale, orphaned and waiting for a
    parent, and the stale fields with their reasons. A feature that was never run here has no counts.
    """
    project, found = _statuses(shared, keys, refresh, choice)
    if as_json:
        click.echo(json.dumps(document(found, project.target.name), ensure_ascii=False, indent=2))
    elif found:
        print_table(COLUMNS, rows(found), right=NUMBERS)
    broken = Bag([error for item in found for error in item.error])
    if len(broken):
        report(broken, ["--log-format", shared.log_format])
        return exit_code(broken)
    return 3 if any(item.has(what) for item in found for what in fail_on) else 0


def _statuses(
    shared: Common, keys: tuple[str, ...], refresh: bool, choice: dict[str, Any]
) -> tuple[Project, list[FeatureStatus]]:
    try:
        with shared.session(read_only=not refresh) as (project, session):
            if refresh:
                state.ensure_tables(session.connection, session.layout)
            features = _features(shared, project, keys, choice, session)
            return project, statuses(session, features, refresh=refresh)
    except MetasqlError as error:
        if not set(error.codes) <= NOT_THERE:
            raise
    # The warehouse does not exist yet. The project's warnings have been shown.
    project = load(shared.options)
    return project, never_run(_features(shared, project, keys, choice, None), layout_before(project))


def _features(
    shared: Common, project: Project, keys: tuple[str, ...], choice: dict[str, Any], session: Session | None
) -> list[Feature]:
    """The features that are named, or selected, or both."""
    named = {str(feature_of(project, key).key) for key in keys}
    chosen: set[str] = set()
    if not keys or any(choice.values()):
        known = (
            lookups(project, session)
            if session is not None
            else {**lookups_without_warehouse(project), "increment": lambda _: ()}
        )
        chosen = select_nodes(project, choice, known, shared)
    return [feature for _, feature in feature_keys(project, named | chosen)]
