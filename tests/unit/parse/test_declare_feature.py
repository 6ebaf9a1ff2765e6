from __future__ import annotations

import pytest

from metasql.parse.declarations import CostDecl
from tests.unit.parse.project_folder import clean, read

FULL = """\
version: 1
features:
  - name: video/face_crop
    description: Crops of {{ var('px') }} pixels.
    id_columns: [video_id]
    deps:
      - feature: video/full
        columns: [path, height_px]
        rename: {path: full_path}
        where: "duration_s > {{ var('least') }}"
        optional: true
        fields: {audio: [audio], frames: frames}
      - {feature: other_shop:clip/cut, lineage: {aggregation: {on: [video_id]}}, columns: {n: count(*)}}
      - {feature: a, lineage: {expansion: {on: video_id}}, fields: {suffix: true, exclude: [x]}}
      - {feature: b, lineage: aggregation, fields: none}
      - c
    fields:
      - {name: audio, code_version: 1.0, deps: [video/full.audio, c.*]}
      - {name: frames, code_version: "2", columns: [sha], data_version: provenance}
      - {name: audio/french, deps: []}
      - plain
    columns:
      - {name: path, type: text, description: where, tests: [not_null]}
      - frame_count
    tests: [{unique: {column_name: path, severity: warn, limit: 3}}]
    stale_when: "frame_count is null"
    orphans: keep
    history: false
    on_schema_change: append
    cost_per_sample: {amount: 0.004, unit: USD}
    owner: media@example.com
    tags: gpu
    meta: {team: ml}
    pre-hook: "{{ log('x') }}"
"""


def feature(body: str) -> dict[str, str]:
    """A file with one feature of these words after its first two."""
    return {"models/a.yml": f"features:\n- name: a\n  id_columns: [id]\n  {body}\n"}


def test_every_word_of_a_feature(tmp_path):
    """Each arrives in the declaration; hooks stay unrendered until they run."""
    (found,) = clean(tmp_path, {"models/all.yml": FULL}, px=512, least=3).features
    full, other, a, b, c = found.deps
    assert (found.key, found.path, found.id_columns) == ("video/face_crop", "models/all.yml", ("video_id",))
    assert (full.columns, full.rename, full.where) == (("path", "height_px"), {"path": "full_path"}, "duration_s > 3")
    assert full.optional
    assert (full.fields.kind, full.fields.named) == ("named", {"audio": ("audio",), "frames": ("frames",)})
    assert (other.feature, other.lineage.kind, other.lineage.on) == (
        "other_shop:clip/cut",
        "aggregation",
        ("video_id",),
    )
    assert other.aggregates == {"n": "count(*)"}
    assert (a.lineage.on, a.fields.kind, a.fields.exclude) == (("video_id",), "suffix", ("x",))
    assert (b.lineage.on, b.fields.kind) == (None, "none")
    assert (c.lineage, c.fields.kind) == (None, "default")
    assert [field.name for field in found.fields] == ["audio", "frames", "audio/french", "plain"]
    assert [field.deps for field in found.fields] == [("video/full.audio", "c.*"), None, (), None]
    assert [column.name for column in found.columns] == ["path", "frame_count"]
    assert (found.tests[0].severity, found.tests[0].limit) == ("warn", 3)
    assert (found.orphans, found.history, found.on_schema_change) == ("keep", False, "append")
    assert found.cost_per_sample == CostDecl(0.004, "USD")
    assert (found.owner, found.tags, found.meta) == ("media@example.com", ("gpu",), {"team": "ml"})
    assert found.description == "Crops of 512 pixels."
    assert found.pre_hook == ("{{ log('x') }}",)


@pytest.mark.parametrize("written", ["1", '"1"', "1.0", "1.10", "v2", "true"])
def test_a_code_version_is_the_text_as_written(tmp_path, written):
    """Quotes aside."""
    (found,) = clean(tmp_path, feature(f"fields: [{{name: f, code_version: {written}}}]")).features
    assert found.fields[0].code_version == written.strip('"')


