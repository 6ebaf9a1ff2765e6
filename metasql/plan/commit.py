"""The steps of a commit from outside: read, check, join with what is stored (semantics.md, committing).

The batch stands in `metasql_batch` with `metasql_row` (from 1, as messages count rows);
for an expansion with `--inputs` the processed inputs stand in `metasql_batch_inputs`.
Values that come as text are cast with care: what does not stand for a value of the
column's type is named with its row, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from metasql.graph import version
from metasql.graph.nodes import Feature, Field, Kind
from metasql.names import (
    content_column,
    data_version_column,
    inputs_column,
    provenance_column,
    recipe_column,
)
from metasql.plan import provenance
from metasql.plan.layout import Layout
from metasql.plan.receipt import RECEIPT, feature_version, said, words
from metasql.plan.sql import (
    all_of,
    any_of,
    as_,
    case,
    cast,
    coalesce,
    col,
    cols,
    concat,
    current,
    differs,
    equal,
    is_null,
    not_null,
    null,
    number,
    on_equal,
    op,
    select,
    star,
    table,
    text,
)
from metasql.plan.steps import Check, Step, Temporary
from metasql.plan.write import INCOMING, INCOMING_INPUTS, row_columns

BATCH = "metasql_batch"
BATCH_INPUTS = "metasql_batch_inputs"
TYPED = "metasql_typed"
TYPED_INPUTS = "metasql_typed_inputs"
RECEIPTS = "metasql_receipts"
MOST = 5
"""So many faulty rows are named."""


@dataclass(frozen=True)
class BatchColumn:
    """A column of the batch: the type it must have, and whether its values come as text."""

    name: str
    type: exp.DataType
    is_text: bool


def typed(name: str, into: str, columns: Sequence[BatchColumn]) -> list[Step | Check]:
    """The batch with every value cast to its column's type, and the values that cannot be."""
    steps: list[Step | Check] = []
    trees: list[exp.Expr] = [col("metasql_row", "batch")]
    for column in columns:
        raw = col(column.name, "batch")
        trees.append(as_(op("try_cast_text", raw, column.type), column.name))
    query = select(*trees).from_(table(name, "batch"), copy=False)
    steps.append(Temporary("the batch, every value as its column's type", into, query))
    steps += [_type_check(name, column) for column in columns if not _takes_all(column)]
    return steps


def _takes_all(column: BatchColumn) -> bool:
    return column.is_text and column.type.is_type(*exp.DataType.TEXT_TYPES)


def _type_check(name: str, column: BatchColumn) -> Check:
    raw = col(column.name, "batch")
    bad = is_null(op("try_cast_text", raw, column.type))
    if column.type.is_type(*exp.DataType.INTEGER_TYPES):
        whole = op("matches", cast(raw, "text"), text(r"^\s*[+-]?[0-9]+(\.0+)?\s*$"))
        bad = any_of(bad, exp.Not(this=whole))
    elif column.is_text and column.type.is_type("decimal") and len(column.type.expressions) == 2:
        places = column.type.expressions[1].name
        exact = op("matches", raw, text(rf"^\s*[+-]?[0-9]*(\.[0-9]{{0,{places}}}0*)?\s*$"))
        bad = any_of(bad, exp.Not(this=exact))
    query = select(col("metasql_row", "batch"), as_(cast(raw, "text"), "value")).from_(table(name, "batch"), copy=False)
    query = (
        query.where(all_of(not_null(raw), exp.paren(bad)), copy=False)
        .order_by(col("metasql_row", "batch"), copy=False)
        .limit(MOST, copy=False)
    )
    wanted = column.type.sql("duckdb").lower() if not column.type.is_type("userdefined") else str(column.type)
    return Check(
        f"`{column.name}` holds values of its type",
        query,
        "MS0810",
        f"row {{0}}: `{{1}}` in column `{column.name}` is no {wanted}",
        "correct the value; nothing of the batch was written",
    )


