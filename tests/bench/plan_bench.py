"""A plan through a chain of features, against one increment of each of them.

    python -m tests.bench.plan_bench [--samples N] [--depth N] [--times N]

The first field of the chain gets another code version, so every sample of every feature is stale.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import duckdb
import yaml

from metasql.cli.main import main
from metasql.lower.render import render
from metasql.pipeline import Options, load
from metasql.plan.increment import compare, unsettled
from tests.bench.measure import median_of, show

FLOOR = "one increment of each feature"
PLAN = "metasql plan"


class Chain:
    """A root and a chain of SQL features of one field each, on a DuckDB file."""

    def __init__(self, folder: Path, samples: int, depth: int) -> None:
        self.folder = folder
        self.depth = depth
        self.file = folder / "chain.duckdb"
        with duckdb.connect(str(self.file)) as connection:
            connection.execute("CREATE SCHEMA raw")
            ids = f"SELECT 's' || lpad(i::text, 9, '0') AS sample_id, i AS n FROM range({samples}) AS made(i)"
            connection.execute(f"CREATE TABLE raw.sample AS {ids}")
        self._write()

    def _write(self, code_version: str = "1") -> None:
        models = self.folder / "models"
        models.mkdir(exist_ok=True)
        self._yaml("dbt_project_style.yml", {"name": "chain", "version": "1", "profile": "chain", "dialect": "duckdb"})
        target = {"type": "duckdb", "path": str(self.file), "schema": "main"}
        self._yaml("profiles.yml", {"chain": {"target": "dev", "outputs": {"dev": target}}})
        source = {"name": "raw", "schema": "raw", "tables": [{"name": "sample"}]}
        field = {"name": "n", "columns": ["n"]}
        features = [{"name": "f0", "id_columns": ["sample_id"], "fields": [{**field, "code_version": code_version}]}]
        (models / "f0.sql").write_text("select sample_id, n from {{ source('raw', 'sample') }}\n", encoding="utf-8")
        for number in range(1, self.depth + 1):
            made = {"name": f"f{number}", "id_columns": ["sample_id"]}
            features.append({**made, "fields": [{**field, "data_version": "provenance"}]})
            body = f"select sample_id, n + 1 as n from {{{{ ref('f{number - 1}') }}}}\n"
            (models / f"f{number}.sql").write_text(body, encoding="utf-8")
        self._yaml("models/features.yml", {"version": 1, "sources": [source], "features": features})

    def _yaml(self, name: str, document: object) -> None:
        (self.folder / name).write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")

    def metasql(self, command: str, *options: str) -> None:
        code = main([command, "--project-dir", str(self.folder), "-q", *options])
        assert code == 0, f"metasql {command} gave {code}"

    def change(self) -> None:
        """Every sample of the chain is to be computed anew."""
        self._write("2")

    def plan(self) -> None:
        self.metasql("plan", "--format", "json", "-o", str(self.folder / "plan.json"))

    def increments(self) -> None:
        """One look at everything for each feature, its rows made but not kept."""
        project = load(Options(self.folder))
        with duckdb.connect(str(self.file), read_only=True) as connection:
            for feature in project.graph:
                query = unsettled(compare(feature, project.graph, project.layout))
                text = render(query, project.dialect)
                connection.execute(f"CREATE OR REPLACE TEMP TABLE result AS {text}")


def plans(samples: int, depth: int, times: int) -> dict[str, float]:
    """CPU seconds of a plan through the chain, and of one increment of each of its features."""
    with tempfile.TemporaryDirectory() as folder:
        chain = Chain(Path(folder), samples, depth)
        chain.metasql("run")
        settled = median_of(times, chain.plan)
        chain.change()
        return {
            FLOOR: median_of(times, chain.increments),
            f"{PLAN}, nothing to do": settled,
            f"{PLAN}, everything to do": median_of(times, chain.plan),
        }


def script() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--depth", type=int, default=40)
    parser.add_argument("--times", type=int, default=1)
    given = parser.parse_args()
    found = plans(given.samples, given.depth, given.times)
    show(f"{given.depth} features in a chain, {given.samples:,} samples each", found.items(), FLOOR)


if __name__ == "__main__":
    script()
