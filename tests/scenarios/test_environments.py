"""`defer`: features that a target has not made are read from another one, and never written there."""

from __future__ import annotations

import random

import pytest

from tests.scenarios.support_defer import Two, status

MADE = """
version: 1
features:
  - name: video
    id_columns: [id]
    fields: [{name: audio, columns: [etag]}, {name: frames, columns: [height]}]
    columns: [{name: id, type: text}, {name: etag, type: text}, {name: height, type: int}]
  - name: crop
    id_columns: [id]
    deps: [video]
    fields: [{name: audio, code_version: "1"}, {name: frames, code_version: "1"}]
    columns: [{name: path, type: text}]
  - name: size
    id_columns: [id]
    deps: [video]
  - name: tag
    id_columns: [id]
    columns: [{name: id, type: text}, {name: kind, type: text}]
"""
MORE = """
version: 1
features:
  - {name: area, id_columns: [id], deps: [size]}
  - name: words
    id_columns: [id]
    deps: [crop]
    fields: [{name: said, deps: [crop.audio]}]
    columns: [{name: said, type: text}]
"""
DEFERRED = ("deferred", None, None, None, None)


@pytest.fixture
def two(tmp_path, engine):
    """Videos, crops and sizes in prod; then two features are added that stand on them."""
    made = Two(tmp_path, engine)
    made.write("models/features.yml", MADE)
    made.write("models/size.sql", "select id, height, height * 2 as width from {{ ref('video') }}")
    made.prod.run()
    made.prod.commit("video", [{"id": name, "etag": "e", "height": 10} for name in "abc"])
    made.prod.work_off("crop", {"path": "p"})
    made.prod.run()
    made.write("models/more.yml", MORE)
    made.write("models/area.sql", "select id, height * width as area from {{ ref('size') }}")
    return made


def areas(side):
    return dict(side.values("SELECT id, area FROM area"))


def test_a_run_makes_what_prod_has_not(two):
    """Only new features are computed, over the samples of prod; what is read is said, and nothing there changes."""
    with two.untouched():
        result = two.dev.run()
        assert "size: read from prod" in result.err
        assert "crop: read from prod" in result.err
        assert "[1/2] area" in result.err
        assert areas(two.dev) == {"a": 200, "b": 200, "c": 200}
        assert status(two.dev) == {
            "video": DEFERRED,
            "crop": DEFERRED,
            "size": DEFERRED,
            "tag": DEFERRED,
            "area": ("current", 3, 0, 0, 0),
            "words": ("current", 0, 3, 0, 0),
        }
        assert "read from prod" in two.dev.cli("status").out
        assert "is read from prod" in two.dev.cli("status", "area").out
        assert "read from prod: crop, size, tag, video" in two.dev.cli("debug").out
        assert two.dev.values("SELECT feature FROM metasql_features ORDER BY feature") == [("area",), ("words",)]
        two.dev.work_off("words", {"said": "hello"})
        assert two.dev.listed("words") == {}
        assert "2 settled" not in two.dev.run().err
        assert "id  path" in two.dev.cli("show", "crop").out
        two.dev.cli("verify")


def test_before_the_first_run(two):
    """What would be read from prod is told before there is anything in dev, and a plan leaves it out."""
    with two.untouched():
        states = {key: told[0] for key, told in status(two.dev).items()}
        assert states == {
            "video": "deferred",
            "crop": "deferred",
            "size": "deferred",
            "tag": "deferred",
            "area": "never run",
            "words": "never run",
        }
        assert "size" not in two.dev.cli("plan", "--format", "json").out.replace('"size.', "")


def test_prod_moves_on(two):
    """What changed, came and went in prod is stale, new and orphaned in dev, whatever prod's commit numbers are."""
    two.dev.run()
    two.dev.work_off("words", {"said": "hello"})
    two.prod.commit("video", [{"id": "a", "etag": "e", "height": 20}, {"id": "d", "etag": "e", "height": 1}])
    two.prod.work_off("crop", {"path": "q"})
    two.prod.cli("delete", "crop", "--where", "id = 'c'")
    two.prod.run()
    with two.untouched():
        assert status(two.dev)["area"] == ("current", 3, 1, 1, 0)
        assert {unit: said[0] for unit, said in two.dev.listed("words").items()} == {("d",): "new", ("c",): "orphaned"}
        planned = two.dev.cli("plan", "--format", "json").out
        assert '"video"' not in planned
        assert "1 new · 1 stale" in two.dev.run().err
        assert areas(two.dev) == {"a": 800, "b": 200, "c": 200, "d": 2}
        assert status(two.dev)["area"] == ("current", 4, 0, 0, 0)


