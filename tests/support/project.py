"""A case's declarations as a project on disk.

A root that no step compares with a source is written from outside: its fields have neither columns nor a version.
A root with `samples` has a SQL body over a table of the source `raw`, one text column there per field.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.support.columns import column_types
from tests.support.engines import Engine

PASSED_ON = ("stale_when",)
"""Keys of a case's feature that are the language's own words."""


class CaseProject:
    """The project of one case: its files, and what the case knows of its columns."""

    def __init__(self, case: Mapping[str, Any], folder: Path, engine: Engine):
        self.folder = folder
        self.engine = engine
        self.types = column_types(case)
        self.sourced = sourced_roots(case)
        self.features: list[dict[str, Any]] = []
        self._ever = list(_every_declaration(case))
        write_project(folder, engine)

    def declare(self, features: Iterable[Mapping[str, Any]]) -> None:
        """Replace all declarations."""
        self.features = [dict(feature) for feature in features]
        models = self.folder / "models"
        if models.exists():
            shutil.rmtree(models)
        models.mkdir(parents=True)
        _write_yaml(models / "features.yml", self._document())
        for feature in self.features:
            if feature["key"] in self.sourced:
                body = models / f"{feature['key']}.sql"
                body.parent.mkdir(parents=True, exist_ok=True)
                body.write_text(self._body(feature), encoding="utf-8")

    def feature(self, key: str) -> dict[str, Any]:
        return next(feature for feature in self.features if feature["key"] == key)

    def declared_columns(self, key: str) -> dict[str, str]:
        """The id and data columns of a feature, each with its type."""
        feature = self.feature(key)
        return {column: self.types[key, column] for column in (*feature["id_columns"], *(feature.get("columns") or ()))}

    def content_columns(self, key: str) -> list[str]:
        """The columns of a root's body that hold the contents of its fields; none where it is written from outside."""
        fields = self.feature(key)["fields"] if key in self.sourced else ()
        return [content_column(key, field["name"]) for field in fields]

    def fill(self, key: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Make the source of a root hold exactly these rows, in the words of a case."""
        types = self._source_columns(key)
        self.engine.fill(self.folder, relation(key), types, [source_row(key, row) for row in rows])

    def _document(self) -> dict[str, Any]:
        document: dict[str, Any] = {"version": 1}
        tables = [{"name": relation(feature["key"])} for feature in self.features if feature["key"] in self.sourced]
        if tables:
            document["sources"] = [{"name": "raw", "schema": "raw", "tables": tables}]
        document["features"] = [self._declaration(feature) for feature in self.features]
        return document

    def _declaration(self, feature: Mapping[str, Any]) -> dict[str, Any]:
        key = feature["key"]
        columns = self.declared_columns(key)
        columns |= dict.fromkeys(self.content_columns(key), "text")
        declared = {
            "name": key,
            "id_columns": list(feature["id_columns"]),
            "fields": [self._field(key, field) for field in feature["fields"]],
            "columns": [{"name": column, "type": kind} for column, kind in columns.items()],
            "on_schema_change": "append",
        }
        if key in self.sourced:
            # What a step leaves out of a source is not deleted unless the step says so.
            declared["orphans"] = "keep"
        if feature.get("deps"):
            declared["deps"] = [dict(dep) for dep in feature["deps"]]
        return declared | {word: feature[word] for word in PASSED_ON if feature.get(word) is not None}

    def _field(self, key: str, field: Mapping[str, Any]) -> dict[str, Any]:
        declared = {"name": field["name"], "code_version": str(field.get("code_version", "1"))}
        if field.get("deps") is not None:
            declared["deps"] = list(field["deps"])
        if key in self.sourced:
            declared["columns"] = [content_column(key, field["name"])]
        return declared

    def _body(self, feature: Mapping[str, Any]) -> str:
        key = feature["key"]
        names = (*self.declared_columns(key), *self.content_columns(key))
        columns = ",\n  ".join(f'"{name}"' for name in names)
        return f"select\n  {columns}\nfrom {{{{ source('raw', '{relation(key)}') }}}}\n"

    def _source_columns(self, key: str) -> dict[str, str]:
        """The columns of a root's source table: all that any declaration of the case reads from it."""
        columns: dict[str, str] = {}
        for feature in self._ever:
            if feature["key"] == key:
                names = (*feature["id_columns"], *(feature.get("columns") or ()))
                columns |= {column: self.types[key, column] for column in names}
                columns |= {content_column(key, field["name"]): "text" for field in feature["fields"]}
        return columns


def write_project(folder: Path, engine: Engine) -> None:
    """The project file and the profile."""
    folder.mkdir(parents=True, exist_ok=True)
    project = {
        "name": "case",
        "version": "1.0.0",
        "profile": "case",
        "dialect": engine.dialect,
        "model-paths": ["models"],
    }
    _write_yaml(folder / "dbt_project_style.yml", project)
    _write_yaml(folder / "profiles.yml", {"case": {"target": "dev", "outputs": {"dev": engine.target(folder)}}})


def sourced_roots(case: Mapping[str, Any]) -> frozenset[str]:
    """The roots that some step compares with the rows of a source."""
    return frozenset(step["feature"] for step in case["steps"] if step.get("samples") is not None)


def relation(key: str) -> str:
    """The name of a feature's relations: `video__crop` of `video/crop`."""
    return key.replace("/", "__")


def content_column(key: str, field: str) -> str:
    """The source's column for a field. Two roots never share one, so that no two dependencies carry the same."""
    return f"content_{relation(key)}_{relation(field)}"


def source_row(key: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a source. A data version that stands in place of the content is told apart from any content."""
    values = {name: value for name, value in row.items() if name not in ("fields", "data_versions")}
    contents = {name: as_text(value) for name, value in (row.get("fields") or {}).items()}
    contents |= {
        name: f"data version {as_text(v)}" for name, v in (row.get("data_versions") or {}).items() if v is not None
    }
    return values | {content_column(key, name): value for name, value in contents.items()}


def as_text(value: Any) -> str | None:
    """A free value as the text that is given to metasql."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _every_declaration(case: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    yield from case["features"]
    for step in case["steps"]:
        yield from step.get("features") or ()


def _write_yaml(path: Path, document: Mapping[str, Any]) -> None:
    plain = json.loads(json.dumps(document))  # no anchors for lists that a case uses twice
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=110)
    path.write_text(text, encoding="utf-8")
