"""`metasql commit`: take back what an outside program computed, all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from metasql.diagnostics import Bag, MetasqlError, candidates, suggest
from metasql.execute.connection import Connection
from metasql.execute.session import Session, perform
from metasql.execute.writing import Written, row_count, write_incoming
from metasql.graph.nodes import Feature, Kind
from metasql.names import content_column, data_version_column
from metasql.plan.commit import (
    BATCH,
    BATCH_INPUTS,
    RECEIPT,
    TYPED,
    TYPED_INPUTS,
    BatchColumn,
    brings,
    incoming,
    incoming_inputs,
    key_checks,
    merged,
    receipt_checks,
    receipts_of_children,
    receipts_of_inputs,
    typed,
)
from metasql.plan.steps import Check, Step

TEXT = "TEXT"


@dataclass(frozen=True)
class BatchFile:
    """A file of rows: CSV, JSON lines or Parquet (`csv`, `json`, `parquet`)."""

    path: Path
    format: str


@dataclass(frozen=True)
class CommitResult:
    """Rows in the batch, and what was written of it."""

    rows: int
    written: Written


def commit_file(session: Session, feature: Feature, batch: BatchFile, inputs: BatchFile | None = None) -> CommitResult:
    """Commit a file of results; `inputs` lists the processed inputs of an expansion.

    Raises: MetasqlError 08xx, with the rows at fault; then nothing was written.
    """
    connection = session.connection
    _check_kind(feature, inputs)
    with connection.transaction():
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
        steps += [merged(feature, session.layout, columns), incoming(feature, columns)]
        if feature.is_expansion:
            steps.append(incoming_inputs(feature))
        _perform_all(session, steps, feature)
        rows = row_count(connection, TYPED)
        return CommitResult(rows, write_incoming(session, feature, feature.span))


def _perform_all(session: Session, steps: Sequence[Step | Check], feature: Feature) -> None:
    """Perform steps; the checks up to the next step are all made, and told together."""
    bag = Bag()
    for step in steps:
        if not isinstance(step, Check):
            bag.raise_errors()
            perform(session, feature, [step], feature.span)
            continue
        try:
            perform(session, feature, [step], feature.span)
        except MetasqlError as error:
            if step.code not in error.codes:
                raise
            bag.extend(error.bag)
    bag.raise_errors()


def _check_kind(feature: Feature, inputs: BatchFile | None) -> None:
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


def _load(connection: Connection, name: str, file: BatchFile, otherwise: Sequence[str]) -> dict[str, str] | None:
    try:
        return connection.load_batch(name, file.path, file.format, otherwise)
    except MetasqlError as error:
        if {"MS0801", "MS0802"} & set(error.codes):
            raise
        notes = [note for item in error.bag for note in item.notes]
        raise MetasqlError.of(
            "MS0801",
            f"the batch cannot be read as {file.format}",
            notes=notes,
            help="a batch is CSV with a header, JSON lines, or Parquet; say which with `--format`",
        ) from error


def _read_batch(session: Session, feature: Feature, batch: BatchFile, listed: bool) -> dict[str, BatchColumn]:
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
    found = _load(session.connection, BATCH, batch, needed)
    if found is None:
        return {name: _column(session, feature, name, TEXT, stored) for name in needed}
    bag = _names(feature, found, allowed, needed)
    if feature.is_expansion:
        _whole(feature, found, bag)
    bag.raise_errors()
    return {name: _column(session, feature, name, found[name], stored) for name in found if name in allowed}


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


def _read_inputs(session: Session, feature: Feature, inputs: BatchFile) -> dict[str, BatchColumn]:
    stored = session.connection.columns(session.layout.of(feature.key, "samples")) or {}
    needed = [*feature.unit_columns, RECEIPT]
    found = _load(session.connection, BATCH_INPUTS, inputs, needed) or dict.fromkeys(needed, TEXT)
    _names(feature, {name: found[name] for name in found if name in needed}, needed, needed).raise_errors()
    return {name: _column(session, feature, name, found[name], stored) for name in needed}


def _names(feature: Feature, found: Mapping[str, str], allowed: list[str], needed: list[str]) -> Bag:
    bag = Bag()
    for name in needed:
        if name not in found:
            code = "MS0806" if name == RECEIPT else "MS0803"
            bag.error(
                code,
                f"the batch has no column `{name}`",
                feature.span,
                notes=[f"columns of the batch: {candidates(found)}"],
                help="a batch brings the id columns and the receipts that the increment handed out",
            )
    for name in found:
        if name not in allowed:
            bag.error(
                "MS0802",
                f"the batch has a column `{name}` that `{feature.key}` does not know",
                feature.span,
                notes=[f"it takes: {candidates(allowed, 12)}"],
                help=suggest(name, allowed) or "declare the column, or leave it out of the batch",
            )
    return bag


def _column(session: Session, feature: Feature, name: str, type_: str, stored: Mapping[str, str]) -> BatchColumn:
    """A column of a batch with the type that its values must have: the declared one, else that of the table.

    Declared types are the same words on every engine, and so texts are read alike.
    """
    is_text = type_.upper() in {"VARCHAR", TEXT, "STRING"}
    declared = next((column.type for column in feature.columns if column.name == name), None)
    if declared is not None and name in stored:
        return BatchColumn(name, declared, is_text)
    wanted = stored.get(name) if not name.startswith("metasql_") else None
    if wanted is None:
        wanted = TEXT if is_text or name == RECEIPT else type_
    built = exp.DataType.build(wanted, dialect=session.connection.dialect.sqlglot, udt=True)
    return BatchColumn(name, built, is_text)
