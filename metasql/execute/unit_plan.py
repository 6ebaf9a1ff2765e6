"""What is known of a unit test before an engine is there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from metasql.config.options import MEMORY
from metasql.config.profiles import Options, Target
from metasql.graph.nodes import Feature, Graph
from metasql.graph.unit_tests import UnitProject
from metasql.parse.declarations import UnitTestDecl

SCHEMA = "metasql_unit_test"


@dataclass(frozen=True)
class UnitPlan:
    """A unit test, its small project, and where it runs."""

    test: UnitTestDecl
    project: UnitProject
    graph: Graph
    target: Target
    hash: str

    @property
    def feature(self) -> Feature:
        found = self.graph.get(str(self.test.feature))
        assert found is not None, "a plan has the feature that it tests"
        return found


def memory_target(target: Target) -> Target:
    """An engine in memory of a target's kind; `path` of chDB is chosen when it is opened."""
    options: dict[str, Any] = {"path": MEMORY, "threads": 1, "settings": {}}
    if target.type == "clickhouse":
        options["driver"] = "chdb"
    else:
        options |= {name: target.options[name] for name in ("settings", "storage_version") if name in target.options}
        options["attach"] = ()
    return replace(target, schema=SCHEMA, options=Options(options), defer=None, source=None)
