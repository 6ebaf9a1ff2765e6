from __future__ import annotations

import pytest

from metasql.config.project import load_project
from metasql.diagnostics import Bag

FULL = """\
name: avatar_data
version: 1.10
require-metasql-version: ">=0.1,<99"
profile: warehouse
dialect: duckdb
model-paths: [models, more/models]
vars: {crop_px: 512, avatar_data: {fps: 25}}
on-run-start: "select '{{ target.name }}'"
features:
  avatar_data:
    +owner: all@example.com
    video:
      +tags: [media]
      orphans: delete
selectors:
  - {name: nightly, definition: "tag:nightly"}
"""


def load(tmp_path, text, **cli_vars):
    (tmp_path / "dbt_project_style.yml").write_text(text, encoding="utf-8")
    bag = Bag()
    return load_project(tmp_path, bag, cli_vars), bag


def test_a_full_project_file(tmp_path):
    """Every word is read; variables of the command line go over the file's."""
    config, bag = load(tmp_path, FULL, crop_px=256)
    assert list(bag) == []
    assert config is not None
    assert (config.name, config.version, config.profile, config.dialect) == (
        "avatar_data", "1.10", "warehouse", "duckdb",
    )  # fmt: skip
    assert config.model_paths == ("models", "more/models")
    assert (config.seed_paths, config.test_paths, config.target_path) == (("seeds",), ("tests/assertions",), "target")
    assert config.vars == {"crop_px": 256, "fps": 25}
    assert config.on_run_start == ("select '{{ target.name }}'",)
    assert [(d.folder, d.name) for d in config.defaults] == [
        ((), "owner"),
        (("video",), "tags"),
        (("video",), "orphans"),
    ]
    assert config.selectors == {"nightly": "tag:nightly"}


def test_a_name_is_enough(tmp_path):
    """The profile is the project's name, the dialect DuckDB's."""
    config, bag = load(tmp_path, "name: tiny\n")
    assert list(bag) == []
    assert config is not None
    assert (config.profile, config.dialect, config.model_paths) == ("tiny", "duckdb", ("models",))


def test_no_project_file(tmp_path):
    """The ways out are named."""
    bag = Bag()
    assert load_project(tmp_path, bag) is None
    assert [d.code for d in bag] == ["MS0101"]
    assert "metasql init" in (bag.items[0].help or "")


@pytest.mark.parametrize(
    ("line", "code", "place", "help"),
    [
        ("dialect: duckbd", "MS0105", "2:10", "did you mean `duckdb`?"),
        ("profil: x", "MS0208", "2:1", "did you mean `profile`?"),
        ("models: {}", "MS0208", "2:1", "folder defaults stand under `features`"),
        ("model-paths: [../up]", "MS0103", "2:15", "write a folder relative to the project file"),
        ("model-paths: [/tmp]", "MS0103", "2:15", "write a folder relative to the project file"),
        ("target-path: .", "MS0103", "2:14", "give it a folder of its own, such as `target`"),
        ("target-path: models", "MS0103", "2:14", "give it a folder of its own, such as `target`"),
        ('require-metasql-version: ">=99"', "MS0104", "2:27", "install a metasql that fits `>=99`, or widen the range"),
        ("require-metasql-version: soon", "MS0108", "2:26", 'write it like ">=0.1,<2"'),
        ("vars: [a]", "MS0207", "2:7", "write a mapping"),
        ("model-paths: [a]\nmodel_paths: [b]", "MS0202", "3:1", "keep one of them"),
        ("features: {aa_project: {+tags: [x]}}", "MS0106", "2:12", None),
        ("selectors: [{name: x}]", "MS0209", "2:14", None),
        ("selectors: [{name: x, definition: a}, {name: x, definition: b}]", "MS0107", "2:46", "rename one"),
    ],
)
def test_each_mistake_has_its_place_and_help(tmp_path, line, code, place, help):
    """Smallest span, and what to write."""
    _, bag = load(tmp_path, f"name: tiny\n{line}\n")
    (found,) = bag.sorted()
    assert found.code == code
    assert str(found.primary.span) == f"dbt_project_style.yml:{place}"
    assert found.help
    assert help is None or found.help == help


@pytest.mark.parametrize("name", ["Avatar", "1a", "a-b"])
def test_a_name_that_no_project_can_have(tmp_path, name):
    """Names are lower case."""
    config, bag = load(tmp_path, f"name: {name}\n")
    assert config is None
    assert [d.code for d in bag] == ["MS0102"]


def test_all_mistakes_are_said_at_once(tmp_path):
    """A user corrects a file once."""
    _, bag = load(tmp_path, "name: A\ndialect: x\nmodel-paths: [..]\n")
    assert [d.code for d in bag.sorted()] == ["MS0102", "MS0105", "MS0103"]


def test_selectors_may_stand_in_a_file_of_their_own(tmp_path):
    """As in dbt."""
    (tmp_path / "selectors.yml").write_text("selectors: [{name: a, definition: {method: tag, value: x}}]\n")
    config, bag = load(tmp_path, "name: tiny\n")
    assert list(bag) == []
    assert config is not None
    assert config.selectors == {"a": {"method": "tag", "value": "x"}}
