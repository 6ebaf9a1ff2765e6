"""why: what is the matter with one sample."""

from __future__ import annotations

import json

import click

from metasql.api.running import require_relations
from metasql.cli.options import Common, common
from metasql.execute.why import why
from metasql.pipeline import feature_of
from metasql.report.why import document, lines


@click.command("why")
@click.argument("key")
@click.argument("ids", nargs=-1, metavar="ID…")
@common
@click.option("--json", "as_json", is_flag=True, help="One JSON document in the place of the text.")
def why_command(shared: Common, key: str, ids: tuple[str, ...], as_json: bool) -> int:
    """Explain why a sample is stale, new or settled.

    It is a sample of KEY. ID… are the values of its id columns in their order; of an expansion, those of the input.
    Each field is shown with what changed: its code version, what it is made of, the versions upstream.
    """
    with shared.session(read_only=True) as (project, session):
        feature = feature_of(project, key)
        require_relations(session, feature)
        story = why(session, feature, ids)
    if as_json:
        click.echo(json.dumps(document(story), ensure_ascii=False, indent=2))
    else:
        for line in lines(story):
            click.echo(line)
    return 0
