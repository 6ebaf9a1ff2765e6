"""Who is at work on a ClickHouse target: one row per run, which is kept alive by its heartbeat. Pure.

ClickHouse has no compare-and-set, so a run tells first that it wants the target and looks afterwards who else does
(execute/clickhouse_lock.py). All times are those of the server's clock.
"""

from __future__ import annotations

from metasql.lower.clickhouse_storage import Mode, literal, place
from metasql.names import Relation

LOCKS = "metasql_locks"
_TEXTS = ("run_id", "command", "author", "host", "session")
_COLUMNS = (*_TEXTS, "process", "since", "heartbeat", "waiting", "released")
_ALL = ", ".join(_COLUMNS)
_CLOCK = "now64(6, 'UTC')"
_LATER = f"greatest({_CLOCK}, heartbeat + toIntervalMicrosecond(1))"
"""The clock alone could go back, and the newest row of a run is the one that counts."""


def create_locks(schema: str, mode: Mode, relation: Relation | None = None) -> str:
    time = "DateTime64(6, 'UTC')"
    return (
        f"CREATE TABLE IF NOT EXISTS {place(relation or Relation(schema, LOCKS))}{mode.everywhere()}"
        f" ({', '.join(f'{name} String' for name in _TEXTS)}, process Int64, since {time}, heartbeat {time},"
        " waiting UInt8, released UInt8)"
        f" ENGINE = {mode.engine('ReplacingMergeTree', 'heartbeat', 'released')} ORDER BY run_id"
        " TTL toDateTime(heartbeat) + toIntervalDay(30)"
    )


def claim(schema: str, texts: dict[str, str], process: int) -> str:
    """Tell that a run wants the target."""
    values = ", ".join(literal(texts[name]) for name in _TEXTS)
    return f"INSERT INTO {_table(schema)} ({_ALL}) SELECT {values}, {process}, {_CLOCK}, {_CLOCK}, 1, 0"


def beat(schema: str, run_id: str, *, waiting: bool = False, released: bool = False) -> str:
    """A sign of life of a run, or its end; nothing where it was ended before."""
    kept = ", ".join((*_TEXTS, "process", "since"))
    return (
        f"INSERT INTO {_table(schema)} ({_ALL}) SELECT {kept}, {_LATER}, {int(waiting)}, {int(released)}"
        f" FROM {_table(schema)} FINAL WHERE run_id = {literal(run_id)}"
    )


def claims(schema: str) -> str:
    """Who has the target or waits for it: who has it first, then in the order in which they asked."""
    age = f"dateDiff('microsecond', heartbeat, {_CLOCK}) / 1e6"
    return (
        f"SELECT run_id, command, author, host, session, process, toString(since), {age}, waiting"
        f" FROM {_table(schema)} FINAL ORDER BY waiting, since, run_id"
    )


def _table(schema: str) -> str:
    return place(Relation(schema, LOCKS))
