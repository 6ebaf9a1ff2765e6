"""Code versions that are read from SQL: what an edit of a body makes stale, and what it does not."""

from __future__ import annotations

import pytest

from tests.scenarios.support import Place

MODELS = """
version: 1
sources: [{name: raw, schema: raw, tables: [{name: video}]}]
features:
  - name: video
    id_columns: [video_id]
    fields: [{name: audio, columns: [audio]}, {name: frames, columns: [frames]}]
  - name: shape
    id_columns: [video_id]
    deps: [video]
    fields:
      - {name: loud, deps: [video.audio], columns: [loud]}
      - {name: clear, deps: [video.frames], columns: [clear], code_version: "1"}
      - {name: long, deps: [video.frames], columns: [long]}
"""
BODY = (
    "select video_id, upper(audio) as loud, frames as clear, frames || {{ var('end', \"'!'\") }} as long\n"
    "from {{ ref('video') }}\n"
)
TYPES = {"video_id": "int", "audio": "text", "frames": "text"}
ROWS = [(number, f"a{number}", f"f{number}") for number in range(3)]


@pytest.fixture
def place(engine, tmp_path, monkeypatch):
    """A project that was run where the lock file is written."""
    monkeypatch.setenv("CI", "")
    made = Place(tmp_path, engine)
    made.write("models/features.yml", MODELS)
    made.write("models/video.sql", "select video_id, audio, frames from {{ source('raw', 'video') }}\n")
    made.write("models/shape.sql", BODY)
    made.fill("video", TYPES, ROWS)
    made.run()
    return made


def recomputed(place, *options):
    """The stale samples of `shape` that a run computed."""
    place.run(*options)
    sql = "SELECT stale FROM metasql_run_results WHERE node = 'shape' ORDER BY finished_at DESC LIMIT 1"
    return place.values(sql)[0][0]


def recipes(place):
    """The recipe of each field, as the warehouse was last told."""
    rows = place.rows("SELECT field, recipe FROM metasql_fields WHERE feature = 'shape'")
    return {row["field"]: row["recipe"] for row in rows}


def changed_by(place, *options):
    """The fields whose meaning an edit changed, and how many samples were recomputed."""
    before = recipes(place)
    count = recomputed(place, *options)
    after = recipes(place)
    return {name for name in after if after[name] != before.get(name)}, count


def test_layout_and_comments(place):
    """Nothing is recomputed."""
    place.write("models/shape.sql", "-- shapes\n" + BODY.replace("select", "SELECT\n  ").replace("as loud", "AS loud"))
    assert changed_by(place) == (set(), 0)


def test_names_within(place):
    """WITH parts, aliases and inner columns are called otherwise."""
    place.write(
        "models/shape.sql",
        "with v as (select video_id as id, audio as a, frames from {{ ref('video') }})\n"
        "select v.id as video_id, upper(v.a) as loud, v.frames as clear, v.frames || '!' as long from v\n",
    )
    first = changed_by(place)
    place.write(
        "models/shape.sql",
        "with films as (select audio as sound, frames, video_id as n, 1 as unread from {{ ref('video') }})\n"
        "select n as video_id, films.frames as clear, frames || '!' as long, upper(sound) as loud from films\n",
    )
    assert first[1] == 3
    assert changed_by(place) == (set(), 0)


def test_one_field_of_three(place):
    """The others, and the one whose version the author writes, stay."""
    place.edit("models/shape.sql", "upper(", "lower(")
    assert changed_by(place) == ({"loud"}, 3)
    assert place.rows("SELECT loud FROM shape WHERE video_id = 1") == [{"loud": "a1"}]
    place.edit("models/shape.sql", "frames as clear", "lower(frames) as clear")
    assert changed_by(place) == (set(), 0)


def test_a_filter_is_of_all_fields(place):
    """It says which rows there are."""
    place.edit("models/shape.sql", "from {{ ref('video') }}", "from {{ ref('video') }} where video_id < 10")
    assert changed_by(place) == ({"loud", "long"}, 3)


