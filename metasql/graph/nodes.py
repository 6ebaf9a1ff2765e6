"""The linked graph: features whose names, keys and lineages are resolved and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import Any, Literal

from sqlglot import exp

from metasql.graph.dataset import Dataset
from metasql.graph.exposure import Exposure
from metasql.names import FeatureKey, FieldKey
from metasql.parse.declarations import MOST_ATTEMPTS, AssertionDecl, Body, CostDecl, SeedDecl, SourceDecl, TestDecl
from metasql.source import NOWHERE, Span, Word


class Kind(str, Enum):
    """Who computes a feature's rows."""

    ROOT = "root"
    SQL = "sql"
    EXTERNAL = "external"


class Lineage(str, Enum):
    """How the rows of a dependency become our samples (semantics.md, lineages)."""

    IDENTITY = "identity"
    LOOKUP = "lookup"
    EXPANSION = "expansion"
    AGGREGATION = "aggregation"


@dataclass(frozen=True)
class Column:
    """A data or id column of a feature; `type` is None where only the engine knows it."""

    name: str
    type: exp.DataType | None = None
    description: str = ""


@dataclass(frozen=True)
class Told:
    """What the warehouse tells of the model that a field is made by: expressions over its tables (plan/models.py).

    `version` is the promoted one, NULL where there is none; `recipe` that of the field by it; `promotion` is a text
    that no other promotion has.
    """

    version: exp.Expr
    recipe: exp.Expr
    promotion: exp.Expr


@dataclass(frozen=True)
class Field:
    """A part of a sample's data, and what it is made of.

    `parents` are in the sorted order of their names, the order in which they are hashed.
    `recipe` and `version` are constants of the declaration (graph/version.py).
    `result` are the columns whose content is the data version; without them that is the provenance.
    `must_compare`: the author asks for it, so columns that cannot be compared are an error.
    `from_sql`: the code version is what the field's part of the SQL means.
    `model`: it is the version of this model that is promoted, as the warehouse tells it (`told`); `recipe` is the one
    by no model.
    """

    name: str
    code_version: str
    parents: tuple[FieldKey, ...]
    columns: tuple[str, ...] = ()
    content: exp.Expr | None = None
    result: tuple[str, ...] = ()
    must_compare: bool = False
    from_sql: bool = False
    model: str | None = None
    recipe: str = ""
    version: str = ""
    description: str = ""
    told: Told | None = None
    span: Span = NOWHERE


@dataclass(frozen=True)
class Dependency:
    """An upstream feature, and how its rows meet our units.

    `match` pairs a column of the upstream table with the unit column it must equal.
    `carried` pairs an upstream column with its name in our increment.
    `aggregates` are computed over a group's members, named.
    `fields` are the upstream fields that some field of ours is made of, sorted.
    `where` is over upstream column names: renames are already undone; `where_text` is it as it was written.
    """

    feature: FeatureKey
    lineage: Lineage
    match: tuple[tuple[str, str], ...]
    whole_key: bool
    optional: bool = False
    where: exp.Expr | None = None
    where_text: str | None = None
    rename: Mapping[str, str] = field(default_factory=dict)
    carried: tuple[tuple[str, str], ...] = ()
    aggregates: tuple[tuple[str, exp.Expr], ...] = ()
    fields: tuple[str, ...] = ()
    span: Span = NOWHERE

    @property
    def relation(self) -> str:
        return self.feature.relation


@dataclass(frozen=True)
class Feature:
    """One table whose rows are samples.

    `unit_columns` are the columns of an increment row: the id columns, or for an
    expansion its `on` columns. `predicate` is `stale_when` as it was written.
    """

    key: FeatureKey
    kind: Kind
    id_columns: tuple[str, ...]
    unit_columns: tuple[str, ...]
    columns: tuple[Column, ...]
    fields: tuple[Field, ...]
    deps: tuple[Dependency, ...]
    bodies: Mapping[str | None, Body]
    stale_when: exp.Expr | None
    orphans: Literal["delete", "keep"]
    history: bool
    on_schema_change: Literal["fail", "append", "sync"]
    contract: bool = False
    predicate: str | None = None
    version: str = ""
    description: str = ""
    cost_per_sample: CostDecl | None = None
    max_attempts: int = MOST_ATTEMPTS
    retry_after: int = 0
    owner: str | None = None
    tags: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    tests: tuple[TestDecl, ...] = ()
    pre_hook: tuple[str, ...] = ()
    post_hook: tuple[str, ...] = ()
    path: str = ""
    span: Span = NOWHERE

    @property
    def relation(self) -> str:
        return self.key.relation

    @property
    def is_expansion(self) -> bool:
        return any(dep.lineage is Lineage.EXPANSION for dep in self.deps)

    @property
    def is_outside_root(self) -> bool:
        """A root whose rows are committed by outside programs."""
        return self.kind is Kind.ROOT and not self.bodies

    @property
    def data_columns(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.name not in self.id_columns)

    def body_for(self, engine: str) -> Body | None:
        """The body that runs on an engine: the one written for it, else the common one."""
        return self.bodies.get(engine) or self.bodies.get(None)

    def field_named(self, name: str) -> Field:
        return next(item for item in self.fields if item.name == name)


