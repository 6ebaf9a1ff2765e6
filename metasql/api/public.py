"""The public names, as `metasql` has them."""

from __future__ import annotations

from metasql.api.dataset import Dataset
from metasql.api.increment import Increment
from metasql.api.project import Project
from metasql.api.values import Committed, Lineage, PlanReport, RunReport, Status
from metasql.api.warehouse import Warehouse
from metasql.api.worker import Worker
from metasql.api.writer import Unwritten, Writer
from metasql.diagnostics import Diagnostic, MetasqlError
from metasql.execute.models import ModelVersion
from metasql.execute.plan import Bounds
from metasql.execute.plan import Work as PlannedWork
from metasql.execute.results import NodeResult
from metasql.execute.versions import DatasetVersion
from metasql.report.lineage import Step as LineageStep
from metasql.report.status import FeatureStatus

__all__ = [
    "Bounds",
    "Committed",
    "Dataset",
    "DatasetVersion",
    "Diagnostic",
    "FeatureStatus",
    "Increment",
    "Lineage",
    "LineageStep",
    "MetasqlError",
    "ModelVersion",
    "NodeResult",
    "PlanReport",
    "PlannedWork",
    "Project",
    "RunReport",
    "Status",
    "Unwritten",
    "Warehouse",
    "Worker",
    "Writer",
]
