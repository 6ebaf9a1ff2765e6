"""The two engines that expressions are asked of."""

from __future__ import annotations

import duckdb
import pytest

from tests.support.clickhouse_process import ClickHouse


@pytest.fixture(scope="module")
def clickhouse():
    """The embedded engine, in a process of its own."""
    engine = ClickHouse()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def duck():
    """DuckDB in memory."""
    with duckdb.connect() as connection:
        yield connection
