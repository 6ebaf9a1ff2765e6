"""The declarations of a case, checked and linked in plain Python: half of the reference.

Written from the language's description alone, and on purpose without a word of the package.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


class Rejected(Exception):
    """What must be turned down as a whole, leaving everything as it was."""


@dataclass(frozen=True)
class Dependency:
    """One dependency: `matched` are those columns of our unit that find its row or its group."""

    feature: str
    lineage: str
    matched: tuple[str, ...]
    optional: bool
    where: str | None
    rename: Mapping[str, str]
    carried: tuple[str, ...]
    aggregates: Mapping[str, str]


@dataclass(frozen=True)
class Field:
    """A field: `parents` are (dependency's feature, its field), sorted by name."""

    name: str
    recipe: tuple[Any, ...]
    parents: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Feature:
    """A feature: `unit` are the columns that name what is decided on, the inputs of an expansion for one."""

    key: str
    ids: tuple[str, ...]
    unit: tuple[str, ...]
    columns: tuple[str, ...]
    fields: Mapping[str, Field]
    deps: tuple[Dependency, ...]
    stale_when: str | None

    @property
    def is_root(self) -> bool:
        return not self.deps

    @property
    def is_expansion(self) -> bool:
        return any(dep.lineage == "expansion" for dep in self.deps)


def link(declarations: Iterable[Mapping[str, Any]]) -> dict[str, Feature]:
    """All features of a case, or `Rejected`."""
    linked: dict[str, Feature] = {}
    for declaration in declarations:
        linked[declaration["key"]] = _feature(declaration, linked)
    return linked


def _feature(declaration: Mapping[str, Any], known: Mapping[str, Feature]) -> Feature:
    ids = tuple(declaration["id_columns"])
    deps = declaration.get("deps") or []
    for dep in deps:
        if dep["feature"] not in known:
            raise Rejected(f"there is no feature {dep['feature']}")
    linked = tuple(_dependency(dep, known[dep["feature"]], ids) for dep in deps)
    unit = _unit(ids, linked)
    _check_columns(linked)
    ordered = {column: place for place, column in enumerate(unit)}
    return Feature(
        key=declaration["key"],
        ids=ids,
        unit=unit,
        columns=tuple(declaration.get("columns") or ()),
        fields={field["name"]: _field(declaration, field, deps, known) for field in declaration["fields"]},
        deps=tuple(_in_order(dep, ordered) for dep in linked),
        stale_when=declaration.get("stale_when"),
    )


def _dependency(dep: Mapping[str, Any], upstream: Feature, ids: tuple[str, ...]) -> Dependency:
    rename = dict(dep.get("rename") or {})
    kind, on = _lineage(dep, tuple(rename.get(column, column) for column in upstream.ids), ids)
    chosen = dep.get("columns")
    columns = [rename.get(column, column) for column in upstream.columns]
    if kind == "aggregation" and not set(on) <= {*columns, *(rename.get(column, column) for column in upstream.ids)}:
        raise Rejected(f"{upstream.key} has no columns {on} to group by")
    return Dependency(
        feature=upstream.key,
        lineage=kind,
        matched=on,
        optional=bool(dep.get("optional")),
        where=dep.get("where"),
        rename=rename,
        carried=() if kind == "aggregation" else tuple(c for c in columns if chosen is None or c in chosen),
        aggregates=dict(chosen or {}) if kind == "aggregation" else {},
    )


def _lineage(dep: Mapping[str, Any], theirs: tuple[str, ...], ours: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The kind of a dependency and the columns of our key that it is matched on."""
    lineage = dep.get("lineage")
    if lineage is None:
        lineage = "identity" if set(theirs) == set(ours) else "lookup"
    if isinstance(lineage, str):
        agrees = set(theirs) == set(ours) if lineage == "identity" else set(theirs) <= set(ours)
        if lineage not in ("identity", "lookup") or not agrees:
            raise Rejected(f"{lineage}: the key {theirs} does not fit {ours}")
        return lineage, theirs
    ((kind, options),) = lineage.items()
    on = tuple((options or {}).get("on") or (ours if kind == "aggregation" else theirs))
    if not set(on) <= set(ours) or (options or {}).get("on") == []:
        raise Rejected(f"{kind}: {on} are no columns of our key {ours}")
    if kind == "expansion" and (set(on) != set(theirs) or set(on) == set(ours)):
        raise Rejected(f"expansion: on {on} where the key is {theirs}")
    return kind, on


def _unit(ids: tuple[str, ...], deps: tuple[Dependency, ...]) -> tuple[str, ...]:
    """The columns of an increment row, after the checks of what gives the key."""
    expansions = [dep for dep in deps if dep.lineage == "expansion"]
    if not deps:
        return ids
    unit = expansions[0].matched if expansions else ids
    for dep in deps:
        if expansions and dep.lineage != "expansion" and set(dep.matched) == set(ids):
            raise Rejected(f"an expansion beside {dep.feature}, which gives the whole key")
        if not set(dep.matched) <= set(unit):
            raise Rejected(f"{dep.feature} is matched on {dep.matched}, which are not all in {unit}")
    if not any(set(dep.matched) == set(unit) for dep in deps):
        raise Rejected(f"no dependency gives the whole key {unit}")
    return unit


def _check_columns(deps: tuple[Dependency, ...]) -> None:
    seen: set[str] = set()
    for dep in deps:
        names = {*dep.carried, *dep.aggregates}
        if seen & names:
            raise Rejected(f"two dependencies carry {sorted(seen & names)}")
        seen |= names


def _in_order(dep: Dependency, ordered: Mapping[str, int]) -> Dependency:
    """The same, its matched columns in the order of our unit, so that keys can be compared as tuples."""
    return Dependency(**{**dep.__dict__, "matched": tuple(sorted(dep.matched, key=ordered.__getitem__))})


def _field(
    declaration: Mapping[str, Any],
    field: Mapping[str, Any],
    deps: list[Mapping[str, Any]],
    known: Mapping[str, Feature],
) -> Field:
    name = field["name"]
    if field.get("deps") is not None:
        parents = _own_parents(field["deps"], deps, known)
    else:
        parents = {
            (dep["feature"], parent)
            for dep in deps
            for parent in _mapped(dep, name, known[dep["feature"]], declaration)
        }
    ordered = tuple(sorted(parents, key=".".join))
    return Field(name, (declaration["key"], name, str(field.get("code_version", "1")), ordered), ordered)


def _own_parents(
    wanted: Iterable[str], deps: list[Mapping[str, Any]], known: Mapping[str, Feature]
) -> set[tuple[str, str]]:
    parents: set[tuple[str, str]] = set()
    for text in wanted:
        feature, _, field = text.partition(".")
        if feature not in {dep["feature"] for dep in deps}:
            raise Rejected(f"{text}: {feature} is no dependency")
        fields = known[feature].fields
        if field != "*" and field not in fields:
            raise Rejected(f"{text}: there is no such field")
        parents |= {(feature, parent) for parent in (fields if field == "*" else [field])}
    return parents


def _mapped(dep: Mapping[str, Any], name: str, upstream: Feature, declaration: Mapping[str, Any]) -> list[str]:
    """The upstream fields that a mapping gives to one of ours."""
    mapping = dep.get("fields")
    theirs = list(upstream.fields)
    if mapping == "none":
        return []
    if mapping == "all":
        return theirs
    options = mapping if isinstance(mapping, Mapping) else {}
    if options and not set(options) <= {"suffix", "exclude"}:
        _check_named(options, upstream, declaration)
        return list(options.get(name, []))
    if not set(options.get("exclude", ())) <= set(theirs):
        raise Rejected(f"{upstream.key} has not all of the fields {options['exclude']}")
    candidates = [field for field in theirs if field not in options.get("exclude", ())]
    found = [name] if name in candidates else []
    if options.get("suffix"):
        found += [field for field in candidates if field.endswith(f"/{name}")]
    return found or candidates


def _check_named(mapping: Mapping[str, Any], upstream: Feature, declaration: Mapping[str, Any]) -> None:
    ours = {field["name"] for field in declaration["fields"]}
    for name, parents in mapping.items():
        if name not in ours or not set(parents) <= set(upstream.fields):
            raise Rejected(f"the mapping of {name} to {parents} names a field that does not exist")
