"""increment, commit, delete: what outside programs need."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import click
from sqlglot import exp

from metasql.api.batches import ENDINGS
from metasql.api.increment import STATUSES, checked_fields, checked_shard, condition
from metasql.api.running import finish_write, require_relations
from metasql.cli.options import Common, common, lock_timeout, row_limit
from metasql.diagnostics import MetasqlError
from metasql.execute.attempts import commit_errors, retry
from metasql.execute.batch import BatchFile
from metasql.execute.commit import commit_batch
from metasql.execute.delete import delete_orphaned, delete_samples
from metasql.execute.handed import handed_out
from metasql.execute.session import Session
from metasql.pipeline import feature_of
from metasql.plan.handout import Wanted
from metasql.plan.relations import BOOKKEEPING
from metasql.report.rows import print_rows

file_path = click.Path(path_type=Path, dir_okay=False)


@click.command("increment")
@click.argument("key")
@common
@click.option("--status", default="new,stale", show_default=True, help="Which rows: new, stale, orphaned, by comma.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    help="Form of the rows (default: a table, or by the ending of -o).",
)
@click.option("--limit", type=row_limit, help="At most so many rows.")
@click.option("--shard", metavar="I/N", help="Part I, from 0, of the N parts that the hash of the key makes.")
@click.option("--fields", help="Only rows in which one of these fields is stale, by comma.")
@click.option("--where", help="Only these rows: SQL over the increment's columns.")
@click.option("-o", "--output", type=file_path, help="Write to a file.")
def increment_command(
    shared: Common,
    key: str,
    status: str,
    form: str | None,
    limit: int | None,
    shard: str | None,
    fields: str | None,
    where: str | None,
    output: Path | None,
) -> int:
    """Hand out what is to be computed for a feature.

    One row for each unit of KEY that is new or stale, with the columns to work from and the receipt that
    the results are committed with.
    """
    statuses = [word.strip() for word in status.split(",") if word.strip()]
    for word in statuses:
        if word not in STATUSES:
            raise click.BadParameter(f"'{word}' is none of {', '.join(STATUSES)}", param_hint="--status")
    form = form or _format_of(output) or "table"
    if form == "parquet" and output is None:
        raise click.UsageError("parquet needs a file: -o FILE")
    with shared.session(read_only=True) as (project, session):
        feature = feature_of(project, key)
        require_relations(session, feature)
        columns = session.connection.columns(session.layout.of(feature.key, "increment")) or {}
        wanted = Wanted(
            statuses,
            checked_fields(feature, [word.strip() for word in (fields or "").split(",") if word.strip()]),
            checked_shard(_shard(shard)),
            condition(project, feature, columns, where, "--where") if where is not None else None,
            limit,
        )
        _hand_out(session, handed_out(session, feature, wanted), form, output)
    return 0


def _shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    index, slash, count = text.partition("/")
    if not (slash and index.isdecimal() and count.isdecimal()):
        raise click.BadParameter(f"'{text}' is no I/N, such as 0/16", param_hint="--shard")
    return int(index), int(count)


def _hand_out(session: Session, query: exp.Query, form: str, output: Path | None) -> None:
    if output is None:
        print_rows(session.connection, query, form)
        return
    partial = output.with_name(output.name + ".part")
    session.connection.export(query, partial, "csv" if form == "table" else form)
    partial.replace(output)


@click.command("commit")
@click.argument("key")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True, dir_okay=False))
@common
@lock_timeout
@click.option("--format", "form", type=click.Choice(["csv", "json", "parquet"]), help="Default: by the file's ending.")
@click.option("--errors", is_flag=True, help="FILE lists samples that could not be made, and why: metasql_error.")
@click.option("--inputs", type=file_path, help="For an expansion: the inputs that were processed, with their receipts.")
def commit_command(shared: Common, key: str, file: Path, form: str | None, errors: bool, inputs: Path | None) -> int:
    """Take results back, all rows or none.

    FILE is CSV, JSON lines or Parquet, or `-` for standard input; its rows become samples of KEY.
    """
    if errors and inputs is not None:
        raise click.UsageError("--errors lists units of the increment: leave --inputs out")
    form = form or _format_of(file) or ("json" if str(file) == "-" else None)
    if form is None:
        raise click.UsageError(f"what form has {file}? say --format csv, json or parquet")
    for path in (file, inputs):
        if path is not None and str(path) != "-" and not path.is_file():
            raise MetasqlError.of("MS0801", f"there is no file `{path}`", help="name the file with the results")
    with tempfile.TemporaryDirectory() as folder:
        # Standard input is read to its end first: its writer may still be reading the warehouse.
        batch = _spooled(Path(folder, "batch"), inputs) if str(file) == "-" else file
        if errors:
            return _commit_errors(shared, key, BatchFile(batch, form))
        listed = BatchFile(inputs, _format_of(inputs) or form) if inputs is not None else None
        return _commit(shared, key, BatchFile(batch, form), listed)


def _spooled(path: Path, inputs: Path | None) -> Path:
    """Standard input as a file; nothing at all is a mistake, but for an expansion whose inputs gave nothing."""
    with path.open("wb") as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
    if path.stat().st_size == 0 and inputs is None:
        raise MetasqlError.of(
            "MS0801", "standard input is empty", help="check the command before the pipe: it may have failed"
        )
    return path


def _commit(shared: Common, key: str, batch: BatchFile, inputs: BatchFile | None) -> int:
    with shared.session() as (project, session):
        feature = feature_of(project, key)
        require_relations(session, feature)
        result = commit_batch(session, feature, batch, inputs)
        written = result.written
        finish_write(project, session, feature, "commit", written.rows + written.deleted)
    if not shared.quiet:
        gone = f"; {written.deleted:,} deleted, which their input no longer gives" if written.deleted else ""
        said = "1 row" if result.rows == 1 else f"{result.rows:,} rows"
        click.echo(f"{key}: {said}, {written.rows:,} of them changed what is stored{gone}", err=True)
    return 0


def _commit_errors(shared: Common, key: str, batch: BatchFile) -> int:
    with shared.session() as (project, session):
        feature = feature_of(project, key)
        require_relations(session, feature)
        rows = commit_errors(session, feature, batch)
        finish_write(project, session, feature, "commit", 0)
    if not shared.quiet:
        click.echo(f"{key}: {rows:,} {'error' if rows == 1 else 'errors'} noted", err=True)
    return 0


@click.command("retry-samples")
@click.argument("key")
@common
@lock_timeout
@click.option("--where", help="Only these: SQL over the columns of the errors, such as metasql_attempts.")
def retry_samples_command(shared: Common, key: str, where: str | None) -> int:
    """Forget errors, so that their samples are handed out again.

    The units of KEY that left the increment because they failed too often, or wait for another attempt, are back
    in it at once.
    """
    with shared.session() as (project, session):
        feature = feature_of(project, key)
        require_relations(session, feature)
        names = session.connection.columns(session.layout.of(feature.key, "errors")) or {}
        chosen = condition(project, feature, names, where, "--where") if where is not None else None
        again = retry(session, feature, chosen)
        finish_write(project, session, feature, "retry-samples", 0)
    if not shared.quiet:
        click.echo(f"{key}: {again:,} {'sample' if again == 1 else 'samples'} to be tried again", err=True)
    return 0


@click.command("delete")
@click.argument("key")
@common
@lock_timeout
@click.option("--where", help="Samples to delete: SQL over the feature's columns.")
@click.option("--orphaned", is_flag=True, help="Samples that upstream no longer has.")
@click.option("--hard", is_flag=True, help="Remove the rows for good instead of marking them deleted.")
def delete_command(shared: Common, key: str, where: str | None, orphaned: bool, hard: bool) -> int:
    """Delete samples by hand.

    A deleted sample of KEY that upstream calls for is new again.
    """
    if (where is None) == (not orphaned):
        raise click.UsageError("say which samples: either --where SQL or --orphaned")
    with shared.session() as (project, session):
        feature = feature_of(project, key)
        require_relations(session, feature)
        names = [column.name for column in feature.columns] + [name for name, _ in BOOKKEEPING]
        chosen = condition(project, feature, names, where, "--where") if where is not None else None
        with session.connection.transaction():
            gone = (
                delete_samples(session, feature, chosen, hard=hard)
                if chosen is not None
                else delete_orphaned(session, feature, hard=hard)
            )
        finish_write(project, session, feature, "delete", gone)
    if not shared.quiet:
        click.echo(f"{key}: {gone:,} deleted", err=True)
    return 0


def _format_of(path: Path | None) -> str | None:
    return ENDINGS.get(path.suffix.lower()) if path is not None else None
