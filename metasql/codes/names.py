"""MS03xx: names and graph."""

from __future__ import annotations

from metasql.codes.entry import Entry

ENTRIES: dict[str, Entry] = {
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
        example="select * from {{ ref('video/full', version=2) }}",
        fix="Give the key alone, between quotes: `ref('video/full')`.",
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
    "MS0325": Entry(
        title="a line of a seed that cannot be loaded",
        why="Every line of a CSV file has as many cells as its header, and each value is one of its column's type. "
        "An empty cell is NULL.",
        example="video_id,duration_s\nvid_1,12.5,x",
        fix="Correct the line; put a value that holds a comma between quotes.",
    ),
    "MS0326": Entry(
        title="a body that reads its own relation",
        why="What a body gives is made of its dependencies alone: its own rows of an earlier run are none of them, "
        "and there are none before its first run.",
        example="select * from {{ ref('video/full') }} where video_id not in (select video_id from {{ this }})",
        fix="Write the body over whole tables, without an incremental part: a run computes what is new or stale.",
    ),
    "MS0330": Entry(
        title="a feature that does not exist",
        why="A feature or seed is named that the project does not declare, "
        "in `deps`, in a `ref` of a body or an assertion, or on the command line.",
        example="deps: [vidoe/full]",
        fix="Correct the name: the message lists what there is. `metasql ls` lists everything.",
    ),
    "MS0332": Entry(
        title="features that depend on each other in a circle",
        why="A feature is computed after everything it is made of. In a circle there is none to begin with.",
        example="features:\n  - {name: egg, id_columns: [id], deps: [hen]}\n"
        "  - {name: hen, id_columns: [id], deps: [egg]}",
        fix="Take one of the dependencies away; the message shows all of them.",
    ),
    "MS0333": Entry(
        title="a name of a relation that is taken",
        why="Each feature has relations of its own: `video__crop`, and that name with `__samples`, `__increment` "
        "and so on behind it. Case does not tell them apart, nor from the seeds' tables and metasql's own.",
        example="features:\n  - {name: video/crop, id_columns: [id]}\n  - {name: video__crop, id_columns: [id]}",
        fix="Rename one of the two.",
    ),
    "MS0335": Entry(
        title="a column that does not exist",
        why="A column is named that the feature does not have. After `rename` only the new names hold: "
        "`columns`, `where` and `lineage` see those.",
        example='deps: [{feature: video/full, where: "heigth_px > 3"}]',
        fix="Correct the name: the message lists the columns there are.",
    ),
    "MS0336": Entry(
        title="columns that cannot be told",
        why="The columns of a feature are known before anything runs. "
        "Here the body selects `*` from a relation whose columns nothing declares.",
        example="select * from {{ source('raw', 'videos') }}",
        fix="Select the columns by name, or declare the `columns` of the source table.",
    ),
    "MS0337": Entry(
        title="a column of a body that cannot be stored",
        why="A `*` brings two columns of one name, or a column has a name that begins with `metasql_`: "
        "those are the columns that metasql keeps beside the author's.",
        example="select a.*, b.* from {{ ref('a') }} a join {{ ref('b') }} b on a.id = b.id",
        fix="Select the columns by name, or leave some out: `* exclude (id)`.",
    ),
    "MS0338": Entry(
        title="a column without a type",
        why="Outside programs write the rows of this feature, so metasql makes the table, "
        "and nothing says what the column holds. Id columns that come from a dependency have its type.",
        example="features: [{name: speaker, id_columns: [speaker_id]}]",
        fix="Declare the column with its type: `columns: [{name: speaker_id, type: text}]`.",
    ),
    "MS0339": Entry(
        title="a column that the body does not give",
        why="The YAML names a column of the feature that is no output column of its SQL body. "
        "Bodies for several engines give the same columns.",
        example="id_columns: [video_id]  # the body: select id from {{ ref('raw_videos') }}",
        fix="Select the column in the body, or correct the name.",
    ),
    "MS0340": Entry(
        title="a feature that is disabled",
        why="The feature says `enabled: false`, so it does not take part, and something needs it.",
        example="features:\n  - {name: a, enabled: false, id_columns: [id]}\n"
        "  - {name: b, id_columns: [id], deps: [a]}",
        fix="Enable it, or take this use of it away.",
    ),
    "MS0341": Entry(
        title="a project that is not named",
        why="`other:video/full` names a feature of another project, which `dependencies` of the project file has to "
        "say something of: where its manifest is, and where its relations lie.",
        example='deps: ["archive:video/full"]  # and no `dependencies` in dbt_project_style.yml',
        fix="Add it: `dependencies: [{name: archive, manifest: ../archive/target/metasql.json, schema: archive}]`.",
    ),
    "MS0342": Entry(
        title="a field's parent that is no dependency",
        why="A field is made of fields of the feature's own dependencies: through them metasql knows "
        "which upstream row a sample is made of.",
        example="deps: [video/full]\nfields: [{name: text, deps: [speaker/profile.voice]}]",
        fix="Add the feature to `deps`, or correct the name.",
    ),
    "MS0344": Entry(
        title="an aggregate in the wrong place",
        why="`where`, `stale_when` and `version` are asked of each row alone, so no aggregate and no window can stand "
        "in them. The `columns` of an aggregation are the other way round: there several rows become one value.",
        example='deps: [{feature: clip/cut, where: "count(*) > 3"}]',
        fix="Compute the aggregate in the body of a SQL feature, or say how a group becomes one value: `min(path)`.",
    ),
    "MS0345": Entry(
        title="a table that the query does not read",
        why="A column is named with a table before it, and FROM and JOIN have no table of that name or alias.",
        example="select crop.path from {{ ref('video/face_crop') }} as face",
        fix="Use the alias of the table, or give it this one.",
    ),
    "MS0346": Entry(
        title="a column that several tables have",
        why="The column is named alone, and more than one table of the query has it; which is meant cannot be told.",
        example="select video_id from {{ ref('a') }} as a join {{ ref('b') }} as b on a.video_id = b.video_id",
        fix="Put the table's alias before it: `a.video_id`; or join with `using (video_id)`.",
    ),
    "MS0347": Entry(
        title="a contract without types",
        why="With `contract: {enforced: true}` the declared columns are all that the body may give, each of exactly "
        "its type; a column without a type promises nothing.",
        example="contract: {enforced: true}\ncolumns: [{name: video_id, type: text}, {name: path}]",
        fix="Write the type of every column, the id columns among them.",
    ),
    "MS0350": Entry(
        title="a selection that cannot be read",
        why="The words of `--select` and `--exclude` are names with `+` and `@`, or a method and its value.",
        example="metasql run --select tg:media",
        fix="Write it like `video/full+`, `tag:media` or `path:models/video`.",
    ),
    "MS0351": Entry(
        title="a selection that nothing matches",
        why="No node of the project has that name, so this part of the selection is empty.",
        example="metasql run --select vidoe/full",
        fix="Correct the name: `metasql ls` lists all of them.",
    ),
    "MS0352": Entry(
        title="a selection that needs a warehouse",
        why="`increment:` and `state:` ask the warehouse what is to be done, and what it was told. This command opens "
        "none.",
        example="metasql compile --select increment:stale",
        fix="Use it with `run`, `build`, `test` or `seed`.",
    ),
    "MS0353": Entry(
        title="a selector that does not exist",
        why="`--selector` names a selection of `selectors.yml`, and there is none of this name.",
        example="metasql run --selector nightly",
        fix="Correct the name, or declare the selector.",
    ),
    "MS0354": Entry(
        title="a macro that does not exist",
        why="`run-operation` calls a macro of the project by its name, and there is none of this name.",
        example="metasql run-operation grant_selct",
        fix="Correct the name, or write the macro in a file under `macro-paths`.",
    ),
    "MS0355": Entry(
        title="a unit test that does not fit its feature",
        why="A unit test gives rows of what its feature reads, and expects what its increment tells. It names "
        "a feature, an upstream table, a field or a column that is not there, or a row has no key.",
        example="unit_tests:\n"
        "  - {name: t, feature: video/face_crop, given: {upstream: {vidoe/full: []}}, expect: {new: []}}",
        fix="Correct the name: the note says which there are.",
    ),
}
