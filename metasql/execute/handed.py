"""What is handed out of an increment: through its view, or a shard of it by a query of its own."""

from __future__ import annotations

from sqlglot import exp

from metasql.execute.session import Session
from metasql.execute.views import is_current, told_made
from metasql.graph.nodes import Feature
from metasql.plan import delta
from metasql.plan.handout import Wanted, handout, of_shard


def handed_out(session: Session, feature: Feature, wanted: Wanted, *, ordered: bool = True) -> exp.Query:
    """The query for the wanted rows.

    Shards are asked for by many at once, each of which would hold all that is new to find its own: where the view
    is that of the declaration here, and goes by what changed, its query is made for the shard alone.
    """
    part: exp.Query | None = None
    if wanted.shard is not None and delta.why_full(feature, session.graph, session.layout) is None:
        made = told_made(session).get(feature.key)
        if is_current(session, feature, made):
            part = of_shard(feature, session.graph, session.layout, *wanted.shard)
    return handout(feature, session.layout, wanted, ordered=ordered, part=part)
