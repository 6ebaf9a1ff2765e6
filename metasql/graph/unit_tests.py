"""A unit test's own small project: the feature as it is declared, over upstream features that hold given rows.

An upstream feature becomes a root that is written from outside. The version of each of its fields is what
the field's columns hold; of a field without columns it is what a row says under `versions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from metasql.diagnostics import Bag, candidates, suggest
from metasql.graph.nodes import Feature, Graph
from metasql.graph.version import Hasher
from metasql.parse.declarations import (
    ColumnDecl,
    Declarations,
    FeatureDecl,
    FieldDecl,
    RowDecl,
    SeedDecl,
    SourceDecl,
    UnitTestDecl,
)
from metasql.source import Span, Word

VERSIONS, CODE_VERSIONS, FIELDS = "versions", "code_versions", "fields"
"""What a given row may say beside its columns, what a stored one may, and what an expected stale one may."""

_TYPES: tuple[tuple[type, str], ...] = ((bool, "boolean"), (int, "bigint"), (float, "double"))


@dataclass(frozen=True)
class Table:
    """A seed or source with given rows: the name of its relation, and its columns with their types."""

    name: str
    relation: str
    types: Mapping[str, str]


@dataclass(frozen=True)
class UnitProject:
    """What a unit test needs of declarations. `parents` are the upstream features by key."""

    declarations: Declarations
    parents: tuple[str, ...]
    tables: tuple[Table, ...]


def unit_project(
    test: UnitTestDecl, graph: Graph, declarations: Declarations, schema: str, dialect: str, bag: Bag
) -> UnitProject | None:
    """The small project of a unit test in a schema of its own; what does not fit is MS0355 in the bag."""
    feature = graph.get(str(test.feature))
    if feature is None:
        known = [str(key) for key in graph.features]
        _misfit(bag, test.feature.span, f"feature `{test.feature}` does not exist", str(test.feature), known)
        return None
    checks = Bag()
    foreign = sorted(str(dep.feature) for dep in feature.deps if dep.feature.project)
    if foreign:
        message = f"`{feature.key}` reads `{foreign[0]}` of another project, which a unit test cannot give rows of"
        help = "test a feature that reads features of this project"
        bag.error("MS0355", message, test.feature.span, help=help)
        return None
    reads = _reads(feature)
    for name in (*test.upstream, *test.stored_from):
        if str(name) not in reads:
            _misfit(checks, name.span, f"`{feature.key}` does not read `{name}`", str(name), sorted(reads))
    names = [column.name for column in feature.columns]
    _check_columns(test.stored, [*names, CODE_VERSIONS], feature, checks)
    _check_columns(test.rows or (), names, feature, checks)
    _check_code_versions(test.stored, feature, checks)
    parents = tuple(str(dep.feature) for dep in feature.deps)
    decls = {str(decl.key): decl for decl in declarations.features}
    made = [
        _parent(graph.features[dep.feature], test, decls[str(dep.feature)], dialect, checks) for dep in feature.deps
    ]
    tables = [_table(name, test, graph, checks) for name in sorted(reads - set(parents))]
    bag.extend(checks)
    if checks.has_errors:
        return None
    own = replace(decls[str(feature.key)], pre_hook=(), post_hook=(), tests=())
    small = Declarations(
        features=tuple(replace(item, tests=()) for item in (*made, own)),
        sources=tuple(_source(item, tables, schema) for item in graph.sources.values()),
        seeds=tuple(_seed(item, tables) for item in graph.seeds.values()),
    )
    return UnitProject(small, parents, tuple(tables))


def given_rows(test: UnitTestDecl, name: str, *, before: bool) -> tuple[RowDecl, ...]:
    """The rows of an upstream table: those that are there now, or those that stored rows were made of."""
    if before and name in test.stored_from:
        return test.stored_from[name]  # type: ignore[index]  # a Word is its text
    return test.upstream.get(name, ())  # type: ignore[call-overload, no-any-return]  # the same


def _reads(feature: Feature) -> set[str]:
    """The names of everything that a feature reads: keys, seeds, `source.table`."""
    refs = [ref for body in feature.bodies.values() for ref in body.refs]
    names = {str(ref.name) if ref.kind == "ref" else f"{ref.name}.{ref.table}" for ref in refs}
    return names | {str(dep.feature) for dep in feature.deps}


def _all_rows(test: UnitTestDecl, name: str) -> tuple[RowDecl, ...]:
    return (*given_rows(test, name, before=False), *given_rows(test, name, before=True))


def _misfit(bag: Bag, span: Span, message: str, word: str, known: Iterable[str]) -> None:
    names = list(known)
    help = suggest(word, names) or "correct the name"
    bag.error("MS0355", message, span, notes=[f"there are: {candidates(names, 12)}"], help=help)


def _check_columns(rows: Iterable[RowDecl], known: list[str], feature: Feature, bag: Bag) -> None:
    for row in rows:
        for name in row.values:
            if name not in known:
                _misfit(bag, row.span, f"`{feature.key}` has no column `{name}`", name, known)
        for name in feature.id_columns:
            if row.values.get(name) is None:
                _misfit(bag, row.span, f"this row of `{feature.key}` has no `{name}`", name, feature.id_columns)


def _check_code_versions(rows: Iterable[RowDecl], feature: Feature, bag: Bag) -> None:
    """They are of fields that there are; the children of one input were written at once."""
    fields = [field.name for field in feature.fields]
    units: dict[tuple[Any, ...], Mapping[str, str]] = {}
    for row in rows:
        said = row.values.get(CODE_VERSIONS, {})
        for name in said if isinstance(said, dict) else [str(said)]:
            if name not in fields:
                _misfit(bag, row.span, f"`{feature.key}` has no field `{name}`", str(name), fields)
        unit = tuple(row.values.get(name) for name in feature.unit_columns)
        if units.setdefault(unit, said) != said:
            shown = ", ".join(f"{name}: {value}" for name, value in zip(feature.unit_columns, unit, strict=True))
            message = f"the rows of `{shown}` of `{feature.key}` were written at once, so by the same code"
            bag.error("MS0355", message, row.span, help=f"give all of them the same `{CODE_VERSIONS}`")


def written_by(row: RowDecl) -> tuple[tuple[str, str], ...]:
    """The code versions that a stored row was written by, where they are not those of today."""
    said = {str(name): str(version) for name, version in (row.values.get(CODE_VERSIONS) or {}).items()}
    return tuple(sorted(said.items()))


def with_code(feature: Feature, code_versions: Iterable[tuple[str, str]], hasher: Hasher) -> Feature:
    """A feature as it was declared when its fields had other code versions."""
    said = dict(code_versions)
    fields = []
    for field in feature.fields:
        code = said.get(field.name, field.code_version)
        recipe = hasher.recipe(feature.key, field.name, code, field.parents)
        fields.append(replace(field, code_version=code, recipe=recipe))
    return replace(feature, fields=tuple(fields))


def _parent(feature: Feature, test: UnitTestDecl, decl: FeatureDecl, dialect: str, bag: Bag) -> FeatureDecl:
    """An upstream feature as a root that is written from outside."""
    rows = _all_rows(test, str(feature.key))
    _check_columns(rows, [*(column.name for column in feature.columns), VERSIONS], feature, bag)
    plain = plain_fields(feature)
    for row in rows:
        said = row.values.get(VERSIONS, {})
        for name in said if isinstance(said, dict) else [str(said)]:
            if name not in plain:
                _misfit(bag, row.span, f"`{feature.key}` has no field `{name}` without columns", str(name), plain)
    return FeatureDecl(
        key=decl.key,
        span=decl.span,
        path=decl.path,
        id_columns=decl.id_columns,
        fields=tuple(_field(feature, field.name, decl) for field in feature.fields),
        columns=tuple(_column(column.name, column.type, rows, dialect) for column in feature.columns),
    )


def content_of(feature: Feature, field: str) -> tuple[str, ...]:
    """The columns that tell a field's version in a unit test."""
    found = feature.field_named(field)
    return found.columns or found.result


