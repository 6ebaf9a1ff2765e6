"""`metasql dataset diff`: two versions of a dataset, what they were declared as and their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from metasql.execute.session import Session
from metasql.execute.snapshot import checked_table
from metasql.execute.versions import DatasetVersion
from metasql.plan.dataset_diff import CHANGES, Sides, counted, listed


@dataclass(frozen=True)
class RowChange:
    """A row that differs: by its key, and for one that changed the columns that did."""

    change: str
    key: Mapping[str, Any]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class DatasetDiff:
    """What is otherwise in `new` than in `old`. `counts` is None where the keys differ: rows cannot be compared then.

    `definition` is one sentence for each word of the declaration that changed, and each feature declared otherwise.
    """

    old: DatasetVersion
    new: DatasetVersion
    definition: tuple[str, ...]
    counts: Mapping[str, int] | None
    rows: tuple[RowChange, ...] = ()


def compare_versions(session: Session, old: DatasetVersion, new: DatasetVersion, most: int = 0) -> DatasetDiff:
    """Compare two versions of a dataset; `most` rows that differ are named.

    Raises: MetasqlError MS0673 where a table is gone.
    """
    before, after = checked_table(session, old), checked_table(session, new)
    said = tuple(_definition(old, new))
    if set(old.key) != set(new.key):
        return DatasetDiff(old, new, said, None)
    sides = Sides(before, after, new.key, tuple(name for name in new.columns if name in old.columns))
    found = {str(change): int(rows) for change, rows in session.connection.rows(counted(sides), "compare versions")}
    counts = {name: found.get(name, 0) for name in CHANGES}
    rows = tuple(_rows(session, sides, most)) if most and any(counts.values()) else ()
    return DatasetDiff(old, new, said, counts, rows)


def _rows(session: Session, sides: Sides, most: int) -> Iterator[RowChange]:
    for change, *key, columns in session.connection.rows(listed(sides, most), "list the rows that differ"):
        names = tuple(name for name in str(columns or "").split(",") if name)
        yield RowChange(str(change), dict(zip(sides.key, key, strict=True)), names)


def _definition(old: DatasetVersion, new: DatasetVersion) -> Iterator[str]:
    before, after = old.definition, new.definition
    for word in ("key", "where", "splits"):
        if before[word] != after[word]:
            yield f"{word}: {_shown(before[word])} → {_shown(after[word])}"
    for name in [*before["columns"], *(name for name in after["columns"] if name not in before["columns"])]:
        was, is_ = before["columns"].get(name), after["columns"].get(name)
        if was is None:
            yield f"column `{name}` is new, from {is_}"
        elif is_ is None:
            yield f"column `{name}` is gone, from {was}"
        elif was != is_:
            yield f"column `{name}`: {was} → {is_}"
    yield from _features(old.features, new.features)


def _features(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted({*before, *after}):
        if key not in after:
            yield f"feature `{key}` is gone"
        elif key not in before:
            yield f"feature `{key}` is new"
        elif before[key]["version"] != after[key]["version"]:
            fields = {*before[key]["fields"], *after[key]["fields"]}
            was, is_ = before[key]["fields"], after[key]["fields"]
            changed = sorted(name for name in fields if was.get(name) != is_.get(name))
            yield f"feature `{key}` is declared otherwise: {', '.join(changed) or 'its fields'}"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{name} {share}" for name, share in value.items()) or "none"
    return ", ".join(value) if isinstance(value, list) else str(value)
