"""What a receipt says: recipe and inputs of each field, as they were when the row was handed out.

It is `r1:`, a check of 32 characters, `:`, and these words: the feature's version, and for each field its mark, recipe
and inputs (plan/provenance.py writes it; docs/decisions/0002 says what the check binds).
"""

from __future__ import annotations

from sqlglot import exp

from metasql.graph import version
from metasql.graph.nodes import Feature, Field
from metasql.plan import provenance
from metasql.plan.sql import case, col, equal, number, op, text

RECEIPT = "metasql_receipt"

_BEFORE = len("r1:") + version.WIDTH + len(":")
"""So many characters stand before the words."""


def words(alias: str) -> exp.Expr:
    """What a receipt says, after its check."""
    return exp.Substring(this=col(RECEIPT, alias), start=number(_BEFORE + 1))


def feature_version(alias: str) -> exp.Expr:
    """The version of the feature that a row was handed out for."""
    return _part(alias, 1, version.WIDTH)


def said(feature: Feature, field: Field, alias: str) -> tuple[exp.Expr, exp.Expr]:
    """Recipe and inputs of a field as a receipt tells them; NULL where it does not know the field.

    A receipt of the fields that are declared now has each at its place; another one is searched.
    """
    width = version.WIDTH
    start = 1 + width
    for other in provenance.sorted_fields(feature):
        if other.name == field.name:
            break
        start += len(f";{other.name}=") + 2 * width
    mark = f";{field.name}="
    value = start + len(mark)
    here = equal(_part(alias, start, len(mark)), text(mark))
    hexadecimal = f"[0-9a-f]{{{width}}}"
    recipe = op("extract", words(alias), text(f"{mark}({hexadecimal})"))
    inputs = op("extract", words(alias), text(f"{mark}{hexadecimal}([0-9a-z-]{{{width}}})"))
    return (
        case((here, _part(alias, value, width)), otherwise=_or_null(recipe)),
        case((here, _part(alias, value + width, width)), otherwise=_or_null(inputs)),
    )


def _part(alias: str, start: int, length: int) -> exp.Expr:
    """A part of the words, read out of the receipt itself: a text that is cut twice is made twice."""
    return exp.Substring(this=col(RECEIPT, alias), start=number(_BEFORE + start), length=number(length))


def _or_null(found: exp.Expr) -> exp.Expr:
    return exp.Nullif(this=found, expression=text(""))
