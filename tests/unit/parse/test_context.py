"""What templates can call, and what a body records of it."""

from __future__ import annotations

import logging

import pytest

from metasql.diagnostics import Bag, Severity
from metasql.parse import query
from metasql.parse.context import Recorder, Values
from metasql.parse.mistakes import RESERVED
from metasql.source import Source, span_of
from tests.unit.parse.reading import Project, Target, body, complaint, complaints, settings, shown, templates, word


def test_refs_and_sources_are_recorded_with_their_places():
    """Each once, by a placeholder that is a plain SQL identifier."""
    text = "select a.x\nfrom {{ ref('video/full') }} a, {{ source('raw', 'videos') }} b, {{ ref('video/full') }} c"
    read = body(text)
    ref, source = read.body.refs
    assert (ref.kind, ref.name, ref.table, ref.placeholder) == ("ref", "video/full", None, "__metasql_ref_0")
    assert (source.name, source.table, source.placeholder) == ("raw", "videos", "__metasql_source_1")
    assert (str(ref.name.span), ref.name.span.text) == ("models/a.sql:2:14", "video/full")
    assert source.table is not None
    assert (str(source.table.span), source.table.span.text) == ("models/a.sql:2:51", "videos")
    assert read.body.text.count("__metasql_ref_0") == 2


def test_a_ref_in_a_macro_is_placed_where_its_name_is_written():
    """At the call when the key is an argument, in the macro when the key stands there."""
    macro = "{% macro of(key) %}{{ ref(key) }}{% endmacro %}{% macro own() %}{{ ref('b') }}{% endmacro %}"
    (ref,) = body("select x from {{ of('video/full') }}", macro).body.refs
    assert str(ref.name.span) == "models/a.sql:1:22"
    (ref,) = body("select x from {{ own() }}", macro).body.refs
    assert str(ref.name.span) == "macros/1.sql:1:73"


def test_a_ref_over_several_lines_and_one_that_is_computed():
    """The literal wherever it stands; else the line."""
    (ref,) = body("select x\nfrom {{ ref(\n  'b'\n) }}").body.refs
    assert str(ref.name.span) == "models/a.sql:3:4"
    (ref,) = body("select x\nfrom {{ ref('video' ~ '/full') }}").body.refs
    assert (ref.name, str(ref.name.span)) == ("video/full", "models/a.sql:2:1")


def test_a_ref_to_another_project():
    """One's own name is left out."""
    own, other = body("select x from {{ ref('avatar_data', 'a') }}, {{ ref('else', 'b') }}").body.refs
    assert (own.name, other.name) == ("a", "else:b")
    assert other.name.span.text == "b"


@pytest.mark.parametrize("call", ["ref()", "ref(1)", "ref('')", "ref('a', 'b', 'c')", "ref('a', v=1)", "ref(none)"])
def test_ref_takes_texts(call):
    """Neither numbers nor versions."""
    assert shown(complaint(f"select x from {{{{ {call} }}}}")) == ("MS0320", "models/a.sql:1:18", "ref")


@pytest.mark.parametrize("call", ["source('raw.videos')", "source()", "source('raw', 1)"])
def test_source_takes_two_texts(call):
    """A source and a table."""
    assert complaint(f"select x from {{{{ {call} }}}}").code == "MS0322"


def test_undeclared_sources_are_all_reported():
    """With what is near, and without stopping at the first."""
    first, second = complaints("select x from {{ source('raw', 'vidoes') }},\n{{ source('rwa', 'videos') }}")
    assert (shown(first), first.help) == (("MS0324", "models/a.sql:1:33", "vidoes"), "did you mean `videos`?")
    assert (shown(second), second.help) == (("MS0324", "models/a.sql:2:12", "rwa"), "did you mean `raw`?")


def test_config_is_collected_and_put_out_as_nothing():
    """Later calls win; texts know their places."""
    read = body(
        "{{ config(id_columns=['video_id'], tags=['a']) }}\n{{ config(tags=['b'], n=1) }}\nselect 1 as video_id"
    )
    assert read.config == {"id_columns": ["video_id"], "tags": ["b"], "n": 1}
    assert read.config_span.text == "config(id_columns=['video_id'], tags=['a'])"
    assert str(span_of(read.config["id_columns"][0])) == "models/a.sql:1:24"
    assert str(span_of(read.config["tags"][0])) == "models/a.sql:2:18"


