"""What a run computes incrementally is what its body gives in full, for random bodies and random edits upstream.

The judge is a DuckDB of its own that runs each body over what the roots hold, whatever engine metasql works on.
The cases are the same ones every time. `METASQL_PROPERTY_EXAMPLES=500` makes more of them.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from metasql.diagnostics import MetasqlError
from metasql.pipeline import Options, Project, load
from metasql.plan.restrict import why_whole
from tests.property.bodies import FAMILIES, KEYS, ROOTS, Bodies
from tests.scenarios.support import Place
from tests.support.engines import Engine

EXAMPLES = int(os.environ.get("METASQL_PROPERTY_EXAMPLES", "2"))
BODIES = 18
"""So many bodies are in one project."""
STATES = 3
"""So many times what the roots hold is edited, and a run brings the features after it."""

Values = tuple[Any, ...]
Rows = dict[Values, Values]


@pytest.mark.parametrize("seed", range(EXAMPLES))
def test_an_increment_leaves_what_the_body_gives_in_full(seed, engine, tmp_path):
    """After every edit each feature holds what its body gives over whole inputs, for the samples it should have."""
    case = Case(seed, tmp_path, engine)
    project = case.accepted()
    restricted = sum(why_whole(feature.bodies[None], feature) is None for feature in project.graph if feature.deps)
    for _ in range(STATES):
        case.edit()
        case.run()
        case.check()
    assert len(case.bodies) >= BODIES * 0.75
    assert len(case.bodies) * 0.2 <= restricted <= len(case.bodies) * 0.9


class Case:
    """One project of random bodies, and what its roots hold."""

    def __init__(self, seed: int, folder: Path, engine: Engine) -> None:
        self.random = Random(seed)
        self.place = Place(folder, engine)
        self.rows: dict[str, Rows] = {name: {} for name in ROOTS}
        self.bodies: dict[str, tuple[str, str]] = {}
        for number in range(BODIES):
            family = list(FAMILIES)[number % len(FAMILIES)]
            stray = 0.0 if number % 2 else 0.15
            self.bodies[f"f{number}"] = family, Bodies(self.random, FAMILIES[family], stray).body()
        self.per_column = {name for name in self.bodies if self.random.random() < 0.4}

    def accepted(self) -> Project:
        """The project, without the bodies that are refused; what refuses a body says so at its place."""
        while refused := self.refused():
            for name in refused:
                del self.bodies[name]
                (self.place.folder / f"models/{name}.sql").unlink()
        return load(Options(self.place.folder))

    def refused(self) -> set[str]:
        self.declare()
        try:
            load(Options(self.place.folder))
        except MetasqlError as error:
            found = [re.fullmatch(r"models/(f\d+)\.sql", item.primary.span.source.path) for item in error.bag]
            return {match[1] for match in found if match}
        return set()

    def declare(self) -> None:
        tables = ", ".join(f"{{name: {name}}}" for name in ROOTS)
        text = ["version: 1", f"sources: [{{name: raw, schema: raw, tables: [{tables}]}}]", "features:"]
        for name, columns in ROOTS.items():
            fields = ", ".join(f"{{name: {column}, columns: [{column}]}}" for column in columns[len(KEYS[name]) :])
            text.append(f"  - {{name: {name}, id_columns: [{', '.join(KEYS[name])}], fields: [{fields}]}}")
            self.place.write(
                f"models/{name}.sql", f"select {', '.join(columns)} from {{{{ source('raw', '{name}') }}}}"
            )
        for name, (family, body) in self.bodies.items():
            made = FAMILIES[family]
            fields = ", fields: per_column" if name in self.per_column else ""
            text.append(f"  - {{name: {name}, id_columns: [{', '.join(made.ids)}], deps: {made.deps}{fields}}}")
            self.place.write(f"models/{name}.sql", body)
        self.place.write("models/features.yml", "\n".join(text) + "\n")

    def edit(self) -> None:
        """Rows come, change in one column or in all, and go; now and then a root stays as it is."""
        first = not any(self.rows.values())
        for name, columns in ROOTS.items():
            if not first and self.random.random() < 0.3:
                continue
            rows = self.rows[name]
            for key in self.keys(name):
                dice, old = self.random.random(), rows.get(key)
                new = tuple(self.value() for _ in columns[len(key) :])
                if old is None and dice < (0.8 if first else 0.2):
                    rows[key] = new
                elif old is not None and dice < 0.07:
                    del rows[key]
                elif old is not None and dice < 0.2:
                    place = self.random.randrange(len(new))
                    rows[key] = (*old[:place], new[place], *old[place + 1 :])
            self.place.fill(name, dict.fromkeys(columns, "int"), [key + values for key, values in rows.items()])

    def value(self) -> int | None:
        return self.random.choice([None, *range(40)])

    def keys(self, name: str) -> list[Values]:
        if KEYS[name] == ("g", "k"):
            return [(g, k) for g in range(6) for k in range(4)]
        return [(number,) for number in range(8 if name == "s" else 20)]

    def run(self) -> None:
        result = self.place.run(code=None)
        told = json.loads((self.place.folder / "target/metasql_results.json").read_text(encoding="utf-8"))["results"]
        failed = [item["name"] for item in told if item["status"] != "ok"]
        assert not failed, f"{[self.bodies.get(name) for name in failed]}\n{result.err}"

    def check(self) -> None:
        """Each feature against its body, run in full."""
        with self.place.held(), duckdb.connect() as judge:
            for name, columns in ROOTS.items():
                judge.execute(f"create table {name} ({', '.join(f'{column} int' for column in columns)})")
                rows = [key + values for key, values in self.rows[name].items()]
                if rows:
                    judge.executemany(f"insert into {name} values ({', '.join('?' for _ in columns)})", rows)
            for name, (family, body) in self.bodies.items():
                whole = self.whole(judge, name, body)
                stored = self.place.rows(f"SELECT * FROM {name}")
                found = Counter(values(row) for row in stored)
                assert found == whole, f"{name} ({family})\nmissing {whole - found}\ntoo many {found - whole}\n{body}"

    def whole(self, judge: duckdb.DuckDBPyConnection, name: str, body: str) -> Counter[Values]:
        """What the body gives over the roots, for the units that upstream calls for."""
        unit = FAMILIES[self.bodies[name][0]].unit
        expected = set(self.place.values(f"SELECT {', '.join(unit)} FROM {name}__expected"))
        cursor = judge.execute(re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", body))
        names = [item[0] for item in cursor.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return Counter(values(row) for row in rows if tuple(row[column] for column in unit) in expected)


def values(row: dict[str, Any]) -> Values:
    """What a row holds of the author's columns, by name."""
    return tuple(sorted((name, value) for name, value in row.items() if not name.startswith("metasql_")))
