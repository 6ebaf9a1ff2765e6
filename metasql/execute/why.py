"""`metasql why`: what is the matter with one sample, and what made it so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from metasql.diagnostics import MetasqlError
from metasql.execute.model_recipes import code_versions_now
from metasql.execute.past import fields_by_recipe
from metasql.execute.session import Session
from metasql.graph.definition import FieldDefinition
from metasql.graph.nodes import Dependency, Feature, Field, Lineage
from metasql.names import data_version_column, inputs_column, provenance_column, recipe_column, stale_column
from metasql.plan.increment import compare
from metasql.plan.why import judged, parents, stored, unit_values

SHOWN = 5
"""So many rows of a dependency are shown."""


@dataclass(frozen=True)
class ParentRow:
    """A row upstream: its ids, the versions of its fields, and when it was written. `counts`: it is called for."""

    ids: Mapping[str, str]
    versions: Mapping[str, str | None]
    counts: bool
    deleted_at: str | None
    updated_at: str | None
    run_id: str | None
    is_newer: bool


@dataclass(frozen=True)
class Parent:
    """A dependency, and the rows of it that the sample is made of; of many the last written ones."""

    feature: str
    lineage: str
    optional: bool
    where: str | None
    rows: tuple[ParentRow, ...]


@dataclass(frozen=True)
class FieldStory:
    """A field: how it was made, and how it would be made now. Versions are None where there is none."""

    name: str
    is_stale: bool
    causes: tuple[str, ...]
    code_version: str | None
    declared_code_version: str
    made_of: tuple[str, ...] | None
    declared_made_of: tuple[str, ...]
    inputs: str | None
    expected_inputs: str | None
    data_version: str | None


@dataclass(frozen=True)
class Story:
    """A sample's present status, and all that explains it.

    `status` is new, stale, orphaned, waiting, settled, or absent: nothing calls for it, and nothing is stored.
    """

    feature: str
    unit: Mapping[str, str]
    status: str
    reason: str | None
    matches_stale_when: bool
    run_id: str | None
    updated_at: str | None
    deleted_at: str | None
    feature_version: str | None
    fields: tuple[FieldStory, ...] = ()
    parents: tuple[Parent, ...] = field(default=())


def unit_of(feature: Feature, ids: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Column → value of a unit that is named on the command line.

    Raises: MetasqlError MS0662.
    """
    if len(ids) != len(names):
        given = "no id is given" if not ids else f"{len(ids)} {'value is' if len(ids) == 1 else 'values are'} given"
        raise MetasqlError.of(
            "MS0662",
            f"a sample of `{feature.key}` is named by {', '.join(f'`{name}`' for name in names)}, and {given}",
            help=f"write `{feature.key} {' '.join(name.upper() for name in names)}`",
        )
    return dict(zip(names, ids, strict=True))


def typed(session: Session, feature: Feature, values: Mapping[str, str]) -> dict[str, exp.Expr]:
    """The values of columns as their types.

    Raises: MetasqlError MS0662 where a text stands for no value of its column's type.
    """
    found = session.connection.columns(session.layout.of(feature.key, "samples")) or {}
    dialect = session.connection.dialect.sqlglot
    types = {name: exp.DataType.build(found[name], dialect=dialect, udt=True) for name in values}
    trees = unit_values(values, types)
    row = session.connection.rows(exp.select(*trees.values()), "see what the ids stand for")[0]
    for (name, text), value in zip(values.items(), row, strict=True):
        if value is None:
            raise MetasqlError.of(
                "MS0662",
                f"`{text}` is no value of `{name}`, which is {found[name]}",
                help=f"give the value of `{name}` as it is stored",
            )
    return trees


def why(session: Session, feature: Feature, ids: Sequence[str]) -> Story:
    """The story of one unit: of an expansion that is an input.

    Raises: MetasqlError MS0662.
    """
    unit = unit_of(feature, ids, feature.unit_columns)
    trees = typed(session, feature, unit)
    now = _one(session, judged(feature, session.graph, session.layout, trees))
    there = _one(session, stored(feature, session.layout, trees))
    made = int(there["metasql_commit"]) if there else None
    return Story(
        feature=feature.key.path,
        unit=unit,
        status=_status(now),
        reason=_text(now.get("metasql_reason")) if now.get("metasql_status") else None,
        matches_stale_when=bool(now.get("metasql_is_matched")),
        run_id=_text(there.get("metasql_run_id")),
        updated_at=_text(there.get("metasql_updated_at")),
        deleted_at=_text(there.get("metasql_deleted_at")) if not there.get("metasql_no_row") else None,
        feature_version=_text(there.get("metasql_feature_version")),
        fields=_fields(session, feature, now, there),
        parents=tuple(_parent(session, dep, trees, made) for dep in feature.deps),
    )


