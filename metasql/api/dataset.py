"""A dataset's rows, as it is now or as a version of it was frozen: nothing is read before rows are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from metasql.api.increment import Increment
from metasql.execute.versions import DatasetVersion

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa


@dataclass(frozen=True)
class Dataset:
    """Rows of a dataset; made by `Warehouse.dataset`.

    `version` is None where the rows are those of the present moment, and otherwise all that is kept of the version,
    whose rows come in the order of their key, every time the same. `split` is the only one that is read, or None.
    """

    name: str
    version: DatasetVersion | None
    split: str | None
    _rows: Increment = field(repr=False)

    def batches(self, size: int = 1_000) -> Iterator[pa.RecordBatch]:
        """The rows as Arrow batches of at most `size` rows; never more than a few of them are in memory.

        Raises: MetasqlError MS0650 without `pyarrow`, MS0820 where `size` is no number of rows.
        """
        return self._rows.batches(size)

    def to_arrow(self) -> pa.Table:
        """All rows as an Arrow table.

        Raises: MetasqlError MS0650 without `pyarrow`.
        """
        return self._rows.to_arrow()

    def to_polars(self) -> pl.DataFrame:
        """All rows as a polars DataFrame.

        Raises: MetasqlError MS0650 without `polars` and `pyarrow`.
        """
        return self._rows.to_polars()

    def to_pandas(self) -> pd.DataFrame:
        """All rows as a pandas DataFrame.

        Raises: MetasqlError MS0650 without `pandas` and `pyarrow`.
        """
        return self._rows.to_pandas()

    def to_dicts(self) -> list[dict[str, Any]]:
        """All rows as dicts of Python's own values.

        Raises: MetasqlError MS0650 without `pyarrow`.
        """
        return self._rows.to_dicts()

    def sql(self) -> str:
        """The query in the words of the target's engine."""
        return self._rows.sql()

    def relation(self) -> Any:
        """The query as a lazy relation of DuckDB's, on a session of its own.

        Raises: MetasqlError MS0504 on other engines.
        """
        return self._rows.relation()
