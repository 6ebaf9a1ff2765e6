"""What is wrong with the lines of a seed: asked when an engine could not load it, for it says where at most."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from metasql.diagnostics import Bag
from metasql.parse.declarations import SeedDecl
from metasql.parse.read_seeds import kept
from metasql.source import Source, Span

MOST = 5
"""So many lines are named."""

_KINDS = (
    (re.compile(r"(TINY|SMALL|BIG|HUGE)?INT(EGER)?|U?INT\d*|LONG", re.IGNORECASE), "a whole number", r"[+-]?\d+"),
    (
        re.compile(r"DOUBLE|FLOAT\d?|REAL|(DECIMAL|NUMERIC)\b.*", re.IGNORECASE),
        "a number",
        r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf(inity)?)",
    ),
    (re.compile(r"BOOL(EAN)?", re.IGNORECASE), "a boolean", r"true|false|t|f|yes|no|y|n|1|0"),
    (re.compile(r"DATE", re.IGNORECASE), "a date such as 2024-05-01", r"[+-]?\d+-\d{1,2}-\d{1,2}( \(BC\))?|-?infinity"),
)
"""Types whose values can be told by their look; those of any other type are left to the engine."""


@dataclass(frozen=True)
class _Row:
    """A record and the line that it begins on; `text` is the record as written, `cells` None where it has no end."""

    line: int
    text: str
    cells: list[str] | None


def check_rows(seed: SeedDecl, root: Path) -> Bag:
    """The lines that cannot be loaded: another number of cells, another encoding, values of another type."""
    bag = Bag()
    try:
        for row in _rows(root / seed.path):
            _check(seed, row, bag)
            if len(bag) >= MOST:
                break
    except UnicodeDecodeError:
        place = Span(Source(seed.path, ""), 0, 0)
        bag.error("MS0203", f"`{seed.path}` is not UTF-8", place, help="save the file as UTF-8")
    return bag


def _rows(path: Path) -> Iterator[_Row]:
    """The records after the header."""
    written: list[str] = []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(kept(stream, written), strict=True)
        next(reader, None)
        before = reader.line_num
        written.clear()
        try:
            for cells in reader:
                yield _Row(before + 1, "".join(written), cells)
                before = reader.line_num
                written.clear()
        except csv.Error:
            yield _Row(before + 1, "".join(written), None)


def _check(seed: SeedDecl, row: _Row, bag: Bag) -> None:
    if row.cells is None:
        help = "close the quote; a quote within a value is written twice: ``"
        bag.error("MS0325", "the quotes of this line do not fit together", _place(seed, row, '"'), help=help)
        return
    if not row.cells or row.cells == [""]:
        return
    if len(row.cells) != len(seed.header):
        wanted, given = len(seed.header), len(row.cells)
        cells = f"{given} cell{'' if given == 1 else 's'}"
        help = f"write {wanted} cells; put a value that holds a comma between quotes"
        bag.error("MS0325", f"this line has {cells}, and the header has {wanted}", _place(seed, row, ""), help=help)
        return
    for name, value in zip(seed.header, row.cells, strict=True):
        type_ = str(seed.types.get(name, "")).strip()
        kind = next((item for item in _KINDS if item[0].fullmatch(type_)), None)
        if kind is not None and value and not re.fullmatch(kind[2], value.strip(), re.IGNORECASE):
            message = f"`{value[:40]}` in column `{name}` is not {kind[1]}"
            help = f"correct the value, or the type of `{name}`, which is {type_}"
            bag.error("MS0325", message, _place(seed, row, value), help=help)


def _place(seed: SeedDecl, row: _Row, value: str) -> Span:
    """The value, or the record. Of the lines before it the source has their ends alone: there may be many."""
    text = "\n" * (row.line - 1) + row.text.rstrip("\r\n")
    span = Span(Source(seed.path, text), row.line - 1, len(text))
    return span.find(value) if value else span
