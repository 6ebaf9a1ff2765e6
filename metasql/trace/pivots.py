"""PIVOT and UNPIVOT whose columns are written out."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from metasql.trace.reach import NOTHING, EdgeKind, Reach, gather
from metasql.trace.relation import Relation

Value = Callable[[object, Relation], Reach]
"""What expressions over a relation are made of."""


def pivoted(pivot: exp.Expr, relation: Relation, value: Value) -> Relation | None:
    """The relation that a pivot makes of another; None where its columns depend on the data."""
    fields = [field for field in pivot.args.get("fields") or [] if isinstance(field, exp.In)]
    if relation.columns is None or not fields or len(fields) != len(pivot.args["fields"]):
        return None
    if pivot.args.get("unpivot"):
        if not all(_is_column(part) for field in fields for part in field.expressions):
            return None
        return _unpivoted(pivot, fields, relation, value)
    if any(not isinstance(item.unalias(), exp.Literal) for field in fields for item in field.expressions or [pivot]):
        return None
    read = value([*pivot.expressions, *(field.this for field in fields)], relation)
    return _grouped(pivot, relation, read, value)


def _grouped(pivot: exp.Expr, relation: Relation, read: Reach, value: Value) -> Relation:
    """A row for each of the groups: of the columns that are named, else of those that are not read."""
    group = pivot.args.get("group")
    used = {column.name.lower() for part in _read(pivot) for column in part.find_all(exp.Column)}
    names = [name.lower() for name in relation.columns or () if name.lower() not in used]
    if group is not None:
        names = [part.name.lower() for part in group.expressions]
    kept = {name: relation.reach(name, pivot) or value(group, relation) for name in names}
    rows = gather(kept.values()).by(EdgeKind.GROUP)
    return Relation(names=relation.names, named=kept, rest=read, rows=relation.rows | rows)


def _read(pivot: exp.Expr) -> list[exp.Expr]:
    return [*pivot.expressions, *(field.this for field in pivot.args["fields"])]


def _is_column(node: exp.Expr) -> bool:
    """Whether a column is written out, or several that become one row."""
    node = node.this if isinstance(node, exp.PivotAlias) else node
    return isinstance(node, exp.Column) or (isinstance(node, exp.Tuple) and all(map(_is_column, node.expressions)))


def _unpivoted(pivot: exp.Expr, fields: list[exp.In], relation: Relation, value: Value) -> Relation:
    """A row for each of the columns: rows whose value is NULL are left out."""
    columns = [column for field in fields for part in field.expressions for column in part.find_all(exp.Column)]
    read = value(columns, relation)
    gone = {column.name.lower() for column in columns}
    named = {name.lower(): relation.reach(name.lower(), pivot) or NOTHING for name in relation.columns or ()}
    named = {name: reach for name, reach in named.items() if name not in gone}
    named |= {field.this.name.lower(): NOTHING for field in fields if isinstance(field.this, exp.Identifier)}
    kept = NOTHING if pivot.args.get("include_nulls") else read.by(EdgeKind.FILTER)
    return Relation(names=relation.names, named=named, rest=read, rows=relation.rows | kept)
