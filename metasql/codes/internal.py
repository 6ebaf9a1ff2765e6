"""MS90xx: internal."""

from __future__ import annotations

from metasql.codes.entry import Entry

ENTRIES: dict[str, Entry] = {
    "MS9001": Entry(
        title="a fault of metasql's own",
        why="Something happened that metasql should have seen coming. A statement that was not finished is undone.",
        example="Nothing that a project says should lead here.",
        fix="Please report it with the command, the message and, if you can, the project.",
    ),
}
