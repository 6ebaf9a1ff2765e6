"""What a backend has to be able to do: the protocol between the runner and a driver."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from sqlglot import exp

from metasql.lower.dialect import Dialect
from metasql.names import Relation
from metasql.plan.steps import Step

NOT_THERE = frozenset({"MS0603", "MS0635"})
"""The errors that say that there is no warehouse yet: the first run makes it."""

Row = tuple[Any, ...]
Value = str | int | float | None


class Connection(Protocol):
    """One session on a target. Everything raises MetasqlError (06xx) where the engine refuses.

    Types are told in the engine's words, without a word on NULL.
    """

    dialect: Dialect
    is_spread: bool
    """Whether rows are spread over several nodes."""

    # Reading

    def rows(self, tree: exp.Expr, purpose: str = "") -> list[Row]:
        """The rows of a query, for a person or a decision: never for data on its way."""
        ...

    def table(self, tree: exp.Query) -> tuple[list[str], list[Row]]:
        """Columns and rows of a query, for a person."""
        ...

    def fetch(self, sql: str) -> tuple[list[str], list[Row]]:
        """Columns and rows of a query that a person wrote, in the engine's own words."""
        ...

    def columns(self, relation: Relation) -> dict[str, str] | None:
        """The columns of a relation and their types; None when there is none."""
        ...

    def there(self, relations: Collection[Relation]) -> frozenset[Relation]:
        """Those of some relations that there are, asked at once and outside of a transaction."""
        ...

    def describe(self, query: exp.Query) -> dict[str, str]:
        """The columns of a query and their types."""
        ...

    def export(self, query: exp.Query, path: Path, format: str, size: int = 0) -> None:
        """Write a query's rows to a file: csv, json (lines), parquet, or arrow, in batches of `size` rows."""
        ...

    # Writing rows

    def apply(self, step: Step, by: Sequence[str] = ()) -> None:
        """Make a temporary table, or write rows.

        `by`: the columns to spread a temporary table's rows by, where an engine spreads rows.
        """
        ...

    def run_text(self, sql: str, purpose: str = "") -> None:
        """Execute a statement that a person wrote (a hook), in the engine's own words."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing: what is written inside is seen by readers at its end, or never.

        Queries inside may or may not see what was written before them in it: nothing asks.
        """
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Writers of this process one after the other, so that commit numbers grow with commits.

        Inside a transaction the turn lasts until that transaction ends.
        """
        ...

    def next_commit(self) -> int:
        """A number higher than every one that was given out before on this target."""
        ...

    def horizon(self) -> int:
        """A number such that every commit up to it is visible to what is read from now on, or never will be.

        -1 where that is not known.
        """
        ...

    # Relations

    def create_schema(self, name: str) -> None: ...

    def create_table(self, relation: Relation, template: exp.Query, key: Sequence[str], by: Sequence[str] = ()) -> None:
        """Make a table with the columns of a query that returns no rows; its rows are spread `by` columns, if at all.

        With a `key` it is one that `Put` and `Mark` write and `current` (plan/sql.py) reads;
        without one, rows are only added.
        """
        ...

    def alter_table(
        self, relation: Relation, add: Mapping[str, str], change: Mapping[str, str], drop: Sequence[str]
    ) -> None:
        """Add columns, change types of columns, drop columns."""
        ...

    def drop_table(self, relation: Relation) -> None: ...

    def create_view(self, relation: Relation, query: exp.Query) -> None:
        """Make or replace a view."""
        ...

    def drop_view(self, relation: Relation) -> None: ...

    def store(self, relation: Relation, query: exp.Query) -> None:
        """Put a query's rows in the place of a table that stands for itself."""
        ...

    def empty(self, relation: Relation) -> None:
        """Take all rows out of a table that stands for itself: no later than what the transaction writes is seen."""
        ...

    # metasql's own tables

    def create_records(self, relation: Relation, columns: Mapping[str, str], key: Sequence[str]) -> None:
        """Make one of metasql's own tables, where it is not there yet; without a `key` it is a log.

        Types are in metasql's words: text, bigint, double, timestamp.
        """
        ...

    def put_records(
        self,
        relation: Relation,
        columns: Mapping[str, str],
        scope: Mapping[str, str] | None,
        rows: Sequence[Mapping[str, Value]],
    ) -> None:
        """Rows in the place of all that match `scope`; where it is None they are added.

        A column that a row leaves out is NULL.
        """
        ...

    # Files

    def load_seed(self, relation: Relation, path: Path, header: Sequence[str], types: Mapping[str, str]) -> int:
        """Put a CSV file's rows in the place of a table; gives their number."""
        ...

    def load_batch(self, name: str, path: Path, format: str, otherwise: Sequence[str]) -> dict[str, str] | None:
        """A file as a temporary table with `metasql_row` (from 1); gives its other columns and types.

        CSV and JSON lines come as text, so that every value can be checked against its type.
        None where the file is empty: then the table has no rows, and `otherwise` as columns of text.
        """
        ...

    def load_arrow(self, name: str, rows: Any, otherwise: Sequence[str]) -> dict[str, str] | None:
        """The same of a `pyarrow.RecordBatchReader`, whose columns have types of their own; None where it has none."""
        ...

    def relation(self, query: exp.Query) -> Any:
        """A query as the engine's own lazy relation, on a session of its own.

        Raises: MetasqlError MS0504 where the engine has none.
        """
        ...

    def publishing(self, path: Path) -> Callable[[], None]:
        """What puts a copy of the warehouse at a path, in one step, when it is called.

        Raises: MetasqlError MS0616, MS0617 where that is known not to work.
        """
        ...

    # The session

    def told_run(self, run_id: str) -> None:
        """On whose behalf statements are sent from now on, for engines that keep a log of them."""
        ...

    def cursor(self) -> Connection:
        """Another session on the same target, for another thread."""
        ...

    def describe_engine(self) -> dict[str, str]:
        """What `metasql debug` shows."""
        ...

    def close(self) -> None: ...
