"""How costs grow: depth, width, fields, fan-out, large groups, many small commits. CPU seconds of each step.

    python -m tests.bench.growth_bench [--case NAME …] [--share N] [--engine duckdb|chdb]

Each case is measured in two sizes, so that what grows faster than its size is seen. `--share 0.01` makes
everything smaller. Commands run in this process, reading the project included; its imports are not.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import statistics
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import clickhouse_connect
import duckdb
import yaml

from metasql.cli.main import main as cli
from tests.bench.measure import spent

ENGINES = ("duckdb", "chdb")
Found = dict[str, float]


class Grown:
    """A project in a folder, and its warehouse."""

    def __init__(self, folder: Path, features: list[dict[str, Any]], bodies: Mapping[str, str], engine: str) -> None:
        self.folder, self.engine = folder, engine
        models = folder / "models"
        models.mkdir(parents=True)
        names = sorted({text.split("'")[3] for text in bodies.values() if "source('raw'" in text})
        sources = [{"name": "raw", "schema": "raw", "tables": [{"name": name} for name in names]}]
        _dump(folder / "dbt_project_style.yml", {"name": "grown", "version": "1.0.0", "profile": "grown"})
        _dump(folder / "profiles.yml", {"grown": {"target": "dev", "outputs": {"dev": self.target()}}})
        _dump(models / "features.yml", {"version": 1, "sources": sources, "features": features})
        for name, body in bodies.items():
            (models / f"{name}.sql").write_text(body, encoding="utf-8")

    def target(self) -> dict[str, Any]:
        if self.engine == "chdb":
            return {"type": "clickhouse", "driver": "chdb", "path": "grown.chdb", "schema": "main"}
        return {"type": "duckdb", "path": "grown.duckdb", "schema": "main", "settings": {"threads": 1}}

    def metasql(self, *arguments: str) -> None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            code = cli([*arguments, "-q", "--project-dir", str(self.folder)])
        if code != 0:
            raise RuntimeError(f"metasql {' '.join(arguments)}: exit code {code}")

    def spent(self, *arguments: str) -> float:
        return spent(lambda: self.metasql(*arguments))

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """Statements of any client, and the rows of the last."""
        if self.engine == "chdb":
            client = clickhouse_connect.get_client(interface="chdb", path=str(self.folder / "grown.chdb"))
            try:
                for statement in statements[:-1]:
                    client.command(statement)
                last = statements[-1]
                return list(client.query(last).result_rows) if last.startswith("SELECT") else [(client.command(last),)]
            finally:
                client.close()
        with duckdb.connect(str(self.folder / "grown.duckdb"), config={"threads": 1}) as connection:
            for statement in statements[:-1]:
                connection.execute(statement)
            return connection.execute(statements[-1]).fetchall()

    def rows_of(self, feature: str) -> tuple[int, float]:
        """How many rows the increment of a feature lists, and the CPU seconds to count them by status and reason."""
        query = f"SELECT metasql_status, metasql_reason, count(*) FROM main.{feature}__increment GROUP BY 1, 2"
        found: list[tuple[Any, ...]] = []
        seconds = spent(lambda: found.extend(self.sql(query)))
        return sum(row[2] for row in found), seconds

    def fill(self, table: str, columns: Mapping[str, str], rows: int) -> None:
        """A table of a source; each column is an expression of both engines over the number `i`."""
        listed = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
        if self.engine == "chdb":
            source, head = f"(SELECT toInt64(number) AS i FROM numbers({rows}))", "ENGINE = MergeTree ORDER BY tuple() "
        else:
            source, head = f"range({rows}) AS r(i)", ""
        database = "CREATE DATABASE" if self.engine == "chdb" else "CREATE SCHEMA"
        self.sql(f"{database} IF NOT EXISTS raw", f"CREATE TABLE raw.{table} {head}AS SELECT {listed} FROM {source}")

    def change(self, table: str, change: str, where: str) -> None:
        word = f"ALTER TABLE raw.{table} UPDATE" if self.engine == "chdb" else f"UPDATE raw.{table} SET"
        tail = " SETTINGS mutations_sync = 2" if self.engine == "chdb" else ""
        self.sql(f"{word} {change} WHERE {where}{tail}")

    @property
    def size(self) -> float:
        """Megabytes on disk."""
        files = (path for path in self.folder.glob("grown.*") for path in [path, *path.rglob("*")])
        return sum(path.stat().st_size for path in files if path.is_file()) / 1e6


def _dump(path: Path, document: object) -> None:
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def _feature(name: str, deps: Iterable[Any] = (), **more: Any) -> dict[str, Any]:
    listed = list(deps)
    return {"name": name, "id_columns": ["id"]} | ({"deps": listed} if listed else {}) | more


def _steps(grown: Grown, table: str, last: str, change: Callable[[], None], expected: int | None) -> Found:
    """A first run, one with nothing to do, and one after a change of the source."""
    found = {"compile": grown.spent("compile"), "first run": grown.spent("run")}
    found["run, nothing changed"] = grown.spent("run")
    found["status, nothing changed"] = grown.spent("status")
    change()
    grown.metasql("run", "--select", table)
    listed, found["increment of the last"] = grown.rows_of(last)
    assert expected is None or listed == expected, f"{listed} units are listed, not {expected}"
    found["run, with the change"] = grown.spent("run")
    return found


def _scaled(number: int, share: float) -> int:
    """A number of features or fields, which are few beside rows."""
    return max(int(number * min(share, 1)), 2)


def chain(length: int, name: str = "f") -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Features each made of the one before, and their bodies."""
    features = [_feature(f"{name}0"), *(_feature(f"{name}{n}", [f"{name}{n - 1}"]) for n in range(1, length))]
    bodies = {f"{name}0": "SELECT id, amount FROM {{ source('raw', 'rows') }}\n"}
    for n in range(1, length):
        bodies[f"{name}{n}"] = f"SELECT id, amount + 1 AS amount FROM {{{{ ref('{name}{n - 1}') }}}}\n"
    return features, bodies


