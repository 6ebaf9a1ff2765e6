"""MS06xx: features that are read from, or copied from, another target of the profile."""

from __future__ import annotations

from metasql.codes.entry import Entry

ENTRIES: dict[str, Entry] = {
    "MS0680": Entry(
        title="another target that holds no features",
        why="Features are to be read from another target of the profile, and nothing of metasql is there: its DuckDB "
        "file does not exist, or nothing was ever run in its schema or database.",
        example="outputs: {dev: {type: duckdb, path: dev.duckdb, defer: prod}, prod: {type: duckdb, path: prd.duckdb}}",
        fix="Correct the other target, run the project there first, or use `--no-defer`.",
    ),
    "MS0681": Entry(
        title="another target that an older metasql wrote",
        why="The tables that metasql keeps for itself in the other target are of an earlier form, and they are not "
        "changed from here: another target is read, and never written.",
        example="metasql run --target dev  # prod was last run by an older version",
        fix="Run a command that writes on the other target once with this version, or use `--no-defer`.",
    ),
    "MS0682": Entry(
        title="a feature that another target holds in another form",
        why="The feature has other id columns there than are declared here, or lacks a column or a field that is "
        "declared here. So its samples cannot stand for those that are declared.",
        example="id_columns: [video_id, part]  # prod has the samples by video_id",
        fix="Make the feature in your own target with `metasql run --select KEY`, or run the other target.",
    ),
    "MS0683": Entry(
        title="a feature that is in neither of two targets",
        why="What is to be run reads a feature that this target has not made, and the target that it defers to "
        "has not made it either.",
        example="metasql run --select video/crop  # video/full was never run, here or in prod",
        fix="Select the feature too: `metasql run --select +KEY`.",
    ),
    "MS0684": Entry(
        title="a feature that is read from another target",
        why="This target has not made the feature, and reads the samples of another one. Those are never written from "
        "here, and there is nothing to be done for them here.",
        example="metasql increment video/full  # which dev reads from prod",
        fix="`metasql run --select KEY` makes the feature in this target; from then on it is this target's own.",
    ),
    "MS0685": Entry(
        title="a feature that the other target does not hold",
        why="Samples are to be copied, and the feature was never run on the target that they are to come from.",
        example="metasql copy video/crop --from prod  # prod has never heard of it",
        fix="Name another target with `--from`, or a feature that is there.",
    ),
    "MS0686": Entry(
        title="a copy of children that a condition takes apart",
        why="The children of one input were made together, and the input is done when all of them are there. "
        "A condition over columns that differ between them would bring some of them alone.",
        example="metasql copy clip/cut --from prod --where 'start_s > 3'",
        fix="Write the condition over the columns of the input.",
    ),
}
