"""Versions of models, as text for people and as plain data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from metasql.execute.models import ModelVersion

COLUMNS = ("model", "version", "current", "learned from", "metrics", "registered", "by", "message")


def model_rows(versions: Iterable[ModelVersion]) -> Iterator[tuple[object, ...]]:
    for item in versions:
        mark = "current" if item.is_current else None
        yield item.name, item.version, mark, _dataset(item), _metrics(item), item.created_at, item.author, item.message


def model_document(item: ModelVersion) -> dict[str, Any]:
    return {**asdict(item), "code_version": item.code_version}


def model_lines(item: ModelVersion) -> Iterator[str]:
    """All that is kept of a version."""
    yield f"model {item.name} {item.version}{', current' if item.is_current else ''}"
    if item.message:
        yield f"  {item.message}"
    by = f" by {item.author}" if item.author else ""
    at = f" at revision {item.revision[:12]}" if item.revision else ""
    yield f"  registered {item.created_at}{by}{at}, run {item.run_id}"
    for name, value in (("learned from", _dataset(item)), ("metrics", _metrics(item)), ("lies at", item.uri)):
        if value:
            yield f"  {name}: {value}"
    yield f"  code version: {item.code_version}"


def _dataset(item: ModelVersion) -> str | None:
    return f"{item.dataset} v{item.dataset_version}" if item.dataset is not None else None


def _metrics(item: ModelVersion) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in item.metrics.items())


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
