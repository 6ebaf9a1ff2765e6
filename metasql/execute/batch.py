"""A batch on its way in: loaded, its columns told and given their types, and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlglot import exp

from metasql.diagnostics import Bag, MetasqlError, candidates, suggest
from metasql.execute.connection import Connection
from metasql.execute.session import Session, perform
from metasql.graph.nodes import Feature
from metasql.plan.commit import BatchColumn
from metasql.plan.receipt import RECEIPT
from metasql.plan.steps import Check, Step

TEXT = "TEXT"
_FORMS = "a batch is CSV with a header, JSON lines, or Parquet; say which with `--format`"


@dataclass(frozen=True)
class BatchFile:
    """A file of rows: CSV, JSON lines or Parquet (`csv`, `json`, `parquet`)."""

    path: Path
    format: str


@dataclass(frozen=True)
class BatchRows:
    """Rows as a `pyarrow.RecordBatchReader`."""

    reader: Any
    format: str = "Arrow"


Batch = BatchFile | BatchRows


def load(connection: Connection, name: str, file: Batch, otherwise: Sequence[str]) -> dict[str, str] | None:
    try:
        if isinstance(file, BatchRows):
            return connection.load_arrow(name, file.reader, otherwise)
        return connection.load_batch(name, file.path, file.format, otherwise)
    except MetasqlError as error:
        if {"MS0801", "MS0802"} & set(error.codes):
            raise
        notes = [note for item in error.bag for note in item.notes]
        raise MetasqlError.of(
            "MS0801",
            f"the batch cannot be read as {file.format}",
            notes=notes,
            help=_FORMS if isinstance(file, BatchFile) else "give columns whose types the engine knows",
        ) from error


def check_names(feature: Feature, found: Mapping[str, str], allowed: list[str], needed: list[str]) -> Bag:
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


def column_of(session: Session, feature: Feature, name: str, type_: str, stored: Mapping[str, str]) -> BatchColumn:
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


def perform_all(session: Session, steps: Sequence[Step | Check], feature: Feature) -> None:
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