def test_a_feature_that_is_selected_becomes_devs_own(two):
    """Behind it only samples whose versions differ are stale; from then on prod says nothing of it any more."""
    two.dev.run()
    with two.untouched():
        assert "video: read from prod" in two.dev.run("--select", "size").err
        assert status(two.dev)["size"] == ("current", 3, 0, 0, 0)
        assert status(two.dev)["area"][1:] == (3, 0, 0, 0)
        assert "area  sql  settled" in two.dev.run().err
        two.edit("models/size.sql", "height * 2", "case when id = 'b' then 1 else height * 2 end")
        two.dev.run("--select", "size")
        assert status(two.dev)["area"][1:] == (3, 0, 1, 0)
        two.dev.run()
        assert areas(two.dev) == {"a": 200, "b": 10, "c": 200}
    two.edit("models/size.sql", "case when id = 'b' then 1 else height * 2 end", "height * 3")
    two.prod.run()
    assert status(two.dev)["size"][3] == 3
    assert status(two.dev)["area"][1:] == (3, 0, 0, 0)


def test_an_increment_by_delta_once_all_is_devs_own(two):
    """Until then the full increment is used; a change in dev is then found by delta, and both say the same."""
    two.dev.run()
    for key in ("video", "size", "area"):
        two.dev.run("--select", key)
    assert status(two.dev)["area"][1:] == (0, 0, 0, 0)
    two.dev.commit("video", [{"id": "a", "etag": "e", "height": 10}])
    two.dev.run("--select", "size area")
    assert areas(two.dev) == {"a": 200}
    two.dev.commit("video", [{"id": "a", "etag": "e", "height": 11}])
    two.dev.run("--select", "size area")
    assert areas(two.dev) == {"a": 242}
    assert "size     delta" in two.dev.cli("verify").out


def test_a_retry_makes_what_was_to_be_made(two):
    """A feature that failed while it was made here is still prod's; a retry makes it, and what was skipped."""
    two.edit("models/size.sql", "height * 2", "cast('x' || id as int)")
    two.dev.run("--select", "size area", code=3)
    assert status(two.dev)["size"] == DEFERRED
    two.edit("models/size.sql", "cast('x' || id as int)", "height * 3")
    two.dev.cli("retry")
    assert status(two.dev)["size"] == ("current", 3, 0, 0, 0)
    assert areas(two.dev) == {"a": 300, "b": 300, "c": 300}


@pytest.mark.parametrize("seed", [1, 2])
def test_after_any_steps_a_run_gives_what_the_body_gives(two, seed):
    """Whatever happens in prod and in dev, and whenever a parent becomes dev's own: `area` is what it is made of."""
    chance = random.Random(seed)
    own = False
    for step in range(6):
        side = two.prod if not own else chance.choice([two.prod, two.dev])
        name = chance.choice("abcdef")
        if chance.random() < 0.7:
            side.commit("video", [{"id": name, "etag": "e", "height": chance.randrange(9)}])
        else:
            side.cli("delete", "video", "--where", f"id = '{name}'")
        if chance.random() < 0.7:
            side.run("--select", "size")
        if step == 3:
            two.dev.cli("copy", "video", "--from", "prod", "--where", "id < 'e'")
            own = True
            two.dev.run("--select", "size")
        two.dev.run()
        read = two.dev if own else two.prod
        assert areas(two.dev) == dict(read.values("SELECT id, height * width FROM size"))
        if own:
            wanted = dict(two.dev.values("SELECT id, height * 2 FROM video"))
            assert dict(two.dev.values("SELECT id, width FROM size")) == wanted
    two.dev.cli("verify")


def test_a_body_that_looks_across_samples(two):
    """A rank over samples of prod moves with every change there, and rests in dev's own table."""
    two.write(
        "models/rank.sql",
        "{{ config(id_columns=['id']) }} select id, rank() over (order by height) as place from {{ ref('size') }}",
    )
    two.dev.run("--select", "rank")
    two.prod.commit("video", [{"id": "a", "etag": "e", "height": 1}])
    two.prod.run("--select", "size")
    with two.untouched():
        two.dev.run("--select", "rank")
        assert dict(two.dev.values("SELECT id, place FROM rank")) == {"a": 1, "b": 2, "c": 2}
        two.dev.run("--select", "size rank")
        assert dict(two.dev.values("SELECT id, place FROM rank")) == {"a": 1, "b": 2, "c": 2}


