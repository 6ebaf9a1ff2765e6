"""`metasql run-operation`: a macro called by itself."""

from __future__ import annotations

import pytest

from tests.scenarios.support import Place

TYPES = {"id": "bigint", "x": "bigint"}


@pytest.fixture
def place(tmp_path, engine):
    """A root over a source that has run, and a file of macros."""
    made = Place(tmp_path, engine)
    made.write("models/sources.yml", "version: 1\nsources: [{name: raw, schema: raw, tables: [{name: t}]}]\n")
    made.write("models/a.sql", "{{ config(id_columns=['id']) }}\nselect id, x from {{ source('raw', 't') }}\n")
    made.write(
        "macros/operations.sql",
        """
        {% macro keep(name, least=0) %}
        -- a comment; not a statement
        create table main.{{ name }}_a as select 'a;b' as what;
        create table main.{{ name }}_b as select id from {{ ref('a') }} where x >= {{ least }};
        {% endmacro %}
        {% macro counted() %}
        {% set rows = run_query("select count(*) from " ~ ref('a')) %}
        create table main.counted as select {{ rows[0][0] }} as n
        {% endmacro %}
        {% macro quiet() %}{% do log('nothing to do') %}{% endmacro %}
        """,
    )
    if made.type == "clickhouse":
        text = (made.folder / "macros/operations.sql").read_text(encoding="utf-8")
        made.write(
            "macros/operations.sql", text.replace(" as select", " engine = MergeTree order by tuple() as select")
        )
    made.fill("t", TYPES, [(1, 5), (2, 6)])
    made.run()
    return made


def test_each_statement_of_a_macro_is_executed(place):
    """With the arguments of `--args`; `ref` is the relation, and a `;` in a text ends nothing."""
    result = place.cli("run-operation", "keep", "--args", "{name: k, least: 6}")
    assert "keep: 2 statements" in result.err
    assert place.values("SELECT what FROM k_a") == [("a;b",)]
    assert place.values("SELECT id FROM k_b") == [(2,)]


def test_a_macro_asks_the_warehouse(place):
    """`run_query` works, as an operation is always run."""
    place.cli("run-operation", "counted")
    assert place.values("SELECT n FROM counted") == [(2,)]


def test_a_macro_that_gives_nothing(place):
    """There is nothing to execute."""
    assert "quiet: 0 statements" in place.cli("run-operation", "quiet").err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["kepe"], "MS0354", "did you mean `keep`?"),
        (["keep", "--args", "[1]"], "MS0150", "`--args` is no mapping"),
        (["keep", "--args", "{nmae: 1}"], "MS02", "nmae"),
    ],
)
def test_what_cannot_be_called(words, code, said, place):
    """An unknown macro, arguments that are no mapping, an argument that the macro does not take."""
    result = place.cli("run-operation", *words, code=1)
    assert code in result.err
    assert said in result.err
