"""plan: what a run would do and cost, before anything is spent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from metasql.api.planning import counted_plan, uncounted_plan
from metasql.api.running import layout_before, lookups, to_make
from metasql.api.selecting import lookups_without_warehouse
from metasql.cli.options import Common, common, selection
from metasql.cli.reporting import report
from metasql.cli.selecting import select_nodes
from metasql.diagnostics import Bag, MetasqlError
from metasql.execute.connection import NOT_THERE
from metasql.pipeline import load
from metasql.report.plan import Limit, Plan, check_limit, exceeded, plan_document, read_limit
from metasql.report.plan_text import markdown_lines, text_lines


@click.command("plan")
@common
@selection
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="For a terminal, for a program, or for a comment on a pull request.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
@click.option("--fail-above", metavar="LIMIT", help="Exit with 3 above so much: '1000 samples', '50 USD'.")
def plan_command(shared: Common, form: str, output: Path | None, fail_above: str | None, **choice: Any) -> int:
    """Say what a run would compute, and what that costs.

    Compares what is declared here with what the target was last told, and counts for each feature the samples that
    will be new, stale and orphaned, through the whole graph; exactly, or at most where results have to be seen first.
    Writes nothing but temporary tables.
    """
    limit = read_limit(fail_above) if fail_above is not None else None
    if fail_above is not None and limit is None:
        raise click.BadParameter(f"'{fail_above}' is no limit such as '1000 samples'", param_hint="--fail-above")
    plan = _plan(shared, choice, limit)
    _write("\n".join(_lines(plan, form)) + "\n", output)
    bag = Bag([item for work in plan.works for item in work.error])
    above = exceeded(plan, limit) if limit is not None else None
    if above is not None:
        bag.extend(above.bag)
    if len(bag):
        report(bag, ["--log-format", shared.log_format])
    return 3 if len(bag) else 0


def _lines(plan: Plan, form: str) -> Iterable[str]:
    if form == "json":
        return [json.dumps(plan_document(plan), ensure_ascii=False, indent=2)]
    return markdown_lines(plan) if form == "markdown" else text_lines(plan)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    partial = output.with_name(output.name + ".part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(output)


def _plan(shared: Common, choice: dict[str, Any], limit: Limit | None) -> Plan:
    try:
        with shared.session(read_only=True, scratch=True) as (project, session):
            if limit is not None:
                check_limit(project.graph, limit)
            chosen = select_nodes(project, choice, lookups(project, session), shared)
            return counted_plan(project, session, to_make(session.graph, session.layout, chosen, choice))
    except MetasqlError as error:
        if not set(error.codes) <= NOT_THERE:
            raise
    # The warehouse does not exist yet. The project's warnings have been shown.
    project = load(shared.options)
    if limit is not None:
        check_limit(project.graph, limit)
    chosen = select_nodes(project, choice, {**lookups_without_warehouse(project), "increment": lambda _: ()}, shared)
    return uncounted_plan(project, to_make(project.graph, layout_before(project), chosen, choice))
