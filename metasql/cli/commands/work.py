"""increment, commit, delete: what outside programs need."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import click
from sqlglot import exp

from metasql.cli.options import Common, common
from metasql.cli.running import finish_write, require_relations
from metasql.diagnostics import Bag, MetasqlError
from metasql.execute.commit import commit_file
from metasql.execute.delete import delete_orphaned, delete_samples
from metasql.execute.session import Session
from metasql.graph.link_expressions import expression_over
from metasql.graph.nodes import Feature
from metasql.pipeline import Project, feature_of
from metasql.plan.handout import handout
from metasql.plan.relations import BOOKKEEPING
from metasql.report.table import print_table
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
    help="Default: table; by ending with -o.",
)
@click.option("--limit", type=click.IntRange(0), help="At most so many rows.")
@click.option("-o", "--output", type=file_path, help="Write to a file.")
def increment_command(
    shared: Common, key: str, status: str, form: str | None, limit: int | None, output: Path | None
) -> int:
    """Hand out the rows of a feature's increment: what is to be computed, with the receipts to commit it."""
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
    if form == "table" and output is None:
        print_table(*session.connection.table(query))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = output if output is not None else Path(folder, "rows")
        partial = path.with_name(path.name + ".part")
        session.connection.export(query, partial, "csv" if form == "table" else form)
        partial.replace(path)
        if output is None:
            with path.open(encoding="utf-8", newline="") as rows:
                shutil.copyfileobj(rows, sys.stdout)


@click.command("commit")
@click.argument("key")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True, dir_okay=False))
@common
@click.option("--format", "form", type=click.Choice(["csv", "json", "parquet"]), help="Default: by the file's ending.")
@click.option("--inputs", type=file_path, help="For an expansion: the inputs that were processed, with their receipts.")
def commit_command(shared: Common, key: str, file: Path, form: str | None, inputs: Path | None) -> int:
    """Take results back: CSV, JSON lines or Parquet, from a file or from standard input (-). All rows or none."""
    form = form or _format_of(file) or ("json" if str(file) == "-" else None)
    if form is None:
        raise click.UsageError(f"what form has {file}? say --format csv, json or parquet")
    for path in (file, inputs):
        if path is not None and str(path) != "-" and not path.is_file():
            raise MetasqlError.of("MS0801", f"there is no file `{path}`", help="name the file with the results")
    with shared.session() as (project, session), tempfile.TemporaryDirectory() as folder:
        feature = feature_of(project, key)
        require_relations(session, feature)
        if str(file) == "-":
            file = Path(folder, "batch")
            with file.open("wb") as copy:
                shutil.copyfileobj(sys.stdin.buffer, copy)
        result = commit_file(session, feature, file, form, inputs)
        finish_write(project, session, feature, "commit", result.written)
    if not shared.quiet:
        click.echo(f"{key}: {result.rows:,} rows, {result.written:,} of them changed what is stored", err=True)
    return 0


@click.command("delete")
@click.argument("key")
@common
@click.option("--where", help="Samples to delete: SQL over the feature's columns.")
@click.option("--orphaned", is_flag=True, help="Samples that upstream no longer has.")
@click.option("--hard", is_flag=True, help="Remove the rows for good instead of marking them deleted.")
def delete_command(shared: Common, key: str, where: str | None, orphaned: bool, hard: bool) -> int:
    """Delete samples by hand. A deleted sample that upstream calls for is new again."""
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
    return tree


def _format_of(path: Path | None) -> str | None:
    endings = {".csv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json", ".parquet": "parquet"}
    return endings.get(path.suffix.lower()) if path is not None else None