@pytest.mark.parametrize(
    ("body", "code", "place", "help"),
    [
        ("desciption: x", "MS0208", "4:3", "did you mean `description`?"),
        ("unique_key: id", "MS0208", "4:3", "write `id_columns`"),
        ("history: yes", "MS0207", "4:12", "write `true` or `false`"),
        ("orphans: kep", "MS0207", "4:12", "did you mean `keep`?"),
        ("owner: 12", "MS0207", "4:10", 'quote it: "12"'),
        ("cost_per_sample: {amount: 1}", "MS0209", "4:21", "write `cost_per_sample: {amount: 0.004, unit: USD}`"),
        ("cost_per_sample: {amount: -1, unit: USD}", "MS0207", "4:29", "write a number of at least 0"),
        ("data_version: contents", "MS0207", "4:17", "did you mean `content`?"),
        ("fields: [suffix]", "MS0303", "4:12", "choose another name"),
        ("fields: [1a]", "MS0303", "4:12", None),
        ("fields: [audio/en, audio__en]", "MS0306", "4:22", "keep one of them"),
        ('fields: [{name: f, code_version: ""}]', "MS0315", "4:36", None),
        ("fields: [{name: f, code_version: }]", "MS0315", "4:36", None),
        ("fields: [{name: f, columns: [x], version: y}]", "MS0317", "4:45", None),
        ("fields: [{name: f, deps: [video/full]}]", "MS0311", "4:29", "write `video/full.*` for all of its fields"),
        ("columns: [metasql_x]", "MS0304", "4:13", "choose another name"),
        ("columns: [path, Path]", "MS0306", "4:19", "keep one of them"),
        ("deps: [Video]", "MS0310", "4:10", None),
        ("deps: [b, b]", "MS0306", "4:13", "keep one of them"),
        ("deps: [{optional: true}]", "MS0209", "4:11", "write `feature: video/full`"),
        ("deps: [{feature: b, lineage: lokup}]", "MS0312", "4:32", "did you mean `lookup`?"),
        ("deps: [{feature: b, lineage: {lookup: {on: [x]}}}]", "MS0312", "4:42", "write `lineage: lookup`"),
        ("deps: [{feature: b, lineage: {expansion: {on: []}}}]", "MS0312", "4:49", None),
        ("deps: [{feature: b, lineage: lookup, columns: {n: max(x)}}]", "MS0317", "4:50", None),
        ("deps: [{feature: b, lineage: aggregation, columns: [n]}]", "MS0317", "4:55", None),
        ("deps: [{feature: b, rename: {x: metasql_y}}]", "MS0304", "4:35", "choose another name"),
        ("deps: [{feature: b, rename: {x: z, y: z}}]", "MS0306", "4:41", "keep one of them"),
        ("deps: [{feature: b, fields: suffix}]", "MS0207", "4:31", "write `{suffix: true}`"),
        ("tests: [{not_null: {}, unique: {}}]", "MS0316", "4:26", None),
        ("tests: [{unique: {column_name: id, severity: wran}}]", "MS0207", "4:48", "did you mean `warn`?"),
        ("tests: [{unique: {column_name: id, warn_if: many}}]", "MS0316", "4:47", None),
    ],
)
def test_each_mistake_has_its_place_and_help(tmp_path, body, code, place, help):
    """Smallest span, and what to write."""
    _, bag = read(tmp_path, feature(body))
    (found,) = bag.sorted()
    assert (found.code, str(found.primary.span)) == (code, f"models/a.yml:{place}")
    assert found.help
    assert help is None or found.help == help


def test_a_mapping_names_own_fields(tmp_path):
    """A wrong name would leave the right field without a parent."""
    files = feature("fields: [audio]\n  deps: [{feature: b, fields: {audoi: [audio]}}]")
    (found,) = read(tmp_path, files)[1]
    assert (found.code, str(found.primary.span), found.help) == ("MS0302", "models/a.yml:5:32", "did you mean `audio`?")


@pytest.mark.parametrize(("ids", "code"), [("[]", "MS0305"), ("[id, ID]", "MS0306"), ("[metasql_id]", "MS0304")])
def test_id_columns_are_named_and_unique(tmp_path, ids, code):
    """Without them nothing can be compared."""
    _, bag = read(tmp_path, {"models/a.yml": f"features:\n- name: a\n  id_columns: {ids}\n"})
    assert [item.code for item in bag] == [code]


def test_fields_per_column(tmp_path):
    """One field of each column, once the body is known."""
    (found,) = clean(tmp_path, feature("fields: per_column")).features
    assert found.per_column
    assert found.fields == ()


def test_a_disabled_test_is_left_out_and_where_is_rendered(tmp_path):
    """The words of a test stand beside its arguments or under `config`."""
    off = "unique: {column_name: id, config: {enabled: false}}"
    on = "not_null: {column_name: id, where: 'x > {{ var(\"n\") }}'}"
    (found,) = clean(tmp_path, feature(f"tests: [{{{off}}}, {{{on}}}]"), n=3).features
    (test,) = found.tests
    assert (test.name, test.where, test.arguments) == ("not_null", "x > 3", {"column_name": "id"})


def test_all_mistakes_are_said_at_once(tmp_path):
    """In every feature of every file."""
    files = {
        "models/a.yml": "features: [{name: A}, {name: b}]\n",
        "models/c.yml": "features: [{id_columns: [x], x: 1}]\n",
    }
    _, bag = read(tmp_path, files)
    assert sorted(item.code for item in bag) == ["MS0208", "MS0300", "MS0305"]
