"""increment, commit, delete: what outside programs need."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import click
from sqlglot import exp

from metasql.cli.options import Common, common, row_limit
from metasql.cli.running import finish_write, require_relations
from metasql.diagnostics import Bag, MetasqlError
from metasql.execute.commit import BatchFile, commit_file
from metasql.execute.delete import delete_orphaned, delete_samples
from metasql.execute.session import Session
from metasql.graph.link_expressions import expression_over
from metasql.graph.nodes import Feature
from metasql.lower.portable import carried_condition
from metasql.pipeline import Project, feature_of
from metasql.plan.handout import handout
from metasql.plan.relations import BOOKKEEPING
from metasql.report.rows import print_rows
from metasql.source import Source, Span, Word

STATUSES = ("new", "stale", "orphaned")
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
@click.option("-o", "--output", type=file_path, help="Write to a file.")
def increment_command(
    shared: Common, key: str, status: str, form: str | None, limit: int | None, output: Path | None
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
        query = handout(feature, session.layout, statuses, limit)
        _hand_out(session, query, form, output)
    return 0


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
@click.option("--format", "form", type=click.Choice(["csv", "json", "parquet"]), help="Default: by the file's ending.")
@click.option("--inputs", type=file_path, help="For an expansion: the inputs that were processed, with their receipts.")
def commit_command(shared: Common, key: str, file: Path, form: str | None, inputs: Path | None) -> int:
    """Take results back, all rows or none.

    FILE is CSV, JSON lines or Parquet, or `-` for standard input; its rows become samples of KEY.
    """
    form = form or _format_of(file) or ("json" if str(file) == "-" else None)
    if form is None:
        raise click.UsageError(f"what form has {file}? say --format csv, json or parquet")
    for path in (file, inputs):
        if path is not None and str(path) != "-" and not path.is_file():
            raise MetasqlError.of("MS0801", f"there is no file `{path}`", help="name the file with the results")
    with tempfile.TemporaryDirectory() as folder:
        # Standard input is read to its end first: its writer may still be reading the warehouse.
        batch = _spooled(Path(folder, "batch"), inputs) if str(file) == "-" else file
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
        result = commit_file(session, feature, batch, inputs)
        written = result.written
        finish_write(project, session, feature, "commit", written.rows + written.deleted)
    if not shared.quiet:
        gone = f"; {written.deleted:,} deleted, which their input no longer gives" if written.deleted else ""
        said = "1 row" if result.rows == 1 else f"{result.rows:,} rows"
        click.echo(f"{key}: {said}, {written.rows:,} of them changed what is stored{gone}", err=True)
    return 0


@click.command("delete")
@click.argument("key")
@common
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
        condition = _condition(project, feature, where) if where is not None else None
        with session.connection.transaction():
            gone = (
                delete_samples(session, feature, condition, hard=hard)
                if condition is not None
                else delete_orphaned(session, feature, hard=hard)
            )
        finish_write(project, session, feature, "delete", gone)
    if not shared.quiet:
        click.echo(f"{key}: {gone:,} deleted", err=True)
    return 0


def _condition(project: Project, feature: Feature, where: str) -> exp.Expr:
    """`--where` over the columns of the public view that are stored as they stand."""
    source = Source("--where", where)
    names = [column.name for column in feature.columns] + [name for name, _ in BOOKKEEPING]
    bag = Bag()
    word = Word(where, Span(source, 0, len(where)))
    tree = expression_over(word, names, feature.key.path, project.config.dialect, bag)
    bag.raise_errors()
    assert tree is not None, "an expression without errors was parsed"
    tree = carried_condition(tree, word, feature, project.dialect, bag)
    bag.raise_errors()
    return tree


def _format_of(path: Path | None) -> str | None:
    endings = {".csv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json", ".parquet": "parquet"}
    return endings.get(path.suffix.lower()) if path is not None else None
