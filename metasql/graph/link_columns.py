"""Columns: what a feature has, what a dependency carries, and the expressions over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sqlglot import exp

from metasql.diagnostics import Bag
from metasql.graph.link_body import body_columns
from metasql.graph.link_expressions import aggregate_over, check_column, expression_over, over_renamed
from metasql.graph.link_types import told_types
from metasql.graph.nodes import Column, Dependency, Feature, Field, Kind
from metasql.graph.upstream import Upstream
from metasql.parse.declarations import DependencyDecl, FeatureDecl
from metasql.parse.sql import parse_type
from metasql.source import span_of


class HasDependency(Protocol):
    """Whatever holds a resolved dependency."""

    @property
    def dependency(self) -> Dependency: ...


@dataclass(frozen=True)
class DependencyColumns:
    """`names` are all upstream columns, old → new; `carried` those that the increment shows."""

    names: Mapping[str, str]
    carried: tuple[tuple[str, str], ...]
    aggregates: tuple[tuple[str, exp.Expr], ...]


def dependency_columns(item: DependencyDecl, feature: Feature, dialect: str, bag: Bag) -> DependencyColumns | None:
    """Rename first, then choose (language.md, dependencies)."""
    upstream = [column.name for column in feature.columns]
    rename = {str(old): str(new) for old, new in item.rename.items()}
    before = len(bag)
    for old in item.rename:
        check_column(old, upstream, str(feature.key), bag)
    names = {name: rename.get(name, name) for name in upstream}
    _check_renamed(item, names, bag)
    aggregation = item.lineage is not None and item.lineage.kind == "aggregation"
    for name in item.columns or ():
        check_column(name, list(names.values()), str(feature.key), bag)
    aggregates = _aggregates(item, names, str(feature.key), dialect, bag)
    if any(entry.severity.value == "error" for entry in bag.items[before:]):
        return None
    chosen = {str(name) for name in item.columns} if item.columns is not None else set(names.values())
    ids = set(feature.id_columns)
    carried = tuple((old, new) for old, new in names.items() if not aggregation and (new in chosen or old in ids))
    return DependencyColumns(names, carried, aggregates)


def _aggregates(
    item: DependencyDecl, names: Mapping[str, str], key: str, dialect: str, bag: Bag
) -> tuple[tuple[str, exp.Expr], ...]:
    found = []
    for name, text in item.aggregates.items():
        tree = aggregate_over(text, names, key, dialect, bag)
        if tree is not None:
            found.append((str(name), tree))
    return tuple(found)


def dependency_where(item: DependencyDecl, feature: Feature, dialect: str, bag: Bag) -> exp.Expr | None:
    """The filter of a dependency, over the upstream columns' own names."""
    if item.where is None:
        return None
    rename = {str(old): str(new) for old, new in item.rename.items()}
    names = {column.name: rename.get(column.name, column.name) for column in feature.columns}
    return over_renamed(item.where, names, str(feature.key), dialect, bag)


def _check_renamed(item: DependencyDecl, names: Mapping[str, str], bag: Bag) -> None:
    seen: set[str] = set()
    for old, new in names.items():
        if new.lower() in seen:
            word = next((w for o, w in item.rename.items() if str(o) == old), None)
            word = word or next((w for w in item.rename.values() if str(w) == new), item.feature)
            bag.error(
                "MS0335",
                f"two columns of `{item.feature}` would be named `{new}`",
                span_of(word),
                help="choose another name, or rename the other column too",
            )
        seen.add(new.lower())


def link_columns(
    decl: FeatureDecl, deps: Sequence[HasDependency], upstream: Upstream, dialect: str, bag: Bag
) -> tuple[Column, ...] | None:
    """The id and data columns of a feature, in the order of its table; None when they cannot be told."""
    types: dict[str, exp.DataType | None] = {**told_types(decl, upstream, dialect)}
    for item in decl.columns:
        if item.type is not None:
            types[str(item.name)] = parse_type(item.type, dialect, bag)
    for item_ in deps:
        for old, new in item_.dependency.match:
            inherited = next(c.type for c in upstream.features[item_.dependency.feature].columns if c.name == old)
            if types.get(new) is None and not decl.bodies and inherited is not None:
                types[new] = inherited
    text = {str(item.name): item.description for item in decl.columns}
    names = body_columns(decl, upstream, bag) if decl.bodies else _declared_columns(decl, deps, types, bag)
    if names is None:
        return None
    return tuple(Column(name, types.get(name), text.get(name, "")) for name in names)


