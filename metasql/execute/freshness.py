"""How old sources are: one statement for each, by the warehouse's own clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from metasql.diagnostics import Bag, Diagnostic, MetasqlError
from metasql.execute.preview import inline_query
from metasql.execute.session import Session, told_at
from metasql.parse.declarations import Body, SourceDecl
from metasql.parse.freshness import NEWEST, ROWS
from metasql.plan.sql import col, op, select

_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


@dataclass(frozen=True)
class SourceAge:
    """One source: `age` in seconds, None where it has no row. `status` is pass, warn, error or runtime error."""

    source: SourceDecl
    status: str
    age: float | None = None
    newest: str | None = None
    asked_at: str | None = None
    seconds: float = 0.0
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.source.source}.{self.source.table}"

    @property
    def text(self) -> str:
        if self.status == "runtime error":
            return self.diagnostics[0].message
        return "no rows" if self.age is None else f"{shown_age(self.age)} old"

    def as_dict(self) -> dict[str, Any]:
        """Under the names of dbt's `sources.json`."""
        found: dict[str, Any] = {"unique_id": f"source:{self.name}", "status": self.status}
        if self.status == "runtime error":
            return found | {"error": self.diagnostics[0].message}
        told = self.source.freshness
        criteria = {name: _criterion(getattr(told, name)) for name in ("warn_after", "error_after")}
        return found | {
            "max_loaded_at": self.newest,
            "snapshotted_at": self.asked_at,
            "max_loaded_at_time_ago_in_s": self.age,
            "criteria": {**criteria, "filter": str(told.filter) if told is not None and told.filter else None},
            "execution_time": round(self.seconds, 6),
        }


def _criterion(limit: tuple[int, str] | None) -> dict[str, Any]:
    return {"count": limit[0], "period": limit[1]} if limit is not None else {"count": None, "period": None}


def source_age(session: Session, source: SourceDecl, query: Callable[[SourceDecl], Body]) -> SourceAge:
    """Ask the warehouse how old a source is. What it refuses comes back in the result."""
    started = time.perf_counter()
    try:
        made = _judged(source, *_asked(session, source, query))
    except MetasqlError as error:
        made = SourceAge(source, "runtime error", diagnostics=tuple(error.bag.sorted()))
    return replace(made, seconds=time.perf_counter() - started)


def _asked(session: Session, source: SourceDecl, query: Callable[[SourceDecl], Body]) -> tuple[float | None, str]:
    """The age of the newest row in seconds, and when that was asked.

    Raises: MetasqlError MS0703, or what the engine refuses.
    """
    if source.loaded_at_field is None:
        raise MetasqlError.of(
            "MS0703",
            f"the source `{source.source}.{source.table}` does not say when its rows were loaded",
            source.span,
            help="name the column that holds the time: `loaded_at_field: loaded_at`",
        )
    with told_at(source.loaded_at_field.span):
        newest = inline_query(session, query(source), None).subquery("newest")
        ask = select(col(ROWS, "newest"), op("age", col(NEWEST, "newest"))).from_(newest)
        rows, age = session.connection.rows(ask, f"see how old {source.source}.{source.table} is")[0]
    asked_at = datetime.now(timezone.utc)
    return (float(age) if rows and age is not None else None), asked_at.isoformat()


def _judged(source: SourceDecl, age: float | None, asked_at: str) -> SourceAge:
    told = source.freshness
    assert told is not None, "asked of sources alone that say how old they may be"
    status = "pass"
    for name, limit in (("warn", told.warn_after), ("error", told.error_after)):
        if limit is not None and (age is None or age > limit[0] * _SECONDS[limit[1]]):
            status = name
    newest = None if age is None else (datetime.fromisoformat(asked_at) - timedelta(seconds=age)).isoformat()
    made = SourceAge(source, status, age, newest, asked_at)
    return made if status == "pass" else replace(made, diagnostics=tuple(_too_old(made)))


def _too_old(found: SourceAge) -> Bag:
    bag, source, told = Bag(), found.source, found.source.freshness
    limit = told.error_after if found.status == "error" else told.warn_after  # type: ignore[union-attr]  # it is there
    assert limit is not None, "it is what was passed"
    say = bag.error if found.status == "error" else bag.warn
    have = "has no rows" if found.age is None else f"is {shown_age(found.age)} old"
    say(
        "MS0702",
        f"the source `{found.name}` {have}, and may be {shown_limit(limit)} old",
        source.span,
        help=f"load it, or correct `{found.status}_after`",
    )
    return bag


def shown_limit(limit: tuple[int, str]) -> str:
    """`12 hours`."""
    return f"{limit[0]} {limit[1]}{'' if limit[0] == 1 else 's'}"


def shown_age(seconds: float) -> str:
    """An age as people say it: `3 d 4 h`, `2 h 5 min`, `12 s`."""
    if seconds < 0:
        return "less than 0 s"
    whole = int(seconds)
    parts = [(whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")]
    first = next((index for index, (number, _) in enumerate(parts) if number), len(parts) - 1)
    return " ".join(f"{number} {word}" for number, word in parts[first : first + 2] if number or first == 3)