def test_config_over_several_lines_with_nested_values():
    """As people write it at the head of a file."""
    read = body("{{ config(\n  fields=[{'name': 'audio', 'columns': ['a']}],\n  history=true\n) }}\nselect 1 as a")
    assert read.config == {"fields": [{"name": "audio", "columns": ["a"]}], "history": True}
    assert str(span_of(read.config["fields"][0]["name"])) == "models/a.sql:2:21"


@pytest.mark.parametrize("call", ["config('a')", "config(a=ref)", "config(a=range(3))"])
def test_config_takes_plain_values_by_name(call):
    """Neither positions nor functions."""
    assert complaint(f"{{{{ {call} }}}}select 1 as a").code == "MS0323"


def test_config_can_be_asked():
    """By macros, mostly."""
    assert body("{{ config(n=3) }}select {{ config.get('n') }} as a, {{ config.get('m', 4) }} as b").body.text.endswith(
        "select 3 as a, 4 as b"
    )


def test_var_gives_values_defaults_and_errors():
    """The error lists what there is."""
    assert body("select {{ var('crop_px') }} as a, {{ var('x', 1) }} as b").body.text == "select 512 as a, 1 as b"
    found = complaint("select\n  {{ var('crop_pix') }} as a")
    assert (shown(found), found.help) == (("MS0219", "models/a.sql:2:11", "crop_pix"), "did you mean `crop_px`?")
    assert found.notes == ("variables that have one: crop_px, sizes",)


def test_a_template_cannot_change_a_variable():
    """It gets a copy."""
    project = Project()
    body("{% do var('sizes').append(3) %}select 1 as a", project=project)
    assert project.vars["sizes"] == [1, 2]


def test_env_var_gives_values_defaults_and_errors():
    """The error names the variable, and no value of another."""
    assert (
        body("select '{{ env_var('REGION') }}' as a, {{ env_var('X', 1) }} as b").body.text
        == "select 'eu' as a, 1 as b"
    )
    found = complaint("\nselect {{ env_var('REGIO') }} as a")
    assert shown(found) == ("MS0220", "models/a.sql:2:20", "REGIO")
    assert "eu" not in repr(found)


def test_the_environment_is_not_in_a_repr():
    """It may hold passwords."""
    assert "eu" not in repr(settings())


def test_target_has_no_secrets():
    """Four words about where a run goes, and nothing else."""
    text = "select '{{ target.name }} {{ target.type }} {{ target.schema }} {{ target['profile_name'] }}' as a"
    assert "'prod clickhouse avatar avatar_data'" in body(text, target=Target()).body.text
    assert "'default duckdb main avatar_data'" in body(text).body.text
    found = complaint("select '{{ target.password }}' as a", target=Target())
    assert (found.code, found.help) == ("MS0211", "it has: name, profile_name, schema, type")


def test_this_is_a_placeholder():
    """The runner knows the relation's name."""
    assert body("select x from {{ this }}").body.text == "select x from __metasql_this"


DISPATCHED = """{% macro day(x) %}{{ adapter.dispatch('day')(x) }}{% endmacro %}
{% macro default__day(x) %}cast({{ x }} as date){% endmacro %}
{% macro clickhouse__day(x) %}toDate({{ x }}){% endmacro %}"""


def test_dispatch_takes_the_engines_macro_or_the_default():
    """The engine is the target's, or the one that a body is written for."""
    text = "select {{ day('x') }} as d"
    assert body(text, DISPATCHED).body.text == "select cast(x as date) as d"
    assert body(text, DISPATCHED, target=Target()).body.text == "select toDate(x) as d"
    assert body(text, DISPATCHED, engine="clickhouse").body.text == "select toDate(x) as d"
    assert body("select {{ adapter.dispatch('day', 'avatar_data')('x') }} as d", DISPATCHED).body.refs == ()


def test_dispatch_without_a_macro():
    """The error says which names were looked for."""
    found = complaint("select {{ adapter.dispatch('day')('x') }} as d", DISPATCHED.replace("default__", "snow__"))
    assert shown(found) == ("MS0224", "models/a.sql:1:29", "day")
    assert found.message == "there is no macro `duckdb__day` and no `default__day`"
    assert found.notes == ("macros of that name: clickhouse__day, snow__day",)


def test_quote():
    """In the dialect of the project."""
    assert body("select {{ adapter.quote('a b') }} as c").body.text == 'select "a b" as c'


