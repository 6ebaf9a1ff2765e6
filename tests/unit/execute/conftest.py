"""ClickHouse targets for the tests of the connection."""

from __future__ import annotations

import pytest

from tests.support.clickhouse_cluster import two_servers
from tests.support.clickhouse_engines import empty
from tests.support.clickhouse_server import shared_server
from tests.support.clickhouse_sheet import chdb_target, cluster_target, server_target


@pytest.fixture
def server():
    """The server of these tests, without anything that an earlier one left."""
    found = shared_server()
    client = found.client()
    empty(client)
    client.close()
    return found


@pytest.fixture(scope="session")
def two_running(tmp_path_factory):
    """Two servers that are one cluster."""
    nodes = [node.start() for node in two_servers(tmp_path_factory.mktemp("cluster"))]
    yield nodes
    for node in nodes:
        node.stop()


@pytest.fixture
def nodes(two_running):
    """The same, without anything that an earlier test left."""
    for node in two_running:
        if node.process is None:
            node.start()
    for node in two_running:
        client = node.client()
        empty(client)
        client.close()
    return two_running


@pytest.fixture(params=["chdb", "clickhouse", "cluster"])
def warehouse(request, tmp_path):
    """A target on each driver, and on a cluster."""
    if request.param == "chdb":
        return chdb_target(tmp_path)
    if request.param == "cluster":
        return cluster_target(request.getfixturevalue("nodes"))
    return server_target(request.getfixturevalue("server"))
