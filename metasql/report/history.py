"""What happened, as text for people and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from metasql.execute.history import Event, FieldStep, Step
from metasql.report.diff import change_lines

SHORT = 12
COMMANDS = ("started", "command", "status", "project", "run")
"""The columns of the list of commands."""


def command_rows(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    names = ("started_at", "command", "status", "project", "run_id")
    return [tuple(str(row[name]) for name in names) for row in rows]


def command_document(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{name: None if value is None else str(value) for name, value in row.items()} for row in rows]


def event_lines(events: Sequence[Event]) -> Iterator[str]:
    """One head line for each event, with its details below it."""
    for event in events:
        told = [event.at or "at an unknown time", event.what]
        told += [f"version {event.version[:SHORT]}"] if event.version else []
        told += [f"revision {event.revision[:SHORT]}"] if event.revision else []
        told += [f"by {event.author}"] if event.author else []
        told += [f"run {event.run_id}"] if event.run_id else []
        yield "  ".join(told)
        if event.text:
            yield f"    {event.text}"
        for line in change_lines(event.change) if event.change is not None else ():
            yield f"    {line.strip()}"


def event_document(events: Sequence[Event]) -> list[dict[str, Any]]:
    return [asdict(event) for event in events]


def step_lines(steps: Sequence[Step]) -> Iterator[str]:
    """Each row that was stored: when, by which command, and what of it was otherwise than before."""
    for number, step in enumerate(steps):
        what = "deleted" if step.is_deleted else "written" if number == 0 else "replaced"
        yield f"{step.at}  {what} by {step.command or 'a command'}  commit {step.commit}  run {step.run_id}"
        if step.reason is not None:
            yield f"    accepted as it was: {step.reason}"
        for field in step.fields:
            yield f"    {field.name}: {_field(field, first=number == 0)}"
        for name, (before, after) in step.columns.items():
            shown = _value(after) if number == 0 else f"{_value(before)} → {_value(after)}"
            yield f"    {name} = {shown}"


def _field(field: FieldStep, *, first: bool) -> str:
    words = {"code": "other code", "inputs": "other inputs", "result": "another result"}
    said = [words[word] for word in field.changed] or ([] if first else ["as before"])
    parts = [f"provenance {_short(field.provenance)}", f"inputs {_short(field.inputs)}"]
    parts += [f"code version `{_cut(field.code_version)}`"] if field.code_version is not None else []
    return ", ".join([*said, *parts])


def step_document(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [asdict(step) for step in steps]


def _value(value: str | None) -> str:
    return "NULL" if value is None else _cut(value)


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"


def _short(version: str | None) -> str:
    return version[:SHORT] if version else "none"
