"""Diagnostics as text for people, and as JSON lines for programs.

error[MS0302]: field `audoi` does not exist on feature `video/full`
 --> models/transcript/whisper.yml:8:26
  |
8 |         deps: [video/full.audoi]
  |                           ^^^^^ unknown field
  |
  = note: fields of `video/full`: audio, frames
  = help: did you mean `audio`?
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from metasql.diagnostics import Diagnostic, Label, Severity
from metasql.report.excerpt import Mark, Row, excerpt, mark, shown
from metasql.source import NOWHERE, Source

WIDTH = 120
"""How many cells a source line may take before it is clipped around the place."""

_BOLD, _RED, _YELLOW, _BLUE, _CYAN, _PLAIN = (
    "\x1b[1m",
    "\x1b[1;31m",
    "\x1b[1;33m",
    "\x1b[1;34m",
    "\x1b[1;36m",
    "\x1b[0m",
)
_STYLES = {Severity.ERROR: _RED, Severity.WARNING: _YELLOW}


@dataclass(frozen=True)
class _Paint:
    """Wraps texts in the terminal's colours, or leaves them."""

    color: bool

    def __call__(self, text: str, style: str) -> str:
        return f"{style}{text}{_PLAIN}" if self.color and text else text


def render(diagnostics: Iterable[Diagnostic], *, color: bool = False, width: int = WIDTH) -> str:
    """All diagnostics in the order given, and a line that counts them; nothing for none.

    Whether colours are wanted (`NO_COLOR`, a terminal) is for the caller to say.
    """
    items = list(diagnostics)
    if not items:
        return ""
    blocks = [render_one(item, color=color, width=width) for item in items]
    return "\n\n".join([*blocks, summary(items)])


def render_one(diagnostic: Diagnostic, *, color: bool = False, width: int = WIDTH) -> str:
    """One diagnostic, without a line end at the end."""
    return "\n".join(_lines(diagnostic, _Paint(color), width))


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """One JSON document a line, in the order given; nothing for none."""
    return "\n".join(json.dumps(item.as_dict(), ensure_ascii=False) for item in diagnostics)


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """How many of each severity: `2 errors, 1 warning`."""
    severities = [item.severity for item in diagnostics]
    return ", ".join(
        _count(severities.count(severity), severity.value) for severity in Severity if severity in severities
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _lines(diagnostic: Diagnostic, paint: _Paint, width: int) -> Iterator[str]:
    style = _STYLES[diagnostic.severity]
    yield paint(f"{diagnostic.severity.value}[{diagnostic.code}]", style) + paint(
        ": " + _text(diagnostic.message), _BOLD
    )
    groups = _by_source(diagnostic)
    gutter = max((len(str(item.line)) for _, marks in groups for item in marks), default=1)
    yield from _places(groups, gutter, paint, style, width)
    footers = [("note", note) for note in diagnostic.notes]
    if diagnostic.help:
        footers.append(("help", diagnostic.help))
    if footers and any(source.text for source, _ in groups):
        yield " " * gutter + paint(" |", _BLUE)
    for kind, text in footers:
        yield from _footer(kind, text, gutter, paint)


def _by_source(diagnostic: Diagnostic) -> list[tuple[Source, list[Mark]]]:
    """The marks of each source, the primary place's source first."""
    groups: dict[int, tuple[Source, list[Mark]]] = {}
    for label, primary in _labels(diagnostic):
        source = label.span.source
        if source is not NOWHERE.source:
            _, marks = groups.setdefault(id(source), (source, []))
            marks.append(mark(label.span, label.message, primary=primary))
    return list(groups.values())


def _labels(diagnostic: Diagnostic) -> Iterator[tuple[Label, bool]]:
    yield diagnostic.primary, True
    for label in diagnostic.secondary:
        yield label, False


def _places(
    groups: Sequence[tuple[Source, list[Mark]]], gutter: int, paint: _Paint, style: str, width: int
) -> Iterator[str]:
    for source, marks in groups:
        first = marks[0]
        arrow = "-->" if first.primary else ":::"
        place = f"{source.path}:{first.line}:{first.start + 1}" if source.text else source.path
        yield " " * gutter + paint(arrow, _BLUE) + " " + shown(place)
        if not source.text:
            continue
        yield " " * gutter + paint(" |", _BLUE)
        for row in excerpt(source, marks, max(width - gutter - 3, 20)):
            yield _row(row, gutter, paint, style)


def _row(row: Row, gutter: int, paint: _Paint, style: str) -> str:
    if row.gap:
        return paint(row.text, _BLUE)
    if row.number is not None:
        return (paint(f"{row.number:>{gutter}} |", _BLUE) + f" {row.text}").rstrip()
    carets = paint(row.text, style if row.primary else _BLUE)
    return " " * gutter + paint(" |", _BLUE) + " " + " " * row.indent + carets


def _footer(kind: str, text: str, gutter: int, paint: _Paint) -> Iterator[str]:
    head, *rest = _text(text).split("\n")
    yield " " * gutter + paint(" = ", _BLUE) + paint(f"{kind}:", _CYAN if kind == "help" else _BOLD) + f" {head}"
    indent = " " * (gutter + len(f" = {kind}: "))
    for line in rest:
        yield (indent + line).rstrip()


def _text(text: str) -> str:
    """A message as it may be printed: its line ends kept, everything else shown."""
    return "\n".join(shown(line) for line in text.splitlines())
