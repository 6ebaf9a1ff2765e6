"""A query for a cluster: what its shards can answer for themselves, and what the node that is asked puts together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from metasql.lower.clickhouse_apart import Holds, Prover, asking
from metasql.plan.sql import OPERATION

APART = f"{OPERATION}APART"
"""A table function in a FROM: the rows that a query gives on each shard."""


def split(tree: exp.Expr, prover: Prover) -> exp.Expr:
    """The same query with what shards can answer for themselves in `APART`: all of it, or the blocks that are so.

    Where blocks are, or tables are read whole by the node that is asked, joins and conditions
    stand over subqueries: a join straight over Distributed tables would be done on every shard.
    """
    known = prover.query(tree, {})
    if known is not None and isinstance(tree, exp.Query):
        return tree if known.everywhere else _all_of(tree)
    return _parted(tree, prover) if isinstance(tree, exp.Select) else _gathered(tree, prover, {})


def _all_of(query: exp.Query) -> exp.Select:
    called = exp.Anonymous(this=APART, expressions=[query])
    made = exp.Select(expressions=[exp.Star()], from_=exp.From(this=exp.Table(this=called)))
    made.comments = query.comments
    return made


def _parted(tree: exp.Select, prover: Prover) -> exp.Expr:
    """A SELECT over blocks, each of them answered where it can be."""
    with_ = tree.args.get("with_")
    parts = {name: value for name, value in tree.args.items() if name != "with_" and value is not None}
    rest: exp.Expr = exp.Select(**parts)
    rest.comments = tree.comments
    if with_ is None or with_.args.get("recursive"):
        return _gathered(tree, prover, {})
    known = prover.blocks(tree, {})
    made: list[exp.Expr] = []
    for index, block in enumerate(with_.expressions):
        found, query = known[block.alias], block.this
        if found is not None and not found.everywhere:
            query = _all_of(_with(with_.expressions[:index], query))
        elif found is None:
            query = _gathered(query, prover, known)
        made.append(exp.CTE(this=query, alias=block.args["alias"]))
    rest = _gathered(rest, prover, known)
    made = _needed(made, rest)
    if made:
        rest.set("with_", exp.With(expressions=made))
    return rest


def _with(blocks: list[exp.Expr], query: exp.Query) -> exp.Query:
    needed = _needed(blocks, query)
    if not needed:
        return query
    own = query.args.get("with_")
    parts = {name: value for name, value in query.args.items() if value is not None}
    expressions = [*needed, *(own.expressions if own else [])]
    made: exp.Query = query.__class__(**{**parts, "with_": exp.With(expressions=expressions)})
    made.comments = query.comments
    return made


def _needed(blocks: list[exp.Expr], query: exp.Expr) -> list[exp.Expr]:
    """The blocks that a query reads, or that these read."""
    names, kept = _read(query), []
    for block in reversed(blocks):
        if block.alias in names:
            kept.append(block)
            names |= _read(block.this)
    return kept[::-1]


def _read(tree: exp.Expr) -> set[str]:
    """The blocks and temporary tables that a query reads; what shards are asked brings its own."""
    found: set[str] = set()
    if isinstance(tree, exp.Table) and not tree.db and not isinstance(tree.this, exp.Func):
        found.add(tree.name)
    for child in () if isinstance(tree, exp.Anonymous) and tree.this == APART else tree.iter_expressions():
        found |= _read(child)
    return found


def _gathered(tree: exp.Expr, prover: Prover, known: Mapping[str, Holds | None]) -> exp.Expr:
    """A query in which no join or condition stands straight over a Distributed table."""
    parts = {name: _part(value, prover, known) for name, value in tree.args.items() if value is not None}
    if isinstance(tree, exp.Select) and (parts.get("joins") or _asks_inside(tree)):
        sources = [parts["from_"]] if parts.get("from_") is not None else []
        for part in [*sources, *(parts.get("joins") or [])]:
            part.set("this", _under(part.this, prover, known))
    made = tree.__class__(**parts)
    made.comments = tree.comments
    return made


def _part(value: Any, prover: Prover, known: Mapping[str, Holds | None]) -> Any:
    if isinstance(value, list):
        return [_part(item, prover, known) for item in value]
    return _gathered(value, prover, known) if isinstance(value, exp.Expr) else value


def _asks_inside(tree: exp.Select) -> bool:
    parts = [*tree.expressions, tree.args.get("where"), tree.args.get("having")]
    return any(True for part in parts if part is not None for _ in asking(part))


def _under(source: exp.Expr, prover: Prover, known: Mapping[str, Holds | None]) -> exp.Expr:
    """A Distributed table as a subquery."""
    table = source.this if isinstance(source, exp.Final) else source
    if not isinstance(table, exp.Table) or isinstance(table.this, exp.Func):
        return source
    if (not table.db and table.name in known) or prover.spread_of(table) is None:
        return source
    alias = exp.TableAlias(this=exp.Identifier(this=table.alias or table.name))
    inner = exp.Select(expressions=[exp.Star()], from_=exp.From(this=source))
    return exp.Subquery(this=inner, alias=alias)
