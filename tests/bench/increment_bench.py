"""The increment of one feature over many samples, a tenth of its parents changed, against a floor.

    python -m tests.bench.increment_bench [--samples N] [--ids text|bigint] [--leaf external|sql]
        [--threads N] [--times N]

The floor is what nobody can do without: scan the flat version columns of the parents and of the
feature, and join them. No row goes to Python: every query ends in a temporary table.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import duckdb

from tests.bench.measure import median_of, show
from tests.bench.warehouse import IDS, SIMPLE, SPLIT, WIDE, Scenario, Warehouse

VIEW = "sample__leaf__increment_full"
PUBLIC = (
    "sample_id",
    "metasql_status",
    "metasql_stale_fields",
    "metasql_reason",
    "metasql_receipt",
    "metasql_provenance",
)
FLOOR = "floor: scan and join the same columns"


def queries(scenario: Scenario) -> dict[str, str]:
    """What is measured, the floor first."""
    return {
        FLOOR: floor(scenario),
        "least: one version of each field alone": least(scenario),
        "counted": f"SELECT metasql_status, metasql_reason, count(*) AS units FROM {VIEW} GROUP BY ALL",
        "rows without carried columns": f"SELECT {', '.join(PUBLIC)} FROM {VIEW}",
        "whole rows": f"SELECT * FROM {VIEW}",
    }


def floor(scenario: Scenario) -> str:
    """The same flat columns scanned and joined by hand."""
    texts = [f"leaf.metasql_{what}__{field}" for field in scenario.leaf for what in ("recipe", "inputs", "provenance")]
    names = ["leaf.metasql_deleted_at"]
    for number, fields in enumerate(scenario.parents):
        names.append(f"root_{number}.metasql_deleted_at")
        texts += [
            f"root_{number}.metasql_{what}__{field}" for field in fields for what in ("provenance", "data_version")
        ]
    return joined(scenario, names, texts)


def least(scenario: Scenario) -> str:
    """One version of each field alone: less than any right answer can be made of, for comparison."""
    texts = [f"leaf.metasql_provenance__{field}" for field in scenario.leaf]
    for number, fields in enumerate(scenario.parents):
        texts += [f"root_{number}.metasql_provenance__{field}" for field in fields]
    return joined(scenario, [], texts)


def joined(scenario: Scenario, names: list[str], texts: list[str]) -> str:
    """Columns of the leaf and its parents, joined. The lengths of the texts make the engine read them."""
    tables = [f"sample__root_{number}__samples AS root_{number}" for number in range(len(scenario.parents))]
    parents = " JOIN ".join(tables[:1] + [f"{item} USING (sample_id)" for item in tables[1:]])
    sums = ", ".join([*(f"count({name})" for name in names), *(f"sum(strlen({name}))" for name in texts)])
    return f"SELECT count(*), {sums} FROM {parents} FULL JOIN sample__leaf__samples AS leaf USING (sample_id)"


@contextmanager
def prepared(
    scenario: Scenario, samples: int, threads: int, ids: str = "text", leaf: str = "external"
) -> Iterator[Warehouse]:
    """A warehouse in which the leaf is settled but for a tenth of its parents."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder), scenario, samples, kind=leaf, threads=threads, ids=ids)
        warehouse.settle()
        warehouse.change()
        yield warehouse


def materialised(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE result AS {query}")


def increment(
    scenario: Scenario, samples: int, threads: int, times: int, ids: str = "text", leaf: str = "external"
) -> dict[str, float]:
    """The median CPU seconds of each query."""
    with prepared(scenario, samples, threads, ids, leaf) as warehouse, warehouse.connect() as connection:
        stale = connection.execute(f"SELECT metasql_status, count(*) FROM {VIEW} GROUP BY ALL").fetchall()
        assert [status for status, _ in stale] == ["stale"], stale
        assert 0.05 * samples < stale[0][1] < 0.15 * samples, stale
        works = {name: partial(materialised, connection, query) for name, query in queries(scenario).items()}
        return {name: median_of(times, work) for name, work in works.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--ids", choices=sorted(IDS), help="the type of the id column; both where it is not given")
    parser.add_argument("--leaf", choices=["external", "sql"], default="external", help="sql is settled sooner")
    parser.add_argument("--threads", type=int, default=1, help="threads of DuckDB")
    parser.add_argument("--times", type=int, default=5, help="the median of so many is shown")
    given = parser.parse_args()
    for scenario in (SIMPLE, WIDE, SPLIT):
        for ids in [given.ids] if given.ids else sorted(IDS):
            found = increment(scenario, given.samples, given.threads, given.times, ids, given.leaf)
            show(f"{scenario.name} · {given.samples:,} samples, {ids} ids", found.items(), FLOOR)


if __name__ == "__main__":
    main()
