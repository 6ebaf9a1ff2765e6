"""The options of each engine's targets, as data: how they are written, typed and completed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from metasql.config.reader import Reader, scalars
from metasql.config.secret import Secret

MEMORY = ":memory:"
MOST_THREADS = 1024


def _duckdb(reader: Reader, root: Path) -> tuple[str, dict[str, Any]]:
    """`path`, `threads`, `attach` (of `path`, `alias`, `read_only`), `settings`, `storage_version`."""
    path = reader.required("path", help="write `path: target/dev.duckdb`, or `:memory:`")
    options: dict[str, Any] = {
        "path": MEMORY if path is None else _resolved(root, path),
        "threads": reader.integer("threads", default=1, least=1, most=MOST_THREADS),
        "attach": _attach(reader, root),
        "settings": _settings(reader),
        "storage_version": _storage_version(reader),
    }
    return _schema(reader, options["path"]), options


def attaches(options: Mapping[str, Any]) -> bool:
    """Whether a target with such options is a file, and others can be attached to it."""
    return "attach" in options


_TAKEN = ("information_schema", "pg_catalog", "system", "temp")
"""Schemas and catalogs of DuckDB's own."""


def _schema(reader: Reader, path: str) -> str:
    """The schema: none of DuckDB's own, and not called like the file, whose name is that of the catalog."""
    schema = reader.text("schema")
    if schema is None or not schema.strip():
        return "main"
    if schema.lower() in _TAKEN:
        help = "choose another name, such as `main`"
        reader.bag.error("MS0114", f"`{schema}` is a schema of DuckDB's own", schema.span, help=help)
    elif path != MEMORY and schema.lower() == Path(path).name.split(".")[0].lower():
        help = "rename one of the two: DuckDB calls the file's catalog by its name"
        reader.bag.error("MS0114", f"the schema `{schema}` is called like its file", schema.span, help=help)
    return str(schema)


def _resolved(root: Path, path: str) -> str:
    """A file of the engine: relative to the project folder."""
    return MEMORY if path == MEMORY else str((root / Path(path).expanduser()).absolute())


def _attach(reader: Reader, root: Path) -> tuple[Mapping[str, Any], ...]:
    """Other files, each under a name of its own."""
    found: list[Mapping[str, Any]] = []
    for item in reader.items("attach"):
        entry = Reader.of(item, reader.bag, "an entry of `attach`", reader.render)
        path = entry.required("path", help="write `path: other.duckdb`")
        alias = entry.text("alias")
        read_only = entry.flag("read_only")
        entry.finish()
        if path is None:
            continue
        name = str(alias or Path(path).stem)
        if any(other["alias"].lower() == name.lower() for other in found):
            span = path.span if alias is None else alias.span
            help = "give each file an `alias` of its own"
            reader.bag.error("MS0114", f"two attached files are called `{name}`", span, help=help)
        found.append({"path": _resolved(root, path), "alias": name, "read_only": read_only})
    return tuple(found)


def _settings(reader: Reader) -> dict[str, Any]:
    node = reader.mapping("settings")
    return {} if node is None else scalars(node, reader.bag, "settings")


def _storage_version(reader: Reader) -> str:
    version = reader.text("storage_version")
    if version is not None and not re.fullmatch(r"latest|v\d+\.\d+\.\d+", version):
        help = "write it like `v1.4.0`, or `latest`"
        reader.bag.error("MS0114", "`storage_version` is no version of DuckDB's storage", version.span, help=help)
    return str(version or "v1.4.0")


def _clickhouse(reader: Reader, root: Path) -> tuple[str, dict[str, Any]]:
    """`driver: chdb` runs the engine in this process at `path`; `driver: http` reaches a server."""
    driver = reader.choice("driver", ("http", "chdb"), default="http") or "http"
    threads = reader.integer("threads", default=1, least=1, most=MOST_THREADS)
    options: dict[str, Any] = {"driver": driver, "threads": threads}
    if driver == "chdb":
        path = reader.required("path", help="write `path: target/dev.chdb`")
        options["path"] = MEMORY if path is None else _resolved(root, path)
    else:
        options |= _server(reader, root)
    options["settings"] = _settings(reader)
    return _database(reader), options


def _server(reader: Reader, root: Path) -> dict[str, Any]:
    """Where a server is, who asks it, and how long it is waited for, in seconds."""
    secure = reader.flag("secure")
    cluster = reader.text("cluster")
    return {
        "host": str(reader.any_text("host") or "localhost"),
        "port": reader.integer("port", default=8443 if secure else 8123, least=1, most=65535),
        "username": str(reader.any_text("username") or "default"),
        "password": Secret(reader.any_text("password") or ""),
        "secure": secure,
        "cluster": None if not cluster else str(cluster),
        "nodes": _nodes(reader, cluster),
        "connect_timeout": reader.integer("connect_timeout", default=10, least=1, most=3600),
        "send_receive_timeout": reader.integer("send_receive_timeout", default=300, least=1, most=86400),
        "retries": reader.integer("retries", default=3, least=0, most=20),
        **_certificates(reader, root, secure),
    }


def _nodes(reader: Reader, cluster: str | None) -> tuple[str, ...]:
    """The nodes of a cluster that nothing brings definitions to but metasql itself: host and HTTP port of each."""
    found = reader.texts("nodes")
    for node in found:
        if not re.fullmatch(r".+:\d{1,5}", node):
            help = "write host and HTTP port: `host1:8123`"
            reader.bag.error("MS0114", f"`{node}` is not the address of a node", node.span, help=help)
    if found and not cluster:
        reader.bag.error("MS0114", "`nodes` are those of a `cluster`", found[0].span, help="name the cluster")
    return tuple(str(node) for node in found)


_FILES = ("ca_cert", "client_cert", "client_cert_key")


def _certificates(reader: Reader, root: Path, secure: bool) -> dict[str, Any]:
    """Whom to trust, and how to show who asks: files relative to the project folder."""
    options: dict[str, Any] = {"verify": reader.flag("verify", default=True)}
    for name in _FILES:
        path = reader.text(name)
        options[name] = _resolved(root, path) if path else None
        if path and not secure:
            help = "write `secure: true`, or leave the certificate out"
            reader.bag.error("MS0114", f"`{name}` is of no use without `secure: true`", path.span, help=help)
    return options


def _database(reader: Reader) -> str:
    """The database: none of ClickHouse's own."""
    schema = reader.text("schema")
    if schema is None or not schema.strip():
        return "default"
    if schema.lower() in {"system", "information_schema"}:
        help = "choose another name, such as `metasql`"
        reader.bag.error("MS0114", f"`{schema}` is a database of ClickHouse's own", schema.span, help=help)
    return str(schema)


OPTIONS: Mapping[str, Callable[[Reader, Path], tuple[str, dict[str, Any]]]] = {
    "duckdb": _duckdb,
    "clickhouse": _clickhouse,
}
"""Engine → the function that reads a target's options: (schema, options)."""
