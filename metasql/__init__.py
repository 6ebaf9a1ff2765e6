"""metasql: incremental data features in SQL.

    project = metasql.Project.load(".", target="prod")
    with project.connect() as wh:
        for batch in wh.increment("video/face_crop", limit=10_000).batches(1_000):
            wh.commit("video/face_crop", crop(batch))

Everything public is named in `__all__`; it is loaded when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

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
    "__version__",
]

if TYPE_CHECKING:
    from metasql.api.public import (
        Bounds,
        Committed,
        Dataset,
        DatasetVersion,
        Diagnostic,
        FeatureStatus,
        Increment,
        Lineage,
        LineageStep,
        MetasqlError,
        ModelVersion,
        NodeResult,
        PlannedWork,
        PlanReport,
        Project,
        RunReport,
        Status,
        Unwritten,
        Warehouse,
        Worker,
        Writer,
    )
else:

    def __getattr__(name: str) -> object:
        """A public name, with what it needs."""
        if name not in __all__:
            raise AttributeError(f"module 'metasql' has no attribute {name!r}")
        from metasql.api import public

        return getattr(public, name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
