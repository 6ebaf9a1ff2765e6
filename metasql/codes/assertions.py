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
    "MS0702": Entry(
        title="a source that is too old",
        why="The newest row of the source, by its `loaded_at_field`, is older than `warn_after` or `error_after` "
        "says, or there is no row at all: what is computed from it would be told as current.",
        example="freshness: {error_after: {count: 24, period: hour}}  # and nothing was loaded since last week",
        fix="See why it is not loaded, or correct the limit.",
    ),
    "MS0703": Entry(
        title="a source without a time",
        why="`freshness` says how old the newest row may be, and nothing says which column holds the time at which "
        "a row was loaded.",
        example="tables: [{name: videos, freshness: {warn_after: {count: 12, period: hour}}}]",
        fix="Name the column: `loaded_at_field: loaded_at`.",
    ),
    "MS0704": Entry(
        title="a unit test that fails",
        why="The increment of the feature, or its rows after the run, are not what the unit test expects. The table "
        "shows both: `-` was expected and is not there, `+` is there and was not expected.",
        example="expect: {stale: [{video_id: v1, fields: [text]}]}  # and nothing is stale",
        fix="Correct the feature, or what the unit test expects.",
    ),
    "MS0705": Entry(
        title="a stored row that cannot have been made",
        why="A stored row of a unit test is one that was made of `stored_from`, or of `upstream` where that is silent; "
        "and these have no row that it could have been made of.",
        example="given: {upstream: {video/full: []}, stored: [{video_id: v1}]}",
        fix="List under `stored_from` the upstream rows that the stored ones were made of.",
    ),
}
