"""Opening a ClickHouse target: the client, the database, and what is left of sessions that were killed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from metasql.config.profiles import Target
from metasql.diagnostics import MetasqlError
from metasql.events import Emit
from metasql.execute import clickhouse_errors as errors
from metasql.execute import clickhouse_owner as owner
from metasql.execute.clickhouse_client import Client, open_chdb, open_http, settings_of
from metasql.execute.clickhouse_errors import Where
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


def prepare(client: Client, target: Target, *, read_only: bool) -> Mode:
    """Check what the user may do, and bring the database into a state to write to."""
    facts = _facts(client, target.schema)
    if facts.readonly == 1 or (facts.readonly and not read_only):
        raise errors.read_only_user(client.where, facts.readonly)
    if read_only:
        if facts.engine is None:
            raise errors.not_there(client.where) if is_chdb(target) else errors.no_database(client.where, [])
        client.use(target.schema)
        client.only_read()
        return mode_of(target, facts)
    if facts.engine is None:
        _make_database(client, target, mode_of(target, facts))
        facts = _facts(client, target.schema)
    mode = mode_of(target, facts)
    client.use(target.schema)
    client.execute(storage.create_commits(target.schema, mode), "make metasql's own tables", repeat=True)
    clear(client, target.schema, mode, alone=is_chdb(target))
    return mode


def _facts(client: Client, schema: str) -> Facts:
    sql = (
        "SELECT getSetting('readonly'),"
        f" (SELECT any(engine) FROM system.databases WHERE name = {literal(schema)}),"
        " (SELECT any(value) FROM system.settings WHERE name = 'cloud_mode')"
    )
    readonly, engine, cloud = client.fetch(sql, "see what the user may do, and what is there")[1][0]
    return Facts(int(readonly), str(engine) if engine else None, cloud == "1")


def _make_database(client: Client, target: Target, mode: Mode) -> None:
    try:
        client.execute(storage.create_database(target.schema, mode), f"make the database {target.schema}", repeat=True)
    except MetasqlError as error:
        if "MS0634" in error.codes:
            raise errors.no_database(client.where, ["the user may not make it"]) from None
        raise


def mode_of(target: Target, facts: Facts) -> Mode:
    """How definitions reach every node: decided by the profile and the database's engine."""
    cluster = target.options.get("cluster")
    if facts.engine == "Replicated" or facts.is_cloud:
        return Mode(None, replicated=facts.engine == "Replicated" and not facts.is_cloud)
    return Mode(str(cluster), replicated=True) if cluster else storage.SINGLE


def clear(client: Client, schema: str, mode: Mode, *, alone: bool) -> int:
    """Drop what sessions that are over left behind; gives the number of tables.

    A stage of a history tells that its run may have been killed between the history and the
    samples: what was said there to be replaced, and was not, is taken out again.
    """
    dropped = 0
    for name, hours, comment in client.fetch(storage.leftovers(schema, owner.PREFIX))[1]:
        if owner.is_over(str(name), float(hours), alone=alone):
            _mend_history(client, schema, str(comment))
            client.execute(storage.drop(Relation(schema, str(name)), mode), "drop what a killed run left", repeat=True)
            dropped += 1
    return dropped


def _mend_history(client: Client, schema: str, comment: str) -> None:
    target = comment.removeprefix(storage.stage_of(Relation(schema, "")))
    if target == comment or not target.endswith("__history"):
        return
    history, samples = Relation(schema, target), Relation(schema, f"{target.removesuffix('__history')}__samples")
    found = client.fetch(storage.sorting_key(history))[1]
    key = [part.strip(" `") for part in str(found[0][0]).split(",")] if found else []
    if key and client.fetch(storage.sorting_key(samples))[1]:
        client.execute(storage.unpublished(history, samples, key), "mend a history", repeat=True)


def described(client: Client, target: Target) -> dict[str, str]:
    """What `metasql debug` shows."""
    version = client.fetch("SELECT version()")[1][0][0]
    engine = _facts(client, target.schema).engine
    cluster = target.options.get("cluster")
    nodes = client.fetch(
        f"SELECT uniqExact(shard_num), count() FROM system.clusters WHERE cluster = {literal(str(cluster))}"
    )[1][0]
    told = {
        "engine": f"ClickHouse {version}" + (" (chDB, in this process)" if is_chdb(target) else ""),
        "database": f"{target.schema} ({engine})" if engine else f"{target.schema}: not there yet",
        "cluster": f"{cluster}: {nodes[0]} shards, {nodes[1]} nodes" if cluster else "none",
        "writes": "staged, each table of a feature at once"
        + ("; one process at a time" if is_chdb(target) else "; several processes at once"),
    }
    if is_chdb(target):
        told["folder"] = str(target.options["path"])
    return told
