"""What the reference keeps: rows, what their fields were made of, and increments that were handed out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Ids = tuple[Any, ...]


@dataclass(frozen=True)
class Made:
    """What a field of a sample was made by and of: its provenance. `given` is a data version that was committed."""

    recipe: tuple[Any, ...]
    inputs: Any
    given: str | None = None

    @property
    def data_version(self) -> tuple[Any, ...]:
        """What downstream reads."""
        return ("made", self.recipe, self.inputs) if self.given is None else ("given", self.given)

    def same_as(self, other: Made | None) -> bool:
        return other is not None and (self.recipe, self.inputs) == (other.recipe, other.inputs)


@dataclass(frozen=True)
class Sample:
    """A live row: its id and data columns, and what each field was made of."""

    values: Mapping[str, Any]
    made: Mapping[str, Made]


@dataclass
class Stored:
    """The rows of a feature by id; for an expansion also the inputs that were processed, by unit."""

    samples: dict[Ids, Sample] = field(default_factory=dict)
    inputs: dict[Ids, Mapping[str, Made]] = field(default_factory=dict)


@dataclass(frozen=True)
class Pending:
    """A row of an increment, with what a commit needs of it: the receipt and the carried columns."""

    status: str
    stale_fields: tuple[str, ...] = ()
    reason: str = ""
    made: Mapping[str, Made] = field(default_factory=dict)
    carried: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Expected:
    """A unit that upstream calls for. `made` is None while it waits for a version of a parent."""

    made: Mapping[str, Made] | None
    carried: Mapping[str, Any]


@dataclass(frozen=True)
class Taken:
    """An increment as it was handed out."""

    feature: str
    pending: Mapping[Ids, Pending]
