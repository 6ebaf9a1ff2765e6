"""What a dbt user expects to find: hooks around a run, tests with their words, dispatched macros."""

from __future__ import annotations

import pytest

from tests.scenarios.support import Place

TYPES = {"id": "bigint", "x": "bigint"}


@pytest.fixture
def place(tmp_path, engine):
    """A root over a source with three rows, of which two are negative."""
    made = Place(tmp_path, engine)
    made.write("models/sources.yml", "version: 1\nsources: [{name: raw, schema: raw, tables: [{name: t}]}]\n")
    made.write("models/a.sql", "{{ config(id_columns=['id']) }}\nselect id, x from {{ source('raw', 't') }}\n")
    made.write(
        "macros/tests.sql",
        """
        {% test at_least(model, column_name, least=0) %}
        select id, {{ column_name }} from {{ model }} where {{ column_name }} < {{ least }}
        {% endtest %}
        """,
    )
    made.fill("t", TYPES, [(1, -5), (2, -6), (3, 7)])
    return made


def declare_test(place, config):
    """The custom test on `x`, with words of `config`."""
    place.write(
        "models/a.yml",
        f"""
        version: 1
        features:
          - name: a
            columns: [{{name: x, tests: [{{at_least: {{least: 0, config: {config}}}}}]}}]
        """,
    )


@pytest.mark.parametrize(
    ("config", "code", "said"),
    [
        ("{}", 3, "found 2 rows"),
        ("{severity: warn}", 0, "found 2 rows"),
        ("{where: 'id > 1'}", 3, "found 1 row"),
        ("{where: 'id > 2'}", 0, None),
        ("{limit: 1}", 3, "found 1 row"),
        ("{error_if: '> 2', warn_if: '> 1'}", 0, "warning[MS0701]"),
        ("{error_if: '> 1', warn_if: '> 0'}", 3, "error[MS0701]"),
        ("{error_if: '> 5', warn_if: '> 5'}", 0, None),
    ],
)
def test_a_custom_test_with_its_words(config, code, said, place):
    """Severity, where, limit and the conditions decide what is a failure and what a warning."""
    declare_test(place, config)
    place.run()
    result = place.cli("test", code=code)
    assert (said in result.err) if said else ("MS0701" not in result.err)


def test_failures_are_stored(place):
    """In a table of the assertion's name, which the next time is replaced."""
    declare_test(place, "{store_failures: true}")
    place.run()
    for _ in range(2):
        place.cli("test", code=3)
    name = place.values("SELECT node FROM metasql_run_results WHERE kind = 'assertion' LIMIT 1")[0][0]
    table = f"metasql_failures__{name.removeprefix('assertion:')}"
    assert place.values(f"SELECT id, x FROM {table} ORDER BY id") == [(1, -5), (2, -6)]


def test_a_singular_assertion_with_a_variable(place):
    """`config(...)` at its head, `var` of the command line in its text."""
    place.write(
        "tests/assertions/small.sql",
        "{{ config(severity='warn') }}\nselect id from {{ ref('a') }} where x > {{ var('most', 100) }}",
    )
    place.run()
    assert "MS0701" not in place.cli("test").err
    assert "warning[MS0701]" in place.cli("test", "--vars", "{most: 1}").err


def test_hooks_around_a_run_and_around_a_feature(place):
    """In their order: on-run-start, pre_hook, post_hook, on-run-end; each may call a macro."""
    engine = " engine = MergeTree order by tuple()" if place.type == "clickhouse" else ""
    place.write(
        "macros/told.sql",
        "{% macro told(what) %}insert into main.told select '{{ what }}', count(*) from main.told{% endmacro %}",
    )
    start = f"create table main.told (what text, place bigint){engine}".replace("text", "varchar")
    project = (place.folder / "dbt_project_style.yml").read_text(encoding="utf-8")
    hooks = f'on-run-start: ["{start}", "{{{{ told(\'start\') }}}}"]\non-run-end: ["{{{{ told(\'end\') }}}}"]\n'
    place.write("dbt_project_style.yml", project + hooks)
    place.write(
        "models/a.yml",
        """
        version: 1
        features: [{name: a, pre_hook: ["{{ told('pre') }}"], post_hook: ["{{ told('post') }}"]}]
        """,
    )
    place.run()
    assert place.values("SELECT what FROM told ORDER BY place") == [("start",), ("pre",), ("post",), ("end",)]


def test_a_dispatched_macro(place):
    """`adapter.dispatch` takes the macro of the target's engine, else the default one."""
    place.write(
        "macros/which.sql",
        """
        {% macro which() %}{{ adapter.dispatch('which')() }}{% endmacro %}
        {% macro default__which() %}'neither'{% endmacro %}
        {% macro duckdb__which() %}'the one of duckdb'{% endmacro %}
        {% macro clickhouse__which() %}'the one of clickhouse'{% endmacro %}
        """,
    )
    place.edit("models/a.sql", "select id, x", "select id, x, {{ which() }} as which")
    place.run()
    assert place.values("SELECT DISTINCT which FROM a") == [(f"the one of {place.type}",)]
