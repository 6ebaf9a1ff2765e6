"""MS07xx: assertions."""

from __future__ import annotations

from metasql.codes.entry import Entry

ENTRIES: dict[str, Entry] = {
    "MS0701": Entry(
        title="an assertion that found rows",
        why="An assertion is a SELECT of what must not be; it returned rows.",
        example="select video_id from {{ ref('video/full') }} where duration_s <= 0",
        fix="Look at the rows with `metasql show --inline`, and correct the data, the body or the assertion.",
    ),
}
