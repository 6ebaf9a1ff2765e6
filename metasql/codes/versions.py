"""MS06xx: versions of datasets and models."""

from __future__ import annotations

from metasql.codes.entry import Entry

ENTRIES: dict[str, Entry] = {
    "MS0670": Entry(
        title="a version's name that is taken, or that no version can have",
        why="A version never changes, so its name means one thing for ever. Numbers, `current` and `latest` have a "
        "meaning of their own.",
        example="metasql snapshot avatar_train --name baseline  # a second time",
        fix="Choose another name.",
    ),
    "MS0671": Entry(
        title="a version that does not exist",
        why="A version of a dataset is named by its number (`3`, `v3`) or by the name that it was given, one of a "
        "model as it was registered, and both as `current` or `latest`; there is none such.",
        example="metasql dataset show avatar_train 99",
        fix="Take one of the versions in the note.",
    ),
    "MS0672": Entry(
        title="an export into a folder that is not empty",
        why="An export is a folder of its own: files of another one beside it would be taken for a part of it.",
        example="metasql dataset export avatar_train 3 -o .",
        fix="Name a folder that is not there yet, or an empty one.",
    ),
    "MS0673": Entry(
        title="the table of a version is not as it was",
        why="Somebody dropped or changed the table around metasql: its rows are not those that the version's digest "
        "tells.",
        example="metasql dataset export avatar_train 3  # after DROP TABLE avatar_train__v3",
        fix="Bring the table back from a backup, or make a new version with `metasql snapshot`.",
    ),
    "MS0674": Entry(
        title="no version to go back to",
        why="A rollback returns to the version that was promoted before the present one; `current` means the promoted "
        "one. There is none.",
        example="metasql dataset rollback avatar_train  # after the first promotion",
        fix="Promote the version that you mean.",
    ),
    "MS0675": Entry(
        title="a model's version that is taken, or that no model can have",
        why="The version of a model is the code version of what it makes, so it means one model for ever. `current` "
        "and `latest` have a meaning of their own.",
        example='wh.register_model("lips", version="2024-05", uri="s3://models/lips.pt")  # a second time',
        fix="Choose another version, or leave it out: then it is the next number.",
    ),
    "MS0676": Entry(
        title="a model that does not exist",
        why="A model is there when a version of it was registered on this target; of this name there is none.",
        example="metasql model promote lisp 3",
        fix="Correct the name, or register the model: `wh.register_model(...)`.",
    ),
}
