"""How ClickHouse keeps metasql's tables: their definitions, and how writes become visible. Pure: no driver is loaded.

| relation | engine | order |
| --- | --- | --- |
| with a key (`X__samples`, `X__inputs`, `X__history`) | ReplacingMergeTree(metasql_commit) | its key |
| without one (logs, seeds) | MergeTree | none |
| one of metasql's own (`NAME`) | a view over `NAME__rows`, ReplacingMergeTree with tombstones | its key |

A write goes into a stage, a table of the same structure, as one part; attaching that part to the
table is what readers see, all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from metasql.lower.clickhouse_steps import VERSION
from metasql.names import Relation

RECORD_VERSION = "metasql_version"
RECORD_REMOVED = "metasql_removed"

RECORD_TYPES: Mapping[str, str] = {
    "text": "String",
    "bigint": "Int64",
    "double": "Float64",
    "timestamp": "DateTime64(6, 'UTC')",
}
_NO_NULL_INSIDE = (
    "Array(",
    "Map(",
    "Tuple(",
    "Nested(",
    "Variant(",
    "Dynamic",
    "JSON",
    "Object(",
    "AggregateFunction(",
)


@dataclass(frozen=True)
class Mode:
    """What a target is made of, as far as its statements differ.

    `cluster`: rows are spread over its `shards` (lower/clickhouse_spread.py).
    `on_cluster`: definitions are sent to it (never where the database does so itself, or metasql to each node).
    `replicated`: tables keep their rows on every replica, and say so.
    """

    cluster: str | None = None
    shards: int = 1
    on_cluster: bool = False
    replicated: bool = False

    def everywhere(self) -> str:
        return f" ON CLUSTER {quoted(self.cluster)}" if self.on_cluster and self.cluster else ""

    def engine(self, name: str, *arguments: str) -> str:
        prefix = "Replicated" if self.replicated else ""
        return f"{prefix}{name}({', '.join(arguments)})" if arguments else f"{prefix}{name}"


SINGLE = Mode()


def quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql("clickhouse")


def literal(text: str) -> str:
    return exp.Literal.string(text).sql("clickhouse")


def place(relation: Relation) -> str:
    return f"{quoted(relation.schema)}.{quoted(relation.name)}"


def bare(type_: str) -> str:
    """A type as metasql tells it: without a word on NULL, and on how values are kept."""
    for wrapper in ("LowCardinality(", "Nullable("):
        if type_.startswith(wrapper):
            return bare(type_[len(wrapper) : -1])
    return "Int32" if type_ == "Nothing" else type_


def nullable(type_: str) -> str:
    """A type that may be NULL, where it can."""
    return type_ if type_.startswith((*_NO_NULL_INSIDE, "Nullable(")) else f"Nullable({type_})"


def definitions(columns: Mapping[str, str], key: Sequence[str]) -> str:
    """Columns of a table: those of the key, and the version, are never NULL."""
    never = {*key, VERSION} if key else set()
    return ", ".join(f"{quoted(name)} {type_ if name in never else nullable(type_)}" for name, type_ in columns.items())


def create_database(name: str, mode: Mode) -> str:
    return f"CREATE DATABASE IF NOT EXISTS {quoted(name)}{mode.everywhere()}"


def create_table(relation: Relation, columns: Mapping[str, str], key: Sequence[str], mode: Mode) -> str:
    """A keyed table, or one that rows are only added to."""
    engine = mode.engine("ReplacingMergeTree", VERSION) if key else mode.engine("MergeTree")
    order = ", ".join(quoted(name) for name in key) if key else ""
    return (
        f"CREATE TABLE IF NOT EXISTS {place(relation)}{mode.everywhere()} ({definitions(columns, key)})"
        f" ENGINE = {engine} ORDER BY ({order})"
    )


def create_like(relation: Relation, other: Relation, mode: Mode) -> str:
    """An empty table like another, where there is none."""
    return f"CREATE TABLE IF NOT EXISTS {place(relation)}{mode.everywhere()} AS {place(other)}"


def create_from(relation: Relation, sql: str, mode: Mode) -> str:
    """A table with a query's rows, in no order."""
    return f"CREATE TABLE {place(relation)}{mode.everywhere()} ENGINE = {mode.engine('MergeTree')} ORDER BY () AS {sql}"


def create_stage(stage: Relation, target: Relation, mode: Mode) -> str:
    """An empty table like another, that rows wait in; its comment says for which."""
    return f"{create_like(stage, target, mode)} COMMENT {literal(stage_of(target))}"


def stage_of(target: Relation) -> str:
    return f"stage of {target.name}"


