"""Files under `target/`: the graph as metasql.json, the last command as metasql_results.json, compiled SQL.

Both documents carry `schema_version`; a change that readers would notice raises it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from metasql.config.project import VERSION, ProjectConfig
from metasql.execute.freshness import SourceAge
from metasql.execute.results import RunResult
from metasql.graph.dataset import as_dict
from metasql.graph.nodes import Dependency, Feature, Field, Graph

MANIFEST = "metasql.json"
RUN_RESULTS = "metasql_results.json"
SOURCES = "sources.json"
SCHEMA_VERSION = 1


def target_folder(config: ProjectConfig) -> Path:
    return config.root / config.target_path


def write_manifest(config: ProjectConfig, graph: Graph) -> Path:
    """Write the graph: features, fields, field lineage, versions."""
    return write_document(target_folder(config) / MANIFEST, manifest(config, graph))


def manifest(config: ProjectConfig, graph: Graph) -> dict[str, Any]:
    """The graph as plain data, sorted by key."""
    return {
        "schema_version": SCHEMA_VERSION,
        "metasql_version": VERSION,
        "project": {"name": config.name, "version": config.version, "digest": graph.version} | _reads(graph),
        "features": {str(key): feature_entry(feature) for key, feature in sorted(graph.features.items())},
        "field_lineage": [
            {"field": f"{key}.{field.name}", "made_of": [str(parent) for parent in field.parents]}
            for key, feature in sorted(graph.features.items())
            for field in feature.fields
        ],
        "sources": [
            {"source": source, "table": table, "schema": item.schema, "identifier": item.identifier}
            for (source, table), item in sorted(graph.sources.items())
        ],
        "seeds": [{"name": name, "path": seed.path} for name, seed in sorted(graph.seeds.items())],
        "datasets": {
            name: {"path": item.path, "description": item.description, **as_dict(item)}
            for name, item in sorted(graph.datasets.items())
        },
        "exposures": {name: item.as_dict() for name, item in sorted(graph.exposures.items())},
        "assertions": [
            {"name": item.name, "path": item.path, "feature": item.feature, "severity": item.severity}
            for item in graph.assertions
        ],
    }


def _reads(graph: Graph) -> dict[str, Any]:
    """The projects that this one reads, and those that they read in turn."""
    return {"reads": list(graph.projects)} if graph.projects else {}


def feature_entry(feature: Feature) -> dict[str, Any]:
    cost = feature.cost_per_sample
    return {
        "kind": feature.kind.value,
        "relation": feature.relation,
        "path": feature.path,
        "description": feature.description,
        "stale_when": feature.predicate,
        "id_columns": list(feature.id_columns),
        "unit_columns": list(feature.unit_columns),
        "columns": [
            {"name": item.name, "type": str(item.type) if item.type else None, "description": item.description}
            for item in feature.columns
        ],
        "fields": [_field(item) for item in feature.fields],
        "deps": [_dependency(item) for item in feature.deps],
        "version": feature.version,
        "orphans": feature.orphans,
        "history": feature.history,
        "on_schema_change": feature.on_schema_change,
        "contract": feature.contract,
        "cost_per_sample": {"amount": cost.amount, "unit": cost.unit} if cost else None,
        "owner": feature.owner,
        "tags": list(feature.tags),
        "meta": plain_value(feature.meta),
    }


def _field(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "code_version": field.code_version,
        "from_sql": field.from_sql,
        "columns": list(field.columns),
        "made_of": [str(parent) for parent in field.parents],
        "recipe": field.recipe,
        "version": field.version,
    }


def _dependency(dep: Dependency) -> dict[str, Any]:
    return {
        "feature": str(dep.feature),
        "lineage": dep.lineage.value,
        "on": [ours for _, ours in dep.match],
        "match": [list(pair) for pair in dep.match],
        "where": dep.where_text,
        "optional": dep.optional,
        "rename": dict(dep.rename),
        "columns": [name for _, name in dep.carried],
        "fields": list(dep.fields),
    }


def plain_value(value: Any) -> Any:
    """Values of YAML as JSON can hold them."""
    if isinstance(value, dict):
        return {str(name): plain_value(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_value(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def write_run_results(config: ProjectConfig, result: RunResult, options: Mapping[str, Any] | None = None) -> Path:
    """Write what the last command did, node by node; `options` are those that a retry has to know."""
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "metasql_version": VERSION,
        "run_id": result.run_id,
        "command": result.command,
        "target": result.target,
        "started_at": result.started_at,
        "seconds": round(result.seconds, 6),
        "options": dict(options or {}),
        "results": [node.as_dict() for node in result.nodes],
    }
    if result.statements:
        document["statements"] = [item.as_dict() for item in result.statements]
    return write_document(target_folder(config) / RUN_RESULTS, document)


def write_sources(path: Path, run_id: str, ages: Iterable[SourceAge], seconds: float) -> Path:
    """Write how old each source is, under the names that dbt has for it."""
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "metadata": {"metasql_version": VERSION, "invocation_id": run_id},
        "elapsed_time": round(seconds, 6),
        "results": [age.as_dict() for age in ages],
    }
    return write_document(path, document)


def write_compiled(config: ProjectConfig, files: Iterable[tuple[Path, str]]) -> None:
    """Write compiled SQL, each text to its path under the target folder."""
    base = target_folder(config)
    made: dict[Path, Path] = {}
    for place, sql in files:
        folder = made.get(place.parent)
        if folder is None:
            folder = made[place.parent] = base / place.parent
            folder.mkdir(parents=True, exist_ok=True)
        (folder / place.name).write_bytes(sql.encode())


def remove_target(project_root: Path, target_path: str, keep: Iterable[Path]) -> list[Path]:
    """Empty the target folder but for files to keep; gives what was taken away."""
    kept = {path.resolve() for path in keep}
    gone = []
    base = project_root / target_path
    for entry in sorted(base.iterdir()) if base.is_dir() else []:
        if entry.resolve() in kept or any(entry.resolve() in path.parents for path in kept):
            continue
        shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        gone.append(entry)
    return gone


def write_document(path: Path, document: Mapping[str, Any]) -> Path:
    return write_whole(path, _lines(document).encode())


def write_whole(path: Path, data: bytes) -> Path:
    """Whole or not at all: a reader never sees half a file. One that says the same is left as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return path
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_bytes(data)
    temporary.replace(path)
    return path


def _lines(document: Mapping[str, Any]) -> str:
    """A document as JSON, each entry of its collections on a line of its own: for people, and for diffs."""
    parts = [f"{json.dumps(name)}: {_collection(value)}" for name, value in document.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _collection(value: Any) -> str:
    if isinstance(value, dict) and value:
        items = [f"  {json.dumps(name)}: {json.dumps(item, ensure_ascii=False)}" for name, item in value.items()]
        return "{\n" + ",\n".join(items) + "\n}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"  {json.dumps(item, ensure_ascii=False)}" for item in value) + "\n]"
    return json.dumps(value, ensure_ascii=False)
