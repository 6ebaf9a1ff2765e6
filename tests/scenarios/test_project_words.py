"""Words of the project around its features: hooks, variables, run_query, engine bodies, hashes, selection."""

from __future__ import annotations

import json

import duckdb
import pytest

from tests.scenarios.support import Place

TYPES = {"id": "bigint", "x": "bigint"}


@pytest.fixture
def place(tmp_path, engine):
    """A root over a source, a SQL feature over the root, an external one over that."""
    made = Place(tmp_path, engine)
    made.write(
        "models/features.yml",
        """
        version: 1
        sources: [{name: raw, schema: raw, tables: [{name: t}]}]
        features:
          - {name: a, id_columns: [id], tags: [ground], fields: [{name: f, columns: [x]}]}
          - {name: b, id_columns: [id], deps: [a], fields: [{name: g}]}
          - {name: c, id_columns: [id], deps: [b], columns: [{name: y, type: int}]}
        """,
    )
    made.write("models/a.sql", "select id, x from {{ source('raw', 't') }}")
    made.write("models/b.sql", "select id, x * {{ var('factor', 10) }} as z from {{ ref('a') }}")
    made.fill("t", TYPES, [(1, 5), (2, 6)])
    return made


def test_variables_of_the_command_line(place):
    """They go before the default."""
    place.run("--vars", "{factor: 100}")
    assert place.values("SELECT id, z FROM b ORDER BY id") == [(1, 500), (2, 600)]


def test_hooks_see_their_relation(place):
    """A hook is rendered when it is due, and `this` is the feature's public relation."""
    place.edit(
        "models/features.yml",
        "{name: b, id_columns: [id],",
        "{name: b, id_columns: [id], post_hook: [\"create table hooked as select '{{ this }}' as what\"],",
    )
    place.run()
    assert place.values("SELECT what FROM hooked") == [("main.b",)]


def test_run_query_reads_the_warehouse_at_run_time_alone(place):
    """Compiling renders without it; a run renders with its rows."""
    place.run()
    place.write(
        "models/d.sql",
        """
        {{ config(id_columns=['id']) }}
        {% set rows = [] %}
        {% if execute %}{% set rows = run_query("select id from " ~ ref('a')) %}{% endif %}
        select id, {{ rows | length }} as n from {{ ref('a') }}
        """,
    )
    place.cli("compile")
    place.run()
    assert place.values("SELECT DISTINCT n FROM d") == [(2,)]


def test_a_body_for_one_engine_goes_before_the_common_one(place):
    """`b.duckdb.sql` replaces `b.sql` on DuckDB."""
    place.write("models/b.duckdb.sql", "select id, x + 1 as z from {{ ref('a') }}")
    place.run()
    assert place.values("SELECT z FROM b ORDER BY id") == [(6,), (7,)]


def test_another_hash_makes_every_sample_stale(place):
    """Versions of both hashes are 32 characters wide, and none is equal to one of the other."""
    place.run()
    before = place.values("SELECT metasql_provenance__g FROM b ORDER BY id")
    project = (place.folder / "dbt_project_style.yml").read_text(encoding="utf-8")
    place.write("dbt_project_style.yml", project + "\nhash: sha256\n")
    assert "2 stale" in place.run().err
    after = place.values("SELECT metasql_provenance__g FROM b ORDER BY id")
    assert {len(value) for (value,) in after} == {32}
    assert not {*before} & {*after}
    assert "stale" not in place.run().err


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        ("a", "a"),
        ("a+", "a b c"),
        ("+c", "a b c"),
        ("1+c", "b c"),
        ("@a", "a b c"),
        ("tag:ground", "a"),
        ("kind:external", "c"),
        ("kind:sql,b+", "b"),
        ("field:a.f+", "a b c"),
        ("increment:new", "c"),
        ("source:raw.t+", "a b c"),
        ("path:models/b.sql a", "a"),
    ],
)
def test_selection(words, chosen, place):
    """Each word of a selection means the features that it says."""
    place.run()
    out = place.cli("ls", "--select", words).out
    assert [line.split()[0] for line in out.splitlines() if not line.startswith("source:")] == chosen.split()


# Hooks, variables, macros


def project(place, text):
    """Add words to the project file."""
    path = place.folder / "dbt_project_style.yml"
    path.write_text(path.read_text(encoding="utf-8") + text + "\n", encoding="utf-8")


def profile(place, **targets):
    """Write the targets: each is the engine's own with the words given."""
    outputs = {name: {**place.engine.target(place.folder), **words} for name, words in targets.items()}
    place.write("profiles.yml", json.dumps({"case": {"target": next(iter(outputs)), "outputs": outputs}}))


