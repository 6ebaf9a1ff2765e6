"""What metasql says when something is wrong: one value, two renderings.

MetasqlError            every error that metasql raises
└── Bug                 a fault of metasql's own (MS9xxx)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from metasql.source import NOWHERE, Span


class Severity(Enum):
    """An error stops the pipeline after its stage; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Label:
    """A place, and what is to be seen there."""

    span: Span
    message: str = ""


@dataclass(frozen=True)
class Diagnostic:
    """One fault or doubt: a code of the catalogue, what is true, and what to do.

    `message` is lower case and has no full stop; the fix stands in `help` alone.
    """

    code: str
    message: str
    primary: Label = Label(NOWHERE)
    severity: Severity = Severity.ERROR
    secondary: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None

    def sort_key(self) -> tuple[str, int, str, str]:
        span = self.primary.span
        return (span.source.path, span.line, self.code, self.message)

    def as_dict(self) -> dict[str, Any]:
        """The JSON rendering."""
        span = self.primary.span
        place = None
        if span.source is not NOWHERE.source:
            end_line, end_column = span.source.position(span.end)
            place = {
                "file": span.source.path,
                "line": span.line,
                "column": span.column,
                "end_line": end_line,
                "end_column": end_column,
            }
        return {
            "code": self.code,
            "severity": self.severity.value,
            "message": self.message,
            "place": place,
            "label": self.primary.message or None,
            "related": [{"place": str(label.span), "message": label.message} for label in self.secondary],
            "notes": list(self.notes),
            "help": self.help,
        }


@dataclass
class Bag:
    """The diagnostics of a stage, in the order in which they were found."""

    items: list[Diagnostic] = field(default_factory=list)

    def error(
        self,
        code: str,
        message: str,
        span: Span = NOWHERE,
        *,
        label: str = "",
        secondary: Iterable[Label] = (),
        notes: Iterable[str] = (),
        help: str | None = None,
    ) -> None:
        self.items.append(
            Diagnostic(code, message, Label(span, label), Severity.ERROR, tuple(secondary), tuple(notes), help)
        )

    def warn(
        self,
        code: str,
        message: str,
        span: Span = NOWHERE,
        *,
        label: str = "",
        secondary: Iterable[Label] = (),
        notes: Iterable[str] = (),
        help: str | None = None,
    ) -> None:
        self.items.append(
            Diagnostic(code, message, Label(span, label), Severity.WARNING, tuple(secondary), tuple(notes), help)
        )

    def extend(self, other: Iterable[Diagnostic]) -> None:
        self.items.extend(other)

    @property
    def has_errors(self) -> bool:
        return any(item.severity is Severity.ERROR for item in self.items)

    def sorted(self) -> list[Diagnostic]:
        """By file, line and code; each said once."""
        return sorted(dict.fromkeys(self.items), key=Diagnostic.sort_key)

    def raise_errors(self) -> None:
        """Stop here when anything was wrong.

        Raises: MetasqlError with everything that was found.
        """
        if self.has_errors:
            raise MetasqlError(self)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class MetasqlError(Exception):
    """One or more errors of the catalogue."""

    def __init__(self, bag: Bag) -> None:
        self.bag = bag
        super().__init__("; ".join(f"{item.code}: {item.message}" for item in bag.sorted()))
        # Below the message of a traceback: a program that uses metasql as a library prints no diagnostics.
        for item in bag.sorted():
            if item.help:
                self.add_note(f"help: {item.help}")

    @classmethod
    def of(
        cls,
        code: str,
        message: str,
        span: Span = NOWHERE,
        *,
        label: str = "",
        notes: Iterable[str] = (),
        help: str | None = None,
    ) -> MetasqlError:
        bag = Bag()
        bag.error(code, message, span, label=label, notes=notes, help=help)
        return cls(bag)

    def replaced(self, part: str, other: str) -> MetasqlError:
        """The same error with a part of its notes said otherwise."""
        items = [replace(item, notes=tuple(note.replace(part, other) for note in item.notes)) for item in self.bag]
        return type(self)(Bag(items))

    @property
    def codes(self) -> list[str]:
        return [item.code for item in self.bag.sorted()]


class Bug(MetasqlError):
    """Something that metasql should never let happen."""


def suggest(word: str, known: Iterable[str]) -> str | None:
    """A help line with the nearest known word, if one is near."""
    names = list(known)
    near = [name for name in names if name.lower() == word.lower()]
    near = near or difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else None


def candidates(known: Iterable[str], most: int = 6) -> str:
    """A list of at most six names, then "and N more"."""
    names = sorted(set(known))
    if not names:
        return "none"
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
