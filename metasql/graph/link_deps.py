"""Dependencies: find the feature, settle the lineage, match the keys, choose the columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from metasql.diagnostics import Bag, Label, candidates, suggest
from metasql.graph.link_columns import dependency_columns, dependency_where
from metasql.graph.nodes import Dependency, Feature, Features, Lineage
from metasql.graph.upstream import Upstream
from metasql.names import FeatureKey
from metasql.parse.declarations import Declarations, DependencyDecl, FeatureDecl, FieldMapping
from metasql.source import Word, span_of


@dataclass(frozen=True)
class LinkedDep:
    """A dependency, its mapping as declared, and the unit's columns where it is an expansion.

    `chosen`: the author says which columns it carries.
    """

    dependency: Dependency
    mapping: FieldMapping
    on: tuple[str, ...] | None = None
    chosen: bool = False


def link_deps(decl: FeatureDecl, upstream: Upstream, dialect: str, bag: Bag) -> tuple[LinkedDep, ...] | None:
    """All dependencies of a feature; None when one of them is broken, or the keys do not fit."""
    declared = _with_refs(decl, upstream, bag)
    known = [(item, _find(item.feature, upstream, bag)) for item in declared]
    if any(feature is None for _, feature in known):
        return None
    before = len(bag)
    unit: tuple[str, ...] | None = _unit(decl, declared, bag)
    if len(bag) > before:
        unit = None
    linked = [
        link
        for item, feature in known
        if feature is not None and (link := _link(decl, item, feature, unit, dialect, bag)) is not None
    ]
    if unit is None or len(linked) < len(known) or any(item.severity.value == "error" for item in bag.items[before:]):
        return None
    _check_keys(decl, linked, unit, bag)
    if decl.bodies:
        linked = _without_collisions(decl, linked)
    _check_collisions(decl, linked, bag)
    return None if any(item.severity.value == "error" for item in bag.items[before:]) else tuple(linked)


def _with_refs(decl: FeatureDecl, upstream: Upstream, bag: Bag) -> list[DependencyDecl]:
    """The declared dependencies, and those that the bodies add by `ref`."""
    seeds = {str(seed.name) for seed in upstream.declarations.seeds}
    declared = {str(item.feature): item for item in decl.deps}
    refs = {str(ref.name): ref.name for body in decl.bodies.values() for ref in body.refs if ref.kind == "ref"}
    if not decl.deps and not any(name not in seeds for name in refs):
        return []
    for name, word in refs.items():
        if name not in seeds and name not in declared:
            declared[name] = DependencyDecl(feature=word, span=word.span, from_body=True)
    for name, item in declared.items():
        if decl.bodies and name not in refs and item.fields.kind != "none":
            bag.warn(
                "MS0406",
                f"the body of `{decl.key}` never reads `{name}`",
                span_of(item.feature),
                help="take the dependency away, or write `fields: none` if it only says which samples exist",
            )
    return list(declared.values())


def _find(name: Word, upstream: Upstream, bag: Bag) -> Feature | None:
    feature = upstream.features.get(FeatureKey(str(name)))
    if feature is not None or str(name) in upstream.broken:
        return feature
    if unknown_elsewhere(name, upstream.features, upstream.declarations, bag):
        return None
    if str(name) in upstream.disabled:
        bag.error("MS0340", f"feature `{name}` is disabled", span_of(name), help="enable it, or take this use away")
    elif any(str(seed.name) == name for seed in upstream.declarations.seeds):
        bag.error(
            "MS0310",
            f"`{name}` is a seed, and a dependency is a feature",
            span_of(name),
            help=f"read it with `ref('{name}')` in the body of a root, and depend on that feature",
        )
    else:
        known = [str(feature.key) for feature in upstream.declarations.features]
        seeds = [str(seed.name) for seed in upstream.declarations.seeds]
        bag.error(
            "MS0330",
            f"feature `{name}` does not exist",
            span_of(name),
            label="unknown feature",
            notes=[f"features: {candidates(known)}"],
            help=suggest(str(name), [*known, *seeds]) or "declare the feature, or correct the name",
        )
    return None


def unknown_elsewhere(name: Word, features: Mapping[FeatureKey, Feature], declarations: Declarations, bag: Bag) -> bool:
    """Whether a name is that of another project, which there is not, or which has no such feature: that is told."""
    project, colon, key = name.partition(":")
    if not colon:
        return False
    place = span_of(name)
    if project not in declarations.projects:
        help = suggest(project, declarations.projects) or f"name `{project}` in `dependencies` of the project file"
        notes = [f"projects: {candidates(declarations.projects)}"] if declarations.projects else []
        bag.error("MS0341", f"there is no project `{project}` here", place.find(project), notes=notes, help=help)
        return True
    others = features.others if isinstance(features, Features) else {}
    known = [other.there.path for other in others if other.project == project]
    bag.error(
        "MS0330",
        f"the project `{project}` has no feature `{key}`",
        place.find(key),
        notes=[f"its features: {candidates(known)}"],
        help=suggest(key, known) or f"correct the name, or bring the manifest of `{project}` up to date",
    )
    return True


def _unit(decl: FeatureDecl, declared: list[DependencyDecl], bag: Bag) -> tuple[str, ...]:
    """The columns of an increment row: the key, or what an expansion is `on`."""
    ids = tuple(str(name) for name in decl.id_columns)
    chosen: tuple[str, ...] | None = None
    for item in declared:
        if item.lineage is None or item.lineage.kind != "expansion":
            continue
        on = tuple(str(name) for name in item.lineage.on or ())
        if not on:
            bag.error(
                "MS0404",
                "an expansion needs `on`: the id columns that one upstream sample gives",
                item.lineage.span,
                help="write `lineage: {expansion: {on: [...]}}`",
            )
            continue
        for name in item.lineage.on or ():
            if str(name) not in ids:
                bag.error(
                    "MS0404",
                    f"`{name}` is no id column of `{decl.key}`",
                    span_of(name),
                    notes=[f"id columns: {', '.join(ids)}"],
                    help="`on` names the id columns that are the upstream sample's key",
                )
        if chosen is not None and set(on) != set(chosen):
            bag.error(
                "MS0405",
                f"two expansions of `{decl.key}` are on different columns",
                item.lineage.span,
                help="a feature has one unit of work: let both be on the same columns",
            )
        chosen = chosen or on
    return chosen or ids


def _link(
    decl: FeatureDecl,
    item: DependencyDecl,
    feature: Feature,
    unit: tuple[str, ...] | None,
    dialect: str,
    bag: Bag,
) -> LinkedDep | None:
    """A dependency with its lineage and columns. `unit` is None where it is broken: keys are then not looked at."""
    before = len(bag)
    columns = dependency_columns(item, feature, dialect, bag)
    where = dependency_where(item, feature, dialect, bag)
    if any(entry.severity.value == "error" for entry in bag.items[before:]) or columns is None or unit is None:
        return None
    renamed = {new: old for old, new in columns.names.items()}
    key = tuple(columns.names.get(name, name) for name in feature.id_columns)
    lineage, on = _lineage(decl, item, key, unit, bag)
    if lineage is None:
        return None
    match: list[tuple[str, str]] = []
    for name in on:
        if name not in renamed:
            bag.error(
                "MS0335",
                f"`{feature.key}` has no column `{name}` to match on",
                item.lineage.span if item.lineage else span_of(item.feature),
                notes=[f"columns of `{feature.key}`: {candidates(renamed)}"],
                help=f"rename one of its columns to `{name}`",
            )
            return None
        match.append((renamed[name], name))
    dependency = Dependency(
        feature=feature.key,
        lineage=lineage,
        match=tuple(match),
        whole_key=set(on) == set(unit),
        optional=item.optional,
        where=where,
        where_text=str(item.where) if item.where is not None else None,
        rename={str(old): str(new) for old, new in item.rename.items()},
        carried=tuple((old, new) for old, new in columns.carried if new not in on),
        aggregates=columns.aggregates,
        span=span_of(item.feature),
    )
    on_unit = unit if lineage is Lineage.EXPANSION else None
    return LinkedDep(dependency, item.fields, on_unit, chosen=item.columns is not None)


def _lineage(
    decl: FeatureDecl, item: DependencyDecl, key: tuple[str, ...], unit: tuple[str, ...], bag: Bag
) -> tuple[Lineage | None, tuple[str, ...]]:
    """The lineage of a dependency whose key, after `rename`, is `key`, and what it is matched on."""
    ours = set(unit)
    place = item.lineage.span if item.lineage else span_of(item.feature)
    named = f"key of `{item.feature}`{' after rename' if item.rename else ''}: {', '.join(key)}"
    keys = [named, f"key of `{decl.key}`: {', '.join(str(name) for name in decl.id_columns)}"]
    kind = item.lineage.kind if item.lineage else None
    if kind is None:
        if set(key) == ours:
            return Lineage.IDENTITY, key
        if set(key) < ours:
            return Lineage.LOOKUP, key
        if ours < set(key) <= {str(name) for name in decl.id_columns}:
            bag.error(
                "MS0402",
                f"`{item.feature}` gives the whole key of `{decl.key}`, which is declared as an expansion",
                place,
                notes=keys,
                help="declare the coarser dependency as a `lookup`: each sample is made of one row of it",
            )
            return None, ()
        fits = [name for name in unit if name in key]
        way = (
            f"declare `lineage: {{aggregation: {{on: [{', '.join(unit)}]}}}}`"
            if len(fits) == len(unit)
            else "rename its columns to ours, or declare `lineage: {aggregation: {on: [...]}}` with its columns"
        )
        bag.error("MS0404", f"the key of `{item.feature}` does not fit ours", place, notes=keys, help=way)
        return None, ()
    if kind == "aggregation":
        on = tuple(str(name) for name in item.lineage.on) if item.lineage and item.lineage.on else unit
        outside = [name for name in on if name not in ours]
        if not outside:
            return Lineage.AGGREGATION, on
        message = f"`{outside[0]}` is no key column of `{decl.key}`"
        bag.error("MS0404", message, place, notes=keys, help="an aggregation is on columns of our key")
        return None, ()
    if kind == "expansion" and set(key) == ours:
        return Lineage.EXPANSION, key
    if kind == "identity" and set(key) == ours:
        return Lineage.IDENTITY, key
    if kind == "lookup" and set(key) <= ours:
        return Lineage.LOOKUP, key
    help_ = {
        "expansion": "let `on` be the upstream key, after `rename`",
        "identity": "an identity needs equal keys; a key that is part of ours is a `lookup`",
        "lookup": "a lookup's key is part of ours; several upstream samples to one of ours is an `aggregation`",
    }[kind]
    bag.error("MS0404", f"the key of `{item.feature}` does not fit the lineage `{kind}`", place, notes=keys, help=help_)
    return None, ()


def _check_keys(decl: FeatureDecl, linked: list[LinkedDep], unit: tuple[str, ...], bag: Bag) -> None:
    """Some dependency gives the whole key of the unit, and none gives more (semantics.md, keys)."""
    ids = {str(name) for name in decl.id_columns}
    if not linked:
        return
    expansion = next((item for item in linked if item.on is not None), None)
    if expansion is not None and set(unit) == ids:
        bag.error(
            "MS0402",
            f"an expansion of `{expansion.dependency.feature}` on the whole key of `{decl.key}` gives one sample each",
            expansion.dependency.span,
            help="take the lineage away: equal keys are an identity",
        )
        return
    if any(item.dependency.whole_key for item in linked):
        return
    whole = ", ".join(unit)
    first = linked[0].dependency
    on = ", ".join(name for _, name in first.match)
    bag.error(
        "MS0401",
        f"no dependency of `{decl.key}` gives the whole key ({whole})",
        span_of(decl.key) if not first.span.source.text else first.span,
        notes=[
            f"`{item.dependency.feature}` gives {', '.join(name for _, name in item.dependency.match)}"
            for item in linked
        ],
        help=f"if one sample of `{first.feature}` becomes several of ours, declare "
        f"`lineage: {{expansion: {{on: [{on}]}}}}`; else add the dependency whose samples ours are",
    )


def _without_collisions(decl: FeatureDecl, linked: list[LinkedDep]) -> list[LinkedDep]:
    """A body reads tables under names of its own: what the increment cannot carry beside another column stays out."""
    taken = {str(name).lower() for name in decl.id_columns}
    taken |= {new.lower() for item in linked if item.chosen for _, new in item.dependency.carried}
    found = []
    for item in linked:
        carried = item.dependency.carried
        if not item.chosen:
            carried = tuple(pair for pair in carried if pair[1].lower() not in taken)
            taken |= {new.lower() for _, new in carried}
        found.append(replace(item, dependency=replace(item.dependency, carried=carried)))
    return found


def _check_collisions(decl: FeatureDecl, linked: list[LinkedDep], bag: Bag) -> None:
    """No two dependencies carry one column name (semantics.md, keys)."""
    taken: dict[str, Dependency] = {}
    for item in linked:
        dependency = item.dependency
        names = [name for _, name in dependency.carried] + [name for name, _ in dependency.aggregates]
        for name in names:
            other = taken.get(name.lower())
            if other is not None:
                bag.error(
                    "MS0403",
                    f"`{other.feature}` and `{dependency.feature}` both carry the column `{name}`",
                    dependency.span,
                    secondary=[Label(other.span, "the other one")],
                    help=f"rename one of them (`rename: {{{name}: ...}}`), or choose others with `columns`",
                )
            elif name.lower() in {str(column).lower() for column in decl.id_columns}:
                bag.error(
                    "MS0403",
                    f"`{dependency.feature}` carries a column `{name}`, which is an id column of `{decl.key}`",
                    dependency.span,
                    help=f"rename it (`rename: {{{name}: ...}}`), or choose others with `columns`",
                )
            taken[name.lower()] = dependency
