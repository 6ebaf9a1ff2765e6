from __future__ import annotations

import pytest

from tests.unit.parse.project_folder import clean, read, said

BODY = "select video_id, etag from {{ source('raw', 'videos') }}\n"
SOURCE = {"models/s.yml": "sources: [{name: raw, tables: [videos]}]\n"}


def test_a_body_belongs_to_the_feature_of_its_path(tmp_path):
    """Whichever file declares it."""
    files = {
        **SOURCE,
        "models/all.yml": "features: [{name: v/full, id_columns: [video_id]}]\n",
        "models/v/full.sql": BODY,
    }
    (found,) = clean(tmp_path, files).features
    assert set(found.bodies) == {None}
    assert [(ref.kind, ref.name, ref.table) for ref in found.bodies[None].refs] == [("source", "raw", "videos")]


def test_a_body_for_one_engine_stands_beside_it(tmp_path):
    """`name.clickhouse.sql`."""
    files = {**SOURCE, "models/full.yml": "features: [{id_columns: [video_id]}]\n"}
    files |= {"models/full.sql": BODY, "models/full.clickhouse.sql": BODY}
    (found,) = clean(tmp_path, files).features
    assert set(found.bodies) == {None, "clickhouse"}


def test_a_body_can_declare_its_feature(tmp_path):
    """With `config(id_columns=…)` at its head."""
    head = "{{ config(id_columns=['video_id'], fields=[{'name': 'a', 'columns': ['etag']}], tags=['x']) }}\n"
    (found,) = clean(tmp_path, {**SOURCE, "models/v/full.sql": head + BODY}).features
    assert (found.key, found.path, found.id_columns, found.tags) == (
        "v/full",
        "models/v/full.sql",
        ("video_id",),
        ("x",),
    )
    assert found.fields[0].columns == ("etag",)


def test_a_body_that_nothing_declares(tmp_path):
    """The help says both ways out."""
    (found,) = read(tmp_path, {**SOURCE, "models/full.sql": BODY})[1]
    assert (found.code, str(found.primary.span)) == ("MS0309", "models/full.sql:1:1")
    assert "config(id_columns=" in (found.help or "")


def test_broken_yaml_silences_what_follows_from_it(tmp_path):
    """The declaration that seems to be missing may stand in the broken file."""
    _, bag = read(tmp_path, {**SOURCE, "models/full.yml": "features: [\n", "models/full.sql": BODY})
    assert [item.code for item in bag] == ["MS0201"]


def test_yaml_and_config_that_agree(tmp_path):
    """Tags add up, and the words of a field too."""
    yml = "features: [{id_columns: [video_id], tags: [a], fields: [{name: f, code_version: 1}]}]\n"
    head = "{{ config(id_columns='video_id', tags=['b'], fields=[{'name': 'f', 'columns': ['etag']}]) }}\n"
    (found,) = clean(tmp_path, {**SOURCE, "models/full.yml": yml, "models/full.sql": head + BODY}).features
    assert found.tags == ("a", "b")
    assert (found.fields[0].code_version, found.fields[0].columns) == ("1", ("etag",))


@pytest.mark.parametrize(
    "head",
    ["config(id_columns=['clip_id'])", "config(owner='b')", "config(fields=['g'])", "config(meta={'team': 'b'})"],
)
def test_yaml_and_config_that_contradict_show_both_places(tmp_path, head):
    """Neither goes before the other."""
    yml = "features: [{id_columns: [video_id], owner: a, fields: [f], meta: {team: a}}]\n"
    files = {**SOURCE, "models/full.yml": yml, "models/full.sql": "{{ " + head + " }}\n" + BODY}
    (found,) = read(tmp_path, files)[1]
    assert (found.code, found.primary.span.source.path, found.primary.span.line) == ("MS0308", "models/full.sql", 1)
    assert [label.span.source.path for label in found.secondary] == ["models/full.yml"]


