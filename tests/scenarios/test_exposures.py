"""Exposures: what people make of features and datasets, and what a plan says of them."""

from __future__ import annotations

import json

import pytest

from tests.scenarios.support import Place

MODELS = """
version: 1
sources: [{name: raw, schema: raw, tables: [{name: video}]}]
features:
  - {name: video/full, id_columns: [video_id]}
  - {name: video/crop, id_columns: [video_id], deps: [video/full], columns: [{name: path, type: text}]}
datasets: [{name: train, features: [video/crop]}]
exposures:
  - {name: board, type: dashboard, owner: {name: Ada, email: ada@example.com}, depends_on: [video/full]}
  - {name: voice, type: ml, owner: team@example.com, depends_on: ["ref('train')"], maturity: high}
  - {name: other, depends_on: [video/crop], tags: [weekly], url: "https://example.com/other"}
"""


@pytest.fixture
def place(tmp_path, engine):
    """A root, a feature from outside, a dataset of it, and three exposures, of which nothing is made yet."""
    made = Place(tmp_path, engine)
    made.write("models/features.yml", MODELS)
    made.write("models/video/full.sql", "select video_id, path from {{ source('raw', 'video') }}")
    made.fill("video", {"video_id": "bigint", "path": "text"}, [(number, "a") for number in range(3)])
    made.run()
    return made


def test_a_plan_tells_the_exposures(place):
    """Those that show something that would change, and what of it."""
    place.fill("video", {"video_id": "bigint", "path": "text"}, [(0, "b"), (1, "a"), (2, "a")])
    out = place.cli("plan").out
    assert "exposure board: touched by video/full" in out
    assert "exposure other: touched by video/crop" in out
    assert "exposure voice: touched by train" in out
    assert "exposure board: touched by video/full" in place.cli("plan", "--format", "markdown").out
    told = json.loads(place.cli("plan", "--format", "json").out)["exposures"]
    assert told[0] == {"name": "board", "by": ["video/full"]}


def test_what_is_not_touched(place):
    """A new code version of a feature from outside is nothing to what shows its parent alone."""
    place.edit(
        "models/features.yml", "deps: [video/full],", 'deps: [video/full], fields: [{name: p, code_version: "2"}],'
    )
    assert "exposure board" not in place.cli("plan").out
    assert "exposure other" in place.cli("plan").out


def test_in_the_manifest(place):
    """All that was said."""
    place.cli("parse")
    found = json.loads((place.folder / "target/metasql.json").read_text(encoding="utf-8"))["exposures"]
    assert found["board"]["owner"] == {"name": "Ada", "email": "ada@example.com"}
    assert found["voice"]["datasets"] == ["train"]
    assert found["voice"]["owner"] == {"email": "team@example.com"}
    assert (found["other"]["type"], found["other"]["tags"]) == ("analysis", ["weekly"])
