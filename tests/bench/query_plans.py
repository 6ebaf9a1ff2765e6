"""The plans of the queries whose speed is told, with the share of each step in the time: docs/profiles.

    python -m tests.bench.query_plans [--samples N] [-o FOLDER]

One root with two fields and a leaf in SQL; a tenth of the root changed, then a thousandth. On DuckDB a step shows its
share of the query's CPU time and the rows that came out of it; on ClickHouse (chDB) the plan alone is shown.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.bench import clickhouse_increment as clickhouse
from tests.bench import increment_bench as increment
from tests.bench.delta_bench import DELTA, FULL
from tests.bench.measure import ROOT
from tests.bench.warehouse import LEAF, SIMPLE, Warehouse

WIDTH = 88
Plan = Callable[[str], str]


def on_duckdb(folder: Path, samples: int) -> Iterator[str]:
    warehouse = Warehouse(folder, SIMPLE, samples, kind="sql", ids="bigint")

    def plan(query: str) -> str:
        with warehouse.connect() as connection:
            found = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}").fetchall()[0][1]
        top = json.loads(found)["operator"][0]
        return "\n".join(_steps(top, sum(_seconds(top)), 0))

    yield from _plans(warehouse, plan, increment.floor(SIMPLE))


def on_clickhouse(folder: Path, samples: int) -> Iterator[str]:
    warehouse = clickhouse.OnClickHouse(folder, SIMPLE, samples, kind="sql")

    def plan(query: str) -> str:
        client = warehouse.client()
        rows = client.query(f"EXPLAIN {query}").result_rows
        client.close()
        return "\n".join(str(row[0])[:WIDTH] for row in rows)

    yield from _plans(warehouse, plan, clickhouse.floor(SIMPLE))


def _plans(warehouse: Warehouse, plan: Plan, floor: str) -> Iterator[str]:
    warehouse.settle()
    yield _told("nothing changed, by delta", plan(f"SELECT * FROM main.{DELTA}"))
    warehouse.change()
    yield _told("the floor: the same columns scanned and joined by hand", plan(floor))
    yield _told("a tenth changed, in full", plan(f"SELECT * FROM main.{FULL}"))
    warehouse.metasql("run", "-q", "--select", LEAF)
    warehouse.change(1_000)
    yield _told("a thousandth changed, by delta", plan(f"SELECT * FROM main.{DELTA}"))


def _told(what: str, plan: str) -> str:
    return f"{what}\n{'-' * len(what)}\n{plan}\n"


def _seconds(step: dict[str, Any]) -> Iterator[float]:
    yield float(step["timing"])
    for child in step.get("children", ()):
        yield from _seconds(child)


def _steps(step: dict[str, Any], whole: float, depth: int) -> Iterator[str]:
    """A step and what it reads, without those that do nothing but pass rows on."""
    said = step.get("extra_info", {})
    of = said.get("Table") or said.get("Conditions") or said.get("CTE Name") or ""
    name = f"{'  ' * depth}{step['type'].lower()} {str(of).replace(chr(10), ' ')[:40]}".rstrip()
    share = float(step["timing"]) / whole if whole else 0
    shown = share >= 0.005 or step["type"] in {"TABLE_SCAN", "SEQ_SCAN", "HASH_JOIN"}
    if shown:
        yield f"{name[: WIDTH - 22]:<{WIDTH - 22}} {share:5.0%} {step['intermediate_rows']:>14,}"
    for child in step.get("children", ()):
        yield from _steps(child, whole, depth + shown)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "profiles")
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    for name, plans in (("duckdb", on_duckdb), ("clickhouse", on_clickhouse)):
        with tempfile.TemporaryDirectory() as folder:
            told = "\n".join(plans(Path(folder), given.samples))
        (given.output / f"increment-{name}.txt").write_text(f"{given.samples:,} samples\n\n{told}", encoding="utf-8")


if __name__ == "__main__":
    main()
