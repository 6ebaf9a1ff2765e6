"""Aggregates and windows, carried to ClickHouse: NULL where there is nothing, and sums that do not wrap."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from metasql.lower.carry import Carrier, RefusedError, Rule, literal, mark_group, sql
from metasql.lower.carry_casts import as_text
from metasql.lower.carry_kinds import Kind, kind_of
from metasql.lower.template import call

Core = tuple[exp.Expr, str | None]
"""An aggregate as the engine computes it, and what is made of its result."""

CoreRule = Callable[..., Core]
_COUNT = "toInt64(:a)"


def aggregate(text: str, then: str | None = None, names: tuple[str, ...] = ("this", "expression")) -> CoreRule:
    def core(carrier: Carrier, node: exp.Expr) -> Core:
        arguments = carrier.all([node.args.get(name) for name in names])
        if isinstance(node.this, exp.Order) or (then is None and node.expressions):
            raise RefusedError("this aggregate cannot be ordered")
        return sql(text, *arguments), then

    return core


_WIDE = "accurateCast(:a, if(match(toTypeName(:a), '^(Nullable[(])?U?Int'), 'Nullable(Int128)', toTypeName(:a)))"


def summed(name: str) -> CoreRule:
    """Whole numbers are added up in 128 bits, where ClickHouse's own sum would wrap; of DISTINCT values too."""

    def core(carrier: Carrier, node: exp.Expr) -> Core:
        value = node.this
        if isinstance(value, exp.Distinct):
            if len(value.expressions) != 1:
                raise RefusedError("DISTINCT is over one expression alone")
            value = value.expressions[0]
        kind = kind_of(value, carrier.types)
        made = carrier.tree(value)
        if kind not in {Kind.FLOAT, Kind.DECIMAL}:
            made = sql(":a + toInt128(0)" if kind is Kind.INTEGER else _WIDE, made)
        given = exp.Distinct(expressions=[made]) if isinstance(node.this, exp.Distinct) else made
        return exp.Anonymous(this=name, expressions=[given]), None

    return core


def count(carrier: Carrier, node: exp.Count) -> Core:
    if isinstance(node.this, exp.Star) or node.this is None:
        return call("count")([]), _COUNT
    if node.expressions:
        raise RefusedError("one expression is counted at a time")
    if isinstance(node.this, exp.Distinct):
        if len(node.this.expressions) != 1:
            raise RefusedError("DISTINCT is over one expression alone")
        return sql("uniqExact(:a)", carrier.tree(node.this.expressions[0])), _COUNT
    return call("count")([carrier.tree(node.this)]), _COUNT


def count_if(carrier: Carrier, node: exp.CountIf) -> Core:
    return sql("countIf(:a)", carrier.tree(node.this, condition=True)), _COUNT


def quantile(carrier: Carrier, node: exp.Expr) -> Core:
    """Between the two values around; of decimals DuckDB makes decimals, which are refused by `isNaN`."""
    share = "0.5" if isinstance(node, exp.Median) else literal(node.expression, "the share")
    return _quantile(carrier, node.this, share)


def _quantile(carrier: Carrier, value: exp.Expr, share: str) -> Core:
    if not 0 <= float(share) <= 1:
        raise RefusedError("a share lies between 0 and 1")
    return sql(
        f"quantileExactInclusiveOrNull({share})(if(isNaN(:a), CAST('nan' AS Float64), toFloat64(:a)))",
        carrier.tree(value),
    ), None


def within(carrier: Carrier, node: exp.WithinGroup) -> Core:
    order = node.expression
    if not isinstance(node.this, exp.PercentileCont) or not isinstance(order, exp.Order) or len(order.expressions) != 1:
        raise RefusedError("WITHIN GROUP is there for `percentile_cont` alone")
    ordered = order.expressions[0]
    if ordered.args.get("desc"):
        raise RefusedError("`percentile_cont` is carried over in ascending order alone")
    return _quantile(carrier, ordered.this, literal(node.this.this, "the share"))


def _ordered(node: exp.Expr) -> tuple[exp.Expr, list[exp.Ordered]]:
    """What is gathered, and in which order."""
    if isinstance(node, exp.Order):
        return node.this, list(node.expressions)
    return node, []


