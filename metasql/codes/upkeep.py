"""MS06xx: questions about what is stored, and its upkeep."""

from __future__ import annotations

from metasql.codes.entry import Entry

ENTRIES: dict[str, Entry] = {
    "MS0660": Entry(
        title="a rebase whose fields do not fit",
        why="The stored rows were made of other fields than are declared now, or by a definition that the target was "
        "never told. What upstream held then is not known, so nothing says that the rows are still right.",
        example="metasql rebase video/face_crop --reason 'audio is read too now'",
        fix="Take what upstream holds now as what the rows were made of with `--accept-upstream`, or recompute them.",
    ),
    "MS0661": Entry(
        title="a feature version that nothing here was written by",
        why="`--from-feature-version` chooses rows by the version that they were written by, and no row has this one.",
        example="metasql rebase video/face_crop --from-feature-version 0000 --reason 'a typing mistake'",
        fix="Take one of the versions in the note, or leave the option out.",
    ),
    "MS0662": Entry(
        title="ids that name no sample",
        why="A sample is named by a value for each of its id columns, in their order and of their types.",
        example="metasql why video/face_crop  # without an id",
        fix="Give the values of the id columns in the order that the message shows.",
    ),
    "MS0663": Entry(
        title="a rebase of children that a condition takes apart",
        why="The children of one input were made together, so they are accepted together; a condition over columns "
        "that differ between them would choose some of them alone.",
        example="metasql rebase clip/cut --where 'start_s > 3' --reason 'as before'",
        fix="Write the condition over the columns of the input.",
    ),
    "MS0664": Entry(
        title="nothing that could be tried again",
        why="`metasql retry` goes on from the last command, as `metasql_results.json` has it, and there is none, or it "
        "was none of build, run, seed and test.",
        example="metasql retry  # after `metasql clean`",
        fix="Run the command itself.",
    ),
}
