"""The corpus of queries with their edges, worked out by hand, and the tables that they read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from metasql.trace.relation import Table

TABLES = {
    "t": Table(("id", "a", "b", "c", "s", "xs"), ("id",)),
    "u": Table(("id", "k", "x", "y", "d"), ("id",)),
    "v": Table(("id", "k", "a", "w"), ("id", "k")),
    "src": Table(None),
    "clips": Table(("clip_id", "youtube_id", "start_s", "label"), ("clip_id",)),
    "classes": Table(("label", "category", "clip_count"), ("label",)),
    "guesses": Table(("clip_id", "guess", "score"), ("clip_id",)),
    "videos": Table(("video_name", "subset", "url", "height_px"), ("video_name",)),
    "cuts": Table(("video_name", "clip_index", "start_s", "end_s"), ("video_name", "clip_index")),
    "crops": Table(("video_name", "clip_index", "width_px", "zoom"), ("video_name", "clip_index")),
}
"""Those of features have a key; of `src` nothing is known. From `clips` on they are as in VGG-Sound and HDTF."""

TYPES = {"s": "STRUCT(f INTEGER, g STRUCT(h INTEGER))", "xs": "INTEGER[]"}
"""All other columns are whole numbers."""

_FOLDER = Path(__file__).parent / "corpus"
_EXPECTED = re.compile(r"-- (\w+):(.*)")


@dataclass
class Case:
    """A query, and for `rows`, each column, and `unnamed` columns the edges, as `parent.column kind`."""

    name: str
    sql: str = ""
    edges: dict[str, frozenset[str]] = field(default_factory=dict)
    lost: int = 0

    @property
    def columns(self) -> list[str]:
        return [name for name in self.edges if name not in ("rows", "unnamed")]


def cases() -> Iterator[Case]:
    """Every case of every file."""
    for path in sorted(_FOLDER.glob("*.sql")):
        for text in path.read_text(encoding="utf-8").split("-- case: ")[1:]:
            yield _case(path.stem, text)


def _case(stem: str, text: str) -> Case:
    name, *lines = text.strip().splitlines()
    case = Case(f"{stem}: {name}")
    for line in lines:
        found = _EXPECTED.fullmatch(line)
        if found is None:
            case.sql += f"{line}\n"
        elif found[1] == "lost":
            case.lost = int(found[2])
        else:
            case.edges[found[1]] = frozenset(part.strip() for part in found[2].split(",") if part.strip())
    return case
