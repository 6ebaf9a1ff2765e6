"""Unit tests of increments: given rows on an engine in memory, and what the increment says of them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from metasql.config.profiles import Options
from metasql.diagnostics import Bag, MetasqlError
from metasql.events import Emit
from metasql.execute.batch import BatchFile
from metasql.execute.commit import commit_batch
from metasql.execute.delete import delete_samples
from metasql.execute.ensure import ensure
from metasql.execute.preview import samples_query
from metasql.execute.registry import connect
from metasql.execute.run import RunOptions, run_feature
from metasql.execute.session import Session
from metasql.execute.state import ensure_tables
from metasql.execute.unit_plan import UnitPlan
from metasql.graph.nodes import Feature, Kind
from metasql.graph.unit_tests import VERSIONS, Table, given_rows, plain_fields, with_code, written_by
from metasql.graph.version import Hasher
from metasql.names import content_column
from metasql.parse.declarations import RowDecl
from metasql.plan.handout import Wanted, handout
from metasql.plan.layout import Layout
from metasql.plan.receipt import RECEIPT

STATUSES = ("new", "stale", "orphaned")


@dataclass(frozen=True)
class Found:
    """What the engine says: the units of the increment by status, and the live rows after the run."""

    units: Mapping[str, tuple[Mapping[str, Any], ...]]
    rows: tuple[Mapping[str, Any], ...] = ()


def run_unit_test(plan: UnitPlan, emit: Emit) -> Found:
    """Bring the engine into the state that is given, and ask what the increment says.

    Raises: MetasqlError MS0705, or what the engine refuses.
    """
    with tempfile.TemporaryDirectory() as folder, _opened(plan, Path(folder), emit) as session:
        ensure_tables(session.connection, session.layout)
        work = _Work(plan, session, Path(folder))
        work.give(before=True)
        if plan.test.stored:
            work.store()
        work.give(before=False)
        found = work.increment()
        return Found(found, work.after_the_run() if plan.test.rows is not None else ())


@contextmanager
def _opened(plan: UnitPlan, folder: Path, emit: Emit) -> Iterator[Session]:
    target = plan.target
    if target.type == "clickhouse":
        target = replace(target, options=Options({**target.options, "path": str(folder / "engine")}))
    connection = connect(target, plan.hash, emit=emit)
    try:
        yield Session.open(plan.graph, Layout(target.schema, target.type), connection)
    finally:
        connection.close()


@dataclass(frozen=True)
class _Work:
    """One unit test at work."""

    plan: UnitPlan
    session: Session
    folder: Path

    def give(self, *, before: bool) -> None:
        """Let everything upstream hold exactly the given rows, and let the feature's views be there."""
        for table in self.plan.project.tables:
            self._load(table, given_rows(self.plan.test, table.name, before=before))
        for key in self.plan.project.parents:
            parent = self.plan.graph.get(key)
            assert parent is not None, "it was linked"
            self._commit_parent(parent, given_rows(self.plan.test, key, before=before))
        with self.session.connection.transaction():
            ensure(self.session, self.plan.feature)

    def _load(self, table: Table, rows: Sequence[RowDecl]) -> None:
        connection, path = self.session.connection, self.folder / f"{table.relation}.csv"
        path.write_text(csv_text(list(table.types), rows), encoding="utf-8", newline="")
        with connection.writing(), connection.transaction():
            connection.load_seed(self.session.layout.relation(table.relation), path, list(table.types), table.types)

    def _commit_parent(self, parent: Feature, rows: Sequence[RowDecl]) -> None:
        with self.session.connection.transaction():
            ensure(self.session, parent)
        with self.session.connection.transaction():
            delete_samples(self.session, parent, None)
        if rows:
            commit_batch(self.session, parent, self._batch([_with_versions(parent, row) for row in rows]))

    def _batch(self, rows: Sequence[Mapping[str, Any]]) -> BatchFile:
        path = self.folder / "batch.json"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return BatchFile(path, "json")

    def store(self) -> None:
        """Put the feature's own rows there, as made of what is upstream now by the code that they say."""
        by_code: dict[tuple[tuple[str, str], ...], list[RowDecl]] = {}
        for row in self.plan.test.stored:
            by_code.setdefault(written_by(row), []).append(row)
        for code, rows in by_code.items():
            feature = with_code(self.plan.feature, code, Hasher(self.plan.hash))
            with self.session.connection.transaction():
                ensure(self.session, feature)
            self._store(feature, rows)

    def _store(self, feature: Feature, stored: Sequence[RowDecl]) -> None:
        outside = replace(feature, bodies={}, kind=Kind.EXTERNAL if feature.deps else Kind.ROOT)
        receipts = {} if outside.kind is Kind.ROOT else self._receipts(feature)
        rows = []
        for row in stored:
            made = {column.name: row.values.get(column.name) for column in feature.columns}
            if outside.kind is not Kind.ROOT:
                made[RECEIPT] = self._receipt(feature, row, receipts)
            rows.append(made)
        commit_batch(self.session, outside, self._batch(rows))

    def _receipts(self, feature: Feature) -> dict[tuple[Any, ...], Any]:
        units = self._handed_out(feature, ("new", "stale"))
        return {_key(unit, feature.unit_columns): unit[RECEIPT] for unit in units}

    def _receipt(self, feature: Feature, row: RowDecl, receipts: Mapping[tuple[Any, ...], Any]) -> Any:
        key = _key(row.values, feature.unit_columns)
        if key not in receipts:
            shown = ", ".join(f"{name}: {row.values.get(name)}" for name in feature.unit_columns)
            raise MetasqlError.of(
                "MS0705",
                f"the stored row `{shown}` of `{feature.key}` cannot have been made of the given rows",
                row.span,
                help="list under `stored_from` the upstream rows that the stored ones were made of",
            )
        return receipts[key]

    def _handed_out(self, feature: Feature, statuses: Sequence[str]) -> list[dict[str, Any]]:
        names, rows = self.session.connection.table(handout(feature, self.session.layout, Wanted(statuses)))
        return [dict(zip(names, row, strict=True)) for row in rows]

    def increment(self) -> dict[str, tuple[Mapping[str, Any], ...]]:
        """The units of the increment, by status."""
        units = self._handed_out(self.plan.feature, STATUSES)
        return {word: tuple(unit for unit in units if unit["metasql_status"] == word) for word in STATUSES}

    def after_the_run(self) -> tuple[Mapping[str, Any], ...]:
        """The live rows after a run of the feature."""
        result = run_feature(self.session, self.plan.feature, RunOptions())
        if result.status != "ok":
            raise MetasqlError(Bag(list(result.diagnostics)))
        names, rows = self.session.connection.table(samples_query(self.session, self.plan.feature, None))
        return tuple(dict(zip(names, row, strict=True)) for row in rows)


def _with_versions(parent: Feature, row: RowDecl) -> dict[str, Any]:
    """A given row as a batch brings it: fields without columns have the version that it says, or the same one."""
    said = row.values.get(VERSIONS) or {}
    made = {column.name: row.values.get(column.name) for column in parent.columns}
    return made | {content_column(name): str(said.get(name, "")) for name in plain_fields(parent)}


def _key(row: Mapping[str, Any], names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(str(row.get(name)) for name in names)


def csv_text(names: Sequence[str], rows: Sequence[RowDecl]) -> str:
    """Rows as CSV: an empty cell is NULL, and `""` is the empty text."""
    lines = [",".join(_cell(name) for name in names)]
    lines += [",".join(_cell(row.values.get(name)) for name in names) for row in rows]
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return '"' + text.replace('"', '""') + '"'
