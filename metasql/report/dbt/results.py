"""`run_results.json` as dbt has it, schema version 6. What a retry needs is in metasql's own file beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from metasql.execute.results import NodeResult, RunResult
from metasql.graph.nodes import Kind
from metasql.names import FeatureKey
from metasql.report.artifacts import write_document
from metasql.report.dbt.common import Place, head

RESULTS = "run_results.json"

_RUN = {"ok": "success", "warn": "success"}
_TEST = {"ok": "pass"}
_FEATURES = frozenset(kind.value for kind in Kind)


def write_results(place: Place, result: RunResult) -> Path:
    return write_document(place.folder / RESULTS, run_results(place, result))


def run_results(place: Place, result: RunResult) -> dict[str, Any]:
    """What a command did, node by node."""
    return {
        "metadata": head("run-results", 6, result.run_id, result.started_at),
        "results": [_result(place, node) for node in result.nodes],
        "elapsed_time": round(result.seconds, 6),
        "args": {
            "which": result.command,
            "invocation_command": f"metasql {result.command}",
            "target": result.target,
            "project_dir": str(place.config.root),
        },
    }


def _result(place: Place, node: NodeResult) -> dict[str, Any]:
    tested = node.kind in ("assertion", "unit test")
    return {
        "status": (_TEST if tested else _RUN).get(node.status, node.status),
        "timing": [],
        "thread_id": "main",
        "execution_time": round(node.seconds, 6),
        "adapter_response": {"_message": node.text, "rows_affected": node.written},
        "message": "\n".join(f"{item.code}: {item.message}" for item in node.diagnostics) or node.text or None,
        "failures": node.failures if tested else None,
        "unique_id": _unique_id(place, node),
        "compiled": None,
        "compiled_code": None,
        "relation_name": _relation(place, node),
        "batch_results": None,
    }


def _unique_id(place: Place, node: NodeResult) -> str:
    name = node.name.partition(":")[2] if node.name.startswith(("assertion:", "dataset:", "unit test:")) else node.name
    if node.kind in _FEATURES:
        return place.model(FeatureKey(name))
    named = {"seed": place.seed, "assertion": place.test, "dataset": place.dataset}.get(node.kind)
    return named(name) if named is not None else f"unit_test.{place.config.name}.{name.strip().replace('/', '__')}"


def _relation(place: Place, node: NodeResult) -> str | None:
    feature = place.graph.get(node.name) if node.kind in _FEATURES else None
    return None if feature is None else place.named(place.layout.public(feature.key))