class Features(Mapping[FeatureKey, Feature]):
    """The features of a project in their order. Those of other projects are found by their keys, and not listed."""

    def __init__(self, own: Mapping[FeatureKey, Feature], others: Mapping[FeatureKey, Feature]) -> None:
        self.own = own
        self.others = others

    def __getitem__(self, key: FeatureKey) -> Feature:
        return self.others[key] if key.project else self.own[key]

    def __iter__(self) -> Iterator[FeatureKey]:
        return iter(self.own)

    def __len__(self) -> int:
        return len(self.own)


@dataclass(frozen=True)
class Graph:
    """All features in the order in which they can be computed, and what stands around them.

    `others` are features of other projects, which are read and not made; `projects` are the names of those
    projects, and of all that they read in turn.
    """

    features: Mapping[FeatureKey, Feature]
    sources: Mapping[tuple[str, str], SourceDecl] = field(default_factory=dict)
    seeds: Mapping[str, SeedDecl] = field(default_factory=dict)
    assertions: tuple[AssertionDecl, ...] = ()
    version: str = ""
    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    others: Mapping[FeatureKey, Feature] = field(default_factory=dict)
    projects: tuple[str, ...] = ()
    exposures: Mapping[str, Exposure] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.others and not isinstance(self.features, Features):
            object.__setattr__(self, "features", Features(self.features, self.others))

    def __iter__(self) -> Any:
        return iter(self.features.values())

    def get(self, path: str) -> Feature | None:
        return self.features.get(FeatureKey(str(path)))

    @cached_property
    def children(self) -> dict[FeatureKey, tuple[FeatureKey, ...]]:
        """The features that depend directly on each feature."""
        found: dict[FeatureKey, list[FeatureKey]] = {key: [] for key in self.features}
        for feature in self.features.values():
            for dep in feature.deps:
                found.setdefault(dep.feature, []).append(feature.key)
        return {key: tuple(keys) for key, keys in found.items()}

    @cached_property
    def spread(self) -> dict[FeatureKey, tuple[str, ...]]:
        """The unit columns by which a feature's rows are spread, where an engine spreads them over several nodes.

        A feature follows the first dependency whose rows it can lie beside: then both are joined where they lie.
        """
        found = {key: other.unit_columns for key, other in self.others.items()}
        for feature in self.features.values():
            required_first = sorted(feature.deps, key=lambda dep: (not dep.whole_key, dep.optional))
            beside = (_beside(feature, dep, found[dep.feature]) for dep in required_first)
            found[feature.key] = next((columns for columns in beside if columns), feature.unit_columns)
        return found

    @cached_property
    def digests(self) -> dict[FeatureKey, str]:
        """Of each feature a digest of all that it and what stands upstream of it is declared as, but for its bodies.

        They say at once that nothing changed, on one machine and with one metasql, and are in no version: two
        declarations that mean the same may have different ones.
        """
        found = {key: f"{_said(other)}{other.version}" for key, other in self.others.items()}
        for key, feature in self.features.items():
            upstream = [found[dep.feature] for dep in feature.deps]
            said = f"{_said(feature)}{sorted(map(str, feature.bodies))}{self.spread[key]}{upstream}"
            found[key] = hashlib.md5(said.encode(), usedforsecurity=False).hexdigest()
        return found

    def away(self, feature: Feature) -> tuple[Dependency, ...]:
        """The dependencies whose rows do not lie beside those that are made of them."""
        ours = self.spread[feature.key]
        return tuple(dep for dep in feature.deps if _beside(feature, dep, self.spread[dep.feature]) != ours)

    def refs_of(self, feature: Feature) -> tuple[Word, ...]:
        """The names that a feature's bodies refer to with `ref`, seeds among them."""
        return tuple(ref.name for body in feature.bodies.values() for ref in body.refs if ref.kind == "ref")


def _beside(feature: Feature, dep: Dependency, theirs: tuple[str, ...]) -> tuple[str, ...]:
    """Our columns that equal those by which the rows of a dependency are spread; none where some has no equal."""
    ours = {upstream: unit for upstream, unit in dep.match if unit in feature.unit_columns}
    return tuple(ours[name] for name in theirs) if all(name in ours for name in theirs) else ()


def _said(feature: Feature) -> str:
    """What a feature says, wherever it stands in its file."""
    fields = tuple(replace(item, span=NOWHERE) for item in feature.fields)
    deps = tuple(replace(item, span=NOWHERE) for item in feature.deps)
    return repr(replace(feature, bodies={}, tests=(), path="", span=NOWHERE, fields=fields, deps=deps))
