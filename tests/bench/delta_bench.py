"""Increments by delta beside the full ones: nothing changed, a thousandth and a tenth of the samples changed.

    python -m tests.bench.delta_bench [--engine duckdb|chdb] [--samples N] [--times N]

All samples of the leaf are settled first. No row goes to Python.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.bench.clickhouse_increment import OnClickHouse
from tests.bench.measure import median_of, show
from tests.bench.warehouse import LEAF, SIMPLE, WIDE, Scenario, Warehouse

DELTA, FULL = "sample__leaf__increment", "sample__leaf__increment_full"
ONE_IN = (1_000, 10)
"""One in so many samples changes, in these rounds."""

FULL_NAME = "full"
Run = Callable[[str], object]


@contextmanager
def _duckdb(warehouse: Warehouse) -> Iterator[Run]:
    with warehouse.connect() as connection:
        yield lambda view: connection.execute(f"CREATE OR REPLACE TEMP TABLE result AS SELECT * FROM {view}")


@contextmanager
def _chdb(warehouse: OnClickHouse) -> Iterator[Run]:
    client = warehouse.client()
    yield lambda view: client.command(f"SELECT * FROM main.{view} FORMAT Null")
    client.close()


def measured(scenario: Scenario, samples: int, times: int, engine: str = "duckdb") -> dict[str, dict[str, float]]:
    """The median CPU seconds of whole rows, both ways, by what changed."""
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        warehouse: Warehouse
        if engine == "duckdb":
            warehouse = Warehouse(Path(folder), scenario, samples, ids="bigint")
            opened = partial(_duckdb, warehouse)
        else:
            warehouse = OnClickHouse(Path(folder), scenario, samples)
            opened = partial(_chdb, warehouse)
        warehouse.settle()
        found["nothing changed"] = _both(opened, times)
        for one_in in ONE_IN:
            warehouse.change(one_in)
            found[f"one in {one_in:,} changed"] = _both(opened, times)
            warehouse.hand_out()
            warehouse.make_batch()
            warehouse.commit()
        warehouse.metasql("verify", LEAF)
    return found


def _both(opened: Callable[[], object], times: int) -> dict[str, float]:
    with opened() as run:  # type: ignore[attr-defined]  # a context manager of either engine
        return {FULL_NAME: median_of(times, partial(run, FULL)), "by delta": median_of(times, partial(run, DELTA))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=["duckdb", "chdb"], default="duckdb")
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=5, help="the median of so many is shown")
    parser.add_argument("--scenario", choices=["simple", "wide"], help="both where it is not given")
    given = parser.parse_args()
    for scenario in (SIMPLE, WIDE):
        if given.scenario in (None, scenario.name.split(":", maxsplit=1)[0]):
            for what, rows in measured(scenario, given.samples, given.times, given.engine).items():
                show(f"{given.engine} · {scenario.name} · {given.samples:,} samples · {what}", rows.items(), FULL_NAME)


if __name__ == "__main__":
    main()
