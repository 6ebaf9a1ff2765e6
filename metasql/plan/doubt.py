"""What nobody can know of rows before they are computed, and how far that reaches.

A predicted table carries beside its rows what is not known of them: `metasql_unsure` (whether the
row will be there), `metasql_doubt__<field>` (whether its data version will be another one) and
`metasql_moved__<column>` (whether the column will hold another value). What stands on such rows is
counted as it would be if everything changed, and marked: an upper bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from metasql.graph.nodes import Dependency, Feature, Field, Graph, Kind, Lineage
from metasql.names import FeatureKey, flat
from metasql.parse.declarations import Body
from metasql.plan.expected import at
from metasql.plan.restrict import why_whole
from metasql.plan.sql import (
    Block,
    all_of,
    any_of,
    as_,
    case,
    coalesce,
    col,
    cols,
    equal,
    false,
    is_null,
    not_null,
    number,
    select,
    table,
)
from metasql.trace.makers import makes_rows

UNSURE = "metasql_unsure"


def doubt_column(field: str) -> str:
    return f"metasql_doubt__{flat(field)}"


def moved_column(column: str) -> str:
    return f"metasql_moved__{column}"


@dataclass(frozen=True)
class Predicted:
    """A feature's samples as they would be, in a temporary table, and what of them is in doubt.

    `open` are id columns of rows that nobody can count: of an input that was never processed, the children.
    """

    place: str
    unsure: bool = False
    doubted: frozenset[str] = frozenset()
    moved: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()


Predictions = Mapping[FeatureKey, Predicted]


def slim(feature: Feature, predictions: Predictions) -> Feature:
    """The feature without what is in no version; rows that may come to count are let in."""
    deps = tuple(
        replace(dep, carried=(), aggregates=(), where=_where(dep, predictions.get(dep.feature))) for dep in feature.deps
    )
    return replace(feature, deps=deps)


def needed_columns(feature: Feature, graph: Graph, chosen: frozenset[FeatureKey]) -> list[str]:
    """The data columns of a feature by which others let rows in or group them."""
    found: set[str] = set()
    for key in graph.children[feature.key]:
        for dep in graph.features[key].deps if key in chosen else ():
            if dep.feature == feature.key:
                found |= {theirs for theirs, _ in dep.match} | _read(dep.where)
    known = {column.name.lower(): column.name for column in feature.data_columns}
    return sorted({known[name.lower()] for name in found if name.lower() in known})


def _read(tree: exp.Expr | None) -> set[str]:
    return {node.name for node in tree.find_all(exp.Column)} if tree is not None else set()


def _moved(dep: Dependency, said: Predicted | None) -> list[str]:
    """The columns in doubt that say whether a row of a dependency counts, or where."""
    if said is None:
        return []
    read = {name.lower() for name in _read(dep.where)} | {theirs.lower() for theirs, _ in dep.match}
    return sorted(name for name in said.moved if name.lower() in read)


def _where(dep: Dependency, said: Predicted | None) -> exp.Expr | None:
    moved = _moved(dep, said)
    if dep.where is None or not moved:
        return dep.where
    return any_of(exp.paren(dep.where), *(exp.column(moved_column(name)) for name in moved))


def scattered(dep: Dependency, said: Predicted | None) -> bool:
    """Whether nobody can know which group some rows will belong to."""
    theirs = {name.lower() for name, _ in dep.match}
    return said is not None and any(name.lower() in theirs for name in said.moved)


def open_columns(feature: Feature, predictions: Predictions) -> frozenset[str]:
    """The unit columns of which rows will come that nobody can count."""
    found: set[str] = set()
    for dep in feature.deps:
        said = predictions.get(dep.feature)
        if scattered(dep, said):
            found |= set(feature.unit_columns)
        found |= {ours for theirs, ours in dep.match if said is not None and theirs in said.open}
    return frozenset(found)


@dataclass(frozen=True)
class Doubts:
    """What is in doubt of a feature's units: blocks to join, and conditions over them.

    `open`: rows will come that nobody can count, and what is orphaned may be among them.
    """

    blocks: tuple[Block, ...]
    joins: tuple[tuple[str, tuple[str, ...]], ...]
    unsure: exp.Expr
    inputs: Mapping[str, exp.Expr]
    open: bool = False


def doubts(feature: Feature, predictions: Predictions) -> Doubts:
    """The doubts that the rows of its dependencies bring to a feature's units, over `judged`."""
    blocks, joins = [], []
    unsure: list[exp.Expr] = []
    of_field: dict[str, list[exp.Expr]] = {field.name: [] for field in feature.fields}
    required = [dep for dep in feature.deps if dep.whole_key and not dep.optional]
    for dep in feature.deps:
        said = predictions.get(dep.feature)
        if said is None or not (said.unsure or said.doubted & set(dep.fields) or _moved(dep, said)):
            continue
        name = f"doubt_{dep.relation}"
        blocks.append(_block(name, dep, said))
        joins.append((name, tuple(ours for _, ours in dep.match)))
        there = coalesce(col(UNSURE, name), false())
        if not dep.optional or (dep.whole_key and not required):
            unsure.append(there)
        for field in feature.fields:
            parents = [parent.field for parent in field.parents if parent.feature == dep.feature]
            if parents and scattered(dep, said):
                of_field[field.name].append(exp.true())
            if parents and dep.optional:
                of_field[field.name].append(there)
            of_field[field.name] += [coalesce(col(doubt_column(parent), name), false()) for parent in parents]
    open_ = open_columns(feature, predictions)
    unsure += [is_null(col(name, "judged")) for name in sorted(open_)]
    inputs = {name: any_of(*found) for name, found in of_field.items()}
    return Doubts(tuple(blocks), tuple(joins), any_of(*unsure), inputs, bool(open_))


