"""Hand-out and commit through the Python API, in Arrow, against the engine's bare read and bulk insert.

    python -m tests.bench.api_bench [--rows N] [--engine duckdb|chdb] [--times N] [--memory]

The bare read takes the rows of the increment, put into a table before, into Arrow batches. The bare insert puts the
rows as they are stored into an empty table like that of the samples, from Arrow. Both know already what metasql has
to find out: which samples are to be made, of what, and whether what comes back fits.

`--memory` shows the peak of a process that hands out and commits in batches, at N rows and at ten times as many. The
engine's own memory is limited to 400 MB, so that what it keeps for itself does not hide what is kept besides.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import clickhouse_connect
import duckdb
import pyarrow as pa
import yaml

import metasql
from tests.bench.measure import ROOT, show, spent

KEY = "sample/leaf"
BATCH = 50_000
READ, INSERT = "bare read", "bare insert"

MODELS = """
version: 1
features:
  - name: sample/root
    id_columns: [sample_id]
    fields: [{name: audio, columns: [audio_etag]}, {name: frames, columns: [frames_etag]}]
  - name: sample/leaf
    id_columns: [sample_id]
    deps: [{feature: sample/root, columns: [path, duration]}]
    fields: [{name: audio}, {name: frames}]
    columns: [{name: out, type: text}, {name: frame_count, type: int}]
"""
BODY = """
select 's' || lpad(cast(i as text), 9, '0') as sample_id, 'in/' || cast(i as text) as path, i % 600 as duration,
  'a' || cast(i as text) as audio_etag, 'f' || cast(i as text) as frames_etag
from (select unnest(generate_series(1, {rows})) as i) as t
"""
BODY_CLICKHOUSE = """
select concat('s', leftPad(toString(number), 9, '0')) as sample_id, concat('in/', toString(number)) as path,
  toInt32(number % 600) as duration, concat('a', toString(number)) as audio_etag,
  concat('f', toString(number)) as frames_etag
from numbers(1, {rows})
"""


def make(folder: Path, engine: str, rows: int, settings: dict[str, Any]) -> metasql.Project:
    """A project of a root and an external feature, run once: every sample of it is new."""
    target: dict[str, Any] = {"type": "duckdb", "path": str(folder / "bench.duckdb"), "schema": "main", "threads": 1}
    if engine == "chdb":
        target = {"type": "clickhouse", "driver": "chdb", "path": str(folder / "bench.chdb"), "schema": "main"}
        settings = {"max_threads": 1}
    target["settings"] = settings
    (folder / "models/sample").mkdir(parents=True)
    (folder / "dbt_project_style.yml").write_text("name: bench\nprofile: bench\n", encoding="utf-8")
    profile = {"bench": {"target": "dev", "outputs": {"dev": target}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    (folder / "models/features.yml").write_text(MODELS, encoding="utf-8")
    (folder / "models/sample/root.sql").write_text(BODY.format(rows=rows), encoding="utf-8")
    (folder / "models/sample/root.clickhouse.sql").write_text(BODY_CLICKHOUSE.format(rows=rows), encoding="utf-8")
    project = metasql.Project.load(folder)
    report = project.run()
    assert report.ok, report
    return project


def results(batch: pa.RecordBatch) -> pa.Table:
    """What a worker commits for a batch: ids, receipts, and two columns."""
    rows = pa.table({"sample_id": batch["sample_id"], "metasql_receipt": batch["metasql_receipt"]})
    return rows.append_column("out", batch["path"]).append_column("frame_count", batch["duration"].cast(pa.int32()))


def compare(engine: str, rows: int, times: int) -> dict[str, float]:
    """CPU seconds of each way; every round begins with all samples new."""
    found: dict[str, list[float]] = {}
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            project = make(Path(folder), engine, rows, {})
            for name, seconds in _round(project, engine, Path(folder), rows):
                found.setdefault(name, []).append(seconds)
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def _round(project: metasql.Project, engine: str, folder: Path, rows: int) -> Iterator[tuple[str, float]]:
    made: list[pa.RecordBatch] = []
    bare = {"duckdb": _OnDuckDB, "chdb": _OnClickHouse}[engine](folder)
    bare.keep_increment()
    with project.connect() as wh:
        yield "metasql increment, as batches", spent(lambda: made.extend(wh.increment(KEY).batches(BATCH)))
        assert sum(batch.num_rows for batch in made) == rows
        todo = [results(batch) for batch in made]
        made.clear()
        yield "metasql commit, all rows at once", spent(lambda: wh.commit(KEY, pa.concat_tables(todo)))
        assert not wh.increment(KEY, limit=1).to_dicts()
    yield READ, bare.read()
    yield INSERT, bare.insert()


class _OnDuckDB:
    """The bare statements, by the engine's own client."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "bench.duckdb")

    def keep_increment(self) -> None:
        """The rows that are handed out, in a table."""
        with duckdb.connect(self.path) as connection:
            connection.execute("CREATE TABLE handed AS SELECT * FROM sample__leaf__increment")

    def read(self) -> float:
        with duckdb.connect(self.path, config={"threads": 1}) as connection:
            return spent(lambda: list(connection.sql("SELECT * FROM handed").to_arrow_reader(BATCH)))

    def insert(self) -> float:
        with duckdb.connect(self.path, config={"threads": 1}) as connection:
            connection.register("stored", connection.sql("SELECT * FROM sample__leaf__samples").to_arrow_table())
            connection.execute("CREATE TABLE bare AS SELECT * FROM sample__leaf__samples WHERE false")
            return spent(lambda: connection.execute("INSERT INTO bare SELECT * FROM stored"))