def key_checks(raw: str, name: str, columns: Sequence[str], what: str) -> list[Check]:
    """No id is NULL in the batch as it came, and none comes twice once it is typed."""
    rows = table(name, "batch")
    missing = [
        Check(
            f"`{column}` is given in every row",
            select(col("metasql_row", "batch"))
            .from_(table(raw, "batch"), copy=False)
            .where(is_null(col(column, "batch")), copy=False)
            .order_by(col("metasql_row", "batch"), copy=False)
            .limit(MOST, copy=False),
            "MS0803",
            f"row {{0}}: the id column `{column}` is NULL",
            "give every row its id; nothing of the batch was written",
        )
        for column in columns
    ]
    shown = ", ".join(f"{column} = {{{index}}}" for index, column in enumerate(columns))
    first = exp.Min(this=col("metasql_row", "batch"))
    last = exp.Max(this=col("metasql_row", "batch"))
    twice = select(
        *(as_(cast(col(column, "batch"), "text"), column) for column in columns),
        as_(first, "first_row"),
        as_(last, "last_row"),
    )
    twice = twice.from_(rows, copy=False).where(all_of(*(not_null(col(name, "batch")) for name in columns)), copy=False)
    twice = twice.group_by(*cols(columns, "batch"), copy=False)
    twice = twice.having(exp.GT(this=exp.Count(this=exp.Star()), expression=number(1)), copy=False).limit(
        MOST, copy=False
    )
    count = len(columns)
    return [
        *missing,
        Check(
            f"every {what} comes once",
            twice,
            "MS0805",
            f"rows {{{count}}} and {{{count + 1}}} are both for {shown}",
            "let one row of each be in the batch; nothing of it was written",
        ),
    ]


def receipt_checks(feature: Feature, name: str) -> list[Check]:
    """Every row has a receipt that was handed out for it."""
    given = col(RECEIPT, "batch")
    shown = [as_(cast(col(column, "batch"), "text"), column) for column in feature.unit_columns]
    which = ", ".join(f"{column} = {{{index}}}" for index, column in enumerate(feature.unit_columns, start=1))
    check = exp.Substring(this=given, start=number(4), length=number(version.WIDTH))
    known = exp.Substring(this=given, start=number(1), length=number(3))
    unit = provenance.encoded_columns(feature, feature.unit_columns, "batch")
    named = [not_null(col(column, "batch")) for column in feature.unit_columns]
    right = all_of(
        equal(known, text(f"{provenance.RECEIPT}:")),
        equal(check, provenance.receipt_check(feature, unit, words("batch"))),
    )

    def rows(condition: exp.Expr) -> exp.Select:
        query = select(col("metasql_row", "batch"), *shown).from_(table(name, "batch"), copy=False)
        return query.where(condition, copy=False).order_by(col("metasql_row", "batch"), copy=False).limit(MOST)

    return [
        Check(
            "every row has a receipt",
            rows(is_null(given)),
            "MS0806",
            f"row {{0}} ({which}) has no receipt",
            f"hand back `{RECEIPT}` as the increment gave it for this row",
        ),
        Check(
            "every receipt is of its row",
            rows(all_of(not_null(given), *named, exp.Not(this=exp.paren(right)))),
            "MS0807",
            f"row {{0}} ({which}) has a receipt that was not handed out for it",
            f"hand back `{RECEIPT}` as the increment of `{feature.key}` gave it for this row",
        ),
    ]


def receipts_of_children(feature: Feature) -> list[Step | Check]:
    """The processed inputs, from the receipts that their children carry."""
    unit = feature.unit_columns
    query = select(
        as_(exp.Min(this=col("metasql_row", "batch")), "metasql_row"),
        *cols(unit, "batch"),
        as_(exp.Min(this=col(RECEIPT, "batch")), RECEIPT),
    )
    query = query.from_(table(TYPED, "batch"), copy=False).group_by(*cols(unit, "batch"), copy=False)
    other = select(col("metasql_row", "batch")).from_(table(TYPED, "batch"), copy=False)
    other = other.join(table(RECEIPTS, "input"), on=on_equal("batch", "input", unit), copy=False)
    other = other.where(differs(col(RECEIPT, "batch"), col(RECEIPT, "input")), copy=False).limit(MOST, copy=False)
    return [
        Temporary("the inputs that were processed", RECEIPTS, query),
        Check(
            "the children of one input carry one receipt",
            other,
            "MS0808",
            "row {0}: another child of the same input has another receipt",
            "all children of an input are committed together, with the receipt of that input",
        ),
    ]


