"""MS03xx: datasets."""

from __future__ import annotations

from metasql.codes.entry import Entry

ENTRIES: dict[str, Entry] = {
    "MS0360": Entry(
        title="features without a common key",
        why="The rows of a dataset are those of its feature of the finest key, and every other feature is joined to "
        "them by its own id columns. Here no feature has the id columns of all others.",
        example="datasets: [{name: train, features: [video/full, speaker/profile]}]",
        fix="Take features whose keys contain one another, or bring them together in a SQL feature first.",
    ),
    "MS0361": Entry(
        title="splits that do not work out",
        why="Each split has a name and a share of the rows; the shares are above 0 and sum up to 1 exactly.",
        example="splits: {train: 0.9, val: 0.2}",
        fix="Correct the shares: `splits: {train: 0.9, val: 0.1}`.",
    ),
    "MS0362": Entry(
        title="two columns of one name in a dataset",
        why="A dataset is one relation: each of its columns has a name of its own. The id columns of its key come "
        "along under their names, and `split` tells the split of a row.",
        example="datasets: [{name: train, features: [video/full, video/face_crop]}]  # both have `path`",
        fix="Choose the `columns`, and rename one: `{column: video/face_crop.path, as: crop_path}`.",
    ),
    "MS0363": Entry(
        title="a dataset that does not exist",
        why="A dataset is named that the project does not declare.",
        example="metasql snapshot avatar_tarin",
        fix="Correct the name: the message lists the datasets there are.",
    ),
}
