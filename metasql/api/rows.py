"""Rows of plain Python on their way into a commit: JSON lines in which every value is a text.

As texts they are read and checked like those of a CSV file, each against its column's type: a whole
number of any size, a decimal or a time loses nothing, and a wrong value is told with its row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timezone
from decimal import Decimal
from enum import Enum
from os import PathLike, fspath
from pathlib import Path
from typing import Any
from uuid import UUID

from metasql.diagnostics import MetasqlError


def write_rows(rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    """Write rows to a file, one JSON object a line.

    Raises: MetasqlError MS0801 for a row that is no mapping, MS0810 for a value that has no text.
    """
    with path.open("w", encoding="utf-8", errors="surrogatepass") as file:
        for number, row in enumerate(rows, 1):
            check_row(row, number)
            file.write(json.dumps({str(name): _told(value, str(name), number) for name, value in row.items()}) + "\n")


def check_row(row: object, number: int) -> None:
    """Raises: MetasqlError MS0801 for a row that is no mapping."""
    if not isinstance(row, Mapping):
        raise MetasqlError.of(
            "MS0801",
            f"row {number}: a row is a mapping from column to value, and this is a `{type(row).__name__}`",
            help='give rows such as `{"video_id": "v1", "path": "a.mp4", "metasql_receipt": ...}`',
        )


def _told(value: Any, column: str, number: int) -> str | None:
    try:
        return text_of(value)
    except (TypeError, ValueError, OverflowError):
        raise MetasqlError.of(
            "MS0810",
            f"row {number}: a value of type `{type(value).__name__}` in column `{column}` has no text",
            help="give a number, a text, a time or None; other values can come in Arrow, polars or pandas",
        ) from None


def text_of(value: Any) -> str | None:
    """A value as a text that stands for it in every engine; times are told in UTC.

    Raises: TypeError where it has none.
    """
    if value is None or isinstance(value, str):
        return _plain(value)
    if isinstance(value, Enum):
        return text_of(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, UUID)):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        moment = value.astimezone(timezone.utc).replace(tzinfo=None) if value.tzinfo is not None else value
        return moment.isoformat(" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, PathLike):
        return str(fspath(value))
    if isinstance(value, (Mapping, list, tuple)):
        return json.dumps(value, ensure_ascii=False, default=text_of)
    if hasattr(value, "item"):  # a scalar of numpy's
        return text_of(value.item())
    raise TypeError


def _plain(value: str | None) -> str | None:
    """A text as Python's own: libraries have classes of texts that print themselves otherwise."""
    return None if value is None else str.__str__(value)
