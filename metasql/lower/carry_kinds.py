"""What kind of value an expression gives, where that shows without the engine: it makes shorter SQL."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from sqlglot import exp


class Kind(Enum):
    """A kind of values. NUMBER is one of the three below it."""

    UNKNOWN = "unknown"
    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"


_BY_CLASS: dict[type[exp.Expr], Kind] = {
    **dict.fromkeys(
        (
            exp.Lower, exp.Upper, exp.Substring, exp.Left, exp.Right, exp.Trim, exp.Replace, exp.Concat, exp.ConcatWs,
            exp.DPipe, exp.Pad, exp.RegexpExtract, exp.RegexpReplace, exp.SplitPart, exp.TimeToStr, exp.MD5, exp.SHA,
            exp.SHA2, exp.Repeat, exp.GroupConcat, exp.Translate,
        ),
        Kind.TEXT,
    ),
    **dict.fromkeys(
        (
            exp.Count, exp.CountIf, exp.Length, exp.StrPosition, exp.DateDiff, exp.Year, exp.Month, exp.Day, exp.Hour,
            exp.Minute, exp.Second, exp.Quarter, exp.Week, exp.DayOfWeek, exp.DayOfYear, exp.IntDiv, exp.BitwiseAnd,
            exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseNot, exp.BitwiseLeftShift, exp.BitwiseRightShift, exp.Sign,
        ),
        Kind.INTEGER,
    ),
    **dict.fromkeys(
        (
            exp.Div, exp.Avg, exp.Sqrt, exp.Ln, exp.Log, exp.Exp, exp.Pow, exp.Cbrt, exp.Median, exp.Stddev,
            exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop, exp.TimeToUnix,
        ),
        Kind.FLOAT,
    ),
    **dict.fromkeys((exp.Sum, exp.Mul, exp.Mod, exp.Round, exp.Floor, exp.Ceil, exp.Trunc, exp.Abs), Kind.NUMBER),
    **dict.fromkeys((exp.TimestampTrunc, exp.CurrentTimestamp), Kind.TIME),
    **dict.fromkeys((exp.CurrentDate, exp.LastDay, exp.DateFromParts), Kind.DATE),
    exp.Boolean: Kind.BOOLEAN,
}  # fmt: skip


def kind_of(node: exp.Expr, types: Mapping[str, exp.DataType]) -> Kind:
    """The kind of an expression over columns of these types."""
    node = node.unnest()
    if isinstance(node, exp.Column):
        type_ = types.get(node.name)
        return _of_type(type_) if type_ is not None else Kind.UNKNOWN
    if isinstance(node, exp.Literal):
        return Kind.TEXT if node.is_string else _of_number(node.this)
    if isinstance(node, (exp.Cast, exp.TryCast)):
        return _of_type(node.to)
    if isinstance(node, (exp.Neg, exp.Alias, exp.Window, exp.Filter, exp.Min, exp.Max)):
        return kind_of(node.this, types)
    if isinstance(node, (exp.Coalesce, exp.Case, exp.If, exp.Nullif, exp.Greatest, exp.Least)):
        return _agreed([kind_of(value, types) for value in _choices(node) if not isinstance(value, exp.Null)])
    return _BY_CLASS.get(node.__class__, Kind.UNKNOWN)


def _choices(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.Case):
        default = node.args.get("default")
        return [item.args["true"] for item in node.args["ifs"]] + ([default] if default is not None else [])
    if isinstance(node, exp.If):
        return [value for value in (node.args.get("true"), node.args.get("false")) if value is not None]
    return [node.this] if isinstance(node, exp.Nullif) else [node.this, *node.expressions]


def _agreed(kinds: list[Kind]) -> Kind:
    return kinds[0] if kinds and len(set(kinds)) == 1 else Kind.UNKNOWN


def _of_number(text: str) -> Kind:
    if "e" in text.lower():
        return Kind.FLOAT
    return Kind.DECIMAL if "." in text else Kind.INTEGER


def _of_type(type_: exp.DataType) -> Kind:
    if type_.args.get("nested"):
        return Kind.UNKNOWN
    for kind, names in (
        (Kind.TEXT, exp.DataType.TEXT_TYPES),
        (Kind.INTEGER, exp.DataType.INTEGER_TYPES),
        (Kind.FLOAT, (exp.DType.DOUBLE, exp.DType.FLOAT)),
        (Kind.DECIMAL, (exp.DType.DECIMAL,)),
        (Kind.BOOLEAN, (exp.DType.BOOLEAN,)),
        (Kind.DATE, (exp.DType.DATE,)),
        (Kind.TIME, (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ)),
    ):
        if type_.is_type(*names):
            return kind
    return Kind.UNKNOWN
