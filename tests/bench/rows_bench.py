"""How increments and runs grow with the samples: N of them beside a tenth of N.

    python -m tests.bench.rows_bench [--samples N] [--times N] [--memory GB]

One root with two fields and a leaf in SQL, in a DuckDB file. Both sizes go through the same: nothing changed, a
thousandth changed, a hundredth is computed and written, a tenth changed. Queries end in a temporary table, with no more
memory than `--memory` says.
"""

from __future__ import annotations

import argparse
import tempfile
from functools import partial
from pathlib import Path

from tests.bench.delta_bench import DELTA, FULL
from tests.bench.increment_bench import FLOOR, floor, materialised
from tests.bench.measure import median_of, show, spent
from tests.bench.run_bench import BARE, bare, copy_leaf
from tests.bench.warehouse import LEAF, SIMPLE, Warehouse

REWRITTEN = (
    "SELECT leaf.* REPLACE (root.path_0 AS path, root.duration_0 * 25 AS frame_count, "
    "root.audio_etag AS audio_etag, root.frames_etag AS frames_etag, "
    "todo.metasql_provenance__crop AS metasql_provenance__crop) "
    "FROM todo JOIN sample__root_0 AS root USING (sample_id) JOIN bare AS leaf USING (sample_id)"
)
Found = dict[str, dict[str, float]]


def measured(samples: int, times: int, memory: int) -> Found:
    """CPU seconds of each query by what changed, and of the run that works a hundredth off."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder), SIMPLE, samples, kind="sql", ids="bigint")
        warehouse.settle()
        found = {"nothing changed": _asked(warehouse, times, memory)}
        warehouse.change(1_000)
        found["one in 1,000 changed"] = _asked(warehouse, times, memory)
        _run(warehouse)
        warehouse.change(100)
        copy_leaf(warehouse)
        found["one in 100 written"] = {
            BARE: spent(bare(warehouse, REWRITTEN)),
            "metasql run": spent(partial(_run, warehouse)),
        }
        warehouse.change(10)
        found["one in 10 changed"] = _asked(warehouse, times, memory)
        return found


def _run(warehouse: Warehouse) -> None:
    warehouse.metasql("run", "-q", "--select", LEAF)


def _asked(warehouse: Warehouse, times: int, memory: int) -> dict[str, float]:
    queries = {FLOOR: floor(SIMPLE), "full": f"SELECT * FROM {FULL}", "by delta": f"SELECT * FROM {DELTA}"}
    with warehouse.connect() as connection:
        connection.execute(f"SET memory_limit = '{memory}GB'")
        return {name: median_of(times, partial(materialised, connection, query)) for name, query in queries.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=10_000_000)
    parser.add_argument("--times", type=int, default=3, help="the median of so many is shown")
    parser.add_argument("--memory", type=int, default=4, help="gigabytes that a query may use")
    given = parser.parse_args()
    sizes = (given.samples // 10, given.samples)
    small, large = (measured(size, given.times, given.memory) for size in sizes)
    for what in large:
        for size, found in zip(sizes, (small[what], large[what]), strict=True):
            show(f"{size:,} samples · {what}", found.items(), next(iter(found)))
    ratio = large["one in 10 changed"]["full"] / small["one in 10 changed"]["full"]
    print(f"\nfull, one in 10 changed: {sizes[1]:,} samples cost {ratio:.1f} times what {sizes[0]:,} do")


if __name__ == "__main__":
    main()
