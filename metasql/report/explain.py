"""`metasql explain CODE`: a page of the error catalogue."""

from __future__ import annotations

import difflib

from metasql.codes import CATALOGUE, Entry


def page(code: str) -> str | None:
    """The page of a code as Markdown, or None where there is no such code."""
    wanted = code.strip().upper()
    entry = CATALOGUE.get(wanted)
    return None if entry is None else _page(wanted, entry)


def similar(code: str, most: int = 6) -> list[str]:
    """Codes that may have been meant: those whose title has the word, and near ones."""
    wanted = code.strip().upper()
    near = difflib.get_close_matches(wanted, CATALOGUE, n=len(CATALOGUE) or 1, cutoff=0.8)
    near.sort(key=lambda known: known[:5] != wanted[:5])
    titled = [known for known, entry in CATALOGUE.items() if wanted and wanted in entry.title.upper()]
    return list(dict.fromkeys([*titled, *near]))[:most]


def index() -> str:
    """Every code with its title, one a line."""
    return "\n".join(f"{code}  {entry.title}" for code, entry in CATALOGUE.items())


def _page(code: str, entry: Entry) -> str:
    parts = [f"# {code}: {entry.title}", entry.why.strip()]
    if entry.example.strip():
        parts += ["## Example", f"```text\n{entry.example.strip(chr(10)).rstrip()}\n```"]
    return "\n\n".join([*parts, "## What to do", entry.fix.strip()])