def test_hooks_of_a_run_and_of_a_feature_in_their_order(place):
    """Start, before, after, end: each with Jinja, macros, variables; each run of them anew."""
    place.write("macros/say.sql", "{% macro say(what) %}insert into said values ('{{ what }}'){% endmacro %}")
    place.write("macros/log.sql", "{% macro begin() %}create or replace table said (what text){% endmacro %}")
    hooks = {"on-run-start": ["{{ begin() }}", "{{ say('start ' ~ var('who')) }}"], "on-run-end": ["{{ say('end') }}"]}
    project(place, "\n".join(f"{name}: {json.dumps(words)}" for name, words in hooks.items()))
    count = "insert into said select 'after ' || count(*) || ' in {{ this }}' from {{ this }}"
    place.edit(
        "models/features.yml",
        "{name: b, id_columns: [id],",
        f'{{name: b, id_columns: [id], pre_hook: ["{{{{ say(\'before\') }}}}"], post_hook: ["{count}"],',
    )
    for who in ("one", "two"):
        place.run("--vars", f"{{who: {who}}}")
        assert place.values("SELECT what FROM said") == [
            (f"start {who}",),
            ("before",),
            ("after 2 in main.b",),
            ("end",),
        ]
    place.run("--vars", "{who: three}", "--select", "a")
    assert place.values("SELECT what FROM said") == [("start three",), ("end",)]


def test_a_hook_that_the_engine_refuses(place):
    """A hook of the run is told at its line; when it is mended the run goes on."""
    project(place, 'on-run-start: ["select * from nowhere_at_all"]')
    result = place.run(code=3)
    assert "MS0611" in result.err
    assert "dbt_project_style.yml" in result.err
    place.edit("dbt_project_style.yml", "select * from nowhere_at_all", "select 1")
    place.run()
    assert place.listed("b") == {}


def test_a_failing_hook_of_a_feature(place):
    """The feature fails as a whole: none of its rows stays."""
    place.edit(
        "models/features.yml",
        "{name: b, id_columns: [id],",
        "{name: b, id_columns: [id], post_hook: [\"select error('no')\"],",
    )
    assert "MS0610" in place.run(code=3).err
    assert "b" not in place.relations() or place.values("SELECT * FROM b") == []
    place.edit("models/features.yml", "select error('no')", "select 1")
    place.run()
    assert place.values("SELECT id, z FROM b ORDER BY id") == [(1, 50), (2, 60)]


def test_variables_are_of_the_version(place):
    """Another value of a variable is another body: samples are stale, as are those of `env_var`."""
    project(place, "vars: {factor: 2}")
    place.run()
    assert place.values("SELECT z FROM b ORDER BY id") == [(10,), (12,)]
    assert "2 stale" in place.run("--vars", "{factor: 3}").err
    assert place.values("SELECT z FROM b ORDER BY id") == [(15,), (18,)]
    assert "stale" not in place.run("--vars", "factor: 3").err
    place.cli("run", "--vars", "[factor", code=2)


def test_variables_of_the_environment(place, monkeypatch):
    """In a body and in a profile, with and without a default; a missing one is named."""
    place.write("models/b.sql", "select id, x + {{ env_var('METASQL_TEST_PLUS', '1') | int }} as z from {{ ref('a') }}")
    profile(place, dev={"schema": "{{ env_var('METASQL_TEST_SCHEMA') }}"})
    monkeypatch.delenv("METASQL_TEST_SCHEMA", raising=False)
    told = place.run(code=1).err
    assert "METASQL_TEST_SCHEMA" in told
    assert "profiles.yml:1" in told
    monkeypatch.setenv("METASQL_TEST_SCHEMA", "elsewhere")
    place.run()
    assert place.values("SELECT z FROM elsewhere.b ORDER BY id") == [(6,), (7,)]
    monkeypatch.setenv("METASQL_TEST_PLUS", "100")
    place.run()
    assert place.values("SELECT z FROM elsewhere.b ORDER BY id") == [(105,), (106,)]


def test_macros_by_engine(place):
    """`adapter.dispatch` takes the engine's macro, else the default one; without either it is an error."""
    place.write(
        "macros/all.sql",
        """
        {% macro plus(x) %}{{ adapter.dispatch('plus')(x) }}{% endmacro %}
        {% macro default__plus(x) %}{{ x }} + 1{% endmacro %}
        {% macro clickhouse__plus(x) %}broken({{ x }}{% endmacro %}
        """,
    )
    place.write("models/b.sql", "select id, {{ plus('x') }} as z from {{ ref('a') }}")
    place.run()
    assert place.values("SELECT z FROM b ORDER BY id") == [(6,), (7,)]
    place.write("macros/duck.sql", "{% macro duckdb__plus(x) %}{{ x }} + 2{% endmacro %}")
    place.run()
    assert place.values("SELECT z FROM b ORDER BY id") == [(7,), (8,)]
    place.edit("macros/all.sql", "dispatch('plus')", "dispatch('minus')")
    assert "MS0224" in place.run(code=1).err


