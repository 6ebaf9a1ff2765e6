"""From the columns that a body reads to the fields that a field is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from metasql.diagnostics import MetasqlError
from metasql.pipeline import Options, load

BASE = """
version: 1
features:
  - name: video
    id_columns: [video_id]
    fields: [{name: audio, columns: [etag]}, {name: frames, columns: [sha, height]}]
    columns:
      - {name: video_id, type: text}
      - {name: etag, type: text}
      - {name: sha, type: text}
      - {name: height, type: int}
      - {name: path, type: text}
  - name: note
    id_columns: [video_id]
    fields: [{name: text, columns: [text]}, {name: author, columns: [author]}]
    columns: [{name: video_id, type: text}, {name: text, type: text}, {name: author, type: text}]
  - name: clip
    id_columns: [video_id, n]
    fields: [{name: place, columns: [start_s]}, {name: score, columns: [score]}]
    columns:
      - {name: video_id, type: text}
      - {name: n, type: int}
      - {name: start_s, type: int}
      - {name: score, type: int}
"""
VIDEO = "{{ ref('video') }}"
NOTE = "{{ ref('note') }}"
CLIP = "{{ ref('clip') }}"


class Made:
    """Links a project of `video`, `note` and `clip`, and one feature over them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "models").mkdir()
        (folder / "dbt_project_style.yml").write_text('name: p\nversion: "1"\nprofile: p\n', encoding="utf-8")
        (folder / "profiles.yml").write_text(
            "p:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: p.duckdb}\n", encoding="utf-8"
        )
        (folder / "models/base.yml").write_text(BASE, encoding="utf-8")

    def parents(self, declared: str, sql: str, **others: str) -> dict[str, list[str]]:
        """The parents of each field of `made`; `codes` keeps what was warned of."""
        text = f"version: 1\nfeatures:\n  - name: made\n{declared}"
        (self.folder / "models/made.yml").write_text(text, encoding="utf-8")
        (self.folder / "models/made.sql").write_text(sql, encoding="utf-8")
        for engine, other in others.items():
            (self.folder / f"models/made.{engine}.sql").write_text(other, encoding="utf-8")
        project = load(Options(self.folder))
        self.codes = [item.code for item in project.diagnostics]
        feature = project.graph.get("made")
        assert feature is not None
        return {item.name: [str(parent) for parent in item.parents] for item in feature.fields}


@pytest.fixture
def made(tmp_path):
    return Made(tmp_path)


def test_each_field_is_made_of_what_its_columns_read(made):
    """And of nothing else upstream; the ids are of no field."""
    found = made.parents(
        "    id_columns: [video_id]\n    fields: [{name: a, columns: [x]}, {name: b, columns: [y]}]\n",
        f"select video_id, upper(etag) as x, height + 1 as y from {VIDEO}",
    )
    assert found == {"a": ["video.audio"], "b": ["video.frames"]}
    assert made.codes == []


def test_clauses_reach_every_field(made):
    """A filter on a column is a dependency of all of them."""
    found = made.parents(
        "    id_columns: [video_id]\n    fields: [{name: a, columns: [x]}, {name: b, columns: [y]}]\n",
        f"select video_id, etag as x, 1 as y from {VIDEO} where height > 3",
    )
    assert found == {"a": ["video.audio", "video.frames"], "b": ["video.frames"]}


def test_a_column_of_no_field_is_all_fields(made):
    """Nothing upstream tells of it alone."""
    found = made.parents("    id_columns: [video_id]\n", f"select video_id, path from {VIDEO}")
    assert found == {"default": ["video.audio", "video.frames"]}


def test_every_field_tells_of_columns_that_none_lists(made):
    """What reads such a column downstream is made of all fields here."""
    found = made.parents(
        "    id_columns: [video_id]\n    fields: [{name: a, columns: [x]}, {name: b, columns: [y]}]\n",
        f"select video_id, etag as x, 1 as y, sha as free from {VIDEO}",
    )
    assert found == {"a": ["video.audio", "video.frames"], "b": ["video.frames"]}


