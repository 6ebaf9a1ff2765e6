"""A project with two targets: `prod`, and `dev`, which defers to it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import yaml

from tests.scenarios.support import Place, Row
from tests.support.cli import Result
from tests.support.engines import Engine


class Side(Place):
    """A project on one of its targets: commands go there, and queries see its schema."""

    def __init__(self, folder: Path, engine: Engine, name: str, schema: str, file: Path) -> None:
        self.folder = folder
        self.engine = engine
        self.name = name
        self.schema = schema
        self.file = file

    def cli(self, *command: str, code: int | None = 0) -> Result:
        return super().cli(command[0], "--target", self.name, *command[1:], code=code)

    def rows(self, sql: str, zone: str = "UTC") -> list[Row]:
        names, found = self._query(sql, zone)
        return [dict(zip(names, row, strict=True)) for row in found]

    def values(self, sql: str) -> list[tuple[Any, ...]]:
        return self._query(sql)[1]

    def _query(self, sql: str, zone: str = "UTC") -> tuple[list[str], list[tuple[Any, ...]]]:
        if self.engine.name == "duckdb":
            with duckdb.connect(str(self.file), read_only=True) as connection:
                connection.execute(f"SET TimeZone = '{zone}'")
                connection.execute(f"SET schema = '{self.schema}'")
                cursor = connection.execute(sql)
                return [str(item[0]) for item in cursor.description or []], cursor.fetchall()
        with self.engine.client(self.folder) as client:
            client.database = self.schema
            result = client.query(sql)
            return list(result.column_names), [tuple(row) for row in result.result_rows]

    def everything(self) -> dict[str, list[str]]:
        """All rows of all tables of the target's schema, metasql's own and the history of its commits among them."""
        if self.engine.name == "duckdb":
            sql = f"SELECT table_name FROM duckdb_tables() WHERE schema_name = '{self.schema}' ORDER BY 1"
        else:
            sql = f"SELECT name FROM system.tables WHERE database = '{self.schema}' AND engine <> 'View' ORDER BY 1"
        return {name: sorted(map(repr, self.values(f'SELECT * FROM "{name}"'))) for (name,) in self.values(sql)}


class Two:
    """Both targets of a project."""

    def __init__(self, folder: Path, engine: Engine, *, files: bool = False) -> None:
        first = Place(folder, engine)
        self.target = engine.target(folder)
        path = folder / ("prod.duckdb" if files else "case.duckdb")
        other = {"path": str(path)} if files else {"schema": "production"}
        self.outputs: dict[str, Any] = {"dev": {**self.target, "defer": "prod"}, "prod": {**self.target, **other}}
        self.folder = folder
        self.profile()
        self.dev = Side(folder, engine, "dev", "main", folder / "case.duckdb")
        self.prod = Side(folder, engine, "prod", "main" if files else "production", path)
        self.write = first.write
        self.edit = first.edit
        self.fill = first.fill

    def profile(self, **changes: dict[str, Any]) -> None:
        """Write the profile, with other words in some of its outputs."""
        outputs = {name: {**words, **changes.get(name, {})} for name, words in self.outputs.items()}
        text = yaml.safe_dump({"case": {"target": "dev", "outputs": outputs}}, sort_keys=False)
        (self.folder / "profiles.yml").write_text(text, encoding="utf-8")

    def untouched(self) -> AbstractContextManager[None]:
        """Nothing of `prod` changes meanwhile."""
        return _untouched(self.prod)


@contextmanager
def _untouched(side: Side) -> Any:
    before = side.everything()
    assert before, "there is something that could be changed"
    yield
    assert side.everything() == before


def status(side: Side, *options: str, code: int = 0) -> dict[str, tuple[Any, ...]]:
    """State, live, new, stale and orphaned of each feature."""
    found = yaml.safe_load(side.cli("status", "--json", *options, code=code).out)["features"]
    names: Sequence[str] = ("state", "live", "new", "stale", "orphaned")
    return {item["feature"]: tuple(item[name] for name in names) for item in found}
