"""MS02xx: YAML, Jinja, SQL syntax."""

from __future__ import annotations

from metasql.codes.entry import Entry

ENTRIES: dict[str, Entry] = {
    "MS0201": Entry(
        title="not YAML",
        why="The parser stopped at this place: an indentation, a quote or a bracket before it is not as it should be.",
        example="name: [avatar",
        fix="Correct the place, or what stands just before it.",
    ),
    "MS0202": Entry(
        title="a word that is said twice",
        why="One of the two values would be lost, and nobody could tell which.",
        example="owner: a@example.com\nowner: b@example.com",
        fix="Keep one of them.",
    ),
    "MS0203": Entry(
        title="a file that is not UTF-8",
        why="All files of a project are UTF-8 texts, so that they read the same on every machine.",
        example="printf 'name: caf\\xe9' > models/cafe.yml",
        fix="Save the file as UTF-8.",
    ),
    "MS0204": Entry(
        title="a key that is not a text",
        why="Keys are plain words. YAML reads a value that begins with `{{` and has no quotes as nested mappings.",
        example="schema: {{ var('schema') }}",
        fix="Put the value in quotes: `\"{{ var('schema') }}\"`.",
    ),
    "MS0205": Entry(
        title="several YAML documents in one file",
        why="`---` begins another document, and a file of a project holds one.",
        example="name: a\n---\nname: b",
        fix="Remove the `---`, or make two files.",
    ),
    "MS0206": Entry(
        title="YAML that metasql does not follow",
        why="Unknown tags, aliases that lead nowhere or into themselves, aliases that make a small file a huge one, "
        "and very deep nesting are refused.",
        example="meta: !!python/name:os.system ''",
        fix="Write the value out, without tags and aliases.",
    ),
    "MS0207": Entry(
        title="a value of the wrong type",
        why="The word takes another type of value, or one of a few words.",
        example="history: sometimes",
        fix="Write a value as the message describes it.",
    ),
    "MS0208": Entry(
        title="an unknown word",
        why="A word that means nothing here is most often a slip; passing over it would change what is computed.",
        example="features: [{name: a, id_columns: [id], desciption: x}]",
        fix="Use one of the known words that the message lists.",
    ),
    "MS0209": Entry(
        title="a word that is missing",
        why="What is declared here cannot be understood without it.",
        example="deps: [{optional: true}]",
        fix="Add the word as the help line shows.",
    ),
    "MS0210": Entry(
        title="a template cannot be parsed",
        why=(
            "The Jinja of this file is not well-formed: a tag is not closed, a name of a tag or filter is "
            "not known, or a bracket is missing. Nothing of the file can be read before that is right."
        ),
        example="{% if var('crop') %}\nselect 1 as video_id",
        fix="Close the tag, or correct the word that is pointed at.",
    ),
    "MS0211": Entry(
        title="a name is not known in a template",
        why=(
            "A template used a name, an attribute or an item that does not exist. An unknown name is never "
            "taken for an empty text: the SQL would say something else than its author meant."
        ),
        example="select {{ colums }} from {{ ref('video/full') }}",
        fix="Correct the name; or set it with `{% set %}`, read it with `var`, or define a macro of that name.",
    ),
    "MS0212": Entry(
        title="an expression fails in a template",
        why=(
            "The expression is well-formed, and carrying it out failed: values of the wrong type, a macro "
            "that lacks an argument, a division by zero."
        ),
        example="select {{ 1 + 'a' }} as n",
        fix="Correct the values that the expression works on.",
    ),
    "MS0213": Entry(
        title="the sandbox refuses an operation",
        why=(
            "Templates reach the values and functions they are given and nothing beneath them: no Python "
            "internals, no attributes that begin with an underscore."
        ),
        example="{{ ''.__class__ }}",
        fix="Use what templates are given: `ref`, `source`, `var`, `env_var`, macros, filters.",
    ),
    "MS0214": Entry(
        title="macros call one another without end",
        why="A macro calls itself, directly or through others, and nothing ends it.",
        example="{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
        fix="Put the call under an `{% if %}` that is false in the end.",
    ),
    "MS0215": Entry(
        title="a template is too large",
        why=(
            "A loop, a text or a number in a template grew beyond its bounds. Templates make the text of a "
            "query; work on data belongs in the query."
        ),
        example="{% for i in range(1000000000) %}{{ i }},{% endfor %}",
        fix="Do the counting in SQL: `range()`, `generate_series()`, a join.",
    ),
    "MS0216": Entry(
        title="a template raises an error",
        why=("The template, or a macro that it calls, called `exceptions.raise_compiler_error` with this message."),
        example="{{ exceptions.raise_compiler_error('no such region') }}",
        fix="Do what the message says; it was written by the macro's author.",
    ),
    "MS0217": Entry(
        title="a template warns",
        why="The template, or a macro that it calls, called `exceptions.warn` with this message.",
        example="{{ exceptions.warn('this macro is old') }}",
        fix="Do what the message says; it was written by the macro's author.",
    ),
    "MS0218": Entry(
        title="a macro's name is taken",
        why=(
            "Two macros, or two generic tests, have one name; or a macro has the name of a function that "
            "every template knows. Which of the two is meant could not be told."
        ),
        example="{% macro ref(key) %}{{ key }}{% endmacro %}",
        fix="Give one of the two another name.",
    ),
    "MS0219": Entry(
        title="a variable has no value",
        why=(
            "`var('name')` was called without a default, and neither the project file nor `--vars` gives the"
            " variable a value."
        ),
        example="select {{ var('crop_px') }} as crop_px",
        fix=(
            "Declare it under `vars` in the project file, give it with `--vars`, or give a default: "
            "`var('crop_px', 512)`."
        ),
    ),
    "MS0220": Entry(
        title="an environment variable is not set",
        why="`env_var('NAME')` was called without a default, and the environment has no such variable.",
        example="password: \"{{ env_var('CLICKHOUSE_PASSWORD') }}\"",
        fix="Set the variable, or give a default: `env_var('CLICKHOUSE_PASSWORD', '')`.",
    ),
    "MS0221": Entry(
        title="`run_query` outside of a run",
        why=(
            "Reading a template asks no database anything: `run_query` works while a feature is run, and "
            "`execute` is true only then."
        ),
        example="{% set rows = run_query('select 1') %}",
        fix="Put the call under `{% if execute %}`, with an `{% else %}` that gives the same columns.",
    ),
    "MS0222": Entry(
        title="`is_incremental()` is not available",
        why=(
            "A body is written as if over whole tables. metasql restricts each `ref` to the samples that "
            "need work, by the declared lineage; a body that did so itself would hide samples from it."
        ),
        example="select * from {{ ref('a') }} {% if is_incremental() %}where day > '2024-01-01'{% endif %}",
        fix="Leave the condition out. Rows that shall never count belong in `where` of the dependency.",
    ),
    "MS0223": Entry(
        title="a tag is not available",
        why="Templates are not loaded from other templates, and there are no materializations.",
        example="{% include 'columns.sql' %}",
        fix="Put what is shared into a macro: those of all macro files are available everywhere.",
    ),
    "MS0224": Entry(
        title="nothing to dispatch to",
        why=(
            "`adapter.dispatch('name')` looks for a macro `ENGINE__name`, then for `default__name`, and found neither."
        ),
        example="{{ adapter.dispatch('day_of')('created_at') }}",
        fix="Write the macro `default__name`, and one for each engine that needs another text.",
    ),
    "MS0225": Entry(
        title="the query of `run_query` fails",
        why="The engine refused a query that a template ran.",
        example="{% if execute %}{% set rows = run_query('selec 1') %}{% endif %}",
        fix="Correct the query; the engine's message says what it minds.",
    ),
    "MS0230": Entry(
        title="SQL that cannot be parsed",
        why=(
            "The text, with its Jinja rendered, is not SQL of the project's dialect. The place is that in "
            "the file; where the line was put together by Jinja, a note shows how it reads."
        ),
        example="select video_id path duration from {{ ref('video/full') }}",
        fix="Correct the SQL at the place that is pointed at, or just before it.",
    ),
    "MS0232": Entry(
        title="a body is empty",
        why="The file holds no SQL, or Jinja rendered it to nothing.",
        example="-- to be written",
        fix="Write a SELECT, or remove the file.",
    ),
    "MS0233": Entry(
        title="several statements",
        why="A body is one SELECT: metasql builds the statements around it.",
        example="select 1 as video_id; select 2 as video_id",
        fix="Leave out all but one; combine results with UNION ALL.",
    ),
    "MS0234": Entry(
        title="not a SELECT",
        why=("A body says which rows there are. Creating, filling and changing tables is what metasql does with them."),
        example="create table crops as select 1 as video_id",
        fix="Keep the SELECT alone; put other statements into `pre_hook` or `post_hook`.",
    ),
    "MS0235": Entry(
        title="an output column has no name",
        why=(
            "Engines make up different names for an expression without one, so nothing could refer to the "
            "column on each of them."
        ),
        example="select video_id, count(*) from {{ ref('clip') }} group by video_id",
        fix="Name the expression: `count(*) as clips`.",
    ),
    "MS0236": Entry(
        title="two output columns have one name",
        why="A table has each column once.",
        example=(
            "select a.video_id, b.video_id from {{ ref('a') }} a join {{ ref('b') }} b on a.video_id = b.video_id"
        ),
        fix="Leave one out, or rename it with `as`.",
    ),
    "MS0237": Entry(
        title="not an expression",
        why="One SQL expression is wanted here: no statement, no list, no `*`.",
        example='stale_when: "frame_count is null; drop table x"',
        fix="Write one expression over the columns at hand.",
    ),
    "MS0238": Entry(
        title="a subquery where none can stand",
        why=(
            "This expression is placed into queries over single rows or groups; a subquery would read tables"
            " that the lineage does not see."
        ),
        example='where: "video_id in (select video_id from blocked)"',
        fix="Make the other table a dependency, or do the filtering in the body of a SQL feature.",
    ),
    "MS0239": Entry(
        title="not a type",
        why="The text is not a type in the project's dialect.",
        example="columns: [{name: path, type: strng}]",
        fix="Use a type of the dialect: text, int, double, boolean, timestamp, decimal(10, 2).",
    ),
    "MS0240": Entry(
        title="a generic test is declared wrongly",
        why="An argument of the test is missing, unknown, or of the wrong kind.",
        example="tests: [{accepted_values: {value: [a, b]}}]",
        fix="Give the arguments that the test takes; the message lists them.",
    ),
    "MS0241": Entry(
        title="a generic test does not exist",
        why="No generic test has that name: neither a built-in one nor a `{% test %}` in the macro files.",
        example="tests: [not_nul]",
        fix="Correct the name, or write the test in a macro file.",
    ),
}
