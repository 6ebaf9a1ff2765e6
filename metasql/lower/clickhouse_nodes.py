"""Plain SQL that ClickHouse needs otherwise: types, names of columns, correlated EXISTS."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from metasql.lower.dialect import NodeLowering
from metasql.lower.template import template

TIMES = frozenset(
    {
        exp.DType.TIMESTAMP,
        exp.DType.TIMESTAMPNTZ,
        exp.DType.TIMESTAMPTZ,
        exp.DType.TIMESTAMPLTZ,
        exp.DType.TIMESTAMP_MS,
        exp.DType.TIMESTAMP_S,
        exp.DType.DATETIME,
    }
)


def _time(precision: int) -> exp.DataType:
    number, zone = exp.Literal.number(precision), exp.Literal.string("UTC")
    parts = [exp.DataTypeParam(this=number), exp.DataTypeParam(this=zone)]
    return exp.DataType(this=exp.DType.DATETIME64, expressions=parts)


_TIME = _time(6)
_TYPES = {
    **dict.fromkeys(TIMES, _TIME),
    exp.DType.TIMESTAMP_NS: _time(9),
    exp.DType.DATE: exp.DataType(this=exp.DType.DATE32),
    exp.DType.TIME: exp.DataType(this=exp.DType.USERDEFINED, kind="Time64(6)"),
    exp.DType.VARBINARY: exp.DataType(this=exp.DType.TEXT),
    exp.DType.JSON: exp.DataType(this=exp.DType.TEXT),
}


def _type(tree: exp.Expr, made: exp.Expr) -> exp.Expr:
    """A type of the project's words as ClickHouse's; the generator makes it Nullable.

    A type in ClickHouse's own words says whether it is Nullable, and stays as it is.
    """
    if tree.args.get("nullable") is not None:
        return made
    return _TYPES.get(tree.this, made) if isinstance(tree.this, exp.DType) else made


def type_of(tree: exp.Expr) -> exp.Expr:
    """The same for a type and those in it."""
    parts = [type_of(part) if isinstance(part, exp.DataType) else part for part in tree.expressions]
    return _type(tree, tree.__class__(**{**tree.args, "expressions": parts}))


def _select(_: exp.Expr, made: exp.Expr) -> exp.Expr:
    """A column of an alias goes by its name alone: over joins it would be named `alias.column`."""
    made.set("expressions", [_named(item) for item in made.expressions])
    return made


def _named(item: exp.Expr) -> exp.Expr:
    if isinstance(item, exp.Column) and item.args.get("table") is not None and isinstance(item.this, exp.Identifier):
        return exp.Alias(this=item, alias=item.this)
    return item


def _exists(_: exp.Expr, made: exp.Expr) -> exp.Expr:
    """EXISTS over equal columns as `(a, b) IN (SELECT …)`: correlated queries are only partly known."""
    query = made.this
    found = membership(query) if isinstance(query, exp.Select) else None
    return found or made


def _not(tree: exp.Expr, made: exp.Expr) -> exp.Expr:
    """Where a key is NULL, NOT EXISTS holds and NOT IN does not."""
    if isinstance(tree.this.unnest(), exp.Exists) and isinstance(made.this.unnest(), exp.In):
        return exp.Not(this=exp.func("ifNull", made.this, exp.false()))
    return made


def membership(query: exp.Select) -> exp.Expr | None:
    """What a correlated query asks, where it asks for rows with equal columns and nothing else of outside."""
    where, names = query.args.get("where"), _inner_names(query)
    if where is None or names is None or query.args.get("group") or query.args.get("limit"):
        return None
    outer: list[exp.Expr] = []
    inner: list[exp.Expr] = []
    rest: list[exp.Expr] = []
    for part in _conditions(where.this):
        sides = _sides(part, names) if isinstance(part, exp.EQ) else None
        if sides is not None:
            outer.append(sides[0])
            inner.append(sides[1])
        elif _is_all_inner(part, names) and part.find(exp.Exists) is None:
            rest.append(part)
        else:
            return None
    if not outer:
        return None
    sources = {name: query.args[name] for name in ("from_", "joins") if query.args.get(name)}
    keys = exp.Select(expressions=inner, **sources)
    if rest:
        keys.set("where", exp.Where(this=exp.and_(*rest, copy=False)))
    this = outer[0] if len(outer) == 1 else exp.Tuple(expressions=outer)
    return exp.In(this=this, query=exp.Subquery(this=keys))


def _conditions(tree: exp.Expr) -> Iterator[exp.Expr]:
    """The conditions that all have to hold."""
    tree = tree.unnest()
    if isinstance(tree, exp.And):
        yield from _conditions(tree.left)
        yield from _conditions(tree.right)
    else:
        yield exp.paren(tree, copy=False) if isinstance(tree, exp.Or) else tree


def _inner_names(query: exp.Select) -> frozenset[str] | None:
    """The names of the tables of a query; None where a source cannot be followed."""
    from_ = query.args.get("from_")
    if from_ is None:
        return None
    sources = [from_.this, *(join.this for join in query.args.get("joins") or [])]
    names = [_source_name(source) for source in sources]
    return frozenset(names) if all(names) else None


def _source_name(source: exp.Expr) -> str:
    return source.this.alias_or_name if isinstance(source, exp.Final) else source.alias_or_name


def _sides(tree: exp.EQ, names: frozenset[str]) -> tuple[exp.Expr, exp.Expr] | None:
    """The outer and the inner side of a comparison of one with the other."""
    left, right = _is_all_inner(tree.left, names), _is_all_inner(tree.right, names)
    if left == right or not _is_all_outer(tree.right if left else tree.left, names):
        return None
    return (tree.right, tree.left) if left else (tree.left, tree.right)


def _is_all_inner(tree: exp.Expr, names: frozenset[str]) -> bool:
    return all(column.table in names for column in _columns(tree))


def _is_all_outer(tree: exp.Expr, names: frozenset[str]) -> bool:
    found = list(_columns(tree))
    return bool(found) and all(column.table and column.table not in names for column in found)


def _columns(tree: exp.Expr) -> Iterator[exp.Column]:
    """The columns of an expression; queries in it were looked at by themselves."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, exp.Column):
            yield node
        elif not isinstance(node, exp.Query):
            stack.extend(node.iter_expressions())


