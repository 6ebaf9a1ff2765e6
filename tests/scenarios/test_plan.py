"""`metasql plan`: what a run would do is what a run does, feature by feature; and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from metasql.execute import state
from metasql.execute.connection import Connection
from metasql.execute.registry import connect
from metasql.pipeline import Options
from metasql.pipeline import load as load_project
from metasql.plan.layout import Layout
from tests.scenarios.support import Place
from tests.scenarios.support_example import FIRST, RATING, SECOND, VIDEO, example, load
from tests.scenarios.support_plan import Worker, carry_out, counts, departures, planned

MODELS = "models/features.yml"
WORKERS: dict[str, Worker] = {
    "crop": lambda row: [{"path": f"{row['video_id']}.mp4"}],
    "job": lambda row: [{"k": number, "result": "r"} for number in range(row["video_id"] % 3)],
}


@pytest.fixture(scope="module")
def done_once(engine, tmp_path_factory):
    """The example project, in which all is done."""
    made = example(tmp_path_factory.mktemp("done") / "project", engine)
    load(made, FIRST)
    made.run()
    carry_out(made, {key: item for key, item in planned(made).items() if key in WORKERS}, WORKERS)
    assert counts(planned(made)) == {}
    return made


@pytest.fixture
def place(done_once, tmp_path):
    """A copy of it."""
    return done_once.copy(tmp_path / "project")


def check(place: Place) -> dict[str, dict[str, Any]]:
    """Plan, then do all of it: what came is what was planned. Afterwards nothing is left but orphans to look at."""
    plan = planned(place)
    came = carry_out(place, plan, WORKERS)
    assert departures(plan, came) == []
    assert not any(sum(numbers[:2]) for numbers in counts(planned(place)).values())
    return plan


def test_a_warehouse_that_is_not_there(engine, tmp_path):
    """Everything is new; nothing can be counted, and so no limit is kept. The plan makes no warehouse."""
    place = example(tmp_path, engine)
    told = place.cli("plan").out
    assert "added    video\n" in told
    assert told.endswith("nothing was ever run on `dev`: all samples of 7 features are new\n")
    assert {item["state"] for item in planned(place).values()} == {"unmade"}
    assert "MS0515" in place.cli("plan", "--fail-above", "1000000 samples", code=3).err


def test_before_the_first_run(engine, tmp_path):
    """Where the sources are, the samples are counted, through the whole graph; then the first run does that."""
    place = example(tmp_path, engine)
    load(place, FIRST)
    place.run("--select", "rating")
    plan = planned(place)
    assert [key for key, item in plan.items() if item["state"] != "new here"] == ["rating"]
    assert counts(plan) == {
        "video": (12, 0, 0),
        "clip": (12, 0, 0),
        "crop": (11, 0, 0),
        "rated": (12, 0, 0),
        "job": (11, 0, 0),
        "total": (12, 0, 0),
    }
    assert [key for key, item in plan.items() if item["open"]] == ["rated"]
    assert [key for key, item in plan.items() if item["exact"]] == ["video", "rating", "clip", "crop", "job"]
    check(place)


def test_a_code_version(place):
    """The field that was changed, and what is made of it: exactly. What depends on other fields is pruned, and said."""
    place.edit(MODELS, 'frames, code_version: "2"', 'frames, code_version: "3"')
    told = place.cli("plan").out
    assert 'changed  crop\n  frames  code version "2" → "3"\nchanged  job\n  out  upstream\n' in told
    plan = check(place)
    assert counts(plan) == {"crop": (0, 11, 0), "job": (0, 11, 0)}
    assert all(item["exact"] for item in plan.values())
    assert plan["crop"]["stale_fields"] == [{"field": "frames", "reason": "code", "samples": 11}]
    assert plan["job"]["stale_fields"] == [{"field": "out", "reason": "upstream", "samples": 11}]


def test_what_is_pruned_is_said(place):
    """A feature that depends on another field than the one that changed has nothing to do, and that is told."""
    place.edit(MODELS, "{name: audio}, {n", '{name: audio, code_version: "2"}, {n')
    plan = planned(place)
    assert counts(plan) == {"crop": (0, 11, 0)}
    assert plan["job"]["pruned"] == "depends on crop.frames alone"
    told = place.cli("plan").out
    assert "job: 0 of 12, depends on crop.frames alone\n" in told
    assert told.endswith("11 samples to compute\n")
    check(place)


def test_edited_rows(place):
    """New, changed and lost rows of the sources, behind contents and expansions: at most what was planned."""
    load(place, SECOND)
    plan = check(place)
    assert [key for key, item in plan.items() if item["exact"]] == ["video", "rating", "clip", "crop", "job"]
    assert counts(plan)["job"] == (2, 10, 0)


def test_edited_sql(place):
    """A body that means something else; behind it, what comes out may be the same."""
    place.edit("models/rated.sql", "coalesce(r.stars, 3)", "coalesce(r.stars, 3) * 1")
    plan = planned(place)
    assert counts(plan, "at_least") == {"rated": (0, 41, 0)}
    assert counts(plan) == {"rated": (0, 41, 0), "total": (0, 10, 0)}
    came = carry_out(place, plan, WORKERS)
    assert departures(plan, came) == []
    assert came["total"]["stale"] == 0


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('where: "seconds > 0"', 'where: "seconds > 30"', {"crop": (0, 0, 4)}),
        ('where: "seconds > 0", ', "", {"crop": (1, 0, 0), "job": (1, 0, 0)}),
        ("[{name: audio}, {name: frames", "[{name: more}, {name: audio}, {name: frames", {"crop": (0, 11, 0)}),
        ("[{name: audio}, {name: frames", "[{name: frames", {}),
        ("stale_when: path = 'bad'", "stale_when: path <> '3.mp4'", {"crop": (0, 10, 0)}),
        (", optional: true", "", {"rated": (0, 0, 22), "total": (0, 0, 5)}),
    ],
)
def test_declarations(place, old, new, expected):
    """Filters, fields that come and go, predicates and optional dependencies."""
    place.edit(MODELS, old, new)
    plan = planned(place)
    assert {key: numbers for key, numbers in counts(plan).items() if key in expected} == expected
    came = carry_out(place, plan, WORKERS)
    assert departures(plan, came) == []


def test_features_come_and_go(place):
    """A feature that is new has all of its samples to be computed; one that is gone is named, and has no work."""
    text = (place.folder / MODELS).read_text(encoding="utf-8")
    head, tail = text.split("  - name: job\n")
    place.write(MODELS, f"{head}  - name: task\n{tail}")
    plan = planned(place)
    assert (plan["task"]["state"], counts(plan)) == ("new here", {"task": (11, 0, 0)})
    told = place.cli("plan").out
    assert "removed  job\n" in told
    assert "added    task\n" in told
    assert "removed" not in place.cli("plan", "--select", "task").out


def test_another_key(place):
    """A feature whose key changed is computed anew; a run asks before it does that."""
    place.edit(MODELS, "id_columns: [video_id, k]", "id_columns: [video_id, n]")
    place.edit(MODELS, "{name: k, type: int}", "{name: n, type: int}")
    plan = planned(place)
    assert (plan["job"]["state"], counts(plan)) == ("rebuilt", {"job": (11, 0, 0)})
    assert "its key changed: `--full-refresh` computes it anew" in place.cli("plan").out
    assert "MS0420" in place.run("--select", "job", code=3).err


def test_selected_features(place):
    """What is not selected is not run: it stays as it is for what stands on it."""
    place.edit(MODELS, 'frames, code_version: "2"', 'frames, code_version: "3"')
    assert counts(planned(place, "--select", "job")) == {}
    assert counts(planned(place, "--select", "crop+")) == {"crop": (0, 11, 0), "job": (0, 11, 0)}
    assert list(planned(place, "--select", "crop")) == ["crop"]


def test_nothing_is_written(place):
    """No row, no relation: not even metasql's own tables change."""
    own = ("metasql_features", "metasql_definitions", "metasql_runs", "metasql_run_results", "metasql_status")
    load(place, SECOND)
    place.edit(MODELS, 'frames, code_version: "2"', 'frames, code_version: "3"')
    before = place.public(), place.tables(own)
    place.cli("plan")
    assert (place.public(), place.tables(own)) == before


