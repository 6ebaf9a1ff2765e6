"""Tables as one server keeps them: how they are made, filled, published and dropped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlglot import exp

from metasql.diagnostics import MetasqlError
from metasql.execute.clickhouse_client import Client
from metasql.lower import clickhouse_locks as locks
from metasql.lower import clickhouse_records as records
from metasql.lower import clickhouse_storage as storage
from metasql.lower.clickhouse_storage import Mode
from metasql.lower.dialect import Dialect
from metasql.lower.place import Placing
from metasql.names import Relation


class Tables:
    """The tables of a server. A cluster has others (execute/clickhouse_cluster.py)."""

    def __init__(self, client: Client, mode: Mode) -> None:
        self.client = client
        self.mode = mode

    def define(self, sql: str, purpose: str, *, repeat: bool = True) -> None:
        """A statement that makes, changes or drops a relation, wherever it is."""
        self.client.execute(sql, purpose, repeat=repeat)

    def renderer(
        self, dialect: Dialect, temporary: Mapping[str, Relation], replaced: Mapping[Relation, Relation]
    ) -> Placing:
        """What writes the queries of a session."""
        return Placing(dialect, temporary, replaced)

    # Making

    def make(
        self, relation: Relation, columns: Mapping[str, str], key: Sequence[str], by: Sequence[str], purpose: str
    ) -> None:
        """An empty table, where there is none; `by`: columns to spread its rows by."""
        del by
        self.define(storage.create_table(relation, columns, key, self.mode), purpose)

    def make_from(self, relation: Relation, sql: str, by: Sequence[str], purpose: str) -> None:
        """A table with a query's rows."""
        del by
        self.define(storage.create_from(relation, sql, self.mode), purpose, repeat=False)

    def make_stage(self, stage: Relation, target: Relation) -> None:
        """An empty table like another."""
        self.define(storage.create_stage(stage, target, self.mode), f"stage {target.name}", repeat=False)

    def make_like(self, relation: Relation, other: Relation, columns: Mapping[str, str], key: Sequence[str]) -> None:
        """An empty table that is to take the place of another, with other columns."""
        self.make(relation, columns, key, (), f"alter {other}")

    def view(self, relation: Relation, sql: str, columns: Mapping[str, str] | None = None) -> None:
        """`columns`: where they are not those that the query has now."""
        self.define(storage.create_view(relation, sql, self.mode, columns), f"make the view {relation}")

    def records(self, relation: Relation, columns: Mapping[str, str], key: Sequence[str]) -> None:
        """One of metasql's own tables."""
        for sql in records.create_records(relation, columns, key, self.mode):
            self.define(sql, "make metasql's own tables")

    def commits(self, schema: str) -> None:
        self.define(storage.create_commits(schema, self.mode), "make metasql's own tables")
        self.define(storage.create_finished(schema, self.mode), "make metasql's own tables")

    def locks(self, schema: str) -> None:
        """Where runs tell that they are at work."""
        self.define(locks.create_locks(schema, self.mode), "make metasql's own tables")

    # Changing

    def add_columns(self, relation: Relation, add: Mapping[str, str]) -> None:
        self.define(storage.add_columns(relation, add, self.mode), f"alter {relation}")

    def drop_columns(self, relation: Relation, names: Sequence[str]) -> None:
        self.define(storage.drop_columns(relation, names, self.mode), f"alter {relation}")

    def drop(self, relation: Relation, purpose: str) -> None:
        self.define(storage.drop(relation, self.mode), purpose)

    def drop_view(self, relation: Relation) -> None:
        self.define(storage.drop(relation, self.mode, "VIEW"), f"drop {relation}")

    def lie_together(self, one: Relation, other: Relation) -> bool:
        """Whether rows of two tables with the same key are in the same place."""
        del one, other
        return True

    def spread_by(self, relation: Relation) -> Sequence[str]:
        """The columns that its rows are spread by."""
        del relation
        return ()

    def erase(self, relation: Relation, tree: exp.Expr, placing: Placing, purpose: str) -> None:
        """Remove rows for good."""
        del relation
        self.define(placing.render(tree), purpose)

    # Publishing

    def publish(self, stage: Relation, target: Relation) -> None:
        """All rows of a stage in one move, of one part."""
        parts = self.parts(stage)
        if parts > 1:
            self.merge(stage)
            parts = self.parts(stage)
        if parts > 1:
            raise MetasqlError.of(
                "MS0641",
                f"what is to be written to `{target}` could not be made one part",
                notes=[f"it is in {parts} parts, which readers would see one after the other if the server stopped"],
                help="see that merges are not stopped (`SYSTEM START MERGES`), and run it again",
            )
        if parts:
            self.attach(stage, target)

    def merge(self, stage: Relation) -> None:
        self.define(storage.merge(stage, self.mode), "make the stage one part")

    def attach(self, stage: Relation, target: Relation) -> None:
        self.define(storage.publish(stage, target, self.mode), f"publish the rows of {target.name}", repeat=False)

    def parts(self, stage: Relation) -> int:
        """In how many parts a stage is, where it is in most."""
        return int(self.client.fetch(storage.parts(stage), "count the stage's parts")[1][0][0])

    def put_in_place(self, other: Relation, target: Relation, *, created: bool) -> None:
        """`other` stands where `target` was; `created`: where somebody made one meanwhile, the rows are added to it."""
        if not self.exists(target):
            self.define(storage.rename(other, target, self.mode), f"put {target} in place", repeat=False)
        elif created:
            self.publish(other, target)
            self.drop(other, f"drop {other.name}")
        else:
            self.define(storage.exchange(target, other, self.mode), f"put {target} in place", repeat=False)
            self.drop(other, f"drop what {target} was")

    def change_places(self, pairs: Sequence[tuple[Relation, Relation]], purpose: str) -> None:
        """All at once; the second ones are dropped then."""
        self.define(storage.exchange_all(pairs, self.mode), purpose, repeat=False)
        for _, other in pairs:
            self.drop(other, f"drop {other.name}")

    def takes_several(self, schema: str) -> bool:
        """Whether several relations change places in one statement."""
        return bool(self.client.fetch(storage.takes_several(schema))[1][0][0])

    # Looking

    def exists(self, relation: Relation) -> bool:
        return bool(self.client.fetch(storage.exists(relation))[1][0][0])

    def columns(self, relation: Relation) -> dict[str, str] | None:
        found = self.client.fetch(storage.columns(relation))[1]
        return {str(name): storage.bare(str(type_)) for name, type_ in found} or None

    def there(self, relations: Collection[Relation]) -> frozenset[Relation]:
        """Those of some relations that there are."""
        asked = {(item.schema, item.name): item for item in relations}
        found = self.client.fetch(storage.names(sorted({schema for schema, _ in asked})))[1] if asked else []
        return frozenset(asked[key] for schema, name in found if (key := (str(schema), str(name))) in asked)

    def key(self, relation: Relation) -> list[str]:
        """The columns that a table is sorted by; none where there is no such table."""
        found = self.client.fetch(storage.sorting_key(relation))[1]
        return [part.strip(" `") for part in str(found[0][0]).strip("()").split(",") if part.strip()] if found else []

    def leftovers(self, schema: str, prefix: str) -> list[tuple[str, float, str]]:
        """Tables of sessions: name, age in hours, comment."""
        found = self.client.fetch(storage.leftovers(schema, prefix))[1]
        return [(str(name), float(hours), str(comment)) for name, hours, comment in found]

    def mend(self, history: Relation, samples: Relation, key: Sequence[str]) -> None:
        """Take out of a history what is still the present row: the run that replaced it was killed before it did."""
        self.define(storage.unpublished(history, samples, key, self.mode), "mend a history")

    def of(self, client: Client) -> Tables:
        """The same, by another client where it is another."""
        return self if self.client is client else self.with_client(client)

    def with_client(self, client: Client) -> Tables:
        """The same tables, for another session."""
        return Tables(client, self.mode)

    def close(self) -> None:
        """Nothing more is asked."""
