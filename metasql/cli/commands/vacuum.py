"""vacuum: remove old rows for good."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import click

from metasql.api.running import lookups
from metasql.api.selecting import feature_keys
from metasql.cli.options import Common, common, lock_timeout, selection
from metasql.cli.running import working
from metasql.cli.selecting import select_nodes
from metasql.config.project import VERSION
from metasql.execute.results import NodeResult, RunResult
from metasql.execute.session import now
from metasql.execute.state import ensure_tables
from metasql.execute.vacuum import cutoff, vacuum
from metasql.execute.walk import record
from metasql.report.table import print_table

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
COLUMNS = ("feature", "samples", "inputs", "history")


class Age(click.ParamType[timedelta]):
    """A time that lies back: `30d`, `12h`."""

    name = "AGE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"(\d{1,6})([smhdw])", str(value).strip())
        if match is None:
            self.fail(f"'{value}' is no age: write a number and one of s, m, h, d, w, such as 30d or 12h", param, ctx)
        return timedelta(**{UNITS[match[2]]: int(match[1])})


@click.command("vacuum")
@common
@lock_timeout
@selection
@click.option("--older-than", type=Age(), default="30d", show_default=True, help="Only what is gone for so long.")
@click.option("--history", is_flag=True, help="Rows that were replaced, too: X__history.")
@click.option("--dry-run", is_flag=True, help="Count the rows, and remove none.")
def vacuum_command(shared: Common, older_than: timedelta, history: bool, dry_run: bool, **choice: Any) -> int:
    """Remove deleted samples for good.

    Deleting marks samples only, so that a deletion can be looked into; a vacuum ends that. What is live, and units
    that are done without a row, stay.
    """
    before = cutoff(older_than)
    with shared.session() as (project, opened), working(shared, project, opened, "vacuum") as session:
        ensure_tables(session.connection, session.layout)
        chosen = select_nodes(project, choice, lookups(project, session), shared)
        found = []
        for key, feature in feature_keys(project, chosen):
            gone = vacuum(session, feature, before, history=history, dry_run=dry_run)
            if any(gone.values()):
                found.append((key, feature, gone))
        if not dry_run and found:
            nodes = tuple(
                NodeResult(key, feature.kind.value, "ok", text="vacuumed", deleted=sum(gone.values()))
                for key, feature, gone in found
            )
            result = RunResult(session.run_id, "vacuum", project.target.name, now(), 0.0, nodes)
            record(session, result, project.config.name, VERSION)
    if found:
        rows = [(key, *(f"{gone.get(name, 0):,}" for name in COLUMNS[1:])) for key, _, gone in found]
        print_table(COLUMNS, rows, right=COLUMNS[1:])
    if not shared.quiet:
        total = sum(sum(gone.values()) for _, _, gone in found)
        rows_ = f"{total:,} {'row' if total == 1 else 'rows'}"
        click.echo(f"{rows_} would be removed" if dry_run else f"{rows_} removed", err=True)
    return 0