_READ_ONLY = "this view needs join_use_nulls = 1: set it in the profile of this user, or readonly = 2 in place of 1"


def guarded(tree: exp.Expr) -> exp.Expr:
    """A user with `readonly = 1` reads a view without its settings, and would get '' and 0 for the NULLs of joins."""
    if not isinstance(tree, exp.Select) or not any(join.side for join in tree.find_all(exp.Join)):
        return tree
    refuse = template(f"throwIf(getSetting('join_use_nulls') = 0, '{_READ_ONLY}') = 0", "clickhouse")([])
    where = tree.args.get("where")
    both = exp.and_(where.this, refuse, copy=False) if where is not None else refuse
    return exp.Select(**{**tree.args, "where": exp.Where(this=both)})


def _count(_: exp.Expr, made: exp.Expr) -> exp.Expr:
    """Counts are signed, as they are stored: unsigned numbers are not compared with those for a difference."""
    return exp.Anonymous(this="toInt64", expressions=[made])


def _window(tree: exp.Expr, made: exp.Expr) -> exp.Expr:
    """The same over a window or with a FILTER, which stand between the two."""
    inner = tree.this.this if isinstance(tree.this, exp.Filter) else tree.this
    if isinstance(inner, exp.Count) and isinstance(made.this, exp.Anonymous):
        made.set("this", made.this.expressions[0])
        return _count(tree, made)
    return made


NODES: dict[type[exp.Expr], NodeLowering] = {
    exp.Count: _count,
    exp.DataType: _type,
    exp.Select: _select,
    exp.Exists: _exists,
    exp.Filter: _window,
    exp.Not: _not,
    exp.Window: _window,
}
"""By class: what becomes of a node whose parts are lowered already; the first argument is the node before."""
