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
    "MS0420": Entry(
        title="a changed key of a feature that has rows",
        why="Stored samples are found by their id columns, and those of an expansion by what it is `on`. "
        "With another key the rows that are there mean nothing.",
        example="id_columns: [video_id, take]  # the stored rows have video_id alone",
        fix="Compute the feature anew with `metasql run --full-refresh --select KEY`, or put the old key back.",
    ),
}
