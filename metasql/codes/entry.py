"""What the catalogue says of one code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A page of the catalogue."""

    title: str
    why: str
    example: str
    fix: str
