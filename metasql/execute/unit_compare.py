"""What a unit test expects beside what was found: the rows that are in one of the two alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from metasql.execute.unit_tests import STATUSES, Found
from metasql.graph.nodes import Feature
from metasql.graph.unit_tests import FIELDS
from metasql.parse.declarations import RowDecl, UnitTestDecl

Values = tuple[Any, ...]


@dataclass(frozen=True)
class Difference:
    """One part of an expectation that does not hold: `new`, `stale`, `orphaned` or `rows`."""

    part: str
    columns: tuple[str, ...]
    missing: tuple[Values, ...]
    unexpected: tuple[Values, ...]


def differences(test: UnitTestDecl, feature: Feature, found: Found) -> list[Difference]:
    """Every part that differs. Only the columns that are named in an expectation are compared."""
    made = []
    for part in STATUSES:
        expected = getattr(test, part)
        if expected is not None:
            units = [_unit(unit) for unit in found.units[part]]
            made.append(_compared(part, expected, units, feature.unit_columns))
    if test.rows is not None:
        made.append(_compared("rows", test.rows, found.rows, [column.name for column in feature.columns]))
    return [item for item in made if item.missing or item.unexpected]


def _unit(unit: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the increment with its stale fields under the name that an expectation has for them."""
    fields = str(unit.get("metasql_stale_fields") or "")
    return {**unit, FIELDS: fields, "reason": unit.get("metasql_reason")}


def _compared(
    part: str, expected: Sequence[RowDecl], found: Iterable[Mapping[str, Any]], otherwise: Sequence[str]
) -> Difference:
    columns = tuple(dict.fromkeys(name for row in expected for name in row.values)) or tuple(otherwise)
    wanted = Counter(tuple(_plain(row.values.get(name), name) for name in columns) for row in expected)
    there = Counter(tuple(_plain(row.get(name), name) for name in columns) for row in found)
    return Difference(part, columns, _sorted(wanted - there), _sorted(there - wanted))


def _sorted(rows: Counter[Values]) -> tuple[Values, ...]:
    return tuple(sorted(rows.elements(), key=lambda row: [(value is None, str(value)) for value in row]))


def _plain(value: Any, column: str) -> Any:
    """A value as the YAML of a test and every engine tell it alike: `1`, `1.0` and `true` are one number."""
    if column == FIELDS:
        names = value if isinstance(value, list) else str(value or "").split(",")
        return ", ".join(sorted(str(name).strip() for name in names))
    if isinstance(value, (bool, int, float, Decimal)):
        number = Decimal(str(int(value) if isinstance(value, bool) else value))
        return number.normalize() + 0 if number.is_finite() else str(number).lower()
    return value if value is None else str(value)
