"""Words of the project around its features: hooks, variables, run_query, engine bodies, hashes, selection."""

from __future__ import annotations

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
        {{ config(id_columns=['id'], fields=[{'name': 'count', 'code_version': '1'}]) }}
        {% set rows = [] %}
        {% if execute %}{% set rows = run_query("select id from " ~ ref('a')) %}{% endif %}
        select id, {{ rows | length }} as n from {{ ref('a') }}
        """,
    )
    place.cli("compile")
    place.run()
    assert place.values("SELECT DISTINCT n FROM d") == [(2,)]


def test_a_body_for_one_engine_goes_before_the_common_one(place):
    """`b.duckdb.sql` replaces `b.sql` on DuckDB, and `b.clickhouse.sql` on ClickHouse."""
    for engine, added in (("duckdb", 1), ("clickhouse", 2)):
        place.write(f"models/b.{engine}.sql", f"select id, x + {added} as z from {{{{ ref('a') }}}}")
    place.run()
    assert (
        place.values("SELECT z FROM b ORDER BY id") == {"duckdb": [(6,), (7,)], "clickhouse": [(7,), (8,)]}[place.type]
    )


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
