"""DuckDB: the connection."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import duckdb
from sqlglot import exp

from metasql.config.profiles import Target
from metasql.diagnostics import MetasqlError
from metasql.events import Emit, StatementRun, silent
from metasql.execute.arrow import write_batches
from metasql.execute.connection import Row, Value
from metasql.execute.duckdb_errors import cannot_attach, cannot_open, no_place, refused
from metasql.execute.duckdb_names import all_names
from metasql.execute.duckdb_publish import publisher
from metasql.execute.files import (
    batch_query,
    copy_statement,
    identifier,
    literal,
    plain_path,
    rows_query,
    seed_query,
    with_texts,
)
from metasql.lower.dialect import Dialect
from metasql.lower.duckdb_steps import column_definitions, record_statements
from metasql.lower.render import render
from metasql.names import Relation
from metasql.plan.sql import table
from metasql.plan.steps import Step

_COMMITS = "metasql_commit_seq"
_ROWS = "metasql_given_rows"
_TAKEN = "metasql_commits"
# A column of nothing but NULL literals is stored as what the engine itself makes of it.
_NULL_TYPES = {'"NULL"': "INTEGER", "NULL": "INTEGER"}


def open_target(
    target: Target,
    dialect: Dialect,
    *,
    read_only: bool = False,
    scratch: bool = False,  # noqa: ARG001 - temporary tables are not in the file
    emit: Emit = silent,
) -> DuckDBConnection:
    """Open the file of a target, with its settings and attachments."""
    path = str(target.options.get("path", ":memory:"))
    config: dict[str, Any] = {}
    storage = target.options.get("storage_version")
    if storage and str(storage) != "latest" and path != ":memory:" and not _exists(path, target):
        config["storage_compatibility_version"] = str(storage)
    for name, value in dict(target.options.get("settings") or {}).items():
        config[str(name)] = value if isinstance(value, (int, str)) else str(value)
    if target.options.get("threads"):
        config["threads"] = int(target.options["threads"])
    memory = path == ":memory:"
    if not memory and not read_only and not _exists(path, target):
        _make_folder(Path(path).parent, target)
    try:
        driver = duckdb.connect(path, read_only=read_only and not memory, config=config)
    except duckdb.Error as error:
        raise cannot_open(error, path, target) from None
    connection = DuckDBConnection(driver, target, dialect, emit, _turns(path))
    try:
        connection.prepare(read_only)
    except MetasqlError:
        connection.close()
        raise
    return connection


_TURNS: WeakValueDictionary[str, Any] = WeakValueDictionary()
_MAKING = threading.Lock()


def _turns(path: str) -> Any:
    """What the writers of this process on one file take turns by, however often it is opened."""
    if path == ":memory:":
        return threading.RLock()
    with _MAKING:
        return _TURNS.setdefault(str(Path(path).resolve()), threading.RLock())


class DuckDBConnection:
    """One session on a DuckDB file."""

    def __init__(
        self, driver: duckdb.DuckDBPyConnection, target: Target, dialect: Dialect, emit: Emit, lock: Any
    ) -> None:
        self._driver = driver
        self._target = target
        self.dialect = dialect
        self.is_spread = False
        self._emit = emit
        self._lock = lock
        self._schema = target.schema
        self._in_transaction = False
        self._held = 0
        # Tables and views that were there when it was last looked: a hint, from which only own statements take away.
        self._names: dict[Relation, str] | None = None

    def prepare(self, read_only: bool) -> None:
        """Attach what the profile names, and make the schema and the commit sequence."""
        for entry in self._target.options.get("attach") or []:
            options = " (READ_ONLY)" if entry.get("read_only") or read_only else ""
            path, alias = str(entry["path"]), identifier(str(entry["alias"]))
            self._execute(f"ATTACH IF NOT EXISTS {literal(path)} AS {alias}{options}")
        self._attach_other()
        self._execute("SET TimeZone = 'UTC'")
        if not read_only:
            self.create_schema(self._schema)
            self._execute(f"CREATE SEQUENCE IF NOT EXISTS {self._quoted(Relation(self._schema, _COMMITS))}")
            self._execute(f"CREATE TABLE IF NOT EXISTS {self._quoted(Relation(self._schema, _TAKEN))} (number BIGINT)")

    def _attach_other(self) -> None:
        """The files of other targets that are read: the engine itself refuses to write there."""
        for other in (self._target.defer, self._target.source):
            if other is None or other.path is None:
                continue
            sql = f"ATTACH IF NOT EXISTS {literal(other.path)} AS {identifier(str(other.catalog))} (READ_ONLY)"
            try:
                self._driver.execute(sql)
            except duckdb.Error as error:
                raise cannot_attach(error, other.path, other.target, self._target) from None

    def apply(self, step: Step, by: Sequence[str] = ()) -> None:  # noqa: ARG002 - a file is one place
        for tree in self.dialect.statements(step):
            self._run(tree, step.purpose)

    def _run(self, tree: exp.Expr, purpose: str) -> None:
        self._execute(render(tree, self.dialect), purpose)

    def run_text(self, sql: str, purpose: str = "") -> None:
        self._names = None
        self._execute(sql, purpose)

    def rows(self, tree: exp.Expr, purpose: str = "") -> list[Row]:
        return self._fetch(render(tree, self.dialect), purpose)

    def table(self, tree: exp.Query) -> tuple[list[str], list[Row]]:
        return self.fetch(render(tree, self.dialect))

    def fetch(self, sql: str) -> tuple[list[str], list[Row]]:
        cursor = self._execute(sql)
        columns = [(str(item[0]), str(item[1])) for item in cursor.description or []]
        zoned = [identifier(name) for name, type_ in columns if "TIME ZONE" in type_.upper()]
        if zoned:
            # The driver makes Python values of such times only with a library of its own.
            texts = ", ".join(f"CAST({name} AS TEXT) AS {name}" for name in zoned)
            cursor = self._execute(f"SELECT * REPLACE ({texts}) FROM ({sql.rstrip().rstrip(';')})")
        return [name for name, _ in columns], self._rows(cursor)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._execute("BEGIN TRANSACTION")
        self._in_transaction = True
        try:
            yield
            self._execute("COMMIT")
        except BaseException:
            self._rollback()
            raise
        finally:
            self._in_transaction = False
            for _ in range(self._held):
                self._lock.release()
            self._held = 0

    def _rollback(self) -> None:
        self._names = None
        try:
            self._driver.execute("ROLLBACK")
        except duckdb.Error:
            return  # the engine has rolled back already

    @contextmanager
    def writing(self) -> Iterator[None]:
        self._lock.acquire()
        try:
            yield
        finally:
            if self._in_transaction:
                self._held += 1
            else:
                self._lock.release()

    def next_commit(self) -> int:
        name = exp.Literal.string(self._quoted(Relation(self._schema, _COMMITS))).sql("duckdb")
        taken = self._quoted(Relation(self._schema, _TAKEN))
        return int(self._fetch(f"INSERT INTO {taken} SELECT nextval({name}) RETURNING number")[0][0])

    def horizon(self) -> int:
        """Writers take turns, so the numbers that are visible are those of all commits up to the highest of them."""
        taken = self._quoted(Relation(self._schema, _TAKEN))
        return int(self._fetch(f"SELECT coalesce(max(number), 0) FROM {taken}")[0][0])

    def columns(self, relation: Relation) -> dict[str, str] | None:
        if self._names is None or relation not in self._names:
            self._names = all_names(self._fetch)
        if relation not in self._names:
            return None
        if self._names[relation] == "table":
            # One table is looked up by its name; to list columns, the engine goes through those of all relations.
            name = literal(self._quoted(relation))
            found = self._fetch(f"SELECT name, type FROM pragma_table_info({name}) ORDER BY cid")
        else:
            catalog = literal(relation.catalog) if relation.catalog else "current_database()"
            found = self._fetch(
                "SELECT column_name, data_type FROM duckdb_columns()"
                f" WHERE schema_name = {literal(relation.schema)} AND table_name = {literal(relation.name)}"
                f" AND database_name = {catalog} ORDER BY column_index"
            )
        return {str(name): str(type_) for name, type_ in found} or None

    def there(self, relations: Collection[Relation]) -> frozenset[Relation]:
        self._names = all_names(self._fetch)
        return frozenset(item for item in relations if item in self._names)

    def describe(self, query: exp.Query) -> dict[str, str]:
        return self._described(render(query, self.dialect))

    def _described(self, sql: str) -> dict[str, str]:
        found = self._fetch(f"DESCRIBE {sql}")
        return {str(row[0]): _NULL_TYPES.get(str(row[1]), str(row[1])) for row in found}

    def create_schema(self, name: str) -> None:
        with self._lock:
            self._execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(name)}")

    def create_table(self, relation: Relation, template: exp.Query, key: Sequence[str], by: Sequence[str] = ()) -> None:
        del key, by  # `Put` keeps the one, and a file is one place
        self._run(exp.Create(this=table(relation), kind="TABLE", expression=template), f"make {relation}")

    def alter_table(
        self, relation: Relation, add: Mapping[str, str], change: Mapping[str, str], drop: Sequence[str]
    ) -> None:
        actions: list[exp.Expr] = [exp.ColumnDef(this=exp.to_identifier(n), kind=_type(t)) for n, t in add.items()]
        actions += [exp.AlterColumn(this=exp.to_identifier(n), dtype=_type(t)) for n, t in change.items()]
        actions += [exp.Drop(tables=[exp.column(name)], kind="COLUMN") for name in drop]
        for action in actions:
            self._run(exp.Alter(this=table(relation), kind="TABLE", actions=[action]), f"alter {relation}")

    def drop_table(self, relation: Relation) -> None:
        self._names = None
        self._run(exp.Drop(tables=[table(relation)], kind="TABLE"), f"drop {relation}")

    def create_view(self, relation: Relation, query: exp.Query) -> None:
        tree = exp.Create(this=table(relation), kind="VIEW", replace=True, expression=query)
        self._run(tree, f"make the view {relation}")

    def drop_view(self, relation: Relation) -> None:
        self._run(exp.Drop(tables=[table(relation)], kind="VIEW"), f"drop {relation}")

    def store(self, relation: Relation, query: exp.Query) -> None:
        tree = exp.Create(this=table(relation), kind="TABLE", replace=True, expression=query)
        self._run(tree, f"store {relation}")

    def empty(self, relation: Relation) -> None:
        self._execute(f"DELETE FROM {self._quoted(relation)}", f"empty {relation}")

    def create_records(self, relation: Relation, columns: Mapping[str, str], key: Sequence[str]) -> None:  # noqa: ARG002 - the same
        schema = exp.Schema(this=table(relation), expressions=column_definitions(columns))
        self._run(exp.Create(this=schema, kind="TABLE", exists=True), "make metasql's own tables")

    def put_records(
        self,
        relation: Relation,
        columns: Mapping[str, str],
        scope: Mapping[str, str] | None,
        rows: Sequence[Mapping[str, Value]],
    ) -> None:
        for tree in record_statements(relation, columns, scope, rows):
            self._run(tree, f"write {relation.name}")

    def load_seed(self, relation: Relation, path: Path, header: Sequence[str], types: Mapping[str, str]) -> int:
        target = self._quoted(relation)
        with plain_path(path) as plain:
            query = seed_query(plain, header, types)
            self._execute(f"CREATE OR REPLACE TABLE {target} AS {query}", f"load the seed {path.name}")
        return int(self._fetch(f"SELECT count(*) FROM {target}")[0][0])

    def load_batch(self, name: str, path: Path, format: str, otherwise: Sequence[str]) -> dict[str, str] | None:
        with plain_path(path) as plain:
            query, columns = batch_query(plain, format, otherwise, self._described)
            self._execute(f"CREATE OR REPLACE TEMP TABLE {identifier(name)} AS {query}")
        return dict(columns) if columns is not None else None

    def load_arrow(self, name: str, rows: Any, otherwise: Sequence[str]) -> dict[str, str] | None:
        self._driver.register(_ROWS, rows)
        try:
            query, columns = rows_query(_ROWS, rows.schema.names, otherwise, self._described)
            self._execute(f"CREATE OR REPLACE TEMP TABLE {identifier(name)} AS {query}")
        finally:
            with suppress(duckdb.Error):  # in a transaction that failed it goes with that
                self._driver.unregister(_ROWS)
        return dict(columns) if columns is not None else None

    def relation(self, query: exp.Query) -> duckdb.DuckDBPyRelation:
        return self.cursor()._driver.sql(render(query, self.dialect))

    def export(self, query: exp.Query, path: Path, format: str, size: int = 0) -> None:
        if format == "arrow":
            self._export_batches(render(query, self.dialect), path, size)
            return
        self._execute(copy_statement(render(query, self.dialect), path, format, self._described), "write the file")

    def _export_batches(self, sql: str, path: Path, size: int) -> None:
        """On a session of its own: a result that is open would stand in the way of other statements."""
        started, cursor = time.perf_counter(), self._driver.cursor()
        try:
            cursor.execute("SET TimeZone = 'UTC'")
            write_batches(cursor.sql(with_texts(sql, self._described)).to_arrow_reader(size), path)
        except duckdb.Error as error:
            raise refused(error, "hand out rows") from error
        finally:
            cursor.close()
            self._emit(StatementRun("hand out rows", sql, time.perf_counter() - started))

    def publishing(self, path: Path) -> Callable[[], None]:
        return publisher(path, self._target, self._execute)

    def told_run(self, run_id: str) -> None:
        """The engine keeps no log."""

    def cursor(self) -> DuckDBConnection:
        other = DuckDBConnection(self._driver.cursor(), self._target, self.dialect, self._emit, self._lock)
        other._execute("SET TimeZone = 'UTC'")
        return other

    def describe_engine(self) -> dict[str, str]:
        version = self._fetch("SELECT version()")[0][0]
        rows = self._fetch("SELECT path, tags FROM duckdb_databases() WHERE database_name = current_database()")
        path, tags = rows[0]
        return {
            "engine": f"DuckDB {version}",
            "file": str(path or ":memory:"),
            "storage version": str(dict(tags or {}).get("storage_version", "in memory")),
            "writes": "transactional, one process at a time",
        }

    def close(self) -> None:
        self._driver.close()

    def _quoted(self, relation: Relation) -> str:
        parts = [part for part in (relation.catalog, relation.schema, relation.name) if part]
        return ".".join(identifier(part) for part in parts)

    def _fetch(self, sql: str, purpose: str = "") -> list[Row]:
        return self._rows(self._execute(sql, purpose), purpose)

    def _rows(self, cursor: duckdb.DuckDBPyConnection, purpose: str = "") -> list[Row]:
        try:
            return cursor.fetchall()
        except duckdb.Error as error:
            raise refused(error, purpose) from error

    def _execute(self, sql: str, purpose: str = "") -> duckdb.DuckDBPyConnection:
        started = time.perf_counter()
        try:
            return self._driver.execute(sql)
        except duckdb.Error as error:
            raise refused(error, purpose) from error
        finally:
            self._emit(StatementRun(purpose, sql, time.perf_counter() - started))


def _exists(path: str, target: Target) -> bool:
    try:
        return Path(path).exists()
    except OSError as error:
        raise no_place(path, target, error) from None


def _make_folder(folder: Path, target: Target) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise no_place(str(folder), target, error) from None


def _type(type_: str) -> exp.DataType:
    return exp.DataType.build(type_, dialect="duckdb", udt=True)