def test_a_feature_that_is_disabled_is_remembered(tmp_path):
    """A `ref` to it can then say why it is not there; its tests are gone too."""
    yml = "features: [{name: a, id_columns: [x], enabled: \"{{ var('on') }}\", tests: [nonsense]}]\n"
    found = clean(tmp_path, {"models/a.yml": yml}, on=False)
    assert (found.features, found.disabled, found.assertions) == ((), ("a",), ())


def test_folder_defaults(tmp_path):
    """The most specific wins, the feature's own words above all; tags, hooks and meta add up."""
    project = """\
features:
  shop:
    +tags: [all]
    +owner: all
    +meta: {a: 1, b: 1}
    v:
      +tags: v
      +owner: video
      +orphans: delete
      +meta: {b: 2}
      full: {+pre_hook: select 1}
"""
    full = "{name: v/full, id_columns: [x], tags: [own], orphans: keep, pre-hook: select 2}"
    yml = f"features: [{full}, {{name: w, id_columns: [x]}}]\n"
    full, other = clean(tmp_path, {"models/all.yml": yml}, project=project).features
    assert (full.tags, full.owner, full.orphans) == (("all", "v", "own"), "video", "keep")
    assert (full.meta, full.pre_hook) == ({"a": 1, "b": 2}, ("select 1", "select 2"))
    assert (other.tags, other.owner, other.orphans, other.meta) == (("all",), "all", None, {"a": 1, "b": 1})


def test_a_folder_without_features_is_a_warning(tmp_path):
    """With the nearest folder."""
    project = "features: {shop: {vido: {+tags: [x]}}}\n"
    _, bag = read(tmp_path, {"models/video/a.yml": "features: [{id_columns: [x]}]\n"}, project=project)
    (found,) = bag
    assert (found.code, found.help, bag.has_errors) == ("MS0106", "did you mean `video`?", False)


def test_a_word_that_folders_cannot_say(tmp_path):
    """Said once, however many features are in the folder."""
    yml = "features: [{name: a, id_columns: [x]}, {name: b, id_columns: [x]}]\n"
    _, bag = read(tmp_path, {"models/all.yml": yml}, project="features: {shop: {+tgas: [x]}}\n")
    assert said(bag) == [("MS0208", "dbt_project_style.yml:2:19")]


def test_a_wrong_default_is_said_once(tmp_path):
    """At its place in the project file."""
    yml = "features: [{name: a, id_columns: [x]}, {name: b, id_columns: [x]}]\n"
    _, bag = read(tmp_path, {"models/all.yml": yml}, project="features: {shop: {+orphans: drop}}\n")
    assert said(bag) == [("MS0207", "dbt_project_style.yml:2:29")]


def test_assertions_by_name(tmp_path):
    """Singular ones and tests of columns; two of one name are an error."""
    yml = "features: [{name: a, id_columns: [x], columns: [{name: c, data_tests: [not_null, not_null]}]}]\n"
    sql = "select * from {{ ref('a') }} where c < 0\n"
    found, bag = read(tmp_path, {"models/a.yml": yml, "tests/assertions/positive.sql": sql})
    assert [assertion.name for assertion in found.assertions] == ["positive", "not_null__a__c"]
    assert said(bag) == [("MS0301", "models/a.yml:1:82")]


def test_a_name_that_is_a_feature_and_a_seed(tmp_path):
    """A `ref` could mean either."""
    _, bag = read(tmp_path, {"models/a.yml": "features: [{id_columns: [x]}]\n", "seeds/a.csv": "x\n"})
    assert [item.code for item in bag] == ["MS0301"]


def test_a_variable_without_a_value_is_shown_in_yaml(tmp_path):
    """Line and file of the text that asks for it."""
    _, bag = read(tmp_path, {"models/a.yml": "features:\n- id_columns: [x]\n  owner: \"{{ var('who') }}\"\n"})
    (found,) = bag
    assert (found.primary.span.source.path, found.primary.span.line) == ("models/a.yml", 3)
