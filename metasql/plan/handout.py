"""The rows of an increment as they are handed out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from metasql.graph.nodes import Feature, Graph
from metasql.names import stale_column
from metasql.plan import delta, provenance
from metasql.plan.increment import compare, increment, narrowed
from metasql.plan.layout import Layout
from metasql.plan.sql import all_of, any_of, col, number, op, select, table, text

SHARDS = 1 << 16
"""So many shards there may be at most: the hash is told apart by its first eight characters."""


@dataclass(frozen=True)
class Wanted:
    """Which rows of an increment: of these statuses, with one of these fields stale, of a shard, and a condition.

    A shard is its number, from 0, and how many there are. No fields are all of them.
    """

    statuses: Sequence[str]
    fields: Sequence[str] = ()
    shard: tuple[int, int] | None = None
    where: exp.Expr | None = None
    limit: int | None = None


def handout(
    feature: Feature,
    layout: Layout,
    wanted: Wanted,
    *,
    ordered: bool = True,
    part: exp.Query | None = None,
    view: str = "increment",
) -> exp.Query:
    """Rows of `X__increment`, in the order of their keys where that is asked for.

    `part`: those of the shard; `view`: where they are read, `increment` or `increment_full`.
    """
    rows = part.subquery("increment", copy=False) if part else table(layout.of(feature.key, view), "increment")
    query = select(exp.Star()).from_(rows, copy=False)
    keep: list[exp.Expr] = [col("metasql_status", "increment").isin(*wanted.statuses)]
    if wanted.fields:
        keep.append(any_of(*(col(stale_column(name), "increment") for name in wanted.fields)))
    if wanted.shard is not None and part is None:
        keep.append(in_shard(feature, *wanted.shard, "increment"))
    if wanted.where is not None:
        keep.append(exp.paren(wanted.where))
    query = query.where(all_of(*keep), copy=False)
    if ordered:
        query = query.order_by(*(col(name, "increment") for name in feature.unit_columns), copy=False)
    return query.limit(wanted.limit, copy=False) if wanted.limit is not None else query


def of_shard(feature: Feature, graph: Graph, layout: Layout, index: int, count: int) -> exp.Query:
    """The rows of `X__increment` of one shard, of a feature whose increment is by delta.

    The view finds all units that need a look before a shard can be told. Here the other shards are left out
    beforehand, so that many workers at once hold a part each and not all the whole.
    """
    keep = in_shard(feature, index, count, delta.CHANGED)
    return increment(narrowed(compare(feature, graph, layout), graph, layout, keep), layout)


def in_shard(feature: Feature, index: int, count: int, alias: str) -> exp.Expr:
    """Whether the hash of a row's key lies in one of `count` equal parts of all hashes.

    Hashes are texts of one width, so that their order is the order of the numbers that they stand for.
    """
    hashed = op("hash", provenance.encoded_columns(feature, feature.unit_columns, alias))
    head = exp.Substring(this=hashed, start=number(1), length=number(8))
    low, high = (index << 32) // count, ((index + 1) << 32) // count
    bounds: list[exp.Expr] = [exp.GTE(this=head, expression=text(f"{low:08x}"))]
    if index + 1 < count:
        bounds.append(exp.LT(this=head.copy(), expression=text(f"{high:08x}")))
    return all_of(*bounds)
