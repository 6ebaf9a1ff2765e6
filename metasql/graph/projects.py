"""Features of other projects, as their manifests tell them: read like any others, and never made here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import ParseError, TokenError, exp

from metasql.graph.definition import Definitions, FeatureDefinition, FieldDefinition
from metasql.graph.nodes import Column, Feature, Field, Graph, Kind
from metasql.names import FeatureKey, FieldKey


@dataclass(frozen=True)
class Others:
    """The features of all projects that this one names, and the names of all that those read in turn."""

    features: Mapping[FeatureKey, Feature] = field(default_factory=dict)
    projects: tuple[str, ...] = ()


def pins(graph: Graph) -> dict[str, str]:
    """The versions of the features of other projects that this one reads."""
    read = {dep.feature for feature in graph.features.values() for dep in feature.deps if dep.feature.project}
    return {str(key): graph.features[key].version for key in read}


def features_of(project: str, told: Definitions) -> Iterator[Feature]:
    """The features of a project, under its name: `media:video/full`."""
    for definition in told.features.values():
        yield _feature(project, definition, told)


def _feature(project: str, told: FeatureDefinition, all_: Definitions) -> Feature:
    columns = told.columns if told.columns is not None else dict.fromkeys(told.id_columns)
    return Feature(
        key=FeatureKey(f"{project}:{told.key}"),
        kind=Kind(told.kind),
        id_columns=told.id_columns,
        unit_columns=told.unit_columns,
        columns=tuple(Column(name, _type(type_)) for name, type_ in columns.items()),
        fields=tuple(_field(project, item, all_) for item in told.fields),
        deps=(),
        bodies={},
        stale_when=None,
        orphans="keep",
        history=False,
        on_schema_change="fail",
        version=told.version,
    )


def _field(project: str, told: FieldDefinition, all_: Definitions) -> Field:
    """A field; what it is made of in projects behind that one is not told here."""
    known = [name for name in told.made_of if all_.field_version(name) is not None]
    return Field(
        name=told.name,
        code_version=told.code_version,
        parents=tuple(FieldKey.parse(f"{project}:{name}") for name in known),
        columns=told.columns,
        recipe=told.recipe,
        version=told.version,
    )


def _type(text: str | None) -> exp.DataType | None:
    try:
        return exp.DataType.build(text, udt=True) if text is not None else None
    except (ParseError, TokenError, ValueError):
        return None
