"""What a project declares, as it was written: the frozen values between parsing and linking.

Every text that a message may have to point at is a `Word`: a `str` with its place.
Nothing here is resolved: a dependency's feature may not exist yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from sqlglot import exp

from metasql.source import NOWHERE, LineMap, Span, Word


@dataclass(frozen=True)
class LineageDecl:
    """`lineage:` of a dependency. `on` is None where the author left it out."""

    kind: Literal["identity", "lookup", "expansion", "aggregation"]
    on: tuple[Word, ...] | None = None
    span: Span = NOWHERE


@dataclass(frozen=True)
class FieldMapping:
    """`fields:` of a dependency: how our fields map to its fields."""

    kind: Literal["default", "all", "none", "suffix", "named"] = "default"
    named: Mapping[Word, tuple[Word, ...]] = field(default_factory=dict)
    exclude: tuple[Word, ...] = ()
    span: Span = NOWHERE


@dataclass(frozen=True)
class DependencyDecl:
    """One entry of `deps:`. `columns` chooses columns; `aggregates` are name → SQL expression."""

    feature: Word
    lineage: LineageDecl | None = None
    optional: bool = False
    where: Word | None = None
    rename: Mapping[Word, Word] = field(default_factory=dict)
    columns: tuple[Word, ...] | None = None
    aggregates: Mapping[Word, Word] = field(default_factory=dict)
    fields: FieldMapping = FieldMapping()
    span: Span = NOWHERE
    from_body: bool = False


@dataclass(frozen=True)
class DataVersion:
    """What downstream reads of a field, as the author wrote it: its content, or else its provenance."""

    word: Word
    is_content: bool


@dataclass(frozen=True)
class FieldDecl:
    """One entry of `fields:`. `deps` is None where the author left it to the mappings.

    `model`: the code version is that of this model which is promoted; `code_version` is the one by none.
    """

    name: Word
    code_version: Word | None = None
    model: Word | None = None
    deps: tuple[Word, ...] | None = None
    columns: tuple[Word, ...] = ()
    version: Word | None = None
    data_version: DataVersion | None = None
    description: str = ""


@dataclass(frozen=True)
class TestDecl:
    """One generic test: on a column, or on the feature where `column` is None."""

    __test__ = False

    name: Word
    column: Word | None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    severity: Literal["error", "warn"] = "error"
    where: Word | None = None
    limit: int | None = None
    store_failures: bool = False
    warn_if: str = "!= 0"
    error_if: str = "!= 0"


@dataclass(frozen=True)
class ColumnDecl:
    """One entry of `columns:`. `type` is in the words of the project's dialect."""

    name: Word
    type: Word | None = None
    description: str = ""
    tests: tuple[TestDecl, ...] = ()


@dataclass(frozen=True)
class Ref:
    """A `ref('key')` or `source('raw', 'videos')` in a body.

    `placeholder` is the table name that stands for it in the rendered SQL.
    """

    kind: Literal["ref", "source"]
    name: Word
    table: Word | None
    placeholder: str


@dataclass(frozen=True)
class Body:
    """The SELECT of a SQL or root feature: its rendered text, its tree, what it refers to.

    `engine` is set for a body that was written for one engine (`name.clickhouse.sql`).
    `carried` is its tree in the words of the target's engine, where that is not the project's dialect.
    `variants` are its text and tree on every engine, where it asks which one it is on. `asks_data` says
    that its text hangs on what the warehouse holds.
    """

    path: str
    text: str
    tree: exp.Query
    lines: LineMap
    refs: tuple[Ref, ...]
    engine: str | None = None
    carried: exp.Query | None = None
    variants: Mapping[str, tuple[str, exp.Query]] = field(default_factory=dict)
    asks_data: bool = False


@dataclass(frozen=True)
class CostDecl:
    """What one sample costs to compute; `unit` is a currency or any other unit."""

    amount: float
    unit: str


MOST_ATTEMPTS = 3
"""So often a sample that fails is handed out, where the feature says nothing."""


@dataclass(frozen=True)
class FeatureDecl:
    """One feature, from YAML, from `config(...)` at the head of a body, or both."""

    key: Word
    span: Span
    path: str
    id_columns: tuple[Word, ...] = ()
    fields: tuple[FieldDecl, ...] = ()
    per_column: bool = False
    data_version: DataVersion | None = None
    deps: tuple[DependencyDecl, ...] = ()
    columns: tuple[ColumnDecl, ...] = ()
    tests: tuple[TestDecl, ...] = ()
    stale_when: Word | None = None
    orphans: Literal["delete", "keep"] | None = None
    history: bool | None = None
    on_schema_change: Literal["fail", "append", "sync"] = "fail"
    contract: bool = False
    description: str = ""
    cost_per_sample: CostDecl | None = None
    max_attempts: int = MOST_ATTEMPTS
    retry_after: int = 0
    owner: str | None = None
    tags: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    enabled: bool = True
    pre_hook: tuple[str, ...] = ()
    post_hook: tuple[str, ...] = ()
    bodies: Mapping[str | None, Body] = field(default_factory=dict)


