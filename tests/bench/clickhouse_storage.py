"""How samples are kept on ClickHouse: the figures of docs/decisions/0006-clickhouse-storage.md once more.

    python -m tests.bench.clickhouse_storage [--samples N] [--times N] [--kills N]

The engine runs in this process (chDB). `stored` are samples, `expected` a parent of which a tenth has changed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from tests.bench.measure import median_of, show, spent

FIELDS = ("audio", "frames")
VERSIONS = [
    f"metasql_{what}__{field}" for field in FIELDS for what in ("recipe", "inputs", "provenance", "data_version")
]
COLUMNS = ", ".join(
    [
        "id String, path Nullable(String), duration Nullable(Int64)",
        *(f"{name} Nullable(String)" for name in VERSIONS),
        "metasql_feature_version Nullable(Int64), metasql_run_id Nullable(String)",
        *(f"metasql_{what}_at Nullable(DateTime64(6, 'UTC'))" for what in ("created", "updated", "deleted")),
        "metasql_commit Int64, metasql_no_row Nullable(Bool)",
    ]
)
REPLACING = "ReplacingMergeTree(metasql_commit)"
LIVE = "WHERE metasql_deleted_at IS NULL"
JOINS = ("full_sorting_merge", "parallel_hash", "hash", "grace_hash")
ONE_PART = "max_insert_threads = 1, min_insert_block_size_rows = 100000000, min_insert_block_size_bytes = 100000000000"


def engine(folder: str) -> Client:
    settings = {"mutations_sync": 2, "alter_sync": 2, "join_use_nulls": 1, "max_insert_threads": 1}
    client: Client = clickhouse_connect.get_client(interface="chdb", path=folder, settings=settings)
    client.command("CREATE DATABASE IF NOT EXISTS bench ENGINE = Atomic")
    client.command("USE bench")
    return client


def hashed(*parts: str) -> str:
    return f"lower(hex(MD5(concat({', '.join(parts)}))))"


def rows(source: str, commit: int, changed: str = "''") -> str:
    """Samples for the numbers of a query: ids in no order, texts that differ by row, three recipes."""
    inputs = hashed(*(hashed(f"'{field}'", "toString(number)") for field in FIELDS))
    versions = []
    for field in FIELDS:
        recipe = hashed(f"'{field}'", "toString(number % 3)")
        content = hashed(f"'{field}'", "toString(number)", *([changed] if field == FIELDS[0] else []))
        versions += [recipe, inputs, content, hashed("'data'", content)]
    return (
        f"SELECT concat('v', lower(hex(sipHash64(number)))), concat('s3://bucket/', toString(number), '.mp4'),"
        f" number % 3600, {', '.join(versions)}, 1, 'run', now64(6), now64(6),"
        f" if(number % 100 = 7, now64(6), NULL), {commit}, NULL FROM ({source})"
    )


def make(client: Client, name: str, kind: str = REPLACING, codec: str = "LZ4") -> None:
    """A table. Newer engines would merge into ZSTD(3) if they were not told the codec."""
    client.command(f"DROP TABLE IF EXISTS {name} SYNC")
    settings = f"default_compression_codec = '{codec}'"
    client.command(f"CREATE TABLE {name} ({COLUMNS}) ENGINE = {kind} ORDER BY id SETTINGS {settings}")


def fill(client: Client, samples: int) -> None:
    """Both sides in one part, with either codec; then with four large parts more, and with twenty small ones."""
    for side, changed in (("stored", "''"), ("expected", "if(number % 10 = 0, 'changed', '')")):
        make(client, side)
        client.command(f"INSERT INTO {side} {rows(f'SELECT number FROM numbers({samples})', 1, changed)}")
        client.command(f"OPTIMIZE TABLE {side} FINAL")
        make(client, f"{side}_zstd", codec="ZSTD(3)")
        client.command(f"INSERT INTO {side}_zstd SELECT * FROM {side}")
        client.command(f"OPTIMIZE TABLE {side}_zstd FINAL")
        for more, per_mille in ((4, 250), (20, 4)):
            name = f"{side}_{more}"
            make(client, name)
            client.command(f"SYSTEM STOP MERGES bench.{name}")
            client.command(f"ALTER TABLE {name} ATTACH PARTITION tuple() FROM {side}")
            for part in range(more):
                some = f"SELECT number FROM numbers({samples}) WHERE sipHash64(number, {part}) % 1000 < {per_mille}"
                client.command(f"INSERT INTO {name} {rows(some, part + 2, changed)} SETTINGS {ONE_PART}")


def scan(source: str) -> str:
    return f"SELECT count(), {', '.join(f'sum(length({name}))' for name in VERSIONS)} FROM {source} {LIVE}"


def increment(more: str, algorithm: str) -> str:
    """What differs between a parent's versions and those that samples were made of."""
    inputs = hashed(*(f"metasql_provenance__{field}" for field in FIELDS))
    return (
        "SELECT count(), sum(cityHash64(coalesce(e.id, s.id))) FROM"
        f" (SELECT id, {inputs} AS inputs FROM expected{more} FINAL {LIVE}) AS e"
        f" FULL JOIN (SELECT id, {', '.join(VERSIONS[:2])} FROM stored{more} FINAL {LIVE}) AS s ON e.id = s.id"
        f" WHERE s.{VERSIONS[1]} IS DISTINCT FROM e.inputs SETTINGS join_algorithm = '{algorithm}'"
    )


