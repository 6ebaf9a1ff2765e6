"""Samples of another target as incoming rows: what is stored there of them, with their versions as they are.

They are written as results are (plan/write.py), so those that are here already and the same are left alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from metasql.graph.nodes import Feature
from metasql.names import data_version_column, provenance_column
from metasql.plan import provenance
from metasql.plan.expected import at
from metasql.plan.layout import Layout
from metasql.plan.sql import (
    all_of,
    any_of,
    as_,
    coalesce,
    col,
    current,
    exists,
    is_null,
    number,
    on_equal,
    op,
    select,
    table,
    text,
)
from metasql.plan.steps import Step, Temporary
from metasql.plan.write import INCOMING, INCOMING_INPUTS, input_columns, row_columns

WHOLE = 1 << 32


@dataclass(frozen=True)
class Wanted:
    """Which samples: those that a condition matches, and of these the part that the hashes of their keys make."""

    where: exp.Expr | None = None
    part: float = 1.0


def incoming(feature: Feature, there: Layout, wanted: Wanted) -> list[Step]:
    """The chosen samples in `metasql_incoming`; of an expansion, whole inputs with all of their children."""
    if not feature.is_expansion:
        return [_samples(feature, there, _keep(feature, wanted, "sample"))]
    inputs = table(INCOMING_INPUTS, "input")
    of_input = select(number(1)).from_(inputs, copy=False).where(on_equal("input", "sample", feature.unit_columns))
    return [_inputs(feature, there, wanted), _samples(feature, there, [exists(of_input)])]


def _samples(feature: Feature, there: Layout, keep: list[exp.Expr]) -> Step:
    here = is_null(col("metasql_deleted_at", "sample"))
    brought = row_columns(feature)
    if "metasql_no_row" in brought:  # a unit for which the body gave no row is done, too
        here = exp.paren(any_of(here, col("metasql_no_row", "sample")))
    effective = {
        data_version_column(field.name): coalesce(
            col(data_version_column(field.name), "sample"), col(provenance_column(field.name), "sample")
        )
        for field in feature.fields
        if not field.result  # told, and not by what its columns hold: here another one may stand beside it
    }
    columns = [as_(effective[name], name) if name in effective else col(name, "sample") for name in brought]
    query = select(*columns).from_(current(there.of(feature.key, "samples"), "sample"), copy=False)
    purpose = "the samples of the other target that are to be copied"
    return Temporary(purpose, INCOMING, query.where(all_of(here, *keep), copy=False))


def _inputs(feature: Feature, there: Layout, wanted: Wanted) -> Step:
    """Inputs that are done; one that was opened again is not."""
    done = [is_null(col("metasql_deleted_at", "input")), is_null(col("metasql_reopened_at", "input"))]
    columns = [col(name, "input") for name in input_columns(feature)]
    query = select(*columns).from_(current(there.of(feature.key, "inputs"), "input"), copy=False)
    purpose = "the inputs whose children are to be copied"
    return Temporary(purpose, INCOMING_INPUTS, query.where(all_of(*done, *_keep(feature, wanted, "input")), copy=False))


def _keep(feature: Feature, wanted: Wanted, alias: str) -> list[exp.Expr]:
    keep: list[exp.Expr] = []
    if wanted.where is not None:
        keep.append(exp.paren(at(alias, wanted.where)))
    if wanted.part < 1:
        keep.append(_in_part(feature, wanted.part, alias))
    return keep


def _in_part(feature: Feature, part: float, alias: str) -> exp.Expr:
    """Whether the hash of a unit's key lies in the first part of all hashes: equal keys of features go together."""
    hashed = op("hash", provenance.encoded_columns(feature, feature.unit_columns, alias))
    head = exp.Substring(this=hashed, start=number(1), length=number(8))
    return exp.LT(this=head, expression=text(f"{min(WHOLE - 1, max(1, round(part * WHOLE))):08x}"))


def versions_brought() -> exp.Query:
    """The feature versions that incoming rows were written by."""
    return select(col("metasql_feature_version")).distinct().from_(table(INCOMING), copy=False)
