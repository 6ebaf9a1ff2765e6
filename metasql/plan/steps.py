"""The frozen steps of a run, each with the sentence it stands under.

A step says what is to be, and not how: an engine with transactions deletes and inserts, one
without them adds new versions of rows (lower/dialect.py, `statements`). Every write reads the
rows, or the keys, that it is about from a temporary table that an earlier step made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from metasql.names import Relation
from metasql.plan.sql import as_, cast, cols, null, number, select, table, text


@dataclass(frozen=True)
class Temporary:
    """A table of this session alone, made anew from a query."""

    purpose: str
    name: str
    query: exp.Query


@dataclass(frozen=True)
class Put:
    """Rows by key: a stored row of the same key is replaced, others are added.

    The rows are those of the temporary table `source`: its `columns`, and `values` over it.
    """

    purpose: str
    relation: Relation
    key: tuple[str, ...]
    source: str
    columns: tuple[str, ...]
    values: Mapping[str, exp.Expr]

    def names(self) -> list[str]:
        return [*self.columns, *self.values]

    def rows(self) -> exp.Select:
        """The rows as they will be stored."""
        made = [as_(value, name) for name, value in self.values.items()]
        return select(*cols(self.columns, "source"), *made).from_(table(self.source, "source"), copy=False)


@dataclass(frozen=True)
class Mark:
    """Stored rows whose key is in `source` get new values in some columns; the others stay."""

    purpose: str
    relation: Relation
    key: tuple[str, ...]
    source: str
    values: Mapping[str, exp.Expr]


@dataclass(frozen=True)
class Erase:
    """Stored rows whose key is in `source` are removed for good."""

    purpose: str
    relation: Relation
    key: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Append:
    """Rows are added to a table that has no key."""

    purpose: str
    relation: Relation
    columns: tuple[str, ...]
    query: exp.Query


Write = Put | Mark | Erase | Append
Step = Temporary | Write


@dataclass(frozen=True)
class Check:
    """A query that must return no rows; each row it returns is a fault to name.

    `message` and `help` are filled with the row's values by position.
    """

    purpose: str
    tree: exp.Query
    code: str
    message: str
    help: str


@dataclass(frozen=True)
class Stamp:
    """What a write puts on each row: the run, its time (UTC, microseconds), its commit number."""

    run_id: str
    at: str
    commit: int

    def time(self) -> exp.Expr:
        return cast(text(self.at), "timestamp")

    def columns(self) -> dict[str, exp.Expr]:
        return {
            "metasql_run_id": text(self.run_id),
            "metasql_updated_at": self.time(),
            "metasql_deleted_at": null("timestamp"),
            "metasql_commit": number(self.commit),
        }

    def deleted(self) -> dict[str, exp.Expr]:
        """The columns of a row that is marked deleted."""
        return {**self.columns(), "metasql_deleted_at": self.time()}
