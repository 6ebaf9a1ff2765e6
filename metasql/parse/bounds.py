"""Running a template's loops and collecting its text, within bounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from metasql.parse.sites import LineTable, Refusal
from metasql.source import LineMap

MAX_ROUNDS = 1_000_000
"""How many times all loops of one template may go round."""

MAX_TEXT = 10_000_000
"""How many characters one template may put out."""


class Rounds:
    """The rounds that the loops of one template made, those of its macros included."""

    def __init__(self) -> None:
        self._made = 0

    def count(self, items: Iterable[Any]) -> Iterator[Any]:
        """The items, as long as rounds are left."""
        for item in items:
            self._made += 1
            if self._made > MAX_ROUNDS:
                raise Refusal(
                    "MS0215",
                    f"the loops of this template go round more than {MAX_ROUNDS:,} times",
                    help="let the SQL engine do the counting: use `range()` or a join in SQL",
                )
            yield item


def refuse_large(operator: str, left: Any, right: Any) -> None:
    """Stop `*` and `**` before they make a value that does not fit into memory."""
    large = operator == "**" and isinstance(right, (int, float)) and abs(right) > 64
    for text, times in ((left, right), (right, left)):
        if isinstance(text, (str, list, tuple)) and isinstance(times, int):
            large = large or len(text) * times > MAX_ROUNDS
    if large:
        raise Refusal("MS0215", f"`{operator}` would make too large a value", help="templates are for small values")


def refuse_function(value: Any) -> Any:
    """What `{{ }}` puts out: any value, but no function that somebody forgot to call."""
    if callable(value):
        text = str(value)  # an unknown name says so here
        if text.startswith("<"):
            raise Refusal("MS0212", "a function stands here where its value is meant", help="call it, with `()`")
    return value


def one_line_end(text: str) -> str:
    """A text with the one line end that templates and SQL are read with."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def trace(pieces: Iterator[str], table: LineTable) -> LineMap:
    """Run a template, and note for each line of the result the template's line it came from.

    A line that was put together from several pieces belongs to the first that wrote on it.
    """
    texts: list[str] = []
    lines = [1]
    written = False
    size = 0
    frames: Any = pieces
    for piece in pieces:
        texts.append(piece)
        size += len(piece)
        if size > MAX_TEXT:
            raise Refusal("MS0215", f"this template puts out more than {MAX_TEXT:,} characters", help="let SQL loop")
        code_line = frames.gi_frame.f_lineno
        line = table.line(code_line)
        step = 1 if code_line in table.data else 0
        for number, part in enumerate(piece.split("\n")):
            if number:
                lines.append(line + step * number)
                written = False
            if not written and part:
                lines[-1] = line + step * number
                written = not part.isspace()
    return LineMap(table.source, "".join(texts), tuple(lines))
