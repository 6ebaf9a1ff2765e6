"""Create or alter a feature's tables, and replace its views where their text changed."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from metasql.diagnostics import MetasqlError
from metasql.events import Note
from metasql.execute import state
from metasql.execute.connection import Value
from metasql.execute.contract import check_contract
from metasql.execute.model_recipes import check_models
from metasql.execute.session import Session, place_of, told_at
from metasql.execute.settling import ensure_settled, unsettle
from metasql.execute.views import ensure_views
from metasql.graph.nodes import Feature, Kind
from metasql.names import PREFIX
from metasql.plan.body import whole_body
from metasql.plan.relations import Table, tables
from metasql.plan.sql import as_, cast_to, select, table
from metasql.source import Span


def ensure(session: Session, feature: Feature, *, full_refresh: bool = False) -> None:
    """Bring a feature's relations to its declaration. To be called inside a transaction.

    Where there is anything to change, other writers wait until that transaction ends.

    Raises: MetasqlError MS0420 (the key of a feature that has rows changed), MS0623 (a
    column was removed or changed its type), MS0624 (a value cannot be hashed), MS0503 (a body
    gives another type than the declared one), MS0505 (made by a model, on a cluster), 06xx (the engine refuses).
    """
    check_models(session, feature)
    told = _told_definition(session, feature)
    _ensure_tables(session, feature, told, full_refresh=full_refresh)
    with told_at(place_of(feature, session.layout.engine)):
        made = ensure_views(session, feature)
    if made and session.connection.is_spread:
        _tell_away(session, feature)
    if told.get("definition") != state.definition_text(feature):
        with session.connection.writing():
            state.record_definition(session, feature)


def _tell_away(session: Session, feature: Feature) -> None:
    """Say which dependencies are not joined where their rows lie."""
    ours = ", ".join(session.graph.spread[feature.key])
    for dep in session.graph.away(feature):
        theirs = ", ".join(session.graph.spread[dep.feature])
        session.emit(
            Note(
                f"{feature.key}: the rows of {dep.feature} are spread by {theirs}, its own by {ours}: they are"
                " brought to one node to be joined"
            )
        )


def ensure_storage(session: Session, feature: Feature) -> None:
    """Create or alter a feature's tables, and leave its views and recorded definition alone."""
    _ensure_tables(session, feature, _told_definition(session, feature), full_refresh=False)


def _told_definition(session: Session, feature: Feature) -> Mapping[str, Value]:
    """What the target was told of a feature when it ran last; empty where it never did."""
    connection, layout, key = session.connection, session.layout, feature.key.path
    rows = state.read(connection, layout, "metasql_features", feature=key)
    whole = state.read(connection, layout, "metasql_definitions", feature=key) if rows else []
    return {**rows[0], "definition": whole[0]["definition"] if whole else None} if rows else {}


def _ensure_tables(session: Session, feature: Feature, told: Mapping[str, Value], *, full_refresh: bool) -> None:
    place = place_of(feature, session.layout.engine)
    _check_key(session, feature, told, full_refresh)
    with told_at(place):
        check_contract(session, feature, place)
        _check_given(session, feature, place)
    policy = "sync" if full_refresh else feature.on_schema_change
    with told_at(place):
        for wanted in tables(feature, session.graph, session.layout):
            _ensure_table(session, feature, wanted, place, policy)
        ensure_settled(session, feature)


def _check_key(session: Session, feature: Feature, told: Mapping[str, Value], full_refresh: bool) -> None:
    """A changed key, or a changed unit, has no meaning for rows that are there."""
    if not told:
        return
    ids, unit = str(told["id_columns"]), str(told["unit_columns"])
    if set(ids.split(",")) == set(feature.id_columns) and set(unit.split(",")) == set(feature.unit_columns):
        return
    samples = session.layout.of(feature.key, "samples")
    if session.connection.columns(samples) is None:
        return
    if not full_refresh and session.connection.rows(select(exp.Literal.number(1)).from_(table(samples)).limit(1)):
        raise MetasqlError.of(
            "MS0420",
            f"the key of `{feature.key}` changed, and it has rows",
            feature.span,
            notes=[
                f"stored: id columns {ids}; unit {unit}",
                f"declared: id columns {','.join(feature.id_columns)}; unit {','.join(feature.unit_columns)}",
            ],
            help=f"`metasql run --full-refresh --select {feature.key}` computes it anew; or put the old key back",
        )
    for suffix in ("samples", "inputs", "history", "attempts"):
        relation = session.layout.of(feature.key, suffix)
        if session.connection.columns(relation) is not None:
            unsettle(session, [feature.key])
            with session.connection.writing():
                session.connection.drop_table(relation)


