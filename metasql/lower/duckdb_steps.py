"""Steps as DuckDB's statements: inside a transaction, rows are deleted, inserted and updated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from metasql.names import Relation
from metasql.plan.sql import all_of, cast, col, equal, on_equal, table, text
from metasql.plan.steps import Append, Erase, Mark, Put, Step, Temporary


def statements(step: Step) -> list[exp.Expr]:
    """The statements of a step, in order."""
    if isinstance(step, Temporary):
        return [_temporary(step)]
    if isinstance(step, Append):
        return [_insert(step.relation, step.columns, step.query)]
    if isinstance(step, Erase):
        return [_delete(step)]
    if isinstance(step, Mark):
        return [_update(step)]
    return [_delete(step), _insert(step.relation, step.names(), step.rows())]


def _temporary(step: Temporary) -> exp.Expr:
    return exp.Create(
        this=table(step.name),
        kind="TABLE",
        replace=True,
        expression=step.query,
        properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
    )


def _insert(relation: Relation, columns: Sequence[str], query: exp.Expr) -> exp.Expr:
    target = exp.Schema(this=table(relation), expressions=[exp.to_identifier(name) for name in columns])
    return exp.Insert(this=target, expression=query)


def _delete(step: Put | Erase) -> exp.Expr:
    condition = exp.Where(this=on_equal("stored", "source", step.key))
    return exp.Delete(this=table(step.relation, "stored"), using=[table(step.source, "source")], where=condition)


def _update(step: Mark) -> exp.Expr:
    sets = [exp.EQ(this=col(name), expression=value) for name, value in step.values.items()]
    return exp.Update(
        this=table(step.relation, "stored"),
        expressions=sets,
        from_=exp.From(this=table(step.source, "source")),
        where=exp.Where(this=on_equal("stored", "source", step.key)),
    )


_TYPES: Mapping[str, str] = {"text": "TEXT", "bigint": "BIGINT", "double": "DOUBLE", "timestamp": "TIMESTAMP"}


def column_definitions(columns: Mapping[str, str]) -> list[exp.Expr]:
    """Columns of metasql's own tables, whose types are in its own words."""
    return [
        exp.ColumnDef(this=exp.to_identifier(name), kind=exp.DataType.build(_TYPES[type_]))
        for name, type_ in columns.items()
    ]


def record_statements(
    relation: Relation,
    columns: Mapping[str, str],
    scope: Mapping[str, str] | None,
    rows: Sequence[Mapping[str, str | int | float | None]],
) -> list[exp.Expr]:
    """Rows of metasql's own tables in the place of those that have the values of `scope`."""
    trees: list[exp.Expr] = []
    if scope is not None:
        condition = all_of(*(equal(col(name), text(value)) for name, value in scope.items()))
        trees.append(exp.Delete(this=table(relation), where=exp.Where(this=condition)))
    if rows:
        tuples = [
            exp.Tuple(expressions=[_value(row.get(column), type_) for column, type_ in columns.items()]) for row in rows
        ]
        trees.append(_insert(relation, list(columns), exp.Values(expressions=tuples)))
    return trees


def _value(value: str | int | float | None, type_: str) -> exp.Expr:
    if value is None:
        return exp.null()
    if isinstance(value, str):
        return cast(text(value), type_) if type_ == "timestamp" else text(value)
    return exp.Literal.number(value)
