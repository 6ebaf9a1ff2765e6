"""What a command leaves in the target folder: metasql's own documents, and those that readers of dbt's look for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metasql.execute.results import RunResult
from metasql.pipeline import Project
from metasql.report import artifacts
from metasql.report.dbt.common import Place
from metasql.report.dbt.manifest import write_manifest
from metasql.report.dbt.results import write_results


def place_of(project: Project) -> Place:
    """Where dbt's documents of a project are written, and how things are called in them."""
    return Place(project.config, project.target, project.graph, project.layout, project.dialect)


def write_artifacts(project: Project, result: RunResult, told: Mapping[str, Any] | None = None) -> None:
    """The graph, and what a command did; `told`: what a retry of it has to know."""
    place = place_of(project)
    artifacts.write_manifest(project.config, project.graph)
    artifacts.write_run_results(project.config, result, told)
    write_manifest(place, result.run_id, result.started_at)
    write_results(place, result)
