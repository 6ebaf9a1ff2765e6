"""Rows as a table for people."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table on stdout; on a terminal it folds into its width, elsewhere nothing is cut."""
    made = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in columns:
        made.add_column(name, overflow="fold", no_wrap=not sys.stdout.isatty())
    for row in rows:
        made.add_row(*(shown(value) for value in row))
    console = Console(file=sys.stdout, highlight=False, soft_wrap=False)
    if not sys.stdout.isatty():
        console.width = max(80, console.measure(made).maximum)
    console.print(made)


def shown(value: object) -> str:
    """A value as people read it; NULL has no text of its own."""
    return "" if value is None else str(value).replace("[", "\\[")
