"""Writing a tenth of many samples: `metasql run` and `metasql commit` against bare statements.

    python -m tests.bench.run_bench [--samples N] [--threads N] [--times N]

The bare statements know already which samples to write and with which versions, check nothing and
keep no history: they delete these samples from a copy of the table, and insert them again.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.bench.measure import show, spent
from tests.bench.warehouse import LEAF, SIMPLE, Warehouse

BARE = "bare delete and insert"
REWRITTEN = (
    "SELECT leaf.* REPLACE (root.path_0 AS path, root.duration_0 * 25 AS frame_count, "
    "root.audio_etag AS audio_etag, root.frames_etag AS frames_etag, "
    "todo.metasql_provenance__crop AS metasql_provenance__crop) "
    "FROM main.todo AS todo JOIN main.sample__root_0 AS root USING (sample_id) "
    "JOIN main.bare AS leaf USING (sample_id)"
)
"""The rows of a SQL leaf, by hand."""


def run(samples: int, threads: int, times: int) -> dict[str, float]:
    """A SQL leaf: its body over its stale samples, written back."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder), SIMPLE, samples, kind="sql", threads=threads)
        warehouse.settle()
        works = {
            BARE: partial(warehouse.write_bare, REWRITTEN),
            "metasql run": lambda: warehouse.metasql("run", "-q", "--select", LEAF),
        }
        return _medians(warehouse, works, times, _prepare(warehouse))


def commit(samples: int, threads: int, times: int) -> dict[str, float]:
    """An external leaf: a Parquet file of results, checked and taken in."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder), SIMPLE, samples, threads=threads)
        warehouse.settle()
        rows = (
            "SELECT leaf.* REPLACE (batch.path AS path, batch.frame_count AS frame_count, "
            "todo.metasql_provenance__crop AS metasql_provenance__crop) "
            f"FROM '{warehouse.batch}' AS batch JOIN main.todo AS todo USING (sample_id) "
            "JOIN main.bare AS leaf USING (sample_id)"
        )
        works = {
            BARE: partial(warehouse.write_bare, rows),
            "metasql increment": warehouse.hand_out,
            "metasql commit": warehouse.commit,
        }
        return _medians(warehouse, works, times, _prepare(warehouse))


def _prepare(warehouse: Warehouse) -> Callable[[], None]:
    def prepare() -> None:
        warehouse.change()
        warehouse.copy_leaf()
        if warehouse.kind == "external":
            warehouse.hand_out()
            warehouse.make_batch()

    return prepare


def _medians(
    warehouse: Warehouse, works: dict[str, Callable[[], None]], times: int, prepare: Callable[[], None]
) -> dict[str, float]:
    """Each round changes the parents again, does every work once, and ends with nothing left to do."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(times):
        prepare()
        for name, work in works.items():
            found[name].append(spent(work))
        with warehouse.connect() as connection:
            left = connection.execute("SELECT count(*) FROM sample__leaf__increment").fetchall()[0][0]
            assert left == 0, f"{left} samples are left"
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=1, help="threads of DuckDB")
    parser.add_argument("--times", type=int, default=5, help="the median of so many is shown")
    given = parser.parse_args()
    for name, work in (("run", run), ("commit from Parquet", commit)):
        found = work(given.samples, given.threads, given.times)
        show(f"{name} · a tenth of {given.samples:,} samples", found.items(), BARE)


if __name__ == "__main__":
    main()
