"""What is declared, as a value that can be kept and compared: of a graph, a manifest, or what a target was told.

What an older record does not tell is None; nothing is said of it then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from metasql.graph.nodes import Dependency, Feature, Field, Graph


@dataclass(frozen=True)
class FieldDefinition:
    """A field. `made_of` are `feature.field`, sorted; `from_sql`: its code version is read from the SQL."""

    name: str
    code_version: str
    made_of: tuple[str, ...]
    columns: tuple[str, ...] = ()
    recipe: str = ""
    version: str = ""
    from_sql: bool | None = None


@dataclass(frozen=True)
class DependencyDefinition:
    """A dependency. `match` pairs its columns with ours; `where` is as the author wrote it."""

    feature: str
    lineage: str
    match: tuple[tuple[str, str], ...]
    optional: bool = False
    where: str | None = None
    rename: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FeatureDefinition:
    """A feature. `columns` maps names to types in the project's dialect, None where the engine knows them."""

    key: str
    kind: str
    id_columns: tuple[str, ...]
    unit_columns: tuple[str, ...]
    fields: tuple[FieldDefinition, ...]
    version: str = ""
    deps: tuple[DependencyDefinition, ...] | None = None
    columns: Mapping[str, str | None] | None = None
    stale_when: str | None = None
    orphans: str | None = None
    cost_per_sample: tuple[float, str] | None = None

    def field_named(self, name: str) -> FieldDefinition | None:
        return next((item for item in self.fields if item.name == name), None)

    def dep_on(self, feature: str) -> DependencyDefinition | None:
        return next((item for item in self.deps or () if item.feature == feature), None)


@dataclass(frozen=True)
class Definitions:
    """All features by key, and the version of the project where it is known."""

    features: Mapping[str, FeatureDefinition]
    version: str = ""

    def field_version(self, name: str) -> str | None:
        """The version of `feature.field`; None where there is no such field."""
        feature, _, field_ = name.partition(".")
        known = self.features.get(feature)
        found = known.field_named(field_) if known is not None else None
        return found.version if found is not None else None


def definitions_of(graph: Graph) -> Definitions:
    """What the present graph declares."""
    return Definitions({str(key): definition_of(feature) for key, feature in graph.features.items()}, graph.version)


def definition_of(feature: Feature) -> FeatureDefinition:
    """What a feature is."""
    cost = feature.cost_per_sample
    return FeatureDefinition(
        key=str(feature.key),
        kind=feature.kind.value,
        id_columns=feature.id_columns,
        unit_columns=feature.unit_columns,
        fields=tuple(_field(item) for item in feature.fields),
        version=feature.version,
        deps=tuple(_dependency(item) for item in feature.deps),
        columns={item.name: str(item.type) if item.type else None for item in feature.columns},
        stale_when=_plain(feature.predicate),
        orphans=feature.orphans,
        cost_per_sample=(float(cost.amount), cost.unit) if cost else None,
    )


def _field(item: Field) -> FieldDefinition:
    parents = tuple(str(parent) for parent in item.parents)
    return FieldDefinition(
        item.name, item.code_version, parents, item.columns, item.recipe, item.version, item.from_sql
    )


def _dependency(dep: Dependency) -> DependencyDefinition:
    where = _plain(dep.where_text)
    return DependencyDefinition(
        str(dep.feature), dep.lineage.value, dep.match, dep.optional, where, dict(sorted(dep.rename.items()))
    )


def _plain(text: str | None) -> str | None:
    """A condition on one line."""
    return " ".join(text.split()) if text is not None else None


def as_dict(item: FeatureDefinition) -> dict[str, Any]:
    """A definition as plain data; `read_feature` reads it back."""
    cost = item.cost_per_sample
    return {
        "kind": item.kind,
        "id_columns": list(item.id_columns),
        "unit_columns": list(item.unit_columns),
        "columns": [{"name": name, "type": type_} for name, type_ in (item.columns or {}).items()],
        "fields": [
            {
                "name": entry.name,
                "code_version": entry.code_version,
                "from_sql": entry.from_sql,
                "columns": list(entry.columns),
                "made_of": list(entry.made_of),
                "recipe": entry.recipe,
                "version": entry.version,
            }
            for entry in item.fields
        ],
        "deps": [
            {
                "feature": dep.feature,
                "lineage": dep.lineage,
                "match": [list(pair) for pair in dep.match],
                "optional": dep.optional,
                "where": dep.where,
                "rename": dict(dep.rename),
            }
            for dep in item.deps or ()
        ],
        "version": item.version,
        "stale_when": item.stale_when,
        "orphans": item.orphans,
        "cost_per_sample": {"amount": cost[0], "unit": cost[1]} if cost else None,
    }


def read_feature(key: str, data: Mapping[str, Any]) -> FeatureDefinition:
    """A definition out of plain data.

    Raises: KeyError, TypeError, ValueError, AttributeError where it is none.
    """
    deps = data.get("deps")
    known = deps is not None and all("match" in dep for dep in deps)
    cost = data.get("cost_per_sample")
    return FeatureDefinition(
        key=key,
        kind=str(data["kind"]),
        id_columns=_names(data["id_columns"]),
        unit_columns=_names(data["unit_columns"]),
        fields=tuple(_read_field(item) for item in data["fields"]),
        version=str(data["version"]),
        deps=tuple(_read_dependency(item) for item in deps) if deps is not None and known else None,
        columns={str(item["name"]): item["type"] for item in data["columns"]},
        stale_when=data.get("stale_when"),
        orphans=data.get("orphans"),
        cost_per_sample=(float(cost["amount"]), str(cost["unit"])) if cost else None,
    )


def _read_field(data: Mapping[str, Any]) -> FieldDefinition:
    return FieldDefinition(
        name=str(data["name"]),
        code_version=str(data["code_version"]),
        made_of=_names(data["made_of"]),
        columns=_names(data["columns"]),
        recipe=str(data["recipe"]),
        version=str(data["version"]),
        from_sql=data.get("from_sql"),
    )


def _read_dependency(data: Mapping[str, Any]) -> DependencyDefinition:
    return DependencyDefinition(
        feature=str(data["feature"]),
        lineage=str(data["lineage"]),
        match=tuple((str(theirs), str(ours)) for theirs, ours in data["match"]),
        optional=bool(data["optional"]),
        where=data.get("where"),
        rename={str(old): str(new) for old, new in data["rename"].items()},
    )


def _names(values: Any) -> tuple[str, ...]:
    if not isinstance(values, (list, tuple)):
        raise ValueError("a list is wanted")
    return tuple(str(value) for value in values)
