"""Rows as a table for people."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from metasql.report.excerpt import shown as printable

_WIDEST = 1_000_000


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, null: str = "", right: Collection[str] = ()
) -> None:
    """A table on stdout; on a terminal it folds into its width, elsewhere nothing is cut.

    `null` is what NULL looks like; `right` are columns of numbers, which end at one edge.
    """
    made = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for name in columns:
        justify = "right" if name in right else "left"
        made.add_column(Text(printable(name)), overflow="fold", no_wrap=not sys.stdout.isatty(), justify=justify)  # type: ignore[arg-type]  # a literal, as the type wants it
    for row in rows:
        made.add_row(*(cell(value, null) for value in row))
    # Without colours there is no bold type either: the output may be read by anything.
    plain = None if os.environ.get("NO_COLOR") else "auto"
    console = Console(file=sys.stdout, highlight=False, soft_wrap=False, color_system=plain)  # type: ignore[arg-type]  # a literal, as above
    if not sys.stdout.isatty():
        unbounded = console.options.update(max_width=_WIDEST)
        console.width = max(80, console.measure(made, options=unbounded).maximum)
    console.print(made)


def cell(value: object, null: str = "") -> Text:
    """A value as people read it. A text that looks like NULL stands between quotes."""
    if value is None:
        return Text(null, style="dim")
    text = "\n".join(printable(line) for line in str(value).split("\n"))
    return Text(f"'{text}'" if null and text == null else text)
