"""Two real ClickHouse servers as a cluster of two shards, as an engine of the tests.

Definitions reach both because the target lists them (`nodes`): ON CLUSTER needs a Keeper, which these have not.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client

from tests.support.clickhouse_engines import ClickHouse, parquet
from tests.support.clickhouse_server import Server, free_port

NAME = "two"


def two_servers(folder: Path) -> list[Server]:
    """Two servers that know each other, not yet running."""
    ports = [free_port(), free_port()]
    clusters = {NAME: [[port] for port in ports]}
    return [Server(folder / f"node{number}", clusters, tcp_port=port) for number, port in enumerate(ports, start=1)]


def target_of(nodes: list[Server], **options: object) -> dict[str, object]:
    """The target's entry in `profiles.yml`: the first node is asked."""
    return nodes[0].target(cluster=NAME, nodes=[f"127.0.0.1:{node.port}" for node in nodes], **options)


class Cluster(ClickHouse):
    """Two servers for each project."""

    name = "cluster"

    def __init__(self) -> None:
        super().__init__()
        self._others: dict[Path, Server] = {}

    def target(self, folder: Path) -> dict[str, Any]:
        return target_of(self.nodes(folder))

    def settle(self, folder: Path) -> None:
        super().settle(folder)
        if folder in self._others:
            self._others[folder].stop()

    def nodes(self, folder: Path) -> list[Server]:
        """The project's servers, running."""
        if folder not in self._servers:
            self._servers[folder], self._others[folder] = two_servers(folder)
        first, other = self.server(folder), self._others[folder]
        for place, server in self._others.items():
            if self._servers[place].process is None and server.process is not None:
                server.stop()
        if other.process is None:
            other.start()
        return [first, other]

    @contextmanager
    def client(self, folder: Path) -> Iterator[Client]:
        """A plain client of the node that is asked."""
        client = self.nodes(folder)[0].client()
        try:
            yield client
        finally:
            client.close()

    def fill(self, folder: Path, table: str, types: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
        """A table of the user's own, whose rows lie anywhere."""
        made, columns = parquet(types, rows)
        definitions = ", ".join(f'"{name}" {type_}' for name, type_ in columns.items())
        whole = f"Distributed('{NAME}', 'raw', '{table}__rows', rand())"
        clients = [node.client() for node in self.nodes(folder)]
        for client in clients:
            client.command("CREATE DATABASE IF NOT EXISTS raw")
            client.command(
                f'CREATE OR REPLACE TABLE raw."{table}__rows" ({definitions}) ENGINE = MergeTree ORDER BY ()'
            )
        for client in clients:
            client.command(f'CREATE OR REPLACE TABLE raw."{table}" AS raw."{table}__rows" ENGINE = {whole}')
        if made is not None:
            settings = {"distributed_foreground_insert": 1}
            clients[0].raw_insert(f'raw."{table}"', list(columns), io.BytesIO(made), fmt="Parquet", settings=settings)
        for client in clients:
            client.close()

    def close(self) -> None:
        super().close()
        for server in self._others.values():
            server.stop()
