"""Dates and times, carried to ClickHouse: with microseconds, in UTC, from the year 1 to the year 9999."""

from __future__ import annotations

from sqlglot import exp

from metasql.lower.carry import Carrier, RefusedError, Rule, kept, literal, sql
from metasql.lower.carry_kinds import Kind, kind_of
from metasql.lower.carry_reckoning import reckoned

_TIME = "CAST(:a AS Nullable(DateTime64(6, 'UTC')))"
_UNITS = frozenset({"year", "quarter", "month", "week", "day", "hour", "minute", "second"})
_SECOND = "toSecond({0}) * 1000"
_FRACTION = f"(toUnixTimestamp64Micro({_TIME}) % 1000000 + 1000000) % 1000000"
_PARTS = {
    "year": f"toYear({_TIME})",
    "quarter": f"toQuarter({_TIME})",
    "month": f"toMonth({_TIME})",
    "week": f"toISOWeek({_TIME})",
    "day": f"toDayOfMonth({_TIME})",
    "hour": f"toHour({_TIME})",
    "minute": f"toMinute({_TIME})",
    "second": f"toSecond({_TIME})",
    "millisecond": f"toSecond({_TIME}) * 1000 + intDiv({_FRACTION}, 1000)",
    "microsecond": f"toSecond({_TIME}) * 1000000 + {_FRACTION}",
    "dayofweek": f"toDayOfWeek({_TIME}) % 7",
    "isodow": f"toDayOfWeek({_TIME})",
    "dayofyear": f"toDayOfYear({_TIME})",
    "isoyear": f"toISOYear({_TIME})",
}
_NAMES = {
    "years": "year", "y": "year", "yr": "year", "quarters": "quarter", "months": "month", "mon": "month",
    "weeks": "week", "w": "week", "weekofyear": "week", "days": "day", "d": "day", "dayofmonth": "day",
    "hours": "hour", "h": "hour", "hr": "hour", "minutes": "minute", "min": "minute", "m": "minute",
    "seconds": "second", "s": "second", "sec": "second", "milliseconds": "millisecond", "ms": "millisecond",
    "microseconds": "microsecond", "us": "microsecond", "dow": "dayofweek", "weekday": "dayofweek",
    "doy": "dayofyear", "day_of_week": "dayofweek", "day_of_year": "dayofyear",
}  # fmt: skip


def _unit(node: exp.Expr | None) -> str:
    if not isinstance(node, (exp.Literal, exp.Var, exp.Identifier, exp.Column, exp.WeekStart)):
        raise RefusedError("the unit must be written out here")
    name = node.name.lower()
    return _NAMES.get(name, name)


def part(carrier: Carrier, value: exp.Expr, name: str) -> exp.Expr:
    """A part of a time as a whole number; `epoch` is in seconds with a fraction."""
    if value.unnest().find(exp.Sub, exp.Interval) is not None:
        raise RefusedError("an interval has no parts that are told alike; `date_diff` counts what lies between")
    made = carrier.tree(value)
    if name == "epoch":
        return sql(f"toUnixTimestamp64Micro({_TIME}) / 1000000", made)
    if name not in _PARTS:
        raise RefusedError(f"the part `{name}` of a time is not told alike")
    return sql(f"toInt64({_PARTS[name]})", made)


def extracted(carrier: Carrier, node: exp.Extract) -> exp.Expr:
    return part(carrier, node.expression, _unit(node.this))


def named_part(name: str) -> Rule:
    def rule(carrier: Carrier, node: exp.Expr) -> exp.Expr:
        return part(carrier, node.this, name)

    return rule


def date_part(carrier: Carrier, arguments: list[exp.Expr]) -> exp.Expr:
    unit, value = arguments
    return part(carrier, value, _unit(unit))


def truncated(carrier: Carrier, node: exp.Expr) -> exp.Expr:
    unit = _unit(node.args.get("unit"))
    if unit not in _UNITS:
        raise RefusedError(f"times are not cut to `{unit}` alike")
    value = carrier.tree(node.this)
    if unit == "second":  # Before 1970 ClickHouse goes up, not down.
        micros = f"toUnixTimestamp64Micro({_TIME})"
        return sql(f"fromUnixTimestamp64Micro({micros} - {_FRACTION}, 'UTC')", value)
    return sql(f"CAST(dateTrunc('{unit}', {_TIME}) AS Nullable(DateTime64(6, 'UTC')))", value)


def difference(carrier: Carrier, node: exp.DateDiff) -> exp.Expr:
    """How many times the unit changes from one to the other."""
    unit = _unit(node.args.get("unit"))
    if unit not in _UNITS - {"week"}:
        raise RefusedError(f"differences are not counted in `{unit}` alike")
    later, earlier = _TIME, _TIME.replace(":a", ":b")
    return sql(f"dateDiff('{unit}', {earlier}, {later})", *carrier.all([node.this, node.expression]))


def interval(carrier: Carrier, node: exp.Interval) -> exp.Expr:
    unit = _unit(node.args.get("unit")).upper()
    if unit.lower() not in _UNITS - {"quarter"} or node.this is None:
        raise RefusedError("an interval is a whole number of years, months, weeks, days, hours, minutes or seconds")
    if isinstance(node.this, exp.Literal):
        if not node.this.name.lstrip("-").isdigit():
            raise RefusedError("an interval is a whole number of one unit")
        return exp.Interval(this=exp.Literal.number(node.this.name), unit=exp.Var(this=unit))
    return sql(f"toInterval{unit.title()}(:a)", carrier.tree(node.this))


