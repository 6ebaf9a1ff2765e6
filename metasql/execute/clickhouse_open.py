"""Opening a ClickHouse target: the client, the database, and what is left of sessions that were killed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from metasql.config.profiles import Target
from metasql.diagnostics import MetasqlError
from metasql.events import Emit
from metasql.execute import clickhouse_errors as errors
from metasql.execute import clickhouse_owner as owner
from metasql.execute.clickhouse_client import Client, open_chdb, open_http, settings_of
from metasql.execute.clickhouse_cluster import ClusterTables, check_nodes
from metasql.execute.clickhouse_errors import Where
from metasql.execute.clickhouse_tables import Tables
from metasql.lower import clickhouse_spread
from metasql.lower import clickhouse_storage as storage
from metasql.lower.clickhouse_storage import Mode, literal
from metasql.lower.dialect import Dialect
from metasql.names import Relation


def open_client(target: Target, dialect: Dialect, emit: Emit, *, read_only: bool) -> Client:
    """A session that writes to no database yet."""
    where, settings = where_of(target), settings_of(target, dialect.settings)
    if is_chdb(target):
        _check_folder(target, where, read_only)
        return open_chdb(target, where, settings, emit)
    return open_http(target, where, settings, emit)


def where_of(target: Target) -> Where:
    options = target.options
    if is_chdb(target):
        return Where(target.name, str(options["path"]), "default", target.schema)
    return Where(target.name, f"{options['host']}:{options['port']}", str(options["username"]), target.schema)


def is_chdb(target: Target) -> bool:
    return target.options.get("driver") == "chdb"


def _check_folder(target: Target, where: Where, read_only: bool) -> None:
    path = str(target.options["path"])
    if path == ":memory:":
        return
    try:
        folder = Path(path)
        if folder.exists() and not folder.is_dir():
            raise MetasqlError.of(
                "MS0604",
                f"`{path}` is no folder of chDB's",
                help=f"correct `path` of target `{target.name}`, or move that file out of the way",
            )
        if read_only and not folder.exists():
            raise errors.not_there(where)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise errors.cannot_open(where, str(error.strerror)) from None


@dataclass(frozen=True)
class Facts:
    """What a server says of the user and the database; `engine` is None where there is none."""

    readonly: int
    engine: str | None
    is_cloud: bool


def prepare(
    client: Client, target: Target, dialect: Dialect, emit: Emit, *, read_only: bool, scratch: bool = False
) -> Tables:
    """Check what the user may do, and bring the database into a state to write to."""
    facts = _facts(client, target.schema)
    if facts.readonly == 1 or (facts.readonly and (scratch or not read_only)):
        raise errors.read_only_user(client.where, facts.readonly)
    if read_only:
        if facts.engine is None:
            raise errors.not_there(client.where) if is_chdb(target) else errors.no_database(client.where, [])
        client.use(target.schema)
        if not scratch:
            client.only_read()
        return _tables(client, target, dialect, emit, facts)
    tables = _tables(client, target, dialect, emit, facts)
    if facts.engine is None:
        _make_database(tables, target)
        tables.mode = mode_of(target, _facts(client, target.schema), tables.mode.shards)
    client.use(target.schema)
    tables.commits(target.schema)
    tables.locks(target.schema)
    clear(tables, target.schema, alone=is_chdb(target))
    return tables


def _tables(client: Client, target: Target, dialect: Dialect, emit: Emit, facts: Facts) -> Tables:
    """Those of a server, or those of its cluster, all of whose nodes answer."""
    cluster, listed = target.options.get("cluster"), target.options.get("nodes") or ()
    if not cluster or facts.is_cloud:
        return Tables(client, mode_of(target, facts, 1))
    shards = check_nodes(client, str(cluster), listed)
    nodes = [_node(target, dialect, emit, address) for address in listed]
    tables = ClusterTables(client, mode_of(target, facts, shards), nodes)
    if facts.engine is not None:
        tables.read_spreads(target.schema)
    return tables


def _node(target: Target, dialect: Dialect, emit: Emit, address: str) -> Client:
    """A node of a cluster, by itself."""
    host, _, port = address.rpartition(":")
    own = replace(target, options={**target.options, "host": host, "port": int(port)})
    return open_http(own, where_of(own), settings_of(own, dialect.settings), emit)


def _facts(client: Client, schema: str) -> Facts:
    sql = (
        "SELECT getSetting('readonly'),"
        f" (SELECT any(engine) FROM system.databases WHERE name = {literal(schema)}),"
        " (SELECT any(value) FROM system.settings WHERE name = 'cloud_mode')"
    )
    readonly, engine, cloud = client.fetch(sql, "see what the user may do, and what is there")[1][0]
    return Facts(int(readonly), str(engine) if engine else None, cloud == "1")


def _make_database(tables: Tables, target: Target) -> None:
    try:
        tables.define(storage.create_database(target.schema, tables.mode), f"make the database {target.schema}")
    except MetasqlError as error:
        if "MS0634" in error.codes:
            raise errors.no_database(tables.client.where, ["the user may not make it"]) from None
        raise


def mode_of(target: Target, facts: Facts, shards: int) -> Mode:
    """How definitions reach every node: decided by the profile and the database's engine."""
    cluster = str(target.options.get("cluster") or "") or None
    if facts.is_cloud:
        return storage.SINGLE
    if facts.engine == "Replicated":
        return Mode(cluster, shards, replicated=True)
    by_hand = bool(target.options.get("nodes"))
    return Mode(cluster, shards, on_cluster=not by_hand, replicated=not by_hand) if cluster else storage.SINGLE


