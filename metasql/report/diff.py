"""Changed declarations for people and programs: lines, a drawing in Mermaid's words, JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from metasql.graph.diff import Diff, FeatureChange, FeatureDiff, FieldChange

SCHEMA_VERSION = 1
_CLASSES = {
    "added": "fill:#dcf5dc,stroke:#2e7d32",
    "removed": "fill:#f8dcdc,stroke:#b23b3b,stroke-dasharray:4",
    "changed": "fill:#fdf0cc,stroke:#b07d00",
    "upstream": "fill:#eef1f5,stroke:#7a8797",
}


def diff_lines(diff: Diff) -> Iterator[str]:
    """A feature a line, and below it what of it changed."""
    if not diff.features:
        yield "nothing is declared otherwise"
        return
    for item in diff.features:
        yield f"{item.change:<8} {item.key}  {item.kind}"
        for line in change_lines(item):
            yield f"  {line}"
    counts = diff.counts()
    yield ", ".join(f"{number} {word}" for word, number in counts.items() if number)


def change_lines(item: FeatureDiff) -> Iterator[str]:
    """What of a feature changed: of itself, then of its fields."""
    for change in item.changes:
        yield feature_change(change)
    if item.change == "changed":
        width = max((len(field.name) for field in item.fields), default=0)
        for field in item.fields:
            yield f"{field.name:<{width}}  {field_change(field)}"
    elif item.fields:
        yield f"fields: {', '.join(field.name for field in item.fields)}"


def feature_change(change: FeatureChange) -> str:
    """`filter of video/full: n > 3 → n > 5`."""
    if change.before is None:
        return f"{change.what} added: {change.after}"
    if change.after is None:
        return f"{change.what} removed: {change.before}"
    return f"{change.what}: {change.before} → {change.after}"


def field_change(field: FieldChange) -> str:
    """`code version "1" → "2", upstream`."""
    if field.change != "changed":
        return field.change
    said = [f'{why} "{field.before}" → "{field.after}"' if why == "code version" else why for why in field.why]
    return ", ".join(said)


def mermaid(diff: Diff) -> Iterator[str]:
    """The fields that changed, within their features, and which of them are made of which."""
    yield "flowchart LR"
    names: dict[str, str] = {}
    for number, item in enumerate(diff.features):
        yield f"  subgraph f{number}[{_label(item.key)}]"
        if not item.fields:
            yield f"    f{number}_[{_label(', '.join(change.what for change in item.changes))}]:::changed"
        for place, field in enumerate(item.fields):
            name = names[f"{item.key}.{field.name}"] = f"f{number}_{place}"
            kind = "upstream" if set(field.why) == {"upstream"} else field.change
            why = f"<br/>{', '.join(field.why)}" if field.why else ""
            yield f"    {name}[{_label(field.name + why)}]:::{kind}"
        yield "  end"
    for item in diff.features:
        for name, parents in item.made_of:
            for parent in parents:
                if parent in names:
                    yield f"  {names[parent]} --> {names[f'{item.key}.{name}']}"
    for name, style in _CLASSES.items():
        yield f"  classDef {name} {style}"


def _label(text: str) -> str:
    return '"' + text.replace('"', "#quot;") + '"'


def diff_document(diff: Diff, before: str, after: str) -> dict[str, Any]:
    """The JSON rendering. `before` and `after` say what was compared."""
    return {
        "schema_version": SCHEMA_VERSION,
        "before": before,
        "after": after,
        "counts": diff.counts(),
        "features": [feature_document(item) for item in diff.features],
    }


def feature_document(item: FeatureDiff) -> dict[str, Any]:
    """One feature of a comparison as plain data."""
    made_of = dict(item.made_of)
    return {
        "feature": item.key,
        "kind": item.kind,
        "change": item.change,
        "changes": [{"what": entry.what, "before": entry.before, "after": entry.after} for entry in item.changes],
        "fields": [
            {
                "field": field.name,
                "change": field.change,
                "why": list(field.why),
                "before": field.before,
                "after": field.after,
                "made_of": list(made_of.get(field.name, ())),
            }
            for field in item.fields
        ],
    }
