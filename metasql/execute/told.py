"""What a target was last told of each feature."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from metasql.execute import state
from metasql.execute.connection import Connection
from metasql.execute.session import Session
from metasql.graph.definition import Definitions, FeatureDefinition, FieldDefinition, read_feature
from metasql.plan.layout import Layout


def told(session: Session) -> Definitions:
    """The definitions that the target was last told; none where nothing was ever run there.

    Raises: MetasqlError MS0606 where a newer metasql wrote them.
    """
    return told_at_layout(session.connection, session.layout)


def told_at_layout(connection: Connection, layout: Layout) -> Definitions:
    """The same of any place that the connection reads.

    Raises: MetasqlError MS0606.
    """
    if connection.columns(layout.relation("metasql_features")) is None:
        return Definitions({})
    state.check_version(connection, layout)
    features = state.read(connection, layout, "metasql_features")
    fields = _by_feature(state.read(connection, layout, "metasql_fields"))
    edges = _by_feature(state.read(connection, layout, "metasql_field_lineage"))
    whole: dict[str, str] = {}
    if connection.columns(layout.relation("metasql_definitions")) is not None:
        rows = state.read(connection, layout, "metasql_definitions")
        whole = {str(row["feature"]): str(row["definition"]) for row in rows}
    found = {}
    for row in features:
        key = str(row["feature"])
        found[key] = _read(key, whole.get(key)) or _from_rows(row, fields.get(key, []), edges.get(key, []))
    return Definitions(found)


def _by_feature(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(str(row["feature"]), []).append(row)
    return found


def _read(key: str, text: str | None) -> FeatureDefinition | None:
    """A definition as it was kept; None where there is none, or one that this version does not understand."""
    try:
        return read_feature(key, json.loads(text)) if text is not None else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _from_rows(
    row: Mapping[str, Any], fields: Sequence[Mapping[str, Any]], edges: Sequence[Mapping[str, Any]]
) -> FeatureDefinition:
    """A definition out of the tables of version 1, which tell of no dependencies."""
    parents: dict[str, list[str]] = {}
    for edge in edges:
        parents.setdefault(str(edge["field"]), []).append(f"{edge['upstream_feature']}.{edge['upstream_field']}")
    return FeatureDefinition(
        key=str(row["feature"]),
        kind=str(row["kind"]),
        id_columns=_list(row["id_columns"]),
        unit_columns=_list(row["unit_columns"]),
        fields=tuple(_field(item, parents.get(str(item["field"]), [])) for item in fields),
        version=str(row["feature_version"]),
    )


def _field(row: Mapping[str, Any], parents: list[str]) -> FieldDefinition:
    return FieldDefinition(
        name=str(row["field"]),
        code_version=str(row["code_version"]),
        made_of=tuple(sorted(parents)),
        columns=_list(row["columns"]),
        recipe=str(row["recipe"]),
        version=str(row["field_version"]),
    )


def _list(text: Any) -> tuple[str, ...]:
    return tuple(part for part in str(text or "").split(",") if part)
