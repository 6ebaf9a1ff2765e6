"""Mistakes in templates: each has a code, the smallest place, and no traceback."""

from __future__ import annotations

import pytest

from metasql.diagnostics import Bag, MetasqlError
from metasql.parse.sites import Refusal
from metasql.source import Source
from tests.unit.parse.reading import mistake, shown, templates


@pytest.mark.parametrize(
    ("text", "place", "part"),
    [
        ("a\n{% if x %}\nb", "2:4", "if"),
        ("a\n{% for x in y %}\n{% if x %}{% endif %}", "2:4", "for"),
        ("a\n{{ x y }}", "2:6", "y"),
        ("a\n  {% endif %}", "2:6", "endif"),
        ("{% elseif %}", "1:4", "elseif"),
        ("{{ 'a' | uper }}", "1:10", "uper"),
        ("{{ 1 is defned }}", "1:9", "defned"),
        ("\n{{ x ", "2:1", "{{ x"),
        ("{{ now() | random }}", "1:12", "random"),
    ],
)
def test_syntax(text, place, part):
    """The word that does not fit, or the tag that was not closed."""
    assert shown(mistake(text)) == ("MS0210", f"models/a.sql:{place}", part)


def test_near_misses_are_suggested():
    """For filters and names alike."""
    assert mistake("{{ 'a' | uper }}").help == "did you mean `upper`?"
    assert mistake("{{ rfe('a') }}", ref=str).help == "did you mean `ref`?"
    assert mistake("{{ colums() }}", "{% macro columns() %}{% endmacro %}").help == "did you mean `columns`?"


@pytest.mark.parametrize("tag", ["include 'a'", "extends 'a'", "import 'a' as b", "from 'a' import b", "block x"])
def test_tags_that_need_other_templates(tag):
    """Each says what to do without it."""
    found = mistake(f"{{% {tag} %}}")
    assert found.code == "MS0223"
    assert found.help is not None and "macro" in found.help


def test_materializations_are_refused():
    """They are known from elsewhere, and there are none here."""
    assert mistake("{% materialization x, default %}{% endmaterialization %}").code == "MS0223"


def test_an_unknown_name_is_found_on_its_line():
    """In a block that goes over several lines too."""
    assert shown(mistake("a\n{{ [1,\n  foo] }}")) == ("MS0211", "models/a.sql:3:3", "foo")
    assert shown(mistake("{% for x in foo %}{% endfor %}")) == ("MS0211", "models/a.sql:1:13", "foo")
    assert shown(mistake("{{ f(foo) }}", f=str)) == ("MS0211", "models/a.sql:1:6", "foo")


def test_an_unknown_name_may_be_asked_for():
    """`is defined` and `default` are the two ways."""
    bag = Bag()
    text = "{% if foo is defined %}a{% endif %}{{ foo | default('b') }}"
    lines = templates().render(Source("a.sql", text), {}, bag)
    assert lines is not None and lines.rendered == "b"


def test_an_unknown_attribute_lists_what_there_is():
    """Of a dict its keys."""
    found = mistake("{{ d.widht }}", d={"width": 1, "height": 2})
    assert (found.code, found.help) == ("MS0211", "did you mean `width`?")
    assert mistake("{{ d['x'] }}", d={"width": 1}).help == "it has: width"


def test_a_name_known_from_elsewhere_says_what_to_do():
    """A body must be the same each time it is read."""
    found = mistake("{{ run_started_at }}")
    assert found.code == "MS0211"
    assert found.help == "a body must give the same SQL each time it is read"


def test_a_mistake_in_a_macro_shows_the_macro_and_the_call():
    """The macro's own line first."""
    found = mistake("a\n\n{{ m('x') }}", "\n{% macro m(x) %}\n  {{ x.foo }}\n{% endmacro %}")
    assert shown(found) == ("MS0211", "macros/1.sql:3:8", "foo")
    assert [str(label.span) for label in found.secondary] == ["models/a.sql:3:1"]


