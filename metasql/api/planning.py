"""Plans of selected features, for the command line and for programs."""

from __future__ import annotations

from collections.abc import Sequence

from metasql.api.selecting import feature_keys
from metasql.execute.defer import check_parents, owning
from metasql.execute.plan import Work, plan_work
from metasql.execute.session import Session
from metasql.execute.told import told
from metasql.graph.definition import Definitions, definitions_of
from metasql.graph.diff import Diff, compare_definitions
from metasql.pipeline import Project
from metasql.plan.layout import Elsewhere
from metasql.report.plan import Plan


def counted_plan(project: Project, session: Session, chosen: set[str]) -> Plan:
    """What a run of the chosen nodes would do to the target; the session may make temporary tables."""
    features = [feature for _, feature in feature_keys(project, chosen)]
    session = owning(session, [feature.key for feature in features])
    check_parents(session, features)
    before = told(session)
    return _made(project, chosen, before, plan_work(session, features, before), session.layout.elsewhere)


def uncounted_plan(project: Project, chosen: set[str]) -> Plan:
    """The same where there is no warehouse yet: nothing can be counted."""
    works = [Work(feature.key, "unmade") for _, feature in feature_keys(project, chosen)]
    return _made(project, chosen, Definitions({}), works)


def _made(
    project: Project, chosen: set[str], before: Definitions, works: Sequence[Work], other: Elsewhere | None = None
) -> Plan:
    """What is not selected is not spoken of; features that are gone are, where everything is planned."""
    found = compare_definitions(before, definitions_of(project.graph))
    declared = {str(key) for key in project.graph.features if other is None or key not in other.features}
    whole = declared <= chosen
    shown = tuple(item for item in found.features if item.key in chosen or (whole and item.change == "removed"))
    return Plan(project.config.name, project.target.name, project.graph, Diff(shown), tuple(works))
