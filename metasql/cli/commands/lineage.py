"""lineage: what a field is made of and what it reaches."""

from __future__ import annotations

import json

import click

from metasql.cli.options import Common, common
from metasql.pipeline import fields_of
from metasql.report.lineage import document, tree_lines, walked


@click.command("lineage")
@click.argument("key")
@common
@click.option(
    "--upstream", "direction", flag_value="upstream", default="upstream", help="What it is made of: the default."
)
@click.option("--downstream", "direction", flag_value="downstream", help="What is made of it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document in the place of the tree.")
def lineage_command(shared: Common, key: str, direction: str, as_json: bool) -> int:
    """Show what a field is made of, and where the SQL says so.

    KEY is a feature, or one of its fields: video/full or video/full.audio. Each step names the columns that are
    read, with their place and with how: as a value, or by a filter, join, group, order or window.
    """
    project = shared.project()
    starts = fields_of(project, key)
    downstream = direction == "downstream"
    steps = walked(starts, project.graph, project.config.dialect, downstream=downstream)
    if as_json:
        click.echo(json.dumps(document(starts, steps, downstream=downstream), ensure_ascii=False, indent=2))
        return 0
    for start in starts:
        for line in tree_lines(start, steps, downstream=downstream):
            click.echo(line)
    return 0
