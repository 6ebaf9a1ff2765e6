"""rebase: accept what is stored."""

from __future__ import annotations

import click

from metasql.api.increment import checked_fields, condition
from metasql.api.running import finish_write, require_relations
from metasql.cli.options import Common, common, lock_timeout
from metasql.cli.running import working
from metasql.execute.rebase import Asked, rebase
from metasql.execute.state import ensure_tables
from metasql.pipeline import feature_of
from metasql.plan.relations import BOOKKEEPING


@click.command("rebase")
@click.argument("key")
@common
@lock_timeout
@click.option("--field", "fields", multiple=True, help="This field alone. May be repeated.")
@click.option("--from-feature-version", "version", help="Only rows that were written by this version of the feature.")
@click.option("--where", help="Only these samples: SQL over the feature's columns.")
@click.option(
    "--accept-upstream", is_flag=True, help="Take what upstream holds now as what the rows were made of, too."
)
@click.option("--reason", required=True, help="Why the rows are right; it is kept.")
@click.option("--dry-run", is_flag=True, help="Count the samples, and write nothing.")
def rebase_command(
    shared: Common,
    key: str,
    fields: tuple[str, ...],
    version: str | None,
    where: str | None,
    accept_upstream: bool,
    reason: str,
    dry_run: bool,
) -> int:
    """Accept stored samples of KEY under the present definition.

    Nothing is computed, and nothing downstream becomes stale: for a change of code that changes no result. A sample
    whose upstream changed stays stale by that.
    """
    if not reason.strip():
        raise click.BadParameter("say why the rows are right", param_hint="--reason")
    with shared.session() as (project, opened), working(shared, project, opened, "rebase") as session:
        feature = feature_of(project, key)
        require_relations(session, feature)
        ensure_tables(session.connection, session.layout)
        names = [column.name for column in feature.columns] + [name for name, _ in BOOKKEEPING]
        chosen = condition(project, feature, names, where, "--where") if where is not None else None
        asked = Asked(reason, checked_fields(feature, fields), version, chosen, where, accept_upstream, dry_run)
        found = rebase(session, feature, asked)
        if not dry_run:
            finish_write(project, session, feature, "rebase", found.rows)
    if not shared.quiet:
        what = "would be accepted" if dry_run else "accepted"
        click.echo(f"{key}: {found.units:,} {'sample' if found.units == 1 else 'samples'} {what}", err=True)
    return 0