def test_costs_and_limits(place):
    """The cost of each feature and of all; a limit in samples or in a unit of cost."""
    place.edit(MODELS, "stale_when: path = 'bad'", "cost_per_sample: {amount: 0.5, unit: USD}")
    place.edit(MODELS, "[{name: out,", "[{name: out, code_version: '9',")
    place.edit(MODELS, 'frames, code_version: "2"', 'frames, code_version: "3"')
    document = json.loads(place.cli("plan", "--format", "json").out)
    assert document["total"]["cost"] == {"USD": {"at_least": 5.5, "at_most": 5.5}}
    assert document["total"]["samples"] == {"at_least": 22, "at_most": 22}
    assert "22 samples to compute · 5.50 USD\n" in place.cli("plan").out
    for limit in ("22 samples", "1,000 Samples", "5.5 USD"):
        place.cli("plan", "--fail-above", limit)
    for limit in ("21 samples", "1 sample", "5.49 USD"):
        failed = place.cli("plan", "--fail-above", limit, code=3)
        assert "MS0515" in failed.err
        assert "22 samples to compute" in failed.out
    assert "MS0516" in place.cli("plan", "--fail-above", "50 EUR", code=1).err
    assert "is no limit" in place.cli("plan", "--fail-above", "many", code=2).err