def merge(stage: Relation, mode: Mode) -> str:
    """Several parts become one: attaching gives each its name in turn, and a server may die in between."""
    # Of a cluster, some shard may have nothing to merge: the parts are counted afterwards.
    throw = "" if mode.cluster else " SETTINGS optimize_throw_if_noop = 1"
    return f"OPTIMIZE TABLE {place(stage)}{mode.everywhere()} FINAL{throw}"


def parts(stage: Relation) -> str:
    return (
        "SELECT count() FROM system.parts WHERE active AND rows > 0"
        f" AND database = {literal(stage.schema)} AND table = {literal(stage.name)}"
    )


def parts_of_most(table: str, stage: Relation) -> str:
    """In how many parts the stage is on the node where it is in most; `table`: `system.parts` of all nodes."""
    return (
        f"SELECT max(parts) FROM (SELECT count() AS parts FROM {table} WHERE active AND rows > 0"
        f" AND database = {literal(stage.schema)} AND table = {literal(stage.name)} GROUP BY hostName(), tcpPort())"
    )


def publish(stage: Relation, target: Relation, mode: Mode) -> str:
    return f"ALTER TABLE {place(target)}{mode.everywhere()} ATTACH PARTITION tuple() FROM {place(stage)}"


def exchange(one: Relation, other: Relation, mode: Mode) -> str:
    return exchange_all([(one, other)], mode)


def exchange_all(pairs: Iterable[tuple[Relation, Relation]], mode: Mode) -> str:
    """Tables and views change places with others, in one statement."""
    told = ", ".join(f"{place(one)} AND {place(other)}" for one, other in pairs)
    return f"EXCHANGE TABLES {told}{mode.everywhere()}"


def takes_several(schema: str) -> str:
    """Whether the database exchanges several tables in one statement: one of engine Replicated or Shared does not."""
    return f"SELECT engine = 'Atomic' FROM system.databases WHERE name = {literal(schema)}"


def rename(old: Relation, new: Relation, mode: Mode) -> str:
    return f"RENAME TABLE {place(old)} TO {place(new)}{mode.everywhere()}"


def drop(relation: Relation, mode: Mode, kind: str = "TABLE") -> str:
    """At once, and not minutes later."""
    return f"DROP {kind} IF EXISTS {place(relation)}{mode.everywhere()}" + (" SYNC" if kind == "TABLE" else "")


def add_columns(relation: Relation, add: Mapping[str, str], mode: Mode) -> str:
    actions = ", ".join(f"ADD COLUMN IF NOT EXISTS {quoted(name)} {nullable(type_)}" for name, type_ in add.items())
    return f"ALTER TABLE {place(relation)}{mode.everywhere()} {actions}"


def drop_columns(relation: Relation, names: Sequence[str], mode: Mode) -> str:
    actions = ", ".join(f"DROP COLUMN IF EXISTS {quoted(name)}" for name in names)
    return f"ALTER TABLE {place(relation)}{mode.everywhere()} {actions}"


def create_view(relation: Relation, sql: str, mode: Mode, columns: Mapping[str, str] | None = None) -> str:
    """With its columns, a view is made whose tables do not have them yet."""
    told = f" ({definitions(columns, ())})" if columns else ""
    return f"CREATE OR REPLACE VIEW {place(relation)}{told}{mode.everywhere()} AS {sql}"


def fill(relation: Relation, columns: Sequence[str], sql: str) -> str:
    names = ", ".join(quoted(name) for name in columns)
    return f"INSERT INTO {place(relation)} ({names}) {sql}"


def converted(relation: Relation, columns: Mapping[str, str], key: Sequence[str], changed: Iterable[str]) -> str:
    """The present rows of a table, with some columns as other types."""
    never = {*key, VERSION}
    made = [
        _converted(name, type_ if name in never else nullable(type_)) if name in changed else quoted(name)
        for name, type_ in columns.items()
    ]
    return f"SELECT {', '.join(made)} FROM {place(relation)}{' FINAL' if key else ''}"


def _converted(name: str, type_: str) -> str:
    """A value as another type. A text that stands for none would become NULL without a word."""
    old, new = quoted(name), f"accurateCast({quoted(name)}, {literal(type_)})"
    fault = literal(f"column `{name}` has a value that is no {bare(type_)}")
    return f"if(throwIf({old} IS NOT NULL AND {new} IS NULL, {fault}) = 0, {new}, {new}) AS {quoted(name)}"


COMMITS = "metasql_commits"
"""The commit numbers that were asked for, each under the token of who asked."""


