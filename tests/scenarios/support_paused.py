"""Runs one command that stops before its first node, says so, and goes on when it is told to: a run in progress."""

from __future__ import annotations

import sys
from typing import Any

from metasql.cli.main import main
from metasql.execute import walk

SAID = "at work"


def stop_at_the_first_node() -> None:
    """The command has the target by then; a line on standard input lets it go on."""
    whole = walk._walk

    def waiting(*arguments: Any) -> Any:
        print(SAID, flush=True)
        sys.stdin.readline()
        return whole(*arguments)

    walk._walk = waiting


if __name__ == "__main__":
    stop_at_the_first_node()
    sys.exit(main(sys.argv[1:]))
