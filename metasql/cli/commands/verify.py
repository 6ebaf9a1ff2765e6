"""verify: whether increments by delta say what the ones over all samples say."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from metasql.api.running import lookups
from metasql.cli.options import Common, common, selection
from metasql.cli.selecting import select_nodes
from metasql.execute.verify import Verified, verify
from metasql.pipeline import feature_of
from metasql.report.table import print_table

COLUMNS = ("feature", "way", "unsettled", "differing", "")


@click.command("verify")
@click.argument("keys", nargs=-1)
@common
@selection
@click.option("--repair", is_flag=True, help="Look at all samples of a feature on which both differ, from now on.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document in the place of the table.")
def verify_command(shared: Common, keys: tuple[str, ...], repair: bool, as_json: bool, **choice: Any) -> int:
    """Compare each increment with the one over all samples.

    An increment looks at what was written since its feature was settled. This looks at everything, for all
    features or KEYS alone, and says on which samples both differ: only rows that were changed around metasql
    can make them.
    """
    with shared.session(read_only=not repair) as (project, session):
        named = {str(feature_of(project, key).key) for key in keys}
        chosen = select_nodes(project, choice, lookups(project, session), shared) if choices(keys, choice) else set()
        features = [feature for feature in project.graph if feature.key.path in named | chosen]
        found = [verify(session, feature, repair=repair) for feature in features]
    if as_json:
        click.echo(
            json.dumps({"features": [asdict(item) for item in found]}, ensure_ascii=False, indent=2, default=str)
        )
    else:
        print_table(COLUMNS, [_row(item) for item in found], right=("unsettled", "differing"))
        for line in (line for item in found for line in _lines(item)):
            click.echo(line)
    return 3 if any(item.differing for item in found) else 0


def choices(keys: tuple[str, ...], choice: dict[str, Any]) -> bool:
    return not keys or any(choice.values())


def _row(item: Verified) -> tuple[object, ...]:
    numbers = (f"{item.units:,}", f"{item.differing:,}") if item.way == "delta" else ("-", "-")
    return (item.feature, item.way, *numbers, item.why)


def _lines(item: Verified) -> list[str]:
    lines = []
    for one in item.shown:
        unit = ", ".join(str(value) for value in one.unit)
        lines.append(f"{item.feature} {unit}: {_said(one.by_delta)}, in truth {_said(one.full)}")
    more = item.differing - len(item.shown)
    return [*lines, f"{item.feature}: and {more:,} more"] if more > 0 else lines


def _said(what: tuple[str, str, str] | None) -> str:
    if what is None:
        return "settled"
    status, reason, fields = what
    return f"{status} ({reason}{': ' + fields if fields else ''})"
