"""diff: what is declared otherwise than in a manifest, or at a git revision."""

from __future__ import annotations

import json
from pathlib import Path

import click

from metasql.cli.options import Common, common
from metasql.graph.definition import definitions_of
from metasql.graph.diff import compare_definitions
from metasql.pipeline import definitions_at
from metasql.report.definitions import read_manifest
from metasql.report.diff import diff_document, diff_lines, mermaid


@click.command("diff")
@common
@click.option(
    "--state", type=click.Path(path_type=Path), help="A manifest (metasql.json), or the folder that it lies in."
)
@click.option("--git", "revision", metavar="REF", help="A branch, tag or commit of this repository.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid", "json"]),
    default="text",
    show_default=True,
    help="Lines, a drawing in Mermaid's words, or one JSON document.",
)
def diff_command(shared: Common, state: Path | None, revision: str | None, form: str) -> int:
    """Say which features and fields are declared otherwise, and why.

    Compares the project with a manifest of an earlier time, or with itself at a git revision. Needs no warehouse;
    `metasql plan` compares with what a target was told, and counts.
    """
    if (state is None) == (revision is None):
        raise click.UsageError("say what to compare with: either --state PATH or --git REF")
    project = shared.project()
    before = read_manifest(state) if state is not None else definitions_at(shared.options, str(revision))
    found = compare_definitions(before, definitions_of(project.graph))
    if form == "json":
        told = diff_document(found, str(state or revision), project.config.name)
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return 0
    for line in mermaid(found) if form == "mermaid" else diff_lines(found):
        click.echo(line)
    return 0