def _one(session: Session, query: exp.Query) -> dict[str, Any]:
    names, rows = session.connection.table(query)
    return dict(zip(names, rows[0], strict=True)) if rows else {}


def _status(now: Mapping[str, Any]) -> str:
    if not now:
        return "absent"
    if now["metasql_is_waiting"]:
        return "waiting"
    return str(now["metasql_status"] or "settled")


def _fields(
    session: Session, feature: Feature, now: Mapping[str, Any], there: Mapping[str, Any]
) -> tuple[FieldStory, ...]:
    known, declared = fields_by_recipe(session, feature), code_versions_now(session, feature)
    names = compare(feature, session.graph, session.layout).expected.representative
    return tuple(
        _field(_made_now(item, declared, known), known, now, there, f"expected_{names[item.name]}")
        for item in feature.fields
    )


def _made_now(item: Field, declared: Mapping[str, str], known: Mapping[tuple[str, str], FieldDefinition]) -> Field:
    """A field with its code version and recipe, where the warehouse tells them of its model."""
    code = declared.get(item.name)
    recipe = next((at for (name, at), made in known.items() if (name, made.code_version) == (item.name, code)), None)
    return replace(item, code_version=code, recipe=recipe) if code is not None and recipe is not None else item


def _field(
    item: Field,
    known: Mapping[tuple[str, str], FieldDefinition],
    now: Mapping[str, Any],
    there: Mapping[str, Any],
    expected: str,
) -> FieldStory:
    recipe, inputs = _text(there.get(recipe_column(item.name))), _text(there.get(inputs_column(item.name)))
    before = known.get((item.name, recipe)) if recipe is not None else None
    declared = tuple(sorted(str(parent) for parent in item.parents))
    wanted = _text(now.get(expected))
    causes = []
    if there and recipe != item.recipe:
        causes.append("added" if recipe is None else "code")
    if there and recipe is not None and wanted is not None and inputs != wanted:
        causes.append("upstream")
    return FieldStory(
        name=item.name,
        is_stale=bool(now.get(stale_column(item.name))),
        causes=tuple(causes),
        code_version=before.code_version if before is not None else None,
        declared_code_version=item.code_version,
        made_of=tuple(sorted(before.made_of)) if before is not None else None,
        declared_made_of=declared,
        inputs=inputs,
        expected_inputs=wanted,
        data_version=_text(there.get(data_version_column(item.name)) or there.get(provenance_column(item.name))),
    )


def _parent(session: Session, dep: Dependency, unit: Mapping[str, exp.Expr], made: int | None) -> Parent:
    most = SHOWN if dep.lineage is Lineage.AGGREGATION else 1
    upstream = session.graph.features[dep.feature]
    made = None if session.layout.is_deferred(dep.feature) else made  # numbers of another target say nothing here
    if session.connection.columns(session.layout.samples(dep.feature)) is None:
        return Parent(dep.feature.path, dep.lineage.value, dep.optional, _where(dep), ())
    names, rows = session.connection.table(parents(dep, session.graph, session.layout, unit, most))
    found = []
    for row in (dict(zip(names, values, strict=True)) for values in rows):
        found.append(
            ParentRow(
                ids={name: str(row[name]) for name in upstream.id_columns},
                versions={name: _text(row[f"version__{name}"]) for name in dep.fields},
                counts=bool(row["metasql_counts"]),
                deleted_at=_text(row["metasql_deleted_at"]),
                updated_at=_text(row["metasql_updated_at"]),
                run_id=_text(row["metasql_run_id"]),
                is_newer=made is not None and int(row["metasql_commit"]) > made,
            )
        )
    return Parent(dep.feature.path, dep.lineage.value, dep.optional, _where(dep), tuple(found))


def _where(dep: Dependency) -> str | None:
    return str(dep.where_text) if dep.where is not None and dep.where_text is not None else None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
