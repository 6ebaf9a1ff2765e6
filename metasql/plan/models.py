"""Code versions that the warehouse tells: a field with `code_version: {model: NAME}` has that of the promoted one.

The views read it from `metasql_promotions` themselves, so that an increment is another one from the moment on in which
a model is promoted, for every reader. What was settled before is not settled any more: the number of the promotion is
part of what a horizon holds for (plan/delta.py). It only grows, so going back to a model is another promotion, too.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from metasql.graph import version
from metasql.graph.nodes import Feature, Field, Graph, Told
from metasql.names import Relation
from metasql.plan import provenance
from metasql.plan.layout import Layout
from metasql.plan.sql import all_of, as_, cast, coalesce, col, concat, equal, op, select, table, text

PROMOTIONS = "metasql_promotions"
MODEL = "model"


def with_models(graph: Graph, layout: Layout) -> Graph:
    """The graph with what the warehouse tells of the models that its fields are made by."""
    if not any(field.model for feature in graph for field in feature.fields):
        return graph
    relation = layout.relation(PROMOTIONS)
    features = {key: _told(feature, relation) for key, feature in graph.features.items()}
    return replace(graph, features=features)


def _told(feature: Feature, relation: Relation) -> Feature:
    fields = []
    for field in feature.fields:
        if field.model is not None:
            version_ = promoted(field.model, relation)
            told = Told(version_, recipe_by(feature, field, version_), _number(field.model, relation))
            field = replace(field, told=told)
        fields.append(field)
    return replace(feature, fields=tuple(fields))


def code_version(model: str, promoted_version: str | None) -> str:
    """The code version of a field that is made by a version of a model, or by none."""
    return f"{model}@{promoted_version or ''}"


def recipe_by(feature: Feature, field: Field, model_version: exp.Expr) -> exp.Expr:
    """The recipe of a field as `Hasher.recipe` has it, by a version of its model; NULL is none."""
    names = sorted(str(parent) for parent in field.parents)
    before = version.encode("recipe", str(version.ENCODING), feature.key.path, field.name)
    code = concat(text(f"{field.model}@"), coalesce(model_version, text("")))
    after = version.encode(str(len(names)), *names)
    encoded = provenance.encoded(code, exp.DataType.build("text"))
    return op("hash", concat(text(before), encoded, text(after)))


def promoted(model: str, relation: Relation) -> exp.Expr:
    """The version of a model that is promoted; NULL where none is."""
    query = select(as_(exp.Max(this=col("version", "promoted")), "version")).from_(table(relation, "promoted"))
    newest = equal(col("number", "promoted"), exp.Subquery(this=_newest(model, relation)))
    return exp.Subquery(this=query.where(all_of(*_of(model, "promoted"), newest)))


def _newest(model: str, relation: Relation) -> exp.Select:
    query = select(as_(exp.Max(this=col("number", "promotion")), "number")).from_(table(relation, "promotion"))
    return query.where(all_of(*_of(model, "promotion")))


def _number(model: str, relation: Relation) -> exp.Expr:
    """The number of the promotion that holds, as a text."""
    return coalesce(cast(exp.Subquery(this=_newest(model, relation)), "text"), text("none"))


def _of(model: str, alias: str) -> list[exp.Expr]:
    return [equal(col("kind", alias), text(MODEL)), equal(col("name", alias), text(model))]
