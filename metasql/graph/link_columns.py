"""Columns: what a feature has, what a dependency carries, and the expressions over them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sqlglot import exp

from metasql.diagnostics import Bag, candidates, suggest
from metasql.graph.columns import output_columns
from metasql.graph.nodes import Column, Dependency, Feature, Field, Kind
from metasql.graph.upstream import Upstream
from metasql.parse.declarations import Body, DependencyDecl, FeatureDecl
from metasql.parse.sql import parse_expression, parse_type
from metasql.source import Span, Word, span_of


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
        _check_column(old, upstream, str(feature.key), bag)
    names = {name: rename.get(name, name) for name in upstream}
    _check_renamed(item, names, bag)
    aggregation = item.lineage is not None and item.lineage.kind == "aggregation"
    if item.columns is not None and aggregation:
        bag.error(
            "MS0408",
            "columns of an aggregation are aggregate expressions",
            span_of(item.columns[0]) if item.columns else item.span,
            help="name each of them: `columns: {n: count(*), paths: list(path)}`",
        )
    if item.aggregates and not aggregation:
        bag.error(
            "MS0408",
            "only an aggregation has columns with expressions",
            span_of(next(iter(item.aggregates))),
            help="list the names of the columns to carry: `columns: [path, height_px]`",
        )
    for name in item.columns or ():
        _check_column(name, list(names.values()), str(feature.key), bag)
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
        tree = parse_expression(text, dialect, bag)
        if tree is not None:
            found.append((str(name), undo_rename(tree, names, text, key, bag)))
    return tuple(found)


def dependency_where(item: DependencyDecl, feature: Feature, dialect: str, bag: Bag) -> exp.Expr | None:
    """The filter of a dependency, over the upstream columns' own names."""
    if item.where is None:
        return None
    tree = parse_expression(item.where, dialect, bag)
    if tree is None:
        return None
    rename = {str(old): str(new) for old, new in item.rename.items()}
    names = {column.name: rename.get(column.name, column.name) for column in feature.columns}
    return undo_rename(tree, names, item.where, str(feature.key), bag)


