"""What dbt's artifacts share: where they are about, how things are called in them, and their heads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from metasql.config.options import attaches
from metasql.config.profiles import Target
from metasql.config.project import VERSION, ProjectConfig
from metasql.graph.nodes import Graph
from metasql.lower.dialect import Dialect
from metasql.lower.render import Renderer
from metasql.names import FeatureKey, Relation
from metasql.plan.layout import Layout
from metasql.plan.sql import table

DBT_VERSION = "1.10.0"
"""The version of dbt whose forms these are: readers decide by it what they may expect."""


@dataclass(frozen=True)
class Place:
    """A project on its target."""

    config: ProjectConfig
    target: Target
    graph: Graph
    layout: Layout
    dialect: Dialect

    @cached_property
    def _renderer(self) -> Renderer:
        return Renderer(self.dialect)

    @property
    def folder(self) -> Path:
        return self.config.root / self.config.target_path

    @property
    def database(self) -> str:
        """What the engine calls the database: the name of the file, where the target is one."""
        if self.layout.catalog:
            return self.layout.catalog
        if not attaches(self.target.options):
            return ""
        path = str(self.target.options.get("path") or ":memory:")
        return "memory" if path == ":memory:" else Path(path).stem

    def named(self, relation: Relation) -> str:
        """A relation as it stands in a statement."""
        return self._renderer.render(table(relation))

    def model(self, key: FeatureKey) -> str:
        """A feature; one of another project is a source here, for it is read and not made."""
        if key.project:
            return self.source(key.project, key.there.relation)
        return f"model.{self.config.name}.{key.relation}"

    @property
    def foreign(self) -> list[FeatureKey]:
        """The features of other projects that are read."""
        graph = self.graph
        read = {dep.feature for feature in graph for dep in feature.deps}
        read |= {FeatureKey(str(ref.name)) for item in graph.assertions for ref in item.refs if ref.kind == "ref"}
        read |= {key for item in graph.exposures.values() for key in item.features}
        return sorted(key for key in read if key.project)

    def dataset(self, name: str) -> str:
        return f"model.{self.config.name}.{name}"

    def seed(self, name: str) -> str:
        return f"seed.{self.config.name}.{name}"

    def source(self, source: str, name: str) -> str:
        return f"source.{self.config.name}.{source}.{name}"

    def test(self, name: str) -> str:
        return f"test.{self.config.name}.{name}"


def head(artifact: str, version: int, invocation: str, moment: str) -> dict[str, Any]:
    """The `metadata` of an artifact; `moment` is in UTC, as `now()` gives it."""
    return {
        "dbt_schema_version": f"https://schemas.getdbt.com/dbt/{artifact}/v{version}.json",
        "dbt_version": DBT_VERSION,
        "generated_at": moment_of(moment),
        "invocation_id": invocation,
        "env": {"METASQL_VERSION": VERSION},
    }


def moment_of(moment: str) -> str:
    return f"{moment.replace(' ', 'T').removesuffix('Z')}Z"


def checksum(text: str | None) -> Mapping[str, str]:
    """The digest of a file's text; of what has no file, none."""
    if text is None:
        return {"name": "none", "checksum": ""}
    return {"name": "sha256", "checksum": hashlib.sha256(text.encode()).hexdigest()}