def _is_interval(node: exp.Expr) -> bool:
    return (
        isinstance(node.unnest(), exp.Interval)
        or (isinstance(node.unnest(), exp.Anonymous) and str(node.unnest().this).lower() in INTERVAL_FUNCTIONS)
        or isinstance(node.unnest(), exp.ToDays)
    )


def moved(carrier: Carrier, node: exp.Expr) -> exp.Expr:
    """Adding an interval makes a time of a date."""
    left, right = node.this, node.expression
    if _is_interval(left) and not _is_interval(right) and isinstance(node, exp.Add):
        left, right = right, left
    if _is_interval(left):
        raise RefusedError("intervals cannot be reckoned with")
    if _is_interval(right):
        time = sql(_TIME, carrier.tree(left))
        return node.__class__(this=time, expression=carrier.tree(right))
    if isinstance(node, exp.Sub):
        return _apart(carrier, node)
    return reckoned(carrier, node)


def _apart(carrier: Carrier, node: exp.Sub) -> exp.Expr:
    """Between dates lie days; between times lies an interval in DuckDB, and a number of seconds in ClickHouse."""
    kinds = [kind_of(side, carrier.types) for side in (node.this, node.expression)]
    if kinds == [Kind.DATE, Kind.DATE]:
        return sql("dateDiff('day', :b, :a)", *carrier.all([node.this, node.expression]))
    if Kind.TIME in kinds and kinds[1] in {Kind.DATE, Kind.TIME}:
        raise RefusedError("an interval has no values that are told alike; `date_diff` counts what lies between")
    return reckoned(carrier, node)


_FORMATS = {
    "%Y": "%Y", "%y": "%y", "%m": "%m", "%d": "%d", "%H": "%H", "%I": "%I", "%M": "%i", "%S": "%S", "%p": "%p",
    "%j": "%j", "%f": "%f", "%A": "%W", "%a": "%a", "%B": "%M", "%b": "%b", "%%": "%%",
}  # fmt: skip


def formatted(carrier: Carrier, node: exp.TimeToStr) -> exp.Expr:
    text = literal(node.args.get("format"), "the format")
    made, rest = "", iter(text)
    for character in rest:
        if character != "%":
            made += character
            continue
        token = character + next(rest, "")
        if token not in _FORMATS:
            raise RefusedError(f"`{token}` in a format is not written alike")
        made += _FORMATS[token]
    return sql(f"formatDateTime({_TIME}, :b, 'UTC')", carrier.tree(node.this), exp.Literal.string(made))


def from_parts(carrier: Carrier, node: exp.DateFromParts) -> exp.Expr:
    parts = carrier.all([node.args.get(name) for name in ("year", "month", "day")])
    month, day = (f"leftPad(toString(:{name}), 2, '0')" for name in "bc")
    text = f"leftPad(toString(:a), 4, '0') || '-' || {month} || '-' || {day}"
    date = f"toDate32(toDateTime64OrNull(({text}) || ' 00:00:00', 6, 'UTC'))"
    wrong = f"({text}) IS NOT NULL AND ifNull(toString({date}), '') != ({text})"
    return sql(f"if(throwIf({wrong}, 'there is no such date') = 0, {date}, NULL)", *parts)


def now(_: Carrier, __: exp.Expr) -> exp.Expr:
    return sql("now64(6, 'UTC')")


def today(_: Carrier, __: exp.Expr) -> exp.Expr:
    return sql("toDate32(now64(6, 'UTC'))")


def last_day(carrier: Carrier, node: exp.LastDay) -> exp.Expr:
    return sql(f"CAST(toLastDayOfMonth({_TIME}) AS Nullable(Date32))", carrier.tree(node.this))


def in_zone(carrier: Carrier, node: exp.AtTimeZone) -> exp.Expr:
    if literal(node.args.get("zone"), "the zone").upper() != "UTC":
        raise RefusedError("times are in UTC; there is no other zone")
    return sql(_TIME, carrier.tree(node.this))


INTERVAL_FUNCTIONS = {f"to_{unit}s": f"toInterval{unit.title()}(:a)" for unit in sorted(_UNITS - {"quarter"})}

TIMES: dict[type[exp.Expr], Rule] = {
    exp.Extract: extracted,
    exp.Year: named_part("year"),
    exp.Month: named_part("month"),
    exp.Day: named_part("day"),
    exp.Hour: named_part("hour"),
    exp.Minute: named_part("minute"),
    exp.Second: named_part("second"),
    exp.Quarter: named_part("quarter"),
    exp.Week: named_part("week"),
    exp.WeekOfYear: named_part("week"),
    exp.DayOfWeek: named_part("dayofweek"),
    exp.DayOfWeekIso: named_part("isodow"),
    exp.DayOfYear: named_part("dayofyear"),
    exp.DayOfMonth: named_part("day"),
    exp.TimeToUnix: named_part("epoch"),
    exp.TimestampTrunc: truncated,
    exp.DateTrunc: truncated,
    exp.DateDiff: difference,
    exp.Interval: interval,
    exp.ToDays: lambda carrier, node: sql("toIntervalDay(:a)", carrier.tree(node.this)),
    exp.Add: moved,
    exp.Sub: moved,
    exp.TimeToStr: formatted,
    exp.DateFromParts: from_parts,
    exp.CurrentTimestamp: now,
    exp.CurrentDate: today,
    exp.LastDay: last_day,
    exp.AtTimeZone: in_zone,
    exp.Var: kept,
}
