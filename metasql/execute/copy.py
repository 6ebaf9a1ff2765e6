"""`metasql copy`: samples of another target, with their versions, as samples of this one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from metasql.config.profiles import Target
from metasql.diagnostics import MetasqlError
from metasql.execute import state
from metasql.execute.defer import told_elsewhere, unlike
from metasql.execute.ensure import ensure
from metasql.execute.session import Session, perform, place_of
from metasql.execute.writing import row_count, write_incoming
from metasql.graph.definition import FeatureDefinition
from metasql.graph.nodes import Feature
from metasql.plan.copy import Wanted, incoming, versions_brought
from metasql.plan.layout import Layout
from metasql.plan.write import CHANGED, INCOMING, find_changed


@dataclass(frozen=True)
class Copied:
    """How many samples were chosen, and how many of them changed what is stored here.

    `deleted`: children that their input does not have there.
    """

    samples: int
    written: int
    deleted: int = 0


def source_of(session: Session, target: Target, feature: Feature) -> Layout:
    """Where a feature lies on the target that is copied from, in a form that fits.

    Raises: MetasqlError MS0680, MS0681, MS0606 (what is there), MS0685 (not the feature), MS0682 (in another form).
    """
    other = target.source
    assert other is not None, "a command that copies names where from"
    there = told_elsewhere(target.name, other, session.layout, session.connection)
    told = there.get(str(feature.key))
    if told is None:
        raise MetasqlError.of(
            "MS0685",
            f"`{other.target}` does not hold `{feature.key}`: it was never run there",
            feature.span,
            help=f"`metasql status --target {other.target}` shows what is there",
        )
    fault = unlike(feature, there, other.target)
    if fault is not None:
        help = f"run `{other.target}` as it is declared here, or choose samples that are made as they are declared here"
        raise MetasqlError.of("MS0682", fault.message, feature.span, notes=list(fault.notes), help=help)
    _check_more(feature, told, other.target)
    return replace(session.layout, schema=other.schema, catalog=other.catalog, elsewhere=None)


def _check_more(feature: Feature, told: FeatureDefinition, target: str) -> None:
    """Nothing of a sample is lost on the way."""
    fields, columns = {item.name for item in feature.fields}, {item.name for item in feature.columns}
    more = [f"it has the field `{item.name}`, too" for item in told.fields if item.name not in fields]
    more += [f"it has the column `{name}`, too" for name in told.columns or () if name not in columns]
    if set(told.unit_columns) != set(feature.unit_columns):
        more.append(f"its inputs are told by {', '.join(told.unit_columns)}, here by {', '.join(feature.unit_columns)}")
    if more:
        raise _other_form(feature, target, more)


def _other_form(feature: Feature, target: str, notes: list[str]) -> MetasqlError:
    message = f"`{target}` holds `{feature.key}` in another form"
    help = "declare it as it is there, or run the other target as it is declared here"
    return MetasqlError.of("MS0682", message, feature.span, notes=notes[:6], help=help)


def check_children(feature: Feature, where: exp.Expr | None) -> None:
    """The children of one input are copied together.

    Raises: MetasqlError MS0686.
    """
    if not feature.is_expansion or where is None:
        return
    other = sorted({node.name for node in where.find_all(exp.Column)} - set(feature.unit_columns))
    if other:
        raise MetasqlError.of(
            "MS0686",
            f"`{other[0]}` may differ between the children of one input of `{feature.key}`",
            notes=[f"columns of the input: {', '.join(feature.unit_columns)}"],
            help="write the condition over the columns of the input",
        )


def copy_samples(session: Session, feature: Feature, there: Layout, target: str, wanted: Wanted) -> Copied:
    """Bring samples into this target, all that are wanted or none; the definitions that they were made by, too."""
    connection, place = session.connection, place_of(feature, session.layout.engine)
    with connection.writing(), connection.transaction():
        ensure(session, feature)
        _check_types(session, feature, there, target)
        perform(session, feature, incoming(feature, there, wanted), place)
        samples = row_count(connection, INCOMING)
        written = write_incoming(session, feature, place)
        _bring_definitions(session, feature, there)
    return Copied(samples, written.rows, written.deleted)


def count_samples(session: Session, feature: Feature, there: Layout, target: str, wanted: Wanted) -> Copied:
    """What a copy would bring; only temporary tables are made. Where nothing is here yet, all of it is new."""
    connection, place = session.connection, place_of(feature, session.layout.engine)
    _check_types(session, feature, there, target)
    perform(session, feature, incoming(feature, there, wanted), place)
    samples = row_count(connection, INCOMING)
    if connection.columns(session.layout.of(feature.key, "samples")) is None:
        return Copied(samples, samples)
    perform(session, feature, find_changed(feature, session.layout), place)
    return Copied(samples, row_count(connection, CHANGED))


def _check_types(session: Session, feature: Feature, there: Layout, target: str) -> None:
    """Columns that are here already have the same types there."""
    ours = session.connection.columns(session.layout.of(feature.key, "samples")) or {}
    theirs: Mapping[str, str] = session.connection.columns(there.of(feature.key, "samples")) or {}
    names = [column.name for column in feature.columns if column.name in ours]
    other = [name for name in names if theirs.get(name) != ours[name]]
    if other:
        notes = [f"`{name}` is {theirs.get(name, 'not')} there, and {ours[name]} here" for name in other]
        raise _other_form(feature, target, notes)


def _bring_definitions(session: Session, feature: Feature, there: Layout) -> None:
    """The definitions by which copied rows were written: a rebase, and a history, ask for them."""
    connection, layout, key = session.connection, session.layout, feature.key.path
    brought = {str(version) for (version,) in connection.rows(versions_brought())}
    known = {row["feature_version"] for row in state.read(connection, layout, "metasql_definition_log", feature=key)}
    rows = [
        {**row, "recorded_at": str(row["recorded_at"])}
        for row in state.read(connection, there, "metasql_definition_log", feature=key)
        if row["feature_version"] in brought - known
    ]
    if rows:
        state.add(connection, layout, "metasql_definition_log", rows)