def reading(client: Client, times: int) -> None:
    for more, told in (
        ("", "one part"),
        ("_zstd", "one part, ZSTD(3)"),
        ("_4", "five parts"),
        ("_20", "21 parts, 20 of them small"),
    ):
        newest = f"(SELECT * FROM stored{more} ORDER BY id, metasql_commit DESC LIMIT 1 BY id)"
        queries = {"scan, FINAL": scan(f"stored{more} FINAL"), "scan, LIMIT 1 BY": scan(newest)}
        queries |= {f"increment, {algorithm}": increment(more, algorithm) for algorithm in JOINS}
        found = {name: median_of(times, partial(client.query, sql)) for name, sql in queries.items()}
        show(f"read: {told}", found.items(), "scan, FINAL")


def staged(client: Client) -> None:
    """Rows become visible in one move."""
    client.command("CREATE TABLE stage AS target")
    client.command("INSERT INTO stage SELECT * FROM delta")
    client.command("OPTIMIZE TABLE stage FINAL")
    client.command("ALTER TABLE target ATTACH PARTITION tuple() FROM stage")
    client.command("DROP TABLE stage SYNC")


def exchanged(client: Client) -> None:
    """The whole table is written anew, and takes the place of the old one."""
    client.command("CREATE TABLE anew AS target")
    kept = "SELECT * FROM target FINAL WHERE id NOT IN (SELECT id FROM delta)"
    client.command(f"INSERT INTO anew {kept} UNION ALL SELECT * FROM delta")
    client.command("EXCHANGE TABLES anew AND target")
    client.command("DROP TABLE anew SYNC")


def writing(client: Client, samples: int) -> None:
    for changed in (1_000, 100_000, samples):
        make(client, "delta", "MergeTree")
        client.command(f"INSERT INTO delta {rows(f'SELECT number FROM numbers({min(changed, samples)})', 100)}")
        found = {}
        ways: dict[str, Callable[[Client], None]] = {"stage and attach": staged, "write anew and exchange": exchanged}
        for name, way in ways.items():
            make(client, "target")
            client.command("ALTER TABLE target ATTACH PARTITION tuple() FROM stored")
            found[name] = spent(partial(way, client))
        show(f"write: {changed:,} rows", found.items())


def elsewhere(work: Callable[..., Any], *arguments: object) -> Any:
    """In a process of its own: one process opens one folder."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def prepare_stage(folder: str, parts: int) -> str:
    """A stage of so many parts of 100 rows; the folder of the table that they are to be attached to."""
    client = engine(folder)
    for name in ("target", "stage"):
        make(client, name)
    client.command("SYSTEM STOP MERGES bench.stage")
    for part in range(parts):
        client.command(f"INSERT INTO stage {rows(f'SELECT number + {part * 100} AS number FROM numbers(100)', 1)}")
    return str(client.command("SELECT data_paths[1] FROM system.tables WHERE database = 'bench' AND name = 'target'"))


def attach(folder: str) -> None:
    client = engine(folder)
    client.command("SYSTEM STOP MERGES")
    client.command("ALTER TABLE target ATTACH PARTITION tuple() FROM stage")


def visible(folder: str) -> int:
    return int(str(engine(folder).command("SELECT count() FROM target"))) // 100


def killed(parts: int) -> int:
    """The parts that are there after a kill at the moment when the first of them has its name."""
    with tempfile.TemporaryDirectory() as folder:
        place = elsewhere(prepare_stage, folder, parts)
        writer = multiprocessing.get_context("spawn").Process(target=attach, args=(folder,))
        writer.start()
        until = time.monotonic() + 60
        while writer.is_alive() and time.monotonic() < until:
            if any(found.name.startswith("all_") for found in Path(place).iterdir()):
                writer.kill()
                break
        writer.join()
        return int(elsewhere(visible, folder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3, help="the median of so many is shown")
    parser.add_argument("--kills", type=int, default=5, help="how often a writer is killed")
    given = parser.parse_args()
    for parts in (1, 200):
        found = sorted(killed(parts) for _ in range(given.kills))
        print(f"stage of {parts} parts, killed while it is attached: {found} of them visible")
    with tempfile.TemporaryDirectory() as folder:
        client = engine(str(Path(folder) / "chdb"))
        fill(client, given.samples)
        reading(client, given.times)
        writing(client, given.samples)
        client.close()


if __name__ == "__main__":
    main()