def receipts_of_inputs(feature: Feature) -> list[Step | Check]:
    """The processed inputs, as they were listed beside the children."""
    unit = feature.unit_columns
    query = select(col("metasql_row", "batch"), *cols(unit, "batch"), col(RECEIPT, "batch"))
    lost = select(col("metasql_row", "batch")).from_(table(TYPED, "batch"), copy=False)
    lost = lost.join(table(RECEIPTS, "input"), on=on_equal("batch", "input", unit), join_type="left", copy=False)
    lost = (
        lost.where(is_null(col("metasql_row", "input")), copy=False)
        .order_by(col("metasql_row", "batch"), copy=False)
        .limit(MOST, copy=False)
    )
    return [
        Temporary("the inputs that were processed", RECEIPTS, query.from_(table(TYPED_INPUTS, "batch"), copy=False)),
        Check(
            "every child is of a listed input",
            lost,
            "MS0809",
            "row {0} is a child of no input that was listed",
            "list its input with its receipt in the inputs file",
        ),
    ]


def incoming(feature: Feature, layout: Layout, given: Mapping[str, BatchColumn]) -> Step:
    """The rows as they will be stored, with recipe, inputs, provenance and data version.

    One after the other: within a CASE, engines compute again what stands beside it.
    """
    is_root = feature.kind is Kind.ROOT
    told: list[exp.Expr] = [star("merged")]
    hashed: list[exp.Expr] = [star("told")]
    rows: dict[str, exp.Expr] = {column.name: col(column.name, "made") for column in feature.columns}
    for field in feature.fields:
        recipe, inputs, hash_, data = (make(field.name) for make in _MADE)
        if not is_root and not brings(field, given):
            rows |= {name: as_(col(f"stored_{name}", "made"), name) for name in (recipe, inputs, hash_, data)}
            continue
        versions = _root_versions(feature, field, given) if is_root else said(feature, field, "merged")
        told += [as_(tree, name) for tree, name in zip(versions, (recipe, inputs), strict=True)]
        hashed.append(as_(provenance.provenance(col(recipe, "told"), col(inputs, "told")), hash_))
        rows |= {name: col(name, "made") for name in (recipe, inputs, hash_)}
        rows[data] = as_(_data_version(field, given), data)
    made_for = text(feature.version) if is_root else feature_version("made")
    rows["metasql_feature_version"] = as_(made_for, "metasql_feature_version")
    query = select(*told).from_(_merged(feature, layout, given).subquery("merged", copy=False), copy=False)
    query = select(*hashed).from_(query.subquery("told", copy=False), copy=False)
    query = select(*(rows[name] for name in row_columns(feature))).from_(query.subquery("made", copy=False), copy=False)
    return Temporary("the rows as they will be stored", INCOMING, query)


def _merged(feature: Feature, layout: Layout, given: Mapping[str, BatchColumn]) -> exp.Select:
    """The batch, beside what is stored where it leaves something out: that keeps its value."""
    columns: list[exp.Expr] = cols(feature.id_columns, "batch")
    kept: list[tuple[str, str]] = []
    for column in feature.data_columns:
        if column.name in given:
            columns.append(col(column.name, "batch"))
        else:
            kept.append((column.name, column.name))
    query = exp.Select().from_(table(TYPED, "batch"), copy=False)
    if feature.is_expansion:
        on = on_equal("batch", "input", feature.unit_columns)
        query = query.join(table(RECEIPTS, "input"), on=on, copy=False)
    if feature.kind is not Kind.ROOT:
        columns.append(col(RECEIPT, "input" if feature.is_expansion else "batch"))
    for field in feature.fields:
        for name in (content_column(field.name), data_version_column(field.name)):
            if name in given:
                columns.append(as_(col(name, "batch"), f"given_{name}"))
        kept += [(name, f"stored_{name}") for name in _kept(feature, field, given)]
    if kept:
        stored, alive = (
            current(layout.of(feature.key, "samples"), "stored"),
            is_null(col("metasql_deleted_at", "stored")),
        )
        on = on_equal("batch", "stored", feature.id_columns)
        query = query.join(stored, on=on, join_type="left", copy=False)
        columns += [as_(case((alive, col(name, "stored"))), new) for name, new in kept]
    return query.select(*columns, copy=False)


