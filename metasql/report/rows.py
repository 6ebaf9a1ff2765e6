"""Rows of a query on stdout: a table for people, CSV and JSON lines for programs."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from sqlglot import exp

from metasql.execute.connection import Connection
from metasql.report.table import print_table


def print_rows(connection: Connection, query: exp.Query, form: str) -> None:
    """Print all rows of a query as `table`, `csv` or `json` (an object a line). NULL shows as NULL in a table."""
    if form == "table":
        print_table(*connection.table(query), null="NULL")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows")
        connection.export(query, path, form)
        with path.open(encoding="utf-8", newline="") as rows:
            shutil.copyfileobj(rows, sys.stdout)
