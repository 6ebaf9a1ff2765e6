"""Dates, times and identifiers that are written out in a body, carried to ClickHouse.

Such a text is read while compiling: the engine takes a day that is none for another one, and makes NULL of what it
cannot read. What is not in the usual form is left to a cast, which fails where it stands for no value.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

from sqlglot import exp

from metasql.lower.carry import RefusedError, sql

_DAY = r"(\d{4})-(\d{2})-(\d{2})"
_TIME = re.compile(_DAY + r"(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?)?(Z|[+-]\d{2}(?::\d{2})?)?")
_DATE = re.compile(_DAY)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_INFINITE = re.compile(r"[+-]?(inf|infinity)", re.IGNORECASE)
_PLAIN = (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ)


def written_out(text: str, to: exp.DataType) -> exp.Expr | None:
    """A text as the value of a type that it stands for; None where that is for the engine to find out."""
    if to.is_type(*exp.DataType.TEXT_TYPES) or (to.is_type("uuid") and _UUID.fullmatch(text)):
        return exp.Cast(this=exp.Literal.string(text), to=to)
    if to.is_type("date", *_PLAIN, exp.DType.TIMESTAMPTZ) and _INFINITE.fullmatch(text.strip()):
        raise RefusedError("ClickHouse has no dates and times that are infinite")
    try:
        if to.is_type("date"):
            return _date(text, to)
        if to.is_type(*_PLAIN, exp.DType.TIMESTAMPTZ):
            return _time(text, to)
    except (ValueError, OverflowError):  # no such day, or one outside the years 1 to 9999
        return None
    return None


def _date(text: str, to: exp.DataType) -> exp.Expr | None:
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    day = exp.Literal.string(date(*map(int, found.groups())).isoformat())
    if 1900 <= int(found[1]) < 2300:
        return exp.Cast(this=day, to=to)
    # Versions before 26.9 read a date as one from 1900 to 2299, and a time as it is.
    return sql("toDate32(CAST(:a AS DateTime64(6, 'UTC')))", day)


def _time(text: str, to: exp.DataType) -> exp.Expr | None:
    """An offset counts for times with a zone, and is left out of others."""
    found = _TIME.fullmatch(text)
    if found is None or (found[8] and not found[4]):
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    moment = datetime(year, month, day, hour, minute, second, int((found[7] or "").ljust(6, "0")), timezone.utc)
    if to.is_type(exp.DType.TIMESTAMPTZ) and found[8] not in {None, "Z"}:
        moment -= _offset(found[8])
    written = f"{moment.year:04}-{moment:%m-%d %H:%M:%S.%f}"
    return exp.Cast(this=exp.Literal.string(written), to=to)


def _offset(text: str) -> timedelta:
    hours, _, minutes = text[1:].partition(":")
    shift = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return -shift if text[0] == "-" else shift
