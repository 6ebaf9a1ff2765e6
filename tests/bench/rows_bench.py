"""How increments and runs grow with the samples: N of them beside a tenth of N.

    python -m tests.bench.rows_bench [--engine duckdb|chdb|server] [--samples N] [--times N] [--memory GB]

One root with two fields and a leaf in SQL. Both sizes go through the same: nothing changed, a thousandth changed, a
hundredth is computed and written, a tenth changed. No row goes to Python, and no query uses more memory than `--memory`
says.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path

from tests.bench import clickhouse_increment, increment_bench
from tests.bench.delta_bench import DELTA, ENGINES, FULL
from tests.bench.increment_bench import FLOOR
from tests.bench.measure import median_of, show, spent
from tests.bench.run_bench import BARE, REWRITTEN
from tests.bench.warehouse import LEAF, SIMPLE, Warehouse

Found = dict[str, dict[str, float]]


def measured(samples: int, times: int, memory: int, engine: str = "duckdb") -> Found:
    """CPU seconds of each query by what changed, and of the run that works a hundredth off."""
    make = ENGINES[engine]
    with tempfile.TemporaryDirectory() as folder, closing(make(Path(folder), SIMPLE, samples, kind="sql")) as warehouse:
        floor = (increment_bench if engine == "duckdb" else clickhouse_increment).floor(SIMPLE)
        asked = partial(_asked, warehouse, floor, times, memory)
        warehouse.settle()
        found = {"nothing changed": asked()}
        warehouse.change(1_000)
        found["one in 1,000 changed"] = asked()
        _run(warehouse)
        warehouse.change(100)
        warehouse.copy_leaf()
        found["one in 100 written"] = {
            BARE: spent(partial(warehouse.write_bare, REWRITTEN), warehouse.used),
            "metasql run": spent(partial(_run, warehouse), warehouse.used),
        }
        warehouse.change(10)
        found["one in 10 changed"] = asked()
        return found


def _run(warehouse: Warehouse) -> None:
    warehouse.metasql("run", "-q", "--select", LEAF)


def _asked(warehouse: Warehouse, floor: str, times: int, memory: int) -> dict[str, float]:
    queries = {FLOOR: floor, "full": f"SELECT * FROM main.{FULL}", "by delta": f"SELECT * FROM main.{DELTA}"}
    with warehouse.asking(memory) as ask:
        return {name: median_of(times, partial(ask, query), used=warehouse.used) for name, query in queries.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=list(ENGINES), default="duckdb")
    parser.add_argument("--samples", type=int, default=10_000_000)
    parser.add_argument("--times", type=int, default=3, help="the median of so many is shown")
    parser.add_argument("--memory", type=int, default=4, help="gigabytes that a query may use")
    given = parser.parse_args()
    sizes = (given.samples // 10, given.samples)
    small, large = (measured(size, given.times, given.memory, given.engine) for size in sizes)
    for what in large:
        for size, found in zip(sizes, (small[what], large[what]), strict=True):
            show(f"{given.engine} · {size:,} samples · {what}", found.items(), next(iter(found)))
    ratio = large["one in 10 changed"]["full"] / small["one in 10 changed"]["full"]
    print(f"\nfull, one in 10 changed: {sizes[1]:,} samples cost {ratio:.1f} times what {sizes[0]:,} do")


if __name__ == "__main__":
    main()