@dataclass(frozen=True)
class FreshnessDecl:
    """How old the newest row of a source may be: counts of a period, or None. `filter`: the rows that are looked at."""

    warn_after: tuple[int, str] | None = None
    error_after: tuple[int, str] | None = None
    filter: Word | None = None


@dataclass(frozen=True)
class SourceDecl:
    """One table that metasql reads and does not make."""

    source: Word
    table: Word
    schema: str
    identifier: str
    database: str | None = None
    columns: tuple[ColumnDecl, ...] = ()
    loaded_at_field: Word | None = None
    freshness: FreshnessDecl | None = None
    description: str = ""
    span: Span = NOWHERE


@dataclass(frozen=True)
class SeedDecl:
    """One CSV file. `types` are column → type in the project's dialect, from YAML."""

    name: Word
    path: str
    header: tuple[str, ...]
    types: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    tags: tuple[str, ...] = ()
    span: Span = NOWHERE


@dataclass(frozen=True)
class AssertionDecl:
    """One SELECT that must return no rows: a singular assertion, or a generic test made concrete."""

    name: str
    path: str
    text: str
    tree: exp.Query
    lines: LineMap
    refs: tuple[Ref, ...]
    feature: str | None = None
    column: str | None = None
    severity: Literal["error", "warn"] = "error"
    limit: int | None = None
    store_failures: bool = False
    warn_if: str = "!= 0"
    error_if: str = "!= 0"
    tags: tuple[str, ...] = ()
    asked: Span | None = None
    """Where a generic test is asked for."""
    test: TestDecl | None = None
    """The generic test, as it was asked for."""


@dataclass(frozen=True)
class RowDecl:
    """One row that a unit test gives or expects: column → value of YAML."""

    values: Mapping[str, Any]
    span: Span


@dataclass(frozen=True)
class UnitTestDecl:
    """A unit test of a feature's increment.

    `upstream` are the rows of what the feature reads, by name; `stored` its own rows, which were made of
    `stored_from` (of `upstream` where that is silent) by the code versions that they say. An expectation that is
    None is not looked at.
    """

    name: Word
    feature: Word
    upstream: Mapping[Word, tuple[RowDecl, ...]]
    stored_from: Mapping[Word, tuple[RowDecl, ...]]
    stored: tuple[RowDecl, ...]
    new: tuple[RowDecl, ...] | None = None
    stale: tuple[RowDecl, ...] | None = None
    orphaned: tuple[RowDecl, ...] | None = None
    rows: tuple[RowDecl, ...] | None = None
    description: str = ""


@dataclass(frozen=True)
class DatasetColumnDecl:
    """One entry of `columns:` of a dataset. `feature` is None where the author left it out, `name` likewise."""

    column: Word
    feature: Word | None = None
    name: Word | None = None


@dataclass(frozen=True)
class DatasetDecl:
    """One entry of `datasets:`. `columns` is None where the author wants all; `splits` keep the order they stand in."""

    name: Word
    features: tuple[Word, ...]
    columns: tuple[DatasetColumnDecl, ...] | None = None
    where: Word | None = None
    splits: Mapping[Word, Decimal] = field(default_factory=dict)
    description: str = ""
    owner: str | None = None
    tags: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""


@dataclass(frozen=True)
class ExposureDecl:
    """One entry of `exposures:`."""

    name: Word
    type: str
    depends_on: tuple[Word, ...]
    label: str | None = None
    url: str | None = None
    maturity: str | None = None
    owner: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    tags: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""


@dataclass(frozen=True)
class Declarations:
    """Everything that the files of a project declare, in the order of their paths.

    `apart`: of each YAML file, a digest of what it says besides its features.
    """

    features: tuple[FeatureDecl, ...] = ()
    sources: tuple[SourceDecl, ...] = ()
    seeds: tuple[SeedDecl, ...] = ()
    assertions: tuple[AssertionDecl, ...] = ()
    selectors: Mapping[str, Any] = field(default_factory=dict)
    disabled: tuple[Word, ...] = ()
    unit_tests: tuple[UnitTestDecl, ...] = ()
    datasets: tuple[DatasetDecl, ...] = ()
    exposures: tuple[ExposureDecl, ...] = ()
    projects: tuple[str, ...] = ()
    apart: Mapping[str, str] = field(default_factory=dict)
