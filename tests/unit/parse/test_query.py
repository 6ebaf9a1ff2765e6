"""From rendered text to trees, and the place of every mistake."""

from __future__ import annotations

import logging

import pytest
from sqlglot import exp

from metasql.diagnostics import Bag
from metasql.parse import query
from metasql.source import Source
from tests.unit.parse.reading import body, complaint, complaints, settings, shown, templates, word


@pytest.mark.parametrize(
    ("text", "code", "place", "part"),
    [
        ("", "MS0232", "1:1", ""),
        ("-- to be written\n", "MS0232", "1:1", ""),
        ("{# nothing #}\n;\n", "MS0232", "1:1", "{# nothing #}"),
        ("select 1 as a;\nselect 2 as a", "MS0233", "2:1", "select"),
        ("select 1 as a; drop table x", "MS0233", "1:16", "drop"),
        ("\n  drop table x", "MS0234", "2:3", "drop"),
        ("insert into x select 1 as a", "MS0234", "1:1", "insert"),
        ("values (1)", "MS0234", "1:1", "values"),
        ("create table x as select 1 as a", "MS0234", "1:1", "create"),
        ("with a as (select 1 as b)\ninsert into x select b from a", "MS0234", "2:1", "insert"),
        ("select * into x from range(3)", "MS0234", "1:10", "into"),
        ("select from range(3)", "MS0230", "1:1", "select"),
        ("select a b c from range(3)", "MS0230", "1:12", "c"),
        ("select a\nfrom range(3))", "MS0230", "2:14", ")"),
        ("select (1 as a\nfrom range(3)", "MS0230", "2:1", "from"),
        ("select a from", "MS0230", "1:10", "from"),
        ("select a from range(3) where", "MS0230", "1:24", "where"),
        ("select 'é', ü as ö ä from range(3)", "MS0230", "1:20", "ä"),
        ("select\r\n  a b c\r\nfrom range(3)", "MS0230", "2:7", "c"),
        ("select 'it''s' as a,\n 'abc as b from range(3)", "MS0230", "2:2", "'"),
        ('select "a as b', "MS0230", "1:8", '"'),
        ("select 1 as a -- don't\n /* never closed", "MS0230", "2:2", "/*"),
    ],
)
def test_a_body_is_one_select(text, code, place, part):
    """Anything else is shown at its word."""
    assert shown(complaint(text)) == (code, f"models/a.sql:{place}", part)


@pytest.mark.parametrize(
    "text",
    [
        "select 1 as a",
        "select 1 as a;\n-- the end\n",
        "with a as (select 1 as b) select b from a",
        "(select 1 as a)",
        "select 1 as a union all select 2",
        "from range(3) select range as n",
        "/* first */ select 1 as a",
        "with recursive r as (select 1 as n union all select n + 1 from r where n < 5) select n from r",
    ],
)
def test_what_a_body_may_be(text):
    """One query, with or without its semicolon."""
    assert isinstance(body(text).body.tree, exp.Query)


def test_a_mistake_in_a_rendered_line_is_noted_as_it_reads():
    """The place is the template's; the note shows what was parsed."""
    found = complaint("select a\nfrom {{ ref('b') }} where a.id = b.id idd")
    assert shown(found) == ("MS0230", "models/a.sql:2:39", "idd")
    assert found.notes == ("the line reads, rendered: from __metasql_ref_0 where a.id = b.id idd",)
    assert complaint("select a b c").notes == ()


def test_a_mistake_in_a_macros_text_is_shown_at_the_call():
    """With the line as it was rendered."""
    found = complaint("select\n  {{ m() }}\nfrom range(3)", "{% macro m() %}\n a b\n c d e{% endmacro %}")
    assert (found.code, str(found.primary.span)) == ("MS0230", "models/a.sql:2:3")
    assert found.notes == ("the line reads, rendered: c d e",)


def test_the_same_word_twice_in_a_line_is_told_apart():
    """By what stands before and after it."""
    first = complaints("select v.a, v.b + 1 from {{ ref('v') }} v")[0]
    assert str(first.primary.span) == "models/a.sql:1:13"


def test_nothing_is_logged_by_the_parser(caplog):
    """A diagnostic is all that is said."""
    with caplog.at_level(logging.DEBUG):
        complaints("alter something strange")
        complaints("select a b c")
    assert not caplog.records


@pytest.mark.parametrize(
    ("before", "after"),
    [("(", ")"), ("abs(", ")"), ("[", "]"), ("case when true then ", " end"), ("not ", ""), ("- ", ""), ("", "::int")],
)
@pytest.mark.parametrize("times", [101, 5000])
def test_deep_nesting_is_an_error(before: str, after: str, times: int):
    """Rather than a traceback, or the end of the interpreter."""
    found = complaint(f"select {before * times}1{after * times} as a")
    assert found.code == "MS0230"
    assert "nested more than 100 deep" in found.message


def test_a_chain_of_unions_is_bounded():
    """Each makes the tree one deeper."""
    one = "select a from {{ ref('b') }}"
    assert body(" union all ".join([one] * 301)).body is not None
    assert "more than 300 queries together" in complaint(" union all ".join([one] * 302)).message


