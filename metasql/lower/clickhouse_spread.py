"""How a cluster keeps a table: its rows on the shards, by a hash of some columns, and one name for all of them.

| relation | is |
| --- | --- |
| `X__shard` | on every node: the rows of its shard (MergeTree, replicated where the cluster has replicas) |
| `X` | on every node: Distributed over them; its comment says by which columns, and over how many shards |

What has no key, such as a seed, and metasql's own tables, lie on the first shard alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from metasql.lower.clickhouse_storage import Mode, bare, literal, place, quoted
from metasql.names import Relation

WHOLE: Mapping[str, str | int] = {
    "skip_unavailable_shards": 0,
    "distributed_product_mode": "deny",
}
"""Settings with which a query reads all shards or fails: rows that are not told would look orphaned."""

SUFFIX = "__shard"
_SAID = re.compile(r"metasql: over (\d+) shards by (\[.*\])")


@dataclass(frozen=True)
class Spread:
    """The columns whose values say on which shard a row lies, in order, each with how its value becomes text.

    Rows of two tables with equal values in them lie on one shard where the kinds are equal too.
    Without columns all rows lie on the first shard.
    """

    columns: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    @classmethod
    def of(cls, columns: Sequence[str], types: Mapping[str, str]) -> Spread:
        """By columns of a table; nothing where it lacks one of them."""
        if not all(name in types for name in columns):
            return cls()
        return cls(tuple(columns), tuple(_kind(types[name]) for name in columns))

    def key(self) -> str:
        """The sharding key: a number for a row."""
        texts = [_text(quoted(name), kind) for name, kind in zip(self.columns, self.kinds, strict=True)]
        return f"cityHash64({', '.join(texts)})" if texts else "0"

    def comment(self, shards: int) -> str:
        return f"metasql: over {shards} shards by {json.dumps([*zip(self.columns, self.kinds, strict=True)])}"


def said(comment: str) -> tuple[Spread, int] | None:
    """What a table's comment says: its spread, and over how many shards."""
    found = _SAID.fullmatch(comment)
    if found is None:
        return None
    pairs = [(str(name), str(kind)) for name, kind in json.loads(found[2])]
    return Spread(tuple(name for name, _ in pairs), tuple(kind for _, kind in pairs)), int(found[1])


def _kind(type_: str) -> str:
    """Types whose equal values have equal texts are of one kind."""
    plain = bare(type_)
    if re.fullmatch(r"U?Int(8|16|32|64|128|256)", plain):
        return "whole"
    return {"Date": "Date32"}.get(plain, plain)


def _text(column: str, kind: str) -> str:
    # `-0.0` equals `0.0`, and is another text.
    value = f"{column} + 0" if kind.startswith("Float") else column
    return f"ifNull(toString({value}), '')"


def shard(relation: Relation) -> Relation:
    """The rows of a relation that lie on a node."""
    return Relation(relation.schema, relation.name + SUFFIX, relation.catalog)


def create_whole(relation: Relation, spread: Spread, mode: Mode, *, replace: bool = False) -> str:
    """The one name for the rows of all shards; its columns are those of the shards' tables."""
    assert mode.cluster is not None
    create = "CREATE OR REPLACE TABLE" if replace else "CREATE TABLE IF NOT EXISTS"
    inside = [literal(mode.cluster), literal(relation.schema), literal(shard(relation).name), spread.key()]
    return (
        f"{create} {place(relation)}{mode.everywhere()} AS {place(shard(relation))}"
        f" ENGINE = Distributed({', '.join(inside)}) COMMENT {literal(spread.comment(mode.shards))}"
    )


def on_all(mode: Mode, table: str) -> str:
    """A table of `system` on every node of the cluster."""
    assert mode.cluster is not None
    return f"clusterAllReplicas({literal(mode.cluster)}, system.{table})"


def on_each_shard(mode: Mode, query: str) -> str:
    """The rows that a query gives on each of the shards."""
    assert mode.cluster is not None
    return f"cluster({literal(mode.cluster)}, view({query}))"


def spreads(schema: str) -> str:
    """The comments of the tables that are spread."""
    return f"SELECT name, comment FROM system.tables WHERE database = {literal(schema)} AND engine = 'Distributed'"


def nodes(cluster: str) -> str:
    """The nodes of a cluster: shard, host, native port."""
    return (
        "SELECT shard_num, host_name, port FROM system.clusters"
        f" WHERE cluster = {literal(cluster)} ORDER BY shard_num, replica_num"
    )
