"""copy: samples of another target."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import click

from metasql.api.increment import condition
from metasql.api.running import finish_write
from metasql.cli.options import Common, common, lock_timeout
from metasql.cli.running import working
from metasql.execute.command import prepare
from metasql.execute.copy import Copied, check_children, copy_samples, count_samples, source_of
from metasql.execute.defer import check_parents, owning, tell_deferred
from metasql.pipeline import feature_of
from metasql.plan.copy import Wanted
from metasql.plan.relations import BOOKKEEPING


class Part(click.ParamType[float]):
    """A part of a whole: `1%`, `0.5%`."""

    name = "PERCENT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d{1,3}(?:\.\d{1,9})?)%", str(value).strip())
        number = float(match[1]) if match else 0.0
        if not 0 < number <= 100:
            self.fail(f"'{value}' is no part: write a percentage above 0, such as 1% or 0.5%", param, ctx)
        return number / 100


@click.command("copy")
@click.argument("key")
@common
@lock_timeout
@click.option("--from", "source", required=True, metavar="TARGET", help="Another target of the profile.")
@click.option("--where", help="Only these samples: SQL over the feature's columns.")
@click.option("--sample", "part", type=Part(), default="100%", help="A part of them, by the hash of their keys: 1%.")
@click.option("--dry-run", is_flag=True, help="Count the samples, and write nothing.")
def copy_command(shared: Common, key: str, source: str, where: str | None, part: float, dry_run: bool) -> int:
    """Bring samples of KEY from another target, as they are.

    Rows and versions are those of the other target, so what is settled there is settled here where it is made of the
    same. What is here already and the same is left alone; other rows of the same samples are replaced. Parts of
    several features by the same key hold the same keys.
    """
    shared = replace(shared, options=replace(shared.options, source=source))
    with shared.session() as (project, opened), working(shared, project, opened, "copy") as session:
        feature = feature_of(project, key)
        names = [column.name for column in feature.columns] + [name for name, _ in BOOKKEEPING]
        chosen = condition(project, feature, names, where, "--where") if where is not None else None
        check_children(feature, chosen)
        there, wanted = source_of(session, project.target, feature), Wanted(chosen, part)
        if dry_run:
            found = count_samples(session, feature, there, source, wanted)
        else:
            session = owning(session, [feature.key])
            check_parents(session, [feature])
            tell_deferred(session, [feature])
            prepare(session, [feature])
            found = copy_samples(session, feature, there, source, wanted)
            finish_write(project, session, feature, f"copy --from {source}", found.written + found.deleted)
    if not shared.quiet:
        click.echo(_told(key, source, found, dry_run), err=True)
    return 0


def _told(key: str, source: str, found: Copied, dry_run: bool) -> str:
    said = "1 sample" if found.samples == 1 else f"{found.samples:,} samples"
    gone = f"; {found.deleted:,} deleted, which their input does not have there" if found.deleted else ""
    if dry_run:
        return f"{key}: {said} would be copied from {source}, {found.written:,} of them would change what is stored"
    return f"{key}: {said} copied from {source}, {found.written:,} of them changed what is stored{gone}"
