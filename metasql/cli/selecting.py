"""Selections of the command line. Light: `ls` needs no warehouse, and nothing of what works on one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from metasql.api.selecting import Choice, Lookups, chosen_nodes, lookups_without_warehouse
from metasql.cli.options import Common
from metasql.cli.reporting import report
from metasql.pipeline import Project


def select_nodes(project: Project, choice: Choice, lookups: Lookups, shared: Common | None = None) -> set[str]:
    """The selected nodes; `shared` says how warnings are shown.

    Raises: MetasqlError MS035x.
    """
    chosen, bag = chosen_nodes(project, choice, lookups)
    if len(bag) and not (shared and shared.quiet):
        report(bag, ["--log-format", shared.log_format if shared else "text"])
    return chosen


def lookups_on_demand(shared: Common, project: Project) -> Lookups:
    """The same for a command that needs the warehouse for `increment:` and `state:` alone: it is opened then."""

    def asked(method: str, value: str) -> Iterable[str]:
        from metasql.api.running import looked_up  # loaded where it is needed: it takes longer than `ls` itself

        return looked_up(project, shared.console(), method, value)

    opening = {method: partial(asked, method) for method in ("increment", "state")}
    return {**lookups_without_warehouse(project), **opening}
