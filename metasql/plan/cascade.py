"""The prediction behind `metasql plan`: what a run would do to each feature, through the whole graph.

Level by level: a feature's increment is asked of temporary tables in which its dependencies stand
as they would be (plan/predict.py), and gives the temporary table for those behind it. So no query is
deeper than an increment. Data versions that come from provenance are known before anything is
computed; a content that has to be computed counts as another one (plan/doubt.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from metasql.graph.nodes import Feature, Field, Graph
from metasql.names import flat, stale_column
from metasql.plan.doubt import UNSURE, Doubts, Predictions, doubt_column, doubts, is_told_by_sql, slim
from metasql.plan.expected import Expected
from metasql.plan.increment import compare, reason, stale_fields
from metasql.plan.layout import Layout
from metasql.plan.sql import (
    Block,
    all_of,
    any_of,
    as_,
    case,
    col,
    cols,
    false,
    joined,
    not_null,
    on_equal,
    select,
    table,
    text,
    true,
    with_blocks,
)
from metasql.plan.stand_in import Source, Sources, over

TELLING = ("metasql_state", "metasql_reason", "metasql_stale_fields", "metasql_certain", "metasql_may_go")


@dataclass(frozen=True)
class Level:
    """One feature in the cascade: what it is asked over.

    `live` are its stored samples, None where it has none; `read` is the table into which a root's
    body was read; `contents` are the fields whose data version is their content.
    `across`: its body looks across samples, and will read something new: then any sample may come out otherwise.
    """

    feature: Feature
    graph: Graph
    layout: Layout
    sources: Sources
    predictions: Predictions
    live: Source | None
    columns: Sequence[str]
    contents: frozenset[str]
    read: str | None = None
    across: bool = False

    @property
    def deletes(self) -> bool:
        """Whether a run deletes what is orphaned."""
        return self.feature.orphans == "delete" and self.feature.body_for(self.layout.engine) is not None

    def told(self, field: Field) -> bool:
        """Whether a field that is not stale stays as it is when its row is computed again."""
        return is_told_by_sql(field, self.feature, self.graph, self.layout.engine)


def weighed(level: Level) -> tuple[tuple[Block, ...], Expected]:
    """Blocks that end in `weighed`: each unit with what would be done, and how sure that is."""
    small = slim(level.feature, level.predictions)
    compared = compare(small, level.graph, level.layout, read=level.read)
    doubted = doubts(small, level.predictions)
    blocks = over(compared.blocks, level.sources)
    query = _weighed(small, compared.expected, doubted)
    block = Block("weighed", "with what is not known before it is computed", query)
    return (*blocks, *doubted.blocks, block), compared.expected


def _weighed(feature: Feature, wanted: Expected, doubted: Doubts) -> exp.Select:
    judged = "judged"
    status = col("metasql_status", judged)
    stored = all_of(
        col("metasql_is_expected", judged),
        *(exp.Not(this=col(f"metasql_is_{what}", judged)) for what in ("new", "waiting")),
    )
    may_differ = any_of(*doubted.inputs.values())
    differs = {
        field.name: all_of(col("metasql_is_expected", judged), col(f"metasql_differs__{flat(field.name)}", judged))
        for field in feature.fields
    }
    surely = [all_of(tree, exp.Not(this=exp.paren(doubted.inputs[name]))) for name, tree in differs.items()]
    surely += [col("metasql_by_code", judged), col("metasql_is_matched", judged)]
    made = case((not_null(status), status), (all_of(stored, may_differ), text("stale")))
    certain = case(
        (status.isin("orphaned"), false() if doubted.open else true()),
        (status.isin("new"), exp.Not(this=exp.paren(doubted.unsure))),
        otherwise=all_of(exp.Not(this=exp.paren(doubted.unsure)), any_of(*surely)),
    )
    columns: list[exp.Expr] = [*cols(feature.unit_columns, judged), *cols(wanted.carried, judged)]
    columns += cols(dict.fromkeys(wanted.representative.values()), judged)
    columns += cols(("metasql_by_code", "metasql_is_matched", "metasql_is_waiting", "metasql_is_new"), judged)
    columns += [as_(made, "metasql_status"), as_(certain, "metasql_certain"), as_(doubted.unsure, UNSURE)]
    there = any_of(*(not_null(col(f"metasql_previous__{flat(field.name)}", judged)) for field in feature.fields))
    may_go = all_of(col("metasql_is_expected", judged), exp.paren(there), exp.paren(doubted.unsure))
    columns.append(as_(may_go, "metasql_may_go"))
    for field in feature.fields:
        doubt = doubted.inputs[field.name]
        columns.append(as_(doubt, doubt_column(field.name)))
        columns.append(
            as_(any_of(differs[field.name], all_of(stored, exp.paren(doubt))), f"metasql_differs__{flat(field.name)}")
        )
        stale = any_of(col(stale_column(field.name), judged), all_of(stored, exp.paren(doubt)))
        columns.append(as_(stale, stale_column(field.name)))
    query = select(*columns).from_(table(judged), copy=False)
    for name, unit in doubted.joins:
        query = joined(query, table(name), on_equal(judged, name, unit), "LEFT")
    return query


def telling(feature: Feature) -> list[exp.Expr]:
    """Of each unit of `weighed` what is counted: its state, why, and how sure that is."""
    waiting = col("metasql_is_waiting")
    listed = not_null(col("metasql_status"))
    return [
        as_(case((waiting, text("waiting")), otherwise=col("metasql_status")), "metasql_state"),
        as_(case((waiting, text("waiting")), (listed, reason(feature))), "metasql_reason"),
        as_(case((listed, stale_fields(feature))), "metasql_stale_fields"),
        as_(col("metasql_certain"), "metasql_certain"),
        as_(col("metasql_may_go"), "metasql_may_go"),
    ]


def told_units(level: Level) -> exp.Query:
    """What is counted of a feature behind which nothing stands."""
    blocks, _ = weighed(level)
    return with_blocks(select(*telling(level.feature)).from_(table("weighed"), copy=False), blocks)


def counted(units: exp.Expr) -> exp.Query:
    """Units counted. Grain: state, reason, set of stale fields, whether it is certain, whether it may be orphaned."""
    there = any_of(not_null(col("metasql_state", "unit")), col("metasql_may_go", "unit"))
    query = select(*cols(TELLING, "unit"), as_(exp.Count(this=exp.Star()), "units"))
    query = query.from_(units, copy=False).where(there, copy=False)
    return query.group_by(*cols(TELLING, "unit"), copy=False)
