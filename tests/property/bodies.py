"""Random bodies of SQL features over small tables of whole numbers, in families by the lineage of what they read.

A body gives each sample once, and nothing in it hangs on the order in which an engine takes rows. Most of its
joins, groups and windows are by the key, as people write them; some are by other columns, so that it looks at rows
of other samples.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

ROOTS = {"a": ("id", "x", "g"), "b": ("id", "y", "h"), "m": ("g", "k", "v", "w"), "s": ("g", "o", "p")}
"""Root → its columns; the ids come first."""

KEYS = {"a": ("id",), "b": ("id",), "m": ("g", "k"), "s": ("g",)}


@dataclass(frozen=True)
class Family:
    """What a body's feature is declared to be: its ids, the ids of its units, and what it reads."""

    ids: tuple[str, ...]
    unit: tuple[str, ...]
    roots: tuple[str, ...]
    deps: str


_GROUPED = "{feature: m, lineage: {aggregation: {on: [g]}}, columns: {}}"
FAMILIES = {
    "identity": Family(("id",), ("id",), ("a", "b"), "[a, b]"),
    "optional": Family(("id",), ("id",), ("a", "b"), "[a, {feature: b, optional: true}]"),
    "lookup": Family(("g", "k"), ("g", "k"), ("m", "s"), "[m, {feature: s, lineage: lookup}]"),
    "aggregation": Family(("g",), ("g",), ("m",), f"[{_GROUPED}]"),
    "groups": Family(("g",), ("g",), ("m", "s"), f"[{_GROUPED}, {{feature: s, lineage: identity}}]"),
    "expansion": Family(("id", "n"), ("id",), ("a",), "[{feature: a, lineage: {expansion: {on: [id]}}}]"),
}


@dataclass(frozen=True)
class Source:
    """Something in FROM: its SQL, its alias, its columns, and whether the unit's ids are its key."""

    sql: str
    alias: str
    columns: tuple[str, ...]
    is_keyed: bool


@dataclass(frozen=True)
class Query:
    """A SELECT; `is_keyed`: no two of its rows have the same ids."""

    sql: str
    columns: tuple[str, ...]
    is_keyed: bool = False