def undo_rename(tree: exp.Expr, names: Mapping[str, str], text: Word, key: str, bag: Bag) -> exp.Expr:
    """An expression over renamed columns as one over the columns' own names."""
    own = {new.lower(): old for old, new in names.items()}

    def restore(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            return node
        if node.name.lower() not in own:
            _unknown_column(node.name, span_of(text).find(node.name), names.values(), key, bag)
            return node
        return exp.column(exp.to_identifier(own[node.name.lower()]))

    return tree.transform(restore)


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


def _check_column(name: Word, known: Sequence[str], key: str, bag: Bag) -> None:
    if str(name) not in known:
        _unknown_column(str(name), span_of(name), known, key, bag)


def _unknown_column(name: str, span: Span, known: Iterable[str], key: str, bag: Bag) -> None:
    known = list(known)
    bag.error(
        "MS0335",
        f"`{key}` has no column `{name}`",
        span,
        label="unknown column",
        notes=[f"columns of `{key}`: {candidates(known)}"],
        help=suggest(name, known) or f"name a column of `{key}`, or add it there",
    )


def link_columns(
    decl: FeatureDecl, deps: Sequence[HasDependency], upstream: Upstream, dialect: str, bag: Bag
) -> tuple[Column, ...] | None:
    """The id and data columns of a feature, in the order of its table; None when they cannot be told."""
    types: dict[str, exp.DataType | None] = {}
    for item in decl.columns:
        types[str(item.name)] = parse_type(item.type, dialect, bag) if item.type is not None else None
    for item_ in deps:
        for old, new in item_.dependency.match:
            inherited = next(c.type for c in upstream.features[item_.dependency.feature].columns if c.name == old)
            if types.get(new) is None and not decl.bodies and inherited is not None:
                types[new] = inherited
    text = {str(item.name): item.description for item in decl.columns}
    body = decl.bodies.get(None) or next(iter(decl.bodies.values()), None)
    names = _body_columns(decl, body, upstream, bag) if body else _declared_columns(decl, deps, types, bag)
    if names is None:
        return None
    return tuple(Column(name, types.get(name), text.get(name, "")) for name in names)


def _declared_columns(
    decl: FeatureDecl, deps: Sequence[HasDependency], types: Mapping[str, exp.DataType | None], bag: Bag
) -> list[str] | None:
    """The columns of a feature that outside programs write: each needs a type from somewhere."""
    inherited = {name for item in deps for _, name in item.dependency.match}
    whole = True
    ids = [str(name) for name in decl.id_columns]
    for name in decl.id_columns:
        if types.get(str(name)) is None and str(name) not in inherited:
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
    return ids + [str(item.name) for item in decl.columns if str(item.name) not in ids] if whole else None


def _body_columns(decl: FeatureDecl, body: Body, upstream: Upstream, bag: Bag) -> list[str] | None:
    names = output_columns(body.tree, lambda table: _visible(decl, body, table, upstream))
    place = body.lines.template.line_span(1)
    if names is None:
        names = tuple(str(item.name) for item in decl.columns)
        if not names:
            bag.error(
                "MS0336",
                f"the columns of `{decl.key}` cannot be told from its body",
                place,
                notes=["it selects `*` from a relation whose columns are not declared"],
                help="select the columns by name, or list them under `columns:`",
            )
            return None
    whole = _check_outputs(decl, names, body, bag)
    ids = [str(name) for name in decl.id_columns]
    return ids + [name for name in names if name not in ids] if whole else None


def _check_outputs(decl: FeatureDecl, names: Sequence[str], body: Body, bag: Bag) -> bool:
    before = len(bag)
    place = body.lines.template.line_span(1)
    for name in sorted({name for name in names if [n.lower() for n in names].count(name.lower()) > 1}):
        bag.error("MS0337", f"the body gives the column `{name}` twice", place, help="give one of them another name")
    for name in names:
        if not name or name.lower().startswith("metasql_"):
            bag.error(
                "MS0337",
                f"`{name}` is no name for a column" if name else "a column of the body has no name",
                place,
                help="give it one with `as`; names that begin with `metasql_` are metasql's own",
            )
    for word in (*decl.id_columns, *(item.name for item in decl.columns)):
        if str(word) not in names:
            bag.error(
                "MS0339",
                f"the body of `{decl.key}` gives no column `{word}`",
                span_of(word),
                notes=[f"columns of the body: {candidates(names)}"],
                help=suggest(str(word), names) or f"select it in {body.path}",
            )
    return len(bag) == before


def _visible(decl: FeatureDecl, body: Body, table: str, upstream: Upstream) -> tuple[str, ...] | None:
    """The columns that the body sees behind a placeholder: renamed where the dependency says so."""
    ref = next((item for item in body.refs if item.placeholder == table), None)
    if ref is None:
        return None
    if ref.kind == "source":
        return upstream.columns_of_source(str(ref.name), str(ref.table))
    names = upstream.columns_of(str(ref.name))
    dep = next((item for item in decl.deps if str(item.feature) == str(ref.name)), None)
    rename = {str(old): str(new) for old, new in dep.rename.items()} if dep else {}
    return tuple(rename.get(name, name) for name in names) if names is not None else None


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
            _check_column(name, names, str(decl.key), bag)
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
    return tuple(done)


def link_predicate(decl: FeatureDecl, columns: tuple[Column, ...], dialect: str, bag: Bag) -> exp.Expr | None:
    """`stale_when` over the feature's own columns."""
    if decl.stale_when is None:
        return None
    return expression_over(decl.stale_when, [column.name for column in columns], str(decl.key), dialect, bag)


def expression_over(text: Word, columns: Collection[str], key: str, dialect: str, bag: Bag) -> exp.Expr | None:
    """An expression over the columns of one feature."""
    tree = parse_expression(text, dialect, bag)
    return undo_rename(tree, {name: name for name in columns}, text, key, bag) if tree is not None else None
