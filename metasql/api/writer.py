"""A buffered writer: what is put into it is committed, or told to have not been."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from metasql.api.batches import rows_of
from metasql.api.rows import text_of
from metasql.diagnostics import Bag, MetasqlError

Row = Mapping[str, Any]
Commit = Callable[[Sequence[Row], Sequence[Row] | None], object]

MOST_FAULTS = 5
"""So many faulty rows are looked for in a batch that is refused; with more, the rest of it is not written either."""

_OF_A_ROW = frozenset({"MS0802", "MS0803", "MS0805", "MS0806", "MS0807", "MS0808", "MS0809", "MS0810"})


class Unwritten(MetasqlError):
    """Rows that were put into a writer and are not in the warehouse.

    `rows` are these rows, `inputs` those of an expansion that came with them; `bag` says why. Everything else that
    was put before is committed, or waits in the writer still.
    """

    def __init__(self, bag: Bag, rows: tuple[Row, ...], inputs: tuple[Row, ...]) -> None:
        super().__init__(bag)
        self.rows = rows
        self.inputs = inputs


@dataclass(frozen=True)
class _Entry:
    """What is committed together: a row, or the children of inputs with these."""

    rows: tuple[Row, ...]
    inputs: tuple[Row, ...]
    names: frozenset[tuple[Any, ...]]
    """The keys of the rows and the receipts of the inputs: two entries that share one are not of one commit."""


class Writer:
    """Collects rows of one feature, and commits them by `every` rows or after `seconds`; made by `Warehouse.writer`.

    It is used as a `with` block, at whose end the rest is committed, after an error too, and by as many threads as
    there are: a row that is put is committed, or an `Unwritten` carries it. That is raised where a commit was refused,
    and for one that time has started, by the next call. Of a batch that is refused for some of its rows, the others
    are committed.
    """

    def __init__(
        self, commit: Commit, ids: Sequence[str], *, is_expansion: bool, every: int, seconds: float | None
    ) -> None:
        if every < 1 or (seconds is not None and seconds <= 0):
            raise MetasqlError.of(
                "MS0821", "a writer commits by 1 row or more, and by more than 0 seconds", help="correct the number"
            )
        self._commit = commit
        self._ids = tuple(ids)
        self._is_expansion = is_expansion
        self._every = every
        self._seconds = seconds
        self._changed = threading.Condition(threading.RLock())
        self._entries: list[_Entry] = []
        self._names: set[tuple[Any, ...]] = set()
        self._failed: list[tuple[_Entry, MetasqlError]] = []
        self._due = 0.0
        self._open = False
        self._watcher: threading.Thread | None = None

    def put(self, results: Any, *, inputs: Any = None) -> None:
        """Give a row, or several: a dict, or results in any form that `Warehouse.commit` takes.

        Of an expansion, all children of some inputs are given together, with these as `inputs`.

        Raises: Unwritten with what is not in the warehouse, these rows too if they are not; MetasqlError MS0821
        outside the `with` block.
        """
        entries = self._made(results, inputs)
        with self._changed:
            self._check_open()
            for entry in entries:
                self._take(entry)
            self._tell()

    def flush(self) -> None:
        """Commit what was put so far.

        Raises: Unwritten.
        """
        with self._changed:
            self._send()
            self._tell()

    def __enter__(self) -> Writer:
        with self._changed:
            self._open = True
            if self._seconds is not None:
                self._watcher = threading.Thread(target=self._watch, name="metasql writer", daemon=True)
                self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Commit the rest; nothing can be put afterwards.

        Raises: Unwritten.
        """
        with self._changed:
            self._open = False
            self._changed.notify_all()
            self._send()
            self._tell()

    def _check_open(self) -> None:
        if not self._open:
            raise MetasqlError.of(
                "MS0821",
                "a writer takes rows inside its `with` block alone",
                help="write `with wh.writer(key) as out:`; its end commits what is left",
            )

    def _made(self, results: Any, inputs: Any) -> list[_Entry]:
        rows = rows_of(results)
        if not self._is_expansion:
            if inputs is not None:
                raise MetasqlError.of("MS0812", "this feature has no inputs to list", help="leave `inputs` out")
            return [_Entry((row,), (), frozenset([self._key(row)])) for row in rows]
        if inputs is None:
            raise MetasqlError.of(
                "MS0821",
                "children are put together with the inputs that they are of",
                help="`out.put(children, inputs=[row])` gives all children of an increment's row, or none",
            )
        listed = rows_of(inputs)
        names = [*(self._key(row) for row in rows), *(("input", str(row.get("metasql_receipt"))) for row in listed)]
        return [_Entry(tuple(rows), tuple(listed), frozenset(names))]

    def _key(self, row: Row) -> tuple[Any, ...]:
        try:
            return ("row", *(text_of(row.get(name)) for name in self._ids))
        except TypeError:
            return ("row", id(row))  # the commit says what is wrong with it

    def _take(self, entry: _Entry) -> None:
        """A second result for a sample comes after the first one is committed, not instead of it."""
        if not entry.names.isdisjoint(self._names):
            self._send()
        if not self._entries and self._seconds is not None:
            self._due = time.monotonic() + self._seconds
            self._changed.notify_all()
        self._entries.append(entry)
        self._names |= entry.names
        if len(self._names) >= self._every:
            self._send()

    def _send(self) -> None:
        """Commit what waits. An interruption leaves it waiting: to commit rows twice changes nothing."""
        if self._entries:
            failed = self._try(self._entries, [])
            self._entries, self._names = [], set()
            self._failed += failed

    def _try(
        self, entries: list[_Entry], known: list[tuple[_Entry, MetasqlError]]
    ) -> list[tuple[_Entry, MetasqlError]]:
        """What could not be committed, and why. A batch that is refused is halved until the faulty rows are alone."""
        rows = [row for entry in entries for row in entry.rows]
        inputs = [row for entry in entries for row in entry.inputs] if self._is_expansion else None
        try:
            self._commit(rows, inputs)
        except MetasqlError as error:
            if len(entries) == 1 or len(known) >= MOST_FAULTS or not set(error.codes) <= _OF_A_ROW:
                return [(entry, error) for entry in entries]
            half = len(entries) // 2
            first = self._try(entries[:half], known)
            return [*first, *self._try(entries[half:], [*known, *first])]
        return []

    def _tell(self) -> None:
        """Raise what was not written, once."""
        if not self._failed:
            return
        failed, self._failed = self._failed, []
        rows = tuple(row for entry, _ in failed for row in entry.rows)
        inputs = tuple(row for entry, _ in failed for row in entry.inputs)
        bag = Bag()
        what = f"{len(rows):,} rows that were put are not written" if rows else "inputs that were put are not written"
        bag.error("MS0822", what, help="they are in `rows` and `inputs` of this error; what is wrong stands beside it")
        for error in dict.fromkeys(error for _, error in failed):
            bag.extend(error.bag)
        raise Unwritten(bag, rows, inputs)

    def _watch(self) -> None:
        """Commit what has waited for long enough."""
        with self._changed:
            while self._open:
                left = self._due - time.monotonic()
                if not self._entries:
                    self._changed.wait()
                elif left > 0:
                    self._changed.wait(left)
                else:
                    self._send()