def _declared_columns(
    decl: FeatureDecl, deps: Sequence[HasDependency], types: Mapping[str, exp.DataType | None], bag: Bag
) -> list[str] | None:
    """The columns of a feature that outside programs write: each needs a type from somewhere."""
    inherited = {name for item in deps for _, name in item.dependency.match}
    declared = {str(item.name) for item in decl.columns if item.type is not None}
    lowered = {name.lower() for name in declared}
    whole = all(types[name] is not None for name in declared)
    ids = {str(name).lower(): str(name) for name in decl.id_columns}
    for item in decl.columns:
        if ids.get(str(item.name).lower(), item.name) != item.name:
            whole = False
            message = f"`{item.name}` and the id column `{ids[str(item.name).lower()]}` are one name"
            bag.error(
                "MS0306", message, span_of(item.name), help="write it in one way: case does not tell columns apart"
            )
    for name in decl.id_columns:
        if str(name) not in inherited and name.lower() not in lowered:
            whole = False
            bag.error(
                "MS0338",
                f"the type of the id column `{name}` is not known",
                span_of(name),
                notes=["no dependency gives this column"],
                help=f"declare it: `columns: [{{name: {name}, type: text}}]`",
            )
    for item in decl.columns:
        if item.type is None and str(item.name) not in inherited:
            whole = False
            bag.error(
                "MS0338",
                f"column `{item.name}` has no type",
                span_of(item.name),
                help="outside programs write this column: say what it holds, `type: text`",
            )
    names = (*decl.id_columns, *(item.name for item in decl.columns))
    return list(dict.fromkeys(map(str, names))) if whole else None


def link_content(
    decl: FeatureDecl, fields: tuple[Field, ...], columns: tuple[Column, ...], kind: Kind, dialect: str, bag: Bag
) -> tuple[Field, ...]:
    """What the content of each field is; a root's field without words is all data columns of its body."""
    names = [column.name for column in columns]
    ids = {str(name) for name in decl.id_columns}
    words = {str(item.name): item for item in decl.fields}
    done = []
    for field in fields:
        word = words.get(field.name)
        for name in word.columns if word else ():
            check_column(name, names, str(decl.key), bag)
        tree = None
        if word is not None and word.version is not None:
            if kind is not Kind.ROOT:
                bag.error(
                    "MS0407",
                    f"`version` of field `{field.name}` has no meaning here",
                    span_of(word.version),
                    notes=["the version of a field with dependencies comes from what it is made of"],
                    help="take `version` away; it is for fields of roots",
                )
            tree = expression_over(word.version, names, str(decl.key), dialect, bag)
        chosen = field.columns
        if kind is Kind.ROOT and decl.bodies and not chosen and tree is None:
            chosen = tuple(name for name in names if name not in ids)
        done.append(replace(field, columns=chosen, content=tree))
    return tuple(_with_result(decl, field, done, names, kind, bag) for field in done)


def _with_result(
    decl: FeatureDecl, field: Field, fields: Sequence[Field], names: Sequence[str], kind: Kind, bag: Bag
) -> Field:
    """A SQL feature's field with the columns that are its result: its own, and those that no field claims.

    What reads a column that no field claims is made of all fields, so each of them has to tell of it.
    """
    word = next((item.data_version for item in decl.fields if str(item.name) == field.name), None) or decl.data_version
    if word is not None and word.is_content and kind is not Kind.SQL:
        what = "a root" if kind is Kind.ROOT else "an external feature"
        why = (
            "the inputs of a root are the content of its fields already"
            if kind is Kind.ROOT
            else "what its rows say of the data, such as a path, need not change with it: workers give data versions"
        )
        message = f"`data_version: content` has no meaning for {what}"
        bag.error("MS0408", message, span_of(word.word), notes=[why], help="take it away; it is for SQL features")
        return field
    if kind is not Kind.SQL or (word is not None and not word.is_content):
        return field
    claimed = {name for item in fields for name in item.columns}
    free = [name for name in names if name not in claimed and name not in {str(item) for item in decl.id_columns}]
    return replace(field, result=tuple(sorted({*field.columns, *free})), must_compare=word is not None)


def link_predicate(decl: FeatureDecl, columns: tuple[Column, ...], dialect: str, bag: Bag) -> exp.Expr | None:
    """`stale_when` over the feature's own columns."""
    if decl.stale_when is None:
        return None
    return expression_over(decl.stale_when, [column.name for column in columns], str(decl.key), dialect, bag)
