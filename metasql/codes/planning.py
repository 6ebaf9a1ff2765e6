"""MS05xx: planning, unsupported on this backend."""

from __future__ import annotations

from metasql.codes.entry import Entry

ENTRIES: dict[str, Entry] = {
    "MS0501": Entry(
        title="an engine that this version has no SQL for",
        why="The target's `type` is known, and this version of metasql cannot write SQL for it.",
        example="metasql run --target prod  # type: clickhouse",
        fix="Choose another target with `--target`.",
    ),
    "MS0502": Entry(
        title="a construct that cannot be carried over to the engine",
        why="What is written in the project's dialect is carried over to the target's engine where that gives the "
        "same values for every row. For this construct no such way is known, or it depends on something that only "
        "one engine has: another engine would refuse it, or answer otherwise without saying so.",
        example="SELECT video_id, approx_count_distinct(speaker_id) AS speakers FROM {{ ref('video/cast') }}",
        fix="Write it with what both engines know; or put a body for the engine beside it (`name.clickhouse.sql`); "
        "or let a macro choose with `adapter.dispatch` or `target.type`.",
    ),
    "MS0503": Entry(
        title="a declared type that the engine would cast to in another way",
        why="A column is declared with a type, and the body gives another one. The project's dialect rounds such "
        "values, or fails where they do not fit; the target's engine would cut them, or make NULL of them, and say "
        "nothing.",
        example="columns: [{name: clips, type: bigint}]  # the body: duration_s / 20 AS clips",
        fix="Cast the column in the body: `CAST(duration_s / 20 AS BIGINT) AS clips`.",
    ),
    "MS0504": Entry(
        title="a lazy relation on an engine that has none",
        why="DuckDB's client has relations, which are computed when their rows are asked for. The clients of other "
        "engines have queries as text alone.",
        example='wh.increment("video/face_crop").relation()  # on ClickHouse',
        fix="Take the text of the query with `.sql()`, or its rows with `.batches()`.",
    ),
    "MS0505": Entry(
        title="a dataset or a model's version on a cluster",
        why="A dataset joins the rows of several features, and freezes them as one table; a field that is made by a "
        "model asks which version is promoted. On a cluster rows lie on several nodes, each feature's by a key of its "
        "own, and this version does neither there.",
        example="metasql snapshot avatar_train --target cluster",
        fix="Declare the dataset for a target on one server; write a `code_version` in the place of the model.",
    ),
    "MS0510": Entry(
        title="a file that is no manifest of metasql's",
        why="`metasql diff --state` compares with a manifest, which tells all features and fields of a project as they "
        "were declared when it was written. The file that was named is not there, or is another one.",
        example="metasql diff --state manifest.yml",
        fix="Name the `metasql.json` of a target folder. `metasql parse` and every run write it.",
    ),
    "MS0511": Entry(
        title="a manifest of a newer metasql",
        why="The manifest has a schema version that this metasql does not know: it may tell of things that would be "
        "left out of the comparison without a word.",
        example="metasql diff --state from_a_newer_metasql/metasql.json",
        fix="Upgrade metasql, or write the manifest anew with this version: `metasql parse`.",
    ),
    "MS0512": Entry(
        title="a git revision that is not known",
        why="`metasql diff --git` reads the project as it is at a revision, and git has no such revision here: the "
        "folder is in no repository, the name is spelt otherwise, or a shallow clone left it out.",
        example="metasql diff --git mian",
        fix="Name a branch, a tag or a commit. In CI, fetch the branch that is compared with.",
    ),
    "MS0513": Entry(
        title="a git revision without the project",
        why="At that revision the project's folder does not exist, or has no project file: there is nothing to "
        "compare with.",
        example="metasql diff --git 'HEAD~1000'",
        fix="Name a revision that has the project in this folder.",
    ),
    "MS0514": Entry(
        title="a project that cannot be read at a git revision",
        why="The project of that revision has errors for this metasql and this target, so what it declares is not "
        "known.",
        example="metasql diff --git work-in-progress",
        fix="Name a revision whose project can be read. The notes tell what is wrong there.",
    ),
    "MS0515": Entry(
        title="a plan that exceeds its limit",
        why="`metasql plan --fail-above` fails where a run would compute more samples than the limit, or cost more; an "
        "upper bound counts in full, and so does what could not be counted.",
        example="metasql plan --fail-above '1000 samples'",
        fix="Look at what the plan says, feature by feature. If it is wanted, raise the limit.",
    ),
    "MS0516": Entry(
        title="a limit in a unit that no cost has",
        why="No feature of the project declares a `cost_per_sample` in the unit of `--fail-above`: the limit could "
        "never be met, whatever a plan costs.",
        example="metasql plan --fail-above '50 EUR'  # costs are declared in USD",
        fix="Write the unit as `cost_per_sample` has it, or limit the samples.",
    ),
}