def test_the_cost_of_children(place):
    """An input of an expansion counts with as many samples as the inputs so far gave."""
    place.edit(MODELS, "  - name: job\n", "  - name: job\n    cost_per_sample: {amount: 1, unit: USD}\n")
    place.edit(MODELS, "[{name: out,", "[{name: out, code_version: '9',")
    plan = planned(place)
    assert plan["job"]["live"] == 12
    assert plan["job"]["cost"] == {"unit": "USD", "at_least": 12.0, "at_most": 12.0}


def test_markdown_in_a_file(place):
    """For a comment on a pull request."""
    place.edit(MODELS, "{name: audio}, {n", '{name: audio, code_version: "2"}, {n')
    path = place.folder / "plan.md"
    assert place.cli("plan", "--format", "markdown", "-o", str(path)).out == ""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("### metasql plan: case on dev\n\n**11 samples to compute**\n\n| feature |")
    assert "| `crop` | external | 11 | 0 | 11 | 0 |  | audio 11 code |\n" in text
    assert "- job: 0 of 12, depends on crop.frames alone\n" in text
    assert '  - audio  code version "1" → "2"\n' in text


def test_a_source_that_cannot_be_read(place):
    """What stands on it is not counted, and that is told; the rest is."""
    place.edit("models/rating.sql", "source('raw', 'rating')", "source('raw', 'ratings')")
    place.edit(MODELS, "{name: rating}]", "{name: ratings}]")
    found = place.cli("plan", "--format", "json", code=3)
    plan = {item["feature"]: item for item in json.loads(found.out)["features"]}
    assert {key: item["state"] for key, item in plan.items() if item["state"] != "known"} == {
        "rating": "unknown",
        "rated": "unknown",
        "total": "unknown",
    }
    assert (plan["rated"]["behind"], plan["rating"]["error"][0]["severity"]) == ("rating", "error")
    assert "3 features not counted" in place.cli("plan", code=3).out
    assert "MS0515" in place.cli("plan", "--fail-above", "1000 samples", code=3).err


def test_rows_that_come_twice(place):
    """What a run would refuse, a plan refuses too."""
    place.fill("rating", RATING, [(1, 2), (1, 3)])
    assert "MS0622" in place.cli("plan", code=3).err


def test_waiting_samples(place):
    """A field that a parent has no version of yet: with the parent both are computed, once."""
    place.edit(
        MODELS,
        "[{name: audio, columns: [audio]}",
        "[{name: length, version: seconds}, {name: audio, columns: [audio]}",
    )
    place.edit(MODELS, "fields: [{name: audio}, {n", "fields: [{name: audio, deps: [video.audio, video.length]}, {n")
    plan = check(place)
    assert counts(plan)["video"] == (0, 12, 0)
    assert counts(plan)["crop"] == (0, 11, 0)


def test_a_run_of_a_parent_alone(place):
    """What stands on it was declared otherwise and not run yet: it is counted when it is."""
    place.edit(MODELS, "[{name: audio}, {name: frames", "[{name: more}, {name: audio}, {name: frames")
    place.edit(MODELS, "[{name: out,", "[{name: more, deps: [crop.more]}, {name: out,")
    load(place, SECOND)
    place.run("--select", "video")
    assert counts(planned(place, "--select", "crop")) == {"crop": (2, 10, 1)}
    check(place)


