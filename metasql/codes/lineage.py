"""MS04xx: lineage and versions."""

from __future__ import annotations

from metasql.codes.entry import Entry

ENTRIES: dict[str, Entry] = {
    "MS0401": Entry(
        title="no dependency gives the whole key",
        why="The samples that should exist follow from the dependencies, so one of them must give every id column "
        "of a sample, or for an expansion every column that it is `on`.",
        example="features: [{name: cut, id_columns: [video_id, cut_index], deps: [video/full]}]",
        fix="Declare `lineage: {expansion: {on: [video_id]}}` where one sample becomes several of ours; "
        "else add the dependency whose samples ours are.",
    ),
    "MS0402": Entry(
        title="an expansion that is none",
        why="An expansion makes several samples of one. A dependency with our whole key gives one each: "
        "on its own that is an identity, and beside it the coarser one is a lookup.",
        example="features: [{name: crop, id_columns: [video_id], "
        "deps: [{feature: video/full, lineage: {expansion: {on: [video_id]}}}]}]",
        fix="Take the lineage away, or declare `lineage: lookup`.",
    ),
    "MS0403": Entry(
        title="two dependencies that carry one column",
        why="The increment hands out the dependencies' columns side by side. "
        "Two of one name, or one with the name of an id column, could not be told apart.",
        example="deps: [video/full, video/sound]  # both have a column `path`",
        fix="Rename one of them with `rename: {path: full_path}`, or choose others with `columns`.",
    ),
    "MS0404": Entry(
        title="keys that do not fit the lineage",
        why="An identity needs equal keys, a lookup a key that is part of ours, an expansion the upstream key in `on`, "
        "an aggregation columns of our key. Keys are compared after `rename`.",
        example="deps: [{feature: clip/cut, lineage: identity}]  # its key has a clip_index, ours has not",
        fix="Declare the lineage that the help line names, or rename the columns to ours.",
    ),
    "MS0405": Entry(
        title="two units of work",
        why="For an expansion staleness is decided for each upstream sample. "
        "Two expansions on different columns would give two answers.",
        example="deps:\n  - {feature: video, lineage: {expansion: {on: [video_id]}}}\n"
        "  - {feature: speaker, lineage: {expansion: {on: [speaker_id]}}}",
        fix="Let both be on the same columns, or make two features of it.",
    ),
    "MS0406": Entry(
        title="a dependency that the body never reads",
        why="Changes of the dependency make samples stale, and the body does not look at it.",
        example="deps: [video/full, clip/cut]  # the body: select video_id from {{ ref('video/full') }}",
        fix="Take the dependency away, or write `fields: none` where it only says which samples exist.",
    ),
    "MS0407": Entry(
        title="a version of a field that is made of others",
        why="`version` says what the content of a root's field is. "
        "The version of a field with dependencies comes from what it is made of.",
        example='deps: [video/full]\nfields: [{name: audio, version: "upper(etag)"}]',
        fix="Take `version` away.",
    ),
    "MS0408": Entry(
        title="a data version that is content, where that has no meaning",
        why="The content of a SQL feature's columns tells whether a recomputed sample came out the same. A root's "
        "inputs are its content already; what an outside program writes, such as a path, need not change with the "
        "data: it gives a data version with its commit.",
        example="- name: video/face_crop  # made by a GPU job\n  data_version: content",
        fix="Take `data_version` away.",
    ),
    "MS0410": Entry(
        title="a field that reads more than it declares",
        why="What a field is made of is read from the SQL: the columns of its values, and those of every WHERE, JOIN, "
        "GROUP BY, HAVING, QUALIFY, window and LIMIT on the way. If one of them changed, and the field did not depend "
        "on it, a sample would be called fresh that is not.",
        example="fields: [{name: layout, columns: [pixels], deps: [video/full.frames]}]\n"
        "# the body: select video_id, width_px * height_px as pixels from ... where duration_s > 3",
        fix="Add the field to `deps`, or leave `deps` out: then they are what the SQL reads.",
    ),
    "MS0411": Entry(
        title="a field that declares more than it reads",
        why="A change of what the SQL does not read makes the field stale all the same, and it comes out as it was.",
        example="fields: [{name: layout, columns: [pixels], deps: [video/full.frames, video/full.audio]}]\n"
        "# the body: select video_id, width_px * height_px as pixels from ...",
        fix="Take the dependency away.",
    ),
    "MS0412": Entry(
        title="SQL that cannot be followed",
        why="A dynamic pivot, a function that gives a table, a positional join: which columns upstream lead to "
        "which of ours cannot be told. All that may be meant counts as read, so more is stale than need be.",
        example="select * from (pivot {{ ref('clip/cut') }} on label using count(*))",
        fix="Write the columns out, as in `pivot (count(*) for label in ('a', 'b'))`, or say it in another way.",
    ),
    "MS0415": Entry(
        title="a code version of SQL that gives another value each time",
        why="The code version of a SQL feature's field is read from its SQL. A function such as `now()` gives another "
        "value each time although the SQL is the same, so a sample would be called fresh that would not come out so.",
        example="select video_id, now() as seen_at from {{ ref('video/full') }}",
        fix="Read the value from a column of a source, or give it with `var`. Or write a `code_version` for the field: "
        "it is computed anew when that changes, and not otherwise.",
    ),
    "MS0416": Entry(
        title="a lock file that cannot be read",
        why="`metasql.lock` has one line for each field whose code version is read from SQL. A merge or a hand has "
        "left something else in it.",
        example="<<<<<<< HEAD",
        fix="Keep one line for each field, or delete the file and run `metasql lock`: versions are then read anew from "
        "the SQL as it is.",
    ),
    "MS0417": Entry(
        title="a code version that is read from SQL, where there is none",
        why="`code_version: auto` reads the version of a SQL feature's field from its SQL. An outside program has "
        "none, and the content of a root's fields tells of its SQL already.",
        example="- name: video/face_crop  # made by a GPU job\n  fields: [{name: frames, code_version: auto}]",
        fix="Write a version, and change it when the code changes.",
    ),
    "MS0418": Entry(
        title="a lock file that is not up to date",
        why="`--locked` asks that `metasql.lock` says what the SQL of the project says. It does not: some field's SQL "
        "was changed, or came or went, and the file was not written since.",
        example="metasql run --locked  # after a body was edited",
        fix="Run `metasql lock` and commit the file.",
    ),
    "MS0420": Entry(
        title="a changed key of a feature that has rows",
        why="Stored samples are found by their id columns, and those of an expansion by what it is `on`. "
        "With another key the rows that are there mean nothing.",
        example="id_columns: [video_id, take]  # the stored rows have video_id alone",
        fix="Compute the feature anew with `metasql run --full-refresh --select KEY`, or put the old key back.",
    ),
}
