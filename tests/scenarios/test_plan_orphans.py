"""Plans over what is orphaned and kept: it may come back."""

from __future__ import annotations

import pytest

from tests.scenarios.support import Place
from tests.scenarios.support_plan import carry_out, departures, planned

MODELS = """
version: 1
sources: [{name: raw, schema: raw, tables: [{name: t}]}]
features:
  - {name: video, id_columns: [id]}
  - name: clip
    id_columns: [id, n]
    deps: [{feature: video, lineage: {expansion: {on: [id]}}}]
    fields: [{name: cut, code_version: "1"}]
    columns: [{name: n, type: int}, {name: path, type: text}]
  - {name: word, id_columns: [id, n], deps: [clip], orphans: keep}
"""


@pytest.fixture
def place(tmp_path, engine):
    """An input that gave two clips, and gives one now: of the other one a word is left."""
    made = Place(tmp_path, engine)
    made.write("models/features.yml", MODELS)
    made.write("models/video.sql", "select id, path as name from {{ source('raw', 't') }}")
    made.write("models/word.sql", "select id, n, upper(path) as text from {{ ref('clip') }}")
    made.fill("t", {"id": "bigint", "path": "text"}, [(1, "a")])
    give(made, 2, "p")
    made.edit("models/features.yml", 'code_version: "1"', 'code_version: "2"')
    give(made, 1, "p")
    assert made.table("word__increment") != []
    return made


def give(place, number, path):
    """Plan, and let the input give so many clips; gives the plan."""
    plan = planned(place)
    came = carry_out(place, plan, {"clip": lambda row: [{"n": n, "path": path} for n in range(number)]})
    assert departures(plan, came) == []
    return plan


@pytest.mark.parametrize("path", ["p", "q"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_it_may_come_back(place, number, path):
    """Whether it does is known when the clips are there: until then it is orphaned at most, and stale at most."""
    place.edit("models/features.yml", 'code_version: "2"', 'code_version: "3"')
    word = give(place, number, path)["word"]
    assert (word["orphaned"]["at_least"], word["orphaned"]["at_most"]) == (0, 2)
    assert word["stale"]["at_most"] == 2
