"""ls: what there is. It loads nothing of what works on a warehouse."""

from __future__ import annotations

import json
from typing import Any

import click

from metasql.cli.options import Common, common, selection
from metasql.cli.selecting import lookups_on_demand, select_nodes
from metasql.report.listing import DEFAULT_TYPES, TYPES, Listed, listing


@click.command("ls")
@common
@selection
@click.option(
    "--resource-type", "types", multiple=True, type=click.Choice([*TYPES, "all"]), help="Only nodes of this type."
)
@click.option(
    "--output",
    type=click.Choice(["text", "json", "selector", "path"]),
    default="text",
    show_default=True,
    help="Key and kind, one JSON object a line, keys alone, or files.",
)
def ls_command(shared: Common, types: tuple[str, ...], output: str, **choice: Any) -> int:
    """List features, seeds and sources, or assertions."""
    project = shared.project()
    chosen = select_nodes(project, choice, lookups_on_demand(shared, project), shared)
    wanted = TYPES if "all" in types else types or DEFAULT_TYPES
    found = listing(project.graph, chosen, wanted)
    for line in _lines(found, output):
        click.echo(line)
    return 0


def _lines(found: list[Listed], output: str) -> list[str]:
    if output == "json":
        return [json.dumps(item.as_dict(), ensure_ascii=False) for item in found]
    if output == "path":
        return sorted({item.path for item in found})
    if output == "selector":
        return [item.key for item in found]
    width = max((len(item.key) for item in found), default=0)
    return [f"{item.key:<{width}}  {item.kind}" for item in found]
