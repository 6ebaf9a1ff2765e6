"""What was read from bodies is not read again while nothing changed, and always where something did."""

from __future__ import annotations

import json

import pytest

from metasql.graph import link_fields
from metasql.pipeline import LINEAGE, Options, load

MODELS = """
version: 1
sources: [{name: raw, tables: [{name: video, columns: [{name: id}, {name: a}]}]}]
features:
  - name: video
    id_columns: [id]
    fields: [{name: one, columns: [a]}, {name: two, columns: [b]}]
  - name: shape
    id_columns: [id]
    fields: [{name: x, columns: [x]}]
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "dbt_project_style.yml").write_text('name: p\nversion: "1"\nprofile: p\n', encoding="utf-8")
    (tmp_path / "profiles.yml").write_text(
        "p:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: p.duckdb}\n", encoding="utf-8"
    )
    (tmp_path / "models/all.yml").write_text(MODELS, encoding="utf-8")
    (tmp_path / "models/video.sql").write_text("select 1 as id, 2 as a, 3 as b", encoding="utf-8")
    (tmp_path / "models/shape.sql").write_text("select id, a + 1 as x from {{ ref('video') }}", encoding="utf-8")
    return tmp_path


def parents(project, monkeypatch, reads):
    """The parents of `shape.x`; `reads`: how many features' bodies are read for them."""
    read, times = link_fields.link_traces, []

    def counted(decl, *given):
        times.append(str(decl.key))
        return read(decl, *given)

    with monkeypatch.context() as patched:
        patched.setattr(link_fields, "link_traces", counted)
        graph = load(Options(project)).graph
    assert len(times) == reads, times
    return [str(parent) for parent in graph.get("shape").field_named("x").parents]


def test_nothing_is_read_twice(project, monkeypatch):
    """The second time comes from the file."""
    assert parents(project, monkeypatch, 1) == ["video.one"]
    assert parents(project, monkeypatch, 0) == ["video.one"]


def test_a_body_that_changed(project, monkeypatch):
    """Or a field of what it reads, or what a name stands for."""
    parents(project, monkeypatch, 1)
    (project / "models/shape.sql").write_text("select id, b + 1 as x from {{ ref('video') }}", encoding="utf-8")
    assert parents(project, monkeypatch, 1) == ["video.two"]
    (project / "models/all.yml").write_text(MODELS.replace("columns: [b]", "columns: [a]"), encoding="utf-8")
    assert parents(project, monkeypatch, 1) == ["video.one", "video.two"]
    assert parents(project, monkeypatch, 0) == ["video.one", "video.two"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"form": ["0", "x"], "parents": {}}', '{"form": 1}'])
def test_a_file_that_is_not_whole(project, monkeypatch, text):
    """Is as if it were not there."""
    parents(project, monkeypatch, 1)
    (project / "target" / LINEAGE).write_text(text, encoding="utf-8")
    assert parents(project, monkeypatch, 1) == ["video.one"]
    assert json.loads((project / "target" / LINEAGE).read_text(encoding="utf-8"))["parents"]


def test_what_there_is_to_say_is_said_each_time(project, monkeypatch):
    """A feature with a warning is read again."""
    text = MODELS.replace("fields: [{name: x, columns: [x]}]", "fields: [{name: x, columns: [x], deps: [video.*]}]")
    (project / "models/all.yml").write_text(text, encoding="utf-8")
    for _ in range(2):
        assert parents(project, monkeypatch, 1) == ["video.one", "video.two"]
        assert [item.code for item in load(Options(project)).diagnostics] == ["MS0411"]
