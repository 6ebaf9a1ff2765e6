"""The types of a case's columns, from the values that its steps hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Column = tuple[str, str]
"""A feature and a column of it."""

COUNT: Column = ("", "count(*)")
WORDS = {bool: "boolean", int: "bigint", float: "double", str: "text"}


def column_types(case: Mapping[str, Any]) -> dict[Column, str]:
    """The type of every id and data column of every feature that the case declares at any time.

    What `types` says wins, then the values that the steps hold, then what flows along the dependencies:
    columns that dependencies are matched on are of one type on both sides.
    """
    versions = list(_declarations(case))
    types: dict[Column, str] = {COUNT: "bigint"}
    for column, value in _values(case):
        if value is not None:
            types[column] = _common(types.get(column), WORDS.get(type(value), "text"))
    for feature in versions:
        types |= {(feature["key"], column): kind for column, kind in (feature.get("types") or {}).items()}
    links = [pair for feature in versions for pair in _links(feature, versions)]
    while missing := [(left, right) for left, right in links if (left in types) != (right in types)]:
        left, right = missing[0]
        types[right if left in types else left] = types[left if left in types else right]
    for feature in versions:
        for column in (*feature["id_columns"], *(feature.get("columns") or ())):
            types.setdefault((feature["key"], column), "text")
    return types


def upstream_key(dep: Mapping[str, Any], features: Iterable[Mapping[str, Any]]) -> list[str]:
    """The id columns of a dependency, as it is renamed."""
    rename = dep.get("rename") or {}
    upstream = next((feature for feature in features if feature["key"] == dep["feature"]), {"id_columns": []})
    return [rename.get(column, column) for column in upstream["id_columns"]]


def unit_columns(feature: Mapping[str, Any], features: Iterable[Mapping[str, Any]]) -> list[str]:
    """The columns of an increment row: the ids, for an expansion those of its input."""
    features = list(features)
    for dep in feature.get("deps") or ():
        lineage = dep.get("lineage")
        if isinstance(lineage, Mapping) and "expansion" in lineage:
            return list((lineage["expansion"] or {}).get("on") or upstream_key(dep, features))
    return list(feature["id_columns"])


def _declarations(case: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from case["features"]
    for step in case["steps"]:
        if step["do"] == "set_features":
            yield from step["features"]


def _values(case: Mapping[str, Any]) -> Iterator[tuple[Column, Any]]:
    """Every value that a step puts into a column, batches that must be rejected aside."""
    takes = {step["as"]: step["feature"] for step in case["steps"] if step["do"] == "take"}
    for step in case["steps"]:
        if (step.get("expect") or {}).get("error"):
            continue
        feature = step.get("feature") or takes.get(step.get("take"))
        for row in (*(step.get("rows") or ()), *(step.get("samples") or ())):
            yield from (((feature, name), v) for name, v in row.items() if name not in ("fields", "data_versions"))
        for name, option in (step.get("columns") or {}).items():
            yield from (
                ((feature, name), v) for v in (option.get("default"), *(own for _, own in option.get("for") or ()))
            )
        if step.get("children"):
            yield (feature, step["children"]["column"]), 0


def _links(feature: Mapping[str, Any], versions: list[Mapping[str, Any]]) -> Iterator[tuple[Column, Column]]:
    """Pairs of columns that hold the same values: of a dependency, and of the feature itself."""
    own = {*feature["id_columns"], *(feature.get("columns") or ())}
    for dep in feature.get("deps") or ():
        rename = dep.get("rename") or {}
        for upstream in versions:
            if upstream["key"] != dep["feature"]:
                continue
            for column in (*upstream["id_columns"], *(upstream.get("columns") or ())):
                if rename.get(column, column) in own:
                    yield (upstream["key"], column), (feature["key"], rename.get(column, column))
        if isinstance(dep.get("columns"), Mapping):
            yield from _counted(feature["key"], dep["columns"], own)


def _counted(key: str, aggregates: Mapping[str, str], own: set[str]) -> Iterator[tuple[Column, Column]]:
    for column, expression in aggregates.items():
        if column in own and expression.lower().startswith("count"):
            yield COUNT, (key, column)


def _common(left: str | None, right: str) -> str:
    """The type that holds the values of both."""
    if left is None or left == right:
        return right
    return "double" if {left, right} == {"bigint", "double"} else "text"
