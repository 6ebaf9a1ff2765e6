"""`defer:` of a target: another output of the same profile, whose features are read where the target has none.

Both lie where one session reaches them: in one DuckDB file or two, in one folder of chDB, on one ClickHouse server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from metasql.config.options import MEMORY, attaches
from metasql.diagnostics import Bag, Label
from metasql.names import PREFIX
from metasql.source import Word


@dataclass(frozen=True)
class Defer:
    """Where features are read that the target itself has none of.

    `path` is a DuckDB file of its own, which the session attaches as `catalog`, read-only; None where it is one
    already that the target writes to, or that it attaches by itself.
    """

    target: str
    schema: str = field(repr=False)
    catalog: str | None = None
    path: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Side:
    """One of the two targets, as far as they are compared."""

    name: Word
    type: str
    schema: str = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)


def checked_defer(here: Side, there: Side, written: Word, bag: Bag) -> Defer | None:
    """What `defer` means; None with an error where one session cannot reach both."""
    found = _fault(here, there)
    if found is not None:
        message, help = found
        other = [Label(there.name.span, "this one")] if there.name != here.name else []
        bag.error("MS0116", message, written.span, secondary=other, help=help)
        return None
    if attaches(here.options) and _file(here.options["path"]) != _file(there.options["path"]):
        return _attached(here, there, written, bag)
    return Defer(str(there.name), there.schema)


def _fault(here: Side, there: Side) -> tuple[str, str] | None:
    """Message and help where the two do not go together."""
    ours, theirs = f"`{here.name}`", f"`{there.name}`"
    if here.name == there.name:
        return f"{ours} cannot read from itself", "name another output of the profile"
    if here.type != there.type:
        help = "name an output of the same engine: one session reads both"
        return f"{ours} is of type `{here.type}`, and {theirs} of type `{there.type}`", help
    if here.options.get("cluster") or there.options.get("cluster"):
        return f"{ours} cannot read from {theirs}: one of them is a cluster", "name an output that is none"
    if attaches(here.options):
        return _file_fault(here, there)
    if _address(here) != _address(there):
        help = "name another database of the same server, or of the same folder of chDB"
        return f"{ours} and {theirs} are not on the same server", help
    return _same_fault(here, there, "database")


def _file_fault(here: Side, there: Side) -> tuple[str, str] | None:
    if there.options["path"] == MEMORY:
        return f"`{there.name}` is in memory, and holds nothing", "name an output that is a file"
    same = _file(here.options["path"]) == _file(there.options["path"])
    return _same_fault(here, there, "schema") if same else None


def _file(path: str) -> Path | None:
    return None if path == MEMORY else Path(path).resolve()


def _same_fault(here: Side, there: Side, what: str) -> tuple[str, str] | None:
    if here.schema.lower() != there.schema.lower():
        return None
    help = f"give one of them another `schema`, such as `schema: {here.name}`"
    return f"`{here.name}` and `{there.name}` are the same {what}", help


def _address(side: Side) -> tuple[Any, ...]:
    options = side.options
    if options["driver"] == "chdb":
        return ("chdb", options["path"])
    return ("http", str(options["host"]).lower(), options["port"])


def _attached(here: Side, there: Side, written: Word, bag: Bag) -> Defer | None:
    """Another file: under a name of metasql's own, or under that which `attach` gives it."""
    path = str(there.options["path"])
    for entry in here.options["attach"]:
        if _file(entry["path"]) == _file(path):
            if entry["read_only"]:
                return Defer(str(there.name), there.schema, str(entry["alias"]))
            help = f"add `read_only: true` to `{entry['alias']}` in `attach`, or leave it out there"
            bag.error("MS0116", f"the file of `{there.name}` is attached for writing", written.span, help=help)
            return None
    return Defer(str(there.name), there.schema, f"{PREFIX}{there.name}", path)
