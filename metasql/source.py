"""Where a thing was written: sources, spans, and the way back through Jinja.

Offsets are 0-based character offsets into a source's text, ends exclusive; lines and
columns are 1-based, as editors show them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

_LINE_END = re.compile("\n")


@dataclass(frozen=True, eq=False)
class Source:
    """One text that a user wrote: a file of the project, or an option on the command line.

    `path` is what messages show: relative to the project folder where that is possible.
    """

    path: str
    text: str = field(repr=False)
    _starts: list[int] = field(default_factory=list, repr=False, init=False)

    def _line_starts(self) -> list[int]:
        if not self._starts:
            self._starts.append(0)
            self._starts.extend(match.end() for match in _LINE_END.finditer(self.text))
        return self._starts

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of an offset."""
        starts = self._line_starts()
        line = bisect_right(starts, max(0, min(offset, len(self.text))))
        return line, max(0, min(offset, len(self.text))) - starts[line - 1] + 1

    def line_span(self, line: int) -> Span:
        """The written part of a 1-based line, without its indentation and line end."""
        starts = self._line_starts()
        line = max(1, min(line, len(starts)))
        start = starts[line - 1]
        end = starts[line] - 1 if line < len(starts) else len(self.text)
        written = self.text[start:end]
        indent = len(written) - len(written.lstrip())
        return Span(self, start + indent, max(start + indent, start + len(written.rstrip())))

    def line_text(self, line: int) -> str:
        """The text of a 1-based line, without its line end."""
        starts = self._line_starts()
        if not 1 <= line <= len(starts):
            return ""
        end = starts[line] - 1 if line < len(starts) else len(self.text)
        return self.text[starts[line - 1] : end].rstrip("\r")


@dataclass(frozen=True, eq=False)
class Span:
    """A stretch of a source, `start` inclusive and `end` exclusive."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def find(self, part: str) -> Span:
        """The first place of `part` within this span, or the span itself."""
        at = self.source.text.find(part, self.start, self.end)
        return self if at < 0 else Span(self.source, at, at + len(part))

    def find_last(self, part: str) -> Span:
        """The last place of `part` within this span, or the span itself."""
        at = self.source.text.rfind(part, self.start, self.end)
        return self if at < 0 else Span(self.source, at, at + len(part))

    def __str__(self) -> str:
        return f"{self.source.path}:{self.line}:{self.column}"


NOWHERE = Span(Source("<none>", ""), 0, 0)


class Word(str):
    """A text that knows where it was written.

    It is the text, in every comparison and as a key; `span` is for messages alone.
    """

    __slots__ = ("span",)
    span: Span

    def __new__(cls, text: str, span: Span = NOWHERE) -> Word:
        word = super().__new__(cls, text)
        word.span = span
        return word


def span_of(text: str) -> Span:
    """The place of a text, where it has one."""
    return text.span if isinstance(text, Word) else NOWHERE


@dataclass(frozen=True)
class LineMap:
    """From the lines of a rendered text back to the lines of its template.

    `lines[i]` is the 1-based template line that rendered line `i + 1` came from.
    """

    template: Source
    rendered: str
    lines: tuple[int, ...]

    def span(self, start: int, end: int) -> Span:
        """The template's place of a stretch of the rendered text.

        The stretch itself where the template's line holds it as it stands, else the line.
        """
        if self.rendered == self.template.text:
            return Span(self.template, start, end)
        number = self.rendered.count("\n", 0, start)
        whole = self.template.line_span(self.lines[min(number, len(self.lines) - 1)] if self.lines else 1)
        begin = self.rendered.rfind("\n", 0, start) + 1
        line = self.rendered[begin:].split("\n", 1)[0]
        at = _same_place(line, start - begin, min(end - begin, len(line)), whole.text)
        return whole if at is None else Span(self.template, whole.start + at[0], whole.start + at[1])


def _same_place(line: str, start: int, end: int, other: str) -> tuple[int, int] | None:
    """Where a part of a line stands in a line that was written in another way.

    By what stands before it, or after it, where the lines agree on that; else by counting
    how often the same word came before; else its first place.
    """
    part = line[start:end]
    if not part.strip():
        return None
    indent = len(line) - len(line.lstrip())
    if other.startswith(line[indent:end]):
        return start - indent, end - indent
    if other.endswith(line[start:].rstrip()):
        at = len(other) - len(line[start:].rstrip())
        return at, at + len(part)
    word = re.compile(rf"(?<!\w){re.escape(part)}(?!\w)")
    here = [match.start() for match in word.finditer(line)]
    there = [match.start() for match in word.finditer(other)]
    if not there:
        return None
    at = there[here.index(start)] if start in here and len(here) == len(there) else there[0]
    return at, at + len(part)
