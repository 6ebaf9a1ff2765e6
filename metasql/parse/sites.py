"""Where a running template is: from Python's frames back to the lines of templates.

Every compiled template carries a `LineTable` among its globals, so that a frame, running or
in a traceback, tells which line of which file it stands for.
"""

from __future__ import annotations

import re
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
    escaped = re.escape(subject)
    pattern = re.compile(rf"(['\"])({escaped})\1" if quoted else rf"(?<!\w)({escaped})(?!\w)")
    whole = site.span
    text = site.source.text
    found = pattern.search(text, whole.start, whole.end)
    if found is None:
        ends = [at for at in (text.find("}}", whole.end), text.find("%}", whole.end)) if at >= 0]
        found = pattern.search(text, whole.end, min(ends, default=whole.end))
    if found is None:
        return None
    group = 2 if quoted else 1
    return Span(site.source, found.start(group), found.end(group))


def place(sites: Sequence[Site], subject: str, *, quoted: bool = False) -> Span | None:
    """The smallest place of a word at the innermost site that has it, else the outermost line."""
    for site in sites:
        found = find(site, subject, quoted=quoted)
        if found is not None:
            return found
    return sites[-1].span if sites else None
