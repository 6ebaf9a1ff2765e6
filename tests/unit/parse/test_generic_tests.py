"""Generic tests made concrete, and run on DuckDB: no rows where the data is right."""

from __future__ import annotations

import duckdb
import pytest

from metasql.diagnostics import Bag
from metasql.parse import query
from metasql.parse.declarations import TestDecl
from tests.unit.parse.reading import settings, templates, word

AT_LEAST = """{% test at_least(model, column_name, least=1) %}
select {{ column_name }}
from {{ model }} as m
where {{ column_name }} < {{ least }}
{% endtest %}"""


def expand(name, *macros, column="path", where=None, **arguments):
    test = TestDecl(word(name), word(column) if column else None, arguments, where=word(where) if where else None)
    bag = Bag()
    made = templates(*macros)
    return query.expand_test(test, "video/full", templates=made, settings=settings(), bag=bag), bag.sorted()


def failures(name, *macros, **arguments):
    """The rows that a test finds in a small table."""
    made, found = expand(name, *macros, **arguments)
    assert not found
    with duckdb.connect() as connection:
        connection.execute('create table __metasql_ref_0(path text, n int, "order" int)')
        connection.execute(
            "insert into __metasql_ref_0 values ('a', 1, 1), ('a', 2, 2), (null, 3, 9), ('it''s', 4, null)"
        )
        connection.execute("create table __metasql_ref_1(id text)")
        connection.execute("insert into __metasql_ref_1 values ('a'), (null)")
        return connection.execute(made.tree.sql("duckdb")).fetchall()


def test_not_null():
    """The rows themselves."""
    assert failures("not_null") == [(None, 3, 9)]
    assert failures("not_null", column="n") == []


def test_a_column_may_be_called_as_a_keyword():
    """The test puts quotes around it."""
    assert failures("not_null", column="order") == [("it's", 4, None)]


def test_unique():
    """NULL is no value, so it is not there twice."""
    assert failures("unique") == [("a", 2)]
    assert failures("unique", where="n > 1 -- the first does not count") == []


def test_accepted_values():
    """Texts with quotes in them, and numbers; a NULL among the values accepts nothing more."""
    assert failures("accepted_values", values=["a", "it's"]) == []
    assert failures("accepted_values", values=["a", None]) == [("it's", 1)]
    assert failures("accepted_values", column="n", values=[1, 2, 3]) == [(4, 1)]
    assert failures("accepted_values", column="n", values=["1 + 1", "1", "3", "4"], quote=False) == []


def test_relationships():
    """NULL belongs to nobody, on both sides."""
    assert failures("relationships", to="video/crop", field="id") == [("it's",)]
    assert failures("relationships", to="ref('video/crop')", field="id") == [("it's",)]


def test_relationships_to_a_source():
    """As one may write it."""
    made, found = expand("relationships", to=word("source('raw', 'videos')"), field="id")
    assert not found
    assert [(ref.kind, ref.name, ref.table) for ref in made.refs] == [
        ("ref", "video/full", None),
        ("source", "raw", "videos"),
    ]


def test_a_test_of_the_project():
    """Arguments by name, defaults from the macro, and `model` with an alias of its own."""
    assert failures("at_least", AT_LEAST, column="n", least=3) == [(1,), (2,)]
    assert failures("at_least", AT_LEAST, column="n") == []
    assert failures("at_least", AT_LEAST, column="n", least=3, where="path is null") == []
    assert failures("at_least", AT_LEAST, column="n", least=word("{{ var('crop_px') - 510 }}")) == [(1,)]


def test_a_project_may_replace_a_test():
    """Its own `not_null` wins."""
    made, _ = expand("not_null", "{% test not_null(model, column_name) %}select 1 as own from {{ model }}{% endtest %}")
    assert "own" in made.text


def test_what_an_assertion_knows_of_its_test():
    """Where it was declared, and how it is judged."""
    made, _ = expand("not_null")
    assert (made.name, made.feature, made.column, made.path) == (
        "not_null__video__full__path",
        "video/full",
        "path",
        "models/a.yml",
    )
    assert str(made.lines.span(0, 1)).startswith("models/a.yml:1")


def test_names_differ_where_tests_do():
    """By a digest of what they were given."""
    names = {
        expand("accepted_values", values=["a"])[0].name,
        expand("accepted_values", values=["b"])[0].name,
        expand("unique")[0].name,
        expand("unique", where="n > 1")[0].name,
        expand("unique", column="n")[0].name,
    }
    assert len(names) == 5
    assert "unique__video__full__path" in names
    assert expand("accepted_values", values=["a"])[0].name == expand("accepted_values", values=["a"])[0].name


@pytest.mark.parametrize(
    ("name", "arguments", "code", "part"),
    [
        ("not_nul", {}, "MS0241", "not_nul"),
        ("accepted_values", {}, "MS0240", "accepted_values"),
        ("accepted_values", {"values": "a"}, "MS0240", "accepted_values"),
        ("accepted_values", {"values": [None]}, "MS0240", "accepted_values"),
        ("relationships", {"to": "a", "field": "b", "feild": "c"}, "MS0240", "relationships"),
        ("not_null", {"column": None}, "MS0240", "not_null"),
        ("unique", {"where": "a in (select 1)"}, "MS0238", "select"),
        ("at_least", {"least": word("{{ var('x') }}")}, "MS0219", "x"),
        ("at_least", {"least": "1 2"}, "MS0230", "where {{ column_name }} < {{ least }}"),
    ],
)
def test_tests_declared_wrongly(name, arguments, code, part):
    """Shown where the test is declared, or in its body where its arguments make no SQL of it."""
    made, (found,) = expand(name, AT_LEAST, **arguments)
    assert made is None
    assert (found.code, found.primary.span.text) == (code, part)


def test_a_mistake_in_a_tests_body_shows_both_places():
    """The macro's line, and who asked for the test."""
    made, (found,) = expand("bad", "{% test bad(model) %}\nselect 1\nform {{ model }}\n{% endtest %}", column=None)
    assert made is None
    assert (found.code, found.primary.span.line, found.primary.span.source.path) == ("MS0230", 3, "macros/1.sql")
    assert [(str(label.span), label.message) for label in found.secondary] == [("models/a.yml:1:9", "asked for here")]


def test_a_generic_test_cannot_configure_itself():
    """Its severity stands where it is declared."""
    _, (found,) = expand("bad", "{% test bad(model) %}{{ config(severity='warn') }}select 1{% endtest %}", column=None)
    assert (found.code, found.primary.span.text) == ("MS0323", "config")
