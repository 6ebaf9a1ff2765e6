"""Small builders over sqlglot's trees, and metasql's own operations.

An operation (`op("hash", x)`) is a call that no engine knows; every dialect lowers it
through its table (lower/dialect.py). The plan is written in these and in plain SQL alone.

| operation | meaning |
| --- | --- |
| hash(text) | 32 lower-case hex characters |
| text(value) | the canonical text of a value of any type, the same on every engine |
| bytes(text) | its length in UTF-8 bytes |
| set_digest(hash) | aggregate: the digest of a set of hashes, in no order, members counted |
| text_map(k1, v1, ...) | a map from text to text |
| matches(text, pattern) | whether a regular expression is found |
| extract(text, pattern) | its first group, `''` where it is not found |
| try_cast_text(text, type) | the value that a text stands for, NULL where it stands for none |
| age(time) | the seconds that have passed since a time by the engine's clock; without a zone it is in UTC |

Trees may share parts while a plan is made: they are copied once, when they are lowered, and
nothing in the plan changes a tree that it did not just make.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from sqlglot import exp

from metasql.names import Relation

OPERATION = "METASQL_"


@dataclass(frozen=True)
class Block:
    """A named part of a query, and the sentence that it stands under."""

    name: str
    sentence: str
    query: exp.Query


def op(name: str, *arguments: exp.Expr) -> exp.Expr:
    """An operation that the dialect lowers."""
    return exp.Anonymous(this=OPERATION + name.upper(), expressions=list(arguments))


def col(name: str, table: str | None = None) -> exp.Column:
    """A column, of a table or alias where that is said.

    Its names are plain texts: there are more columns than anything else, and lowering alone
    has to know how they are quoted.
    """
    return exp.Column(this=name) if table is None else exp.Column(this=name, table=table)


def _name(name: str) -> exp.Identifier:
    """A name; lowering quotes it where that is needed."""
    return exp.Identifier(this=name)


def cols(names: Iterable[str], table: str | None = None) -> list[exp.Expr]:
    return [col(name, table) for name in names]


def star(block: str) -> exp.Expr:
    """Every column of a block, which itself names each of them."""
    return exp.Column(this=exp.Star(), table=_name(block))


def text(value: str) -> exp.Literal:
    return exp.Literal.string(value)


def number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def null(type_: str | None = None) -> exp.Expr:
    return cast(exp.null(), type_) if type_ else exp.null()


def cast(tree: exp.Expr, type_: str) -> exp.Expr:
    """A value as one of the types that metasql's own columns have."""
    return exp.Cast(this=tree, to=_type(type_))


@cache
def _type(name: str) -> exp.DataType:
    return exp.DataType.build(name)


def cast_to(tree: exp.Expr, type_: exp.DataType | None) -> exp.Expr:
    """A value as a type, or as it is where the type is left to the engine."""
    return exp.Cast(this=tree, to=type_) if type_ is not None else tree


def true() -> exp.Boolean:
    return exp.Boolean(this=True)


def false() -> exp.Boolean:
    return exp.Boolean(this=False)


def as_(tree: exp.Expr, name: str) -> exp.Expr:
    """A named output column; a column that has the name already stays as it is."""
    if isinstance(tree, exp.Column) and tree.name == name:
        return tree
    return exp.Alias(this=tree, alias=name)


def concat(*parts: exp.Expr) -> exp.Expr:
    """Texts one after the other; NULL when any of them is."""
    tree = parts[0]
    for part in parts[1:]:
        tree = exp.DPipe(this=tree, expression=part, safe=True)
    return tree


def all_of(*conditions: exp.Expr) -> exp.Expr:
    return _combined(exp.And, conditions) if conditions else true()


def any_of(*conditions: exp.Expr) -> exp.Expr:
    return _combined(exp.Or, conditions) if conditions else false()


def _combined(connector: type[exp.Connector], conditions: Sequence[exp.Expr]) -> exp.Expr:
    """Conditions one after the other, those that are combined themselves in parentheses."""
    if len(conditions) == 1:
        return conditions[0]
    first, *rest = [exp.Paren(this=item) if isinstance(item, exp.Connector) else item for item in conditions]
    for item in rest:
        first = connector(this=first, expression=item)
    return first


def equal(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.EQ(this=left, expression=right)


def differs(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """IS DISTINCT FROM: NULL is a value here."""
    return exp.NullSafeNEQ(this=left, expression=right)


def is_null(tree: exp.Expr) -> exp.Expr:
    return exp.Is(this=tree, expression=exp.null())


def not_null(tree: exp.Expr) -> exp.Expr:
    return exp.Not(this=is_null(tree))


def coalesce(*trees: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=trees[0], expressions=list(trees[1:]))


def case(*branches: tuple[exp.Expr, exp.Expr], otherwise: exp.Expr | None = None) -> exp.Expr:
    ifs = [exp.If(this=when, true=then) for when, then in branches]
    return exp.Case(ifs=ifs) if otherwise is None else exp.Case(ifs=ifs, default=otherwise)


def on_equal(left: str, right: str, names: Iterable[str]) -> exp.Expr:
    """Two aliases agree on columns of the same names."""
    return all_of(*(equal(col(name, left), col(name, right)) for name in names))


def table(relation: Relation | str, alias: str | None = None) -> exp.Table:
    """A relation of the warehouse, or a block or temporary table by its name."""
    if isinstance(relation, str):
        tree = exp.Table(this=_name(relation))
    else:
        tree = exp.Table(
            this=_name(relation.name),
            db=_name(relation.schema),
            catalog=_name(relation.catalog) if relation.catalog else None,
        )
    if alias is not None:
        tree.set("alias", exp.TableAlias(this=_name(alias)))
    return tree


def current(relation: Relation, alias: str) -> exp.Expr:
    """One of metasql's keyed tables as it is now: one row per key, whatever the engine keeps of older ones."""
    return exp.Final(this=table(relation, alias))


def select(*columns: exp.Expr) -> exp.Select:
    return exp.Select(expressions=list(columns))


def joined(query: exp.Select, source: exp.Expr, on: exp.Expr | None, kind: str) -> exp.Select:
    """A query that joins one more source: INNER, LEFT, FULL or CROSS."""
    side = {"side": kind} if kind in {"LEFT", "FULL"} else {"kind": kind}
    query.append("joins", exp.Join(this=source, on=on, **side))
    return query


def with_blocks(query: exp.Query, blocks: Sequence[Block]) -> exp.Query:
    """A query over named blocks, each under its sentence."""
    tree = query
    own = tree.args.get("with_")
    ctes = []
    for block in blocks:
        body = block.query
        first: exp.Expr = body
        while isinstance(first, exp.SetOperation):
            first = first.this
        first.comments = [f" {block.sentence} "]
        ctes.append(exp.CTE(this=body, alias=exp.TableAlias(this=_name(block.name))))
    recursive = bool(own and own.args.get("recursive"))
    tree.set("with_", exp.With(expressions=ctes + (list(own.expressions) if own else []), recursive=recursive))
    return tree


def exists(query: exp.Query) -> exp.Expr:
    return exp.Exists(this=query)


def listed(values: Sequence[str]) -> exp.Expr:
    """A text that names several, or the empty text."""
    return text(",".join(sorted(values)))
