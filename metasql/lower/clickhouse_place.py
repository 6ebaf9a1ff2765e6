"""Trees for a cluster: what its shards answer for themselves is asked of each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from metasql.lower.clickhouse_apart import Prover
from metasql.lower.clickhouse_split import APART, split
from metasql.lower.clickhouse_spread import WHOLE, Spread, shard
from metasql.lower.clickhouse_storage import Mode
from metasql.lower.dialect import Dialect
from metasql.lower.place import Placing
from metasql.names import Relation


class OnShards(Placing):
    """Renders for a cluster: `APART` queries are given to every shard, over the rows that lie there."""

    def __init__(
        self,
        dialect: Dialect,
        temporary: Mapping[str, Relation],
        replaced: Mapping[Relation, Relation],
        mode: Mode,
        spread_of: Callable[[Relation], Spread | None],
    ) -> None:
        super().__init__(dialect, temporary, replaced)
        self.more_settings = WHOLE
        self.mode = mode
        self.relation_spread = spread_of
        self.prover = Prover(self.spread_of)
        self.ways = {**self.ways, exp.Anonymous: lambda _, tree: self.called(tree)}

    def render(self, tree: exp.Expr, *, pretty: bool = False) -> str:
        return super().render(split(tree, self.prover), pretty=pretty)

    def on_shard(self, tree: exp.Expr) -> str:
        """A condition over the rows that lie on one shard."""
        inside = _InShard(self)
        return inside.text(inside.tree(tree), False)

    def spread_of(self, tree: exp.Table) -> Spread | None:
        relation = self.other(tree) or (Relation(tree.text("db"), tree.name) if tree.args.get("db") else None)
        return None if relation is None else self.relation_spread(relation)

    def called(self, tree: exp.Expr) -> exp.Expr:
        if tree.this != APART:
            return self.call(tree)
        query = _InShard(self).rendered(tree.expressions[0])
        cluster = exp.Literal.string(str(self.mode.cluster))
        view = exp.Anonymous(this="view", expressions=[exp.Var(this=query)])
        return exp.Anonymous(this="cluster", expressions=[cluster, view])


class _InShard(Placing):
    """Renders what every shard is asked: each table is the part of it that lies there."""

    def __init__(self, outside: OnShards) -> None:
        super().__init__(outside.dialect, outside.temporary, outside.replaced)
        self.outside = outside

    def rendered(self, tree: exp.Expr) -> str:
        return self.with_settings(self.text(self.tree(tree), False))

    def other(self, tree: exp.Expr) -> Relation | None:
        found = super().other(tree)
        if found is None and tree.args.get("db"):
            found = Relation(tree.text("db"), tree.name)
        return shard(found) if found is not None else None