def plain_fields(feature: Feature) -> list[str]:
    """The fields whose version a row says under `versions`."""
    return [item.name for item in feature.fields if item.content is None and not content_of(feature, item.name)]


def _field(feature: Feature, name: str, decl: FeatureDecl) -> FieldDecl:
    word = next((item.version for item in decl.fields if str(item.name) == name), None)
    columns = () if word is not None else tuple(Word(column) for column in content_of(feature, name))
    return FieldDecl(Word(name), columns=columns, version=word)


def _column(name: str, type_: Any, rows: Iterable[RowDecl], dialect: str) -> ColumnDecl:
    return ColumnDecl(Word(name), Word(type_.sql(dialect) if type_ is not None else _type_of(name, rows)))


def _type_of(name: str, rows: Iterable[RowDecl]) -> str:
    """The type that the values of a column have in YAML."""
    values = [row.values[name] for row in rows if row.values.get(name) is not None]
    if values and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        return "double" if any(isinstance(value, float) for value in values) else "bigint"
    for kind, type_ in _TYPES:
        if values and all(isinstance(value, kind) for value in values):
            return type_
    return "text"


def _table(name: str, test: UnitTestDecl, graph: Graph, bag: Bag) -> Table:
    """A seed or a source: its declared types go before those of the values."""
    rows = _all_rows(test, name)
    names = list(dict.fromkeys(column for row in rows for column in row.values))
    seed = graph.seeds.get(name)
    if seed is not None:
        declared = dict(seed.types)
        names = list(seed.header)
    else:
        source = graph.sources[tuple(name.split(".", 1))]  # type: ignore[index]  # two parts
        declared = {str(column.name): str(column.type) for column in source.columns if column.type is not None}
        names = list(dict.fromkeys([*(str(column.name) for column in source.columns), *names]))
    for row in rows:
        for column in row.values:
            if column not in names:
                _misfit(bag, row.span, f"`{name}` has no column `{column}`", column, names)
    if not names:
        _misfit(bag, test.name.span, f"no column of `{name}` is known: give it a row", name, [name])
    return Table(name, name.replace(".", "__"), {item: declared.get(item) or _type_of(item, rows) for item in names})


def _source(source: SourceDecl, tables: Iterable[Table], schema: str) -> SourceDecl:
    """A source as a table of the unit test's own schema."""
    name = f"{source.source}.{source.table}"
    relation = next((table.relation for table in tables if table.name == name), str(source.table))
    return replace(source, schema=schema, identifier=relation, database=None)


def _seed(seed: SeedDecl, tables: Iterable[Table]) -> SeedDecl:
    found = next((table for table in tables if table.name == str(seed.name)), None)
    return seed if found is None else replace(seed, types=found.types)
