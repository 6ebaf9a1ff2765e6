"""Where a running template is: from Python's frames back to the lines of templates.

Every compiled template carries a `LineTable` among its globals, so that a frame, running or
in a traceback, tells which line of which file it stands for.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any, NamedTuple

from metasql.source import Source, Span

TABLE = "__metasql_lines__"
"""The global of a compiled template that holds its `LineTable`."""


class Site(NamedTuple):
    """A 1-based line of a template."""

    source: Source
    line: int

    @property
    def span(self) -> Span:
        return self.source.line_span(self.line)


class LineTable:
    """From the lines of compiled Python to the lines of the template.

    `pairs` are (line of the code, line of the template), ascending. `data` are the lines of
    the code that put out the template's own text, as against the value of an expression.
    """

    def __init__(self, source: Source, pairs: Sequence[tuple[int, int]], data: Iterable[int]) -> None:
        self.source = source
        self.data = frozenset(data)
        self._code = [code for code, _ in pairs]
        self._template = [template for _, template in pairs]

    def line(self, code_line: int) -> int:
        at = bisect_right(self._code, code_line) - 1
        return self._template[at] if at >= 0 else 1


@dataclass(frozen=True, eq=False)
class Compiled:
    """A template as Python: its root function, the way back, the macros (name, line) and tests it defines."""

    source: Source
    root: Callable[[Any], Iterator[str]]
    table: LineTable
    macros: tuple[tuple[str, int], ...]
    tests: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class TestMacro:
    """A `{% test %}`: its parameters in order, and those that have no default."""

    __test__ = False

    name: str
    span: Span
    parameters: tuple[str, ...]
    required: tuple[str, ...]
    compiled: Compiled = field(repr=False)


class Refusal(Exception):
    """A designed error that a function called from a template raises.

    It is reported at the line of the call. `subject` is the word to point at.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        subject: str | None = None,
        notes: Sequence[str] = (),
        help: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.subject = subject
        self.notes = tuple(notes)
        self.help = help


class Returned(Exception):
    """`return(value)` within a macro: the call of the macro has this value."""

    def __init__(self, value: Any) -> None:
        super().__init__("return")
        self.value = value


class Namespace:
    """The macros of a project as attributes of its name."""

    _shown = "the project"

    def __init__(self, names: Iterable[str], macro: Callable[[str], Any]) -> None:
        self._names = list(names)
        self._macro = macro

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._macro(name)

    def __dir__(self) -> list[str]:
        return self._names


def running() -> list[Site]:
    """The template lines that are being executed, innermost first."""
    sites: list[Site] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        table = frame.f_globals.get(TABLE)
        if table is not None:
            sites.append(Site(table.source, table.line(frame.f_lineno)))
        frame = frame.f_back
    return sites


def failed(traceback: TracebackType | None) -> list[Site]:
    """The template lines that an exception passed through, innermost first."""
    sites: list[Site] = []
    while traceback is not None:
        table = traceback.tb_frame.f_globals.get(TABLE)
        if table is not None:
            sites.append(Site(table.source, table.line(traceback.tb_lineno)))
        traceback = traceback.tb_next
    return sites[::-1]


def find(site: Site, subject: str, *, quoted: bool = False) -> Span | None:
    """The first place of a word, or of a text between quotes, from a site's line on.

    An expression may go on over the lines that follow: the search ends where it ends.
    """
    look = _find_quoted if quoted else _find_word
    whole = site.span
    text = site.source.text
    at = look(text, subject, whole.start, whole.end)
    if at < 0:
        ends = [at for at in (text.find("}}", whole.end), text.find("%}", whole.end)) if at >= 0]
        at = look(text, subject, whole.end, min(ends, default=whole.end))
    return None if at < 0 else Span(site.source, at, at + len(subject))


def _find_quoted(text: str, subject: str, start: int, end: int) -> int:
    """Where a text first stands between quotes, or -1. A pattern for each text would be compiled and used once."""
    found = [text.find(f"{quote}{subject}{quote}", start, end) for quote in ("'", '"')]
    return min((at + 1 for at in found if at >= 0), default=-1)


def _find_word(text: str, subject: str, start: int, end: int) -> int:
    """Where a text first stands with no part of a word before and after it, or -1."""
    at = text.find(subject, start, end)
    while at >= 0:
        after = at + len(subject)
        if not (at and _is_word(text[at - 1])) and not (after < end and _is_word(text[after])):
            return at
        at = text.find(subject, at + 1, end)
    return -1


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def place(sites: Sequence[Site], subject: str, *, quoted: bool = False) -> Span | None:
    """The smallest place of a word at the innermost site that has it, else the outermost line."""
    for site in sites:
        found = find(site, subject, quoted=quoted)
        if found is not None:
            return found
    return sites[-1].span if sites else None
