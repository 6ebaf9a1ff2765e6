"""retry: go on from what failed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import click

from metasql.api.running import run_options
from metasql.cli.commands.project import threads_option
from metasql.cli.options import Common, common, lock_timeout, locked_option
from metasql.cli.running import execute_nodes
from metasql.diagnostics import MetasqlError
from metasql.execute.command import assertion_nodes, build_nodes, feature_nodes, seed_nodes
from metasql.execute.walk import Node
from metasql.pipeline import Project, read_config
from metasql.report.artifacts import RUN_RESULTS

NOT_DONE = ("error", "fail", "skipped")
EVERYTHING: dict[str, Any] = {"select": (), "exclude": (), "selector": None}


@click.command("retry")
@common
@lock_timeout
@threads_option
@locked_option
def retry_command(shared: Common, threads: int | None, locked: bool) -> int:
    """Go on from what failed or was skipped in the last command.

    The last build, run, seed or test is done again with those of its nodes that did not go well, on the same target
    and as fully as before. Variables have to be given again.
    """
    last = _last(shared)
    command, told = str(last["command"]), last.get("options") or {}
    failed = {str(node["name"]) for node in last["results"] if node["status"] in NOT_DONE}
    if not failed:
        click.echo(f"nothing failed in the last `metasql {command}`", err=True)
        return 0
    if shared.options.target is None:
        shared = replace(shared, options=replace(shared.options, target=str(last["target"])))
    made = _makers(shared, told)[command]

    def nodes(project: Project, _: set[str]) -> Sequence[Node]:
        every = made(project, set(project.selector().nodes))
        found = [node for node in every if {node.name, _told_name(node)} & failed]
        for name in sorted(failed - {name for node in found for name in (node.name, _told_name(node))}):
            click.echo(f"note: {name} is not declared any more", err=True)
        return found

    runs = command in ("build", "run")
    return execute_nodes(shared, command, EVERYTHING, threads, nodes, locked if runs else None, told, again=True)


def _told_name(node: Node) -> str:
    """The name under which the result of a node is told: an assertion that ran is told by its own."""
    return node.name.removeprefix("assertion:")


def _makers(shared: Common, told: dict[str, Any]) -> dict[str, Callable[[Project, set[str]], Sequence[Node]]]:
    choice = {**EVERYTHING, "select": tuple(told.get("named") or ())}
    full_refresh = bool(told.get("full_refresh"))

    def features(project: Project, chosen: set[str]) -> Sequence[Node]:
        return feature_nodes(project.graph, chosen, run_options(shared.options, project, choice, full_refresh))

    def build(project: Project, chosen: set[str]) -> Sequence[Node]:
        options = run_options(shared.options, project, choice, full_refresh)
        return build_nodes(project.graph, chosen, options, project.config.root)

    return {
        "run": features,
        "build": build,
        "seed": lambda project, chosen: seed_nodes(project.graph, chosen, project.config.root),
        "test": lambda project, chosen: assertion_nodes(project.graph, chosen),
    }


def _last(shared: Common) -> dict[str, Any]:
    """The last command as it was written.

    Raises: MetasqlError MS0664 where there is none that can be tried again, MS0115 where the file is not understood.
    """
    config, _, _ = read_config(shared.options)
    path = config.root / config.target_path / RUN_RESULTS
    if not path.is_file():
        raise MetasqlError.of(
            "MS0664",
            f"there is no `{config.target_path}/{RUN_RESULTS}`: nothing was run here",
            help="`metasql build` or `metasql run` writes it",
        )
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        names = [(node["name"], node["status"]) for node in found["results"]]
        command, _ = str(found["command"]), str(found["target"])
    except (ValueError, KeyError, TypeError):
        help = "remove the file; the next run writes it anew"
        raise MetasqlError.of("MS0115", f"`{path.name}` is not as metasql wrote it", help=help) from None
    if command not in ("build", "run", "seed", "test") or any(str(name).startswith("unit test:") for name, _ in names):
        what = "test --unit" if command == "test" else command
        raise MetasqlError.of(
            "MS0664", f"the last command was `metasql {what}`, which cannot be taken up again", help="run it anew"
        )
    return found
