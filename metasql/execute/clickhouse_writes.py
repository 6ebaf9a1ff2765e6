"""What a "transaction" on ClickHouse has put aside, and how it becomes visible.

Rows wait in stages, one for each table that is written; definitions and metasql's own rows wait in a list.
At the end, in this order:

1. what is added to histories (a row that is there already is left out, so doing it again adds nothing);
2. the stages, in the order in which the steps first named their tables, each in one move;
3. rows that are removed for good, which the second move has hidden from readers;
4. tables that take the place of others, views, and metasql's own rows, as they came.
   Where such a table lacks columns of the one before, a key that changed, the views that are there follow it
   in the same statement: one that was left behind would name what is gone;
5. columns that nothing names any more, and then, once more, what others have settled meanwhile.

A process that dies before the second move of a feature leaves what was there before, one that dies later leaves
units whose inputs are not told yet, so that they are stale, or views that the next run replaces. Stages that are
left over are dropped by the next session that writes (execute/clickhouse_owner.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from metasql.execute.clickhouse_tables import Tables
from metasql.names import Relation


@dataclass
class Writes:
    """One transaction's.

    `replaced`: tables in whose place another will stand, None where nothing will. `created`: those
    of them that are new; where another process made one meanwhile, the rows are added to it.
    `views`: texts and columns of views that are made after a table has taken the place of another.
    """

    tables: Tables
    fresh_name: Callable[[str], Relation]
    stages: dict[Relation, Relation] = field(default_factory=dict)
    histories: list[Relation] = field(default_factory=list)
    erased: list[Callable[[], None]] = field(default_factory=list)
    replaced: dict[Relation, Relation | None] = field(default_factory=dict)
    created: set[Relation] = field(default_factory=set)
    views: dict[Relation, tuple[str, Mapping[str, str]]] = field(default_factory=dict)
    later: list[Callable[[], None]] = field(default_factory=list)
    dropped: list[Callable[[], None]] = field(default_factory=list)
    emptied: list[Callable[[], None]] = field(default_factory=list)

    def stage(self, target: Relation, *, history: bool = False) -> Relation:
        """Where the rows of a table wait; a table that will take its place is filled itself."""
        other = self.replaced.get(target)
        if other is not None:
            return other
        if target not in self.stages:
            stage = self.fresh_name(target.name)
            self.tables.make_stage(stage, target)
            self.stages[target] = stage
            if history:
                self.histories.append(target)
        return self.stages[target]

    def put_in_place(self, target: Relation, other: Relation | None) -> None:
        """At the end, `other` stands in the place of a table; None: nothing does."""
        before = self.replaced.get(target)
        if before is not None:
            self.tables.drop(before, f"drop {before.name}")
        if target not in self.replaced:
            self.later.append(lambda: self._swap(target))
        self.replaced[target] = other

    def publish(self) -> None:
        """Make everything visible, and leave nothing behind."""
        for target in [*self.histories, *(name for name in self.stages if name not in self.histories)]:
            self.tables.publish(self.stages[target], target)
        for do in [*self.erased, *self.later, *self.dropped, *self.emptied]:
            do()
        self.clear()

    def discard(self) -> None:
        """Nothing becomes visible."""
        for other in self.replaced.values():
            if other is not None:
                self.tables.drop(other, f"drop {other.name}")
        self.clear()

    def clear(self) -> None:
        for stage in self.stages.values():
            self.tables.drop(stage, "drop a stage")
        self.stages, self.histories, self.erased, self.later, self.dropped, self.emptied = {}, [], [], [], [], []
        self.replaced, self.created, self.views = {}, set(), {}

    def taking_places(self) -> dict[Relation, Relation]:
        """The tables that take the place of one that is there, by its name."""
        return {
            target: other for target, other in self.replaced.items() if other is not None and target not in self.created
        }

    def _swap(self, target: Relation) -> None:
        if target in self.taking_places() and self._lose_columns():
            self._swap_with_views()
        if target not in self.replaced:
            return
        other = self.replaced.pop(target)
        if other is None:
            self.tables.drop(target, f"drop {target}")
        else:
            self.tables.put_in_place(other, target, created=target in self.created)

    def _lose_columns(self) -> bool:
        """Whether views that are there name columns that their tables are about to lose."""
        if not any(self.tables.exists(view) for view in self.views):
            return False
        pairs = self.taking_places().items()
        lost = any(
            (self.tables.columns(now) or {}).keys() - (self.tables.columns(new) or {}).keys() for now, new in pairs
        )
        return lost and all(self.tables.takes_several(schema) for schema in {now.schema for now, _ in pairs})

    def _swap_with_views(self) -> None:
        """Each table and each view in the place of the one before; the views are made again in their turn."""
        pairs = [(target, other) for target, other in self.taking_places().items() if self.tables.exists(target)]
        names = {target for target, _ in pairs}
        for view, (sql, columns) in self.views.items():
            if self.tables.exists(view):
                stage = self.fresh_name(view.name)
                self.tables.view(stage, sql, columns)
                pairs.append((view, stage))
        # Each pair for itself is there or not when that stops halfway: nothing is dropped then that may be the old one.
        self.replaced = {target: other for target, other in self.replaced.items() if target not in names}
        self.tables.change_places(pairs, f"put {', '.join(sorted(str(name) for name in names))} in place")
