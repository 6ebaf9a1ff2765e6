"""The error catalogue: every code that metasql can say, with what `metasql explain` prints.

An entry's `title` is a few words, `why` says what is wrong and why metasql minds,
`example` is a small input that fails with this code, `fix` says what to do.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A page of the catalogue."""

    title: str
    why: str
    example: str
    fix: str


CATALOGUE: dict[str, Entry] = {
    # 01xx configuration
    "MS0101": Entry(
        title="no project file",
        why="A project is a folder with the file `dbt_project_style.yml`, and the folder that was given has none.",
        example="metasql run --project-dir /tmp",
        fix="Run metasql in the project folder, name it with `--project-dir`, or start a project with `metasql init`.",
    ),
    "MS0102": Entry(
        title="a name that no project can have",
        why="The project's name becomes part of other names, so it is made of lower-case letters, digits and `_`.",
        example="name: Avatar-Data",
        fix="Write a name such as `avatar_data`.",
    ),
    "MS0103": Entry(
        title="a path that leaves the project",
        why="Files are read and written below the project folder alone, and `metasql clean` empties the target folder: "
        "it must hold nothing that a person wrote.",
        example="model-paths: [../models]",
        fix="Name folders inside the project, and give `target-path` a folder of its own.",
    ),
    "MS0104": Entry(
        title="a project for another metasql",
        why="`require-metasql-version` says which versions the project was written for, and this is none of them.",
        example='require-metasql-version: ">=99"',
        fix="Install a version that fits, or widen the range.",
    ),
    "MS0105": Entry(
        title="an unknown SQL dialect",
        why="Models are read in the dialect that the project names, and there is no reader for this one.",
        example="dialect: duckbd",
        fix="Write a dialect of the list in the message, such as `duckdb`.",
    ),
    "MS0106": Entry(
        title="a folder default that matches nothing",
        why="Words under `features` in the project file are for the features of a folder. "
        "No feature is in this one, so they have no effect.",
        example="features: {avatar_data: {vidoe: {+tags: [media]}}}",
        fix="Correct the folder's name, or remove the entry.",
    ),
    "MS0107": Entry(
        title="a selector that is declared twice",
        why="A selector is chosen by its name, which must mean one thing.",
        example='selectors: [{name: a, definition: "tag:x"}, {name: a, definition: "tag:y"}]',
        fix="Rename one of the two.",
    ),
    "MS0108": Entry(
        title="no range of versions",
        why="`require-metasql-version` is a range as Python packages write it.",
        example='require-metasql-version: "1 or 2"',
        fix="Write it like `>=0.1,<2`.",
    ),
    "MS0110": Entry(
        title="no profiles file",
        why="To reach a warehouse metasql needs `profiles.yml`. It looks in `--profiles-dir`, `$METASQL_PROFILES_DIR`, "
        "the project folder and `~/.metasql`; where one of the first two is given, there alone.",
        example="metasql run --profiles-dir /nowhere",
        fix="Write a `profiles.yml`, or name its folder.",
    ),
    "MS0111": Entry(
        title="an unknown profile",
        why="The project file names a profile that `profiles.yml` does not have.",
        example="profile: avatr_data",
        fix="Correct `profile` in the project file, or add the profile.",
    ),
    "MS0112": Entry(
        title="an unknown target",
        why="`--target`, `$METASQL_TARGET` or the profile's `target` names an output that the profile does not have, "
        "or none of them names one of several.",
        example="metasql run --target prd",
        fix="Choose one of the profile's `outputs`.",
    ),
    "MS0113": Entry(
        title="an unknown engine",
        why="The `type` of a target is the engine that it runs on.",
        example="outputs: {dev: {type: sqlite}}",
        fix="Write `type: duckdb` or `type: clickhouse`.",
    ),
    "MS0114": Entry(
        title="an option that the engine cannot take",
        why="The value is of the right type, but the engine has no use for it.",
        example="storage_version: newest",
        fix="Follow the help line of the message.",
    ),
    "MS0115": Entry(
        title="a file that cannot be read",
        why="The operating system refuses to open the file.",
        example="chmod 000 models/video/full.yml",
        fix="Give yourself the right to read it, or move it out of the project.",
    ),
    # 02xx YAML, Jinja, SQL syntax
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
        example="{% macro a() %}{{ a() }}{% endmacro %}",
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
    # 03xx names and graph
    "MS0300": Entry(
        title="a name that no feature can have",
        why="A feature's key becomes the name of a relation: `video/face_crop` becomes `video__face_crop`. "
        "So it is made of lower-case letters, digits and `_`, in parts divided by `/`. "
        "Seeds follow the same rule, without parts.",
        example="name: Video/Face-Crop",
        fix="Rename it, or the file that it is named after.",
    ),
    "MS0301": Entry(
        title="declared twice",
        why="Two declarations of one name: a `ref` or a selection could mean either.",
        example="features:\n  - {name: video/full, id_columns: [id]}\n  - {name: video/full, id_columns: [id]}",
        fix="Keep one, or rename one.",
    ),
    "MS0302": Entry(
        title="a field that does not exist",
        why="A field is named that its feature does not have. Versions are kept for each field: "
        "a wrong name would hide changes.",
        example="deps: [video/full.audoi]",
        fix="Correct the name: the message lists the fields there are.",
    ),
    "MS0303": Entry(
        title="a name that no field can have",
        why="A field's name becomes part of the names of columns. `suffix` and `exclude` are words of field mappings.",
        example="fields: [suffix]",
        fix="Use letters, digits and `_`, in parts divided by `/`.",
    ),
    "MS0304": Entry(
        title="a name that no column can have",
        why="Columns are plain names, and those that begin with `metasql_` are metasql's own.",
        example="columns: [{name: metasql_status}]",
        fix="Choose another name, made of letters, digits and `_`.",
    ),
    "MS0305": Entry(
        title="a feature without id columns",
        why="`id_columns` tell one sample from another; without them nothing can be compared.",
        example="features: [{name: video/full}]",
        fix="Add `id_columns: [video_id]`.",
    ),
    "MS0306": Entry(
        title="a name that stands twice in a list",
        why="Each name may stand once in this list. SQL does not tell upper from lower case, "
        "and `audio/en` and `audio__en` would be one column.",
        example="id_columns: [video_id, video_id]",
        fix="Keep one of the two, or rename one.",
    ),
    "MS0307": Entry(
        title="a feature without a name",
        why="The file's place names the feature only where it is the file's single one.",
        example="features: [{id_columns: [a]}, {id_columns: [b]}]",
        fix="Write `name: folder/name` in each.",
    ),
    "MS0308": Entry(
        title="YAML and config() contradict",
        why="YAML and `config(...)` at the head of the body say different things of one feature, "
        "and neither goes before the other.",
        example="{{ config(id_columns=['clip_id']) }}",
        fix="Say it in one of the two places.",
    ),
    "MS0309": Entry(
        title="a body that nothing declares",
        why="A SQL file under the model paths is the body of the feature named by its place. "
        "Neither YAML nor `config(...)` declares that feature.",
        example="select 1 as video_id",
        fix="Declare it in YAML, or write `{{ config(id_columns=['video_id']) }}` at the head of the file.",
    ),
    "MS0310": Entry(
        title="no reference to a feature",
        why="A dependency names a feature by its key, `video/full`, or with another project, `other:video/full`.",
        example='deps: ["video full"]',
        fix="Write the feature's key.",
    ),
    "MS0311": Entry(
        title="no reference to a field",
        why="A field's own `deps` name fields: `video/full.audio`, or `video/full.*` for all of them.",
        example="fields: [{name: text, deps: [video/full]}]",
        fix="Write the feature's key, a dot, and the field.",
    ),
    "MS0312": Entry(
        title="no lineage",
        why="`lineage` says how the rows of a dependency become ours: `identity`, `lookup`, "
        "`{expansion: {on: [..]}}` or `{aggregation: {on: [..]}}`.",
        example="deps: [{feature: video/full, lineage: one_to_many}]",
        fix="Write one of the four.",
    ),
    "MS0313": Entry(
        title="a CSV header that cannot be used",
        why="The first line of a seed names its columns: each has a name, and no two the same.",
        example="id,id",
        fix="Correct the first line of the file.",
    ),
    "MS0314": Entry(
        title="words about a seed that is not there",
        why="YAML describes a seed or a seed's column, and there is no such file or column.",
        example="seeds: [{name: speakers, columns: [{name: nmae}]}]",
        fix="Correct the name, or remove the entry.",
    ),
    "MS0315": Entry(
        title="an empty code version",
        why="A code version is a text that changes when the code does; an empty one says nothing.",
        example='fields: [{name: audio, code_version: ""}]',
        fix='Write a version such as `"1"`, or leave the word out.',
    ),
    "MS0316": Entry(
        title="a test that cannot be read",
        why="A test is a name, or a name with its arguments below it.",
        example="tests:\n  - not_null: {}\n    unique: {}",
        fix="Write `- not_null` or `- accepted_values: {values: [a, b]}`.",
    ),
    "MS0317": Entry(
        title="words that exclude one another",
        why="Each of the words is right alone, and together they would say two things.",
        example="fields: [{name: audio, columns: [etag], version: md5(etag)}]",
        fix="Keep one of them.",
    ),
    "MS0318": Entry(
        title="not in this version of metasql",
        why="The word is part of the language, and this version cannot do what it asks for.",
        example="data_version: content",
        fix="Do without it, as the help line shows, or install a version that has it.",
    ),
    "MS0319": Entry(
        title="a SQL file that is no body",
        why="A body is `name.sql`, or `name.duckdb.sql` and `name.clickhouse.sql` for one engine; "
        "a feature has one of each at most.",
        example="models/video/full.postgres.sql",
        fix="Rename or remove the file.",
    ),
    "MS0320": Entry(
        title="`ref` is called wrongly",
        why=(
            "`ref` takes the key of a feature or a seed, as a text; before it the name of another project, "
            "if it is one of that."
        ),
        example="select * from {{ ref(video/full) }}",
        fix="Write the key between quotes: `ref('video/full')`.",
    ),
    "MS0321": Entry(
        title="a table is read past `ref` and `source`",
        why=(
            "The body reads a table by its name. Nothing is known of that table: neither its place in the "
            "order of the run, nor when its rows change, so changes in it make nothing stale."
        ),
        example="select * from raw.videos",
        fix=(
            "Declare the table under `sources` and read it with `source('raw', 'videos')`; read features and"
            " seeds with `ref`."
        ),
    ),
    "MS0322": Entry(
        title="`source` is called wrongly",
        why="`source` takes two texts: the name of a source and the name of one of its tables.",
        example="select * from {{ source('raw.videos') }}",
        fix="Write `source('raw', 'videos')`.",
    ),
    "MS0323": Entry(
        title="`config` is called wrongly",
        why="`config` takes arguments by name, with plain values: texts, numbers, flags, lists and mappings.",
        example="{{ config('video_id') }}",
        fix="Write `config(id_columns=['video_id'])`; the message says which argument is wrong.",
    ),
    "MS0324": Entry(
        title="a source is not declared",
        why="The body reads a source, or a table of it, that no YAML file declares.",
        example="select * from {{ source('raw', 'vidoes') }}",
        fix="Correct the name, or declare the table under `sources`.",
    ),
    # 04xx lineage and versions
    # 05xx planning, unsupported on this backend
    # 06xx connection and execution
    # 07xx assertions
    # 08xx commits
    # 90xx internal
}
