"""The excerpt under a diagnostic: source lines with a gutter, and carets under what is meant.

Columns are counted in cells of the terminal: a tab is shown as four, a wide character
takes two, a combining one none. A control character is shown as its picture, so no text
of a user's can steer the terminal.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from metasql.source import Source, Span

TAB = "    "


@dataclass(frozen=True)
class Mark:
    """A stretch of one line that is pointed at."""

    line: int
    start: int
    end: int
    message: str
    primary: bool


@dataclass(frozen=True)
class Row:
    """One row of an excerpt: a source line (`number`), carets under one, or a gap (neither).

    `indent` cells go before the `text`; `primary` says whose carets they are.
    """

    text: str
    number: int | None = None
    indent: int = 0
    gap: bool = False
    primary: bool = False


def mark(span: Span, message: str, *, primary: bool) -> Mark:
    """The mark of a span on its first line: at least one column wide, the rest of the line when it goes on."""
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    text = span.source.line_text(line)
    end = end_column - 1 if end_line == line else len(text.rstrip())
    start = min(column - 1, len(text))
    return Mark(line, start, max(start + 1, min(end, len(text))), message, primary)


def cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    return sum(_width(character) for character in text)


def shown(text: str) -> str:
    """A text as it may be printed: tabs as spaces, control characters as their pictures."""
    return "".join(_shown(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _shown(character: str) -> str:
    if character == "\t":
        return TAB
    if character < " ":
        return chr(0x2400 + ord(character))
    if (
        "\x7f" <= character < "\xa0"
        or character in "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    ):
        return "\ufffd"
    return character


def excerpt(source: Source, marks: Sequence[Mark], width: int) -> Iterator[Row]:
    """The rows for the marks of one source: each marked line once, in order."""
    previous: int | None = None
    for line in sorted({item.line for item in marks}):
        if previous is not None and line > previous + 1:
            yield Row("...", gap=True)
        here = sorted((item for item in marks if item.line == line), key=lambda item: (not item.primary, item.start))
        yield from _marked_line(line, source.line_text(line), here, width)
        previous = line


def _marked_line(line: int, text: str, marks: Sequence[Mark], width: int) -> Iterator[Row]:
    low, high = _window(text, marks[0], width)
    before = "…" if low > 0 else ""
    after = "…" if high < len(text) else ""
    yield Row(before + shown(text[low:high]) + after, number=line)
    for item in marks:
        start, end = max(low, min(item.start, high)), max(low, min(item.end, high))
        indent = cells(before) + cells(shown(text[low:start]))
        carets = max(1, cells(shown(text[start:end])))
        sign = "^" if item.primary else "-"
        yield Row(f"{sign * carets} {shown(item.message)}".rstrip(), indent=indent, primary=item.primary)


def _window(text: str, focus: Mark, width: int) -> tuple[int, int]:
    """The characters of a line that are shown: all, or what fits around the focus."""
    if cells(shown(text)) <= width:
        return 0, len(text)
    room = max(width - 2, 20)
    low = high = min(focus.start, len(text))
    # A third of the room goes before the place, what is left after it.
    while low > 0 and cells(shown(text[low - 1 : focus.start])) <= room // 3:
        low -= 1
    while high < len(text) and cells(shown(text[low : high + 1])) <= room:
        high += 1
    while low > 0 and cells(shown(text[low - 1 : high])) <= room:
        low -= 1
    return low, high
