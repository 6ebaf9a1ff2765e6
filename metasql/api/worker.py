"""A warehouse as a worker sees it through a committer (`metasql serve-commits`)."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

from metasql.api.batches import batch_of
from metasql.api.forms import PARTS, TOKEN, Part, packed, understood
from metasql.api.increment import Increment, checked_fields, checked_shard, checked_statuses
from metasql.api.libraries import parquet
from metasql.api.values import Committed
from metasql.api.writer import Writer
from metasql.diagnostics import MetasqlError
from metasql.execute.batch import BatchFile
from metasql.pipeline import Project, feature_of

TRIES = 3
"""A commit that is repeated changes nothing, so a lost connection is tried again."""


class Worker:
    """Hands out increments and takes results back through a committer; made by `Project.worker`.

    It has the methods of a `Warehouse` that a worker needs, and any number of processes may have one each.
    """

    def __init__(self, project: Project, address: str, token: str) -> None:
        self._project = project
        self._address = urlsplit(address)
        self._token = token
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
        """As `Warehouse.increment`."""
        feature = feature_of(self._project, key)
        asked = {
            "key": key,
            "status": list(checked_statuses(status)),
            "fields": list(checked_fields(feature, fields)),
            "shard": checked_shard(shard),
            "limit": limit,
            "where": where,
        }
        return Increment(key, _no_text, lambda path, size: self._fetch({**asked, "size": size}, path), _no_text)

    def _fetch(self, asked: dict[str, Any], path: Path) -> None:
        path.write_bytes(self._ask("increment", asked))

    def commit(self, key: str, results: Any, *, inputs: Any = None) -> Committed:
        """As `Warehouse.commit`."""
        parts = [_part("results", results), *([_part("inputs", inputs)] if inputs is not None else [])]
        return Committed(**json.loads(self._ask("commit", {"key": key}, *parts)))

    def commit_errors(self, key: str, errors: Any) -> int:
        """As `Warehouse.commit_errors`."""
        return int(json.loads(self._ask("errors", {"key": key}, _part("results", errors), tries=1)))

    def retry(self, key: str, *, where: str | None = None) -> int:
        """As `Warehouse.retry`."""
        return int(json.loads(self._ask("retry", {"key": key, "where": where})))

    def writer(self, key: str, *, every: int = 500, seconds: float | None = 30) -> Writer:
        """As `Warehouse.writer`."""
        feature = feature_of(self._project, key)
        made = Writer(
            lambda rows, inputs: self.commit(key, rows, inputs=inputs),
            feature.id_columns,
            is_expansion=feature.is_expansion,
            every=every,
            seconds=seconds,
        )
        self._writers.add(made)
        return made

    def close(self) -> None:
        """Commit what writers hold."""
        for writer in list(self._writers):
            writer.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, what: str, asked: dict[str, Any], *parts: Part, tries: int = TRIES) -> bytes:
        head, body = packed([Part("asked", "json", json.dumps(asked).encode()), *parts])
        for left in reversed(range(tries)):
            connection = HTTPConnection(self._address.hostname or "", self._address.port or 80)
            try:
                connection.request("POST", f"/{what}", body, {TOKEN: self._token, PARTS: head})
                answer = connection.getresponse()
                content = answer.read()
                break
            except (OSError, HTTPException) as error:
                if not left:
                    raise self._nobody(str(error)) from None
            finally:
                connection.close()
        if answer.status == 403:
            raise MetasqlError.of(
                "MS0653", "the committer does not know this token", help="give the token that it showed"
            )
        if answer.status != 200:
            raise understood(json.loads(content))
        return content

    def _nobody(self, note: str) -> MetasqlError:
        return MetasqlError.of(
            "MS0653",
            f"no committer answers at {self._address.geturl()}",
            notes=[note],
            help="start one with `metasql serve-commits`, and try again: to commit again changes nothing",
        )


def _no_text() -> str:
    raise MetasqlError.of(
        "MS0504",
        "a worker behind a committer reaches no warehouse to ask",
        help="take the rows with `.batches()`; `metasql compile` shows the text of the increment",
    )


def _part(name: str, rows: Any) -> Part:
    """Rows as a file that goes over."""
    with batch_of(rows, name) as batch:
        if isinstance(batch, BatchFile):
            return Part(name, batch.format, batch.path.read_bytes())
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "rows.parquet")
            with parquet().ParquetWriter(path, batch.reader.schema) as file:
                for made in batch.reader:
                    file.write_batch(made)
            return Part(name, "parquet", path.read_bytes())
