"""ClickHouse targets for the tests of the connection."""

from __future__ import annotations

import pytest

from tests.support.clickhouse_engines import empty
from tests.support.clickhouse_server import shared_server
from tests.support.clickhouse_sheet import chdb_target, server_target


@pytest.fixture
def server():
    """The server of these tests, without anything that an earlier one left."""
    found = shared_server()
    client = found.client()
    empty(client)
    client.close()
    return found


@pytest.fixture(params=["chdb", "clickhouse"])
def warehouse(request, tmp_path):
    """A target on each driver."""
    if request.param == "chdb":
        return chdb_target(tmp_path)
    return server_target(request.getfixturevalue("server"))
