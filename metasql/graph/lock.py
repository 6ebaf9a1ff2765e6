"""`metasql.lock`: code versions that metasql read from SQL, so that they outlive the tools that read it.

One line for each field, sorted: `video/shape.layout  VERSION  DIGEST`. As long as the text of a body is the
same (`DIGEST`), the version that stands here is the field's, whatever a newer metasql or parser would make
of it. A feature of another project that is read has a line, too: `media:video/full  VERSION`. Nothing else is kept,
so a conflict is resolved by keeping one line for each name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from metasql.diagnostics import Bag, Label
from metasql.source import Source, Span

FILE = "metasql.lock"
_HEAD = """\
# Code versions of fields, read from their SQL. `metasql lock` and `metasql run` write this file; keep it under version
# control. After a merge, keep one line for each field, or delete the file and run `metasql lock`.
"""
_LINE = re.compile(r"(\S+)\.(\S+?)\s+([0-9a-f]{32})\s+([0-9a-f]{32})")
_PIN = re.compile(r"([a-z][a-z0-9_]*:\S+)\s+([0-9a-f]{32,64})")
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")

Name = tuple[str, str]
"""A feature's path and a field's name."""


@dataclass(frozen=True)
class Locked:
    """A field's code version, and the digest of the text that it was read from."""

    version: str
    digest: str


@dataclass
class Lock:
    """The versions that stand in the file, and those that this project has."""

    known: Mapping[Name, Locked] = field(default_factory=dict)
    made: dict[Name, Locked] = field(default_factory=dict)
    known_pins: Mapping[str, str] = field(default_factory=dict)
    pins: dict[str, str] = field(default_factory=dict)
    """The versions of features of other projects."""

    def standing(self, name: Name, digest: str) -> str | None:
        """A field's code version while its text is the one that it was read from; then nobody reads it again."""
        known = self.known.get(name)
        if known is None or known.digest != digest:
            return None
        self.made[name] = known
        return known.version

    def take(self, name: Name, digest: str, version: str) -> str:
        """What was read from a text is the field's code version."""
        self.made[name] = Locked(version, digest)
        return version

    @property
    def is_current(self) -> bool:
        return dict(self.known) == self.made and dict(self.known_pins) == self.pins

    def changes(self) -> list[str]:
        """What the file does not say, a line each."""
        found = []
        for name in sorted(self.known.keys() | self.made.keys()):
            old, new = self.known.get(name), self.made.get(name)
            if old == new:
                continue
            told = "is gone" if new is None else "is new" if old is None else "has other text"
            if old is not None and new is not None and old.version != new.version:
                told = "has another meaning"
            found.append(f"{'.'.join(name)} {told}")
        for pin in sorted(self.known_pins.keys() | self.pins.keys()):
            before, after = self.known_pins.get(pin), self.pins.get(pin)
            if before != after:
                told = "is gone" if after is None else "is new" if before is None else f"is {after[:12]} now"
                found.append(f"{pin} {told}" + (f", and was {before[:12]}" if before and after else ""))
        return found

    def text(self) -> str:
        """The file."""
        lines = [f"{path}.{name} {item.version} {item.digest}\n" for (path, name), item in sorted(self.made.items())]
        lines += [f"{pin} {version}\n" for pin, version in sorted(self.pins.items())]
        return _HEAD + "".join(lines)


def read_lock(source: Source | None, bag: Bag) -> Lock:
    """What a lock file says; each line that says nothing is an error MS0416."""
    known: dict[Name, Locked] = {}
    places: dict[Name, Span] = {}
    pins: dict[str, str] = {}
    for number, line in enumerate(source.text.split("\n") if source is not None else [], start=1):
        written = line.strip()
        if source is None or not written or written.startswith("#"):
            continue
        place = source.line_span(number)
        found = _LINE.fullmatch(written)
        if written.startswith(_CONFLICT):
            help = "keep one line for each field, or delete the file and run `metasql lock`"
            bag.error("MS0416", "a merge left its marks in this file", place, help=help)
            return Lock()
        pin = _PIN.fullmatch(written)
        if found is None and pin is not None:
            pins[pin[1]] = pin[2]
            continue
        if found is None:
            help = "put the line back as it was, or delete the file and run `metasql lock`"
            bag.error("MS0416", "this line is not `feature.field VERSION DIGEST`", place, help=help)
            continue
        name = (found[1], found[2])
        if name in known:
            first = [Label(places[name], "it stands here too")]
            help = "keep one of the two; `metasql lock` puts it right"
            bag.error("MS0416", f"`{'.'.join(name)}` stands here twice", place, secondary=first, help=help)
            continue
        known[name], places[name] = Locked(found[3], found[4]), place
    return Lock(known, known_pins=pins)
