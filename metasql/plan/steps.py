"""The frozen steps of a run: a tree and the sentence it stands under."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from metasql.plan.sql import as_, cast, col, null, number, text


@dataclass(frozen=True)
class Step:
    """One statement of a run, and what it is for."""

    purpose: str
    tree: exp.Expr


@dataclass(frozen=True)
class Check:
    """A query that must return no rows; each row it returns is a fault to name.

    `message` and `help` are filled with the row's values by position.
    """

    purpose: str
    tree: exp.Query
    code: str
    message: str
    help: str


@dataclass(frozen=True)
class Stamp:
    """What a write puts on each row: the run, its time (UTC, microseconds), its commit number."""

    run_id: str
    at: str
    commit: int

    def time(self) -> exp.Expr:
        return cast(text(self.at), "timestamp")

    def columns(self) -> dict[str, exp.Expr]:
        return {
            "metasql_run_id": text(self.run_id),
            "metasql_updated_at": self.time(),
            "metasql_deleted_at": null("timestamp"),
            "metasql_commit": number(self.commit),
        }


def temporary(name: str, query: exp.Query, purpose: str) -> Step:
    """A table of this connection alone, made anew."""
    properties = exp.Properties(expressions=[exp.TemporaryProperty()])
    tree = exp.Create(
        this=exp.Table(this=exp.to_identifier(name)),
        kind="TABLE",
        replace=True,
        expression=query,
        properties=properties,
    )
    return Step(purpose, tree)


def insert(into: exp.Table, columns: list[str], query: exp.Query, purpose: str) -> Step:
    target = exp.Schema(this=into, expressions=[exp.to_identifier(name) for name in columns])
    return Step(purpose, exp.Insert(this=target, expression=query))


def delete_matching(target: exp.Table, using: exp.Table, condition: exp.Expr, purpose: str) -> Step:
    """Rows of the target that meet some row of another table."""
    return Step(purpose, exp.Delete(this=target, using=[using], where=exp.Where(this=condition)))


def update_matching(
    target: exp.Table,
    values: dict[str, exp.Expr],
    using: exp.Table | None,
    condition: exp.Expr,
    purpose: str,
) -> Step:
    sets = [exp.EQ(this=col(name), expression=value) for name, value in values.items()]
    tree = exp.Update(this=target, expressions=sets, where=exp.Where(this=condition))
    if using is not None:
        tree.set("from_", exp.From(this=using))
    return Step(purpose, tree)


def named(values: dict[str, exp.Expr]) -> list[exp.Expr]:
    return [as_(value, name) for name, value in values.items()]