def _sorted(keys: list[exp.Ordered]) -> str:
    """An array of tuples in the order of their first elements, NULLs last as in DuckDB."""
    downward = {bool(key.args.get("desc")) for key in keys}
    if len(downward) > 1:
        raise RefusedError("a list is ordered either upward or downward, not in both ways at once")
    if any(key.args.get("nulls_first") for key in keys):
        raise RefusedError("NULLs come last in a list")
    name, test = ("arrayReverseSort", "isNotNull") if True in downward else ("arraySort", "isNull")
    by = ", ".join(
        f"{test}(tupleElement(metasql_t, {n})), tupleElement(metasql_t, {n})" for n in range(1, len(keys) + 1)
    )
    return f"{name}(metasql_t -> ({by}), :a)"


def gathered(carrier: Carrier, node: exp.ArrayAgg) -> Core:
    """A list with its NULLs."""
    value, keys = _ordered(node.this)
    if isinstance(value, exp.Distinct):
        raise RefusedError("a list of DISTINCT values has no order that is the same twice")
    parts = [*carrier.all([key.this for key in keys]), carrier.tree(value)]
    made = exp.Anonymous(this="groupArray", expressions=[exp.Anonymous(this="tuple", expressions=parts)])
    rows = _sorted(keys) if keys else ":a"
    return made, f"arrayMap(metasql_t -> tupleElement(metasql_t, {len(parts)}), {rows})"


def joined(carrier: Carrier, node: exp.GroupConcat) -> Core:
    """A text of the values that are not NULL; NULL where there is none."""
    value, keys = _ordered(node.this)
    separator = node.args.get("separator")
    between = "','" if separator is None else exp.Literal.string(literal(separator, "the separator")).sql("clickhouse")
    if isinstance(value, exp.Distinct):
        only = value.expressions[0]
        if len(keys) != 1 or keys[0].this != only or len(value.expressions) != 1:
            raise RefusedError("a text of DISTINCT values has to be ordered by them")
        name = "arrayReverseSort" if keys[0].args.get("desc") else "arraySort"
        return sql("groupUniqArray(:a)", as_text(carrier, only)), _joined(f"{name}(:a)", between)
    if not keys:
        return sql("groupArray(:a)", as_text(carrier, value)), _joined(":a", between)
    parts = [*carrier.all([key.this for key in keys]), as_text(carrier, value)]
    made = exp.Anonymous(this="groupArray", expressions=[exp.Anonymous(this="tuple", expressions=parts)])
    last = f"tupleElement(metasql_t, {len(parts)})"
    kept = f"arrayFilter(metasql_x -> metasql_x IS NOT NULL, arrayMap(metasql_t -> {last}, {_sorted(keys)}))"
    return made, _joined(kept, between)


def _joined(values: str, between: str) -> str:
    return f"if(empty({values}), NULL, arrayStringConcat({values}, {between}))"


def spread(name: str) -> CoreRule:
    """Of one value there is no spread of a sample."""
    return aggregate(f"{name}StableOrNull(toFloat64(:a))", "if(isFinite(:a), :a, NULL)", ("this",))


def any_value(carrier: Carrier, node: exp.AnyValue) -> Core:
    return sql("anyOrNull(:a)", carrier.tree(node.this)), None


def beside(name: str) -> CoreRule:
    """A value of another row; NULL where there is none, whatever the type."""

    def core(carrier: Carrier, node: exp.Expr) -> Core:
        parts = carrier.all([node.this, node.args.get("offset"), node.args.get("default")])
        return exp.Anonymous(this=name, expressions=[sql("toNullable(:a)", parts[0]), *parts[1:]]), None

    return core


def edge(carrier: Carrier, node: exp.Expr) -> Core:
    return exp.RespectNulls(this=node.__class__(this=carrier.tree(node.this))), None


def ranked(carrier: Carrier, node: exp.Expr) -> Core:
    return carrier.parts(node), _COUNT


def share(name: str) -> CoreRule:
    def core(_: Carrier, __: exp.Expr) -> Core:
        return exp.Anonymous(this=name, expressions=[]), None

    return core


