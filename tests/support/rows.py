"""Rows on their way into `metasql commit`, and out of `metasql increment`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.support.project import as_text, relation

Row = dict[str, Any]
Ids = tuple[Any, ...]


def canonical(value: Any, kind: str) -> Any:
    """A value of an id as it is compared: texts of dates, times and decimals are read first."""
    kind = kind.lower()
    if isinstance(value, str) and kind.startswith("timestamp"):
        return datetime.fromisoformat(value.replace("Z", "+00:00")).isoformat()
    if isinstance(value, str) and kind.startswith("date"):
        return date.fromisoformat(value[:10]).isoformat()
    if kind.startswith(("decimal", "numeric")) and value is not None:
        return format(Decimal(str(value)).normalize(), "f")
    if kind in ("double", "float", "real") and isinstance(value, int):
        return float(value)
    return value


def unit_of(row: Mapping[str, Any], unit: Sequence[str], types: Mapping[str, str]) -> Ids:
    """The unit of an increment row."""
    return tuple(canonical(row[column], types.get(column, "")) for column in unit)


def units(listed: Iterable[Sequence[Any]], unit: Sequence[str], types: Mapping[str, str]) -> list[Ids]:
    """Units as a case writes them, in the form they are compared in."""
    return [unit_of(dict(zip(unit, ids, strict=True)), unit, types) for ids in listed]


def value_for(
    option: Mapping[str, Any], sample: Mapping[str, Any], ids: Sequence[str], types: Mapping[str, str]
) -> Any:
    """A commit option's value for a sample: its own, else the default."""
    key = unit_of(sample, ids, types)
    listed = [(named, own) for named, own in option.get("for") or () if len(named) == len(ids)]
    return next((own for named, own in listed if units([named], ids, types) == [key]), option.get("default"))


def outside_batches(rows: Iterable[Mapping[str, Any]], ids: Sequence[str], as_one: bool) -> list[list[Row]]:
    """The commits that write rows to a root from outside: one for each set of columns that rows carry.

    A missing id goes along as NULL; a batch that must be turned down is one batch, with NULL for whatever is missing.
    """
    batches: dict[frozenset[str], list[Row]] = {}
    for row in rows:
        flat = dict.fromkeys(ids) | outside_row(row)
        batches.setdefault(frozenset() if as_one else frozenset(flat), []).append(flat)
    if as_one:
        names = list(dict.fromkeys(name for batch in batches.values() for row in batch for name in row))
        return [[dict.fromkeys(names) | row for row in batch] for batch in batches.values()]
    return list(batches.values())


def outside_row(row: Mapping[str, Any]) -> Row:
    """A row of a root as an outside program commits it."""
    flat = {name: value for name, value in row.items() if name not in ("fields", "data_versions")}
    flat |= {f"metasql_content__{relation(name)}": as_text(value) for name, value in (row.get("fields") or {}).items()}
    return flat | _data_versions(row.get("data_versions") or {})


def committed_rows(
    row: Mapping[str, Any],
    samples: Iterable[Mapping[str, Any]],
    feature: Mapping[str, Any],
    types: Mapping[str, str],
    step: Mapping[str, Any],
) -> list[Row]:
    """What is committed for one row of an increment: itself, or its children, with its receipt.

    `types` are those of the columns to commit. A column that the step does not name keeps what the row carries.
    """
    ids, options = feature["id_columns"], step.get("columns") or {}
    rows = []
    for sample in samples:
        data = {name: row.get(name) for name in types if name not in ids}
        data |= {name: value_for(option, sample, ids, types) for name, option in options.items()}
        given = step.get("data_versions") or {}
        versions = _data_versions({name: value_for(option, sample, ids, types) for name, option in given.items()})
        rows.append({**sample, **data, **versions, "metasql_receipt": row["metasql_receipt"]})
    return rows


def children_of(
    unit: Mapping[str, Any], feature: Mapping[str, Any], types: Mapping[str, str], step: Mapping[str, Any]
) -> list[Row]:
    """The ids of an input's children: numbered from 0 in the column that the step names."""
    children = step.get("children")
    if not children:
        return []
    count = value_for(children["count"], unit, list(unit), types) or 0
    numbered = ({**unit, children["column"]: number} for number in range(count))
    return [{column: child[column] for column in feature["id_columns"]} for child in numbered]


def _data_versions(given: Mapping[str, Any]) -> Row:
    return {f"metasql_data_version__{relation(name)}": as_text(v) for name, v in given.items() if v is not None}


def reported(rows: Iterable[Mapping[str, Any]], unit: Sequence[str], types: Mapping[str, str]) -> dict[str, Any]:
    """The rows of an increment in the words of a case's `expect`."""
    report: dict[str, Any] = {"unit": list(unit), "new": [], "stale": [], "orphaned": []}
    for row in rows:
        ids = list(unit_of(row, unit, types))
        fields = sorted(name.strip() for name in (row["metasql_stale_fields"] or "").split(",") if name.strip())
        stale = {"id": ids, "stale_fields": fields, "reason": row["metasql_reason"]}
        report[row["metasql_status"]].append(stale if row["metasql_status"] == "stale" else ids)
    return report


def expected_report(expect: Mapping[str, Any], types: Mapping[str, str]) -> dict[str, Any]:
    """A case's `expect`, its ids in the form they are compared in."""
    unit = expect["unit"]
    stale = [{**row, "id": list(units([row["id"]], unit, types)[0])} for row in expect.get("stale") or ()]
    listed = {part: [list(ids) for ids in units(expect.get(part) or (), unit, types)] for part in ("new", "orphaned")}
    return {"unit": list(unit), "stale": stale, **listed}
