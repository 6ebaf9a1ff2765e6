"""Lists, carried to ClickHouse: as rows, and by their elements. No list is NULL there."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from metasql.lower.carry import Carrier, RefusedError, Rule, literal, sql


def named(node: exp.Expr) -> tuple[str, str]:
    """Table and column of rows made of a list."""
    alias = node.args.get("alias")
    if not isinstance(alias, exp.TableAlias) or len(alias.columns) != 1 or alias.this is None:
        raise RefusedError("name the rows of a list and their one column: `unnest(...) AS piece(number)`")
    if node.args.get("offset"):
        raise RefusedError("WITH ORDINALITY is not carried over")
    return alias.name, alias.columns[0].name


def rows_of_list(carrier: Carrier, node: exp.Join, side: str, kind: str) -> exp.Expr:
    always = isinstance(node.args.get("on"), exp.Boolean) and node.args["on"].this
    if (
        side not in {"", "LEFT"}
        or kind not in {"", "CROSS", "INNER"}
        or (node.args.get("on") is not None and not always)
    ):
        raise RefusedError("the rows of a list are joined by CROSS JOIN, or by LEFT JOIN ... ON true")
    table, column = named(node.this)
    values = rows(carrier, node.this.expressions)
    if side == "LEFT":
        values = sql("arrayMap(metasql_x -> toNullable(metasql_x), :a)", values)
    aliased = exp.Alias(this=values, alias=exp.to_identifier(f"{table}__{column}"))
    return exp.Join(this=aliased, kind="ARRAY", side=side or None)


def rows(carrier: Carrier, expressions: Sequence[exp.Expr]) -> exp.Expr:
    """The list of which rows are made; a list that is NULL makes none, as an empty one."""
    if len(expressions) != 1:
        raise RefusedError("one list at a time becomes rows")
    node = expressions[0].unnest()
    if isinstance(node, exp.GenerateSeries):
        return series(carrier, node)
    if isinstance(node, exp.Split):
        if not literal(node.expression, "the delimiter"):
            raise RefusedError("an empty delimiter splits nothing alike")
        text = "if(:a IS NULL, [], splitByString(:b, assumeNotNull(:a)))"
        return sql(text, *carrier.all([node.this, node.expression]))
    return carrier.tree(node)


def series(carrier: Carrier, node: exp.GenerateSeries) -> exp.Expr:
    start, end, step = (node.args.get(name) for name in ("start", "end", "step"))
    parts = carrier.all([start or exp.Literal.number(0), end])
    number = literal(step, "the step") if step is not None else "1"
    if not number.lstrip("-").isdigit() or int(number) == 0:
        raise RefusedError("a series goes in steps of whole numbers")
    last = ":b" if node.args.get("is_end_exclusive") else f":b + {1 if int(number) > 0 else -1}"
    values = f"range(assumeNotNull(toInt64(:a)), assumeNotNull(toInt64({last})), {number})"
    if all(isinstance(part.unnest(), (exp.Literal, exp.Neg)) for part in parts):
        return sql(values.replace("assumeNotNull", ""), *parts)
    return sql(f"if(:a IS NULL OR :b IS NULL, [], {values})", *parts)


def unnest(carrier: Carrier, node: exp.Unnest) -> exp.Expr:
    """A list as the first source of a query."""
    table, column = named(node)
    return source(rows(carrier, node.expressions), table, column)


def source(values: exp.Expr, table: str, column: str) -> exp.Expr:
    made = exp.Select(expressions=[exp.Alias(this=sql("arrayJoin(:a)", values), alias=exp.to_identifier(column))])
    return exp.Subquery(this=made, alias=exp.TableAlias(this=exp.to_identifier(table)))


def explode(carrier: Carrier, node: exp.Explode) -> exp.Expr:
    return sql("arrayJoin(:a)", rows(carrier, [node.this]))


def listed(carrier: Carrier, node: exp.ArrayContains) -> exp.Expr:
    return sql("if(:b IS NULL, NULL, has(:a, :b))", *carrier.all([node.this, node.expression]))


def element(carrier: Carrier, node: exp.Bracket) -> exp.Expr:
    """An element of a list from 1, or what a map holds under a key; NULL where there is none."""
    if len(node.expressions) != 1 or isinstance(node.expressions[0], exp.Slice):
        raise RefusedError("a part of a list is not cut out alike")
    key, value = node.expressions[0], carrier.tree(node.this)
    if isinstance(key, exp.Literal) and key.is_string:
        return sql("CASE WHEN mapContains(:a, :b) THEN arrayElement(:a, :b) END", value, key)
    place = int(literal(key, "the place in a list"))
    return sql(f"arrayElementOrNull(:a, {place + 1})", value)


LISTS: dict[type[exp.Expr], Rule] = {
    exp.Unnest: unnest,
    exp.Explode: explode,
    exp.ArrayContains: listed,
    exp.Bracket: element,
}
