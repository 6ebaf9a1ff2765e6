"""`metasql commit`: take back what an outside program computed, all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from metasql.diagnostics import Bag, MetasqlError, candidates
from metasql.execute.attempts import clear_made
from metasql.execute.batch import TEXT, Batch, check_names, column_of, load, perform_all
from metasql.execute.session import Session
from metasql.execute.writing import Written, row_count, write_incoming
from metasql.graph.nodes import Feature, Kind
from metasql.names import content_column, data_version_column
from metasql.plan.commit import (
    BATCH,
    BATCH_INPUTS,
    TYPED,
    TYPED_INPUTS,
    BatchColumn,
    brings,
    incoming,
    incoming_inputs,
    key_checks,
    receipt_checks,
    receipts_of_children,
    receipts_of_inputs,
    typed,
)
from metasql.plan.receipt import RECEIPT
from metasql.plan.steps import Check, Step


@dataclass(frozen=True)
class CommitResult:
    """Rows in the batch, and what was written of it."""

    rows: int
    written: Written


def commit_batch(session: Session, feature: Feature, batch: Batch, inputs: Batch | None = None) -> CommitResult:
    """Commit a batch of results; `inputs` lists the processed inputs of an expansion.

    Raises: MetasqlError 08xx, with the rows at fault; then nothing was written.
    """
    connection = session.connection
    _check_kind(feature, inputs)
    # The turn is taken first: what is stored is read after the last writer of this process was done.
    with connection.writing(), connection.transaction():
        columns = _read_batch(session, feature, batch, inputs is not None)
        steps: list[Step | Check] = typed(BATCH, TYPED, list(columns.values()))
        steps += key_checks(BATCH, TYPED, feature.id_columns, "sample")
        if inputs is not None:
            listed = _read_inputs(session, feature, inputs)
            steps += typed(BATCH_INPUTS, TYPED_INPUTS, list(listed.values()))
            steps += key_checks(BATCH_INPUTS, TYPED_INPUTS, feature.unit_columns, "input")
            steps += [*receipt_checks(feature, TYPED_INPUTS), *receipts_of_inputs(feature)]
        elif feature.kind is not Kind.ROOT:
            steps += receipt_checks(feature, TYPED)
            steps += receipts_of_children(feature) if feature.is_expansion else []
        steps.append(incoming(feature, session.layout, columns))
        if feature.is_expansion:
            steps.append(incoming_inputs(feature))
        perform_all(session, steps, feature)
        rows = row_count(connection, TYPED)
        written = write_incoming(session, feature, feature.span)
        clear_made(session, feature)
        return CommitResult(rows, written)


def _check_kind(feature: Feature, inputs: Batch | None) -> None:
    if feature.bodies:
        raise MetasqlError.of(
            "MS0811",
            f"`{feature.key}` is computed by its SQL body; nothing is committed to it from outside",
            feature.span,
            help=f"`metasql run --select {feature.key}` computes it",
        )
    if inputs is not None and not feature.is_expansion:
        raise MetasqlError.of(
            "MS0812",
            f"`{feature.key}` is no expansion: it has no inputs to list",
            feature.span,
            help="leave `--inputs` out",
        )


def _read_batch(session: Session, feature: Feature, batch: Batch, listed: bool) -> dict[str, BatchColumn]:
    """The batch's columns with the types they must have; unknown and missing ones are errors."""
    stored = session.connection.columns(session.layout.of(feature.key, "samples")) or {}
    allowed = [column.name for column in feature.columns]
    allowed += [data_version_column(field.name) for field in feature.fields]
    if feature.kind is Kind.ROOT:
        plain = [field for field in feature.fields if not field.columns and field.content is None]
        allowed += [content_column(field.name) for field in plain]
    needed = list(feature.id_columns)
    if feature.kind is not Kind.ROOT:
        allowed.append(RECEIPT)
        needed += [] if listed else [RECEIPT]
    found = load(session.connection, BATCH, batch, needed)
    if found is None:
        return {name: column_of(session, feature, name, TEXT, stored) for name in needed}
    bag = check_names(feature, found, allowed, needed)
    if feature.is_expansion:
        _whole(feature, found, bag)
    bag.raise_errors()
    return {name: column_of(session, feature, name, found[name], stored) for name in found if name in allowed}


def _whole(feature: Feature, found: Mapping[str, str], bag: Bag) -> None:
    """The children of an input are replaced together, with all of their fields."""
    for field in feature.fields:
        if not brings(field, found):
            bag.error(
                "MS0813",
                f"the batch has no column of the field `{field.name}`",
                feature.span,
                notes=[f"columns of the field: {candidates(field.columns)}"],
                help="an expansion is committed with all of its fields: bring their columns too",
            )


def _read_inputs(session: Session, feature: Feature, inputs: Batch) -> dict[str, BatchColumn]:
    stored = session.connection.columns(session.layout.of(feature.key, "samples")) or {}
    needed = [*feature.unit_columns, RECEIPT]
    found = load(session.connection, BATCH_INPUTS, inputs, needed) or dict.fromkeys(needed, TEXT)
    check_names(feature, {name: found[name] for name in found if name in needed}, needed, needed).raise_errors()
    return {name: column_of(session, feature, name, found[name], stored) for name in needed}
