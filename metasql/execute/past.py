"""How features were declared before, as the target was told."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from metasql.execute import state
from metasql.execute.model_recipes import recipes_by_model
from metasql.execute.session import Session
from metasql.execute.told import told
from metasql.graph.definition import FeatureDefinition, FieldDefinition, definition_of, read_feature
from metasql.graph.nodes import Feature


@dataclass(frozen=True)
class Told:
    """A definition, and when, by which run, revision and author the target was told it; None where nobody knows."""

    definition: FeatureDefinition
    at: str | None = None
    run_id: str | None = None
    revision: str | None = None
    author: str | None = None


def definitions(session: Session, feature: Feature) -> list[Told]:
    """Every definition of a feature that the target was told, the oldest first."""
    connection, layout, key = session.connection, session.layout, feature.key.path
    found: list[Told] = []
    if connection.columns(layout.relation("metasql_definition_log")) is not None:
        rows = state.read(connection, layout, "metasql_definition_log", feature=key)
        for row in sorted(rows, key=lambda item: str(item["recorded_at"])):
            try:
                definition = read_feature(key, json.loads(str(row["definition"])))
            except (KeyError, TypeError, ValueError, AttributeError):
                continue  # of a form that this version does not understand
            texts = [str(row[name]) if row[name] is not None else None for name in ("recorded_at", "run_id")]
            more = [str(row[name]) if row[name] is not None else None for name in ("revision", "author")]
            found.append(Told(definition, *texts, *more))
    if not found:  # a warehouse that was written before there was a log
        present = told(session).features.get(key)
        found = [Told(present)] if present is not None else []
    return found


def recipes(session: Session, feature: Feature) -> dict[tuple[str, str], tuple[str, ...]]:
    """(Field, recipe) → the parents of the field in it, of every definition that the target was told."""
    return {key: tuple(sorted(field.made_of)) for key, field in fields_by_recipe(session, feature).items()}


def fields_by_recipe(session: Session, feature: Feature) -> dict[tuple[str, str], FieldDefinition]:
    """(Field, recipe) → the field as it was declared."""
    present = Told(definition_of(feature))
    known = [item.definition for item in (*definitions(session, feature), present)]
    found = {(field.name, field.recipe): field for definition in known for field in definition.fields}
    for (name, recipe), code in recipes_by_model(session, feature).items():
        made = present.definition.field_named(name)
        if made is not None:
            found[name, recipe] = replace(made, code_version=code, recipe=recipe)
    return found