def depth(folder: Path, engine: str, share: float, large: bool) -> tuple[str, Found]:
    """A chain of features, each made of the one before."""
    length, rows = _scaled(50 if large else 10, share * 100), max(int(10_000 * share), 10)
    features, bodies = chain(length)
    grown = Grown(folder, features, bodies, engine)
    grown.fill("rows", {"id": "i", "amount": "i"}, rows)
    change = lambda: grown.change("rows", "amount = amount + 1", "id < 10")  # noqa: E731 - it is given on
    return f"chain of {length}, {rows:,} rows", _steps(grown, "f0", "f1", change, 10)


def width(folder: Path, engine: str, share: float, large: bool) -> tuple[str, Found]:
    """Many features on one parent."""
    number, rows = _scaled(500 if large else 50, share * 10), max(int(10_000 * share), 10)
    features = [_feature("root")] + [_feature(f"f{n}", ["root"]) for n in range(number)]
    bodies = {"root": "SELECT id, amount FROM {{ source('raw', 'rows') }}\n"}
    bodies |= {f"f{n}": f"SELECT id, amount + {n} AS amount FROM {{{{ ref('root') }}}}\n" for n in range(number)}
    grown = Grown(folder, features, bodies, engine)
    grown.fill("rows", {"id": "i", "amount": "i"}, rows)
    change = lambda: grown.change("rows", "amount = amount + 1", "id < 10")  # noqa: E731 - it is given on
    return f"{number} features on one parent, {rows:,} rows", _steps(grown, "root", "f1", change, 10)


def fields(folder: Path, engine: str, share: float, large: bool) -> tuple[str, Found]:
    """Many fields in one feature, each made of a field of its parent."""
    number, rows = _scaled(200 if large else 20, share * 10), max(int(10_000 * share), 10)
    names = [f"c{n}" for n in range(number)]
    root = _feature("root", fields=[{"name": name, "columns": [name]} for name in names])
    own = [{"name": name, "columns": [name], "deps": [f"root.{name}"]} for name in names]
    listed = ", ".join(names)
    bodies = {
        "root": f"SELECT id, {listed} FROM {{{{ source('raw', 'rows') }}}}\n",
        "leaf": f"SELECT id, {listed} FROM {{{{ ref('root') }}}}\n",
    }
    grown = Grown(folder, [root, _feature("leaf", ["root"], fields=own)], bodies, engine)
    grown.fill("rows", {"id": "i"} | {name: f"i + {n}" for n, name in enumerate(names)}, rows)
    change = lambda: grown.change("rows", "c1 = c1 + 1", "id < 10")  # noqa: E731 - it is given on
    return f"{number} fields in one feature, {rows:,} rows", _steps(grown, "root", "leaf", change, 10)


def fan_out(folder: Path, engine: str, share: float, large: bool) -> tuple[str, Found]:
    """One parent row that is looked up by many samples: all of them are stale when it changes."""
    samples = max(int(10_000 * share), 100)
    parents = 1 if large else samples
    speaker = {"name": "speaker", "id_columns": ["speaker_id"]}
    lookup = {"feature": "speaker", "lineage": "lookup"}
    bodies = {
        "speaker": "SELECT speaker_id, language FROM {{ source('raw', 'speakers') }}\n",
        "video": "SELECT id, speaker_id FROM {{ source('raw', 'videos') }}\n",
        "leaf": "SELECT video.id, video.speaker_id, speaker.language FROM {{ ref('video') }} AS video "
        "JOIN {{ ref('speaker') }} AS speaker ON speaker.speaker_id = video.speaker_id\n",
    }
    features = [_feature("video"), _feature("leaf", ["video", lookup])]
    both = [feature | {"id_columns": ["id", "speaker_id"]} for feature in features]
    grown = Grown(folder, [speaker, *both], bodies, engine)
    grown.fill("videos", {"id": "i", "speaker_id": f"i % {parents}"}, samples)
    grown.fill("speakers", {"speaker_id": "i", "language": "i"}, parents)
    change = lambda: grown.change("speakers", "language = language + 1", "speaker_id >= 0")  # noqa: E731 - given on
    steps = _steps(grown, "speaker", "leaf", change, samples)
    return f"{parents:,} parent rows for {samples:,} samples, all of which change", steps


