"""Queries, carried to ClickHouse: their parts, and operations on sets."""

from __future__ import annotations

from sqlglot import exp

from metasql.lower.carry import Carrier, RefusedError, Rule, kept, literal, only, plain
from metasql.lower.carry_joins import joined
from metasql.lower.carry_lists import named, series, source
from metasql.lower.carry_members import check_alone

_SELECT = frozenset(
    {
        "with_", "expressions", "from_", "joins", "where", "group", "having", "qualify", "order", "limit", "offset",
        "distinct", "windows", "hint", "kind",
    }
)  # fmt: skip


def select(carrier: Carrier, node: exp.Select) -> exp.Expr:
    """A SELECT; the columns of lists that it reads as rows go by names of their own."""
    only(node, _SELECT, "a query")
    before = carrier.spread, carrier.types
    carrier.spread, carrier.types = _spread(node), _types(carrier, node)
    try:
        made = carrier.parts(
            node,
            joins=[joined(carrier, join) for join in node.args.get("joins") or []] or None,
            expressions=[_projection(carrier, item) for item in node.expressions],
            order=_order(carrier, node),
        )
    finally:
        carrier.spread, carrier.types = before
    rows = [item for item in node.expressions if isinstance(item.unalias(), exp.Explode)]
    if len(rows) > 1 or (rows and (node.args.get("group") or node.args.get("distinct"))):
        raise RefusedError("`unnest` stands once in a query, and not beside GROUP BY or DISTINCT; or write it in FROM")
    return made


def _types(carrier: Carrier, node: exp.Select) -> dict[str, exp.DataType]:
    """The types of columns, where every source is a table whose types are known, by their names alone."""
    from_ = node.args.get("from_")
    sources = [from_.this] if from_ is not None else []
    sources += [join.this for join in node.args.get("joins") or []]
    found: dict[str, exp.DataType] = {}
    unclear: set[str] = set()
    for item in sources:
        if isinstance(item, exp.Unnest):
            unclear.add(named(item)[1])
            continue
        if not isinstance(item, exp.Table) or item.name not in carrier.sources:
            return {}
        for name, type_ in carrier.sources[item.name].items():
            if found.setdefault(name, type_) != type_:
                unclear.add(name)
    return {name: type_ for name, type_ in found.items() if name not in unclear}


def _projection(carrier: Carrier, item: exp.Expr) -> exp.Expr:
    made = carrier.tree(item)
    if isinstance(item, exp.Star) and carrier.spread:
        raise RefusedError("`*` beside `unnest` is not carried over: name the columns")
    if isinstance(item, exp.Column) and isinstance(made, exp.Column) and made.name != item.name:
        return exp.Alias(this=made, alias=exp.to_identifier(item.name))
    return made


def _order(carrier: Carrier, node: exp.Select) -> exp.Expr | None:
    """ORDER BY means the output column first; ClickHouse would take the table's."""
    order = node.args.get("order")
    if order is None:
        return None
    outputs = {item.alias: number for number, item in enumerate(node.expressions, 1) if isinstance(item, exp.Alias)}
    stars = any(isinstance(item.unalias(), exp.Star) or item.find(exp.Star) for item in node.expressions)
    made: list[exp.Expr] = []
    for ordered in order.expressions:
        this = ordered.this
        if isinstance(this, exp.Column) and not this.table and this.name in outputs and not stars:
            number = exp.Literal.number(outputs[this.name])
            made.append(exp.Ordered(**{**ordered.args, "this": number}))
        else:
            made.append(carrier.parts(ordered))
    return exp.Order(expressions=made)


def _spread(node: exp.Select) -> dict[tuple[str, str], str]:
    """The columns of `unnest(...) AS t(x)` in joins, under the names that they get."""
    found: dict[tuple[str, str], str] = {}
    for join in node.args.get("joins") or []:
        if isinstance(join.this, exp.Unnest):
            table, column = named(join.this)
            found["", column] = found[table, column] = f"{table}__{column}"
    return found


def table(carrier: Carrier, node: exp.Table) -> exp.Expr:
    only(node, frozenset({"this", "db", "catalog", "alias"}), "a table")
    alias = node.args.get("alias")
    if isinstance(node.this, exp.GenerateSeries):
        name, column = named(node)
        return source(series(carrier, node.this), name, column)
    if not isinstance(node.this, exp.Identifier):
        raise RefusedError("a function that gives a table is not carried over")
    if alias is not None and alias.columns:
        raise RefusedError("columns are renamed in a SELECT, not in the alias of a table")
    return node


