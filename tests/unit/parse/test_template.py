"""Rendering, and the way back from every line of the result."""

from __future__ import annotations

import pytest

from metasql.diagnostics import Bag
from metasql.parse.sites import Returned
from metasql.parse.template import Templates
from metasql.source import Source
from tests.unit.parse.reading import mistake, numbered, render, templates, word

COLUMNS = """{% macro columns(alias) %}
  {{ alias }}.a,
  {{ alias }}.b
{% endmacro %}"""


def test_plain_text_is_its_own_map():
    """A file without Jinja is neither compiled nor changed."""
    lines = render("select 1\n\nfrom x\n")
    assert lines.rendered == "select 1\n\nfrom x\n"
    assert lines.lines == (1, 2, 3, 4)


def test_a_macro_of_several_lines_maps_to_its_call():
    """The author looks for the mistake where the macro is called."""
    assert numbered(render("select\n{{ columns('v') }}\nfrom x", COLUMNS)) == [
        (1, "select"),
        (2, "v.a,"),
        (2, "v.b"),
        (3, "from x"),
    ]


def test_loops_map_each_round_to_the_lines_of_the_loop():
    """A line of a loop's body is one line of the template, however often it is put out."""
    text = "select\n{% for n in [1, 2] %}\n  c{{ n }},\n  d{{ n }},\n{% endfor %}\n  z"
    assert numbered(render(text)) == [(1, "select"), (3, "c1,"), (4, "d1,"), (3, "c2,"), (4, "d2,"), (6, "z")]


def test_whitespace_control_does_not_shift_lines():
    """Newlines that a dash swallows are counted all the same."""
    text = "select\n{%- if true -%}\n\n\n  a\n{%- endif %}\nfrom {{- ' x' }}\n\n{{- '' }} z"
    assert [(n, t) for n, t in numbered(render(text))] == [(1, "selecta"), (7, "from x z")]


def test_comments_and_raw_blocks_keep_their_lines():
    """Text that Jinja leaves alone, and text that it drops."""
    text = "{# one\ntwo #}\na\n{% raw %}\n{{ b }}\n\n{% endraw %}\nc"
    assert numbered(render(text)) == [(3, "a"), (5, "{{ b }}"), (8, "c")]


def test_set_blocks_map_to_where_they_are_put_out():
    """The text is written in one place and appears in another."""
    text = "{% set x %}\n  a\n  b\n{% endset %}\nselect\n{{ x }}\nend"
    assert numbered(render(text)) == [(5, "select"), (6, "a"), (6, "b"), (7, "end")]


def test_call_blocks_map_to_their_call():
    """The caller's text passes through the macro."""
    macro = "{% macro wrap() %}(\n{{ caller() }}\n){% endmacro %}"
    text = "select\n{% call wrap() %}\n  a\n{% endcall %}\nend"
    assert numbered(render(text, macro)) == [(1, "select"), (2, "("), (2, "a"), (2, ")"), (5, "end")]


def test_filter_blocks_and_recursive_loops_are_rendered():
    """Both go through buffers, so all of their lines are those of the tag."""
    assert numbered(render("a\n{% filter upper %}\nb\n{% endfilter %}\nc")) == [(1, "a"), (2, "B"), (5, "c")]
    text = "{% for x in [[1, []]] recursive %}\n{{ x[0] }}\n{% if x[1] %}{{ loop(x[1]) }}{% endif %}{% endfor %}"
    assert "1" in render(text).rendered


def test_an_expression_over_several_lines_maps_to_its_first():
    """Where the expression begins is where its value appears."""
    text = "select\n{{\n  columns(\n    'v')\n}}\nfrom x"
    assert numbered(render(text, COLUMNS))[-1] == (6, "from x")
    assert {n for n, _ in numbered(render(text, COLUMNS))[1:3]} <= {2, 3}


def test_a_line_of_several_pieces_belongs_to_the_first():
    """Even when the last piece of the line before ended in blanks."""
    text = "{% set a = 1 %}\n  {{ a }} as a,\n  {{ a }} as b"
    assert numbered(render(text)) == [(2, "1 as a,"), (3, "1 as b")]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_of_other_systems_are_read_as_one(end):
    """The same file checked out elsewhere gives the same text."""
    text = "select\n  {{ 'a' }},\n  'x\ny'\n"
    assert render(text.replace("\n", end)).rendered == render(text).rendered
    assert render("a\nb".replace("\n", end)).rendered == "a\nb"


def test_every_line_of_a_long_mixture_finds_its_own():
    """Each line carries its number, so the map can be checked against the text."""
    text = "1\n{# c\n c #}{% set q %}\nx{% endset %}\n5 {{ q }}\n{%- for i in [0] %}\n7\n8 {{ '' -}}  \n\n"
    text += "{% if false %}\nno\n{% else %}\n13\n{% endif -%}\n\n\n17 {{ m() }} 17\n18\n"
    for number, line in numbered(render(text + "{% endfor %}", "{% macro m() %}\n17\n17{% endmacro %}")):
        if line.split()[0].isdigit():
            assert line.split()[0] == str(number)


