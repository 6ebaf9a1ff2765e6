"""A trial project in a folder of its own, driven through the command line, and what it should say.

Expectations are computed from the CSV files in plain Python. A *picture* of a feature is a dict
from a sample's key to its fields, each with a value that says all that the field is made of; what
must be done between two pictures is their difference (`difference`).
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from metasql.cli.main import main
from tests.support.engines import Engine

HERE = Path(__file__).parent
DATA = HERE.parents[2] / "shared" / "data"

Key = tuple[Any, ...]
Picture = Mapping[Key, Mapping[str, Any]]
Work = dict[Key, tuple[str, frozenset[str], str]]
"""What an increment lists: unit → status, stale fields, reason. Orphans are listed without fields."""

Row = dict[str, Any]


def require_data(folder: str) -> Path:
    """The folder of a data set. Without it a trial is skipped, and fails where CI is set."""
    found = DATA / folder
    if not found.is_dir():
        message = f"the data set is not there: {found}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


def read_table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_table(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def difference(before: Picture, after: Picture, reason: str = "upstream") -> Work:
    """The work between two pictures: new, stale in the fields that differ, orphaned."""
    work: Work = {}
    for key, fields in after.items():
        if key not in before:
            work[key] = ("new", frozenset(fields), "new")
            continue
        differs = frozenset(name for name, value in fields.items() if value != before[key][name])
        if differs:
            work[key] = ("stale", differs, reason)
    for key in before.keys() - after.keys():
        work[key] = ("orphaned", frozenset(), "orphaned")
    return work


def everything(units: Iterable[Key], fields: Iterable[str], reason: str) -> Work:
    """All samples stale in the same fields."""
    return {key: ("stale", frozenset(fields), reason) for key in units}


class Trial:
    """A copy of a trial project and of its data, both free to be edited."""

    def __init__(self, name: str, folder: Path, capsys: pytest.CaptureFixture[str], engine: Engine) -> None:
        source = require_data(name)
        self.project = folder / "project"
        self.data = folder / "data" / name
        self.scratch = folder
        self.engine = engine
        self._capsys = capsys
        shutil.copytree(HERE / name, self.project, ignore=shutil.ignore_patterns("target"))
        self.data.mkdir(parents=True)
        for path in sorted(source.glob("*.csv")):
            shutil.copyfile(path, self.data / path.name)
        self._type = str(self._aim(name)["type"])

    def _aim(self, name: str) -> dict[str, Any]:
        """Let the project's profile name the engine's warehouse; its target."""
        target = self.engine.target(self.scratch)
        profile = {name: {"target": "trial", "outputs": {"trial": target}}}
        (self.project / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
        return target

    def metasql(self, *argv: str) -> str:
        """Run a command, which must succeed, and give back what it wrote to standard output."""
        self.engine.ready(self.scratch)
        self._capsys.readouterr()
        where = ["--project-dir", str(self.project), "--profiles-dir", str(self.project)]
        variables = ["--vars", json.dumps({"data_dir": str(self.data.parent)})]
        code = main([*argv, *where, *variables])
        out, err = self._capsys.readouterr()
        assert code == 0, f"metasql {' '.join(argv)} gave {code}\n{out}\n{err}"
        return out

    def edit_data(self, file: str, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
        """Replace the rows of a CSV file by what `change` makes of them."""
        path = self.data / file
        write_table(path, change(read_table(path)))

    def edit_model(self, file: str, old: str, new: str) -> None:
        """Replace a text of a model, in the body for the engine where it has one of its own."""
        path = self.project / "models" / file
        own = path.with_suffix(f".{self._type}{path.suffix}")
        path = own if own.exists() else path
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def increment(self, key: str, status: str = "new,stale,orphaned") -> list[Row]:
        out = self.metasql("increment", key, "--status", status, "--format", "json")
        return [json.loads(line) for line in out.splitlines() if line]

    def work(self, key: str, unit: Iterable[str]) -> Work:
        """The increment of a feature, in the form in which expectations are computed."""
        found: Work = {}
        columns = tuple(unit)
        for row in self.increment(key):
            sample = tuple(row[name] for name in columns)
            assert sample not in found, f"{key} lists {sample} twice"
            status = row["metasql_status"]
            names = (row["metasql_stale_fields"] or "").split(",") if status != "orphaned" else []
            found[sample] = (status, frozenset(name.strip() for name in names if name), row["metasql_reason"])
        return found

    def commit(self, key: str, rows: list[Row], inputs: list[Row] | None = None) -> None:
        """Hand results in. `inputs` are the inputs of an expansion that were worked on."""
        extra = ["--inputs", str(self._file("inputs.json", inputs))] if inputs is not None else []
        self.metasql("commit", key, str(self._file("results.json", rows)), "--format", "json", *extra)

    def _file(self, name: str, rows: list[Row]) -> Path:
        path = self.scratch / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the warehouse as any other program would: with a plain client."""
        return self.engine.query(self.scratch, sql)[1]

    def live(self, key: str) -> int:
        return int(self.query(f"SELECT count(*) FROM {_relation(key)}")[0][0])

    def last_commit(self) -> int:
        """The number of the last write to the samples of any feature."""
        keys = self.query("SELECT feature FROM metasql_features")
        parts = [f"SELECT max(metasql_commit) AS n FROM {_relation(key)}__samples" for (key,) in keys]
        return int(self.query(f"SELECT COALESCE(max(n), 0) FROM ({' UNION ALL '.join(parts)})")[0][0])

    def written_since(self, key: str, commit: int, unit: Iterable[str]) -> set[Key]:
        """The live samples that were computed after a commit."""
        columns = ", ".join(unit)
        return set(self.query(f"SELECT DISTINCT {columns} FROM {_relation(key)} WHERE metasql_commit > {commit}"))


def _relation(key: str) -> str:
    return key.replace("/", "__")


def to_do(work: Work) -> set[Key]:
    """The units that have to be computed: new and stale ones."""
    return {key for key, (status, _, _) in work.items() if status != "orphaned"}
