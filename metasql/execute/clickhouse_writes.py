"""What a "transaction" on ClickHouse has put aside, and how it becomes visible.

Rows wait in stages, one for each table that is written; definitions and metasql's own rows wait in a list.
At the end, in this order:

1. what is added to histories (a row that is there already is left out, so doing it again adds nothing);
2. the stages, in the order in which the steps first named their tables, each in one move;
3. rows that are removed for good, which the second move has hidden from readers;
4. tables that take the place of others, views, metasql's own rows, and columns that are dropped, as they came.

A process that dies before the second move of a feature leaves what was there before, one that dies later leaves
units whose inputs are not told yet, so that they are stale, or views that the next run replaces. Stages that are
left over are dropped by the next session that writes (execute/clickhouse_owner.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from metasql.diagnostics import MetasqlError
from metasql.execute.clickhouse_client import Client
from metasql.lower import clickhouse_storage as storage
from metasql.lower.clickhouse_storage import Mode
from metasql.names import Relation


@dataclass
class Writes:
    """One transaction's.

    `replaced`: tables in whose place another will stand, None where nothing will. `created`: those
    of them that are new; where another process made one meanwhile, the rows are added to it.
    """

    client: Client
    mode: Mode
    fresh_name: Callable[[str], Relation]
    stages: dict[Relation, Relation] = field(default_factory=dict)
    histories: list[Relation] = field(default_factory=list)
    erased: list[tuple[str, str]] = field(default_factory=list)
    replaced: dict[Relation, Relation | None] = field(default_factory=dict)
    created: set[Relation] = field(default_factory=set)
    later: list[Callable[[], None]] = field(default_factory=list)

    def stage(self, target: Relation, *, history: bool = False) -> Relation:
        """Where the rows of a table wait; a table that will take its place is filled itself."""
        other = self.replaced.get(target)
        if other is not None:
            return other
        if target not in self.stages:
            stage = self.fresh_name(target.name)
            self.client.execute(storage.create_stage(stage, target, self.mode), f"stage {target.name}")
            self.stages[target] = stage
            if history:
                self.histories.append(target)
        return self.stages[target]

    def put_in_place(self, target: Relation, other: Relation | None) -> None:
        """At the end, `other` stands in the place of a table; None: nothing does."""
        before = self.replaced.get(target)
        if before is not None:
            self.client.execute(storage.drop(before, self.mode), f"drop {before.name}", repeat=True)
        if target not in self.replaced:
            self.later.append(lambda: self._swap(target))
        self.replaced[target] = other

    def publish(self) -> None:
        """Make everything visible, and leave nothing behind."""
        for target in [*self.histories, *(name for name in self.stages if name not in self.histories)]:
            self._attach(target)
        for sql, purpose in self.erased:
            self.client.execute(sql, purpose, repeat=True)
        for do in self.later:
            do()
        self.clear()

    def discard(self) -> None:
        """Nothing becomes visible."""
        for other in self.replaced.values():
            if other is not None:
                self.client.execute(storage.drop(other, self.mode), f"drop {other.name}", repeat=True)
        self.clear()

    def clear(self) -> None:
        for stage in self.stages.values():
            self.client.execute(storage.drop(stage, self.mode), "drop a stage", repeat=True)
        self.stages, self.histories, self.erased, self.later = {}, [], [], []
        self.replaced, self.created = {}, set()

    def _attach(self, target: Relation) -> None:
        self._move(self.stages[target], target)

    def _move(self, stage: Relation, target: Relation) -> None:
        """All rows of a stage in one move, of one part."""
        parts = self._parts(stage)
        if parts > 1:
            self.client.execute(storage.merge(stage, self.mode), "make the stage one part", repeat=True)
            parts = self._parts(stage)
        if parts > 1:
            raise MetasqlError.of(
                "MS0641",
                f"what is to be written to `{target}` could not be made one part",
                notes=[f"it is in {parts} parts, which readers would see one after the other if the server stopped"],
                help="see that merges are not stopped (`SYSTEM START MERGES`), and run it again",
            )
        if parts:
            self.client.execute(storage.publish(stage, target, self.mode), f"publish the rows of {target.name}")

    def _parts(self, stage: Relation) -> int:
        return int(self.client.fetch(storage.parts(stage), "count the stage's parts")[1][0][0])

    def _swap(self, target: Relation) -> None:
        other = self.replaced[target]
        if other is None:
            self.client.execute(storage.drop(target, self.mode), f"drop {target}", repeat=True)
        elif not self._exists(target):
            self.client.execute(storage.rename(other, target, self.mode), f"put {target} in place")
        elif target in self.created:
            self._move(other, target)
            self.client.execute(storage.drop(other, self.mode), f"drop {other.name}", repeat=True)
        else:
            self.client.execute(storage.exchange(target, other, self.mode), f"put {target} in place")
            self.client.execute(storage.drop(other, self.mode), f"drop what {target} was", repeat=True)

    def _exists(self, relation: Relation) -> bool:
        sql = (
            "SELECT count() FROM system.tables"
            f" WHERE database = {storage.literal(relation.schema)} AND name = {storage.literal(relation.name)}"
        )
        return bool(self.client.fetch(sql)[1][0][0])
