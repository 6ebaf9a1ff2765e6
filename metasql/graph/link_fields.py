"""Which upstream fields each field is made of: own deps first, else each dependency's mapping.

Of a SQL feature they are what its bodies read, where the author says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from metasql.diagnostics import Bag, candidates, suggest
from metasql.graph.link_deps import LinkedDep
from metasql.graph.link_reads import parents_read
from metasql.graph.link_traces import link_traces, own_columns, reads_of
from metasql.graph.memory import Memory, key_of
from metasql.graph.nodes import Column, Feature, Field
from metasql.graph.upstream import Upstream
from metasql.names import FeatureKey, FieldKey
from metasql.parse.declarations import FeatureDecl, FieldDecl, FieldMapping
from metasql.source import Word, span_of


def link_fields(
    decl: FeatureDecl,
    deps: Sequence[LinkedDep],
    columns: tuple[Column, ...],
    upstream: Upstream,
    dialect: str,
    memory: Memory,
    bag: Bag,
) -> tuple[tuple[Field, ...], dict[str, tuple[str, ...]]]:
    """The fields with their parents, and for each dependency the upstream fields in use."""
    declared = _declared(decl, columns)
    for dep in deps:
        _check_mapping(dep.mapping, declared, upstream.features[dep.dependency.feature], bag)
    parents = _known_parents(decl, declared, deps, columns, upstream, dialect, memory, bag)
    fields = tuple(
        Field(
            name=str(item.name),
            code_version=str(item.code_version) if item.code_version is not None else "1",
            parents=tuple(sorted(set(parents[str(item.name)]), key=str)),
            columns=tuple(str(name) for name in item.columns),
            model=str(item.model) if item.model is not None else None,
            description=item.description,
            span=span_of(item.name),
        )
        for item in declared
    )
    used: dict[str, set[str]] = {}
    for item in fields:
        for parent in item.parents:
            used.setdefault(str(parent.feature), set()).add(parent.field)
    return fields, {key: tuple(sorted(names)) for key, names in used.items()}


def _declared(decl: FeatureDecl, columns: tuple[Column, ...]) -> tuple[FieldDecl, ...]:
    """The fields as written; one for every data column, or `default` over all of them."""
    ids = {str(name) for name in decl.id_columns}
    data = tuple(Word(column.name, decl.span) for column in columns if column.name not in ids)
    if decl.per_column:
        return tuple(FieldDecl(name=name, columns=(name,)) for name in data)
    if decl.fields:
        return decl.fields
    return (FieldDecl(name=Word("default", decl.span), columns=data if decl.bodies or not decl.deps else ()),)


def _known_parents(
    decl: FeatureDecl,
    declared: Sequence[FieldDecl],
    deps: Sequence[LinkedDep],
    columns: tuple[Column, ...],
    upstream: Upstream,
    dialect: str,
    memory: Memory,
    bag: Bag,
) -> dict[str, list[FieldKey]]:
    """The parents of every field, read from the bodies only where that was not done before."""

    def read() -> dict[str, list[FieldKey]]:
        return _all_parents(decl, declared, deps, columns, upstream, dialect, bag)

    if not decl.bodies or not deps:
        return read()
    before = len(bag)
    key = key_of(decl, declared, deps, (column.name for column in columns), upstream, dialect)
    return memory.parents(key, read, lambda: len(bag) == before)


def _all_parents(
    decl: FeatureDecl,
    declared: Sequence[FieldDecl],
    deps: Sequence[LinkedDep],
    columns: tuple[Column, ...],
    upstream: Upstream,
    dialect: str,
    bag: Bag,
) -> dict[str, list[FieldKey]]:
    """The parents of every field: as declared, and for a SQL feature as its bodies read."""
    if not decl.bodies or not deps:
        return {str(item.name): list(_parents(item, deps, upstream, bag)) for item in declared}
    plain = [dep.dependency for dep in deps]
    traces = link_traces(decl, plain, upstream, dialect, bag)
    ids = [str(name) for name in decl.id_columns]
    unit = next((dep.on for dep in deps if dep.on is not None), tuple(ids))
    names = [column.name for column in columns]
    claimed = [str(name) for item in declared for name in item.columns]
    found: dict[str, list[FieldKey]] = {}
    for item in declared:
        own = own_columns(names, claimed, map(str, item.columns), ids)
        reads = reads_of(own, ids, unit, traces, plain, upstream.features)
        written = _written(item, deps, upstream, bag)
        found[str(item.name)] = parents_read(item, written, reads, deps, upstream, bag)
    return found


def _written(
    item: FieldDecl, deps: Sequence[LinkedDep], upstream: Upstream, bag: Bag
) -> dict[FeatureKey, Sequence[FieldKey]]:
    """The parents that the author wrote, by dependency; one of which nothing is written is not among them."""
    found: dict[FeatureKey, Sequence[FieldKey]] = {}
    own = None if item.deps is None else list(_parents(item, deps, upstream, bag))
    for dep in deps:
        key = dep.dependency.feature
        if own is not None:
            found[key] = [parent for parent in own if parent.feature == key]
        elif dep.mapping.kind != "default" or dep.mapping.exclude:
            names = [field.name for field in upstream.features[key].fields]
            found[key] = [FieldKey(key, name) for name in mapped(dep.mapping, str(item.name), names)]
    return found


def _parents(item: FieldDecl, deps: Sequence[LinkedDep], upstream: Upstream, bag: Bag) -> Iterable[FieldKey]:
    if item.deps is not None:
        for text in item.deps:
            yield from _own_parents(text, deps, upstream, bag)
        return
    for dep in deps:
        names = [field.name for field in upstream.features[dep.dependency.feature].fields]
        for name in mapped(dep.mapping, str(item.name), names):
            yield FieldKey(dep.dependency.feature, name)


def mapped(mapping: FieldMapping, name: str, upstream: Sequence[str]) -> list[str]:
    """The upstream fields that a mapping gives to our field (language.md, dependencies).

    A suffix mapping takes the same name and every name that ends with `/name`; without
    any, all fields, as the default mapping does without the same name. `exclude` limits both.
    """
    if mapping.kind == "none":
        return []
    if mapping.kind == "named":
        found = next((given for ours, given in mapping.named.items() if str(ours) == name), ())
        return [str(field) for field in found]
    allowed = [field for field in upstream if field not in {str(left_out) for left_out in mapping.exclude}]
    if mapping.kind == "all":
        return allowed
    same = [field for field in allowed if field == name]
    if mapping.kind == "suffix":
        same += [field for field in allowed if field.endswith(f"/{name}")]
    return same or allowed


def _own_parents(text: Word, deps: Sequence[LinkedDep], upstream: Upstream, bag: Bag) -> Iterable[FieldKey]:
    """What one entry of a field's own `deps` names: `feature.field` or `feature.*`."""
    path, _, name = str(text).rpartition(".")
    names = {str(dep.dependency.feature) for dep in deps}
    if path not in names:
        known = sorted(names)
        bag.error(
            "MS0342",
            f"`{path or text}` is not a dependency of this feature",
            span_of(text).find(path or str(text)),
            label="not among `deps`",
            notes=[f"its dependencies: {candidates(known)}"],
            help=suggest(path, known) or f"add `{path}` to the feature's `deps`",
        )
        return
    feature = upstream.features[FeatureKey(path)]
    fields = [field.name for field in feature.fields]
    if name == "*":
        yield from (FieldKey(feature.key, field) for field in fields)
    elif name in fields:
        yield FieldKey(feature.key, name)
    else:
        _unknown_field(Word(name, span_of(text).find_last(name)), feature, bag)


