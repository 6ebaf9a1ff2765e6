"""The same rows of every type on two engines: every hash, every increment and every value is the same.

DuckDB is compared with the engine that `--engine` names, and with chDB where it names DuckDB alone.
The cases are the same ones every time. `METASQL_PROPERTY_EXAMPLES=500` makes more of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from tests.property.kinds import KINDS, NEAR, Kind
from tests.property.mixed import Mixed, random_project
from tests.property.twins import Batch, Given, Twins
from tests.scenarios.support import csv_text
from tests.support.clickhouse_engines import ChDB
from tests.support.engines import DuckDB

EXAMPLES = int(os.environ.get("METASQL_PROPERTY_EXAMPLES", "6"))
EDITS = 5
FORMATS = ("csv", "json", "parquet")


@pytest.mark.parametrize("seed", range(EXAMPLES))
def test_equal_hashes(seed, engine, tmp_path):
    """Whatever is edited, both engines hold and hand out the same."""
    random = Random(seed)
    twins = Twins(tmp_path, DuckDB(), engine if engine.name != "duckdb" else ChDB())
    story = _Story(random, twins, random_project(random, KINDS if engine.name in ("duckdb", "chdb") else NEAR))
    story.begin()
    for _ in range(EDITS):
        story.edit()


class _Story:
    """What happens to one project."""

    def __init__(self, random: Random, twins: Twins, mixed: Mixed) -> None:
        self.random = random
        self.twins = twins
        self.mixed = mixed
        self.keys = [str(feature["name"]) for feature in mixed.features]
        self.rows = self._things([self._ids() for _ in range(random.randint(3, 12))])

    def begin(self) -> None:
        self.twins.write(self.mixed.files())
        self.twins.fill("things", self.mixed.types, self.rows)
        self._run()
        self._note()
        self._work("job")
        self._parts()

    def edit(self) -> None:
        edits: list[Callable[[], None]] = [self._change, self._note, self._mark, self._recode, self._delete]
        self.random.choice(edits)()
        self.random.choice([lambda: self._work("job"), self._parts, self._run])()

    # Edits

    def _run(self) -> None:
        results = self.twins.cli("run")
        assert results[0].code == 0, results[0]
        self._compare()

    def _compare(self) -> None:
        self.twins.compare(self.keys)

    def _change(self) -> None:
        """Some rows of the source change, some go, some come."""
        kept = [row for row in self.rows if self.random.random() < 0.8]
        made = {**self.mixed.columns, "grp": self.mixed.groups}
        changed = [{**row, **_some(self.random, made)} if self.random.random() < 0.4 else row for row in kept]
        self.rows = changed + self._things([self._ids() for _ in range(self.random.randint(0, 3))], changed)
        self.twins.told.append("change the source")
        self.twins.fill("things", self.mixed.types, self.rows)
        self._run()

    def _note(self) -> None:
        """Rows of a root from outside, with all of its columns."""
        self._bring("notes", self.mixed.told)

    def _mark(self) -> None:
        """Contents and data versions of another, given as values of some type."""
        kinds = list(self.mixed.columns.values())
        names = ("metasql_content__x", "metasql_content__y", "metasql_data_version__x")
        self._bring("marks", {name: self.random.choice(kinds) for name in names})

    def _bring(self, key: str, columns: Mapping[str, Kind]) -> None:
        known = [{name: row[name] for name in self.mixed.ids} for row in self.rows if self.random.random() < 0.6]
        rows = [{**ids, **{name: kind.value(self.random) for name, kind in columns.items()}} for ids in known]
        format = self.random.choice(FORMATS)
        types = self._types({**self.mixed.ids, **columns}, format)
        select = f"SELECT {', '.join(types)} FROM given"
        paths = [Batch(place.folder, format).written(select, rows, types) for place in self.twins.places]
        self.twins.commit(key, paths)
        self._compare()

    def _work(self, key: str) -> None:
        """What was handed out comes back with results, in the order of the receipts, which are the same on both."""
        came, format = self.random.choice(("json", "parquet", "csv")), self.random.choice(FORMATS)
        handed = self.twins.hand_out(key, came)
        if any(path.stat().st_size == 0 for path in handed):
            assert all(path.stat().st_size == 0 for path in handed)  # JSON lines without a line
            return
        rows = [{name: kind.value(self.random) for name, kind in self.mixed.work.items()} for _ in range(40)]
        types = self._types(self.mixed.work, format)
        paths = []
        for place, path in zip(self.twins.places, handed, strict=True):
            names = ", ".join([self._ids_as(format), *types, "metasql_receipt"])
            query = f"SELECT {names} FROM {_ranked(path, self.mixed.ids)}"
            paths.append(Batch(place.folder, format).written(query, rows, types))
        self.twins.commit(key, paths)
        self._compare()

    def _parts(self) -> None:
        """The inputs come back, some with children and some without."""
        handed = self.twins.hand_out("parts", "parquet")
        rows = [{name: kind.value(self.random) for name, kind in self.mixed.work.items()} for _ in range(40)]
        most, format = self.random.randint(1, 3), self.random.choice(FORMATS)
        types = self._types(self.mixed.work, format)
        paths, inputs = [], []
        for place, path in zip(self.twins.places, handed, strict=True):
            ids = self._ids_as(format)
            ranked = _ranked(path, self.mixed.ids)
            children = f"(SELECT *, unnest(range(n % {most + 1})) AS child FROM {ranked})"
            names = ", ".join([ids, *types, "child AS n"])
            paths.append(Batch(place.folder, format).written(f"SELECT {names} FROM {children}", rows, types))
            listed = Batch(place.folder, format)
            listed.path = place.folder / f"inputs.{format}"
            inputs.append(listed.written(f"SELECT {ids}, metasql_receipt FROM {ranked}", rows, types))
        self.twins.commit("parts", paths, inputs)
        self._compare()

    def _ids_as(self, format: str) -> str:
        """The ids that were handed out; in JSON as text where a reader would take them for floats."""
        whole = {name: format != "json" or kind.plain for name, kind in self.mixed.ids.items()}
        return ", ".join(name if whole[name] else f"CAST({name} AS VARCHAR) AS {name}" for name in whole)

    def _recode(self) -> None:
        """A field is made by other code."""
        self.mixed = self.mixed.recoded(self.random)
        self.twins.told.append("another code version")
        self.twins.write(self.mixed.files())
        self._run()

    def _delete(self) -> None:
        columns = {**self.mixed.ids, **self.mixed.columns}
        name = self.random.choice(list(columns))
        where = self.random.choice(columns[name].conditions).replace(":c", name)
        self.twins.cli("delete", "things", "--where", where)
        self._compare()

    # Values

    def _ids(self) -> Given:
        return {name: kind.given(self.random) for name, kind in self.mixed.ids.items()}

    def _things(self, ids: list[Given], before: list[Given] | None = None) -> list[Given]:
        """Rows with ids that no other has."""
        known = {_same(row, self.mixed.ids) for row in before or []}
        rows: list[Given] = []
        for row in ids:
            if _same(row, self.mixed.ids) not in known:
                known.add(_same(row, self.mixed.ids))
                values = {name: kind.value(self.random) for name, kind in self.mixed.columns.items()}
                groups = [self.mixed.groups.fitted(text) for text in self.mixed.groups.values[:3]]
                rows.append({**row, **values, "grp": self.random.choice((*groups, None))})
        return rows

    def _types(self, columns: Mapping[str, Kind], format: str) -> dict[str, str]:
        """How a batch holds its columns: as what they are, or as text. Parquet has no integers of 128 bits."""
        found = {}
        for name, kind in columns.items():
            as_text = format == "csv" or (format == "json" and not (kind.plain and self.random.random() < 0.5))
            found[name] = "text" if as_text or (kind.type.endswith("hugeint")) else kind.type
        return found


def _ranked(path: Path, ids: Iterable[str]) -> str:
    """The rows of a file in the order of their receipts, beside as many that are given."""
    if path.suffix == ".json":
        path = _with_texts(path, [*ids, "metasql_receipt"])
    text = "all_varchar = true, nullstr = '', allow_quoted_nulls = false"
    read = f"read_parquet('{path}')" if path.suffix == ".parquet" else f"read_csv('{path}', {text})"
    numbered = f"SELECT *, row_number() OVER (ORDER BY metasql_receipt) - 1 AS n FROM {read}"
    return f"(SELECT * FROM ({numbered}) JOIN given USING (n))"


def _with_texts(path: Path, names: list[str]) -> Path:
    """JSON lines as CSV: whoever reads numbers of many digits as floats loses some."""
    rows = [json.loads(line, parse_float=str, parse_int=str) for line in path.read_text(encoding="utf-8").splitlines()]
    made = path.with_suffix(".csv")
    made.write_text(csv_text([{name: row[name] for name in names} for row in rows]), encoding="utf-8", newline="")
    return made


def _some(random: Random, columns: Mapping[str, Kind]) -> Given:
    return {name: kind.value(random) for name, kind in columns.items() if random.random() < 0.3}


def _same(row: Given, ids: Mapping[str, Kind]) -> tuple[object, ...]:
    """What makes two rows one sample."""
    numbers = ("decimal", "int", "uint", "tiny", "small", "big", "huge", "u")
    values = ((str(row[name]), kind.type) for name, kind in ids.items())
    return tuple(Decimal(text) if type_.startswith(numbers) and type_ != "uuid" else text for text, type_ in values)
