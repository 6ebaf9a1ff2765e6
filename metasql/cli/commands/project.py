"""seed, run, test, build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from metasql.api.running import run_options
from metasql.api.selecting import feature_keys, lookups_without_warehouse
from metasql.cli.options import Common, common, lock_timeout, locked_option, selection
from metasql.cli.running import execute_nodes
from metasql.cli.selecting import select_nodes
from metasql.cli.unit import run_unit_tests
from metasql.config.options import MOST_THREADS
from metasql.execute.command import assertion_nodes, build_nodes, feature_nodes, seed_nodes
from metasql.pipeline import statements

threads_option = click.option("--threads", type=click.IntRange(1, MOST_THREADS), help="Independent nodes at once.")
full_refresh_option = click.option(
    "--full-refresh",
    is_flag=True,
    help="Compute all samples of the selection anew; empties an external feature that is named by its whole key.",
)

publish_option = click.option(
    "--publish",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="If all goes well, put a copy of the DuckDB file at PATH, in one step: for readers.",
)


@click.command("seed")
@common
@lock_timeout
@selection
@threads_option
def seed_command(shared: Common, threads: int | None, **choice: Any) -> int:
    """Load the seeds: small CSV files of the project."""
    return execute_nodes(
        shared, "seed", choice, threads, lambda project, chosen: seed_nodes(project.graph, chosen, project.config.root)
    )


@click.command("run")
@common
@lock_timeout
@selection
@threads_option
@full_refresh_option
@locked_option
@publish_option
@click.option("--dry-run", is_flag=True, help="Print the statements, and execute none of them.")
def run_command(
    shared: Common,
    threads: int | None,
    full_refresh: bool,
    locked: bool,
    publish: Path | None,
    dry_run: bool,
    **choice: Any,
) -> int:
    """Compute what is new or stale.

    Tables and views are brought to their declarations first. External features are prepared and left to
    the programs that make them.
    """
    if dry_run:
        return _dry_run(shared, choice, full_refresh)

    def nodes(project: Any, chosen: set[str]) -> Any:
        options = run_options(shared.options, project, choice, full_refresh)
        return feature_nodes(project.graph, chosen, options)

    return execute_nodes(shared, "run", choice, threads, nodes, locked, _told(choice, full_refresh), publish=publish)


def _told(choice: dict[str, Any], full_refresh: bool) -> dict[str, Any]:
    """What a retry has to know: whether all was computed anew, and which words name features."""
    words = sorted({word for words in choice["select"] for part in words.split() for word in part.split(",")})
    return {"full_refresh": full_refresh, "named": words}


def _dry_run(shared: Common, choice: dict[str, Any], full_refresh: bool) -> int:
    project = shared.project()
    nodes = select_nodes(project, choice, lookups_without_warehouse(project), shared)
    for _, feature in feature_keys(project, nodes):
        if feature.body_for(project.layout.engine) is not None:
            click.echo(statements(project, feature, full_refresh=full_refresh))
    return 0


@click.command("test")
@common
@lock_timeout
@selection
@threads_option
@click.option("--unit", is_flag=True, help="Run the unit tests instead, on an engine in memory.")
def test_command(shared: Common, threads: int | None, unit: bool, **choice: Any) -> int:
    """Check the assertions: SELECTs that must return no rows.

    With --unit, check what the increments of features say of given rows: on an engine in memory of the target's
    kind, and without the warehouse.
    """
    if unit:
        return run_unit_tests(shared, choice)
    return execute_nodes(
        shared, "test", choice, threads, lambda project, chosen: assertion_nodes(project.graph, chosen)
    )


@click.command("build")
@common
@lock_timeout
@selection
@threads_option
@full_refresh_option
@locked_option
@publish_option
def build_command(
    shared: Common, threads: int | None, full_refresh: bool, locked: bool, publish: Path | None, **choice: Any
) -> int:
    """Seed, run and test, in the order of the graph."""

    def nodes(project: Any, chosen: set[str]) -> Any:
        options = run_options(shared.options, project, choice, full_refresh)
        return build_nodes(project.graph, chosen, options, project.config.root)

    return execute_nodes(shared, "build", choice, threads, nodes, locked, _told(choice, full_refresh), publish=publish)