def _check_given(session: Session, feature: Feature, place: Span) -> None:
    """A body gives its columns as types that the engine turns into the declared ones as the project's dialect does."""
    connection, body = session.connection, feature.body_for(session.layout.engine)
    declared = {column.name: column.type for column in feature.columns if column.type is not None}
    takes = connection.dialect.takes
    if takes is None or body is None or not declared:
        return
    given = connection.describe(whole_body(body, feature, session.graph, session.layout))
    wanted = connection.describe(select(*(as_(cast_to(exp.null(), type_), name) for name, type_ in declared.items())))
    for name in declared.keys() & given.keys():
        if not takes(given[name], wanted[name]):
            raise MetasqlError.of(
                "MS0503",
                f"column `{name}` of `{feature.key}` is declared as {wanted[name]}, and its body gives {given[name]}",
                place,
                notes=[f"{connection.dialect.name} would cut such values or make NULL of them, and not say so"],
                help="cast it in the body: what cannot be cast is an error there",
            )


def _ensure_table(session: Session, feature: Feature, wanted: Table, place: Span, policy: str) -> None:
    connection = session.connection
    stored = connection.columns(wanted.relation)
    desired = connection.describe(wanted.template)
    _check_types(session, feature, desired, place)
    if stored is None:
        unsettle(session, [feature.key])
        with connection.writing():
            by = session.graph.spread[feature.key]
            connection.create_table(wanted.relation, wanted.template, wanted.key, by)
        return
    lost = [name for name in stored if name not in desired and not name.startswith(PREFIX)]
    changed = [name for name, type_ in desired.items() if name in stored and stored[name] != type_]
    changed = [name for name in changed if not name.startswith(PREFIX)]
    if (lost or changed) and policy == "fail":
        raise _schema_changed(feature, lost, changed, stored, desired, place)
    add = {name: type_ for name, type_ in desired.items() if name not in stored}
    change = {name: desired[name] for name in changed} if policy == "sync" else {}
    drop = lost if policy == "sync" else []
    if change or drop:
        unsettle(session, [feature.key])
    if add or change or drop:
        with connection.writing():
            connection.alter_table(wanted.relation, add, change, drop)


def _check_types(session: Session, feature: Feature, types: dict[str, str], place: Span) -> None:
    """Values that are hashed, keys and a root's content, have a text that no session changes."""
    hashed = set(feature.id_columns)
    if feature.kind is Kind.ROOT:
        hashed |= {name for field in feature.fields for name in field.columns}
    _check_results(session, feature, types)
    for name in sorted(hashed & types.keys()):
        fault = session.connection.dialect.unhashable(types[name])
        if fault is not None:
            message = f"column `{name}` of `{feature.key}` cannot be hashed: it is {types[name]}"
            raise MetasqlError.of("MS0624", message, place, notes=[fault[0]], help=fault[1])


def _check_results(session: Session, feature: Feature, types: dict[str, str]) -> None:
    """Where the author asks for content as the data version, it can be told on every engine."""
    for field in feature.fields:
        for name in field.result if field.must_compare else ():
            if name in types and session.connection.dialect.is_unlike(types[name]):
                raise MetasqlError.of(
                    "MS0624",
                    f"column `{name}` of `{feature.key}` cannot be hashed: it is {types[name]}",
                    field.span,
                    notes=["values of such a type have no text that is the same on every engine"],
                    help="give it as text, or take `data_version: content` away",
                )


def _schema_changed(
    feature: Feature, lost: list[str], changed: list[str], stored: dict[str, str], desired: dict[str, str], place: Span
) -> MetasqlError:
    notes = [f"`{name}` is stored and no longer given" for name in lost]
    notes += [f"`{name}` is stored as {stored[name]} and now given as {desired[name]}" for name in changed]
    ways = "set `on_schema_change: append` to keep what is stored, or `sync` to follow the declaration"
    if feature.bodies:
        ways += "; `--full-refresh` computes it anew"
    return MetasqlError.of("MS0623", f"the columns of `{feature.key}` changed", place, notes=notes, help=ways)
