"""Runs one command and kills its own process before the n-th statement: `support_killed.py N COMMAND ...`."""

from __future__ import annotations

import os
import signal
import sys

from metasql.cli.main import main
from metasql.execute import duckdb as backend

SENT = 0


def kill_at(number: int) -> None:
    """Let the process die, as by `kill -9`, where the statement with this number would be sent; 0 lets it live."""
    execute = backend.DuckDBConnection._execute

    def counted(self: backend.DuckDBConnection, *arguments: str, **options: str) -> object:
        global SENT
        SENT += 1
        if number == SENT:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(self, *arguments, **options)

    backend.DuckDBConnection._execute = counted  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    kill_at(int(sys.argv[1]))
    code = main(sys.argv[2:])
    print(SENT)
    sys.exit(code)
