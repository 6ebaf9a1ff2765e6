"""MS06xx: features of other projects, where they are read."""

from __future__ import annotations

from metasql.codes.entry import Entry

ENTRIES: dict[str, Entry] = {
    "MS0690": Entry(
        title="another project's warehouse that is none",
        why="`schema` of a project in `dependencies` says where its relations lie, and no metasql ever wrote there.",
        example="dependencies: [{name: media, manifest: ../media/target/metasql.json, schema: nowhere}]",
        fix="Run the other project there first, or correct `schema`.",
    ),
    "MS0691": Entry(
        title="a feature that another project makes",
        why="Features of other projects are read here, and never computed, committed to or changed.",
        example="metasql commit media:video/full done.jsonl",
        fix="Do it in the other project, where the feature is called without the project's name.",
    ),
    "MS0692": Entry(
        title="a feature that is not in another project's warehouse",
        why="The other project declares the feature, and its table is not there, or lacks a column: that project was "
        "not run since, or its manifest is not the one that it was run with.",
        example="metasql run  # after `metasql parse` in the other project, and before `metasql run` there",
        fix="Run the feature in the other project, or bring its manifest up to date.",
    ),
}