def test_renamed_columns(made):
    """A body sees the new names; ownership goes by the old ones."""
    found = made.parents(
        "    id_columns: [video_id]\n    deps: [{feature: video, rename: {etag: sound, sha: etag}}]\n",
        f"select video_id, sound from {VIDEO}",
    )
    assert found == {"default": ["video.audio"]}


def test_members_of_a_group_that_are_only_counted(made):
    """One more member is another count, and only the fields of the members tell of it."""
    declared = "    id_columns: [video_id]\n    deps: [{feature: clip, lineage: {aggregation: {on: [video_id]}}}]\n"
    sql = f"select video_id, count(*) as n from {CLIP} group by video_id"
    assert made.parents(declared, sql) == {"default": ["clip.place", "clip.score"]}
    one = "    fields: [{name: size, columns: [n], deps: [clip.place]}]\n"
    assert made.parents(declared + one, sql) == {"size": ["clip.place"]}
    assert made.codes == []
    with pytest.raises(MetasqlError) as raised:
        made.parents(declared + "    fields: [{name: size, columns: [n], deps: []}]\n", sql)
    assert raised.value.codes == ["MS0410"]


def test_an_optional_row_that_is_only_asked_for(made):
    """Whether it is there is read; the field beside it, which reads nothing of it, is not made of it."""
    declared = (
        "    id_columns: [video_id]\n    deps: [video, {feature: note, optional: true}]\n"
        "    fields: [{name: a, columns: [x]}, {name: b, columns: [y]}]\n"
    )
    sql = (
        f"select v.video_id, v.etag as x, n.video_id is not null as y from {VIDEO} as v "
        f"left join {NOTE} as n on n.video_id = v.video_id"
    )
    assert made.parents(declared, sql) == {"a": ["video.audio"], "b": ["note.author", "note.text"]}


def test_an_optional_row_whose_columns_are_read(made):
    """Then the fields of those columns tell whether it is there."""
    declared = "    id_columns: [video_id]\n    deps: [video, {feature: note, optional: true}]\n"
    sql = (
        f"select v.video_id, coalesce(n.text, v.etag) as x from {VIDEO} as v "
        f"left join {NOTE} as n on n.video_id = v.video_id"
    )
    assert made.parents(declared, sql) == {"default": ["note.text", "video.audio"]}


def test_ids_that_are_computed(made):
    """The ids of an expansion follow from values upstream: with other values there are other samples."""
    found = made.parents(
        "    id_columns: [video_id, part]\n    deps: [{feature: video, lineage: {expansion: {on: [video_id]}}}]\n"
        "    fields: [{name: a, columns: [x]}]\n",
        f"select video_id, hash(sha) as part, etag as x from {VIDEO}",
    )
    assert found == {"a": ["video.audio", "video.frames"]}


def test_bodies_of_two_engines_count_together(made):
    """A field has the same versions wherever it is computed."""
    found = made.parents(
        "    id_columns: [video_id]\n",
        f"select video_id, etag as x from {VIDEO}",
        clickhouse=f"select video_id, sha as x from {VIDEO}",
    )
    assert found == {"default": ["video.audio", "video.frames"]}


def test_a_mapping_that_is_written_is_checked(made):
    """`fields: none` says that nothing is read; here something is."""
    with pytest.raises(MetasqlError) as raised:
        made.parents(
            "    id_columns: [video_id]\n    deps: [{feature: video, fields: none}]\n",
            f"select video_id, etag from {VIDEO}",
        )
    assert raised.value.codes == ["MS0410"]
    found = made.parents(
        "    id_columns: [video_id]\n    deps: [{feature: video, fields: {default: [audio, frames]}}]\n",
        f"select video_id, etag from {VIDEO}",
    )
    assert (found, made.codes) == ({"default": ["video.audio", "video.frames"]}, ["MS0411"])


def test_what_cannot_be_followed_is_all_fields(made):
    """With a warning where it stands."""
    found = made.parents(
        "    id_columns: [video_id]\n    fields: [{name: a, columns: [x]}]\n",
        f"select v.video_id, 1 as x from {VIDEO} as v, query_table('other') as q",
    )
    assert (found, made.codes) == ({"a": ["video.audio", "video.frames"]}, ["MS0412"])