def clear(tables: Tables, schema: str, *, alone: bool) -> int:
    """Drop what sessions that are over left behind; gives the number of tables.

    A stage of a history tells that its run may have been killed between the history and the
    samples: what was said there to be replaced, and was not, is taken out again.
    """
    dropped = 0
    for name, hours, comment in tables.leftovers(schema, owner.PREFIX):
        if owner.is_over(name, hours, alone=alone):
            _mend_history(tables, schema, comment)
            tables.drop(Relation(schema, name), "drop what a killed run left")
            dropped += 1
    return dropped


def _mend_history(tables: Tables, schema: str, comment: str) -> None:
    target = comment.removeprefix(storage.stage_of(Relation(schema, "")))
    if target == comment or not target.endswith("__history"):
        return
    history, samples = Relation(schema, target), Relation(schema, f"{target.removesuffix('__history')}__samples")
    key = tables.key(history)
    if key and tables.key(samples):
        tables.mend(history, samples, key)


def described(client: Client, target: Target, mode: Mode) -> dict[str, str]:
    """What `metasql debug` shows."""
    version = client.fetch("SELECT version()")[1][0][0]
    engine = _facts(client, target.schema).engine
    told = {
        "engine": f"ClickHouse {version}" + (" (chDB, in this process)" if is_chdb(target) else ""),
        "database": f"{target.schema} ({engine})" if engine else f"{target.schema}: not there yet",
        "cluster": _cluster(client, mode) if mode.cluster else "none",
        "definitions": _definitions(mode, target),
        "writes": "staged, each table of a feature at once"
        + (" on each shard" if mode.cluster else "")
        + ("; one process at a time" if is_chdb(target) else "; several processes at once"),
    }
    if is_chdb(target):
        told["folder"] = str(target.options["path"])
    return told


def _cluster(client: Client, mode: Mode) -> str:
    nodes = client.fetch(clickhouse_spread.nodes(str(mode.cluster)))[1]
    replicas = sorted({sum(1 for row in nodes if row[0] == shard) for shard in {row[0] for row in nodes}})
    each = " or ".join(str(number) for number in replicas)
    return f"{mode.cluster}: {mode.shards} shards, {each} replicas of each"


def _definitions(mode: Mode, target: Target) -> str:
    if mode.on_cluster:
        return "ON CLUSTER"
    if mode.replicated:
        return "by the database, to each of its replicas"
    return "sent to each of `nodes`" if target.options.get("nodes") else "on this server"
