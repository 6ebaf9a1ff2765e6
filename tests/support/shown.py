"""Outputs that documents show, compared with those that come."""

from __future__ import annotations

import re

DURATION = re.compile(r" *\b\d+(?:\.\d+)? (?:ms|s)\b")
TIME = re.compile(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
RUN = re.compile(r"\brun [0-9a-f]{8}-[0-9a-f]{3}\b")


def shows(shown: str, output: str) -> bool:
    """Whether an output is as it is shown: `...` stands for anything; durations, times and runs are not compared."""
    parts = (re.escape(part) for part in plain(shown).split("..."))
    return re.fullmatch(".*".join(parts), plain(output), re.DOTALL) is not None


def plain(output: str) -> str:
    """An output without durations and the spaces at the ends of its lines; every moment and every run is the same."""
    same = RUN.sub("run RUN", TIME.sub("TIME", DURATION.sub("", output)))
    return "\n".join(line.rstrip() for line in same.strip().split("\n"))