def test_macros_see_macros_of_other_files_and_the_callers_functions():
    """A macro is bound to the template that calls it."""
    one = "{% macro a(k) %}{{ b(k) }}{% endmacro %}"
    two = "{% macro b(k) %}{{ ref(k) }}{{ suffix }}{% endmacro %}"
    assert render("{{ a('x') }}", one, two, ref=lambda key: f"<{key}>", suffix="!").rendered == "<x>!"


def test_macros_of_one_rendering_do_not_see_those_of_another():
    """Nothing of one body leaks into the next."""
    made = templates("{% macro a() %}{{ name }}{% endmacro %}")
    source = Source("a.sql", "{{ a() }}")
    texts = [made.render(source, {"name": name}, Bag()) for name in ("x", "y")]
    assert [lines.rendered for lines in texts if lines] == ["x", "y"]


def test_macros_are_attributes_of_the_projects_name():
    """As in `avatar_data.columns('v')`."""
    assert "v.b" in render("{{ avatar_data.columns('v') }}", COLUMNS).rendered
    found = mistake("{{ avatar_data.colums('v') }}", COLUMNS, project_name="avatar_data")
    assert (found.code, found.help) == ("MS0211", "did you mean `columns`?")


def test_what_a_macro_file_sets_is_seen_by_its_macros():
    """A constant beside the macros that use it."""
    assert render("{{ m() }}", "{% set n = 3 %}{% macro m() %}{{ n }}{% endmacro %}").rendered == "3"


def test_return_gives_a_value():
    """Also between macros of one file, which call each other directly."""
    text = (
        "{% macro one() %}{{ return([1, 2]) }}{% endmacro %}{% macro two() %}{% do return(one()[1]) %}x{% endmacro %}"
    )
    names = {"return": _return}
    assert render("{{ two() + 1 }}", text, **names).rendered == "3"


def _return(value):
    raise Returned(value)


def test_do_changes_lists_and_dicts_of_the_template():
    """The usual way to collect columns in a loop."""
    text = "{% set l = [] %}{% for n in range(3) %}{% do l.append(n) %}{% endfor %}{{ l }}"
    assert render(text).rendered == "[0, 1, 2]"


def test_values_from_yaml_are_rendered_or_left_alone():
    """A text without Jinja comes back as it is."""
    made = templates()
    bag = Bag()
    assert made.render_value(word("a {b} c", line='x: "{}"'), {}, bag) == "a {b} c"
    assert made.render_value(word("raw_{{ 1 + 1 }}", line='x: "{}"'), {}, bag) == "raw_2"
    assert not list(bag)


def test_a_mistake_in_a_value_is_shown_in_the_yaml_file():
    """At the name, not at the beginning of the file."""
    bag = Bag()
    assert templates().render_value(word("raw_{{ regoin }}", line='\n\nschema: "{}"'), {"region": 1}, bag) is None
    (found,) = bag
    assert (found.code, str(found.primary.span), found.help) == (
        "MS0211",
        "models/a.yml:3:17",
        "did you mean `region`?",
    )


def test_a_template_is_compiled_once():
    """A second rendering of a file costs no second compilation."""
    made = templates()
    source = Source("a.sql", "{{ n }}")
    for n in (1, 2):
        assert made.render(source, {"n": n}, Bag()) is not None
    assert sum(1 for one in made._compiled if one is source) == 1


def test_names_taken_twice_are_reported_with_both_places():
    """And a macro may not take a name that every template has."""
    bag = Bag()
    texts = ["{% macro a() %}{% endmacro %}", "{% macro ref() %}{% endmacro %}\n{% macro a() %}{% endmacro %}"]
    Templates([Source(f"macros/{n}.sql", text) for n, text in enumerate(texts)], bag)
    first, second = bag.sorted()
    assert (first.code, str(first.primary.span)) == ("MS0218", "macros/1.sql:1:10")
    assert (second.code, str(second.primary.span)) == ("MS0218", "macros/1.sql:2:10")
    assert str(second.secondary[0].span) == "macros/0.sql:1:10"


def test_a_broken_macro_file_is_reported_once():
    """What calls its macros is silent: the cause is known."""
    bag = Bag()
    made = Templates([Source("macros/1.sql", "{% macro a() %}{% if %}{% endmacro %}")], bag)
    assert [item.code for item in bag] == ["MS0210"]
    again = Bag()
    assert made.render(Source("a.sql", "{{ a() }}"), {}, again) is None
    assert not list(again)
