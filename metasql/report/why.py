"""The story of one sample, as text for people and as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from metasql.execute.why import FieldStory, Parent, ParentRow, Story

SHORT = 12
"""So many characters of a version tell it from another."""


def document(story: Story) -> dict[str, Any]:
    """The story as JSON holds it."""
    return asdict(story)


def lines(story: Story) -> Iterator[str]:
    """The status first, then field by field what is the matter, then what is upstream."""
    named = ", ".join(f"{name} = {value}" for name, value in story.unit.items())
    yield f"{story.feature}  {named}: {_headline(story)}"
    if story.updated_at is not None:
        word = "deleted" if story.deleted_at is not None else "written"
        yield f"  {word} {story.deleted_at or story.updated_at} by run {_short(story.run_id)}"
    for field in story.fields if story.status not in ("absent", "orphaned") else ():
        yield from _field(story, field)
    for parent in story.parents:
        yield from _parent(story, parent)


def _headline(story: Story) -> str:
    return {
        "absent": "nothing calls for it, and " + ("it was deleted" if story.deleted_at else "nothing of it is stored"),
        "new": "new: upstream calls for it" + (", and it was deleted here" if story.deleted_at else ""),
        "orphaned": "orphaned: it is stored, and upstream no longer calls for it",
        "waiting": "waiting: a field upstream that it is made of has no version yet",
        "settled": "settled: nothing that it is made of has changed since it was written",
    }.get(story.status) or f"stale: {_reason(story)}"


def _reason(story: Story) -> str:
    said = {"code": "it was made by other code", "upstream": "what it is made of changed"}
    return said.get(story.reason or "", "`stale_when` matches it")


def _field(story: Story, field: FieldStory) -> Iterator[str]:
    if story.status == "new":
        yield f"  {field.name}: made of {_names(field.declared_made_of)}"
        return
    if not field.causes:
        matched = " (`stale_when` matches the sample)" if field.is_stale else ""
        yield f"  {field.name}: as it should be{matched}"
        return
    yield f"  {field.name}: stale"
    if "added" in field.causes:
        yield "    it was declared after the sample was written"
    if "code" in field.causes:
        yield from _code(field)
    if "upstream" in field.causes and field.made_of in (None, field.declared_made_of):
        yield f"    what it is made of: {_short(field.inputs)} → {_short(field.expected_inputs)}"


def _code(field: FieldStory) -> Iterator[str]:
    before = field.code_version
    if before is None:
        yield f"    its code: of a definition that this target was never told → `{_cut(field.declared_code_version)}`"
        return
    if before != field.declared_code_version:
        yield f"    its code version: `{_cut(before)}` → `{_cut(field.declared_code_version)}`"
    if field.made_of is not None and field.made_of != field.declared_made_of:
        yield f"    it was made of {_names(field.made_of)}, and is now of {_names(field.declared_made_of)}"


def _parent(story: Story, parent: Parent) -> Iterator[str]:
    counting = [row for row in parent.rows if row.counts]
    if not counting:
        word = "has no row for it" if not parent.rows else _left_out(parent, parent.rows[0])
        yield f"  {parent.feature} {word}{' (it is optional)' if parent.optional else ''}"
    for row in counting:
        named = f" ({', '.join(f'{name} = {value}' for name, value in row.ids.items())})"
        shown = named if parent.lineage in ("aggregation", "lookup") else ""
        since = ", after the sample" if row.is_newer else ""
        yield f"  {parent.feature}{shown} was written {row.updated_at} by run {_short(row.run_id)}{since}"
        for field in _made_of(story, parent):
            version = row.versions.get(field)
            old = _before(story, f"{parent.feature}.{field}")
            change = f"{_short(old)} → " if old is not None and old != version and version is not None else ""
            yield f"    {field}: {change}{_short(version) if version is not None else 'no version yet'}"
    for row in (row for row in parent.rows if not row.counts and counting and row.is_newer):
        yield f"  {parent.feature} ({', '.join(f'{n} = {v}' for n, v in row.ids.items())}) {_left_out(parent, row)}"


def _left_out(parent: Parent, row: ParentRow) -> str:
    if row.deleted_at is not None:
        return f"was deleted {row.deleted_at} by run {_short(row.run_id)}"
    return f"has a row that `where` leaves out: {parent.where}"


def _made_of(story: Story, parent: Parent) -> list[str]:
    names = {name for field in story.fields for name in field.declared_made_of}
    return sorted(name.rpartition(".")[2] for name in names if name.rpartition(".")[0] == parent.feature)


def _before(story: Story, name: str) -> str | None:
    """The version of a field upstream that a field of one parent was made of."""
    alone = (name,)
    return next((item.inputs for item in story.fields if item.made_of == alone == item.declared_made_of), None)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "nothing upstream"


def _cut(text: str) -> str:
    return text if len(text) <= 2 * SHORT else f"{text[:SHORT]}…"


def _short(version: str | None) -> str:
    return version[:SHORT] if version else "unknown"
