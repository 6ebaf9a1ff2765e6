"""What a commit takes: Arrow, polars, pandas, DuckDB relations, rows of plain Python, and files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from metasql.api.libraries import arrow, comes_from
from metasql.api.rows import check_row, write_rows
from metasql.diagnostics import MetasqlError
from metasql.execute.batch import Batch, BatchFile, BatchRows

ENDINGS = {".csv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json", ".parquet": "parquet"}
"""A file's form by how its name ends."""

_FORMS = "an Arrow table, batch or reader, a polars or pandas DataFrame, a DuckDB relation, a list of dicts, or a path"


@contextmanager
def batch_of(results: Any, what: str = "results") -> Iterator[Batch]:
    """Results in any of the forms, as the batch of a commit.

    Raises: MetasqlError MS0801 where they are in none of them.
    """
    if isinstance(results, (str, Path)):
        yield _file(Path(results))
        return
    reader = _reader(results, what)
    if reader is not None:
        yield BatchRows(reader)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.json"
        write_rows(results, path)
        yield BatchFile(path, "json")


def rows_of(results: Any) -> list[Mapping[str, Any]]:
    """Results in any of the forms, as rows of plain Python; one row may stand by itself.

    Raises: MetasqlError MS0801 where they are in none of them.
    """
    if isinstance(results, Mapping):
        return [results]
    if isinstance(results, (str, Path)):
        raise MetasqlError.of(
            "MS0801", "a writer takes rows, and no files", help="commit the file: `wh.commit(key, path)`"
        )
    reader = _reader(results, "results")
    if reader is not None:
        rows: list[Mapping[str, Any]] = reader.read_all().to_pylist()
        return rows
    return [_row(row, number) for number, row in enumerate(results, 1)]


def _row(row: Any, number: int) -> Mapping[str, Any]:
    check_row(row, number)
    return dict(row)


def _file(path: Path) -> BatchFile:
    form = ENDINGS.get(path.suffix.lower())
    if form is None:
        raise MetasqlError.of(
            "MS0801",
            f"it cannot be told what form `{path}` has",
            help=f"a file's name ends in one of {', '.join(ENDINGS)}",
        )
    if not path.is_file():
        raise MetasqlError.of("MS0801", f"there is no file `{path}`", help="name the file with the results")
    return BatchFile(path, form)


def _reader(results: Any, what: str) -> Any:
    """A reader of Arrow batches; None for rows of plain Python."""
    if comes_from(results, "pandas"):
        return _of_pandas(results, what)
    if comes_from(results, "polars") and hasattr(results, "collect"):
        results = results.collect()
    if hasattr(results, "to_arrow_reader"):
        arrow()
        return results.to_arrow_reader(10_000)
    if hasattr(results, "__arrow_c_stream__"):
        return _made(lambda: arrow().RecordBatchReader.from_stream(results), what)
    if isinstance(results, Mapping) or not isinstance(results, Iterable):
        raise MetasqlError.of(
            "MS0801",
            f"{what} of type `{type(results).__name__}` cannot be committed",
            help=f"give {_FORMS}",
        )
    return _of_batches(results, what)


def _of_pandas(results: Any, what: str) -> Any:
    """The index is no column: what is to be committed of it is made one by whoever wants that."""
    if not hasattr(results, "columns"):
        raise MetasqlError.of(
            "MS0801", f"{what} of type `{type(results).__name__}` cannot be committed", help=f"give {_FORMS}"
        )
    return _made(lambda: arrow().Table.from_pandas(results, preserve_index=False).to_reader(), what)


def _of_batches(results: Iterable[Any], what: str) -> Any:
    """Batches one after the other as one reader; None where they are no batches but rows."""
    if not isinstance(results, (list, tuple)) or not results or not comes_from(results[0], "pyarrow"):
        return None
    library = arrow()
    tables = [item if isinstance(item, library.Table) else library.Table.from_batches([item]) for item in results]
    batches = chain.from_iterable(table.to_batches() for table in tables)
    return _made(lambda: library.RecordBatchReader.from_batches(tables[0].schema, batches), what)


def _made(make: Any, what: str) -> Any:
    """What Arrow cannot hold is told in its own words."""
    library = arrow()
    try:
        return make()
    except (library.ArrowException, TypeError, ValueError) as error:
        raise MetasqlError.of(
            "MS0801",
            f"{what} cannot be brought into Arrow",
            notes=[str(error).split("\n")[0][:300]],
            help="give every column values of one type, or give the rows as a list of dicts",
        ) from error
