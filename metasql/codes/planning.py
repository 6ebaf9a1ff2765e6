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
}