def groups(folder: Path, engine: str, share: float, large: bool) -> tuple[str, Found]:
    """Members in groups; one member changes."""
    members = max(int(1_000_000 * share), 1_000)
    number = 1 if large else 1_000
    total = {
        "name": "total",
        "id_columns": ["group_id"],
        "deps": [{"feature": "member", "lineage": {"aggregation": {"on": ["group_id"]}}}],
    }
    bodies = {
        "member": "SELECT id, group_id, amount FROM {{ source('raw', 'members') }}\n",
        "total": "SELECT group_id, SUM(amount) AS amount FROM {{ ref('member') }} GROUP BY group_id\n",
    }
    grown = Grown(folder, [_feature("member"), total], bodies, engine)
    grown.fill("members", {"id": "i", "group_id": f"i % {number}", "amount": "i"}, members)
    change = lambda: grown.change("members", "amount = amount + 1", "id = 7")  # noqa: E731 - it is given on
    return f"{number:,} groups of {members // number:,} members", _steps(grown, "member", "total", change, 1)


def commits(folder: Path, engine: str, share: float, large: bool) -> tuple[str, Found]:
    """Many small commits: what one costs at the beginning and at the end, and what the state has become."""
    number, size = max(int((1000 if large else 100) * share), 8 if large else 4), 100
    leaf = _feature("leaf", ["root"], columns=[{"name": "path", "type": "text"}])
    bodies = {"root": "SELECT id, amount FROM {{ source('raw', 'rows') }}\n"}
    grown = Grown(folder, [_feature("root"), leaf], bodies, engine)
    grown.fill("rows", {"id": "i", "amount": "i"}, number * size)
    grown.metasql("run")
    grown.metasql("increment", "leaf", "--format", "json", "-o", str(folder / "todo.json"))
    todo = [json.loads(line) for line in (folder / "todo.json").read_text(encoding="utf-8").splitlines()]
    batches = [todo[start : start + size] for start in range(0, len(todo), size)]
    seconds = [spent(lambda batch=batch: _commit(grown, batch)) for batch in batches]
    listed, increment = grown.rows_of("leaf")
    assert listed == 0, f"{listed} units are left"
    few = max(number // 10, 1)
    found = {
        "one of the first commits": statistics.median(seconds[:few]),
        "one of the last commits": statistics.median(seconds[-few:]),
        "increment at the end": increment,
        "status at the end": grown.spent("status"),
        "run at the end": grown.spent("run"),
        "(megabytes)": grown.size,
    }
    return f"{number:,} commits of {size} rows", found | _parts(grown)


def _commit(grown: Grown, batch: Iterable[Mapping[str, Any]]) -> None:
    path = grown.folder / "batch.json"
    kept = ({"id": row["id"], "path": "p", "metasql_receipt": row["metasql_receipt"]} for row in batch)
    path.write_text("\n".join(json.dumps(row) for row in kept), encoding="utf-8")
    grown.metasql("commit", "leaf", str(path), "--format", "json")


def _parts(grown: Grown) -> Found:
    """On ClickHouse, the parts of the leaf's table and of metasql's own."""
    if grown.engine != "chdb":
        return {}
    query = "SELECT table, count() FROM system.parts WHERE active AND database = 'main' GROUP BY table"
    found = dict(grown.sql(query))
    return {
        "(parts of the leaf)": float(found.get("leaf__samples", 0)),
        "(most parts of one table)": float(max(found.values())),
    }


CASES = {
    "depth": depth,
    "width": width,
    "fields": fields,
    "fan-out": fan_out,
    "groups": groups,
    "commits": commits,
}


def measured(case: str, engine: str, share: float) -> list[tuple[str, Found]]:
    """A case in both sizes: what it was, and what its steps cost."""
    found = []
    for large in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            found.append(CASES[case](Path(folder), engine, share, large))
    return found


def show(found: Iterable[tuple[str, Found]]) -> None:
    """Both sizes beside each other."""
    (small, less), (large, more) = found
    print(f"\n{small}  →  {large}")
    for name, seconds in more.items():
        print(f"  {name:<28} {less[name]:9.3f}  →{seconds:9.3f}   {seconds / max(less[name], 1e-9):6.1f} ×", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES, nargs="+", default=list(CASES))
    parser.add_argument("--share", type=float, default=1.0, help="of the sizes that are meant")
    parser.add_argument("--engine", choices=ENGINES, default="duckdb")
    given = parser.parse_args()
    for case in given.case:
        show(measured(case, given.engine, given.share))


if __name__ == "__main__":
    main()