def create_commits(schema: str, mode: Mode, relation: Relation | None = None) -> str:
    return (
        f"CREATE TABLE IF NOT EXISTS {place(relation or Relation(schema, COMMITS))}{mode.everywhere()}"
        " (number Int64, token String)"
        f" ENGINE = {mode.engine('MergeTree')} ORDER BY number"
    )


def ask_commit(schema: str, token: str) -> str:
    """Microseconds of the server's clock, or one more than the last: the clock alone could go back."""
    commits = place(Relation(schema, COMMITS))
    return (
        f"INSERT INTO {commits} (number, token)"
        f" SELECT greatest(toUnixTimestamp64Micro(now64(6)), max(number) + 1), {literal(token)} FROM {commits}"
    )


def given_commit(schema: str, token: str) -> str:
    """The number under a token, and how many others have it or a higher one: who inserts later sees the earlier one.

    So a number that is kept is higher than all that could be seen when it was.
    """
    commits = place(Relation(schema, COMMITS))
    mine = f"(SELECT max(number) FROM {commits} WHERE token = {literal(token)})"
    return f"SELECT {mine}, countIf(token <> {literal(token)}) FROM {commits} WHERE number >= {mine}"


FINISHED = "metasql_finished"
"""The commit numbers whose rows are all visible, or never will be."""


def create_finished(schema: str, mode: Mode) -> str:
    return (
        f"CREATE TABLE IF NOT EXISTS {place(Relation(schema, FINISHED))}{mode.everywhere()} (number Int64)"
        f" ENGINE = {mode.engine('MergeTree')} ORDER BY number"
    )


def finish_commits(schema: str, numbers: Sequence[int]) -> str:
    values = ", ".join(f"({number})" for number in numbers)
    return f"INSERT INTO {place(Relation(schema, FINISHED))} (number) VALUES {values}"


def highest_commit(schema: str) -> str:
    return f"SELECT max(number) FROM {place(Relation(schema, COMMITS))}"


def unfinished_commits(schema: str, hours: float) -> str:
    """Token, number and age in hours of what was taken in the last hours and is not finished."""
    finished = f"SELECT number FROM {place(Relation(schema, FINISHED))}"
    clock = "toUnixTimestamp64Micro(now64(6))"
    return (
        f"SELECT token, max(number) AS taken, ({clock} - taken) / 3.6e9 FROM {place(Relation(schema, COMMITS))}"
        f" WHERE number > {clock} - {int(hours * 3_600_000_000)} GROUP BY token HAVING taken NOT IN ({finished})"
    )


def sorting_key(relation: Relation) -> str:
    return (
        "SELECT sorting_key FROM system.tables"
        f" WHERE database = {literal(relation.schema)} AND name = {literal(relation.name)}"
    )


def exists(relation: Relation) -> str:
    return (
        "SELECT count() FROM system.tables"
        f" WHERE database = {literal(relation.schema)} AND name = {literal(relation.name)}"
    )


def names(schemas: Sequence[str]) -> str:
    """Every relation of some databases."""
    return f"SELECT database, name FROM system.tables WHERE database IN ({', '.join(map(literal, schemas))})"


def columns(relation: Relation) -> str:
    """Name and type of each column of a relation."""
    return (
        f"SELECT name, type FROM system.columns WHERE database = {literal(relation.schema)}"
        f" AND table = {literal(relation.name)} ORDER BY position"
    )


def columns_of_all(table: str, relation: Relation) -> str:
    """Name, type and number of nodes of each column of a relation; `table`: `system.columns` of all nodes."""
    return (
        f"SELECT name, type, count() FROM {table} WHERE database = {literal(relation.schema)}"
        f" AND table = {literal(relation.name)} GROUP BY name, type ORDER BY min(position)"
    )


def with_settings(sql: str, settings: Mapping[str, int]) -> str:
    return f"{sql} SETTINGS {', '.join(f'{name} = {value}' for name, value in settings.items())}"


def leftovers(schema: str, prefix: str, table: str = "system.tables") -> str:
    """Tables of sessions: name, age in hours, and what they are a stage of."""
    return (
        f"SELECT name, dateDiff('second', metadata_modification_time, now()) / 3600, comment FROM {table}"
        f" WHERE database = {literal(schema)} AND startsWith(name, {literal(prefix)}) ORDER BY name"
    )


def unpublished(history: Relation, samples: Relation, key: Sequence[str], mode: Mode) -> str:
    """Rows of a history that are still the present ones: the run that replaced them was killed before it did."""
    names = ", ".join(quoted(name) for name in key)
    return delete(history, f"({names}) IN (SELECT {names} FROM {place(samples)} FINAL)", mode)


def delete(relation: Relation, where: str, mode: Mode) -> str:
    return f"DELETE FROM {place(relation)}{mode.everywhere()} WHERE {where}"
