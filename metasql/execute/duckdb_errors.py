"""What DuckDB refuses, as errors of the catalogue."""

from __future__ import annotations

import re

import duckdb

from metasql.config.profiles import Target
from metasql.diagnostics import MetasqlError


def no_place(path: str, target: Target, error: OSError) -> MetasqlError:
    return MetasqlError.of(
        "MS0605",
        f"the warehouse of target `{target.name}` cannot be at `{path[:200]}`",
        notes=[str(error.strerror)],
        help="correct `path` of the target",
    )


def _first_line(error: duckdb.Error) -> str:
    return re.sub(r"^[A-Za-z ]*Error: ", "", str(error).strip().split("\n")[0])


def cannot_open(error: duckdb.Error, path: str, target: Target) -> MetasqlError:
    message = str(error)
    holder = re.search(r"\(PID (\d+)\)", message)
    if "Could not set lock" in message:
        who = f"process {holder.group(1)}" if holder else "another process"
        return MetasqlError.of(
            "MS0602",
            f"the warehouse `{path}` is in use by {who}",
            notes=["one process may write a DuckDB file, and only while no other reads it"],
            help="wait until it is done (`--lock-timeout SECONDS`), or let readers open the file read-only",
        )
    if "does not exist" in message and "read-only" in message:
        return MetasqlError.of(
            "MS0603",
            f"the warehouse `{path}` of target `{target.name}` does not exist yet",
            help="run `metasql build` first",
        )
    if "not a valid DuckDB database" in message:
        return MetasqlError.of(
            "MS0604",
            f"`{path}` is no DuckDB file",
            help=f"correct `path` of target `{target.name}`, or move that file out of the way",
        )
    return MetasqlError.of(
        "MS0605", f"the warehouse `{path}` cannot be opened", notes=[_first_line(error)], help="see `metasql debug`"
    )


def cannot_attach(error: duckdb.Error, path: str, other: str, target: Target) -> MetasqlError:
    """Why features cannot be read from the file of another target."""
    message = str(error)
    holder = re.search(r"\(PID (\d+)\)", message)
    if "Could not set lock" in message or "already attached" in message:
        who = f"process {holder.group(1)}" if holder else "this process" if "already" in message else "another process"
        return MetasqlError.of(
            "MS0602",
            f"`{path}`, from which `{target.name}` reads features, is in use by {who}",
            notes=["a DuckDB file that one process writes cannot be read by others meanwhile"],
            help="wait until it is done, read from a copy of the file, or use `--no-defer`",
        )
    if "does not exist" in message:
        return MetasqlError.of(
            "MS0680",
            f"the file `{path}` of `{other}`, from which `{target.name}` reads features, does not exist",
            help=f"correct `path` of `{other}`, or use `--no-defer`",
        )
    if "not a valid DuckDB database" in message:
        return MetasqlError.of(
            "MS0604", f"`{path}` is no DuckDB file", help=f"correct `path` of target `{other}`, or use `--no-defer`"
        )
    notes, help = [_first_line(error)], f"see `metasql debug --target {other}`, or use `--no-defer`"
    return MetasqlError.of("MS0605", f"the warehouse `{path}` of `{other}` cannot be read", notes=notes, help=help)


def refused(error: duckdb.Error, purpose: str) -> MetasqlError:
    notes = [f"DuckDB says: {_first_line(error)}"] + ([f"while it was to {purpose}"] if purpose else [])
    if isinstance(error, duckdb.OutOfMemoryException):
        help_ = "raise `memory_limit` under `settings` of the target, or give it a `temp_directory`"
        return MetasqlError.of("MS0612", "the engine ran out of memory", notes=notes, help=help_)
    if isinstance(error, duckdb.CatalogException):
        help_ = "check that the table is there and is spelt so; `metasql seed` loads seeds"
        return MetasqlError.of("MS0611", "a relation or function does not exist", notes=notes, help=help_)
    if isinstance(error, duckdb.InterruptException):
        return MetasqlError.of("MS0613", "the statement was interrupted", notes=notes, help="run it again")
    return MetasqlError.of("MS0610", "the engine refused a statement", notes=notes, help="`-v` shows the statement")
