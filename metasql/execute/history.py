"""`metasql history`: the commands that wrote, a feature's definitions over time, the life of one sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metasql.execute import state
from metasql.execute.past import definitions, fields_by_recipe
from metasql.execute.session import Session
from metasql.execute.why import typed, unit_of
from metasql.graph.definition import Definitions, FieldDefinition
from metasql.graph.diff import FeatureDiff, compare_definitions
from metasql.graph.nodes import Feature
from metasql.names import data_version_column, inputs_column, provenance_column, recipe_column
from metasql.plan.why import life

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Event:
    """Something that happened to a feature: a definition that the target was told, a rebase, a command that wrote.

    `change` is how a definition differs from the one before it.
    """

    what: str
    at: str | None
    run_id: str | None
    version: str | None = None
    revision: str | None = None
    author: str | None = None
    text: str = ""
    change: FeatureDiff | None = None


@dataclass(frozen=True)
class FieldStep:
    """A field in one step of a sample's life. `changed` says what of it is otherwise than in the step before."""

    name: str
    changed: tuple[str, ...]
    code_version: str | None
    inputs: str | None
    provenance: str | None
    data_version: str | None


@dataclass(frozen=True)
class Step:
    """One row that was stored of a sample: by which command, and what it held."""

    at: str
    command: str | None
    run_id: str
    commit: int
    feature_version: str | None
    is_deleted: bool
    fields: tuple[FieldStep, ...]
    columns: Mapping[str, tuple[str | None, str | None]]
    reason: str | None = None


def commands(session: Session, most: int) -> Rows:
    """The last commands that wrote, the newest first."""
    rows = _read(session, "metasql_runs")
    return sorted(rows, key=lambda row: str(row["started_at"]), reverse=True)[:most]


def events(session: Session, feature: Feature, most: int) -> list[Event]:
    """What happened to a feature, the newest first."""
    found = [*_definitions(session, feature), *_rebases(session, feature), *_writes(session, feature)]
    return sorted(found, key=lambda item: (item.at or "", item.what), reverse=True)[:most]


def _definitions(session: Session, feature: Feature) -> list[Event]:
    found, before = [], None
    for item in definitions(session, feature):
        change = None
        if before is not None:
            key = item.definition.key
            diff = compare_definitions(Definitions({key: before}), Definitions({key: item.definition}))
            change = diff.of(key)
        words = (item.at, item.run_id, item.definition.version, item.revision, item.author)
        found.append(Event("definition", *words, "first told" if before is None else "", change))
        before = item.definition
    return found


def _rebases(session: Session, feature: Feature) -> list[Event]:
    found = []
    for row in _read(session, "metasql_rebases", feature=feature.key.path):
        count = int(row["samples"])
        text = f"{count:,} {'sample' if count == 1 else 'samples'} accepted in {row['fields']}: {row['reason']}"
        at, run_id, version, revision, author = (
            _text(row[name]) for name in ("at", "run_id", "feature_version", "revision", "author")
        )
        found.append(Event("rebase", at, run_id, version, revision, author, text))
    return found


def _writes(session: Session, feature: Feature) -> list[Event]:
    named = {row["run_id"]: str(row["command"]) for row in _read(session, "metasql_runs")}
    found = []
    for row in _read(session, "metasql_run_results", node=feature.key.path):
        if row["status"] == "error" or row["written"] or row["deleted"]:
            written, deleted = int(row["written"] or 0), int(row["deleted"] or 0)
            parts = [f"{written:,} written"] + ([f"{deleted:,} deleted"] if deleted else [])
            text = f"failed: {row['text']}" if row["status"] == "error" else ", ".join(parts)
            found.append(Event(named.get(row["run_id"], "run"), _text(row["finished_at"]), row["run_id"], text=text))
    return [event for event in found if event.what != "rebase"]


def steps(session: Session, feature: Feature, ids: Sequence[str]) -> list[Step]:
    """The life of a sample, the oldest step first; of a feature without history the present row alone.

    Raises: MetasqlError MS0662.
    """
    values = typed(session, feature, unit_of(feature, ids, feature.id_columns))
    there = session.connection.columns(session.layout.of(feature.key, "history"))
    names, rows = session.connection.table(life(feature, session.layout, values, history=there is not None))
    known = fields_by_recipe(session, feature)
    named = {row["run_id"]: str(row["command"]) for row in _read(session, "metasql_runs")}
    reasons = {row["run_id"]: str(row["reason"]) for row in _read(session, "metasql_rebases", feature=feature.key.path)}
    found: list[Step] = []
    before: dict[str, Any] = {}
    for row in (dict(zip(names, values_, strict=True)) for values_ in rows):
        run_id = str(row["metasql_run_id"])
        found.append(
            Step(
                at=str(row["metasql_updated_at"]),
                command=named.get(run_id),
                run_id=run_id,
                commit=int(row["metasql_commit"]),
                feature_version=_text(row["metasql_feature_version"]),
                is_deleted=row["metasql_deleted_at"] is not None,
                fields=tuple(_field(item.name, row, before, known) for item in feature.fields),
                columns=_columns(feature, row, before),
                reason=reasons.get(run_id),
            )
        )
        before = row
    return found


def _field(
    name: str, row: Mapping[str, Any], before: Mapping[str, Any], known: Mapping[tuple[str, str], FieldDefinition]
) -> FieldStep:
    parts = {"code": recipe_column(name), "inputs": inputs_column(name), "result": data_version_column(name)}
    changed = [word for word, column in parts.items() if before and row[column] != before[column]]
    made = known.get((name, str(row[recipe_column(name)])))
    return FieldStep(
        name=name,
        changed=tuple(changed),
        code_version=made.code_version if made is not None else None,
        inputs=_text(row[inputs_column(name)]),
        provenance=_text(row[provenance_column(name)]),
        data_version=_text(row[data_version_column(name)]),
    )


def _columns(
    feature: Feature, row: Mapping[str, Any], before: Mapping[str, Any]
) -> dict[str, tuple[str | None, str | None]]:
    """The data columns that hold something else than before: what they held, and what they hold."""
    names = [column.name for column in feature.data_columns]
    return {name: (_text(before.get(name)), _text(row[name])) for name in names if row[name] != before.get(name)}


def _read(session: Session, name: str, **where: str) -> Rows:
    """Rows of one of metasql's tables; none where an older version made no such table."""
    if session.connection.columns(session.layout.relation(name)) is None:
        return []
    return [dict(row) for row in state.read(session.connection, session.layout, name, **where)]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
