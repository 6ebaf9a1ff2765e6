"""Tables as a cluster keeps them: rows on its shards, under one name on every node (lower/clickhouse_spread.py).

Definitions reach every node by ON CLUSTER, by a database of engine Replicated, or, where the
target lists its `nodes`, by metasql asking each of them. They can all be repeated: what stopped
halfway because a node was down is done again by the next run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from metasql.execute import clickhouse_errors as errors
from metasql.execute.clickhouse_client import Client
from metasql.execute.clickhouse_tables import Tables
from metasql.lower import clickhouse_locks as locks
from metasql.lower import clickhouse_records as records
from metasql.lower import clickhouse_spread as spread
from metasql.lower import clickhouse_storage as storage
from metasql.lower.clickhouse_place import OnShards
from metasql.lower.clickhouse_spread import Spread, shard
from metasql.lower.clickhouse_storage import Mode
from metasql.lower.dialect import Dialect
from metasql.lower.place import Placing
from metasql.names import Relation

_ERASING = {"allow_nondeterministic_mutations": 1}
"""The keys to remove stand in a table that nothing else writes to."""


class ClusterTables(Tables):
    """The tables of a cluster. `nodes` are asked one by one, where nothing else brings definitions to each."""

    def __init__(
        self, client: Client, mode: Mode, nodes: Sequence[Client] = (), known: dict[Relation, Spread] | None = None
    ) -> None:
        super().__init__(client, mode)
        self.nodes = tuple(nodes)
        self.known = known if known is not None else {}

    def read_spreads(self, schema: str) -> None:
        """How the tables that are there are spread: as it was decided when they were made.

        Raises: MetasqlError MS0643 (the cluster has another number of shards since).
        """
        for name, comment in self.client.fetch(spread.spreads(schema))[1]:
            found = spread.said(str(comment))
            if found is not None:
                if found[1] != self.mode.shards:
                    raise errors.other_shards(self.client.where, str(self.mode.cluster), found[1], self.mode.shards)
                self.known[Relation(schema, str(name))] = found[0]

    def define(self, sql: str, purpose: str, *, repeat: bool = True) -> None:
        for client in self.nodes or (self.client,):
            client.run = self.client.run
            client.execute(sql, purpose, repeat=repeat)

    def renderer(
        self, dialect: Dialect, temporary: Mapping[str, Relation], replaced: Mapping[Relation, Relation]
    ) -> Placing:
        return OnShards(dialect, temporary, replaced, self.mode, self.known.get)

    # Making

    def make(
        self, relation: Relation, columns: Mapping[str, str], key: Sequence[str], by: Sequence[str], purpose: str
    ) -> None:
        given = Spread.of(by, columns)
        self.define(storage.create_table(shard(relation), columns, key, self.mode), purpose)
        self._whole(relation, self.known.get(relation, given), purpose)

    def _whole(self, relation: Relation, given: Spread, purpose: str, *, replace: bool = False) -> None:
        self.define(spread.create_whole(relation, given, self.mode, replace=replace), purpose)
        self.known[relation] = given

    def make_from(self, relation: Relation, sql: str, by: Sequence[str], purpose: str) -> None:
        columns = self.described(sql)
        self.make(relation, columns, (), by, purpose)
        self.client.execute(storage.fill(relation, list(columns), sql), purpose)

    def described(self, sql: str) -> dict[str, str]:
        found = self.client.fetch(f"DESCRIBE TABLE ({sql})")[1]
        return {str(row[0]): storage.bare(str(row[1])) for row in found}

    def make_stage(self, stage: Relation, target: Relation) -> None:
        purpose = f"stage {target.name}"
        self.define(storage.create_stage(shard(stage), shard(target), self.mode), purpose)
        self._whole(stage, self.known[target], purpose)

    def make_like(self, relation: Relation, other: Relation, columns: Mapping[str, str], key: Sequence[str]) -> None:
        self.make(relation, columns, key, self.known[other].columns, f"alter {other}")

    def records(self, relation: Relation, columns: Mapping[str, str], key: Sequence[str]) -> None:
        rows = records.rows_of(relation) if key else relation
        purpose = "make metasql's own tables"
        self.define(records.create_rows(shard(rows), columns, key, self.mode), purpose)
        self._whole(rows, Spread(), purpose)
        if key:
            self.define(records.create_newest(relation, columns, self.mode), purpose)

    def commits(self, schema: str) -> None:
        purpose = "make metasql's own tables"
        commits = Relation(schema, storage.COMMITS)
        self.define(storage.create_commits(schema, self.mode, shard(commits)), purpose)
        self._whole(commits, Spread(), purpose)

    def locks(self, schema: str) -> None:
        purpose, relation = "make metasql's own tables", Relation(schema, locks.LOCKS)
        self.define(locks.create_locks(schema, self.mode, shard(relation)), purpose)
        self._whole(relation, Spread(), purpose)

    # Changing

    def add_columns(self, relation: Relation, add: Mapping[str, str]) -> None:
        super().add_columns(shard(relation), add)
        super().add_columns(relation, add)

    def drop_columns(self, relation: Relation, names: Sequence[str]) -> None:
        super().drop_columns(relation, names)
        super().drop_columns(shard(relation), names)

    def drop(self, relation: Relation, purpose: str) -> None:
        super().drop(relation, purpose)
        super().drop(shard(relation), purpose)
        self.known.pop(relation, None)

    def lie_together(self, one: Relation, other: Relation) -> bool:
        return self.known[one] == self.known[other]

    def spread_by(self, relation: Relation) -> Sequence[str]:
        return self.known[relation].columns

    def erase(self, relation: Relation, tree: exp.Expr, placing: Placing, purpose: str) -> None:
        """The keys to remove lie beside the rows: a mutation that asks other nodes can end the server."""
        assert isinstance(placing, OnShards)
        where = placing.on_shard(tree.args["where"].this)
        self.define(storage.with_settings(storage.delete(shard(relation), where, self.mode), _ERASING), purpose)

    # Publishing

    def attach(self, stage: Relation, target: Relation) -> None:
        """Each shard's rows in one move; the shards follow one another, and a sample lies on one of them."""
        super().attach(shard(stage), shard(target))

    def merge(self, stage: Relation) -> None:
        super().merge(shard(stage))

    def parts(self, stage: Relation) -> int:
        sql = storage.parts_of_most(spread.on_all(self.mode, "parts"), shard(stage))
        return int(self.client.fetch(sql, "count the stage's parts")[1][0][0])

    def put_in_place(self, other: Relation, target: Relation, *, created: bool) -> None:
        """Where a node has no such table yet, an empty one is made first: then they change places everywhere."""
        del created
        purpose = f"put {target} in place"
        self.define(storage.create_like(shard(target), shard(other), self.mode), purpose)
        self.define(storage.exchange(shard(target), shard(other), self.mode), purpose, repeat=False)
        self._whole(target, self.known[other], purpose, replace=True)
        self.drop(other, f"drop what {target} was")

    def takes_several(self, schema: str) -> bool:
        """Of the tables of many nodes only one after the other changes places."""
        del schema
        return False

    # Looking

    def exists(self, relation: Relation) -> bool:
        return self.columns(relation) is not None

    def columns(self, relation: Relation) -> dict[str, str] | None:
        """The columns that a relation has on every node; None where a node has no such relation."""
        found = self.client.fetch(storage.columns_of_all(spread.on_all(self.mode, "columns"), relation))[1]
        nodes = int(self.client.fetch(f"SELECT count() FROM {spread.on_all(self.mode, 'one')}")[1][0][0])
        return {str(name): storage.bare(str(type_)) for name, type_, there in found if int(there) == nodes} or None

    def key(self, relation: Relation) -> list[str]:
        return super().key(shard(relation))

    def leftovers(self, schema: str, prefix: str) -> list[tuple[str, float, str]]:
        sql = storage.leftovers(schema, prefix, spread.on_all(self.mode, "tables"))
        found: dict[str, tuple[str, float, str]] = {}
        for name, hours, comment in self.client.fetch(sql)[1]:
            whole = str(name).removesuffix(spread.SUFFIX)
            told = "" if str(comment).startswith("metasql:") else str(comment)
            known = found.get(whole, (whole, float(hours), ""))
            found[whole] = (whole, min(known[1], float(hours)), known[2] or told)
        return list(found.values())

    def mend(self, history: Relation, samples: Relation, key: Sequence[str]) -> None:
        """Both are spread alike: what is to be taken out lies where the row is that it belongs to."""
        sql = storage.unpublished(shard(history), shard(samples), key, self.mode)
        self.define(storage.with_settings(sql, _ERASING), "mend a history")

    def with_client(self, client: Client) -> Tables:
        return ClusterTables(client, self.mode, self.nodes, self.known)

    def close(self) -> None:
        for client in self.nodes:
            client.close()


def check_nodes(client: Client, cluster: str, addresses: Sequence[str]) -> int:
    """The number of shards of a cluster, all of whose nodes answer.

    Raises: MetasqlError MS0642 (no such cluster, or its nodes are not those that the target
    lists), MS0639 (a node does not answer).
    """
    nodes = client.fetch(spread.nodes(cluster), "see what the cluster is made of")[1]
    if not nodes:
        known = [str(row[0]) for row in client.fetch("SELECT DISTINCT cluster FROM system.clusters ORDER BY 1")[1]]
        raise errors.no_cluster(client.where, cluster, known)
    if addresses and len(addresses) != len(nodes):
        raise errors.other_nodes(client.where, cluster, len(nodes), len(addresses))
    client.fetch(f"SELECT count() FROM {spread.on_all(Mode(cluster), 'one')}", "ask every node of the cluster")
    return len({row[0] for row in nodes})