def column(carrier: Carrier, node: exp.Column) -> exp.Expr:
    name = carrier.spread.get((node.table, node.name))
    if name is not None and not node.args.get("db"):
        return exp.Column(this=exp.to_identifier(name))
    if isinstance(node.this, exp.Star):
        only(node.this, frozenset({"except_"}), "`*`")
    elif node.args.get("db"):
        raise RefusedError("a part of a struct cannot be read")
    return node


def star(_: Carrier, node: exp.Star) -> exp.Expr:
    only(node, frozenset({"except_"}), "`*`")
    return node


def subquery(carrier: Carrier, node: exp.Subquery) -> exp.Expr:
    only(node, frozenset({"this", "alias", "with_"}), "a subquery")
    if not isinstance(node.parent, (exp.From, exp.Join, exp.SetOperation, exp.CTE, exp.Subquery, exp.Exists)):
        check_alone(node)
    return _renamed(carrier.parts(node))


def cte(carrier: Carrier, node: exp.CTE) -> exp.Expr:
    made = carrier.parts(node)
    made.set("materialized", None)
    return _renamed(made)


def _renamed(made: exp.Expr) -> exp.Expr:
    """Columns named in the alias of a query are named in the query itself."""
    alias = made.args.get("alias")
    if not isinstance(alias, exp.TableAlias) or not alias.columns:
        return made
    query = made.this
    while isinstance(query, (exp.SetOperation, exp.Subquery)):
        query = query.this
    if not isinstance(query, exp.Select) or any(
        item.find(exp.Star) for item in query.expressions[: len(alias.columns)]
    ):
        raise RefusedError("columns are renamed in a SELECT, not in an alias")
    names = [item.name for item in alias.columns]
    items = [
        exp.Alias(this=item.unalias(), alias=exp.to_identifier(name))
        for item, name in zip(query.expressions, names, strict=False)
    ]
    query.set("expressions", [*items, *query.expressions[len(items) :]])
    made.set("alias", exp.TableAlias(this=alias.this))
    return made


def combined(carrier: Carrier, node: exp.SetOperation) -> exp.Expr:
    only(node, frozenset({"with_", "this", "expression", "distinct", "order", "limit", "offset"}), "UNION")
    if not isinstance(node, exp.Union) and not node.args.get("distinct"):
        raise RefusedError("EXCEPT ALL and INTERSECT ALL are not carried over")
    return carrier.parts(node)


def order(carrier: Carrier, node: exp.Order) -> exp.Expr:
    if node.this is not None:
        raise RefusedError("this aggregate cannot be ordered")
    return carrier.parts(node)


def limit(_: Carrier, node: exp.Limit) -> exp.Expr:
    only(node, frozenset({"expression", "this"}), "LIMIT")
    return exp.Limit(expression=_number(node.expression))


def fetch(_: Carrier, node: exp.Fetch) -> exp.Expr:
    """`FETCH FIRST n ROWS ONLY` is a LIMIT; without a number it is one row."""
    options = node.args.get("limit_options")
    if options is not None and options.args.get("percent"):
        raise RefusedError("a share of the rows is not carried over")
    return exp.Limit(expression=_number(node.args.get("count") or exp.Literal.number(1)))


def offset(_: Carrier, node: exp.Offset) -> exp.Expr:
    return exp.Offset(expression=_number(node.expression))


def _number(node: exp.Expr | None) -> exp.Expr:
    """A number of rows: for ClickHouse one below 1 is a share of them, and one below 0 counts from the end."""
    text = literal(node, "the number of rows")
    if not (text.isascii() and text.isdecimal()):
        raise RefusedError("a number of rows must be a whole number here")
    return exp.Literal.number(text)


QUERIES: dict[type[exp.Expr], Rule] = {
    exp.Select: select,
    exp.Subquery: subquery,
    exp.CTE: cte,
    exp.Union: combined,
    exp.Except: combined,
    exp.Intersect: combined,
    exp.Table: table,
    exp.Column: column,
    exp.Star: star,
    exp.Limit: limit,
    exp.Fetch: fetch,
    exp.Offset: offset,
    exp.Order: order,
    exp.Identifier: kept,
    exp.TableAlias: kept,
    **dict.fromkeys(
        (
            exp.Alias, exp.And, exp.Array, exp.Between, exp.Cube, exp.Distinct, exp.EQ, exp.From, exp.GT, exp.GTE,
            exp.Group, exp.GroupingSets, exp.Having, exp.Is, exp.LT, exp.LTE, exp.NEQ, exp.Not, exp.NullSafeEQ,
            exp.NullSafeNEQ, exp.Or, exp.Ordered, exp.Qualify, exp.Rollup, exp.Tuple,
            exp.Values, exp.Where, exp.With,
        ),
        plain,
    ),
}  # fmt: skip
