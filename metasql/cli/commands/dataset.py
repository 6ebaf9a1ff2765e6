"""snapshot, dataset: versions of datasets."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from metasql.cli.options import Common, common, lock_timeout, row_limit
from metasql.cli.running import working
from metasql.config.project import VERSION
from metasql.diagnostics import MetasqlError
from metasql.execute.connection import NOT_THERE
from metasql.execute.dataset_diff import compare_versions
from metasql.execute.dataset_export import FORMATS, export
from metasql.execute.promote import promote_dataset, rollback_dataset
from metasql.execute.results import NodeResult, RunResult
from metasql.execute.session import Session, now
from metasql.execute.snapshot import snapshot
from metasql.execute.state import ensure_tables
from metasql.execute.versions import DatasetVersion, dataset_version, dataset_versions
from metasql.execute.walk import record
from metasql.graph.dataset import Dataset
from metasql.pipeline import Project, dataset_of
from metasql.report.dataset import (
    COLUMNS,
    NUMBERS,
    dataset_document,
    dataset_lines,
    diff_document,
    diff_lines,
    diff_rows,
    list_document,
    list_rows,
    version_document,
    version_lines,
)
from metasql.report.table import print_table

ARGUMENTS = {
    "list": (),
    "show": ("NAME", "[VERSION]"),
    "diff": ("NAME", "OLD", "NEW"),
    "export": ("NAME", "VERSION"),
    "promote": ("NAME", "VERSION"),
    "rollback": ("NAME",),
}
OPTIONS = {"as_json": ("list", "show", "diff"), "limit": ("diff",), "form": ("export",), "output": ("export",)}


@click.command("snapshot")
@click.argument("name")
@common
@lock_timeout
@click.option("--message", "-m", help="What the version is for; it is kept.")
@click.option("--name", "version_name", metavar="VERSION", help="A name for the version, beside its number.")
def snapshot_command(shared: Common, name: str, message: str | None, version_name: str | None) -> int:
    """Freeze a dataset as a version that never changes.

    The rows of the dataset NAME, each with its split and what it was made of, become the table NAME__vN. Kept with it
    are the message, who made it and when, the git revision, the declaration and the versions of the features.
    """
    with shared.session() as (project, opened):
        dataset = dataset_of(project, name)
        with working(shared, project, opened, "snapshot") as session:
            made = snapshot(session, dataset, message, version_name)
            _record(project, session, "snapshot", made, made.rows)
    click.echo(made.relation)
    if not shared.quiet:
        splits = "".join(f", {split} {rows:,}" for split, rows in made.splits.items())
        click.echo(f"{name} v{made.version}: {made.rows:,} rows{splits}", err=True)
    return 0


@click.command("dataset")
@click.argument("what", type=click.Choice(list(ARGUMENTS)))
@click.argument("arguments", nargs=-1)
@common
@lock_timeout
@click.option("--json", "as_json", is_flag=True, help="One JSON document in the place of the text.")
@click.option("--limit", type=row_limit, help="Of diff: name so many rows that differ.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Of export: parquet where nothing is said.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Of export: a folder that is new or empty.")
@click.option("--versions", is_flag=True, help="Of export: the columns that metasql keeps, too.")
@click.pass_context
def dataset_command(
    context: click.Context,
    shared: Common,
    what: str,
    arguments: tuple[str, ...],
    as_json: bool,
    limit: int | None,
    form: str | None,
    output: Path | None,
    versions: bool,
) -> int:
    """List, compare, export and promote versions of datasets.

    WHAT and its ARGUMENTS are one of: list · show NAME [VERSION] · diff NAME OLD NEW · export NAME VERSION ·
    promote NAME VERSION · rollback NAME. A VERSION is a number, such as 3 or v3, its name, `latest`, or `current`,
    the one that is promoted: NAME__current. A rollback returns to the version that was promoted before.
    """
    _check(context, what, arguments)
    if what == "list":
        return _list(shared, as_json)
    if what == "show":
        return _show(shared, arguments[0], arguments[1] if len(arguments) > 1 else None, as_json)
    if what == "diff":
        return _diff(shared, arguments[0], arguments[1], arguments[2], limit or 0, as_json)
    if what == "export":
        if output is None:
            raise click.UsageError("Missing option '--output' / '-o': the folder to write to.")
        return _export(shared, arguments[0], arguments[1], output, form or "parquet", versions)
    return _point(shared, what, arguments)


def _check(context: click.Context, what: str, arguments: tuple[str, ...]) -> None:
    """The arguments of one thing to do, and no options of another."""
    names = ARGUMENTS[what]
    least = sum(1 for name in names if not name.startswith("["))
    if not least <= len(arguments) <= len(names):
        raise click.UsageError(f"write `metasql {context.info_name} {' '.join([what, *names])}`")
    for option, owners in {**OPTIONS, "versions": ("export",)}.items():
        given = context.get_parameter_source(option)
        if given is not None and given.name == "COMMANDLINE" and what not in owners:
            flag = {"as_json": "json", "form": "format"}.get(option, option)
            raise click.UsageError(f"`--{flag}` belongs to {' and '.join(owners)}, and not to {what}")


def _list(shared: Common, as_json: bool) -> int:
    datasets: list[Dataset] = []
    versions: list[DatasetVersion] = []
    try:
        with shared.session(read_only=True) as (project, session):
            datasets = list(project.graph.datasets.values())
            versions = dataset_versions(session)
    except MetasqlError as error:
        if not set(error.codes) <= NOT_THERE:
            raise
        datasets = list(shared.project().graph.datasets.values())
    if as_json:
        _json(list_document(datasets, versions))
    else:
        rows = list(list_rows(datasets, versions))
        if rows:
            print_table(COLUMNS, rows, right=NUMBERS)
    return 0


def _show(shared: Common, name: str, version: str | None, as_json: bool) -> int:
    with shared.session(read_only=True) as (project, session):
        if version is not None:
            found = _version(project, session, name, version)
            _say(version_document(found) if as_json else version_lines(found), as_json)
            return 0
        dataset, versions = dataset_of(project, name), dataset_versions(session, name)
        document = {"name": name, **dataset_document(dataset), "versions": [version_document(v) for v in versions]}
        _say(document if as_json else dataset_lines(dataset, versions), as_json)
    return 0


def _diff(shared: Common, name: str, old: str, new: str, limit: int, as_json: bool) -> int:
    with shared.session(read_only=True) as (project, session):
        before, after = (_version(project, session, name, version) for version in (old, new))
        found = compare_versions(session, before, after, limit)
    _say(diff_document(found) if as_json else diff_lines(found), as_json)
    if found.rows and not as_json:
        print_table(["change", *found.rows[0].key, "columns"], diff_rows(found), null="NULL")
    return 0


def _export(shared: Common, name: str, version: str, folder: Path, form: str, versions: bool) -> int:
    with shared.session(read_only=True) as (project, session):
        found = _version(project, session, name, version)
        made = export(session, found, folder, form, versions=versions)
    for file in made["files"]:
        click.echo(str(folder / file["file"]))
    if not shared.quiet:
        click.echo(f"{name} v{found.version}: {found.rows:,} rows in {len(made['files'])} files", err=True)
    return 0


def _point(shared: Common, what: str, arguments: tuple[str, ...]) -> int:
    name = arguments[0]
    with shared.session() as (project, opened), working(shared, project, opened, f"dataset {what}") as session:
        ensure_tables(session.connection, session.layout)
        _known(project, session, name)
        made = promote_dataset(session, name, arguments[1]) if what == "promote" else rollback_dataset(session, name)
        _record(project, session, f"dataset {what}", made, 0)
    if not shared.quiet:
        click.echo(f"{name}__current is v{made.version} now", err=True)
    return 0


def _version(project: Project, session: Session, name: str, version: str) -> DatasetVersion:
    _known(project, session, name)
    return dataset_version(session, name, version)


def _known(project: Project, session: Session, name: str) -> None:
    """A dataset that is declared, or has versions.

    Raises: MetasqlError MS0363.
    """
    if not dataset_versions(session, name):
        dataset_of(project, name)


def _record(project: Project, session: Session, command: str, version: DatasetVersion, written: int) -> None:
    node = NodeResult(f"dataset:{version.dataset}", "dataset", "ok", text=f"v{version.version}", written=written)
    record(
        session,
        RunResult(session.run_id, command, project.target.name, now(), 0.0, (node,)),
        project.config.name,
        VERSION,
    )


def _say(said: Any, as_json: bool) -> None:
    if as_json:
        _json(said)
        return
    lines: Iterable[str] = said
    for line in lines:
        click.echo(line)


def _json(document: Any) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))
