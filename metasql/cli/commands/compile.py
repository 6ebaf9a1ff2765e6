"""parse, compile: what needs no warehouse, and loads nothing of what works on one."""

from __future__ import annotations

from typing import Any

import click

from metasql.api.compiling import make_project
from metasql.api.selecting import feature_keys, lookups_without_warehouse
from metasql.cli.options import Common, common, locked_option, selection
from metasql.cli.selecting import select_nodes
from metasql.pipeline import check_lock, compiled, compiled_datasets, feature_of
from metasql.report.artifacts import MANIFEST, write_compiled, write_manifest


@click.command("parse")
@common
@locked_option
def parse_command(shared: Common, locked: bool) -> int:
    """Read the project, and check it without a warehouse."""
    if locked:
        check_lock(shared.project())
    made = make_project(shared.options, sql=False)
    if made.project is not None and not locked:
        shared.warn(made.project)
    counted = [(made.counts[f"{what}s"], what) for what in ("feature", "seed", "assertion")]
    click.echo(", ".join(f"{n} {what}{'' if n == 1 else 's'}" for n, what in counted) + ": no errors", err=True)
    click.echo(f"{made.target_path}/{MANIFEST}")
    return 0


@click.command("compile")
@common
@selection
@click.option("--stdout", "key", help="Print the relations of one feature (or one relation), and write nothing.")
def compile_command(shared: Common, key: str | None, **choice: Any) -> int:
    """Write the SQL of every relation to target/compiled.

    Needs no warehouse.
    """
    if key is None and not any(choice.values()):
        return _compile_all(shared)
    project = shared.project()
    if key is not None:
        feature = project.graph.get(key) and feature_of(project, key)
        chosen = [feature] if feature else list(project.graph.features.values())
        files = [file for file in compiled(project, chosen) if feature or file.relation == key]
        files += [file for file in compiled_datasets(project, chosen) if not feature and file.relation == key]
        if not files:
            feature_of(project, key)
        click.echo("\n".join(file.sql for file in files))
        return 0
    nodes = select_nodes(project, choice, lookups_without_warehouse(project), shared)
    features = [feature for name, feature in feature_keys(project, nodes)]
    files = [*compiled(project, features), *compiled_datasets(project, features)]
    write_compiled(project.config, [(file.path, file.sql) for file in files])
    write_manifest(project.config, project.graph)
    click.echo(f"{len(files)} files in {project.config.target_path}/compiled", err=True)
    return 0


def _compile_all(shared: Common) -> int:
    made = make_project(shared.options, sql=True)
    if made.project is not None:
        shared.warn(made.project)
    click.echo(f"{made.counts['files']} files in {made.target_path}/compiled", err=True)
    return 0
