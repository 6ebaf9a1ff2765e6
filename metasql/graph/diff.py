"""Two sets of declarations → what changed, field by field, each with its why.

| why | a field of the same name |
| --- | --- |
| code version | has another `code_version`, which its author wrote |
| SQL | has another code version, which is read from its SQL |
| dependency | is made of fields of other features, or a dependency that it reads has another lineage or other keys |
| mapping | is made of other fields of the same features |
| filter | reads a dependency of which other rows count |
| columns | holds other columns |
| upstream | is as it was, and a field that it is made of is not |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from metasql.graph.definition import Definitions, DependencyDefinition, FeatureDefinition, FieldDefinition

WHYS = ("code version", "SQL", "dependency", "mapping", "filter", "columns", "upstream")


@dataclass(frozen=True)
class FieldChange:
    """A field that was added, removed or changed; code versions where they are of interest."""

    name: str
    change: str
    why: tuple[str, ...] = ()
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class FeatureChange:
    """What of a feature itself changed: a word, and how it was and is declared."""

    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class FeatureDiff:
    """A feature that was added, removed or changed. `made_of` says of each changed field what it is made of."""

    key: str
    kind: str
    change: str
    fields: tuple[FieldChange, ...] = ()
    changes: tuple[FeatureChange, ...] = ()
    made_of: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether it was declared otherwise itself, and not something upstream of it."""
        own = any(set(item.why) != {"upstream"} for item in self.fields)
        return self.change != "changed" or bool(self.changes) or own


@dataclass(frozen=True)
class Diff:
    """Everything that differs, by feature key."""

    features: tuple[FeatureDiff, ...]

    def of(self, key: str) -> FeatureDiff | None:
        return next((item for item in self.features if item.key == key), None)

    def counts(self) -> dict[str, int]:
        """How many features were added, removed and changed."""
        return {word: sum(item.change == word for item in self.features) for word in ("added", "removed", "changed")}


def compare_definitions(before: Definitions, after: Definitions) -> Diff:
    """What has to be said to get from one set of declarations to the other."""
    found = []
    for key in sorted(before.features.keys() | after.features.keys()):
        old, new = before.features.get(key), after.features.get(key)
        if old is None and new is not None:
            found.append(_whole(new, "added"))
        elif new is None and old is not None:
            found.append(_whole(old, "removed"))
        elif old is not None and new is not None:
            item = _changed(old, new, before, after)
            if item.fields or item.changes:
                found.append(item)
    return Diff(tuple(found))


def _whole(item: FeatureDefinition, change: str) -> FeatureDiff:
    fields = tuple(FieldChange(entry.name, change) for entry in item.fields)
    return FeatureDiff(item.key, item.kind, change, fields, (), _made_of(item, fields))


def _changed(old: FeatureDefinition, new: FeatureDefinition, before: Definitions, after: Definitions) -> FeatureDiff:
    fields = tuple(_fields(old, new, before, after))
    return FeatureDiff(new.key, new.kind, "changed", fields, tuple(_changes(old, new)), _made_of(new, fields))


def _made_of(item: FeatureDefinition, fields: tuple[FieldChange, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    names = {entry.name for entry in fields}
    return tuple((entry.name, entry.made_of) for entry in item.fields if entry.name in names)


def _fields(
    old: FeatureDefinition, new: FeatureDefinition, before: Definitions, after: Definitions
) -> Iterator[FieldChange]:
    for name in sorted({item.name for item in (*old.fields, *new.fields)}):
        was, is_ = old.field_named(name), new.field_named(name)
        if was is None or is_ is None:
            yield FieldChange(name, "added" if was is None else "removed")
            continue
        why = tuple(_why(was, is_, old, new, before, after))
        if why:
            shown = why[0] == "code version"
            yield FieldChange(
                name, "changed", why, was.code_version if shown else None, is_.code_version if shown else None
            )


def _why(
    was: FieldDefinition,
    is_: FieldDefinition,
    old: FeatureDefinition,
    new: FeatureDefinition,
    before: Definitions,
    after: Definitions,
) -> Iterator[str]:
    """Every reason for which a field may be made otherwise; in the order of `WHYS`."""
    if was.code_version != is_.code_version:
        yield "SQL" if is_.from_sql else "code version"
    features = {_feature(name) for name in was.made_of}, {_feature(name) for name in is_.made_of}
    pairs = [
        (theirs, ours)
        for name in sorted(features[0] & features[1])
        if (theirs := old.dep_on(name)) is not None and (ours := new.dep_on(name)) is not None
    ]
    if features[0] != features[1] or any(_shape(theirs) != _shape(ours) for theirs, ours in pairs):
        yield "dependency"
    if features[0] == features[1] and was.made_of != is_.made_of:
        yield "mapping"
    if any(theirs.where != ours.where for theirs, ours in pairs):
        yield "filter"
    if set(was.columns) != set(is_.columns):
        yield "columns"
    common = set(was.made_of) & set(is_.made_of)
    if any(before.field_version(name) != after.field_version(name) for name in common):
        yield "upstream"


def _feature(field: str) -> str:
    return field.partition(".")[0]


def _shape(dep: DependencyDefinition) -> tuple[Any, ...]:
    return (dep.lineage, dep.match, dep.optional)


def _changes(old: FeatureDefinition, new: FeatureDefinition) -> Iterator[FeatureChange]:
    """What of the feature itself is declared otherwise, as far as both tell it."""
    pairs: list[tuple[str, Any, Any]] = [
        ("kind", old.kind, new.kind),
        ("key", old.id_columns, new.id_columns),
        ("unit", old.unit_columns, new.unit_columns),
    ]
    if old.deps is not None and new.deps is not None:
        pairs += _dep_changes(old, new)
        pairs += [("stale_when", old.stale_when, new.stale_when), ("orphans", old.orphans, new.orphans)]
        pairs.append(("cost per sample", old.cost_per_sample, new.cost_per_sample))
        if old.columns is not None and new.columns is not None:
            pairs += [
                (f"column {name}", _type(old.columns, name), _type(new.columns, name))
                for name in sorted(old.columns.keys() | new.columns.keys())
            ]
    for what, was, is_ in pairs:
        if was != is_:
            yield FeatureChange(what, _said(was), _said(is_))


def _dep_changes(old: FeatureDefinition, new: FeatureDefinition) -> Iterator[tuple[str, Any, Any]]:
    for name in sorted({dep.feature for dep in (*(old.deps or ()), *(new.deps or ()))}):
        was, is_ = old.dep_on(name), new.dep_on(name)
        if was is None or is_ is None:
            yield f"dependency {name}", was and was.lineage, is_ and is_.lineage
            continue
        yield f"dependency {name}", _told(was), _told(is_)
        yield f"filter of {name}", was.where, is_.where


def _told(dep: DependencyDefinition) -> str:
    on = ", ".join(theirs if theirs == ours else f"{theirs} as {ours}" for theirs, ours in dep.match)
    renamed = ", ".join(f"{old}: {new}" for old, new in sorted(dep.rename.items()))
    parts = [f"{dep.lineage} on {on}", "optional" if dep.optional else "", f"rename {renamed}" if renamed else ""]
    return ", ".join(part for part in parts if part)


def _type(columns: Any, name: str) -> str | None:
    return (columns[name] or "any type").lower() if name in columns else None


def _said(value: Any) -> str | None:
    if isinstance(value, tuple):
        return " ".join(str(part) for part in value) if value and isinstance(value[0], float) else ", ".join(value)
    return None if value is None else str(value)
