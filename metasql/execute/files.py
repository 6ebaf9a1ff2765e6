"""Files as DuckDB reads them: seeds and batches as SQL over a path. No driver is loaded.

No form is guessed: a guess from the first rows is wrong for a later one.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlglot import exp

from metasql.diagnostics import MetasqlError

_CSV = (
    "header = true, allow_quoted_nulls = false, nullstr = '', delim = ',', quote = '\"',"
    " escape = '\"', comment = '', hive_partitioning = false, strict_mode = true, max_line_size = 268435456"
)
_JSON = "hive_partitioning = false, maximum_object_size = 268435456, format = "
_FORMATS = {"csv": "FORMAT csv, HEADER true", "json": "FORMAT json", "parquet": "FORMAT parquet"}

_WIDE = frozenset({"HUGEINT", "UHUGEINT"})

Describe = Callable[[str], Mapping[str, str]]
"""From a query's text to its columns and their types."""


def identifier(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql("duckdb")


def literal(text: str) -> str:
    return exp.Literal.string(text).sql("duckdb")


@contextmanager
def plain_path(path: Path) -> Iterator[Path]:
    """A file under a name without characters that mean a pattern to the engine.

    What an error says of that name is said of the file's own.
    """
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "batch"
        try:
            plain.symlink_to(path.resolve())
        except OSError:
            shutil.copyfile(path, plain)
        try:
            yield plain
        except MetasqlError as error:
            raise error.replaced(str(plain), str(path)) from None


def seed_query(path: Path, header: Sequence[str], types: Mapping[str, str]) -> str:
    """A CSV file's rows, with types found over all of them, and those that are declared."""
    names = ", ".join(identifier(name) for name in header)
    given = ", ".join(f"{literal(name)}: {literal(type_)}" for name, type_ in types.items())
    options = f"{_CSV}, sample_size = -1" + (f", types = {{{given}}}" if types else "")
    return f"SELECT {names} FROM read_csv({literal(str(path))}, {options})"


def batch_query(
    path: Path, format: str, otherwise: Sequence[str], describe: Describe
) -> tuple[str, Mapping[str, str] | None]:
    """A batch's rows with `metasql_row` (from 1), and its columns and types.

    None, and no rows under the columns of `otherwise`, where the file is empty.
    """
    found = _source(path, format, describe)
    source, columns = found if found is not None else _nothing(otherwise)
    return _numbered(source, columns), columns if found is not None else None


def rows_query(
    name: str, given: Sequence[str], otherwise: Sequence[str], describe: Describe
) -> tuple[str, Mapping[str, str] | None]:
    """The same of rows that the engine knows under a name; `given` are their columns as they came."""
    if not given:
        source, columns = _nothing(otherwise)
        return _numbered(source, columns), None
    columns = describe(f"SELECT * FROM {identifier(name)}")
    _check_names(given)
    return _numbered(identifier(name), columns), columns


def _numbered(source: str, columns: Mapping[str, str]) -> str:
    names = ", ".join(["row_number() OVER () AS metasql_row", *(identifier(name) for name in columns)])
    return f"SELECT {names} FROM {source}"


def _check_names(names: Sequence[str]) -> None:
    """No column has metasql's name for the number of a row, and no two have one name."""
    if "metasql_row" in names:
        raise MetasqlError.of("MS0802", "the batch has a column `metasql_row`", help="leave it out of the batch")
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            help_ = "give every column a name of its own: capitals make no difference"
            raise MetasqlError.of("MS0802", f"the batch has two columns `{name}`", help=help_)
        seen.add(name.lower())


def copy_statement(sql: str, path: Path, format: str, describe: Describe) -> str:
    """Write a query's rows to a file."""
    if format == "parquet":
        sql = with_texts(sql, describe)
    return f"COPY ({sql}) TO {literal(str(path))} ({_FORMATS[format]})"


def with_texts(sql: str, describe: Describe) -> str:
    """A query with texts for integers of 128 bits: Parquet and Arrow have none, and DuckDB would write other types."""
    wide = [name for name, type_ in describe(sql).items() if type_ in _WIDE]
    if not wide:
        return sql
    texts = ", ".join(f"CAST({identifier(name)} AS VARCHAR) AS {identifier(name)}" for name in wide)
    return f"SELECT * REPLACE ({texts}) FROM ({sql})"


def _source(path: Path, format: str, describe: Describe) -> tuple[str, Mapping[str, str]] | None:
    """A table function over a file, and its columns; None where the file holds nothing at all."""
    if path.stat().st_size == 0:
        return None
    file = literal(str(path))
    if format == "parquet":
        source = f"read_parquet({file}, hive_partitioning = false)"
    elif format == "csv":
        source = f"read_csv({file}, {_CSV}, all_varchar = true)"
    else:
        json = _JSON + ("'array'" if _is_list(path) else "'newline_delimited'")
        source = f"read_json({file}, {json}, sample_size = -1)"
    columns = describe(f"SELECT * FROM {source}")
    if format == "json" and list(columns) == ["json"]:
        raise MetasqlError.of(
            "MS0801", "the batch cannot be read as json", help="let each line be one JSON object, or the file one list"
        )
    _check_names(list(columns))
    if format == "json":
        names = ", ".join(f"{literal(item)}: 'VARCHAR'" for item in columns)
        source = f"read_json({file}, {json}, columns = {{{names}}})"
        columns = dict.fromkeys(columns, "VARCHAR")
    return source, columns


def _is_list(path: Path) -> bool:
    """Whether a JSON file is one list of objects, and not an object on each line."""
    with path.open("rb") as file:
        return file.read(1000).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")


def _nothing(names: Sequence[str]) -> tuple[str, Mapping[str, str]]:
    """A source without rows, with columns of text."""
    columns = ", ".join(f"CAST(NULL AS VARCHAR) AS {identifier(name)}" for name in names)
    return f"(SELECT {columns} WHERE false)", dict.fromkeys(names, "VARCHAR")
