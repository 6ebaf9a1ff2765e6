"""`metasql commit --errors` and `metasql retry-samples`: samples that could not be made, and another try."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from metasql.diagnostics import MetasqlError
from metasql.execute.batch import TEXT, Batch, check_names, column_of, load, perform_all
from metasql.execute.session import Session, perform
from metasql.execute.writing import row_count
from metasql.graph.nodes import Feature
from metasql.plan import failures
from metasql.plan.attempts import ATTEMPTS, SUFFIX, are_kept
from metasql.plan.commit import BATCH, TYPED, BatchColumn, key_checks, receipt_checks, typed
from metasql.plan.steps import Check, Step


def commit_errors(session: Session, feature: Feature, batch: Batch) -> int:
    """Note the samples that a batch says could not be made; gives their number.

    Columns: the increment's key, `metasql_receipt`, `metasql_error`, and any others of the increment's.

    Raises: MetasqlError 08xx, with the rows at fault; then nothing was written.
    """
    connection = session.connection
    _check(session, feature)
    with connection.writing(), connection.transaction():
        given = _read(session, feature, batch)
        steps: list[Step | Check] = typed(BATCH, TYPED, list(given.values()))
        steps += key_checks(BATCH, TYPED, feature.unit_columns, "unit")
        steps += [*receipt_checks(feature, TYPED), failures.record(feature, session.layout, given)]
        perform_all(session, steps, feature)
        rows = row_count(connection, failures.FAILED)
        if rows:
            perform(session, feature, [failures.write(feature, session.layout, session.stamp())], feature.span)
    return rows


def _read(session: Session, feature: Feature, batch: Batch) -> Mapping[str, BatchColumn]:
    """The columns that count, with the types that they must have."""
    increment = session.connection.columns(session.layout.of(feature.key, "increment")) or {}
    needed = [*feature.unit_columns, *failures.NEEDED]
    found = load(session.connection, BATCH, batch, needed)
    if found is None:
        found = dict.fromkeys(needed, TEXT)
    check_names(feature, found, [*needed, *increment], needed).raise_errors()
    made = {name: column_of(session, feature, name, found[name], increment) for name in needed}
    if ATTEMPTS in found:
        made[ATTEMPTS] = BatchColumn(ATTEMPTS, exp.DataType.build("bigint"), found[ATTEMPTS].upper() in _TEXTS)
    return made


_TEXTS = {"VARCHAR", "TEXT", "STRING"}


def clear_made(session: Session, feature: Feature) -> None:
    """A result is the end of a unit's errors. To be called inside the transaction of its commit."""
    if are_kept(feature) and _has_table(session, feature):
        _clear(session, feature, failures.of_batch(feature, session.layout))


def retry(session: Session, feature: Feature, condition: exp.Expr | None) -> int:
    """Forget the errors that a condition over `X__errors` matches, or all; gives the number of their units."""
    _check(session, feature)
    with session.connection.writing(), session.connection.transaction():
        return _clear(session, feature, failures.of_condition(feature, session.layout, condition))


def _clear(session: Session, feature: Feature, step: Step) -> int:
    perform(session, feature, [step], feature.span)
    found = row_count(session.connection, failures.CLEARED)
    if found:
        with session.connection.writing():
            perform(session, feature, [failures.clear(feature, session.layout, session.stamp())], feature.span)
    return found


def _check(session: Session, feature: Feature) -> None:
    if not are_kept(feature):
        raise MetasqlError.of(
            "MS0823",
            f"`{feature.key}` is not made by an outside program: no errors of its samples are kept",
            feature.span,
            help="errors of a run stand in its result: `metasql run` names them",
        )
    if not _has_table(session, feature):
        raise MetasqlError.of(
            "MS0607",
            f"`{feature.key}` has no table of errors on this target yet",
            feature.span,
            help=f"`metasql run --select {feature.key}` makes it",
        )


def _has_table(session: Session, feature: Feature) -> bool:
    return session.connection.columns(session.layout.of(feature.key, SUFFIX)) is not None
