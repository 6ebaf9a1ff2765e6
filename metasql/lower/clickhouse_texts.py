"""What a text stands for on ClickHouse, in the way in which DuckDB's TRY_CAST reads it.

ClickHouse's own casts wrap numbers that are too large, roll impossible dates over and cut
decimals instead of rounding them; so a text is read here by its parts. What DuckDB reads
and this does not (numbers in hexadecimal, `infinity`, years before 1 or after 9999, names
of zones) stands for no value.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from metasql.lower.clickhouse_nodes import TIMES, type_of
from metasql.lower.template import template

_NUMBER = "'^[+-]?([0-9]+(_[0-9]+)*([.]([0-9]+(_[0-9]+)*)?)?|[.][0-9]+(_[0-9]+)*)([eE][+-]?[0-9]+)?$'"
_TIDY = "trim(BOTH ' \t\n\r' FROM toString(:a))"
_DIGITS = f"CASE WHEN match({_TIDY}, {_NUMBER}) THEN replaceAll({_TIDY}, '_', '') END"

_ROUNDED = f"toString(round(toDecimal256OrNull({_DIGITS}, 20)))"
_INTEGER = f"""
CASE WHEN toString(to{{0}}OrNull({_ROUNDED})) = {_ROUNDED} THEN to{{0}}OrNull({_ROUNDED}) END
"""
_DECIMAL = f"""
CASE WHEN abs(round(toDecimal256OrNull({_DIGITS}, 38), {{1}})) < toDecimal256('1e{{2}}', 38)
THEN CAST(round(toDecimal256OrNull({_DIGITS}, 38), {{1}}) AS Nullable(Decimal({{0}}, {{1}}))) END
"""
_SPECIAL = "'(?i)^[+-]?(nan|inf|infinity)$'"
_FLOAT = f"""
CASE WHEN match({_TIDY}, {_SPECIAL}) THEN to{{0}}OrNull(lower({_TIDY})) ELSE to{{0}}OrNull({_DIGITS}) END
"""
_BOOLEAN = """
CASE WHEN lower(toString(:a)) IN ('true', 't', '1', 'yes', 'y') THEN true
     WHEN lower(toString(:a)) IN ('false', 'f', '0', 'no', 'n') THEN false END
