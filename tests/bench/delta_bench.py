"""Increments by delta beside the full ones: nothing changed, a thousandth and a tenth of the samples changed.

    python -m tests.bench.delta_bench [--engine duckdb|chdb|server] [--samples N] [--times N]

All samples of the leaf are settled first. No row goes to Python.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path

from tests.bench.clickhouse_increment import OnClickHouse, OnServer
from tests.bench.measure import median_of, show
from tests.bench.warehouse import LEAF, SIMPLE, WIDE, Scenario, Warehouse

DELTA, FULL = "sample__leaf__increment", "sample__leaf__increment_full"
ONE_IN = (1_000, 10)
"""One in so many samples changes, in these rounds."""

FULL_NAME = "full"
ENGINES = {"duckdb": partial(Warehouse, ids="bigint"), "chdb": OnClickHouse, "server": OnServer}


def measured(scenario: Scenario, samples: int, times: int, engine: str = "duckdb") -> dict[str, dict[str, float]]:
    """The median CPU seconds of whole rows, both ways, by what changed."""
    found: dict[str, dict[str, float]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(ENGINES[engine](Path(folder), scenario, samples)) as warehouse,
    ):
        warehouse.settle()
        found["nothing changed"] = _both(warehouse, times)
        for one_in in ONE_IN:
            warehouse.change(one_in)
            found[f"one in {one_in:,} changed"] = _both(warehouse, times)
            warehouse.hand_out()
            warehouse.make_batch()
            warehouse.commit()
        warehouse.metasql("verify", LEAF)
    return found


def _both(warehouse: Warehouse, times: int) -> dict[str, float]:
    with warehouse.asking() as ask:
        return {
            name: median_of(times, partial(ask, f"SELECT * FROM main.{view}"), used=warehouse.used)
            for name, view in ((FULL_NAME, FULL), ("by delta", DELTA))
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=list(ENGINES), default="duckdb")
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