def _block(name: str, dep: Dependency, said: Predicted) -> Block:
    moved: list[exp.Expr] = [col(moved_column(column), "sample") for column in _moved(dep, said)]
    unsure = any_of(col(UNSURE, "sample"), *moved)
    there = [is_null(col("metasql_deleted_at", "sample"))]
    where = _where(dep, said)
    if where is not None:
        there.append(exp.paren(at("sample", where)))
    source = table(said.place, "sample")
    if dep.lineage is not Lineage.AGGREGATION:
        columns = [as_(col(theirs, "sample"), ours) for theirs, ours in dep.match]
        columns.append(as_(unsure, UNSURE))
        columns += cols((doubt_column(field) for field in dep.fields), "sample")
        query = select(*columns).from_(source, copy=False).where(all_of(*there), copy=False)
        return Block(name, f"{dep.feature}: what is not known of its rows yet", query)
    groups = cols((theirs for theirs, _ in dep.match), "sample")
    columns = [as_(col(theirs, "sample"), ours) for theirs, ours in dep.match]
    columns.append(as_(equal(exp.Min(this=_as_number(unsure)), number(1)), UNSURE))
    for field in dep.fields:
        changes = any_of(unsure, col(doubt_column(field), "sample"))
        columns.append(as_(equal(exp.Max(this=_as_number(changes)), number(1)), doubt_column(field)))
    there += [not_null(group) for group in groups]
    query = select(*columns).from_(source, copy=False).where(all_of(*there), copy=False)
    return Block(name, f"{dep.feature}: what is not known of its groups yet", query.group_by(*groups, copy=False))


def _as_number(condition: exp.Expr) -> exp.Expr:
    return case((condition, number(1)), otherwise=number(0))


def is_told_by_sql(field: Field, feature: Feature, graph: Graph, engine: str) -> bool:
    """Whether a field whose recipe and inputs stay gives the same values and rows when it is computed again.

    An author's own code version says nothing of an edit that it did not count; what has no version (a source, a
    seed, a file) may have changed; and so may other samples, where the body looks at them.
    """
    body = feature.body_for(engine)
    if body is None or not field.from_sql or why_whole(body, feature) is not None:
        return False
    return not _reads_outside(body, graph)


def _reads_outside(body: Body, graph: Graph) -> bool:
    features = {ref.placeholder for ref in body.refs if ref.kind == "ref" and graph.get(str(ref.name)) is not None}
    named = features | {cte.alias for cte in body.tree.find_all(exp.CTE)}
    tables = list(body.tree.find_all(exp.Table))
    return any(node.name not in named or not isinstance(node.this, exp.Identifier) for node in tables)


_SELECT_PARTS = frozenset({"kind", "hint", "expressions", "from_", "joins", "order", "group"})


def keeps_every_unit(feature: Feature, engine: str) -> bool:
    """Whether a body surely gives a row for each unit: one plain SELECT that filters nothing."""
    body = feature.body_for(engine)
    if body is None or feature.kind is not Kind.SQL or feature.is_expansion or not isinstance(body.tree, exp.Select):
        return False
    tree = body.tree
    if any(value for name, value in tree.args.items() if name not in _SELECT_PARTS):
        return False
    refs = {ref.placeholder: str(ref.name) for ref in body.refs if ref.kind == "ref"}
    whole = {str(dep.feature) for dep in feature.deps if dep.whole_key and not dep.optional}
    source = tree.args["from_"].this if tree.args.get("from_") else None
    if not isinstance(source, exp.Table) or refs.get(source.name) not in whole or len(whole) != 1:
        return False
    group = tree.args.get("group")
    if group is not None and any(value for name, value in group.args.items() if name != "expressions"):
        return False
    if source.args.get("joins") or source.args.get("sample") or source.args.get("pivots"):
        return False
    left = all(str(join.args.get("side") or "").upper() == "LEFT" for join in tree.args.get("joins") or ())
    return left and not any(makes_rows(node) for node in tree.walk())
