"""A dataset as a frozen value: features joined on their common key (docs/datasets.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlglot import exp

from metasql.names import FeatureKey
from metasql.source import NOWHERE, Span, Word

SPLIT = "split"
"""The column that tells which split a row is in."""


@dataclass(frozen=True)
class Member:
    """One of a dataset's features. `match` pairs its id columns with those of the feature of the finest key."""

    feature: FeatureKey
    match: tuple[tuple[str, str], ...] = ()

    @property
    def relation(self) -> str:
        return self.feature.relation


@dataclass(frozen=True)
class DatasetColumn:
    """A column of a dataset, and where its values come from."""

    name: str
    feature: FeatureKey
    column: str


@dataclass(frozen=True)
class Dataset:
    """`key` names a row: the id columns of the first member, which come first among `columns`.

    `where` is over the names of `named`, which says what each of them means; `condition` is it as it was written.
    `splits` are names and shares, in the order in which their parts of the hashes follow one another.
    """

    name: str
    key: tuple[str, ...]
    members: tuple[Member, ...]
    columns: tuple[DatasetColumn, ...]
    splits: tuple[tuple[str, Decimal], ...] = ()
    where: exp.Expr | None = None
    named: Mapping[str, tuple[FeatureKey, str]] = field(default_factory=dict)
    condition: Word | None = None
    description: str = ""
    owner: str | None = None
    tags: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""
    span: Span = NOWHERE

    @property
    def features(self) -> tuple[FeatureKey, ...]:
        return tuple(member.feature for member in self.members)

    @property
    def data(self) -> tuple[str, ...]:
        """The names of all columns that a reader works with: the chosen ones, and the split."""
        return (*(column.name for column in self.columns), *((SPLIT,) if self.splits else ()))


def as_dict(dataset: Dataset) -> dict[str, Any]:
    """What a dataset is declared as, as plain data."""
    return {
        "key": list(dataset.key),
        "features": [str(key) for key in dataset.features],
        "columns": {item.name: f"{item.feature}.{item.column}" for item in dataset.columns},
        "where": " ".join(dataset.condition.split()) if dataset.condition is not None else None,
        "splits": {name: f"{share.normalize():f}" for name, share in dataset.splits},
    }