def _kept(feature: Feature, field: Field, given: Mapping[str, BatchColumn]) -> list[str]:
    """The stored versions that a field may keep: a root's content, and all of a field that the batch leaves out."""
    if feature.kind is Kind.ROOT:
        return [inputs_column(field.name)]
    return [] if brings(field, given) else [make(field.name) for make in _MADE]


_MADE = (recipe_column, inputs_column, provenance_column, data_version_column)


def brings(field: Field, given: Iterable[str]) -> bool:
    """Whether a batch has results of a field: one that has columns of its own is told by them."""
    return not field.columns or any(name in given for name in field.columns)


def _root_versions(feature: Feature, field: Field, given: Mapping[str, BatchColumn]) -> tuple[exp.Expr, exp.Expr]:
    """A root's recipe is the declared one; its inputs are the content as it was given."""
    recipe: exp.Expr = text(field.recipe)
    if field.content is not None or field.columns:
        return recipe, provenance.content(feature, field, "merged")
    if content_column(field.name) in given:
        column = given[content_column(field.name)]
        value = col(f"given_{content_column(field.name)}", "merged")
        return recipe, op("hash", provenance.encoded(value, column.type if column.is_text else None))
    kept = col(f"stored_{inputs_column(field.name)}", "merged")
    if data_version_column(field.name) in given:
        value = col(f"given_{data_version_column(field.name)}", "merged")
        inputs = case((not_null(value), op("hash", provenance.encoded(value))), otherwise=kept)
    else:
        inputs = kept
    return case((not_null(inputs), recipe)), inputs


def _data_version(field: Field, given: Mapping[str, BatchColumn]) -> exp.Expr:
    """What was given, hashed; where that is NULL, the stored one is kept later (plan/write.py)."""
    name = data_version_column(field.name)
    if name not in given:
        return null("text")
    value = col(f"given_{name}", "made")
    hashed = op("hash", concat(text(version.encode("data version")), provenance.encoded(value)))
    return case((not_null(value), hashed), otherwise=null("text"))


def incoming_inputs(feature: Feature) -> Step:
    """The processed inputs with their versions and the number of their children."""
    unit = feature.unit_columns
    children = select(*cols(unit, "batch"), as_(exp.Count(this=exp.Star()), "metasql_rows"))
    children = children.from_(table(TYPED, "batch"), copy=False).group_by(*cols(unit, "batch"), copy=False)
    trees: list[exp.Expr] = cols(unit, "input")
    for field in feature.fields:
        recipe, inputs = said(feature, field, "input")
        trees += [
            as_(recipe, recipe_column(field.name)),
            as_(inputs, inputs_column(field.name)),
            as_(provenance.provenance(recipe, inputs), provenance_column(field.name)),
            as_(null("text"), data_version_column(field.name)),
        ]
    trees.append(as_(coalesce(col("metasql_rows", "child"), number(0)), "metasql_children"))
    trees.append(as_(feature_version("input"), "metasql_feature_version"))
    on = on_equal("input", "child", unit)
    query = select(*trees).from_(table(RECEIPTS, "input"), copy=False)
    query = query.join(children.subquery("child", copy=False), on=on, join_type="left", copy=False)
    return Temporary("the processed inputs as they will be stored", INCOMING_INPUTS, query)
