"""The increment of one feature on ClickHouse, a tenth of its parents changed, against a floor.

    python -m tests.bench.clickhouse_increment [--engine chdb|server] [--samples N] [--leaf external|sql] [--times N]

The engine runs in this process (chDB) or as a server, whose CPU time is counted then. The floor scans and joins the
present rows of the same columns by hand, once with the engine's own choice of a join, and once as the view joins.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import clickhouse_connect

from tests.bench.increment_bench import FLOOR, PUBLIC, VIEW
from tests.bench.measure import cpu, cpu_of, median_of, show
from tests.bench.warehouse import SIMPLE, WIDE, Ask, Scenario, Warehouse
from tests.support.clickhouse_server import Server

SORTED = "floor, joined as the view does"
_SORTING = "SETTINGS join_algorithm = 'full_sorting_merge'"


class OnClickHouse(Warehouse):
    """The same project on a folder of chDB."""

    def target(self) -> dict[str, object]:
        return {"type": "clickhouse", "driver": "chdb", "path": "bench.chdb", "schema": "main"}

    def client(self) -> Any:
        return clickhouse_connect.get_client(interface="chdb", path=str(self.folder / "bench.chdb"))

    @contextmanager
    def asking(self, gigabytes: int | None = None) -> Iterator[Ask]:
        client = self.client()
        settings = {} if gigabytes is None else {"max_memory_usage": gigabytes * 10**9}
        yield lambda query: client.command(f"SELECT * FROM ({query}) FORMAT Null", settings=settings)
        client.close()

    def copy_leaf(self) -> None:
        client = self.client()
        client.command("DROP TABLE IF EXISTS main.bare")
        client.command("DROP TABLE IF EXISTS main.todo")
        client.command("CREATE TABLE main.bare AS main.sample__leaf__samples")
        client.command("INSERT INTO main.bare SELECT * FROM main.sample__leaf__samples FINAL")
        client.command(
            "CREATE TABLE main.todo ENGINE = MergeTree ORDER BY tuple() AS "
            "SELECT sample_id, metasql_provenance__crop FROM main.sample__leaf__increment"
        )
        client.close()

    def write_bare(self, rows: str) -> None:
        client = self.client()
        client.command("DROP TABLE IF EXISTS main.written")
        client.command(f"CREATE TABLE main.written ENGINE = MergeTree ORDER BY tuple() AS {rows} SETTINGS final = 1")
        client.command("DELETE FROM main.bare WHERE sample_id IN (SELECT sample_id FROM main.todo)")
        client.command("INSERT INTO main.bare SELECT * FROM main.written")
        client.close()

    def fill(self) -> None:
        client = self.client()
        client.command("CREATE DATABASE IF NOT EXISTS raw")
        for number, fields in enumerate(self.scenario.parents):
            contents = ", ".join(f"lower(hex(MD5('{field}' || toString(number)))) AS {field}_etag" for field in fields)
            client.command(
                f"CREATE TABLE raw.table_{number} ENGINE = MergeTree ORDER BY sample_id AS "
                f"SELECT 's' || leftPad(toString(number), 9, '0') AS sample_id, "
                f"'s3://bucket/' || toString(number) || '.mp4' AS path_{number}, "
                f"toInt64(number % 3600) AS duration_{number}, {contents} FROM numbers({self.samples})"
            )
        client.close()

    def touch(self, one_in: int = 10) -> None:
        client = self.client()
        for number, fields in enumerate(self.scenario.parents):
            column = f"{fields[0]}_etag"
            client.command(
                f"ALTER TABLE raw.table_{number} UPDATE {column} = lower(hex(MD5({column} || '{self._round}'))) "
                f"WHERE sipHash64(sample_id) % {one_in} = 0 SETTINGS mutations_sync = 2"
            )
        client.close()


class OnServer(OnClickHouse):
    """The same project on a server of its own."""

    def __init__(self, folder: Path, scenario: Scenario, samples: int, *, kind: str = "external") -> None:
        self.server = Server(folder / "server").start()
        super().__init__(folder, scenario, samples, kind=kind)

    def target(self) -> dict[str, object]:
        return self.server.target()

    def client(self) -> Any:
        return self.server.client()

    def used(self) -> float:
        assert self.server.process is not None
        return cpu() + cpu_of(self.server.process.pid)

    def close(self) -> None:
        self.server.stop()


def floor(scenario: Scenario) -> str:
    """The same flat columns of the present rows, joined by hand."""
    texts = [f"leaf.metasql_{what}__{field}" for field in scenario.leaf for what in ("recipe", "inputs", "provenance")]
    names = ["leaf.metasql_deleted_at"]
    for number, fields in enumerate(scenario.parents):
        names.append(f"root_{number}.metasql_deleted_at")
        texts += [f"root_{number}.metasql_{what}__{f}" for f in fields for what in ("provenance", "data_version")]
    tables = [f"main.sample__root_{number}__samples AS root_{number} FINAL" for number in range(len(scenario.parents))]
    joins = "".join(f" JOIN {item} USING (sample_id)" for item in [*tables[1:]])
    sums = ", ".join([*(f"count({name})" for name in names), *(f"sum(length({name}))" for name in texts)])
    source = f"{tables[0]}{joins} FULL JOIN main.sample__leaf__samples AS leaf FINAL USING (sample_id)"
    return f"SELECT count(), {sums} FROM {source}"


def queries(scenario: Scenario) -> dict[str, str]:
    """What is measured, the floor first."""
    view = f"main.{VIEW}"
    return {
        FLOOR: floor(scenario),
        SORTED: f"{floor(scenario)} {_SORTING}",
        "counted": f"SELECT metasql_status, metasql_reason, count() FROM {view} GROUP BY ALL",
        "rows without carried columns": f"SELECT {', '.join(PUBLIC)} FROM {view}",
        "whole rows": f"SELECT * FROM {view}",
    }


ENGINES = {"chdb": OnClickHouse, "server": OnServer}


def increment(
    scenario: Scenario, samples: int, times: int, leaf: str = "external", engine: str = "chdb"
) -> dict[str, float]:
    """The median CPU seconds of each query; rows go nowhere."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = ENGINES[engine](Path(folder), scenario, samples, kind=leaf)
        warehouse.settle()
        warehouse.change()
        client = warehouse.client()
        [(status, number)] = client.query(f"SELECT metasql_status, count() FROM main.{VIEW} GROUP BY ALL").result_rows
        assert status == "stale"
        assert 0.05 * samples < number < 0.25 * samples, number
        found = {
            name: median_of(times, partial(client.command, f"SELECT * FROM ({sql}) FORMAT Null"), used=warehouse.used)
            for name, sql in queries(scenario).items()
        }
        client.close()
        warehouse.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=sorted(ENGINES), default="chdb")
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--leaf", choices=["external", "sql"], default="external", help="sql is settled sooner")
    parser.add_argument("--times", type=int, default=5, help="the median of so many is shown")
    given = parser.parse_args()
    for scenario in (SIMPLE, WIDE):
        found = increment(scenario, given.samples, given.times, given.leaf, given.engine)
        show(f"ClickHouse, {given.engine} · {scenario.name} · {given.samples:,} samples", found.items(), FLOOR)


if __name__ == "__main__":
    main()
