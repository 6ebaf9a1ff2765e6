"""Many workers at once, each a process: nothing may be lost, and nothing may be there twice.

    python -m tests.bench.workers_bench [--engine duckdb|server] [--rows N] [--workers N] [--batch N]

Each worker has a shard of the increment, and commits it in batches. On DuckDB they work through `metasql
serve-commits`, on ClickHouse each has a connection of its own to a real server. Shown are CPU seconds of the workers,
and of the process that writes (the committer, or the server).
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

import metasql
from tests.bench.api_bench import BODY, BODY_CLICKHOUSE, KEY, MODELS, results
from tests.bench.measure import ROOT, cpu_of, show
from tests.support.clickhouse_server import Server

TOKEN = "a token of the benchmark"


@contextmanager
def prepared(folder: Path, engine: str, rows: int) -> Iterator[tuple[metasql.Project, Server | None]]:
    """A project whose external feature has everything to do, and the server that it is on."""
    with ExitStack() as closing:
        server = Server(folder / "server").start() if engine == "server" else None
        if server is not None:
            closing.callback(server.stop)
        target: dict[str, Any] = {"type": "duckdb", "path": str(folder / "bench.duckdb"), "schema": "main"}
        profile = {"bench": {"target": "dev", "outputs": {"dev": server.target() if server else target}}}
        (folder / "models/sample").mkdir(parents=True)
        (folder / "dbt_project_style.yml").write_text("name: bench\nprofile: bench\n", encoding="utf-8")
        (folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
        (folder / "models/features.yml").write_text(MODELS, encoding="utf-8")
        (folder / "models/sample/root.sql").write_text(BODY.format(rows=rows), encoding="utf-8")
        (folder / "models/sample/root.clickhouse.sql").write_text(BODY_CLICKHOUSE.format(rows=rows), encoding="utf-8")
        project = metasql.Project.load(folder)
        report = project.run()
        assert report.ok, report
        yield project, server


@contextmanager
def committer(folder: Path) -> Iterator[tuple[str, int]]:
    """The address of a process that commits for others, and its number."""
    command = [sys.executable, "-m", "metasql", "serve-commits", "--project-dir", str(folder), "--port", "0"]
    environment = {**os.environ, "METASQL_COMMIT_TOKEN": TOKEN}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process.pid
        process.send_signal(signal.SIGTERM)


def work(folder: Path, address: str, shard: tuple[int, int], batch: int) -> None:
    """One worker: its shard, batch by batch."""
    project = metasql.Project.load(folder)
    with project.worker(address, TOKEN) if address else project.connect() as wh:
        for rows in wh.increment(KEY, shard=shard).batches(batch):
            wh.commit(KEY, results(rows))


def all_at_once(folder: Path, address: str, workers: int, batch: int) -> float:
    """CPU seconds of all workers together."""
    options = ["--folder", str(folder), "--address", address, "--batch", str(batch), "--workers", str(workers)]
    command = [sys.executable, "-m", "tests.bench.workers_bench", *options, "--shard"]
    before = sum(os.times()[2:4])
    running = [subprocess.Popen([*command, str(number)], cwd=ROOT) for number in range(workers)]
    codes = [process.wait() for process in running]
    assert codes == [0] * workers, codes
    return sum(os.times()[2:4]) - before


def measured(engine: str, rows: int, workers: int, batch: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with prepared(folder, engine, rows) as (project, server):
            if server is not None and server.process is not None:
                number = server.process.pid
                before = cpu_of(number)
                spent = all_at_once(folder, "", workers, batch)
                writing = cpu_of(number) - before
            else:
                with committer(folder) as (address, number):
                    spent = all_at_once(folder, address, workers, batch)
                    writing = cpu_of(number)
            check(project, rows)
        return {"workers": spent, "the server" if engine == "server" else "the committer": writing}


def check(project: metasql.Project, rows: int) -> None:
    """Every sample is there once, and nothing is left to do."""
    with project.connect() as wh:
        [status] = wh.status(KEY)
        left = wh.increment(KEY, limit=1).to_arrow().num_rows
    assert status.counts is not None
    assert (status.counts.live, status.counts.new, left) == (rows, 0, 0), status


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=["duckdb", "server"], default="duckdb")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=32)
    parser.add_argument("--batch", type=int, default=10_000)
    for hidden, kind in (("--shard", int), ("--folder", Path), ("--address", str)):
        parser.add_argument(hidden, type=kind, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.shard is not None:
        work(given.folder, given.address, (given.shard, given.workers), given.batch)
    else:
        found = measured(given.engine, given.rows, given.workers, given.batch)
        show(f"{given.workers} workers · {given.rows:,} rows · {given.engine}", found.items())


if __name__ == "__main__":
    main()
