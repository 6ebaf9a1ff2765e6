"""ClickHouse: the connection, to a server over HTTP or to the engine in this process (chDB)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlglot import exp

from metasql.config.profiles import Target
from metasql.diagnostics import MetasqlError
from metasql.events import Emit, silent
from metasql.execute import clickhouse_files as files
from metasql.execute import clickhouse_owner as owner
from metasql.execute.clickhouse_client import Client
from metasql.execute.clickhouse_commits import Commits
from metasql.execute.clickhouse_lacks import Lacking
from metasql.execute.clickhouse_open import described, is_chdb, open_client, prepare
from metasql.execute.clickhouse_tables import Tables
from metasql.execute.clickhouse_writes import Writes
from metasql.execute.connection import Row, Value
from metasql.lower import clickhouse_records as records
from metasql.lower import clickhouse_steps as steps
from metasql.lower import clickhouse_storage as storage
from metasql.lower.clickhouse_storage import place
from metasql.lower.dialect import Dialect
from metasql.lower.place import Placing
from metasql.names import Relation
from metasql.plan.sql import select, star, table
from metasql.plan.steps import Append, Erase, Mark, Put, Step, Temporary


def open_target(
    target: Target, dialect: Dialect, *, read_only: bool = False, scratch: bool = False, emit: Emit = silent
) -> ClickHouseConnection:
    """Open a session on a target; one that writes makes the database, and drops what killed ones left.

    Temporary tables are tables of the database, so a session that makes them (`scratch`) is not held to reading.
    """
    client = open_client(target, dialect, emit, read_only=read_only)
    try:
        tables = prepare(client, target, dialect, emit, read_only=read_only, scratch=scratch)
    except BaseException:
        client.close()
        raise
    shared = Shared(target, tables, read_only and not scratch, threading.RLock())
    return ClickHouseConnection(client, dialect, emit, shared)


@dataclass(frozen=True)
class Shared:
    """What the sessions of one connection have in common."""

    target: Target
    tables: Tables
    read_only: bool
    lock: Any
    record_keys: dict[Relation, list[str]] = field(default_factory=dict)


class ClickHouseConnection(Lacking):
    """One session."""

    def __init__(self, client: Client, dialect: Dialect, emit: Emit, shared: Shared) -> None:
        self.dialect = dialect
        self.is_spread = shared.tables.mode.cluster is not None
        self._client = client
        self._emit = emit
        self._shared = shared
        self._tables = shared.tables.of(client)
        self._schema = shared.target.schema
        self._token = owner.begin()
        self._made = self._held = 0
        self._temporary: dict[str, Relation] = {}
        self._writes: Writes | None = None
        self._commits = Commits(client, self._schema, self._token, alone=is_chdb(shared.target))

    def told_run(self, run_id: str) -> None:
        """On whose behalf statements are sent: `log_comment` tells it."""
        self._client.run = run_id

    # Reading

    def rows(self, tree: exp.Expr, purpose: str = "") -> list[Row]:
        return self._client.fetch(self._render(tree), purpose)[1]

    def table(self, tree: exp.Query) -> tuple[list[str], list[Row]]:
        return self.fetch(self._render(tree))

    def fetch(self, sql: str) -> tuple[list[str], list[Row]]:
        plain = sql.rstrip().rstrip(";")
        names, found = self._client.fetch(plain)
        return names or list(self._described(plain)), found

    def columns(self, relation: Relation) -> dict[str, str] | None:
        replaced = self._writes.replaced if self._writes else {}
        if relation in replaced:
            other = replaced[relation]
            return self.columns(other) if other is not None else None
        return self._tables.columns(relation)

    def there(self, relations: Collection[Relation]) -> frozenset[Relation]:
        return self._tables.there(relations)

    def describe(self, query: exp.Query) -> dict[str, str]:
        return self._described(self._render(query))

    def _described(self, sql: str) -> dict[str, str]:
        found = self._client.fetch(f"DESCRIBE TABLE ({sql})")[1]
        return {str(row[0]): storage.bare(str(row[1])) for row in found}

    def export(self, query: exp.Query, path: Path, format: str, size: int = 0) -> None:
        sql = self._render(query)
        files.export(self._client, sql, self._described(sql), path, format, size, self.dialect.view_settings)

    # Writing rows

    def apply(self, step: Step, by: Sequence[str] = ()) -> None:
        if isinstance(step, Temporary):
            name = self._fresh(step.name)
            self._tables.make_from(name, self._render(step.query), by, step.purpose)
            self._keep(step.name, name)
        elif self._writes is None:
            with self.transaction():
                self._write(step)
        else:
            self._write(step)

    def _write(self, step: Put | Mark | Erase | Append) -> None:
        writes = self._open_writes()
        if isinstance(step, Append):
            key = self._key(step.relation)
            stage = writes.stage(step.relation, history=True)
            tree = steps.without_known(step, key) if key else steps.statements(step)[0]
        else:
            stage = writes.stage(step.relation)
            tree = steps.statements(step)[0]
        self._client.execute(self._render(steps.into(tree, stage)), step.purpose)
        if isinstance(step, Erase):
            writes.erased += [partial(self._erase, step, tree) for tree in steps.erase(step)]

    def _erase(self, step: Erase, tree: exp.Expr) -> None:
        source = self._temporary[step.source]
        if not self._tables.lie_together(source, step.relation):
            query = select(star(step.source)).from_(table(step.source))
            self.apply(Temporary(step.purpose, step.source, query), self._tables.spread_by(step.relation))
        self._tables.erase(step.relation, tree, self._placing(), step.purpose)

    def run_text(self, sql: str, purpose: str = "") -> None:
        """What was written before is published first: nothing undoes what a person's statement does."""
        if self._writes is not None:
            self._writes.publish()
        self._client.execute(sql.rstrip().rstrip(";"), purpose)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._writes = Writes(self._tables, self._fresh)
        try:
            yield
            self._writes.publish()
            self._finish()
        except BaseException:
            self._discard()
            raise
        finally:
            self._writes = None
            for _ in range(self._held):
                self._shared.lock.release()
            self._held = 0

    def _discard(self) -> None:
        try:
            if self._writes is not None and not self._client.lost:
                self._writes.discard()
                self._finish()
        except MetasqlError:
            return  # the next session that writes drops what is left
        finally:
            self._commits.forget()

    def _finish(self) -> None:
        if not self.is_spread:
            self._commits.finish()

    @contextmanager
    def writing(self) -> Iterator[None]:
        self._shared.lock.acquire()
        try:
            yield
        finally:
            if self._writes is not None:
                self._held += 1
            else:
                self._shared.lock.release()

    def next_commit(self) -> int:
        with self._shared.lock:
            return self._commits.take()

    def horizon(self) -> int:
        return -1 if self.is_spread else self._commits.horizon()  # a cluster is not told what is finished

    # Relations

    def create_schema(self, name: str) -> None:
        self._tables.define(storage.create_database(name, self._tables.mode), f"make the database {name}")

    def create_table(self, relation: Relation, template: exp.Query, key: Sequence[str], by: Sequence[str] = ()) -> None:
        with self._within() as writes:
            columns, purpose = self.describe(template), f"make {relation}"
            if self.is_spread and relation not in writes.replaced:  # empty, and on every node at once
                self._tables.make(relation, columns, key, by, purpose)
                return
            made = self._fresh(relation.name)
            self._tables.make(made, columns, key, by, purpose)
            if relation not in writes.replaced:
                writes.created.add(relation)
            writes.put_in_place(relation, made)

    def alter_table(
        self, relation: Relation, add: Mapping[str, str], change: Mapping[str, str], drop: Sequence[str]
    ) -> None:
        """Columns are added at once, where no view names them yet, and dropped when none does any more."""
        with self._within() as writes:
            now = writes.replaced.get(relation) or relation
            if add:
                self._tables.add_columns(now, add)
            if change:
                self._rebuild(writes, relation, now, change)
            if drop:
                writes.dropped.append(lambda: self._tables.drop_columns(relation, drop))

    def _rebuild(self, writes: Writes, relation: Relation, now: Relation, change: Mapping[str, str]) -> None:
        """Other types are another table: a change in place that fails halfway is tried for ever."""
        key, columns, made = self._key(now), {**(self.columns(now) or {}), **change}, self._fresh(relation.name)
        self._tables.make_like(made, now, columns, key)
        sql = storage.fill(made, list(columns), storage.converted(now, columns, key, change))
        self._client.execute(sql, f"alter {relation}")
        writes.put_in_place(relation, made)

    def drop_table(self, relation: Relation) -> None:
        if self._writes is not None:
            self._writes.put_in_place(relation, None)
        else:
            self._tables.drop(relation, f"drop {relation}")

    def create_view(self, relation: Relation, query: exp.Query) -> None:
        sql = self._tables.renderer(self.dialect, {}, {}).view(query)
        if self._writes is not None and self._writes.taking_places():
            self._writes.views[relation] = (sql, self.describe(query))
        self._later(lambda: self._tables.view(relation, sql))

    def drop_view(self, relation: Relation) -> None:
        self._later(lambda: self._tables.drop_view(relation))

    def store(self, relation: Relation, query: exp.Query) -> None:
        with self._within() as writes:
            made = self._fresh(relation.name)
            self._tables.make_from(made, self._render(query), (), f"store {relation}")
            writes.put_in_place(relation, made)

    def empty(self, relation: Relation) -> None:
        """At once, for readers of what is about to change, and again after it, for what was stored meanwhile."""
        self._empty(relation)
        if self._writes is not None:
            self._writes.emptied.append(lambda: self._empty(relation))

    def _empty(self, relation: Relation) -> None:
        made, purpose = self._fresh(relation.name), f"empty {relation}"
        self._tables.make_from(made, f"SELECT * FROM {place(relation)} WHERE 0", (), purpose)
        self._tables.put_in_place(made, relation, created=False)

    # metasql's own tables

    def create_records(self, relation: Relation, columns: Mapping[str, str], key: Sequence[str]) -> None:
        self._tables.records(relation, columns, key)

    def put_records(
        self,
        relation: Relation,
        columns: Mapping[str, str],
        scope: Mapping[str, str] | None,
        rows: Sequence[Mapping[str, Value]],
    ) -> None:
        key = self._record_key(relation)
        sql = records.put_records(relation, columns, key, scope, rows)
        if sql is not None:
            self._later(lambda: self._client.execute(sql, f"write {relation.name}", repeat=bool(key)))

    # Files

    def load_seed(self, relation: Relation, path: Path, header: Sequence[str], types: Mapping[str, str]) -> int:
        with self._within() as writes, files.seed_rows(path, header, types) as rows:
            made = self._fresh(relation.name)
            self._load(made, rows, f"load the seed {path.name}")
            writes.put_in_place(relation, made)
            return rows.count

    def load_batch(self, name: str, path: Path, format: str, otherwise: Sequence[str]) -> dict[str, str] | None:
        return self._load_batch(name, files.batch_rows(path, format, otherwise), f"load {path.name}")

    def load_arrow(self, name: str, rows: Any, otherwise: Sequence[str]) -> dict[str, str] | None:
        return self._load_batch(name, files.arrow_rows(rows, otherwise), "load the batch")

    def _load_batch(self, name: str, batch: files.Batch, purpose: str) -> dict[str, str] | None:
        with batch as (rows, columns):
            made = self._fresh(name)
            self._load(made, rows, purpose)
            self._keep(name, made)
            return {column: rows.columns[column] for column in columns} if columns is not None else None

    def _load(self, table: Relation, rows: files.Rows, purpose: str) -> None:
        self._tables.make(table, rows.columns, (), (), purpose)
        if rows.count:
            self._client.load(place(table), list(rows.columns), rows.path, purpose)

    # The session

    def cursor(self) -> ClickHouseConnection:
        shared = self._shared
        client = open_client(shared.target, self.dialect, self._emit, read_only=shared.read_only)
        client.use(self._schema)
        if shared.read_only:
            client.only_read()
        client.run = self._client.run
        return ClickHouseConnection(client, self.dialect, self._emit, shared)

    def describe_engine(self) -> dict[str, str]:
        return described(self._client, self._shared.target, self._tables.mode)

    def close(self) -> None:
        try:
            for relation in () if self._client.lost else self._temporary.values():
                self._tables.drop(relation, "drop a temporary table")
        except MetasqlError:
            pass  # the next session that writes drops them
        finally:
            owner.end(self._token)
            self._client.close()
            if self._tables is self._shared.tables:
                self._tables.close()

    # Help

    def _render(self, tree: exp.Expr) -> str:
        return self._placing().render(tree)

    def _placing(self) -> Placing:
        replaced = self._writes.replaced if self._writes else {}
        known = {relation: other for relation, other in replaced.items() if other is not None}
        return self._tables.renderer(self.dialect, self._temporary, known)

    def _fresh(self, name: str) -> Relation:
        self._made += 1
        return Relation(self._schema, owner.temporary(self._token, self._made, name))

    def _keep(self, name: str, made: Relation) -> None:
        """A temporary table by its name; one that had it before is dropped."""
        before = self._temporary.pop(name, None)
        self._temporary[name] = made
        if before is not None:
            self._tables.drop(before, "drop a temporary table")

    def _open_writes(self) -> Writes:
        assert self._writes is not None
        return self._writes

    @contextmanager
    def _within(self) -> Iterator[Writes]:
        """The transaction that is open, or one for this alone."""
        if self._writes is not None:
            yield self._writes
            return
        with self.transaction():
            yield self._open_writes()

    def _later(self, do: Callable[[], None]) -> None:
        if self._writes is not None:
            self._writes.later.append(do)
        else:
            do()

    def _key(self, relation: Relation) -> list[str]:
        """The columns that a table is sorted by."""
        replaced = self._writes.replaced.get(relation) if self._writes else None
        return self._tables.key(replaced or relation)

    def _record_key(self, relation: Relation) -> list[str]:
        """The key of one of metasql's own tables: it never changes."""
        known = self._shared.record_keys
        if relation not in known:
            known[relation] = self._key(records.rows_of(relation))
        return known[relation]
