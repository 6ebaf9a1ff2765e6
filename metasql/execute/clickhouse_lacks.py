"""What a connection to ClickHouse cannot do, and says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlglot import exp

from metasql.execute import clickhouse_errors as errors


class Lacking:
    """The parts of a connection that only an engine with a file of its own has."""

    def relation(self, query: exp.Query) -> Any:
        del query
        raise errors.no_relation()

    def publishing(self, path: Path) -> Callable[[], None]:
        raise errors.no_file(path)