"""

_DAY = "^([0-9]{1,4})(?:-([0-9]{1,2})-|/([0-9]{1,2})/|[\\\\\\\\]([0-9]{1,2})[\\\\\\\\]| ([0-9]{1,2}) )([0-9]{1,2})"
_CLOCK = "(?:[T ] *([0-9]{1,3}):([0-9]{1,2})(?::([0-9]{1,2})(?:[.]([0-9]*))?)?"
_ANY_ZONE = "( *[A-Za-z/_+-]+[A-Za-z/_0-9:+-]*)?)?$"
_OFFSET = "(?:Z| UTC| GMT|([+-])([0-9]{2})(?::?([0-9]{2})(?::([0-9]{2}))?)?)?)?$"

_YEAR, _DAY_OF = "leftPad(metasql_g[1], 4, '0')", "leftPad(metasql_g[6], 2, '0')"
_MONTH = "leftPad(metasql_g[2] || metasql_g[3] || metasql_g[4] || metasql_g[5], 2, '0')"
_DATE_TEXT = f"{_YEAR} || '-' || {_MONTH} || '-' || {_DAY_OF}"
_READ_DATE = f"toDate32(toDateTime64OrNull(({_DATE_TEXT}) || ' 00:00:00', 6, 'UTC'))"
_IS_DATE = f"toUInt16OrZero(metasql_g[1]) > 0 AND toString({_READ_DATE}) = ({_DATE_TEXT})"
_DATE_OF = f"if({_IS_DATE}, {_READ_DATE}, NULL)"
"""A day that is none is read as another one, and before 26.9 a date itself is read as one from 1900 to 2299."""
_HOUR, _MINUTE, _SECOND = (f"toUInt16OrZero(metasql_g[{number}])" for number in (7, 8, 9))
_MICROS = "toInt64(toUInt64OrZero(rightPad(substring(metasql_g[10], 1, 6), 6, '0')))"
_MIDNIGHT = f"{_HOUR} = 24 AND {_MINUTE} = 0 AND {_SECOND} = 0 AND {_MICROS} = 0"
_SOUND = f"({_DATE_OF}) IS NOT NULL AND {_MINUTE} < 60 AND {_SECOND} < 60 AND ({_HOUR} < 24 OR {_MIDNIGHT})"
_SECONDS = f"(toInt64({_HOUR}) * 3600 + {_MINUTE} * 60 + {_SECOND})"
_BEHIND, _PAST, _REST = (f"toUInt16OrZero(metasql_g[{number}])" for number in (12, 13, 14))
_SHIFT = f"(if(metasql_g[11] = '-', -1, 1) * ({_BEHIND} * 3600 + {_PAST} * 60 + {_REST}))"


def _read(pattern: str, made: str, type_: str) -> str:
    """A text by the groups `g` of a pattern; none of them is there where it is not matched."""
    groups = f"extractGroups(ifNull({_TIDY}, ''), '{pattern}')"
    return f"CAST(arrayElement(arrayMap(metasql_g -> {made}, [{groups}]), 1) AS Nullable({type_}))"


_DATE = _read(f"{_DAY}(?: [^(]*|T[0-9].*)?$", f"if(length(metasql_g) = 0, NULL, {_DATE_OF})", "Date32")
_TIME_TYPE = "DateTime64(6, 'UTC')"


def _time(zone: str, shift: str) -> str:
    day = f"toInt64(toInt32({_DATE_OF})) * 86400"
    micros = f"(({day} + {_SECONDS} - {shift}) * 1000000 + {_MICROS})"
    made = f"if(length(metasql_g) > 0 AND {_SOUND}, fromUnixTimestamp64Micro(assumeNotNull({micros}), 'UTC'), NULL)"
    return _read(f"{_DAY}{_CLOCK}{zone}", made, _TIME_TYPE)


_TIMESTAMP = _time(_ANY_ZONE, "0")
_TIMESTAMPTZ = _time(_OFFSET, _SHIFT)
_TIME_OF_EITHER = _time("(?:Z| UTC| GMT| ?[+-]00(?::?00)?)?)?$", "0")
"""Of a stored column alone nobody knows whether an offset is left out, as DuckDB does for plain times, or counts."""
_UUID = f"toUUIDOrNull({_TIDY})"

_INTEGERS = {
    exp.DType.TINYINT: "Int8",
    exp.DType.SMALLINT: "Int16",
    exp.DType.INT: "Int32",
    exp.DType.BIGINT: "Int64",
    exp.DType.INT128: "Int128",
    exp.DType.UTINYINT: "UInt8",
    exp.DType.USMALLINT: "UInt16",
    exp.DType.UINT: "UInt32",
    exp.DType.UBIGINT: "UInt64",
    exp.DType.UINT128: "UInt128",
}


def try_cast_text(arguments: Sequence[exp.Expr]) -> exp.Expr:
    """The value that a text stands for; a value that is no text is read by its text."""
    value, type_ = arguments
    assert isinstance(type_, exp.DataType)
    text = _template(type_)
    if text is None:
        return exp.Cast(this=value, to=_with_null(type_of(type_)))
    return template(text, "clickhouse")([value])


def _with_null(type_: exp.Expr) -> exp.Expr:
    """The type of a column, which the engine tells without a word on NULL."""
    if isinstance(type_, exp.DataType) and not type_.args.get("nested") and type_.args.get("nullable") is False:
        return exp.DataType(**{**type_.args, "nullable": None})
    return type_


def _template(type_: exp.DataType) -> str | None:
    if type_.is_type(*exp.DataType.TEXT_TYPES):
        return "toString(:a)"
    if type_.this in _INTEGERS:
        return _INTEGER.format(_INTEGERS[type_.this])
    if type_.is_type("decimal"):
        width, scale = [int(item.name) for item in type_.expressions] or (18, 3)
        return _DECIMAL.format(width, scale, width - scale)
    if type_.is_type(exp.DType.TIMESTAMPTZ, exp.DType.TIMESTAMPLTZ):
        return _TIMESTAMPTZ
    if type_.is_type(exp.DType.DATETIME64):
        return _TIME_OF_EITHER
    if type_.is_type(*TIMES):
        return _TIMESTAMP
    simple = {
        exp.DType.DOUBLE: _FLOAT.format("Float64"),
        exp.DType.FLOAT: _FLOAT.format("Float32"),
        exp.DType.BOOLEAN: _BOOLEAN,
        exp.DType.DATE: _DATE,
        exp.DType.DATE32: _DATE,
        exp.DType.UUID: _UUID,
    }
    return simple.get(type_.this)
