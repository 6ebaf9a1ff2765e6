"""A project in a folder, driven through the command line, and its warehouse as a plain client reads it."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from tests.support.cli import Result, run_cli
from tests.support.engines import Engine
from tests.support.project import write_project

Row = dict[str, Any]

VOLATILE = ("metasql_run_id", "metasql_created_at", "metasql_updated_at", "metasql_commit", "metasql_superseded_at")
"""Columns that tell when and by whom a row was written, not what it is."""


class Place:
    """A project and its warehouse."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder = folder
        self.engine = engine
        write_project(folder, engine)
        self.write("models/.keep", "")

    @property
    def type(self) -> str:
        """The engine's word in `type:` of a target, and in the names of bodies for it."""
        return str(self.engine.target(self.folder)["type"])

    # The project

    def write(self, path: str, text: str) -> Path:
        """Write a file of the project; common indentation is taken off."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return place

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text of a file that must be there."""
        text = (self.folder / path).read_text(encoding="utf-8")
        assert old in text, f"{path} has no {old!r}"
        self.write(path, text.replace(old, new))

    def fill(self, table: str, types: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
        """Make the source `raw.table` hold exactly these rows."""
        self.engine.fill(self.folder, table, types, [dict(zip(types, row, strict=True)) for row in rows])

    # Commands

    def cli(self, *command: str, code: int | None = 0) -> Result:
        """Run a command; it must leave with `code`, and never with a traceback."""
        self.engine.ready(self.folder)
        result = run_cli(command[0], "--project-dir", str(self.folder), *command[1:])
        assert "Traceback" not in result.err, str(result)
        assert "MS9" not in result.err, str(result)
        if code is not None:
            assert result.code == code, f"expected exit code {code}\n{result}\n{result.out}"
        return result

    def run(self, *options: str, code: int | None = 0) -> Result:
        return self.cli("run", *options, code=code)

    def increment(self, key: str, status: str = "new,stale,orphaned") -> list[Row]:
        """The rows of an increment, as JSON lines give them."""
        out = self.cli("increment", key, "--status", status, "--format", "json").out
        return [json.loads(line) for line in out.splitlines() if line.strip()]

    def listed(self, key: str) -> dict[tuple[Any, ...], tuple[str, str, str]]:
        """Unit → status, stale fields, reason."""
        rows = self.increment(key)
        width = len(self.unit(key)) if rows else 0
        return {
            tuple(row.values())[:width]: (
                row["metasql_status"],
                row["metasql_stale_fields"] or "",
                row["metasql_reason"],
            )
            for row in rows
        }

    def unit(self, key: str) -> list[str]:
        rows = self.rows(f"SELECT unit_columns FROM metasql_features WHERE feature = '{key}'")
        return str(rows[0]["unit_columns"]).split(",")

    def commit(
        self, key: str, rows: Sequence[Mapping[str, Any]], *options: str, form: str = "json", code: int | None = 0
    ) -> Result:
        """Commit rows: JSON lines or CSV."""
        path = self.folder / f"batch.{form}"
        path.write_text(lines(rows) if form == "json" else csv_text(rows), encoding="utf-8", newline="")
        return self.cli("commit", key, str(path), *options, code=code)

    def work_off(self, key: str, columns: Mapping[str, Any] | None = None, **options: Any) -> Result:
        """Commit what the increment lists as new or stale, with one value for each column."""
        unit = self.unit(key)
        rows = [
            {**{name: row[name] for name in unit}, **(columns or {}), "metasql_receipt": row["metasql_receipt"]}
            for row in self.increment(key, "new,stale")
        ]
        return self.commit(key, rows, **options)

    # The warehouse, as a plain client reads it

    def held(self) -> AbstractContextManager[object]:
        """The warehouse stays open meanwhile."""
        return self.engine.held(self.folder)

    def rows(self, sql: str, zone: str = "UTC") -> list[Row]:
        names, found = self.engine.query(self.folder, sql, zone)
        return [dict(zip(names, row, strict=True)) for row in found]

    def values(self, sql: str) -> list[tuple[Any, ...]]:
        return self.engine.query(self.folder, sql)[1]

    def table(self, relation: str, without: Sequence[str] = VOLATILE) -> list[str]:
        """All rows of a relation as sorted texts, without what tells when they were written."""
        rows = self.rows(f'SELECT * FROM "{relation}"')
        return sorted(repr({k: v for k, v in row.items() if k not in without}) for row in rows)

    def tables(self, relations: Iterable[str], without: Sequence[str] = VOLATILE) -> dict[str, list[str]]:
        """All rows of several relations."""
        with self.held():
            return {name: self.table(name, without) for name in relations}

    def public(self, without: Sequence[str] = VOLATILE) -> dict[str, list[str]]:
        """Every view of the warehouse, and every history."""
        return self.tables(self.relations(), without)

    def columns(self, relation: str) -> dict[str, str]:
        """Its columns and their types in DuckDB's words; none where it is not there."""
        return self.engine.columns(self.folder, relation)

    def relations(self) -> list[str]:
        return self.engine.relations(self.folder)

    def copy(self, folder: Path) -> Place:
        """The project and its warehouse once more."""
        self.engine.settle(self.folder)
        shutil.copytree(self.folder, folder, symlinks=True)
        return Place(folder, self.engine)


def lines(rows: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """CSV as Python writes it; None is an empty cell, and an empty text is `""`."""
    if not rows:
        return ""
    out = io.StringIO()
    names = list(rows[0])
    out.write(",".join(names) + "\n")
    for row in rows:
        out.write(",".join(_cell(row[name]) for name in names) + "\n")
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = str(value)
    if text == "" or any(sign in text for sign in '",\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


PYTHON = sys.executable
