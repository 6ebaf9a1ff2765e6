"""Writes one feature on chDB and kills its own process before the n-th statement: `clickhouse_killed.py FOLDER N HOW`.

Killing the process kills the engine in it. Prints how many statements were sent; 0 lets it live.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from metasql.execute.clickhouse_client import Client
from tests.support.clickhouse_sheet import Sheet, chdb_target, opened

SENT = 0


def kill_at(number: int) -> None:
    """Let the process die, as by `kill -9`, where the statement with this number would be sent."""
    send = Client._send

    def counted(self: Client, *arguments: Any) -> Any:
        global SENT
        SENT += 1
        if number == SENT:
            os.kill(os.getpid(), signal.SIGKILL)
        return send(self, *arguments)

    Client._send = counted  # type: ignore[method-assign]


def main(folder: str, number: int, how: str) -> None:
    with opened(chdb_target(Path(folder))) as connection:
        kill_at(number)
        sheet = Sheet(connection)
        if how == "hard":
            sheet.write([(2, "B")], gone=[1, 3], hard=True)
        else:
            sheet.write([(1, "A"), (4, "d")], gone=[3])
        print(SENT, flush=True)
        kill_at(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
