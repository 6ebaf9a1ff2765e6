"""Real ClickHouse servers for the tests, without Docker: each a process with a folder and ports of its own.

`tests/support/install_clickhouse.sh` fetches the library that they run on.
"""

from __future__ import annotations

import atexit
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client

VERSION = "26.7.3-stable.1"
CHILD = Path(__file__).with_name("clickhouse_child.py")
PASSWORD = "a 'secret' & more"

USERS = {
    "metasql": ("default", ""),
    "reader": ("reads_with_settings", ""),
    "locked": ("reads_alone", ""),
    "guest": ("default", "<grants><query>GRANT SELECT ON *.*</query></grants>"),
}
"""User → profile, and rights where they are not all. All have the same password."""

PROFILES = {"default": "", "reads_with_settings": "<readonly>2</readonly>", "reads_alone": "<readonly>1</readonly>"}


def library() -> Path:
    """The server's library; where it is missing, tests fail and are not skipped."""
    cache_folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    default = cache_folder / "metasql" / f"clickhouse-{VERSION}"
    path = Path(os.environ.get("METASQL_CLICKHOUSE_LIB") or default) / "libchdb.so"
    if not path.is_file():
        raise pytest.UsageError(f"no ClickHouse server at {path}: run tests/support/install_clickhouse.sh")
    return path


OWN_PORTS = range(10_000, 32_000)
"""Below those that systems give to outgoing connections: such a one could take the port of a server that is stopped."""


def free_port() -> int:
    """A port that nobody listens at; processes of tests that ask at once get different ones."""
    while True:
        port = secrets.choice(OWN_PORTS)
        with socket.socket() as found:
            try:
                found.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


@dataclass
class Server:
    """One server.

    `clusters`: cluster → shards, each a list of native ports of its replicas; `more`: configuration;
    `megabytes`: its data is on a disk of its own of this size, which is gone with the process.
    """

    folder: Path
    clusters: Mapping[str, list[list[int]]] = field(default_factory=dict)
    macros: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    tcp_port: int = field(default_factory=free_port)
    more: str = ""
    megabytes: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> Server:
        self.folder.mkdir(parents=True, exist_ok=True)
        config, users = self.folder / "config.xml", self.folder / "users.xml"
        users.write_text(users_xml(), encoding="utf-8")
        config.write_text(self._config(users), encoding="utf-8")
        words = [str(library()), str(self.folder / "data"), str(self.port), str(self.tcp_port), str(config)]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self._on_own_disk(), sys.executable, str(CHILD), *words],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        self._wait()
        return self

    def _on_own_disk(self) -> list[str]:
        """A command that mounts the disk in a namespace of its own: that needs no rights, and leaves nothing behind."""
        if not self.megabytes:
            return []
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        mount = f'mount -t tmpfs -o size={self.megabytes}m tmpfs "$0" && exec "$@"'
        return ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, str(data)]

    @property
    def data(self) -> Path:
        """Its folder as the process sees it."""
        if self.process is not None and self.megabytes:
            return Path(f"/proc/{self.process.pid}/root{self.folder / 'data'}")
        return self.folder / "data"

    def stop(self) -> None:
        """As a service is stopped."""
        if self.process is not None:
            self.process.communicate(timeout=60)
            self.process = None

    def kill(self) -> None:
        """As by `kill -9`."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def client(self, user: str = "metasql") -> Client:
        return clickhouse_connect.get_client(
            host="127.0.0.1",
            port=self.port,
            username=user,
            password=PASSWORD,
            autogenerate_session_id=False,
            dedicated_pool=True,
        )

    def target(self, **options: object) -> dict[str, object]:
        """The target's entry in `profiles.yml`."""
        return {
            "type": "clickhouse",
            "driver": "http",
            "host": "127.0.0.1",
            "port": self.port,
            "username": "metasql",
            "password": PASSWORD,
            "schema": "main",
            "threads": 1,
            **options,
        }

    def _wait(self) -> None:
        assert self.process is not None
        for _ in range(600):
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ping", timeout=2):
                    return
            except OSError:
                time.sleep(0.05)
        log = (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")
        raise AssertionError(f"the ClickHouse server did not start:\n{log[-2000:]}")

    def _config(self, users: Path) -> str:
        clusters = "".join(f"<{name}>{_shards(shards)}</{name}>" for name, shards in self.clusters.items())
        macros = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in self.macros.items())
        return (
            "<clickhouse><logger><level>none</level></logger>"
            f"<users_config>{users}</users_config><remote_servers>{clusters}</remote_servers>"
            f"<macros>{macros}</macros>{self.more}</clickhouse>\n"
        )


def _shards(shards: list[list[int]]) -> str:
    def replica(port: int) -> str:
        who = f"<user>metasql</user><password>{escape(PASSWORD)}</password>"
        return f"<replica><host>127.0.0.1</host><port>{port}</port>{who}</replica>"

    return "".join(f"<shard>{''.join(replica(port) for port in ports)}</shard>" for ports in shards)


def users_xml() -> str:
    users = "".join(
        f"<{name}><password>{escape(PASSWORD)}</password><networks><ip>::/0</ip></networks>"
        f"<profile>{profile}</profile><quota>default</quota>{rights}</{name}>"
        for name, (profile, rights) in USERS.items()
    )
    own = "<default><password></password><networks><ip>::1</ip><ip>127.0.0.1</ip></networks>"
    own += "<profile>default</profile><quota>default</quota></default>"
    profiles = "".join(f"<{name}>{settings}</{name}>" for name, settings in PROFILES.items())
    return (
        f"<clickhouse><profiles>{profiles}</profiles><users>{own}{users}</users>"
        "<quotas><default></default></quotas></clickhouse>\n"
    )


@cache
def shared_server() -> Server:
    """The server of this process of tests; it stops when the process ends."""
    folder = tempfile.TemporaryDirectory(prefix="metasql_clickhouse_")
    server = Server(Path(folder.name)).start()
    atexit.register(folder.cleanup)
    atexit.register(server.stop)
    return server
