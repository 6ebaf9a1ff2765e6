"""What metasql has to answer, in plain Python: dicts and loops, no SQL, no hashes.

A version is a nested tuple, so that two versions are equal exactly when they are made of the same things.
`World` takes the steps of a case one by one and says what each must report.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any

from tests.property.declared import Dependency, Feature, Rejected, link
from tests.property.predicate import aggregate, matches
from tests.property.state import Expected, Ids, Made, Pending, Sample, Stored, Taken

MISSING = ("missing",)


class World:
    """The state of a warehouse, as the steps of a case leave it."""

    def __init__(self, declarations: Iterable[Mapping[str, Any]]):
        self.declarations = copy.deepcopy(list(declarations))
        self.features = link(self.declarations)
        self.stored = {key: Stored() for key in self.features}
        self.takes: dict[str, Taken] = {}

    def apply(self, step: Mapping[str, Any]) -> dict[str, Any] | None:
        """Do a step; what it must report, None where it reports nothing."""
        try:
            return getattr(self, f"_{step['do']}")(step)
        except Rejected:
            return {"error": True}

    # Steps

    def _write(self, step: Mapping[str, Any]) -> None:
        feature = self.features[step["feature"]]
        stored = self.stored[feature.key]
        for ids, row in _by_id(feature, step["rows"]).items():
            sample = Sample(_columns(feature, ids, row), _given(feature, row))
            stored.samples[ids] = _keep_given(sample, stored.samples.get(ids))

    def _delete(self, step: Mapping[str, Any]) -> None:
        feature, stored = self.features[step["feature"]], self.stored[step["feature"]]
        for ids, sample in list(stored.samples.items()):
            if matches(step["where"], sample.values):
                del stored.samples[ids]
                stored.inputs.pop(_project(sample.values, feature.unit), None)

    def _set_code_version(self, step: Mapping[str, Any]) -> None:
        declarations = copy.deepcopy(self.declarations)
        declared = next(item for item in declarations if item["key"] == step["feature"])
        next(item for item in declared["fields"] if item["name"] == step["field"])["code_version"] = step[
            "code_version"
        ]
        self._declare(declarations)

    def _set_features(self, step: Mapping[str, Any]) -> None:
        self._declare(copy.deepcopy(list(step["features"])))

    def _declare(self, declarations: list[Mapping[str, Any]]) -> None:
        features = link(declarations)
        for key, feature in features.items():
            before, stored = self.features.get(key), self.stored.get(key, Stored())
            has_rows = stored.samples or stored.inputs
            if before and has_rows and (set(before.ids), set(before.unit)) != (set(feature.ids), set(feature.unit)):
                raise Rejected(f"the key of {key} changes, and it has rows")
        self.declarations, self.features = declarations, features
        for key in features:
            self.stored.setdefault(key, Stored())

    def _resolve(self, step: Mapping[str, Any]) -> dict[str, Any]:
        feature = self.features[step["feature"]]
        return _report(feature, self.increment(feature.key, step.get("samples")))

    def _take(self, step: Mapping[str, Any]) -> dict[str, Any]:
        feature = self.features[step["feature"]]
        pending = self.increment(feature.key, step.get("samples"))
        self.takes[step["as"]] = Taken(feature.key, pending)
        return _report(feature, pending)

    def _materialize(self, step: Mapping[str, Any]) -> dict[str, Any]:
        feature = self.features[step["feature"]]
        pending = self.increment(feature.key, step.get("samples"))
        self._store(feature, pending, step)
        return _report(feature, pending)

    def _commit(self, step: Mapping[str, Any]) -> None:
        taken = self.takes[step["take"]]
        self._store(self.features[taken.feature], taken.pending, step)

    # The increment

    def increment(self, key: str, samples: list[Mapping[str, Any]] | None = None) -> dict[Ids, Pending]:
        """What has to be done. A root without a source has nothing to do."""
        feature, stored = self.features[key], self.stored[key]
        if feature.is_root and samples is None:
            return {}
        expected = _from_source(feature, samples or []) if feature.is_root else self._expected(feature)
        pending = {}
        for unit, wanted in expected.items():
            if wanted.made is not None and (found := self._compare(feature, unit, wanted)):
                pending[unit] = found
        here = set(stored.inputs) | {_project(sample.values, feature.unit) for sample in stored.samples.values()}
        return pending | {unit: Pending("orphaned") for unit in here - set(expected)}

    def _compare(self, feature: Feature, unit: Ids, wanted: Expected) -> Pending | None:
        stored = self.stored[feature.key]
        made = wanted.made or {}
        if feature.is_expansion:
            before = stored.inputs.get(unit)
            rows = [row for row in stored.samples.values() if _project(row.values, feature.unit) == unit]
        else:
            rows = [stored.samples[unit]] if unit in stored.samples else []
            before = rows[0].made if rows else None
        if before is None:
            return Pending("new", tuple(sorted(made)), "new", made, wanted.carried)
        stale = sorted(name for name, version in made.items() if not version.same_as(before.get(name)))
        by_code = any(name not in before or before[name].recipe != made[name].recipe for name in stale)
        reason = "code" if by_code else "upstream"
        if feature.stale_when and any(matches(feature.stale_when, row.values) for row in rows):
            reason, stale = reason if stale else "predicate", sorted(made)
        return Pending("stale", tuple(stale), reason, made, wanted.carried) if stale else None

    def _expected(self, feature: Feature) -> dict[Ids, Expected]:
        """Every unit that upstream calls for: joined over the dependencies, left where they are optional."""
        groups = [self._groups(dep) for dep in feature.deps]
        givers = [(dep, rows) for dep, rows in zip(feature.deps, groups, strict=True) if dep.matched == feature.unit]
        required = [set(rows) for dep, rows in givers if not dep.optional]
        optional = [set(rows) for dep, rows in givers if dep.optional]
        units = set.intersection(*required) if required else set[Ids]().union(*optional)
        expected = {}
        for unit in units:
            named = dict(zip(feature.unit, unit, strict=True))
            parents = [rows.get(_project(named, dep.matched)) for dep, rows in zip(feature.deps, groups, strict=True)]
            if all(rows or dep.optional for dep, rows in zip(feature.deps, parents, strict=True)):
                expected[unit] = self._make(feature, parents)
        return expected

    def _groups(self, dep: Dependency) -> dict[Ids, list[Sample]]:
        """The rows of a dependency that count, renamed, by the columns they are matched on."""
        groups: dict[Ids, list[Sample]] = {}
        for sample in self.stored[dep.feature].samples.values():
            row = {dep.rename.get(column, column): value for column, value in sample.values.items()}
            key = _project(row, dep.matched)
            if None not in key and (dep.where is None or matches(dep.where, row)):
                groups.setdefault(key, []).append(Sample(row, sample.made))
        return groups

    def _make(self, feature: Feature, parents: list[list[Sample] | None]) -> Expected:
        by_feature = {dep.feature: (dep, rows) for dep, rows in zip(feature.deps, parents, strict=True)}
        made: dict[str, Made] = {}
        waits = False
        for name, declared in feature.fields.items():
            versions = [self._version(*by_feature[upstream], theirs) for upstream, theirs in declared.parents]
            waits = waits or None in versions
            made[name] = Made(declared.recipe, tuple(versions))
        carried: dict[str, Any] = {}
        for dep, rows in by_feature.values():
            carried |= {column: rows[0].values.get(column) if rows else None for column in dep.carried}
            values = [row.values for row in rows or []]
            carried |= {
                column: aggregate(sql, values) for column, sql in dep.aggregates.items() if column in feature.columns
            }
        return Expected(None if waits else made, carried)

    def _version(self, dep: Dependency, rows: list[Sample] | None, name: str) -> Any:
        """The data version of one parent field, None where a row has none yet."""
        if not rows:
            return MISSING
        if any(name not in row.made for row in rows):
            return None
        if dep.lineage != "aggregation":
            return rows[0].made[name].data_version
        upstream = self.features[dep.feature]
        ids = [dep.rename.get(column, column) for column in upstream.ids]
        return frozenset((_project(row.values, ids), row.made[name].data_version) for row in rows)

    # Commits

    def _store(self, feature: Feature, pending: Mapping[Ids, Pending], options: Mapping[str, Any]) -> None:
        """Commit what was handed out: as it was read then, whatever upstream is now."""
        stored = self.stored[feature.key]
        parts = set(options.get("parts") or ("new", "stale"))
        if options.get("delete_orphans"):
            parts.add("orphaned")
        only = None if options.get("only") is None else {tuple(unit) for unit in options["only"]}
        for unit, row in pending.items():
            if row.status not in parts or (only is not None and unit not in only):
                continue
            before = {
                ids: stored.samples.pop(ids)
                for ids, sample in list(stored.samples.items())
                if _project(sample.values, feature.unit) == unit
            }
            stored.inputs.pop(unit, None)
            if row.status == "orphaned":
                continue
            if feature.is_expansion:
                stored.inputs[unit] = row.made
            for ids in _samples_of(feature, unit, options):
                sample = _committed(feature, ids, row, options)
                stored.samples[ids] = _keep_given(sample, before.get(ids))


def _samples_of(feature: Feature, unit: Ids, options: Mapping[str, Any]) -> list[Ids]:
    """The ids that are committed for a unit: itself, or the children of an input."""
    if not feature.is_expansion:
        return [unit]
    children = options.get("children")
    if not children:
        return []
    named = dict(zip(feature.unit, unit, strict=True))
    count = value_for(children["count"], unit) or 0
    return [_project(named | {children["column"]: number}, feature.ids) for number in range(count)]


def _committed(feature: Feature, ids: Ids, row: Pending, options: Mapping[str, Any]) -> Sample:
    values = _columns(feature, ids, row.carried)
    for column, value in (options.get("columns") or {}).items():
        values[column] = value_for(value, ids)
    given = {name: value_for(value, ids) for name, value in (options.get("data_versions") or {}).items()}
    made = {name: Made(version.recipe, version.inputs, _text(given.get(name))) for name, version in row.made.items()}
    return Sample(values, made)


def _keep_given(sample: Sample, before: Sample | None) -> Sample:
    """A data version that is not given anew stays while the provenance does (A16)."""
    if before is None:
        return sample
    made = {}
    for name, version in sample.made.items():
        stored = before.made.get(name)
        keeps = version.given is None and version.same_as(stored)
        made[name] = stored if keeps and stored else version
    return Sample(sample.values, made)


def value_for(value: Mapping[str, Any], ids: Ids) -> Any:
    """A commit option's value for a sample: its own, else the default."""
    return next((own for key, own in value.get("for") or () if tuple(key) == ids), value.get("default"))


