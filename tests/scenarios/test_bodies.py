"""What a run computes incrementally is what the whole body gives, for bodies of many shapes and random edits.

The judge is a DuckDB of its own that runs the body over what the public views of the roots hold, whatever the
engine that metasql works on.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.scenarios.support import Place, Row
from tests.scenarios.support_bodies import ACROSS, CLICKHOUSE, FAMILIES, LOCAL, SOURCES
from tests.support.engines import Engine

NAMES = [
    (kind, family, name)
    for kind, families in (("local", LOCAL), ("across", ACROSS))
    for family, bodies in families.items()
    for name in bodies
]
ROUNDS = {"duckdb": 3}
"""How many states of the sources are worked off; two where an engine takes its time."""


Unit = tuple[Any, ...]
Units = dict[Unit, set[str]]


@dataclass(frozen=True)
class Told:
    """One body after one round of edits: rows by unit."""

    exit_text: str
    listed: frozenset[Unit]
    before: Units
    after: Units
    whole: Units


_DONE: dict[str, dict[str, list[Told]]] = {}


def told(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Told]]:
    """All bodies through all rounds, once for each engine."""
    if engine.name not in _DONE:
        _DONE[engine.name] = Rounds(tmp_path_factory.mktemp(f"bodies_{engine.name}"), engine).go()
    return _DONE[engine.name]


@pytest.mark.parametrize(("kind", "family", "name"), NAMES, ids=[f"{f}-{n}" for _, f, n in NAMES])
def test_what_is_computed_is_what_the_whole_body_gives(kind, family, name, engine, tmp_path_factory):
    """The whole table is as over whole inputs; of local bodies, what is not in the increment stays."""
    for number, item in enumerate(told(engine, tmp_path_factory)[feature_name(family, name)]):
        assert not item.exit_text, item.exit_text
        where = f"round {number}"
        assert item.after == item.whole, f"{where}: the whole table"
        for unit in (item.before.keys() | item.after.keys()) - item.listed if kind == "local" else ():
            assert item.after.get(unit) == item.before.get(unit), f"{where}: unit {unit} was not in the increment"


def test_bodies_that_cannot_be_carried_over_are_refused(engine, tmp_path):
    """Without a body for ClickHouse beside them, each is an error there, and nowhere else."""
    place = Rounds(tmp_path, engine).place
    for path in place.folder.glob("models/*.clickhouse.sql"):
        path.unlink()
    result = place.cli("compile", code=None)
    files = re.findall(r"error\[MS0502\].*\n *--> models/(\w+)\.sql:", result.err)
    refused = [feature_name(family, name) for family, bodies in CLICKHOUSE.items() for name in bodies]
    assert sorted(files) == (sorted(refused) if place.type == "clickhouse" else []), result.err
    assert result.err.count("error[") == len(files)


def feature_name(family: str, name: str) -> str:
    return f"{family}_{name}"


class Rounds:
    """One project with every body, run and edited."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.random = random.Random(7)
        self.place = Place(folder, engine)
        self.bodies = {
            feature_name(family, name): (family, body)
            for families in (LOCAL, ACROSS)
            for family, bodies in families.items()
            for name, body in bodies.items()
        }
        self._declare()

    def go(self) -> dict[str, list[Told]]:
        data = {name: self._rows(name) for name in SOURCES}
        rounds: dict[str, list[Told]] = {name: [] for name in self.bodies}
        for number in range(ROUNDS.get(self.place.engine.name, 2)):
            if number:
                data = {name: self._edited(name, rows) for name, rows in data.items()}
            for name, rows in data.items():
                self.place.fill(name, SOURCES[name], rows)
            self.place.run(*(word for name in SOURCES for word in ("--select", name)))
            self._round(number, rounds)
        return rounds

    def _round(self, number: int, rounds: dict[str, list[Told]]) -> None:
        before: dict[str, Units] = {name: {} for name in self.bodies}
        listed: dict[str, frozenset[Unit]] = {}
        if number:
            with self.place.held():
                before = {name: self._stored(name) for name in self.bodies}
                listed = {name: self._listed(name) for name in self.bodies}
        result = self.place.run("--threads", "2", code=None)
        with self.place.held(), self._judge() as judge:
            for name in self.bodies:
                problem = "" if result.code == 0 else self._problem(result.err, name)
                after, whole = self._stored(name), self._whole(name, judge)
                units = listed.get(name, frozenset(after) | frozenset(whole))
                rounds[name].append(Told(problem, units, before[name], after, whole))

    def _problem(self, err: str, name: str) -> str:
        lines = [line for line in err.splitlines() if f"models/{name}.sql" in line or f" {name}  " in line]
        return "" if not any("error" in line or "models/" in line for line in lines) else err[-3000:]

    def _declare(self) -> None:
        tables = ", ".join(f"{{name: {name}}}" for name in SOURCES)
        keys = {"a": "[id]", "b": "[id]", "m": "[g, k]", "s": "[g]"}
        text = ["version: 1", f"sources: [{{name: raw, schema: raw, tables: [{tables}]}}]", "features:"]
        for name, columns in SOURCES.items():
            data = ", ".join(column for column in columns if column not in keys[name])
            text.append(f"  - {{name: {name}, id_columns: {keys[name]}, fields: [{{name: d, columns: [{data}]}}]}}")
            body = f"select {', '.join(columns)} from {{{{ source('raw', '{name}') }}}}\n"
            self.place.write(f"models/{name}.sql", body)
        for name, (family, body) in self.bodies.items():
            text.append(f"  - {{name: {name}, {FAMILIES[family][1:]}")
            self.place.write(f"models/{name}.sql", body + "\n")
        for family, bodies in CLICKHOUSE.items():
            for name, body in bodies.items():
                self.place.write(f"models/{feature_name(family, name)}.clickhouse.sql", body + "\n")
        self.place.write("models/features.yml", "\n".join(text) + "\n")

    # Data

    def _row(self, name: str, key: tuple[int, ...]) -> tuple[Any, ...]:
        pick = self.random.randrange
        if name == "a":
            return (*key, pick(60), pick(4), self.random.choice(["p", "", None, "q|r"]))
        if name == "b":
            return (*key, pick(60), pick(4))
        if name == "m":
            return (*key, pick(60), pick(5))
        return (*key, self.random.choice(["red", "blue", None]), pick(5))

    def _keys(self, name: str) -> list[tuple[int, ...]]:
        if name == "m":
            return [(g, k) for g in range(6) for k in range(7)]
        return [(number,) for number in range(7 if name == "s" else 24)]

    def _rows(self, name: str) -> list[tuple[Any, ...]]:
        keys = [key for key in self._keys(name) if self.random.random() < 0.8]
        return [self._row(name, key) for key in keys]

    def _edited(self, name: str, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Some rows go, some change, some come."""
        width = 2 if name == "m" else 1
        stored = {row[:width]: row for row in rows}
        kept = {}
        for key in self._keys(name):
            dice = self.random.random()
            if key in stored and dice > 0.06:
                kept[key] = stored[key] if dice > 0.18 else self._row(name, key)
            elif key not in stored and dice < 0.25:
                kept[key] = self._row(name, key)
        rows = list(kept.values())
        self.random.shuffle(rows)
        return rows

    # What came, by unit

    def _unit(self, name: str) -> list[str]:
        return {"lookup": ["g", "k"], "aggregation": ["g"], "groups": ["g"]}.get(self.bodies[name][0], ["id"])

    def _by_unit(self, name: str, rows: list[Row]) -> Units:
        found: Units = {}
        for row in rows:
            data = {key: value for key, value in row.items() if not key.startswith("metasql_")}
            found.setdefault(tuple(row[column] for column in self._unit(name)), set()).add(repr(data))
        return found

    def _stored(self, name: str) -> Units:
        return self._by_unit(name, self.place.rows(f"SELECT * FROM {name}"))

    def _judge(self) -> duckdb.DuckDBPyConnection:
        """A database that holds the data of the roots, and nothing else."""
        judge = duckdb.connect()
        for root, columns in SOURCES.items():
            definitions = ", ".join(f"{column} {type_}" for column, type_ in columns.items())
            judge.execute(f"CREATE TABLE {root} ({definitions})")
            marks = ", ".join("?" for _ in columns)
            judge.executemany(
                f"INSERT INTO {root} VALUES ({marks})", self.place.values(f"SELECT {', '.join(columns)} FROM {root}")
            )
        return judge

    def _whole(self, name: str, judge: duckdb.DuckDBPyConnection) -> Units:
        """The body over the roots, for the units that are expected."""
        body = self.bodies[name][1]
        for root in SOURCES:
            body = body.replace(f"{{{{ ref('{root}') }}}}", root)
        cursor = judge.execute(body)
        columns = [item[0] for item in cursor.description]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
        expected = self._units(name, "expected")
        return {unit: found for unit, found in self._by_unit(name, rows).items() if unit in expected}

    def _listed(self, name: str) -> frozenset[Unit]:
        return self._units(name, "increment")

    def _units(self, name: str, of: str) -> frozenset[Unit]:
        return frozenset(self.place.values(f"SELECT DISTINCT {', '.join(self._unit(name))} FROM {name}__{of}"))