def test_targets(place, monkeypatch):
    """The option goes before the environment, which goes before the profile; each has samples of its own."""
    profile(place, dev={}, second={"schema": "second"}, third={"schema": "third"})
    place.run("--target", "second")
    monkeypatch.setenv("METASQL_TARGET", "third")
    place.run()
    place.run("--target", "second")
    schemas = "SELECT DISTINCT schema_name FROM duckdb_views() WHERE NOT internal AND view_name = 'b' ORDER BY 1"
    assert place.values(schemas) == [("second",), ("third",)]
    monkeypatch.delenv("METASQL_TARGET")
    place.run()
    assert place.values(schemas) == [("main",), ("second",), ("third",)]
    assert "MS0112" in place.run("--target", "secnod", code=1).err


# Selection, seeds, other files


def test_selection_by_results_and_by_name(place):
    """`result:` is of the last run; a selector of `selectors.yml` takes unions, intersections and exclusions."""
    place.write("models/b.sql", "select id, error('no') as z from {{ ref('a') }}")
    place.run(code=3)

    def chosen(*words):
        return [line.split()[0] for line in place.cli("ls", "--resource-type", "feature", *words).out.splitlines()]

    assert chosen("-s", "result:error") == ["b"]
    assert chosen("-s", "result:ok") == ["a"]
    assert chosen("-s", "result:skipped") == ["c"]
    place.write("models/b.sql", "select id, x as z from {{ ref('a') }}")
    place.run("-s", "result:error+")
    assert place.values("SELECT z FROM b ORDER BY id") == [(5,), (6,)]
    place.write(
        "selectors.yml",
        """
        selectors:
          - {name: ends, definition: {union: ["tag:ground", {method: kind, value: external}]}}
          - {name: late, definition: {intersection: ["a+", "kind:*l", {exclude: [c]}]}}
          - {name: most, definition: {union: [{method: fqn, value: b, parents: true}, {exclude: ["source:*"]}]}}
        """,
    )
    place.edit("selectors.yml", '"kind:*l"', '"kind:sql c"')
    assert chosen("--selector", "ends") == ["a", "c"]
    assert chosen("--selector", "late") == ["b"]
    assert chosen("--selector", "most") == ["a", "b"]
    assert "MS0353" in place.cli("ls", "--selector", "lat", code=1).err


def test_seeds_with_odd_values(place):
    """Quotes, commas and line ends within values; `""` is an empty text and nothing is NULL; types as declared."""
    (place.folder / "seeds").mkdir()
    text = 'id,code,day,note\n1,007,2024-02-29,"a ""b"", c"\n2,,,""\n3,"x\ny",1999-12-31,\n4,NULL,,ünï 雪\n'
    (place.folder / "seeds/odd.csv").write_text("\ufeff" + text, encoding="utf-8")
    place.write("seeds/odd.yml", "seeds: [{name: odd, columns: [{name: code, type: text}, {name: note, type: text}]}]")
    place.write("models/s.sql", "{{ config(id_columns=['id']) }} select id, code, day, note from {{ ref('odd') }}")
    place.cli("build")
    assert place.values("SELECT id, code, day::text, note FROM s ORDER BY id") == [
        (1, "007", "2024-02-29", 'a "b", c'),
        (2, None, None, ""),
        (3, "x\ny", "1999-12-31", None),
        (4, "NULL", None, "ünï 雪"),
    ]
    (place.folder / "seeds/odd.csv").write_text(text.replace('2,,,""', "2,,,"), encoding="utf-8")
    assert "1 stale" in place.cli("build").err
    assert place.values("SELECT note FROM s WHERE id = 2") == [(None,)]


def test_a_source_in_another_file(place, tmp_path):
    """An attached file is read by its alias, and is not written to."""
    other = tmp_path / "other.duckdb"
    with duckdb.connect(str(other)) as connection:
        connection.execute("CREATE SCHEMA far; CREATE TABLE far.t AS SELECT 7::bigint AS id, 70::bigint AS x")
    profile(place, dev={"attach": [{"path": "other.duckdb", "alias": "beside", "read_only": True}]})
    place.edit("models/features.yml", "{name: raw, schema: raw,", "{name: raw, schema: far, database: beside,")
    before = other.read_bytes()
    place.run()
    assert place.values("SELECT id, z FROM b") == [(7, 700)]
    assert [row["id"] for row in place.increment("c")] == [7]
    assert other.read_bytes() == before
