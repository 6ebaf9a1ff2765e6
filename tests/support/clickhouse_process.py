"""The embedded ClickHouse in a process of its own: one process can open one folder alone, and tests open many."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


class ClickHouse:
    """Answers queries as rows of texts; a refused one gives `RefusedError`."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def rows(self, sql: str) -> list[list[Any]]:
        """The rows, every value as its text in JSON."""
        assert self._child.stdin is not None and self._child.stdout is not None
        self._child.stdin.write(json.dumps(sql) + "\n")
        self._child.stdin.flush()
        answer = json.loads(self._child.stdout.readline())
        if "error" in answer:
            raise RefusedError(f"{answer['error']}\n{sql}")
        return list(answer["rows"])

    def close(self) -> None:
        self._child.communicate(timeout=60)


class RefusedError(Exception):
    """The engine refused a query."""


def serve() -> None:
    """Read queries from standard input, one JSON text a line, and answer each with a line."""
    from chdb.session import Session

    session = Session()
    for line in sys.stdin:
        try:
            text = str(session.query(json.loads(line), "JSONCompactEachRow"))
            answer: dict[str, Any] = {"rows": [json.loads(row) for row in text.splitlines()]}
        except Exception as error:
            answer = {"error": str(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