def _by_id(feature: Feature, rows: Iterable[Mapping[str, Any]]) -> dict[Ids, Mapping[str, Any]]:
    """A batch by id, or `Rejected`: a NULL, a missing or a doubled id."""
    found: dict[Ids, Mapping[str, Any]] = {}
    for row in rows:
        ids = tuple(row.get(column) for column in feature.ids)
        if None in ids or ids in found:
            raise Rejected(f"{feature.key}: an id is NULL, missing or doubled: {ids}")
        found[ids] = row
    return found


def _given(feature: Feature, row: Mapping[str, Any]) -> dict[str, Made]:
    """What an outside writer gives for the fields of a root: content, or a data version in its place."""
    contents, versions = row.get("fields") or {}, row.get("data_versions") or {}
    made = {}
    for name, declared in feature.fields.items():
        given = _text(versions.get(name))
        in_its_place = name not in contents and given is not None
        inputs = ("given", given) if in_its_place else ("content", _text(contents.get(name)))
        made[name] = Made(declared.recipe, inputs, given)
    return made


def _from_source(feature: Feature, samples: Iterable[Mapping[str, Any]]) -> dict[Ids, Expected]:
    rows = _by_id(feature, samples)
    return {ids: Expected(_given(feature, row), _columns(feature, ids, row)) for ids, row in rows.items()}


def _columns(feature: Feature, ids: Ids, row: Mapping[str, Any]) -> dict[str, Any]:
    data = {column: row.get(column) for column in feature.columns}
    return data | dict(zip(feature.ids, ids, strict=True))


def _project(values: Mapping[str, Any], columns: Iterable[str]) -> Ids:
    return tuple(values[column] for column in columns)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _report(feature: Feature, pending: Mapping[Ids, Pending]) -> dict[str, Any]:
    """An increment in the words of a case."""
    by_status: dict[str, list[Any]] = {"new": [], "stale": [], "orphaned": []}
    for unit, row in pending.items():
        stale = {"id": list(unit), "stale_fields": list(row.stale_fields), "reason": row.reason}
        by_status[row.status].append(stale if row.status == "stale" else list(unit))
    return {"unit": list(feature.unit), **{name: sorted(rows, key=json.dumps) for name, rows in by_status.items()}}
