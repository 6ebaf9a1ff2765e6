"""Statements to ClickHouse, one at a time: over HTTP, or to the engine in this process (chDB).

Every statement is sent with metasql's settings; over HTTP it has a `query_id` and a `log_comment` (JSON: what
sent it, for which run, what for), which `system.query_log` keeps.

A connection that cannot be made is tried again, whatever the statement: nothing was sent. One that is lost
after a statement was sent is tried again only where the caller says that it may be done twice. The library
urllib3 does both, with growing pauses; the server ends a first try that still runs (`replace_running_query`).
"""

from __future__ import annotations

import json
import logging
import shutil
import time
import uuid
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.client import Client as Driver
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3 import disable_warnings
from urllib3.exceptions import InsecureRequestWarning
from urllib3.util import Retry

from metasql.config.profiles import Target
from metasql.diagnostics import MetasqlError
from metasql.events import Emit, StatementRun
from metasql.execute import clickhouse_errors as errors
from metasql.execute.clickhouse_errors import Where
from metasql.execute.clickhouse_owner import holder, is_locked
from metasql.execute.clickhouse_ways import told
from metasql.execute.connection import Row
from metasql.lower.clickhouse_spread import WHOLE
from metasql.lower.clickhouse_storage import literal

# The driver warns of what becomes a designed error.
logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())

SETTINGS: Mapping[str, str | int] = {
    "mutations_sync": 2,
    "alter_sync": 2,
    "lightweight_deletes_sync": 2,
    "async_insert": 0,
    "wait_for_async_insert": 1,
    "insert_null_as_default": 0,
    "distributed_foreground_insert": 1,
    # The fewer parts a stage has, the less there is to merge before it is attached.
    "max_insert_threads": 1,
    # A root of many columns, each with its canonical text, is a long statement.
    "max_query_size": 1 << 26,
    "max_ast_elements": 5_000_000,
    "max_expanded_ast_elements": 20_000_000,
}
"""Whatever the server's own: what is written is there when the statement comes back."""

CLUSTER: Mapping[str, str | int] = {
    **WHOLE,
    # Rows go to the shard that their key says, and do not stay where they were read.
    "parallel_distributed_insert_select": 0,
    # What was written is on most replicas of its shard, and read from one that has it.
    "insert_quorum": "auto",
    "insert_quorum_parallel": 0,
    "select_sequential_consistency": 1,
}
"""What holds beside them on a cluster."""

FILES: Mapping[str, str | int] = {"output_format_parquet_row_group_size": 50_000}
"""A Parquet file's rows are in memory by the group; the engine's own groups have a million."""


@dataclass
class Client:
    """One session. `run` is the command on whose behalf statements are sent; `lost`: nobody answered the last one."""

    driver: Driver
    target: Target
    where: Where
    emit: Emit
    over_http: bool
    run: str = ""
    retries: int = 3
    lost: bool = False

    def execute(self, sql: str, purpose: str = "", *, repeat: bool = False) -> None:
        """A statement without rows. `repeat`: it may be done twice."""
        self._send(lambda settings: self.driver.command(sql, settings=settings), sql, purpose, repeat)

    def fetch(self, sql: str, purpose: str = "") -> tuple[list[str], list[Row]]:
        """Columns and rows of a query; without rows the columns may be missing."""
        result = self._send(lambda settings: self.driver.query(sql, settings=settings), sql, purpose, True)
        rows = [tuple(row) for row in result.result_rows]
        if not rows and int((result.summary or {}).get("result_rows") or 0):
            # A server that cannot put an answer aside on its disk sends none of it, and says that all went well.
            raise errors.no_answer(self.where, purpose)
        return list(result.column_names), rows

    def save(self, sql: str, path: Path, format: str, ways: Mapping[str, str | int]) -> None:
        """The rows of a query as a file of one of ClickHouse's formats; never all of them are in memory.

        `ways`: settings that suit the query.
        """
        more = {**ways, **FILES}

        def read(settings: dict[str, Any]) -> None:
            if not self.over_http:  # here an answer would be whole in memory before a byte of it is written
                written = f"{sql}\nINTO OUTFILE {literal(str(path))} TRUNCATE FORMAT {format}"
                self.driver.command(written, settings={**settings, **more})
                return
            # An error after the first rows would stand among them.
            stream: Any = self.driver.raw_stream(sql, fmt=format, settings={**settings, **more, "wait_end_of_query": 1})
            with path.open("wb") as file, closing(stream):
                shutil.copyfileobj(stream, file, 1 << 20)

        self._send(read, sql, "write the file", True)
        if not path.stat().st_size:  # it has a head, whatever its rows
            raise errors.no_answer(self.where, "write the file")

    def load(self, table: str, names: list[str], path: Path, purpose: str) -> None:
        """The rows of a Parquet file into an empty table."""
        sql = f"INSERT INTO {table} FORMAT Parquet"

        def write(settings: dict[str, Any]) -> None:
            with path.open("rb") as file:
                self.driver.raw_insert(table, names, file, settings=settings, fmt="Parquet")

        self._send(write, sql, purpose, False)

    def use(self, database: str) -> None:
        """The database of names that say none."""
        self.driver.database = database

    def only_read(self) -> None:
        """From here on the engine refuses to write; settings may be sent as before."""
        self.driver.set_client_setting("readonly", 2)

    def close(self) -> None:
        self.driver.close()

    def _send(self, send: Any, sql: str, purpose: str, repeat: bool) -> Any:
        started, query_id, comment = time.perf_counter(), "", ""
        if self.over_http:
            said = {"app": "metasql", "run": self.run, "purpose": purpose}
            query_id, comment = str(uuid.uuid4()), json.dumps(said, ensure_ascii=False)
        try:
            answer = send(self._settings(query_id, comment, repeat))
            self.lost = False
            return answer
        except (ClickHouseError, OSError) as error:
            made = told(error, purpose, self.where, self._patience())
            self.lost = "MS0638" in made.codes
            raise made from error
        finally:
            self.emit(StatementRun(purpose, sql, time.perf_counter() - started, query_id, comment))

    def _settings(self, query_id: str, comment: str, repeat: bool) -> dict[str, Any]:
        if not self.over_http:
            return {}
        self.driver.http_retries = _retry(self.retries, repeat)  # type: ignore[attr-defined]
        settings: dict[str, Any] = {"query_id": query_id, "log_comment": comment}
        return {**settings, "replace_running_query": 1} if repeat else settings

    def _patience(self) -> float:
        return float(self.target.options.get("send_receive_timeout") or 0)


