"""Diagnostics on their way to the terminal, and the exit code that they mean."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import pairwise

import click

from metasql.diagnostics import Bag
from metasql.report.text import render, render_json


def exit_code(bag: Bag) -> int:
    """What went wrong on the warehouse, in an assertion or in a batch is 3; in the project, 1."""
    codes = {item.code[:4] for item in bag if item.severity.value == "error"}
    if "MS90" in codes:
        return 4
    return 3 if codes and codes <= {"MS06", "MS07", "MS08"} else 1


def report(bag: Bag, arguments: Sequence[str]) -> None:
    """Diagnostics on stderr, as text or as JSON lines."""
    if _wants_json(arguments):
        click.echo(render_json(bag.sorted()), err=True)
        return
    click.echo(render(bag.sorted(), color=use_color(sys.stderr)), err=True)


def _wants_json(arguments: Sequence[str]) -> bool:
    return ("--log-format", "json") in pairwise(arguments) or "--log-format=json" in arguments


def use_color(stream: object) -> bool:
    """Colours on a terminal, unless NO_COLOR says otherwise."""
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty()) and not os.environ.get("NO_COLOR")
