"""Membership and queries within expressions, carried to ClickHouse: with NULL as the third answer."""

from __future__ import annotations

from sqlglot import exp

from metasql.lower.carry import Carrier, RefusedError, Rule, sql
from metasql.lower.carry_compared import is_decimal, same
from metasql.lower.clickhouse_nodes import membership


def _sources(query: exp.Expr) -> set[str]:
    found = {cte.alias for cte in query.find_all(exp.CTE)}
    for node in query.find_all(exp.Table, exp.Subquery, exp.Values, exp.Unnest):
        found.add(node.alias_or_name)
    return found


def _is_correlated(query: exp.Expr) -> bool:
    inside = _sources(query)
    return any(node.table and node.table not in inside for node in query.find_all(exp.Column))


def check_alone(query: exp.Expr) -> None:
    if _is_correlated(query):
        raise RefusedError("a subquery that reads a row of the query around it: write it as a join")


def exists(carrier: Carrier, node: exp.Exists) -> exp.Expr:
    made = carrier.parts(node)
    query = made.this.this if isinstance(made.this, exp.Subquery) else made.this
    if _is_correlated(node.this) and (not isinstance(query, exp.Select) or membership(query) is None):
        raise RefusedError("EXISTS compares with the query around it by `=` alone, joined by AND")
    return exp.Exists(this=query)


def _is_filter(node: exp.Expr) -> bool:
    """Whether NULL and false are one: the condition of rows, under AND and OR alone."""
    parent = node.parent
    while isinstance(parent, (exp.And, exp.Or, exp.Paren)):
        parent = parent.parent
    return isinstance(parent, (exp.Where, exp.Join, exp.Having, exp.Qualify))


def among(carrier: Carrier, node: exp.In) -> exp.Expr:
    """Membership with three answers: ClickHouse's IN takes no NULL of a list or a query for unknown."""
    if node.args.get("unnest") is not None or node.args.get("field") is not None:
        raise RefusedError("membership of a list is `list_contains`")
    query = node.args.get("query")
    if query is None:
        return _among_values(carrier, node)
    check_alone(query)
    this, made = carrier.tree(node.this), carrier.tree(query)
    found = exp.In(this=this, query=made)
    if _is_filter(node):
        return found
    inner = inner_of(query)
    if isinstance(node.this, exp.Tuple) or not isinstance(inner, exp.Select) or len(inner.expressions) != 1:
        raise RefusedError("NOT IN asks for one column of a SELECT; of several write NOT EXISTS")
    name = inner.expressions[0].alias_or_name
    if not name or name == "*":
        raise RefusedError("the column of the subquery needs a name here")
    return _with_unknown(this, inner_of(made), found, exp.to_identifier(name))


def inner_of(query: exp.Expr) -> exp.Expr:
    return query.this if isinstance(query, exp.Subquery) else query


def _with_unknown(this: exp.Expr, query: exp.Expr, found: exp.Expr, name: exp.Identifier) -> exp.Expr:
    """Unknown where it is not found, and the value or any member is NULL; of no members nothing is one."""

    def counted(what: exp.Expr) -> exp.Expr:
        rows = exp.Subquery(this=query.copy(), alias=exp.TableAlias(this=exp.to_identifier("member")))
        return exp.Subquery(this=exp.Select(expressions=[what], from_=exp.From(this=rows)))

    member = exp.Column(this=name, table=exp.to_identifier("member"))
    text = "CASE WHEN :a THEN true WHEN :b = 0 THEN false WHEN :c IS NULL OR :d > 0 THEN NULL ELSE false END"
    return sql(text, found, counted(sql("count()")), this, counted(sql("countIf(isNull(:a))", member)))


def _among_values(carrier: Carrier, node: exp.In) -> exp.Expr:
    values = node.expressions
    if all(isinstance(value, (exp.Literal, exp.Neg, exp.Boolean)) and not is_decimal(value) for value in values):
        return carrier.parts(node)
    this, *rest = carrier.all([node.this, *values])
    parts = [same(carrier, [node.this, value], [this, made]) for value, made in zip(values, rest, strict=True)]
    return exp.paren(exp.or_(*parts, copy=False), copy=False)


MEMBERS: dict[type[exp.Expr], Rule] = {exp.Exists: exists, exp.In: among}
