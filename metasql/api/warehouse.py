"""A project's warehouse, open: increments handed out, results taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any
from weakref import WeakSet

from metasql.api.batches import batch_of
from metasql.api.increment import Increment, checked_fields, checked_shard, checked_statuses, condition
from metasql.api.running import require_relations
from metasql.api.upkeep import Upkeep
from metasql.api.values import Committed, Status
from metasql.api.versioned import Versioned
from metasql.api.writer import Writer
from metasql.diagnostics import MetasqlError
from metasql.execute.attempts import commit_errors, retry
from metasql.execute.commit import commit_batch
from metasql.execute.handed import handed_out
from metasql.execute.session import Session
from metasql.graph.nodes import Feature
from metasql.lower.render import render
from metasql.pipeline import Project, feature_of
from metasql.plan.handout import Wanted, handout
from metasql.report.status import statuses


class Warehouse(Versioned):
    """An open warehouse; made by `Project.connect`, and closed at the end of its `with` block.

    It may be used by several threads: one at a time writes or reads. What it raises is a `MetasqlError`.
    """

    def __init__(self, project: Project, session: Session, closed: Callable[[Warehouse], None]) -> None:
        self._project = project
        self._upkeep = Upkeep(project, session)
        self._lock = threading.RLock()
        self._known: set[str] = set()
        self._closed = closed
        self._open = True
        self._writers: WeakSet[Writer] = WeakSet()

    def increment(
        self,
        key: str,
        *,
        status: str | Sequence[str] = ("new", "stale"),
        fields: Sequence[str] | None = None,
        shard: tuple[int, int] | None = None,
        limit: int | None = None,
        where: str | None = None,
    ) -> Increment:
        """What is to be computed for a feature, one row for each unit.

        `status`: new, stale, orphaned. `fields`: only where one of these is stale. `shard`: `(i, n)` is the part
        `i`, from 0, of `n` that the hash of the key makes. `limit`: at most so many rows, the first by their keys.
        `where`: SQL over the increment's columns.

        Raises: MetasqlError MS0330, MS0302, MS0820 for what there is not; MS0607 before the feature's first run.
        """
        feature = self._feature(key)
        if limit is not None and limit < 0:
            raise MetasqlError.of("MS0820", f"{limit} is no number of rows", help="let `limit` be 0 or more")
        statuses, names, part = checked_statuses(status), checked_fields(feature, fields), checked_shard(shard)
        session = self._session
        with self._lock:
            columns = session.connection.columns(session.layout.of(feature.key, "increment")) or {}
        chosen = condition(self._project, feature, columns, where, "where") if where is not None else None
        wanted, ordered = Wanted(statuses, names, part, chosen, limit), limit is not None
        if part is not None:
            self._upkeep.asked(feature, part)
        query = handout(feature, session.layout, wanted, ordered=ordered)

        def export(path: Path, size: int) -> None:
            with self._lock:
                rows = handed_out(self._session, feature, wanted, ordered=ordered)
                self._session.connection.export(rows, path, "arrow", size)

        def relation() -> Any:
            with self._lock:
                return self._session.connection.relation(query)

        return Increment(key, lambda: render(query, self._project.dialect, pretty=True), export, relation)

    def commit(self, key: str, results: Any, *, inputs: Any = None) -> Committed:
        """Take results back, all rows or none.

        `results` are the id columns, the declared columns and `metasql_receipt` as the increment gave it: an Arrow
        table, batch or reader, a polars or pandas DataFrame, a DuckDB relation, a list of dicts, or the path of a
        Parquet, CSV or JSON lines file. `inputs`, for an expansion, are the inputs that were processed, in any of
        these forms: the columns of the increment's key and the receipt.

        Repeating a commit changes nothing. Raises: MetasqlError 08xx with the rows at fault; then nothing is written.
        """
        feature = self._feature(key)
        listed = batch_of(inputs, "inputs") if inputs is not None else nullcontext()
        with batch_of(results) as batch, listed as beside, self._lock:
            result = commit_batch(self._session, feature, batch, beside)
            written = result.written
            self._upkeep.note(feature, written.rows + written.deleted, written.commit)
        return Committed(key, result.rows, written.rows, written.deleted, written.commit)

    def commit_errors(self, key: str, errors: Any) -> int:
        """Note samples that could not be made; gives their number.

        `errors` are rows of the increment, or their ids and receipts, with `metasql_error`, in any form that `commit`
        takes. A unit with `max_attempts` of them, or which waits (`retry_after`), is not handed out until `retry`,
        a result, or a change of what it is made of.

        Raises: MetasqlError 08xx with the rows at fault; then nothing is written.
        """
        feature = self._feature(key)
        with batch_of(errors, "errors") as batch, self._lock:
            rows = commit_errors(self._session, feature, batch)
            self._upkeep.note(feature, 0)
        return rows

    def retry(self, key: str, *, where: str | None = None) -> int:
        """Forget errors, those that SQL over the columns of `X__errors` matches or all; gives their number.

        Raises: MetasqlError MS0823, or 03xx where the condition is wrong.
        """
        feature = self._feature(key)
        with self._lock:
            names = self._session.connection.columns(self._session.layout.of(feature.key, "errors")) or {}
            chosen = condition(self._project, feature, names, where, "where") if where is not None else None
            again = retry(self._session, feature, chosen)
            self._upkeep.note(feature, 0)
        return again

    def writer(self, key: str, *, every: int = 500, seconds: float | None = 30) -> Writer:
        """A buffered writer for a feature's results, as a `with` block: it commits by `every` rows or after `seconds`.

        Raises: MetasqlError MS0330, MS0607, MS0821.
        """
        feature = self._feature(key)
        made = Writer(
            lambda rows, inputs: self.commit(key, rows, inputs=inputs),
            feature.id_columns,
            is_expansion=feature.is_expansion,
            every=every,
            seconds=seconds,
        )
        self._writers.add(made)
        return made

    def status(self, *keys: str) -> Status:
        """What is to be done for the features that are named, or for all."""
        graph = self._project.graph
        features = [feature_of(self._project, key) for key in keys] or list(graph.features.values())
        with self._lock:
            return Status(tuple(statuses(self._session, features)))

    def close(self) -> None:
        """Commit what writers hold, bring `metasql_status` up to date, and close the warehouse."""
        with ExitStack() as closing:
            closing.callback(self._close)
            for writer in list(self._writers):
                closing.callback(writer.close)

    def _close(self) -> None:
        with self._lock:
            if not self._open:
                return
            self._open = False
            try:
                self._upkeep.end()
            finally:
                self._closed(self)
                self._upkeep.session.connection.close()

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except MetasqlError:
            if error is None:  # what went wrong first is what is told
                raise

    @property
    def _session(self) -> Session:
        if not self._open:
            raise MetasqlError.of(
                "MS0651", "the warehouse is closed", help="work inside `with project.connect() as wh:`"
            )
        return self._upkeep.session

    def _feature(self, key: str) -> Feature:
        """A feature whose relations are there.

        Raises: MetasqlError MS0330, MS0607.
        """
        feature = feature_of(self._project, key)
        with self._lock:
            session = self._session
            if key not in self._known:
                require_relations(session, feature)
                self._known.add(key)
        return feature