def test_roots_of_other_programs(engine, tmp_path):
    """They are not planned; what is made of them is, by the rows that they have."""
    place = Place(tmp_path, engine)
    place.write(
        MODELS,
        """
        version: 1
        features:
          - name: clip
            id_columns: [id]
            columns: [{name: id, type: int}, {name: good, type: boolean}]
            fields: [{name: x}]
          - name: shot
            id_columns: [id]
            deps: [{feature: clip, where: good}]
            columns: [{name: path, type: text}]
          - {name: all, id_columns: [good], deps: [{feature: clip, lineage: {aggregation: {on: [good]}}}]}
        """,
    )
    place.run()
    rows = [{"id": number, "good": number != 2, "metasql_content__x": "a"} for number in range(4)]
    place.commit("clip", rows)
    plan = planned(place)
    assert (plan["clip"]["state"], counts(plan)) == ("outside", {"shot": (3, 0, 0), "all": (2, 0, 0)})
    came = carry_out(place, plan, {"shot": lambda _: [{"path": "p"}], "all": lambda _: [{}]})
    assert departures(plan, came) == []


def test_a_target_of_an_earlier_version(place):
    """It tells of versions and fields, and not of filters: of those nothing is said. The next run tells all."""
    with own_tables(place) as (connection, layout):
        for row in state.read(connection, layout, "metasql_definitions"):
            state.replace(connection, layout, "metasql_definitions", {"feature": str(row["feature"])}, [])
        state.replace(connection, layout, "metasql_meta", {"name": "version"}, [{"name": "version", "value": "1"}])
    place.edit(MODELS, 'frames, code_version: "2"', 'frames, code_version: "3"')
    place.edit(MODELS, 'where: "seconds > 0"', 'where: "seconds > 7"')
    told = place.cli("plan").out
    assert told.startswith('changed  crop\n  frames  code version "2" → "3"\nchanged  job\n  out  upstream\n\n')
    assert counts(planned(place))["crop"] == (0, 10, 1)
    place.run()
    assert place.cli("plan").out.startswith("feature ")
    assert place.values("SELECT value FROM metasql_meta WHERE name = 'version'") == [(state.VERSION,)]
    assert len(place.rows("SELECT * FROM metasql_definitions")) == 7


def test_a_target_of_a_newer_version(place):
    """What it was told may mean more than this metasql knows."""
    with own_tables(place) as (connection, layout):
        state.replace(connection, layout, "metasql_meta", {"name": "version"}, [{"name": "version", "value": "99"}])
    assert "MS0606" in place.cli("plan", code=3).err


@contextmanager
def own_tables(place: Place) -> Iterator[tuple[Connection, Layout]]:
    """metasql's own tables, to be written by hand."""
    place.engine.ready(place.folder)
    project = load_project(Options(place.folder))
    connection = connect(project.target, project.config.hash)
    try:
        yield connection, project.layout
    finally:
        connection.close()


def test_groups_that_a_worker_chooses(engine, tmp_path):
    """Rows that are grouped by what has yet to be computed: every group may change, and more may come."""
    place = Place(tmp_path, engine)
    place.write(
        MODELS,
        """
        version: 1
        sources: [{name: raw, schema: raw, tables: [{name: video}]}]
        features:
          - {name: video, id_columns: [video_id], fields: [{name: audio, columns: [audio]}]}
          - {name: said, id_columns: [video_id], deps: [video], columns: [{name: language, type: text}]}
          - {name: spoken, id_columns: [language], deps: [{feature: said, lineage: {aggregation: {on: [language]}}}]}
          - name: english
            id_columns: [video_id]
            deps: [{feature: said, where: "language = 'en'"}]
        """,
    )
    place.write("models/video.sql", "select video_id, audio from {{ source('raw', 'video') }}\n")
    place.fill("video", VIDEO, [(number, f"a{number}", "f", 1) for number in range(6)])
    place.run()
    workers: dict[str, Worker] = {
        "said": lambda row: [{"language": "en" if row["audio"] in ("a0", "a1", "b") else "de"}],
        "spoken": lambda _: [{}],
        "english": lambda _: [{}],
    }
    plan = planned(place)
    assert (plan["spoken"]["open"], plan["english"]["new"]) == (True, {"at_least": 0, "at_most": 6})
    assert departures(plan, carry_out(place, plan, workers)) == []
    place.fill("video", VIDEO, [(number, "b" if number == 3 else f"a{number}", "f", 1) for number in range(6)])
    plan = planned(place)
    assert counts(plan) == {"video": (0, 1, 0), "said": (0, 1, 0), "spoken": (0, 2, 2), "english": (1, 0, 0)} | {
        "spoken": counts(plan)["spoken"]
    }
    came = carry_out(place, plan, workers)
    assert departures(plan, came) == []
    assert (came["spoken"], came["english"]["new"]) == ({"new": 0, "stale": 2, "orphaned": 0}, 1)