def test_a_variable_and_a_macro(place):
    """Their texts are part of the body."""
    assert changed_by(place, "--vars", "{end: \"'?'\"}") == ({"long"}, 3)
    place.write("macros/loud.sql", "{% macro loud(x) %}upper({{ x }}){% endmacro %}\n")
    place.edit("models/shape.sql", "upper(audio)", "{{ loud('audio') }}")
    assert changed_by(place, "--vars", "{end: \"'?'\"}") == (set(), 0)
    place.write("macros/loud.sql", "{% macro loud(x) %}lower({{ x }}){% endmacro %}\n")
    assert changed_by(place, "--vars", "{end: \"'?'\"}") == ({"loud"}, 3)


def test_the_lock_keeps_versions(place):
    """While the text is the same, what the file says is the version: another reader of SQL changes nothing."""
    lock = (place.folder / "metasql.lock").read_text(encoding="utf-8")
    line = next(line for line in lock.splitlines() if line.startswith("shape.loud "))
    name, version, digest = line.split()
    place.write("metasql.lock", lock.replace(line, f"{name} {'0' * 32} {digest}"))
    assert changed_by(place) == ({"loud"}, 3)
    place.run()
    assert place.cli("lock", "--check").code == 0
    place.edit("models/shape.sql", "upper(", "lower(")
    assert "shape.loud has another meaning" in place.cli("run", "--locked", code=1).err
    assert "MS0418" in place.cli("parse", "--locked", code=1).err
    assert version not in (place.folder / "metasql.lock").read_text(encoding="utf-8")


def test_ci_leaves_the_file_alone(place, monkeypatch):
    """And computes with the versions that it would have."""
    monkeypatch.setenv("CI", "true")
    before = (place.folder / "metasql.lock").read_text(encoding="utf-8")
    place.edit("models/shape.sql", "upper(", "lower(")
    assert changed_by(place) == ({"loud"}, 3)
    assert (place.folder / "metasql.lock").read_text(encoding="utf-8") == before
    monkeypatch.setenv("CI", "")
    place.run()
    assert (place.folder / "metasql.lock").read_text(encoding="utf-8") != before


def test_what_engines_have_apart_counts_on_all_of_them(place):
    """A dispatched macro: the version is the same on every engine, and follows each of its texts."""
    macro = "{{% macro {}__loud(x) %}}upper({{{{ x }}}}){{% endmacro %}}\n"
    macros = macro.format("duckdb") + macro.format("clickhouse")
    place.write("macros/loud.sql", macros)
    place.edit("models/shape.sql", "upper(audio)", "{{ adapter.dispatch('loud')('audio') }}")
    assert changed_by(place) == (set(), 0)
    for engine in ("duckdb", "clickhouse"):
        place.write("macros/loud.sql", macros.replace(f"{engine}__loud(x) %}}upper(", f"{engine}__loud(x) %}}lower("))
        assert changed_by(place) == ({"loud"}, 3), engine


@pytest.mark.parametrize(
    ("old", "new", "called"),
    [
        ("upper(audio)", "audio || now()::text", "`now`"),
        ("upper(audio)", "audio || random()::text", "`random`"),
        ("upper(audio)", "audio || uuid()::text", "`uuid`"),
    ],
)
def test_functions_that_give_another_value_each_time(place, old, new, called):
    """An error that names the function and the ways out; nothing where the author writes a version."""
    place.edit("models/shape.sql", old, new)
    result = place.run(code=1)
    assert "MS0415" in result.err
    assert called in result.err
    assert "write a `code_version`" in result.err
    place.edit("models/features.yml", "columns: [loud]}", "columns: [loud], code_version: '7'}")
    result = place.cli("parse", code=None)
    assert "MS0415" not in result.err
    assert result.code == 0 or "MS0502" in result.err  # an engine may not have such values


def test_what_the_warehouse_holds_is_no_code(place):
    """A body whose text hangs on data has no version of its own."""
    place.edit("models/shape.sql", "select video_id", "{% if execute %}{% set n = 1 %}{% endif %}select video_id")
    result = place.run(code=1)
    assert "MS0415" in result.err
    assert "what the warehouse holds" in result.err


def test_auto_is_for_sql(place):
    """A root is versioned by its content; a program outside has no SQL."""
    place.edit(
        "models/features.yml", "{name: audio, columns: [audio]}", "{name: audio, columns: [audio], code_version: auto}"
    )
    result = place.run(code=1)
    assert "MS0417" in result.err
    assert "the content of a root's fields tells of its SQL already" in result.err