def test_a_mistake_deep_down_shows_every_call():
    """From the innermost to the body."""
    macros = ["{% macro a() %}{{ b() }}{% endmacro %}", "{% macro b() %}\n{{ 1 / 0 }}\n{% endmacro %}"]
    found = mistake("{{ a() }}", *macros)
    assert (found.code, str(found.primary.span)) == ("MS0212", "macros/2.sql:2:1")
    assert [str(label.span) for label in found.secondary] == ["macros/1.sql:1:1", "models/a.sql:1:1"]


def test_an_unknown_name_given_to_a_macro_is_shown_where_it_is_written():
    """Though the macro is where it was used."""
    found = mistake("{{ m(foo) }}", "{% macro m(x) %}{{ x }}{% endmacro %}")
    assert shown(found) == ("MS0211", "models/a.sql:1:6", "foo")


@pytest.mark.parametrize(
    "text",
    ["{{ 1 + 'a' }}", "{{ m(1, 2, 3) }}", "{{ m(y=1) }}", "{{ m() }}", "{% for x in 5 %}{% endfor %}", "{{ m }}"],
)
def test_expressions_that_fail(text):
    """Types, arguments, and a function that was not called."""
    assert mistake(text, "{% macro m(x) %}{{ x }}{% endmacro %}").code == "MS0212"


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__ }}",
        "{{ ''['__class__'] }}",
        "{{ [].__class__.__base__.__subclasses__() }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ f.__globals__ }}",
        "{{ ''|attr('__class__') }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ [].append.__self__ }}",
        "{{ m.__call__ }}",
        "{{ m._macro }}",
        "{{ f.func_globals }}{{ f.__code__ }}",
        "{{ (foo)._undefined_name }}",
    ],
)
def test_the_sandbox_holds(text):
    """Nothing beneath the values that templates are given can be reached."""
    found = mistake(text, "{% macro m() %}{% endmacro %}", f=lambda: 1)
    assert found.code in {"MS0213", "MS0211"}


def test_recursion_names_the_cycle():
    """In the order of the calls, across files."""
    macros = ["{% macro a() %}{{ b() }}{% endmacro %}", "{% macro b() %}\n{{ a() }}{% endmacro %}"]
    found = mistake("{{ a() }}", *macros)
    assert found.code == "MS0214"
    assert found.message == "macros call one another without end: `a` → `b` → `a`"
    found = mistake("{% macro c() %}{{ c() }}{% endmacro %}{{ c() }}")
    assert found.message == "macros call one another without end: `c` → `c`"


@pytest.mark.parametrize(
    "text",
    [
        "{% for i in range(1000000) %}{% endfor %}",
        "{% set r = range(99999) %}{% for i in r %}{% for j in r %}{% endfor %}{% endfor %}",
        "{{ 'a' * 1000000000 }}",
        "{{ 9 ** 100000000 }}",
        "{% set x = 'a' * 900000 %}{% for i in range(20) %}{{ x }}{% endfor %}",
        "{{ m() }}",
    ],
)
def test_nothing_grows_without_bounds(text):
    """Loops, nested loops, texts, numbers, and the text of a template."""
    many = "{% macro m() %}{% for i in range(2000) %}{% for j in range(2000) %}{% endfor %}{% endfor %}{% endmacro %}"
    assert mistake(text, many).code == "MS0215"


def test_a_template_nested_too_deeply_is_an_error():
    """Rather than a traceback of the parser."""
    assert mistake("{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}").code == "MS0210"


def test_designed_errors_of_functions_keep_their_words():
    """A function may refuse, or raise an error of the catalogue."""

    def refuse() -> None:
        raise Refusal("MS0219", "no", subject="f", help="do")

    def fail() -> None:
        raise MetasqlError.of("MS0220", "not set")

    found = mistake("\n{{ f() }}", f=refuse)
    assert (shown(found), found.help) == (("MS0219", "models/a.sql:2:4", "f"), "do")
    assert mistake("{{ f() }}", f=fail).code == "MS0220"
