"""The libraries that are extras: loaded when something is asked for in their form, and not before."""

from __future__ import annotations

from typing import Any

from metasql.diagnostics import MetasqlError


def arrow() -> Any:
    """`pyarrow`.

    Raises: MetasqlError MS0650.
    """
    try:
        import pyarrow
    except ImportError:
        raise _missing("pyarrow", "arrow") from None
    return pyarrow


def parquet() -> Any:
    """`pyarrow.parquet`.

    Raises: MetasqlError MS0650.
    """
    arrow()
    from pyarrow import parquet

    return parquet


def polars() -> Any:
    """`polars`.

    Raises: MetasqlError MS0650.
    """
    try:
        import polars
    except ImportError:
        raise _missing("polars", "polars") from None
    return polars


def pandas() -> Any:
    """`pandas`.

    Raises: MetasqlError MS0650.
    """
    try:
        import pandas
    except ImportError:
        raise _missing("pandas", "pandas") from None
    return pandas


def _missing(name: str, extra: str) -> MetasqlError:
    return MetasqlError.of(
        "MS0650", f"this needs the package `{name}`, which is not installed", help=f"`pip install 'metasql[{extra}]'`"
    )


def comes_from(value: object, package: str) -> bool:
    """Whether a value is of a class of a package, which is not loaded for the question."""
    return any(kind.__module__.partition(".")[0] == package for kind in type(value).__mro__)
