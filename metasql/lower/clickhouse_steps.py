"""Writes as ClickHouse's statements: rows are only ever added, and the newest of a key counts.

Keyed tables are ReplacingMergeTree(metasql_commit), read with FINAL. The connection writes what
stands here into a stage of the same structure, and publishes that at once (lower/clickhouse_storage.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from metasql.names import Relation
from metasql.plan.sql import all_of, cast, col, cols, current, equal, number, select, table, text
from metasql.plan.steps import Append, Erase, Mark, Put, Step, Temporary

VERSION = "metasql_commit"
"""Of several rows of one key the one with the highest is the present one."""

DELETED = "metasql_deleted_at"


def statements(step: Step) -> list[exp.Expr]:
    """The statements of a step, in order."""
    if isinstance(step, Temporary):
        return [make(table(step.name), step.query)]
    if isinstance(step, Append):
        return [insert(step.relation, step.columns, step.query)]
    if isinstance(step, Put):
        return [insert(step.relation, step.names(), step.rows())]
    if isinstance(step, Mark):
        return [mark(step)]
    return [hide(step), *erase(step)]


def make(name: exp.Table, query: exp.Query) -> exp.Expr:
    """A table with a query's rows, in no order."""
    engine = exp.EngineProperty(this=exp.Var(this="MergeTree"))
    order = exp.Order(expressions=[exp.Tuple(expressions=[])])
    properties = exp.Properties(expressions=[engine, order])
    return exp.Create(this=name, kind="TABLE", properties=properties, expression=query)


def insert(relation: Relation, columns: Sequence[str], query: exp.Expr) -> exp.Expr:
    target = exp.Schema(this=table(relation), expressions=[exp.to_identifier(name) for name in columns])
    return exp.Insert(this=target, expression=query)


def mark(step: Mark) -> exp.Expr:
    """The stored rows once more, with new values in some columns."""
    return _again(step.relation, step.key, step.source, step.values)


def hide(step: Erase) -> exp.Expr:
    """Rows that are to be removed are marked deleted first: a removal takes its time, and readers look on.

    Of a history no row takes the place of another: its key has the number of the commit in it.
    """
    now = exp.Anonymous(this="now64", expressions=[number(6), text("UTC")])
    values: dict[str, exp.Expr] = {DELETED: cast(now, "timestamp")}
    if VERSION not in step.key:
        values[VERSION] = exp.Add(this=col(VERSION, "stored"), expression=number(1))
    return _again(step.relation, step.key, step.source, values)


def erase(step: Erase) -> list[exp.Expr]:
    """The older rows of a key go before the one that says that it is deleted: none comes back in between."""
    chosen = _among(step.key, step.source)
    live = exp.Is(this=col(DELETED), expression=exp.null())
    return [
        exp.Delete(this=table(step.relation), where=exp.Where(this=all_of(chosen, live))),
        exp.Delete(this=table(step.relation), where=exp.Where(this=chosen)),
    ]


def _again(relation: Relation, key: Sequence[str], source: str, values: Mapping[str, exp.Expr]) -> exp.Expr:
    replaced = [exp.Alias(this=value, alias=exp.to_identifier(name)) for name, value in values.items()]
    rows = exp.Column(this=exp.Star(replace=replaced), table=exp.to_identifier("stored"))
    query = select(rows).from_(current(relation, "stored"), copy=False)
    return exp.Insert(this=table(relation), expression=query.where(_among(key, source, "stored"), copy=False))


def into(tree: exp.Expr, stage: Relation) -> exp.Expr:
    """An insert into another table of the same columns."""
    if isinstance(tree.this, exp.Schema):
        tree.this.set("this", table(stage))
    else:
        tree.set("this", table(stage))
    return tree


def _among(key: Sequence[str], source: str, alias: str | None = None) -> exp.Expr:
    """The row's key is in a temporary table; keys are never NULL."""
    columns = cols(key, alias)
    left = columns[0] if len(columns) == 1 else exp.Tuple(expressions=columns)
    rows = select(*cols(key, "source")).from_(table(source, "source"), copy=False)
    return exp.In(this=left, query=exp.Subquery(this=rows))


def without_known(step: Append, key: Sequence[str]) -> exp.Expr:
    """An append without the rows that are there already: a run that was killed may have left some."""
    same = all_of(*(equal(col(name, "known"), col(name, "added")) for name in key))
    added = exp.Subquery(this=step.query, alias=exp.TableAlias(this=exp.to_identifier("added")))
    query = select(*cols(step.columns, "added")).from_(added, copy=False)
    query.append("joins", exp.Join(this=table(step.relation, "known"), on=same, side="LEFT", kind="ANTI"))
    return insert(step.relation, step.columns, query)
