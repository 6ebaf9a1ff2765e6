"""Runs one command and kills its own process before the n-th statement: `support_killed.py N COMMAND ...`."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from metasql.cli.main import main
from metasql.execute.clickhouse_client import Client
from metasql.execute.clickhouse_lock import ALIVE
from metasql.execute.duckdb import DuckDBConnection

SENT = 0
TAKING_PLACES: list[int] = []
"""The statements by which tables take the place of others."""


def kill_at(number: int) -> None:
    """Let the process die, as by `kill -9`, where the statement with this number would be sent; 0 lets it live."""
    for owner, name in ((DuckDBConnection, "_execute"), (Client, "_send")):
        setattr(owner, name, counted(getattr(owner, name), number))


def counted(send: Any, number: int) -> Any:
    """The way to the engine, with a count of what goes there."""

    def sent(*arguments: Any, **options: Any) -> Any:
        global SENT
        if ALIVE in arguments:  # of a thread of its own, at moments of its own
            return send(*arguments, **options)
        SENT += 1
        if any("EXCHANGE TABLES" in word for word in arguments if isinstance(word, str)):
            TAKING_PLACES.append(SENT)
        if number == SENT:
            os.kill(os.getpid(), signal.SIGKILL)
        return send(*arguments, **options)

    return sent


if __name__ == "__main__":
    kill_at(int(sys.argv[1]))
    code = main(sys.argv[2:])
    print(*TAKING_PLACES)
    print(SENT)
    sys.exit(code)
