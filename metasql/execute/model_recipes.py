"""The recipes of fields that are made by models: which version each stands for, and which one holds now."""

from __future__ import annotations

from metasql.diagnostics import MetasqlError
from metasql.execute.session import Session
from metasql.execute.versions import current_of, read
from metasql.graph.nodes import Feature
from metasql.plan.models import MODEL, code_version, recipe_by
from metasql.plan.sql import as_, null, select, text


def check_models(session: Session, feature: Feature) -> None:
    """Raises: MetasqlError MS0505 for a field that is made by a model, where rows are spread over several nodes."""
    field = next((field for field in feature.fields if field.model is not None), None)
    if field is not None and session.connection.is_spread:
        raise MetasqlError.of(
            "MS0505",
            f"field `{field.name}` of `{feature.key}` cannot be made by a model on a cluster",
            field.span,
            notes=["each node would have to be told at one moment which version is promoted"],
            help="write a `code_version` of your own, and change it with the model",
        )


def recipes_by_model(session: Session, feature: Feature) -> dict[tuple[str, str], str]:
    """(Field, recipe) → the code version, for every version of the models that fields are made by, and for none."""
    wanted = []
    for field in feature.fields:
        if field.model is not None:
            rows = read(session, "metasql_models", name=field.model)
            wanted += [(field, version) for version in (None, *sorted({str(row["version"]) for row in rows}))]
    if not wanted:
        return {}
    trees = [recipe_by(feature, field, text(version) if version else null("text")) for field, version in wanted]
    query = select(*(as_(tree, f"recipe_{number}") for number, tree in enumerate(trees)))
    made = session.connection.rows(query, "tell the recipes of models")[0]
    return {
        (field.name, str(recipe)): code_version(str(field.model), version)
        for (field, version), recipe in zip(wanted, made, strict=True)
    }


def code_versions_now(session: Session, feature: Feature) -> dict[str, str]:
    """The code version that a field has now, for those that are made by a model."""
    return {
        field.name: code_version(field.model, current_of(session, MODEL, field.model))
        for field in feature.fields
        if field.model is not None
    }