def _unknown_field(name: Word, feature: Feature, bag: Bag) -> None:
    fields = [field.name for field in feature.fields]
    bag.error(
        "MS0302",
        f"field `{name}` does not exist on feature `{feature.key}`",
        span_of(name),
        label="unknown field",
        notes=[f"fields of `{feature.key}`: {candidates(fields)}"],
        help=suggest(str(name), fields) or f"name one of the fields of `{feature.key}`, or declare it there",
    )


def _check_mapping(mapping: FieldMapping, declared: Sequence[FieldDecl], feature: Feature, bag: Bag) -> None:
    """Every name in a mapping exists: ours on the left, upstream's on the right and in `exclude`."""
    ours = [str(item.name) for item in declared]
    theirs = {field.name for field in feature.fields}
    for name, given in mapping.named.items():
        if str(name) not in ours:
            bag.error(
                "MS0302",
                f"field `{name}` is not declared here",
                span_of(name),
                label="unknown field",
                notes=[f"fields of this feature: {candidates(ours)}"],
                help=suggest(str(name), ours)
                or "name a field of this feature on the left, and the dependency's on the right",
            )
        for field in given:
            if str(field) not in theirs:
                _unknown_field(field, feature, bag)
    for field in mapping.exclude:
        if str(field) not in theirs:
            _unknown_field(field, feature, bag)
