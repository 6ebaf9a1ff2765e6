"""What is handed out of an increment: through its view, or a shard of it by a query of its own."""

from __future__ import annotations

from sqlglot import exp

from metasql.execute.session import Session
from metasql.execute.settling import goes_by_delta, settled
from metasql.execute.views import is_current, told_made
from metasql.graph.nodes import Feature
from metasql.plan import delta
from metasql.plan.handout import Wanted, handout, of_shard


def handed_out(session: Session, feature: Feature, wanted: Wanted, *, ordered: bool = True) -> exp.Query:
    """The query for the wanted rows: of the view, but where that is of the declaration here and goes by what changed.

    Then a shard has a query of its own: many ask for one at once, and each would hold all that is new to find its own.
    And where most units need a look, it is the view that looks at all of them: that does not list beforehand which
    those are, needs less time, and memory that does not grow with them.
    """
    part: exp.Query | None = None
    view = "increment"
    if delta.why_full(feature, session.graph, session.layout) is None:
        made = told_made(session).get(feature.key)
        if is_current(session, feature, made):
            if wanted.shard is not None:
                part = of_shard(feature, session.graph, session.layout, *wanted.shard)
            elif not goes_by_delta(settled(session, feature)):
                view = "increment_full"
    return handout(feature, session.layout, wanted, ordered=ordered, part=part, view=view)
