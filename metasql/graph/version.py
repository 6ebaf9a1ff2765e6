"""The one place where definitions are hashed.

A hash is md5 as 32 lower-case hex characters, or, where the project says so, the first 32 of
sha256. What is hashed is a text that can be read
back in one way only: every part is its length in UTF-8 bytes, a colon, and itself; an
absent part is a hyphen. The number of this encoding is part of every recipe; changing
anything here changes every provenance there is (tests/golden/digests.txt).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from metasql.names import FeatureKey, FieldKey

ENCODING = 1
WIDTH = 32
"""Every version is this many characters wide, so versions are concatenated as they are."""

MISSING = "missing".ljust(WIDTH, "-")
"""Stands for an optional parent that is not there: as wide as a hash, and no hash can be it."""

NO_PARENTS = "none".ljust(WIDTH, "-")
"""The inputs of a field that is made of no upstream field."""


def encode(*parts: str | None) -> str:
    """Parts as one text that can be taken apart in one way only."""
    return "".join("-" if part is None else f"{len(part.encode())}:{part}" for part in parts)


def digest(text: str, algorithm: str = "md5") -> str:
    """The hash of a text: 32 lower-case hex characters, as the engines compute it."""
    if algorithm == "md5":
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return hashlib.sha256(text.encode()).hexdigest()[:WIDTH]


@dataclass(frozen=True)
class Hasher:
    """The hashes of definitions, by the algorithm that the project chose (`hash` in the project file)."""

    algorithm: str = "md5"

    def recipe(self, feature: FeatureKey, field: str, code_version: str, parents: Iterable[FieldKey]) -> str:
        """How a field is made: what the author wrote, without any sample's data."""
        names = sorted(str(parent) for parent in parents)
        return self._of("recipe", str(ENCODING), feature.path, field, code_version, str(len(names)), *names)

    def field_version(self, feature: FeatureKey, field: str, code_version: str, parents: Iterable[str]) -> str:
        """A field's definition with everything upstream of it; `parents` are field versions."""
        return self._of("field", feature.path, field, code_version, *sorted(parents))

    def feature_version(self, feature: FeatureKey, fields: Iterable[tuple[str, str]]) -> str:
        """A feature's definition: its key and the versions of its fields, by name."""
        return self._of("feature", feature.path, *(part for pair in sorted(fields) for part in pair))

    def project_version(self, features: Iterable[tuple[str, str]]) -> str:
        """All feature versions, by key."""
        return self._of("project", *(part for pair in sorted(features) for part in pair))

    def _of(self, *parts: str) -> str:
        return digest(encode(*parts), self.algorithm)
