"""From a target's type to its backend: loaded when it is needed, and not before.

Third-party backends register under the entry point group `metasql.backends`; each entry
gives a function `open(target, algorithm, *, read_only, emit) -> Connection`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from metasql.config.profiles import Target
from metasql.diagnostics import MetasqlError
from metasql.events import Emit, Note, silent
from metasql.execute.connection import Connection
from metasql.execute.holding import Freely, Held, Holder
from metasql.lower.dialect import Dialect

_DIALECTS = {"clickhouse": ("metasql.lower.clickhouse", "CLICKHOUSE"), "duckdb": ("metasql.lower.duckdb", "DUCKDB")}
_BACKENDS = {"duckdb": "metasql.execute.duckdb", "clickhouse": "metasql.execute.clickhouse"}
_LOCKS = {"duckdb": "metasql.execute.duckdb_lock", "clickhouse": "metasql.execute.clickhouse_lock"}
_IN_USE = "MS0602"


def dialect_of(target: Target, algorithm: str = "md5") -> Dialect:
    """The SQL of a target's engine; no driver is loaded."""
    if target.type not in _DIALECTS:
        raise MetasqlError.of(
            "MS0501",
            f"target `{target.name}` is of type `{target.type}`, which this version cannot compile for",
            notes=[f"types that it can: {', '.join(sorted(_DIALECTS))}"],
            help="choose another target with `--target`",
        )
    module, name = _DIALECTS[target.type]
    return cast(Dialect, getattr(import_module(module), name)).hashing(algorithm)


def connect(
    target: Target,
    algorithm: str = "md5",
    *,
    read_only: bool = False,
    scratch: bool = False,
    emit: Emit = silent,
    patience: float = 0,
) -> Connection:
    """Open a target. A read-only session needs the warehouse to exist already.

    With `scratch` it makes temporary tables, and writes nothing else. One that another process has to itself is
    waited for, for `patience` seconds.

    `algorithm` is what the project hashes versions with.
    """
    until, told = time.monotonic() + patience, False
    while True:
        try:
            return _connect(target, algorithm, read_only=read_only, scratch=scratch, emit=emit)
        except MetasqlError as error:
            if error.codes != [_IN_USE] or time.monotonic() >= until:
                raise
            if not told:
                emit(Note(f"{error.bag.items[0].message}: waiting for up to {patience:g} s"))
                told = True
        time.sleep(min(random.uniform(0.05, 0.5), max(0.0, until - time.monotonic())))


@contextmanager
def hold(target: Target, algorithm: str, holder: Holder, patience: float, emit: Emit) -> Iterator[Held]:
    """A target that is open for one command to work on; commits from outside go on meanwhile.

    Raises: MetasqlError MS0608 where another one has it for longer than `patience`.
    """
    if target.type not in _LOCKS:
        yield Freely()
        return
    dialect = dialect_of(target, algorithm)
    with import_module(_LOCKS[target.type]).hold(target, dialect, holder, patience, emit) as held:
        yield held


def _connect(target: Target, algorithm: str, *, read_only: bool, scratch: bool, emit: Emit) -> Connection:
    name = _BACKENDS.get(target.type)
    if name is not None:
        dialect = dialect_of(target, algorithm)
        open_target = import_module(name).open_target
        return cast(Connection, open_target(target, dialect, read_only=read_only, scratch=scratch, emit=emit))
    for entry in entry_points(group="metasql.backends"):
        if entry.name == target.type:
            return cast(Connection, entry.load()(target, algorithm, read_only=read_only and not scratch, emit=emit))
    dialect_of(target)
    raise MetasqlError.of(
        "MS0601",
        f"no backend for targets of type `{target.type}` is installed",
        help="install the package that brings it, or choose another target",
    )
