"""The expressions of versions: encoding, content, inputs, provenance, receipts (semantics.md, versions)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlglot import exp

from metasql.graph import version
from metasql.graph.nodes import Feature, Field
from metasql.names import data_version_column, provenance_column
from metasql.plan.sql import case, cast, coalesce, col, concat, is_null, op, text

RECEIPT = "r1"
"""The form of a receipt: `r1:<check>:<feature version>;<field>=<recipe><inputs>;…`"""


def encoded(value: exp.Expr, type_: exp.DataType | None = None) -> exp.Expr:
    """A free value as a text that can be read back in one way: length, colon, text; NULL is `-`."""
    written = op("text", value, type_) if type_ is not None else op("text", value)
    return coalesce(concat(cast(op("bytes", written), "text"), text(":"), written), text("-"))


def encoded_columns(feature: Feature, names: Iterable[str], alias: str) -> exp.Expr:
    """The values of some columns of a feature, one after the other."""
    types = {column.name: column.type for column in feature.columns}
    return concat(*(encoded(col(name, alias), types.get(name)) for name in names))


def content(feature: Feature, field: Field, alias: str) -> exp.Expr:
    """The inputs of a root's field: the hash of its columns, or of its `version` expression."""
    if field.content is not None:
        tree = field.content.copy()
        for node in list(tree.find_all(exp.Column)):
            node.set("table", exp.to_identifier(alias))
        return op("hash", encoded(tree))
    if not field.columns:
        return text(version.NO_PARENTS)
    return op("hash", encoded_columns(feature, field.columns, alias))


def result(feature: Feature, field: Field, alias: str) -> exp.Expr:
    """The data version of a SQL feature's field: the hash of what its columns hold."""
    return op("hash", concat(text(version.encode("content")), encoded_columns(feature, field.result, alias)))


def inputs(parents: Sequence[exp.Expr]) -> exp.Expr:
    """What a field is made of: nothing, its one parent's data version, or the hash of all of them.

    NULL while any parent has no version yet: the sample waits.
    """
    if not parents:
        return text(version.NO_PARENTS)
    if len(parents) == 1:
        return parents[0]
    return op("hash", concat(*parents))


def recipe(field: Field) -> exp.Expr:
    """How a field is made: a constant of its declaration, or what the warehouse tells of its model."""
    return text(field.recipe) if field.told is None else field.told.recipe


def provenance(recipe: exp.Expr, made_of: exp.Expr) -> exp.Expr:
    return op("hash", concat(recipe, made_of))


def effective(field: str, alias: str | None = None) -> exp.Expr:
    """The data version that downstream reads: what was given, else the provenance."""
    return coalesce(col(data_version_column(field), alias), col(provenance_column(field), alias))


def or_missing(value: exp.Expr, found: exp.Expr) -> exp.Expr:
    """The version of an optional parent: a mark of its own where there is no such row."""
    return case((is_null(found), text(version.MISSING)), otherwise=value)


def whole(parts: Sequence[exp.Expr]) -> exp.Expr:
    """The version of a sample: the hash over its fields' versions, in sorted order of their names.

    NULL while any of them is.
    """
    return op("hash", concat(*parts))


def whole_stored(parts: Sequence[exp.Expr]) -> exp.Expr:
    """The same of a stored row, in which a field that was declared later has a mark of its own."""
    return whole([coalesce(part, text("-".ljust(version.WIDTH, "-"))) for part in parts])


def sorted_fields(feature: Feature) -> list[Field]:
    return sorted(feature.fields, key=lambda item: item.name)


def receipt_words(feature: Feature, alias: str, representative: Mapping[str, str]) -> exp.Expr:
    """What a receipt says: the feature version, and each field's recipe and inputs as they were read."""
    parts: list[exp.Expr] = []
    before = feature.version
    for field in sorted_fields(feature):
        parts += [*_said(f"{before};{field.name}=", field), col(representative[field.name], alias)]
        before = ""
    return concat(*parts)


def _said(before: str, field: Field) -> list[exp.Expr]:
    """A recipe after a text; one text where it is a constant."""
    return [text(before + field.recipe)] if field.told is None else [text(before), field.told.recipe]


def receipt(feature: Feature, alias: str) -> exp.Expr:
    """What a worker hands back, over the columns `metasql_unit` and `metasql_words`.

    It carries a check over feature and unit, so that a receipt of another sample, of
    another feature, or one that was changed on the way is known as foreign.
    """
    words = col("metasql_words", alias)
    check = receipt_check(feature, col("metasql_unit", alias), words)
    return concat(text(f"{RECEIPT}:"), check, text(":"), words)


def receipt_check(feature: Feature, unit: exp.Expr, words: exp.Expr) -> exp.Expr:
    return op("hash", concat(text(version.encode("receipt", feature.key.path)), unit, words))


def by_field(feature: Feature, values: dict[str, exp.Expr]) -> exp.Expr:
    """A map from field name to version."""
    arguments: list[exp.Expr] = []
    for field in sorted_fields(feature):
        arguments += [text(field.name), values[field.name]]
    return op("text_map", *arguments)