class _OnClickHouse:
    """The same on chDB."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "bench.chdb")

    @contextmanager
    def client(self) -> Iterator[Any]:
        client = clickhouse_connect.get_client(interface="chdb", path=self.path, settings={"max_threads": 1})
        yield client
        client.close()

    def keep_increment(self) -> None:
        with self.client() as client:
            client.command(
                "CREATE TABLE main.handed ENGINE = MergeTree ORDER BY tuple() AS "
                "SELECT * FROM main.sample__leaf__increment"
            )

    def read(self) -> float:
        with self.client() as client:
            return spent(lambda: client.query_arrow("SELECT * FROM main.handed"))

    def insert(self) -> float:
        with self.client() as client:
            stored = client.query_arrow("SELECT * FROM main.sample__leaf__samples")
            client.command("CREATE TABLE main.bare AS main.sample__leaf__samples")
            return spent(lambda: client.insert_arrow("main.bare", stored))


def stream(engine: str, rows: int) -> float:
    """The peak of memory, in MB, of a process that hands out and commits `rows` in batches."""
    command = [sys.executable, "-m", "tests.bench.api_bench", "--engine", engine, "--rows", str(rows), "--peak"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return float(done.stdout)


def peak(engine: str, rows: int) -> float:
    """The same of this process; Linux alone tells it."""
    with tempfile.TemporaryDirectory() as folder:
        project = make(
            Path(folder), engine, rows, {"memory_limit": "400MB", "temp_directory": str(Path(folder, "tmp"))}
        )
        # What it took to make the project does not count.
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        with project.connect() as wh:
            for batch in wh.increment(KEY).batches(BATCH):
                wh.commit(KEY, results(batch))
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=["duckdb", "chdb"], default="duckdb")
    parser.add_argument("--times", type=int, default=3, help="the median of so many is shown")
    parser.add_argument("--memory", action="store_true", help="peaks of memory in the place of times")
    parser.add_argument("--peak", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peak:
        print(peak(given.engine, given.rows))
    elif given.memory:
        for rows in (given.rows, 10 * given.rows):
            print(f"{rows:>12,} rows  {stream(given.engine, rows):8.0f} MB")
    else:
        found = compare(given.engine, given.rows, given.times)
        for floor, word in ((READ, "increment"), (INSERT, "commit")):
            rows = [(name, seconds) for name, seconds in found.items() if name == floor or word in name]
            show(f"{given.engine} · {given.rows:,} rows", rows, floor)


if __name__ == "__main__":
    main()