_CORES: dict[type[exp.Expr], CoreRule] = {
    exp.Count: count,
    exp.CountIf: count_if,
    exp.Sum: summed("sumOrNull"),
    exp.Avg: summed("avgOrNull"),
    exp.Min: aggregate("minOrNull(:a)"),
    exp.Max: aggregate("maxOrNull(:a)"),
    exp.ArgMin: aggregate("argMinOrNull(:a, :b)"),
    exp.ArgMax: aggregate("argMaxOrNull(:a, :b)"),
    exp.AnyValue: any_value,
    exp.LogicalAnd: aggregate("minOrNull(:a)", "CAST(:a AS Nullable(Bool))"),
    exp.LogicalOr: aggregate("maxOrNull(:a)", "CAST(:a AS Nullable(Bool))"),
    exp.Median: quantile,
    exp.PercentileCont: quantile,
    exp.WithinGroup: within,
    exp.Stddev: spread("stddevSamp"),
    exp.StddevSamp: spread("stddevSamp"),
    exp.StddevPop: spread("stddevPop"),
    exp.Variance: spread("varSamp"),
    exp.VariancePop: spread("varPop"),
    exp.ArrayAgg: gathered,
    exp.GroupConcat: joined,
    exp.Lag: beside("lag"),
    exp.Lead: beside("lead"),
    exp.NthValue: beside("nth_value"),
    exp.FirstValue: edge,
    exp.LastValue: edge,
    exp.RowNumber: ranked,
    exp.Rank: ranked,
    exp.DenseRank: ranked,
    exp.Ntile: ranked,
    exp.PercentRank: share("percent_rank"),
    exp.CumeDist: share("cume_dist"),
    exp.Grouping: ranked,
}


def _core(carrier: Carrier, node: exp.Expr) -> Core:
    if isinstance(node, exp.Filter):
        if isinstance(node.this, exp.ArrayAgg):
            raise RefusedError("a list over no rows is NULL in DuckDB, and no list is NULL in ClickHouse")
        made, then = _core(carrier, node.this)
        return exp.Filter(this=made, expression=carrier.tree(node.expression)), then
    if isinstance(node, exp.IgnoreNulls):
        if isinstance(node.this, (exp.FirstValue, exp.LastValue)):
            return exp.IgnoreNulls(this=node.this.__class__(this=carrier.tree(node.this.this))), None
        if isinstance(node.this, exp.AnyValue):
            return _core(carrier, node.this)
        raise RefusedError("IGNORE NULLS is carried over for `first_value` and `last_value` alone")
    if isinstance(node, exp.RespectNulls):
        return _core(carrier, node.this)
    core = _CORES.get(node.__class__)
    if core is None:
        raise RefusedError(f"`{node.key}` has no counterpart that gives the same values")
    return core(carrier, node)


def _made(core: Core) -> exp.Expr:
    made, then = core
    mark_group(made)
    return made if then is None else sql(then, made)


def alone(carrier: Carrier, node: exp.Expr) -> exp.Expr:
    return _made(_core(carrier, node))


def over(carrier: Carrier, node: exp.Window) -> exp.Expr:
    if node.args.get("over") is None and isinstance(node.this, exp.Identifier):
        return carrier.parts(node)
    if isinstance(node.this, (exp.ArrayAgg, exp.GroupConcat)):
        raise RefusedError("lists are gathered in groups alone, not over a window")
    made, then = _core(carrier, node.this)
    return _made((carrier.parts(node, this=made), then))


def frame(carrier: Carrier, node: exp.WindowSpec) -> exp.Expr:
    if node.args.get("exclude") is not None or str(node.args.get("kind") or "").upper() == "GROUPS":
        raise RefusedError("a frame is made of ROWS or of a RANGE, and leaves nothing out")
    return carrier.parts(node)


GROUPS: dict[type[exp.Expr], Rule] = {
    **dict.fromkeys(_CORES, alone),
    exp.Filter: alone,
    exp.IgnoreNulls: alone,
    exp.RespectNulls: alone,
    exp.Window: over,
    exp.WindowSpec: frame,
}
