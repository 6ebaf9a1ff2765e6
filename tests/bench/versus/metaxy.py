"""The increment of one leaf in metaxy and in metasql: the same graph, the same data, CPU seconds of a whole process.

    python -m tests.bench.versus.metaxy [--samples N …] [--times N] [--threads N]

metaxy's process imports it, declares the features, opens its DuckDB store, and calls `resolve_update`, which
leaves the samples in memory as Arrow. metasql's are `metasql increment` into a Parquet file, which reads the
project too, and clients that read the view into Arrow: all of it, or what a program outside needs to do the
work. That the increments agree is checked each time.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb

from tests.bench.measure import cold, cpu
from tests.bench.versus.environment import environment, versions
from tests.bench.warehouse import LEAF, SIMPLE, TENTH, WIDE, Scenario, Warehouse

# With its ibis, sqlglot 29 and later writes DROP statements that DuckDB does not read.
REQUIREMENTS = ("metaxy[duckdb]==0.1.11", "duckdb>=2,<3", "sqlglot<29")
METAXY = "metaxy"
COMMAND = "metasql increment, to Parquet"
CLIENT = "a client of the view, to Arrow"
NAMED = "a client: ids, status, fields, receipt"
WAYS = (METAXY, COMMAND, CLIENT, NAMED)
WORKER = Path(__file__).with_name("metaxy_worker.py")
_CLIENT = """\
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True, config={"threads": int(sys.argv[2])})
connection.sql(f"SELECT {sys.argv[3]} FROM sample__leaf__increment").to_arrow_table()
"""
_NAMED = "sample_id, metasql_status, metasql_stale_fields, metasql_receipt"


class Metaxy:
    """metaxy's store of the same samples, beside the warehouse of metasql."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.python = environment("metaxy", REQUIREMENTS) / "python"
        self.ids = warehouse.folder / "metaxy_ids.parquet"

    def write(self, where: str = "true") -> None:
        """Bring the roots to what the sources say, for the rows that are meant."""
        files = []
        with self.warehouse.connect() as connection:
            for number, fields in enumerate(self.warehouse.scenario.parents):
                path = self.warehouse.folder / f"root_{number}.parquet"
                versions = ", ".join(f"'{field}': {field}_etag" for field in fields)
                connection.execute(
                    f"COPY (SELECT sample_id, path_{number}, duration_{number}, "
                    f"{{{versions}}} AS metaxy_provenance_by_field FROM raw.table_{number} WHERE {where}) TO '{path}'"
                )
                files.append(str(path))
        self._work({"write": files})

    def settle(self) -> None:
        self._work({"settle": True})

    def increment(self) -> float:
        """CPU seconds until the increment is there."""
        return float(self._work({"increment": str(self.ids)}))

    def _work(self, what: dict[str, object]) -> str:
        scenario = self.warehouse.scenario
        job = {
            "database": str(self.warehouse.folder / "metaxy.duckdb"),
            "parents": [list(fields) for fields in scenario.parents],
            "leaf": list(scenario.leaf),
            "threads": self.warehouse.threads,
        }
        command = [self.python, "-P", WORKER, json.dumps(job | what)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"metaxy: exit code {done.returncode}\n{done.stderr}")
        return done.stdout.strip()


def command(warehouse: Warehouse) -> float:
    """CPU seconds of `metasql increment` in a fresh process."""
    path = str(warehouse.folder / "increment.parquet")
    return cold(["increment", LEAF, "--format", "parquet", "-o", path, "-q", "--project-dir", str(warehouse.folder)])


def client(warehouse: Warehouse, columns: str = "*") -> float:
    """CPU seconds of a fresh process that reads the view."""
    before = cpu(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", _CLIENT, str(warehouse.path), str(warehouse.threads), columns], check=True)
    return cpu(resource.RUSAGE_CHILDREN) - before


def check(warehouse: Warehouse, metaxy: Metaxy) -> dict[str, int]:
    """How many samples of each status there are; both must name the same."""
    ours = f"SELECT sample_id, metasql_status AS status FROM '{warehouse.folder / 'increment.parquet'}'"
    theirs = f"SELECT sample_id, status FROM '{metaxy.ids}'"
    apart = f"(({ours}) EXCEPT ({theirs})) UNION ALL (({theirs}) EXCEPT ({ours}))"
    differ = duckdb.sql(f"SELECT * FROM ({apart}) LIMIT 5").fetchall()
    if differ:
        raise AssertionError(f"metaxy and metasql differ: {differ}")
    return dict(duckdb.sql(f"SELECT status, count(*) FROM ({ours}) GROUP BY ALL").fetchall())


def compare(scenario: Scenario, samples: int, times: int, threads: int) -> dict[str, dict[str, float]]:
    """The median CPU seconds of each way, by phase."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder), scenario, samples, threads=threads)
        metaxy = Metaxy(warehouse)
        warehouse.fill()
        warehouse.metasql("run", "-q")
        metaxy.write()
        found = {"all new": _measured(warehouse, metaxy, times, {"new": samples})}
        warehouse.hand_out()
        warehouse.make_batch()
        warehouse.commit()
        metaxy.settle()
        warehouse.change()
        metaxy.write(TENTH)
        with warehouse.connect() as connection:
            [(changed,)] = connection.execute(f"SELECT count(*) FROM raw.table_0 WHERE {TENTH}").fetchall()
        found["a tenth stale"] = _measured(warehouse, metaxy, times, {"stale": changed})
        return found


def _measured(warehouse: Warehouse, metaxy: Metaxy, times: int, expected: dict[str, int]) -> dict[str, float]:
    ways: dict[str, Callable[[], float]] = {
        METAXY: metaxy.increment,
        COMMAND: lambda: command(warehouse),
        CLIENT: lambda: client(warehouse),
        NAMED: lambda: client(warehouse, _NAMED),
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(times):
        for name, way in ways.items():
            found[name].append(way())
        assert check(warehouse, metaxy) == expected
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--times", type=int, default=3, help="the median of so many is shown")
    parser.add_argument("--threads", type=int, default=1, help="threads of DuckDB, on both sides")
    given = parser.parse_args()
    print(versions(environment("metaxy", REQUIREMENTS), ["metaxy", "duckdb", "ibis-framework", "polars", "sqlglot"]))
    for samples in given.samples:
        for scenario in (SIMPLE, WIDE):
            for phase, found in compare(scenario, samples, given.times, given.threads).items():
                print(f"\n{samples:,} samples · {scenario.name} · {phase}")
                for name, seconds in found.items():
                    print(f"  {name:<34} {seconds:8.2f} s   metaxy takes {found[METAXY] / seconds:5.1f} ×", flush=True)


if __name__ == "__main__":
    main()
