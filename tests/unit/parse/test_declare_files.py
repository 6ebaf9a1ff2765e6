from __future__ import annotations

import pytest

from metasql.parse.declarations import FreshnessDecl
from tests.unit.parse.project_folder import clean, read, said

SOURCES = """\
sources:
  - name: raw
    schema: "{{ var('schema') }}"
    loaded_at_field: at
    tables:
      - {name: videos, freshness: {warn_after: {count: 12, period: hour}}, columns: [{name: id, type: int}]}
      - {name: people, identifier: persons, loaded_at_field: seen}
      - plain
"""


def test_the_place_of_a_file_names_its_only_feature(tmp_path):
    """`models/video/full.yml` declares `video/full`."""
    (found,) = clean(tmp_path, {"models/video/full.yml": "features: [{id_columns: [id]}]\n"}).features
    assert found.key == "video/full"


def test_two_features_need_names(tmp_path):
    """A place cannot name two."""
    _, bag = read(tmp_path, {"models/a.yml": "features: [{id_columns: [x]}, {name: b, id_columns: [x]}]\n"})
    assert said(bag) == [("MS0307", "models/a.yml:1:13")]


def test_a_feature_declared_twice_shows_both_places(tmp_path):
    """In two files here."""
    text = "features: [{name: a, id_columns: [x]}]\n"
    (found,) = read(tmp_path, {"models/a.yml": text, "models/b.yml": text})[1]
    assert (found.code, str(found.primary.span)) == ("MS0301", "models/b.yml:1:19")
    assert [str(label.span) for label in found.secondary] == ["models/a.yml:1:19"]


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("features: {a: 1}", "MS0207", "1:12"),
        ("features: [a]", "MS0207", "1:12"),
        ("models: []", "MS0208", "1:1"),
        ("version: 3", "MS0207", "1:10"),
        ("datasets: [{name: a}]", "MS0209", "1:13"),
        ("features: [{name: Video, id_columns: [x]}]", "MS0300", "1:19"),
        ("sources: [{name: raw}]", "MS0209", "1:12"),
        ("sources: [{name: r, tables: [{name: t, freshness: {warn_after: {count: 1}}}]}]", "MS0209", "1:65"),
        ("sources: [{name: r, tables: [{name: t, columns: [{name: c, tests: [unique]}]}]}]", "MS0318", "1:68"),
        ("sources: [{name: r, tables: [t, t]}]", "MS0301", "1:33"),
        ("seeds: [{name: nobody}]", "MS0314", "1:16"),
    ],
)
def test_each_mistake_of_a_file_has_its_place(tmp_path, text, code, place):
    """And a help line."""
    (found,) = read(tmp_path, {"models/x.yml": text + "\n"})[1]
    assert (found.code, str(found.primary.span)) == (code, f"models/x.yml:{place}")
    assert found.help


def test_sources(tmp_path):
    """The schema is rendered; tables inherit what the source says."""
    videos, people, plain = clean(tmp_path, {"models/s.yml": SOURCES}, schema="landing").sources
    assert (videos.schema, videos.identifier, videos.loaded_at_field) == ("landing", "videos", "at")
    assert videos.freshness == FreshnessDecl(warn_after=(12, "hour"))
    assert (people.identifier, people.loaded_at_field) == ("persons", "seen")
    assert (plain.table, plain.columns) == ("plain", ())


def test_seeds_with_their_properties(tmp_path):
    """Types from `columns` and from `column_types`; tests of columns become assertions."""
    yml = (
        "seeds: [{name: people, description: d, tags: [x], config: {column_types: {age: int}},"
        " columns: [{name: id, type: text, tests: [unique]}]}]\n"
    )
    found = clean(tmp_path, {"seeds/p/people.csv": 'id,"age"\n1,2\n', "seeds/seeds.yml": yml})
    (seed,) = found.seeds
    assert (seed.name, seed.path, seed.header) == ("people", "seeds/p/people.csv", ("id", "age"))
    assert seed.types == {"age": "int", "id": "text"}
    assert [assertion.name for assertion in found.assertions] == ["unique__people__id"]


@pytest.mark.parametrize(
    ("header", "code", "place"),
    [("id,ID", "MS0313", "1:4"), ("id,,x", "MS0313", "1:4"), ("", "MS0313", "1:1"), ("metasql_a", "MS0304", "1:1")],
)
def test_a_header_that_cannot_be_used(tmp_path, header, code, place):
    """The place is in the CSV file."""
    _, bag = read(tmp_path, {"seeds/people.csv": header})
    assert said(bag) == [(code, f"seeds/people.csv:{place}")]


def test_a_seed_is_described_column_by_column(tmp_path):
    """A type of a column that is not there would be lost."""
    files = {"seeds/p.csv": "id\n1\n", "seeds/s.yml": "seeds: [{name: p, columns: [{name: idd}]}]\n"}
    (found,) = read(tmp_path, files)[1]
    assert (found.code, str(found.primary.span), found.help) == ("MS0314", "seeds/s.yml:1:36", "did you mean `id`?")


def test_two_seeds_of_one_name(tmp_path):
    """Whatever their folders."""
    _, bag = read(tmp_path, {"seeds/a/p.csv": "id\n", "seeds/b/p.csv": "id\n"})
    assert said(bag) == [("MS0301", "seeds/b/p.csv:1:1")]


def test_links_that_lead_back_end(tmp_path):
    """A folder that holds a link to itself is walked once; hidden files and the target folder are not read."""
    (tmp_path / "models/sub").mkdir(parents=True)
    (tmp_path / "models/sub/up").symlink_to(tmp_path / "models")
    text = "features: [{id_columns: [x]}]\n"
    files = {"models/a.yml": text, "models/.hidden.yml": "{", "models/out/b.yml": "{"}
    assert [f.key for f in clean(tmp_path, files, project="target-path: models/out\n").features] == ["a"]


@pytest.mark.parametrize(
    ("path", "code"),
    [("models/a.postgres.sql", "MS0319"), ("models/Video.sql", "MS0300"), ("models/a-b.sql", "MS0300")],
)
def test_a_sql_file_that_is_no_body(tmp_path, path, code):
    """Its name says neither a feature nor an engine."""
    _, bag = read(tmp_path, {path: "select 1 as id"})
    assert said(bag) == [(code, f"{path}:1:1")]
