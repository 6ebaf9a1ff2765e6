"""Versions of datasets, as text for people and as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from metasql.execute.dataset_diff import DatasetDiff
from metasql.execute.dataset_export import manifest
from metasql.execute.versions import DatasetVersion
from metasql.graph.dataset import Dataset, as_dict

COLUMNS = ("dataset", "version", "name", "rows", "splits", "current", "created", "by", "message")
NUMBERS = ("rows",)
SHORT = 12


def list_rows(datasets: Iterable[Dataset], versions: Sequence[DatasetVersion]) -> Iterator[tuple[object, ...]]:
    """A row for each version, also of what is declared no more; one for each dataset that has none."""
    have = {item.dataset for item in versions}
    rows = [_row(item) for item in versions]
    rows += [(item.name, "none yet", *[None] * 7) for item in datasets if item.name not in have]
    yield from sorted(rows, key=lambda row: str(row[0]))


def _row(item: DatasetVersion) -> tuple[object, ...]:
    told = (item.dataset, f"v{item.version}", item.name, f"{item.rows:,}", _splits(item.splits), _mark(item))
    return (*told, item.created_at, item.author, item.message)


def _mark(item: DatasetVersion) -> str | None:
    return "current" if item.is_current else None


def _splits(splits: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {rows:,}" for name, rows in splits.items())


def list_document(datasets: Iterable[Dataset], versions: Sequence[DatasetVersion]) -> dict[str, Any]:
    return {
        "datasets": [{"name": item.name, **dataset_document(item)} for item in datasets],
        "versions": [version_document(item) for item in versions],
    }


def dataset_document(dataset: Dataset) -> dict[str, Any]:
    """What a dataset is declared as."""
    said: dict[str, Any] = {"description": dataset.description, "owner": dataset.owner}
    said |= {"tags": list(dataset.tags), "meta": dict(dataset.meta), "path": dataset.path}
    return {**as_dict(dataset), **said}


def version_document(version: DatasetVersion) -> dict[str, Any]:
    more = {"relation": version.relation, "run_id": version.run_id, "is_current": version.is_current}
    return {**manifest(version), **more}


def dataset_lines(dataset: Dataset, versions: Sequence[DatasetVersion]) -> Iterator[str]:
    """What a dataset is declared as, and its versions in a word."""
    yield f"dataset {dataset.name}" + (f": {dataset.description}" if dataset.description else "")
    yield from _declared(as_dict(dataset))
    for name, value in (("owner", dataset.owner), ("tags", ", ".join(dataset.tags)), ("declared in", dataset.path)):
        if value:
            yield f"  {name}: {value}"
    current = next((f"v{item.version}" for item in versions if item.is_current), "none")
    newest = f"v{versions[-1].version}" if versions else "none"
    yield f"  versions: {len(versions)}, newest {newest}, current {current}"


def version_lines(version: DatasetVersion) -> Iterator[str]:
    """All that is kept of a version."""
    name = f" ({version.name})" if version.name else ""
    mark = ", current" if version.is_current else ""
    yield f"dataset {version.dataset} v{version.version}{name}{mark}"
    if version.message:
        yield f"  {version.message}"
    by = f" by {version.author}" if version.author else ""
    at = f" at revision {version.revision[:SHORT]}" if version.revision else ""
    yield f"  made {version.created_at}{by}{at}, run {version.run_id}"
    splits = f" ({_splits(version.splits)})" if version.splits else ""
    yield f"  {version.rows:,} rows{splits} in {version.relation}, digest {version.digest}"
    yield from _declared(version.definition)
    for key, told in version.features.items():
        fields = ", ".join(f"{field} `{_cut(item['code_version'])}`" for field, item in told["fields"].items())
        yield f"  feature {key}, version {told['version'][:SHORT]}: code versions {fields}"


def _declared(definition: Mapping[str, Any]) -> Iterator[str]:
    yield f"  features: {', '.join(definition['features'])}; key: {', '.join(definition['key'])}"
    columns = [name if source.endswith(f".{name}") else f"{source} as {name}" for name, source in _items(definition)]
    yield f"  columns: {', '.join(columns)}"
    if definition["where"]:
        yield f"  where: {definition['where']}"
    if definition["splits"]:
        yield f"  splits: {', '.join(f'{name} {share}' for name, share in definition['splits'].items())}"


def _items(definition: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(str(name), str(source)) for name, source in definition["columns"].items()]


def _cut(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[:SHORT]}…"


def diff_lines(diff: DatasetDiff) -> Iterator[str]:
    """What changed in the declaration, and how many rows differ."""
    yield f"dataset {diff.new.dataset}: v{diff.old.version} → v{diff.new.version}"
    for line in diff.definition:
        yield f"  {line}"
    if not diff.definition:
        yield "  declared alike"
    if diff.counts is None:
        yield "  rows cannot be compared: the keys differ"
        return
    said = ", ".join(f"{count:,} {name}" for name, count in diff.counts.items())
    yield f"  rows: {said}" if any(diff.counts.values()) else "  rows: the same"


def diff_rows(diff: DatasetDiff) -> list[tuple[object, ...]]:
    """Rows that differ: the change, the key, and the columns that changed."""
    return [(row.change, *row.key.values(), ", ".join(row.columns)) for row in diff.rows]


def diff_document(diff: DatasetDiff) -> dict[str, Any]:
    return {
        "dataset": diff.new.dataset,
        "from": diff.old.version,
        "to": diff.new.version,
        "definition": list(diff.definition),
        "rows": dict(diff.counts) if diff.counts is not None else None,
        "changes": [
            {
                "change": row.change,
                "key": {name: _plain(value) for name, value in row.key.items()},
                "columns": row.columns,
            }
            for row in diff.rows
        ],
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
