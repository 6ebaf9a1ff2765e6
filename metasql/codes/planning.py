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
}
