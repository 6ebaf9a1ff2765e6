"""Random queries over three small tables of whole numbers, for lineage that is checked by running them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

BASES = {"t": ("id", "a", "b", "c"), "u": ("id", "k", "x", "y", "d"), "v": ("id", "k", "a", "w")}


@dataclass
class Source:
    """Something in FROM: its SQL, its alias, and its columns."""

    sql: str
    alias: str
    columns: tuple[str, ...]

    def any(self, random: Random) -> str:
        return f"{self.alias}.{random.choice(self.columns)}"


@dataclass
class Queries:
    """Writes queries. Every value is a whole number or NULL."""

    random: Random
    parts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: int = 0

    def body(self) -> str:
        """A query with up to two WITH parts, of which later ones may read earlier ones."""
        written = []
        for number in range(self.random.randrange(3)):
            sql, columns = self.query(2)
            name = f"part{number}"
            written.append(f"{name} as ({sql})")
            self.parts[name] = columns
        sql, _ = self.query(2)
        return f"with {', '.join(written)} {sql}" if written else sql

    def query(self, depth: int, outer: Sequence[Source] = ()) -> tuple[str, tuple[str, ...]]:
        """A query and its columns."""
        if depth > 0 and self.random.random() < 0.15:
            width = self.random.randrange(1, 4)
            first, columns = self.select(depth - 1, outer, width)
            word = self.random.choice(["union all", "union", "except", "intersect"])
            return f"({first}) {word} ({self.select(depth - 1, outer, width)[0]})", columns
        return self.select(depth, outer, self.random.randrange(1, 5))

    def select(self, depth: int, outer: Sequence[Source], width: int) -> tuple[str, tuple[str, ...]]:
        sources, from_ = self.from_(depth, outer)
        seen = [*sources, *outer]
        filters = [self.test(depth, seen, sources) for _ in range(self.random.choice([0, 0, 1, 1, 2]))]
        where = f" where {' and '.join(filters)}" if filters else ""
        columns = tuple(f"c{self.new()}" for _ in range(width))
        shape = self.random.choice(["plain", "plain", "plain", "group", "sum", "distinct", "window", "on", "limit"])
        if shape in ("group", "sum"):
            return self.grouped(shape, sources, from_ + where, columns), columns
        items = [self.value(depth, seen, sources) for _ in columns]
        if shape == "window":
            items[0] = self.window(sources)
        chosen = ", ".join(f"{item} as {name}" for item, name in zip(items, columns, strict=True))
        order = ", ".join(self.plain(sources) for _ in range(2))
        if shape == "on":
            return f"select distinct on ({self.plain(sources)}) {chosen}{from_}{where} order by {order}", columns
        end = f" order by {order} limit {self.random.randrange(1, 5)}" if shape == "limit" else ""
        if shape == "plain" and self.random.random() < 0.2:
            end = f" qualify {self.window(sources)} <= {self.random.randrange(1, 4)}"
        word = "distinct " if shape == "distinct" else ""
        return f"select {word}{chosen}{from_}{where}{end}", columns

    def grouped(self, shape: str, sources: Sequence[Source], rest: str, columns: tuple[str, ...]) -> str:
        """One row for each group, or one of all."""
        keys = [self.plain(sources) for _ in range(min(len(columns) - 1, 2) if shape == "group" else 0)]
        items = [*keys, *(self.aggregate(sources) for _ in columns[len(keys) :])]
        chosen = ", ".join(f"{item} as {name}" for item, name in zip(items, columns, strict=True))
        by = self.random.choice([", ".join(keys), "all", ", ".join(str(n + 1) for n in range(len(keys)))])
        group = f" group by {by}" if keys else ""
        having = f" having {self.aggregate(sources)} > {self.random.randrange(3)}" if self.random.random() < 0.2 else ""
        return f"select {chosen}{rest}{group}{having}"

    def from_(self, depth: int, outer: Sequence[Source]) -> tuple[list[Source], str]:
        sources = [self.source(depth, outer)]
        sql = f" from {sources[0].sql}"
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            other = self.source(depth, outer)
            on = f"{other.any(self.random)} = {self.random.choice(sources).any(self.random)}"
            if self.random.random() < 0.5 and "id" in other.columns:
                on = f"{other.alias}.id = {self.random.choice(sources).any(self.random)}"
            if self.random.random() < 0.3:
                on += f" and {other.any(self.random)} > {self.random.choice(sources).any(self.random)}"
            side = self.random.choice(
                ["join", "left join", "left join", "right join", "full join", "semi join", "anti join"]
            )
            sql += f" {side} {other.sql} on {on}"
            if side not in ("semi join", "anti join"):
                sources.append(other)
        return sources, sql

    def source(self, depth: int, outer: Sequence[Source]) -> Source:
        alias = f"s{self.new()}"
        if depth > 0 and self.random.random() < 0.35:
            sql, columns = self.query(depth - 1)
            if "distinct on" not in sql and self.random.random() < 0.2:
                sql, columns = self.keyed(depth)
            return Source(f"({sql}) as {alias}", alias, columns)
        name = self.random.choice([*BASES, *self.parts])
        return Source(f"{name} as {alias}", alias, BASES.get(name) or self.parts[name])

    def keyed(self, depth: int) -> tuple[str, tuple[str, ...]]:
        """A query that keeps the key of a table, or makes one by its groups."""
        if self.random.random() < 0.5:
            return "select k as id, count(*) as n, max(x) as m from u where d > 0 group by k", ("id", "n", "m")
        return "select id, x + y as z from u where d > 1", ("id", "z")

    def value(self, depth: int, seen: Sequence[Source], sources: Sequence[Source]) -> str:
        """An expression over what is in sight."""
        kind = self.random.randrange(9)
        one, two = (self.random.choice(seen).any(self.random) for _ in range(2))
        if kind == 0:
            return f"{one} + {two}"
        if kind == 1:
            return f"case when {one} > 1 then {two} else {self.plain(sources)} end"
        if kind == 2:
            return f"coalesce({one}, {two}, 0)"
        if kind == 3 and depth > 0:
            return f"({self.scalar(depth - 1, seen)})"
        if kind == 4:
            return str(self.random.randrange(4))
        return one

    def scalar(self, depth: int, outer: Sequence[Source]) -> str:
        """A query of one value, which may look outside."""
        source = self.source(0, ())
        near = self.random.choice(outer).any(self.random)
        return f"select max({source.any(self.random)}) from {source.sql} where {source.any(self.random)} = {near}"

    def test(self, depth: int, seen: Sequence[Source], sources: Sequence[Source]) -> str:
        kind = self.random.randrange(6)
        one = self.random.choice(seen).any(self.random)
        if kind < 2 and depth > 0:
            source = self.source(0, ())
            word = self.random.choice(["exists", "not exists"])
            return f"{word} (select 1 from {source.sql} where {source.any(self.random)} = {one})"
        if kind == 2 and depth > 0:
            source = self.source(0, ())
            return f"{one} in (select {source.any(self.random)} from {source.sql})"
        if kind == 3:
            return f"{one} is not null"
        return f"{one} {self.random.choice(['<', '>', '=', '<>'])} {self.plain(sources)}"

    def aggregate(self, sources: Sequence[Source]) -> str:
        one, two = self.plain(sources), self.plain(sources)
        return self.random.choice(
            [
                "count(*)",
                f"sum({one})",
                f"max({one}) filter (where {two} > 0)",
                f"count(distinct {one})",
                f"list_sum(list({one} order by {two}))",
                f"arg_max({one}, {two})",
            ]
        )

    def window(self, sources: Sequence[Source]) -> str:
        one, by, order = (self.plain(sources) for _ in range(3))
        function = self.random.choice(["row_number()", "rank()", f"sum({one})", f"lag({one})", "count(*)"])
        by = f"partition by {by} " if self.random.random() < 0.6 else ""
        return f"{function} over ({by}order by {order})"

    def plain(self, sources: Sequence[Source]) -> str:
        return self.random.choice(sources).any(self.random)

    def new(self) -> int:
        self.names += 1
        return self.names
