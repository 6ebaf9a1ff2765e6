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
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from metasql.names import Relation

OPERATION = "METASQL_"


@dataclass(frozen=True)
class Block:
    """A named part of a query, and the sentence that it stands under."""

    name: str
    sentence: str
    query: exp.Query


def op(name: str, *arguments: exp.Expression) -> exp.Expression:
    """An operation that the dialect lowers."""
    return exp.Anonymous(this=OPERATION + name.upper(), expressions=[item.copy() for item in arguments])


def col(name: str, table: str | None = None) -> exp.Column:
    """A column, of a table or alias where that is said."""
    return exp.Column(
        this=exp.to_identifier(name), table=exp.to_identifier(table) if table is not None else None
    )


def cols(names: Iterable[str], table: str | None = None) -> list[exp.Expression]:
    return [col(name, table) for name in names]


def text(value: str) -> exp.Literal:
    return exp.Literal.string(value)


def number(value: int) -> exp.Literal:
    return exp.Literal.number(value)


def null(type_: str | None = None) -> exp.Expression:
    return exp.cast(exp.null(), type_) if type_ else exp.null()


def cast_to(tree: exp.Expression, type_: exp.DataType | None) -> exp.Expression:
    """A value as a type, or as it is where the type is left to the engine."""
    return exp.Cast(this=tree.copy(), to=type_.copy()) if type_ is not None else tree


def true() -> exp.Boolean:
    return exp.Boolean(this=True)


def false() -> exp.Boolean:
    return exp.Boolean(this=False)


def as_(tree: exp.Expression, name: str) -> exp.Expression:
    """A named output column; a column that has the name already stays as it is."""
    if isinstance(tree, exp.Column) and tree.name == name:
        return tree
    return exp.Alias(this=tree.copy(), alias=exp.to_identifier(name))


def concat(*parts: exp.Expression) -> exp.Expression:
    """Texts one after the other; NULL when any of them is."""
    tree = parts[0].copy()
    for part in parts[1:]:
        tree = exp.DPipe(this=tree, expression=part.copy(), safe=True)
    return exp.paren(tree, copy=False) if len(parts) > 1 else tree


def all_of(*conditions: exp.Expression) -> exp.Expression:
    return exp.and_(*conditions) if conditions else true()


def any_of(*conditions: exp.Expression) -> exp.Expression:
    return exp.or_(*conditions) if conditions else false()


def equal(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    return exp.EQ(this=left.copy(), expression=right.copy())


def differs(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """IS DISTINCT FROM: NULL is a value here."""
    return exp.NullSafeNEQ(this=left.copy(), expression=right.copy())


def is_null(tree: exp.Expression) -> exp.Expression:
    return exp.Is(this=tree.copy(), expression=exp.null())


def not_null(tree: exp.Expression) -> exp.Expression:
    return exp.Not(this=is_null(tree))


def coalesce(*trees: exp.Expression) -> exp.Expression:
    return exp.Coalesce(this=trees[0].copy(), expressions=[tree.copy() for tree in trees[1:]])


def case(*branches: tuple[exp.Expression, exp.Expression], otherwise: exp.Expression | None = None) -> exp.Expression:
    tree = exp.Case(ifs=[exp.If(this=when.copy(), true=then.copy()) for when, then in branches])
    return tree.else_(otherwise.copy()) if otherwise is not None else tree


def on_equal(left: str, right: str, names: Iterable[str]) -> exp.Expression:
    """Two aliases agree on columns of the same names."""
    return all_of(*(equal(col(name, left), col(name, right)) for name in names))


def table(relation: Relation | str, alias: str | None = None) -> exp.Table:
    """A relation of the warehouse, or a block or temporary table by its name."""
    if isinstance(relation, str):
        tree = exp.Table(this=exp.to_identifier(relation))
    else:
        tree = exp.Table(
            this=exp.to_identifier(relation.name),
            db=exp.to_identifier(relation.schema),
            catalog=exp.to_identifier(relation.catalog) if relation.catalog else None,
        )
    if alias is not None:
        tree.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    return tree


def select(*columns: exp.Expression) -> exp.Select:
    return exp.Select(expressions=[item.copy() for item in columns])


def with_blocks(query: exp.Query, blocks: Sequence[Block]) -> exp.Query:
    """A query over named blocks, each under its sentence."""
    tree = query.copy()
    own = tree.args.get("with_")
    ctes = []
    for block in blocks:
        body = block.query.copy()
        body.comments = [f" {block.sentence} "]
        ctes.append(exp.CTE(this=body, alias=exp.TableAlias(this=exp.to_identifier(block.name))))
    recursive = bool(own and own.args.get("recursive"))
    tree.set("with_", exp.With(expressions=ctes + (list(own.expressions) if own else []), recursive=recursive))
    return tree


def exists(query: exp.Query) -> exp.Expression:
    return exp.Exists(this=query.copy())


def listed(values: Sequence[str]) -> exp.Expression:
    """A text that names several, or the empty text."""
    return text(",".join(sorted(values)))
