"""What a backend has to be able to do: the protocol between the runner and a driver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from sqlglot import exp

from metasql.lower.dialect import Dialect
from metasql.names import Relation

Row = tuple[Any, ...]


class Connection(Protocol):
    """One session on a target. Everything raises MetasqlError (06xx) where the engine refuses."""

    dialect: Dialect

    def run(self, tree: exp.Expr, purpose: str = "") -> None:
        """Execute a statement."""
        ...

    def run_text(self, sql: str, purpose: str = "") -> None:
        """Execute a statement that a person wrote (a hook), in the engine's own words."""
        ...

    def rows(self, tree: exp.Expr, purpose: str = "") -> list[Row]:
        """The rows of a query, for a person or a decision: never for data on its way."""
        ...

    def table(self, tree: exp.Query) -> tuple[list[str], list[Row]]:
        """Columns and rows of a query, for a person."""
        ...

    def fetch(self, sql: str) -> tuple[list[str], list[Row]]:
        """Columns and rows of a query that a person wrote, in the engine's own words."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing: what is written inside is seen by readers at its end, or never."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Writers of this process one after the other, so that commit numbers grow with commits.

        Inside a transaction the turn lasts until that transaction ends.
        """
        ...

    def next_commit(self) -> int:
        """A number higher than every one that was given out before on this target."""
        ...

    def columns(self, relation: Relation) -> dict[str, str] | None:
        """The columns of a relation and their types, in the engine's words; None when there is none."""
        ...

    def describe(self, query: exp.Query) -> dict[str, str]:
        """The columns of a query and their types, in the engine's words."""
        ...

    def create_schema(self, name: str) -> None: ...

    def load_seed(self, relation: Relation, path: Path, header: Sequence[str], types: Mapping[str, str]) -> int:
        """Put a CSV file's rows in the place of a table; gives their number."""
        ...

    def load_batch(self, name: str, path: Path, format: str) -> dict[str, str]:
        """A file as a temporary table with `metasql_row` (from 1); gives its other columns and types.

        CSV and JSON lines come as text, so that every value can be checked against its type.
        """
        ...

    def export(self, query: exp.Query, path: Path, format: str) -> None:
        """Write a query's rows to a file: csv, json (lines) or parquet."""
        ...

    def cursor(self) -> Connection:
        """Another session on the same target, for another thread."""
        ...

    def describe_engine(self) -> dict[str, str]:
        """What `metasql debug` shows."""
        ...

    def close(self) -> None: ...