def test_long_texts_are_not_deep():
    """Many signs and brackets beside each other."""
    text = (
        "select " + " + ".join(f"(- x::int::text::int) + case when not a then [{n}] end" for n in range(2000)) + " as a"
    )
    assert body(text + " from {{ ref('b') }}").body is not None


def test_a_body_for_an_engine_is_in_its_dialect():
    """`name.clickhouse.sql` is written in ClickHouse's words."""
    read = body("select x as a from {{ ref('b') }} final", engine="clickhouse")
    assert read.body.engine == "clickhouse"
    assert read.body.tree.find(exp.Final) is not None


def test_tables_past_ref_and_source_are_warned_about():
    """Neither parts of WITH nor table functions nor the feature itself."""
    text = """with c as (select 1 as a)
select c.a
from c, {{ ref('b') }}, {{ this }}, range(3), read_csv('x.csv'), unnest([1]) as u, (select 1 as z) as s,
  raw.videos, videos, 'x.parquet'"""
    found = complaints(text)
    assert {item.code for item in found} == {"MS0321"}
    assert sorted(item.primary.span.text for item in found) == ["'x.parquet'", "raw", "videos"]


def test_names_of_nodes_lead_to_their_places():
    """What later stages point with."""
    read = body("select\n  v.path as p\nfrom {{ ref('a') }} v").body
    column = read.tree.find(exp.Column)
    alias = read.tree.selects[0].args["alias"]
    assert column is not None
    assert (str(query.span_of_node(read, column)), query.span_of_node(read, column).text) == (
        "models/a.sql:2:3",
        "v.path",
    )
    assert str(query.span_of_node(read, alias)) == "models/a.sql:2:13"


def assertion(text, **fields):
    bag = Bag()
    source = Source("tests/assertions/t.sql", text)
    read = query.read_assertion(source, templates=templates(), settings=settings(), bag=bag, name="t", **fields)
    return read, bag.sorted()


def test_an_assertion_takes_its_configuration():
    """What the file says wins."""
    text = "{{ config(severity='WARN', limit=5, tags='x', store_failures=true) }}\nselect a from {{ ref('b') }}"
    read, found = assertion(text, severity="error", limit=1)
    assert not found
    assert (read.name, read.path, read.severity, read.limit) == ("t", "tests/assertions/t.sql", "warn", 5)
    assert (read.tags, read.store_failures) == (("x",), True)
    assert [ref.name for ref in read.refs] == ["b"]


def test_an_assertion_that_is_disabled_is_none():
    """Without a word."""
    assert assertion("{{ config(enabled=false) }}select 1") == (None, [])


def test_a_wrong_configuration_of_an_assertion():
    """All of it at once."""
    read, found = assertion("{{ config(severty='warn', limit='5', warn_if='many') }}select 1")
    assert read is None
    assert [item.primary.span.text for item in found] == ["severty", "limit", "warn_if"]
    assert {item.code for item in found} == {"MS0323"}
    assert found[0].help == "did you mean `severity`?"


def test_an_assertion_is_one_select():
    """As a body is."""
    _, found = assertion("delete from x")
    assert (found[0].code, found[0].message) == (
        "MS0234",
        "an assertion is one SELECT, and this begins with `delete`",
    )


@pytest.mark.parametrize("text", ["a > 1", "count(*)", "list(x order by y)", "a is null or b ~ 'x'", "a = 1 -- b"])
def test_expressions(text):
    """Scalar and aggregate ones."""
    bag = Bag()
    assert query.parse_expression(word(text), "duckdb", bag) is not None
    assert not list(bag)


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("a >", "MS0230", ">"),
        ("a b", "MS0230", "b"),
        ("a as b", "MS0230", "as"),
        ("a, b", "MS0230", ","),
        ("select 1", "MS0230", "select"),
        ("drop table x", "MS0230", "drop"),
        ("a; b", "MS0237", ";"),
        ("*", "MS0237", "*"),
        ("'abc", "MS0230", "'"),
        ("a in (select b from c)", "MS0238", "select"),
        ("exists (select 1)", "MS0238", "select"),
        ("(select 1)", "MS0238", "select"),
    ],
)
def test_what_is_no_expression(text, code, part):
    """Shown at its word in the YAML file."""
    bag = Bag()
    assert query.parse_expression(word(text), "duckdb", bag) is None
    (found,) = bag
    assert (found.code, found.primary.span.text, found.primary.span.source.path) == (code, part, "models/a.yml")


def test_an_empty_expression():
    """It is asked for."""
    bag = Bag()
    assert query.parse_expression(word(""), "duckdb", bag) is None
    assert [item.code for item in bag] == ["MS0237"]


@pytest.mark.parametrize("text", ["text", "decimal(10, 2)", "int[]", "struct(a int)", "timestamp with time zone"])
def test_types(text):
    """In the words of the dialect."""
    bag = Bag()
    assert isinstance(query.parse_type(word(text), "duckdb", bag), exp.DataType)
    assert not list(bag)


@pytest.mark.parametrize("text", ["strng", "text text", "1", "int; int", "'text'"])
def test_what_is_no_type(text):
    """One designed error."""
    bag = Bag()
    assert query.parse_type(word(text), "duckdb", bag) is None
    assert [(item.code, item.primary.span.text) for item in bag] == [("MS0239", text)]