def _retry(times: int, repeat: bool) -> Retry:
    return Retry(
        total=times,
        connect=times,
        read=times if repeat else 0,
        redirect=0,
        status=0,
        other=0,
        allowed_methods=None,
        backoff_factor=0.25,
        raise_on_status=False,
    )


def settings_of(target: Target, dialect: Mapping[str, str | int]) -> dict[str, Any]:
    """metasql's settings over those of the profile: what a row is must not hang on a profile."""
    own = {str(name): value for name, value in dict(target.options.get("settings") or {}).items()}
    return {**own, **(CLUSTER if target.options.get("cluster") else {}), **SETTINGS, **dialect}


def open_chdb(target: Target, where: Where, settings: Mapping[str, Any], emit: Emit) -> Client:
    """The engine in this process, over a folder."""
    if is_locked(Path(where.place)):
        raise errors.in_use(where, holder(Path(where.place)))
    try:
        driver = clickhouse_connect.get_client(
            interface="chdb", path=str(target.options["path"]), settings=dict(settings)
        )
    except ImportError:
        raise errors.not_installed(where) from None
    except ClickHouseError as error:
        raise _cannot_open_chdb(error, where) from None
    return Client(driver, target, where, emit, over_http=False)


def _cannot_open_chdb(error: Exception, where: Where) -> MetasqlError:
    text = str(error)
    if "different path" in text:
        return errors.other_path(where)
    if "EmbeddedServer" in text:
        return errors.in_use(where, holder(Path(where.place)))
    return errors.cannot_open(where, errors.said(text))


def open_http(target: Target, where: Where, settings: Mapping[str, Any], emit: Emit) -> Client:
    """A server over HTTP."""
    options = target.options
    _check_files(target, where)
    named = {name: options[name] for name in ("ca_cert", "client_cert", "client_cert_key") if options.get(name)}
    retries, verify = int(options.get("retries", 3)), bool(options.get("verify", True))
    if not verify:
        disable_warnings(InsecureRequestWarning)  # the profile says so
    try:
        driver = clickhouse_connect.get_client(
            interface="https" if options.get("secure") else "http",
            host=str(options["host"]),
            port=int(options["port"]),
            username=str(options["username"]),
            password=options["password"].reveal(),
            connect_timeout=int(options.get("connect_timeout", 10)),
            send_receive_timeout=int(options.get("send_receive_timeout", 300)),
            query_retries=retries,
            verify=verify,
            settings=dict(settings),
            client_name="metasql",
            autogenerate_session_id=False,
            dedicated_pool=not named and verify,
            **named,
        )
    except (ClickHouseError, OSError, ValueError) as error:
        raise told(error, "", where, float(options.get("send_receive_timeout", 300)), opening=True) from None
    return Client(driver, target, where, emit, over_http=True, retries=retries)


def _check_files(target: Target, where: Where) -> None:
    for name in ("ca_cert", "client_cert", "client_cert_key"):
        path = target.options.get(name)
        if path and not Path(str(path)).is_file():
            raise errors.cannot_open(where, f"`{name}`: there is no file `{path}`")
