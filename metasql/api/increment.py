"""The rows of an increment, handed out: nothing is read before rows are asked for."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from metasql.api.libraries import arrow, pandas, polars
from metasql.diagnostics import Bag, MetasqlError, candidates, suggest
from metasql.graph.link_expressions import expression_over
from metasql.graph.nodes import Feature
from metasql.lower.portable import carried_condition
from metasql.pipeline import Project
from metasql.plan.handout import SHARDS
from metasql.source import Source, Span, Word

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

WRITTEN = 20_000
"""So many rows a batch of the file has at least."""

STATUSES = ("new", "stale", "orphaned")


@dataclass(frozen=True)
class Increment:
    """Units of a feature that have to be worked on, one row for each, with the receipt to commit their results with.

    The rows are those of the moment in which they are asked for, and every call asks anew. They are put into a file
    first, so that nothing waits on the warehouse, and no transaction stays open, while a program works on them.
    """

    feature: str
    _text: Callable[[], str] = field(repr=False)
    _export: Callable[[Path, int], None] = field(repr=False)
    _relation: Callable[[], Any] = field(repr=False)

    def batches(self, size: int = 1_000) -> Iterator[pa.RecordBatch]:
        """The rows as Arrow batches of at most `size` rows; never more than a few of them are in memory.

        Raises: MetasqlError MS0650 without `pyarrow`, MS0820 where `size` is no number of rows.
        """
        if size < 1:
            raise MetasqlError.of("MS0820", f"a batch cannot have {size} rows", help="let `size` be 1 or more")
        arrow()
        return self._batches(size)

    def _batches(self, size: int) -> Iterator[pa.RecordBatch]:
        """Small batches are cut from larger ones, which are written and read at less cost.

        Each of these is a part of the file in memory, by a map of its own: what is let go of is not held any longer.
        """
        with self._written(size * max(1, WRITTEN // size)) as path:
            with _opened(path) as file:
                number = file.num_record_batches
            for index in range(number):
                with _opened(path) as file:
                    batch = file.get_batch(index)
                for start in range(0, batch.num_rows, size):
                    yield batch.slice(start, size)

    def to_arrow(self) -> pa.Table:
        """All rows as an Arrow table.

        Raises: MetasqlError MS0650 without `pyarrow`.
        """
        with self._written(WRITTEN) as path, _opened(path) as file:
            return file.read_all()

    def to_polars(self) -> pl.DataFrame:
        """All rows as a polars DataFrame.

        Raises: MetasqlError MS0650 without `polars` and `pyarrow`.
        """
        library = polars()
        made: pl.DataFrame = library.from_arrow(self.to_arrow())
        return made

    def to_pandas(self) -> pd.DataFrame:
        """All rows as a pandas DataFrame.

        Raises: MetasqlError MS0650 without `pandas` and `pyarrow`.
        """
        pandas()
        return self.to_arrow().to_pandas()

    def to_dicts(self) -> list[dict[str, Any]]:
        """All rows as dicts of Python's own values.

        Raises: MetasqlError MS0650 without `pyarrow`.
        """
        rows: list[dict[str, Any]] = self.to_arrow().to_pylist(maps_as_pydicts="strict")
        return rows

    def sql(self) -> str:
        """The query in the words of the target's engine, for whoever stays in the warehouse."""
        return self._text()

    def relation(self) -> Any:
        """The query as a lazy relation of DuckDB's, on a session of its own.

        Raises: MetasqlError MS0504 on other engines.
        """
        return self._relation()

    @contextmanager
    def _written(self, size: int) -> Iterator[Path]:
        """A file of the rows. Batches may outlive it, and on some systems it cannot be removed before they are gone."""
        with tempfile.TemporaryDirectory(prefix="metasql_", ignore_cleanup_errors=True) as folder:
            path = Path(folder) / "increment.arrow"
            self._export(path, size)
            yield path


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    library = arrow()
    with library.memory_map(str(path)) as source, library.ipc.open_file(source) as file:
        yield file


def checked_statuses(status: str | Sequence[str]) -> tuple[str, ...]:
    """Statuses that there are; one of them may stand by itself.

    Raises: MetasqlError MS0820.
    """
    given = (status,) if isinstance(status, str) else tuple(status)
    for word in given:
        if word not in STATUSES:
            raise MetasqlError.of(
                "MS0820",
                f"`{word}` is no status of an increment",
                notes=[f"statuses: {', '.join(STATUSES)}"],
                help=suggest(str(word), STATUSES) or "name one of these, or several",
            )
    if not given:
        raise MetasqlError.of("MS0820", "no status is named", help=f"name some of {', '.join(STATUSES)}")
    return given


def checked_shard(shard: tuple[int, int] | None) -> tuple[int, int] | None:
    """A shard that there is: its number, from 0, and how many there are.

    Raises: MetasqlError MS0820.
    """
    if shard is None:
        return None
    index, count = shard
    if not 1 <= count <= SHARDS or not 0 <= index < count:
        raise MetasqlError.of(
            "MS0820",
            f"there is no shard {index} of {count}",
            help=f"shards are counted from 0: of 16 they are 0 to 15, and there are at most {SHARDS:,}",
        )
    return index, count


def checked_fields(feature: Feature, fields: Sequence[str] | None) -> tuple[str, ...]:
    """Fields that the feature has.

    Raises: MetasqlError MS0302.
    """
    names = [item.name for item in feature.fields]
    given = (fields,) if isinstance(fields, str) else tuple(fields or ())
    for name in given:
        if name not in names:
            raise MetasqlError.of(
                "MS0302",
                f"field `{name}` does not exist on feature `{feature.key}`",
                notes=[f"fields of `{feature.key}`: {candidates(names)}"],
                help=suggest(str(name), names) or f"name one of the fields of `{feature.key}`",
            )
    return given


def condition(project: Project, feature: Feature, columns: Collection[str], where: str, option: str) -> exp.Expr:
    """A condition of a person's over some columns; `option` is where it was given.

    Raises: MetasqlError 02xx or 03xx at the place of the mistake, MS0502 where the engine has no like of it.
    """
    bag = Bag()
    word = Word(where, Span(Source(option, where), 0, len(where)))
    tree = expression_over(word, columns, feature.key.path, project.config.dialect, bag)
    bag.raise_errors()
    assert tree is not None, "an expression without errors was parsed"
    tree = carried_condition(tree, word, feature, project.dialect, bag)
    bag.raise_errors()
    return tree