@dataclass
class Bodies:
    """Writes bodies. `stray`: how often something is not by the key."""

    random: Random
    family: Family
    stray: float
    parts: dict[str, Query] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    names: int = 0

    def body(self) -> str:
        """A body with up to two WITH parts."""
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            made = self.query(1)
            self.parts[f"part{self.new()}"] = made
        written = ", ".join(f"{name} as ({part.sql})" for name, part in self.parts.items())
        top = self.expanded(self.once(self.query(2)))
        return f"with {written} {top}" if written else top

    def once(self, query: Query) -> Query:
        """A query that gives each unit once, and none without a name."""
        texts = [query.sql, *(part.sql for part in self.parts.values())]
        if query.is_keyed and not any(re.search("(left|right|full) join|max\\(", text) for text in texts):
            return query
        alias, unit = f"s{self.new()}", ", ".join(self.family.unit)
        rest = [name for name in query.columns if name not in self.family.unit]
        named = " and ".join(f"{name} is not null" for name in self.family.unit)
        start = f"from ({query.sql}) as {alias} where {named}"
        if query.is_keyed:
            return Query(f"select * {start}", query.columns, True)
        order = ", ".join(query.columns)
        if not rest or self.random.random() < 0.5:
            items = [f"{self.random.choice(['sum', 'max', 'count'])}({name}) as {name}" for name in rest]
            items = items or ["count(*) as c"]
            return Query(f"select {unit}, {', '.join(items)} {start} group by {unit}", query.columns, True)
        chosen = f"{unit}, {', '.join(rest)}"
        if self.random.random() < 0.5:
            return Query(f"select distinct on ({unit}) {chosen} {start} order by {order}", query.columns, True)
        number = f"row_number() over (partition by {unit} order by {order})"
        return Query(f"select {chosen} {start} qualify {number} = 1", query.columns, True)

    def expanded(self, query: Query) -> str:
        """For an expansion: each unit so many times as a column of it says."""
        if self.family.ids == self.family.unit:
            return query.sql
        count = self.random.choice([*query.columns, "2"])
        values = ", ".join(f"({number})" for number in range(3))
        return f"select e.*, n from ({query.sql}) as e cross join (values {values}) as l(n) where n < {count} % 4"

    def query(self, depth: int) -> Query:
        """A query whose first columns are the ids of the unit."""
        if depth > 0 and self.random.random() < 0.12:
            return self.union(depth)
        if self.strays() and self.random.random() < 0.3:
            inner = self.query(depth - 1) if depth else self.plain(0)
            order = ", ".join(self.random.sample(inner.columns, len(inner.columns)))
            sql = f"select * from ({inner.sql}) as s{self.new()} order by {order} limit {self.random.randrange(3, 12)}"
            return Query(sql, inner.columns, inner.is_keyed)
        return self.random.choice([self.plain, self.plain, self.grouped, self.windowed])(depth)

    def union(self, depth: int) -> Query:
        """Two queries with one width, one after the other."""
        one, two = self.query(depth - 1), self.query(depth - 1)
        width = min(len(one.columns), len(two.columns))
        names = [f"s{self.new()}" for _ in range(2)]
        parts = [
            f"select {', '.join(query.columns[:width])} from ({query.sql}) as {name}"
            for query, name in zip((one, two), names, strict=True)
        ]
        words = ["union all", "union", "union all"] + (["except", "intersect"] if self.strays() else [])
        return Query(f"{parts[0]} {self.random.choice(words)} {parts[1]}", one.columns[:width])

    def plain(self, depth: int) -> Query:
        sources, from_, is_keyed = self.from_(depth)
        ids, values = self.ids(sources), [self.value(sources) for _ in range(self.random.randrange(1, 3))]
        return self.made(ids + values, f"{from_}{self.where(sources)}", is_keyed)

    def grouped(self, depth: int) -> Query:
        """One row for each unit; or for other groups, beside the units of which it is one."""
        sources, from_, _ = self.from_(depth)
        ids = self.ids(sources)
        items = [self.aggregate(sources) for _ in range(self.random.randrange(1, 3))]
        rest = f"{from_}{self.where(sources)}"
        if self.strays():
            others = [*ids[1:], self.any(sources)]
            made = self.made([f"max({ids[0]})", *others, *items], rest + f" group by {', '.join(others)}", False)
            return Query(made.sql, made.columns)
        more = [self.any(sources)] if self.random.random() < 0.2 else []
        made = self.made([*ids, *more, *items], f"{rest} group by {', '.join(ids + more)}", not more)
        having = f" having {self.aggregate(sources)} > {self.random.randrange(20)}"
        return Query(made.sql + (having if self.random.random() < 0.3 else ""), made.columns, made.is_keyed)

    def windowed(self, depth: int) -> Query:
        sources, from_, is_keyed = self.from_(depth)
        ids = self.ids(sources)
        made = self.made(
            [*ids, self.window(sources, ids), self.value(sources)], f"{from_}{self.where(sources)}", is_keyed
        )
        if self.random.random() < 0.3:
            limit = f" qualify {self.window(sources, ids)} <= {self.random.randrange(1, 40)}"
            return Query(made.sql + limit, made.columns, made.is_keyed)
        return made

    def made(self, items: Sequence[str], rest: str, is_keyed: bool) -> Query:
        """A SELECT of items; the first ones are the ids."""
        names = [*self.family.unit, *(f"c{self.new()}" for _ in items[len(self.family.unit) :])]
        chosen = ", ".join(f"{item} as {name}" for item, name in zip(items, names, strict=True))
        word = "distinct " if self.random.random() < 0.1 else ""
        return Query(f"select {word}{chosen}{rest}", tuple(names), is_keyed)

    def from_(self, depth: int) -> tuple[list[Source], str, bool]:
        """Joined sources; the first one has all ids."""
        sources = [self.source(depth, whole=True)]
        sql, is_keyed = f" from {sources[0].sql}", sources[0].is_keyed
        for _ in range(self.random.choice([0, 1, 1, 2])):
            if not self.unread() and not self.strays():
                break
            other = self.source(depth, whole=False)
            shared = [name for name in self.family.unit if name in other.columns]
            on = " and ".join(f"{other.alias}.{name} = {self.holder(sources, name)}.{name}" for name in shared)
            if self.strays() or not on:
                on = f"{other.alias}.{self.random.choice(other.columns)} = {self.any(sources)}"
            elif self.random.random() < 0.2:
                on += f" and {other.alias}.{self.random.choice(other.columns)} > {self.any(sources)}"
            if self.strays():
                on = f"({on} or {other.alias}.{self.random.choice(other.columns)} = {self.any(sources)})"
            is_keyed &= other.is_keyed and on.startswith(other.alias)
            is_keyed &= all(f"{other.alias}.{name} = " in on for name in self.family.unit)
            side = self.random.choice(["join", "join", "left join", "left join", "right join", "full join"])
            is_keyed &= side in ("join", "left join")
            sql += f" {side} {other.sql} on {on}"
            sources.append(other)
        return sources, sql, is_keyed

    def holder(self, sources: Sequence[Source], name: str) -> str:
        return self.random.choice([source for source in sources if name in source.columns]).alias

    def source(self, depth: int, *, whole: bool) -> Source:
        """A root, a WITH part, or a query in brackets; `whole`: with all ids of the unit."""
        alias = f"s{self.new()}"
        dice = self.random.random()
        if depth > 0 and dice < 0.3:
            query = self.query(depth - 1)
            return Source(f"({query.sql}) as {alias}", alias, query.columns, query.is_keyed)
        unread = [name for name in self.parts if name not in self.used]
        if unread and (dice < 0.6 or not self.unread_roots(whole)):
            name = self.random.choice(unread)
            self.used.add(name)
            return Source(f"{name} as {alias}", alias, self.parts[name].columns, self.parts[name].is_keyed)
        name = self.random.choice(self.unread_roots(whole) or self.roots(whole))
        self.used.add(name)
        return Source(f"{{{{ ref('{name}') }}}} as {alias}", alias, ROOTS[name], KEYS[name] == self.family.unit)

    def roots(self, whole: bool) -> list[str]:
        return [name for name in self.family.roots if not whole or set(self.family.unit) <= set(ROOTS[name])]

    def unread_roots(self, whole: bool) -> list[str]:
        return [name for name in self.roots(whole) if name not in self.used]

    def unread(self) -> list[str]:
        """What nothing reads so far: roots and WITH parts."""
        return [*self.unread_roots(False), *(name for name in self.parts if name not in self.used)]

    def ids(self, sources: Sequence[Source]) -> list[str]:
        """The ids of the unit, from one source that has them all."""
        holder = self.random.choice([item for item in sources if set(self.family.unit) <= set(item.columns)])
        if self.random.random() < 0.7:
            holder = sources[0]
        return [f"{holder.alias}.{name}" for name in self.family.unit]

    def where(self, sources: Sequence[Source]) -> str:
        if self.random.random() < 0.6:
            return ""
        if self.strays():
            name = self.random.choice(self.family.roots)
            other = f"{{{{ ref('{name}') }}}} as s{self.new()}"
            column = self.random.choice(ROOTS[name])
            one = self.any(sources)
            return self.random.choice(
                [
                    f" where {one} in (select {column} from {other})",
                    f" where {one} < (select max({column}) - 20 from {other})",
                ]
            )
        number = self.random.randrange(40)
        return f" where {self.any(sources)} {self.random.choice(['<', '>', '<>'])} {number}"

    def value(self, sources: Sequence[Source]) -> str:
        one, two = self.any(sources), self.any(sources)
        return self.random.choice(
            [
                one,
                one,
                f"{one} + {two}",
                f"case when {one} > 15 then {two} else 0 end",
                f"coalesce({one}, {two})",
                f"{one} % 7",
            ]
        )

    def aggregate(self, sources: Sequence[Source]) -> str:
        one, two = self.any(sources), self.any(sources)
        return self.random.choice(
            [
                "count(*)",
                f"sum({one})",
                f"max({one})",
                f"min({one})",
                f"count(distinct {one})",
                f"max({one}) filter (where {two} > 10)",
            ]
        )

    def window(self, sources: Sequence[Source], ids: Sequence[str]) -> str:
        """A window by the unit, or over something else; rows that share a place share its value."""
        one, order = self.any(sources), self.any(sources)
        by = "" if self.random.random() < 0.4 else f"partition by {self.any(sources)} "
        if not self.strays():
            by = f"partition by {', '.join(ids)} "
        function = self.random.choice(["rank()", "dense_rank()", f"sum({one})", f"max({one})", "count(*)"])
        return f"{function} over ({by}order by {order})"

    def any(self, sources: Sequence[Source]) -> str:
        """A column of one of them; its data more often than its ids."""
        source = self.random.choice(sources)
        data = [name for name in source.columns if name not in self.family.unit]
        columns = data if data and self.random.random() < 0.8 else source.columns
        return f"{source.alias}.{self.random.choice(columns)}"

    def strays(self) -> bool:
        return self.random.random() < self.stray

    def new(self) -> int:
        self.names += 1
        return self.names
