"""The sources of a case's roots: which rows they hold while the root is compared or run.

A root with a SQL body takes no commits, so a data version that a step gives it goes through its source: from then on
the source shows that version wherever the content is the one that it was given for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.support.project import CaseProject
from tests.support.rows import Ids, unit_of

Row = Mapping[str, Any]


class Sources:
    """`written` are the rows of each root as they were last written, by id."""

    def __init__(self, project: CaseProject):
        self.project = project
        self.written: dict[str, dict[Ids, Row]] = {key: {} for key in project.sourced}
        self._given: dict[tuple[str, Ids, str], tuple[Any, str]] = {}

    def empty(self) -> None:
        """Leave no rows in the source of any root that is declared."""
        for key in self.project.sourced & {feature["key"] for feature in self.project.features}:
            self.project.fill(key, [])

    def fill(self, key: str, rows: Iterable[Row]) -> None:
        """Let the source of a root hold exactly these rows."""
        self.project.fill(key, [self._shown(key, row) for row in rows])

    def remember(self, key: str, rows: Iterable[Row]) -> None:
        """Keep in mind that the root was run over these rows."""
        for row in rows:
            ids = self.ids_of(key, row)
            self.written[key][ids] = row
            given = row.get("data_versions") or {}
            for field, content in (row.get("fields") or {}).items():
                if given.get(field) is not None:
                    self._given[key, ids, field] = (content, given[field])
                elif self._given.get((key, ids, field), (content,))[0] != content:
                    del self._given[key, ids, field]

    def changed_columns(self, key: str, rows: Iterable[Row]) -> list[Ids]:
        """The rows that were written before with other values in their data columns."""
        columns = self.project.feature(key).get("columns") or ()
        before = ((ids, self.written[key].get(ids), row) for row in rows if (ids := self.ids_of(key, row)))
        return [ids for ids, old, row in before if old and any(old.get(c) != row.get(c) for c in columns)]

    def ids_of(self, key: str, row: Row) -> Ids:
        ids = self.project.feature(key)["id_columns"]
        return unit_of({column: row.get(column) for column in ids}, ids, self.project.declared_columns(key))

    def _shown(self, key: str, row: Row) -> Row:
        """A row as its source shows it: a data version in the place of the content that it was given for."""
        ids = self.ids_of(key, row)
        shown = {}
        for field, content in (row.get("fields") or {}).items():
            known = self._given.get((key, ids, field))
            if known and known[0] == content:
                shown[field] = known[1]
        return {**row, "data_versions": shown | dict(row.get("data_versions") or {})}