def test_log_goes_to_the_logger_alone(caplog):
    """And puts nothing out."""
    with caplog.at_level(logging.INFO, logger="metasql"):
        assert body("{{ log('hello', info=true) }}{{ log('quiet') }}select 1 as a").body.text == "select 1 as a"
    assert [record.message for record in caplog.records] == ["hello"]


def test_errors_and_warnings_in_a_macros_own_words():
    """An error at the macro's line; a warning lets the body through."""
    macro = "{% macro m(x) %}\n{{ exceptions.raise_compiler_error('no region ' ~ x) }}{% endmacro %}"
    found = complaint("select {{ m('eu') }} as a", macro)
    assert (shown(found), found.message) == (
        ("MS0216", "macros/1.sql:2:15", "raise_compiler_error"),
        "no region eu",
    )
    found = complaint("select {{ exceptions.warn('old') }} 1 as a")
    assert (found.severity, found.code, found.message) == (Severity.WARNING, "MS0217", "old")


def test_run_query_is_for_runs_alone():
    """`execute` is false while a template is read."""
    guarded = "select {% if execute %}{{ run_query('select 7')[0][0] }}{% else %}0{% endif %} as a"
    assert body(guarded).body.text == "select 0 as a"
    assert body(guarded, run_query=lambda _: [(7,)]).body.text == "select 7 as a"
    found = complaint("select {{ run_query('select 7') }} as a")
    assert shown(found) == ("MS0221", "models/a.sql:1:11", "run_query")
    assert found.help is not None and "{% if execute %}" in found.help


def test_run_query_sees_the_names_of_relations():
    """And its result has columns as people know them."""
    asked: list[str] = []

    def run(sql: str) -> list[tuple[str]]:
        asked.append(sql)
        return [("a",), ("b",)]

    text = "{% set found = run_query('select x from ' ~ ref('video/full')) %}"
    text += "select {{ found.columns[0].values() | join }} as z"
    read = body(text, run_query=run, relation=lambda ref: f"main.{ref.name.replace('/', '__')}")
    assert asked == ["select x from main.video__full"]
    assert read.body.text == "select ab as z"
    assert [ref.name for ref in read.body.refs] == ["video/full"]


def test_a_query_that_fails_is_an_error_of_the_template():
    """With the engine's words."""

    def run(sql: str) -> list[tuple[str]]:
        raise RuntimeError(f"no table in {sql}\nmore")

    found = complaint("select {{ run_query('select 7') }} as a", run_query=run)
    assert (found.code, found.message) == ("MS0225", "the query of `run_query` fails: no table in select 7")


def test_is_incremental_is_refused():
    """Bodies are written over whole tables."""
    assert shown(complaint("select 1 as a {% if is_incremental() %}{% endif %}"))[0] == "MS0222"


def test_json_and_zip():
    """To text and back."""
    text = "select {{ tojson({'a': [1, 'ü']}) | length }} as a, {{ fromjson('[3]')[0] }} as b"
    assert body(text).body.text == "select 15 as a, 3 as b"
    assert body("select {{ zip([1], [2])[0][1] }} as a").body.text == "select 2 as a"
    assert body("select '{{ {'a': '<'} | tojson }}' as a").body.text == """select '{"a": "<"}' as a"""
    for call in ("fromjson('{')", "tojson(ref)", "zip(1)"):
        assert complaint(f"select {{{{ {call} }}}} as a").code == "MS0212"


def test_return_outside_of_a_macro():
    """There is nothing to return to."""
    assert complaint("select {{ return(1) }} as a").code == "MS0212"


def test_the_names_of_yaml_are_fewer():
    """There is no body to refer to anything."""
    bag = Bag()
    names = Values(settings()).names()
    assert templates().render_value(word("raw_{{ var('crop_px') }}_{{ target.type }}"), names, bag) == "raw_512_duckdb"
    assert templates().render_value(word("{{ ref('a') }}"), names, bag) is None
    assert [item.code for item in bag] == ["MS0211"]


def test_no_macro_can_take_the_name_of_a_function():
    """The list of reserved names is whole."""
    assert set(Recorder(settings(), Bag()).names()) <= RESERVED


def test_the_same_body_gives_the_same_text():
    """However often it is read."""
    made = templates(DISPATCHED)
    source = Source("a.sql", "{{ config(a={'x': 1}) }}select {{ day('x') }} as d from {{ ref('b') }}, {{ ref('a') }}")
    texts = set()
    for _ in range(3):
        read = query.read_body(source, templates=made, settings=settings(), bag=Bag())
        assert read is not None
        texts.add(read.body.text)
    assert len(texts) == 1
