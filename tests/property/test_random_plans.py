"""Random graphs and edits: what a plan says is what then happens, feature by feature.

Exactly, or where the plan says so between its two bounds. The cases are the same ones every time.
`METASQL_PROPERTY_EXAMPLES=500` makes more of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from metasql.diagnostics import MetasqlError
from metasql.pipeline import Options, load
from tests.property.planning import Declaration, Project
from tests.scenarios.support import Place
from tests.scenarios.support_plan import Worker, carry_out, departures, planned

EXAMPLES = int(os.environ.get("METASQL_PROPERTY_EXAMPLES", "6"))
EDITS = 3


@pytest.mark.parametrize("seed", range(EXAMPLES))
def test_what_was_planned_is_what_was_done(seed, engine, tmp_path):
    """The first run is planned, and each edit after it; nothing that a plan calls settled is touched."""
    random = Random(seed)
    place = Place(tmp_path, engine)
    project = accepted(random, place)
    project.fill()
    hold(project, "the first run")
    for _ in range(EDITS):
        told = edit(project)
        hold(project, told)


def accepted(random: Random, place: Place) -> Project:
    """A project that metasql accepts."""
    while True:
        project = Project(random, place)
        project.write(project.features)
        if is_valid(place):
            return project


def is_valid(place: Place) -> bool:
    try:
        load(Options(place.folder))
    except MetasqlError:
        return False
    return True


def edit(project: Project) -> str:
    """Something is declared otherwise, or the sources hold other rows; or both. Gives the words for it."""
    random, told = project.random, []
    if random.random() < 0.8:
        for _ in range(20):
            features = project.edited()
            project.write(features)
            if features != project.features and is_valid(project.place):
                told.append(changes(project.features, features))
                project.features = features
                break
        project.write(project.features)
    if random.random() < 0.6 or not told:
        project.edit_rows()
        project.fill()
        told.append("other rows")
    return " and ".join(told)


def changes(before: list[Declaration], after: list[Declaration]) -> str:
    return "; ".join(str(item) for item in after if item not in before) or "a feature is gone"


def hold(project: Project, told: str) -> None:
    """Plan, do it, and compare."""
    place = project.place
    plan = planned(place)
    came = carry_out(place, plan, {item["name"]: worker(project, item) for item in project.features})
    features = "\n".join(str(item) for item in project.features)
    assert departures(plan, came) == [], f"{told}\n{features}"


def worker(project: Project, feature: Declaration) -> Worker:
    """What an outside program makes of an increment row: anything."""
    random = project.random

    def one(_: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"m": random.choice((0, 1, 2, None)), "t": random.choice(("p", "q"))}]

    def several(row: dict[str, Any]) -> list[dict[str, Any]]:
        return [{f"c_{feature['name']}": number, **one(row)[0]} for number in range(random.randrange(3))]

    made: Callable[[dict[str, Any]], list[dict[str, Any]]] = several if feature.get("lineage") == "expansion" else one
    return made
