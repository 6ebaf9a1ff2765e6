"""One feature: its words in YAML, in `config(...)` and in folder defaults, already merged, as a declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from metasql.config.document import Node, plain
from metasql.config.reader import Reader, Render
from metasql.diagnostics import Bag
from metasql.parse.declarations import MOST_ATTEMPTS, CostDecl, FeatureDecl
from metasql.parse.declare_columns import columns_of, data_version_of, fields_of
from metasql.parse.declare_dependency import deps_of
from metasql.parse.declare_names import columns
from metasql.parse.declare_tests import tests_of
from metasql.source import Span, Word

HINTS: Mapping[str, str] = {
    "materialized": "remove it: every feature is a table that is kept up to date",
    "unique_key": "write `id_columns`",
    "incremental_strategy": "remove it: metasql replaces exactly the samples that changed",
    "alias": "remove it: the relation is named by the feature's key",
    "schema": "remove it: the schema is the target's, in `profiles.yml`",
    "depends_on": "write `deps`",
    "primary_key": "write `id_columns`",
    "ids": "write `id_columns`",
    "code_version": "code versions are kept for each field: write it under `fields`",
    "version": "versions are kept for each field: write it under `fields`",
    "lineage": "lineage belongs to a dependency: write it under `deps`",
}
"""Words of dbt, and words in the wrong place, with what to write."""


@dataclass(frozen=True)
class RawFeature:
    """A feature as nodes. `path` is the file that declares it first."""

    key: Word
    node: Node
    path: str
    span: Span


def declare_feature(raw: RawFeature, render: Render | None, bag: Bag) -> FeatureDecl:
    """The declaration of a feature; what is wrong in it is in the bag and left out."""
    what = f"feature `{raw.key}`"
    reader = Reader.of(raw.node, bag, what, render, HINTS)
    reader.known.append("name")
    id_columns = _id_columns(reader, raw, bag)
    fields, per_column = fields_of(reader.raw("fields"), render, bag, what)
    made = FeatureDecl(
        key=raw.key,
        span=raw.span,
        path=raw.path,
        id_columns=id_columns,
        fields=fields,
        per_column=per_column,
        data_version=data_version_of(reader, bag),
        deps=deps_of(reader.items("deps"), fields, render, bag, what),
        columns=columns_of(reader.items("columns"), render, bag, what),
        tests=tests_of(reader.items("tests"), None, render, bag),
        **_words(reader),
    )
    reader.finish()
    return made


def is_enabled(raw: RawFeature, render: Render | None) -> bool:
    """Whether a feature takes part. What is wrong with the word is said when the feature is declared."""
    return Reader(raw.node, Bag(), "", render).flag("enabled", default=True)


def _id_columns(reader: Reader, raw: RawFeature, bag: Bag) -> tuple[Word, ...]:
    help = "name the columns that tell one sample from another: `id_columns: [video_id]`"
    node = reader.entry("id_columns")
    words = reader.texts("id_columns")
    if node is None or (node.kind == "sequence" and not node.items):
        span = raw.span if node is None else node.span
        bag.error("MS0305", f"{reader.what} has no `id_columns`", span, help=help)
    return columns(words, bag, f"`id_columns` of {reader.what}")


def _words(reader: Reader) -> dict[str, Any]:
    """The words that are one value each."""
    stale_when = reader.text("stale_when")
    owner = reader.text("owner")
    return {
        "stale_when": stale_when if stale_when and stale_when.strip() else None,
        "orphans": cast(Literal["delete", "keep"] | None, reader.choice("orphans", ("delete", "keep"))),
        "history": reader.boolean("history"),
        "on_schema_change": reader.choice("on_schema_change", ("fail", "append", "sync"), default="fail"),
        "contract": _contract(reader),
        "description": str(reader.text("description") or ""),
        "cost_per_sample": _cost(reader),
        "max_attempts": reader.integer("max_attempts", default=MOST_ATTEMPTS, least=1, most=1000) or MOST_ATTEMPTS,
        "retry_after": _retry_after(reader),
        "owner": None if owner is None else str(owner),
        "tags": tuple(dict.fromkeys(map(str, reader.texts("tags")))),
        "meta": _meta(reader),
        "enabled": reader.flag("enabled", default=True),
        "pre_hook": reader.raw_texts("pre_hook"),
        "post_hook": reader.raw_texts("post_hook"),
    }


def _meta(reader: Reader) -> Mapping[str, Any]:
    node = reader.mapping("meta")
    return {} if node is None else plain(node, words=False)


def _contract(reader: Reader) -> bool:
    """Whether the declared columns and types are what the body has to give."""
    inner = reader.inner("contract", "`contract`")
    if inner is None:
        return False
    enforced = inner.flag("enforced")
    inner.finish()
    return enforced


def _retry_after(reader: Reader) -> int:
    """The seconds that a sample waits after its first error; 0 where that is not said."""
    inner = reader.inner("retry_after", "`retry_after`")
    if inner is None:
        return 0
    count, period = inner.integer("count", least=1, most=10_000), inner.choice("period", tuple(_SECONDS))
    for name, value in (("count", count), ("period", period)):
        if value is None and not inner.has(name):
            inner.missing(name, "write `retry_after: {count: 10, period: minute}`")
    inner.finish()
    return 0 if count is None or period is None else count * _SECONDS[str(period)]


_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


def _cost(reader: Reader) -> CostDecl | None:
    inner = reader.inner("cost_per_sample", "`cost_per_sample`")
    if inner is None:
        return None
    amount, unit = inner.number("amount", least=0), inner.text("unit")
    for name, value in (("amount", amount), ("unit", unit)):
        if value is None and not inner.has(name):
            inner.missing(name, "write `cost_per_sample: {amount: 0.004, unit: USD}`")
    inner.finish()
    return None if amount is None or unit is None else CostDecl(amount, str(unit))