@pytest.mark.parametrize(
    "command",
    [
        ("increment", "crop"),
        ("why", "crop", "a"),
        ("history", "crop"),
        ("delete", "crop", "--where", "true"),
        ("rebase", "crop", "--reason", "none"),
        ("retry-samples", "crop"),
    ],
    ids=lambda command: command[0],
)
def test_what_is_read_is_not_written(two, command):
    """Commands about a feature of prod are turned down in dev, with the way out."""
    two.dev.run()
    with two.untouched():
        told = two.dev.cli(*command, code=3).err
        assert "MS0684" in told
        assert "metasql run --select crop" in told


def test_results_are_not_committed_to_prod(two):
    """A commit in dev says that the feature is prod's, before anything is read of the batch."""
    two.dev.run()
    with two.untouched():
        told = two.dev.commit("crop", [{"id": "a", "path": "x", "metasql_receipt": "y"}], code=3).err
        assert "MS0684" in told


def test_without_deferring(two):
    """`--no-defer` sees the target alone: what it has not made is empty."""
    two.dev.run()
    assert status(two.dev, "--no-defer")["video"][0] == "never run"
    two.dev.run("--no-defer", "--select", "size area")
    assert areas(two.dev) == {}
    assert status(two.dev)["size"] == ("changed", 0, 3, 0, 0)


def test_assertions_are_prods_business_but_for_those_that_are_selected(two):
    """A build checks what it makes; an assertion that is selected reads the samples of prod."""
    two.edit("models/features.yml", "{name: path, type: text}", "{name: path, type: text, tests: [not_null]}")
    assert "not_null" not in two.dev.cli("build").err
    with two.untouched():
        told = two.dev.cli("test", "--select", "crop").err
        assert "not_null" in told
        assert "1 ok" in told


def test_a_plan_reads_prod_too(two):
    """It says what a run of dev would do, and nothing of what prod does."""
    two.dev.cli("parse")
    two.dev.run("--select", "words")
    with two.untouched():
        told = two.dev.cli("plan").out
        assert "area" in told
        assert "video" not in told
        two.dev.run()


def test_what_is_in_neither(two):
    """A parent that nobody has made is an error, with the selection that makes it."""
    told = two.dev.run("--select", "area words", code=0).err
    assert "MS0683" not in told
    two.write(
        "models/twice.sql", "{{ config(id_columns=['id']) }} select id, area * 2 as twice from {{ ref('triple') }}"
    )
    two.write("models/triple.sql", "{{ config(id_columns=['id']) }} select id, area * 3 as area from {{ ref('area') }}")
    told = two.dev.run("--select", "twice", code=3).err
    assert "MS0683" in told
    assert "metasql run --select triple" in told
    two.dev.run("--select", "+twice")
    assert status(two.dev)["video"] == DEFERRED
    assert status(two.dev)["size"] == ("current", 3, 0, 0, 0)
    assert two.dev.values("SELECT twice FROM twice WHERE id = 'a'") == [(1200,)]


def test_another_key(two):
    """Samples under another key cannot be read: in all that would read them it is said; made in dev, all is well."""
    two.write("models/kind.sql", "{{ config(id_columns=['id']) }} select id, kind from {{ ref('tag') }}")
    two.edit("models/features.yml", "name: tag\n    id_columns: [id]", "name: tag\n    id_columns: [id, kind]")
    two.edit("models/kind.sql", "['id']", "['id', 'kind']")
    for command in (
        ("run",),
        ("run", "--select", "+kind"),
        ("run", "--select", "kind"),
        ("plan",),
        ("build", "--exclude", "area"),
        ("status",),
    ):
        told = two.dev.cli(*command, code=None)
        assert told.code in (1, 3), str(told)
        assert "`prod` holds `tag` under another key" in told.err
        assert "metasql run --select tag" in told.err
    two.dev.run("--select", "tag kind")
    two.dev.commit("tag", [{"id": "a", "kind": "x"}, {"id": "a", "kind": "y"}])
    two.dev.run()
    assert two.dev.values("SELECT count(*) FROM kind") == [(2,)]


def test_another_form(two):
    """A field that prod's samples have no versions of: the feature has to be made here first, or there."""
    one = "{name: frames, columns: [height]}"
    two.edit("models/features.yml", one, f"{one}, {{name: all, columns: [etag, height]}}")
    told = two.dev.run(code=3).err
    assert "MS0682" in told
    assert "it lacks the field `all`" in told
    two.prod.run("--select", "video")
    two.dev.run()


def test_nothing_is_there(tmp_path, engine):
    """A target that was never run has nothing to be read."""
    made = Two(tmp_path, engine)
    made.write("models/features.yml", MADE)
    made.write("models/size.sql", "select id, height from {{ ref('video') }}")
    told = made.dev.run(code=3).err
    assert "MS0680" in told
    assert "metasql run --target prod" in told
    made.dev.run("--no-defer")
