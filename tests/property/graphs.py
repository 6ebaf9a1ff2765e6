"""Random declarations: small graphs of every lineage, in the words of a case."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

from tests.property.declared import Rejected, link

Declaration = dict[str, Any]

FIELDS = ("x", "y", "s/x", "s/z")
CONDITIONS = {
    "m": ("m > 0", "m is not null"),
    "members": ("members > 1",),
    "split": ("split = 't'", "split in ('t', 'v')", "not (split = 't')", "split is not null"),
    "n": ("n > 0", "n is null or n < 2", "n <> 1 and n >= 0"),
    "grp": ("grp = 'p'", "grp is null or grp <> 'p'"),
    "g": ("g <> 'a'", "g in ('a', 'b')"),
    "i": ("i > 0",),
}
TYPES = dict.fromkeys(("g", "h", "split", "grp"), "text") | dict.fromkeys(
    ("i", "c1", "c2", "c3", "c4", "n", "m", "members"), "bigint"
)
STALE_WHEN = ("m is null", "m = 0", "m > 1 or m is null")


def random_graph(random: Random) -> list[Declaration]:
    """One or two roots, and one to three features made of them and of one another."""
    features = [_root(random, f"r{number}") for number in range(random.choice((1, 2, 2)))]
    for number in range(random.choice((1, 2, 2, 3))):
        features.append(_valid(random, features, f"f{number}"))
    return features


def _root(random: Random, key: str) -> Declaration:
    ids = random.choice((["g"], ["g", "i"], ["g", "i"]))
    columns = random.choice(([], ["split"], ["n"], ["split", "n"], ["grp"]))
    return _typed({"key": key, "id_columns": ids, "columns": list(columns), "fields": random_fields(random)})


def random_fields(random: Random) -> list[Declaration]:
    names = random.sample(FIELDS, random.choice((1, 2, 2, 3)))
    return [{"name": name, "code_version": "1"} for name in names]


def _valid(random: Random, features: list[Declaration], key: str) -> Declaration:
    """A feature that can be declared beside those that there are."""
    while True:
        feature = _derived(random, features, key)
        try:
            link([*features, feature])
        except (Rejected, KeyError):
            continue
        return feature


def _derived(random: Random, features: list[Declaration], key: str) -> Declaration:
    main = random.choice(features)
    kind = random.choice(("identity", "identity", "expansion", "aggregation", "renamed"))
    lineage: Any = None
    ids = list(main["id_columns"])
    dep: Declaration = {"feature": main["key"]}
    if kind == "expansion":
        lineage, ids = {"expansion": {"on": list(ids)}}, [*ids, f"c{len(ids)}"]
    elif kind == "aggregation":
        ids = ["grp"] if "grp" in main.get("columns", ()) else ids[:1]
        lineage = {"aggregation": {"on": list(ids)} if random.random() < 0.7 else {}}
    elif kind == "renamed" and len(ids) == 1:
        dep["rename"] = {ids[0]: "h"}
        ids = ["h"]
    deps = [dep | ({"lineage": lineage} if lineage else {})]
    others = [feature for feature in features if feature is not main]
    for other in random.sample(others, min(len(others), random.choice((0, 0, 1, 1, 2)))):
        deps.append(_beside(random, other, ids))
    for declared in deps:
        _options(random, features, declared, optional=kind != "expansion" or declared is not deps[0])
    random.shuffle(deps)
    feature: Declaration = {"key": key, "id_columns": ids, "columns": ["m"]}
    feature |= {"fields": random_fields(random), "deps": deps}
    if random.random() < 0.4:
        feature["columns"] += [column for column in _carried(features, deps[0]) if column not in ids][:1]
    if random.random() < 0.3:
        feature["stale_when"] = random.choice(STALE_WHEN)
    for field in feature["fields"]:
        if random.random() < 0.4:
            field["deps"] = own_deps(random, features, feature)
    return _typed(feature)


def _typed(feature: Declaration) -> Declaration:
    """The feature with the types of its columns: by chance a case may hold no value for one."""
    return {**feature, "types": {column: TYPES[column] for column in (*feature["id_columns"], *feature["columns"])}}


def _beside(random: Random, other: Declaration, ids: list[str]) -> Declaration:
    """A further dependency: as the keys say, or a group of its rows."""
    dep: Declaration = {"feature": other["key"]}
    if not set(other["id_columns"]) <= set(ids):
        dep["lineage"] = {"aggregation": {"on": [column for column in other["id_columns"] if column in ids]}}
    elif random.random() < 0.3 and set(other["id_columns"]) < set(ids):
        dep["lineage"] = "lookup"
    return dep


def _carried(features: list[Declaration], dep: Declaration) -> list[str]:
    """Columns of a dependency's rows that come along, and that a commit therefore has a value for."""
    if isinstance(dep.get("columns"), dict):
        return list(dep["columns"])
    upstream = next(feature for feature in features if feature["key"] == dep["feature"])
    grouped = isinstance(dep.get("lineage"), dict) and "aggregation" in dep["lineage"]
    untouched = [column for column in upstream.get("columns", ()) if column not in dep.get("rename", {})]
    return [] if grouped else [column for column in untouched if column in dep.get("columns", untouched)]


def _options(random: Random, features: list[Declaration], dep: Declaration, optional: bool) -> None:
    upstream = next(feature for feature in features if feature["key"] == dep["feature"])
    grouped = isinstance(dep.get("lineage"), dict) and "aggregation" in dep["lineage"]
    if not grouped and upstream.get("columns"):
        # Most columns are left out or renamed: two dependencies must not carry one name.
        choice = random.random()
        if choice < 0.6:
            dep["columns"] = []
        elif choice < 0.9:
            renamed = {column: f"{upstream['key']}_{column}" for column in upstream["columns"]}
            dep["rename"] = {**dep.get("rename", {}), **renamed}
    if grouped and random.random() < 0.3:
        dep["columns"] = {"members": "count(*)"}
    if optional and random.random() < 0.3:
        dep["optional"] = True
    if random.random() < 0.35:
        condition = random_where(random, upstream, dep)
        if condition:
            dep["where"] = condition
    mapping = random_mapping(random, upstream)
    if mapping is not None:
        dep["fields"] = mapping


def random_where(random: Random, upstream: Declaration, dep: Declaration) -> str | None:
    """A condition over a column of the dependency, as it is renamed."""
    columns = [column for column in (*upstream["id_columns"], *upstream.get("columns", ())) if column in CONDITIONS]
    if not columns:
        return None
    column = random.choice(columns)
    name = dep.get("rename", {}).get(column, column)
    words = random.choice(CONDITIONS[column]).split(" ")
    return " ".join(word.replace(column, name) if word.strip("(") == column else word for word in words)


def random_mapping(random: Random, upstream: Declaration) -> Any:
    theirs = [field["name"] for field in upstream["fields"]]
    choice = random.random()
    if choice < 0.5:
        return None
    if choice < 0.6:
        return "all"
    if choice < 0.65:
        return "none"
    if choice < 0.8:
        return {"suffix": True}
    return {"exclude": [random.choice(theirs)]}


def own_deps(random: Random, features: list[Declaration], feature: Declaration) -> list[str]:
    """Field dependencies that a field names itself."""
    choices = []
    for dep in feature["deps"]:
        upstream = next(item for item in features if item["key"] == dep["feature"])
        choices += [f"{dep['feature']}.{field['name']}" for field in upstream["fields"]] + [f"{dep['feature']}.*"]
    return sorted(random.sample(choices, min(len(choices), random.choice((0, 1, 1, 2)))))


def changed_graph(random: Random, features: list[Declaration]) -> list[Declaration]:
    """The same graph with one thing declared otherwise. It need not be valid."""
    changed = copy.deepcopy(features)
    feature = random.choice(changed)
    fields, deps = feature["fields"], feature.get("deps") or []
    change = random.choice(("add", "drop", "deps", "where", "where", "mapping", "optional", "dependency", "stale_when"))
    if change == "add":
        free = [name for name in FIELDS if name not in {field["name"] for field in fields}]
        fields.extend({"name": name, "code_version": "1"} for name in free[:1])
    elif change == "drop" and len(fields) > 1:
        fields.remove(random.choice(fields))
    elif change == "stale_when" and deps:
        feature["stale_when"] = random.choice((None, *STALE_WHEN))
    elif change == "deps" and deps:
        field = random.choice(fields)
        field["deps"] = random.choice((None, own_deps(random, changed, feature)))
    elif deps:
        _change_dependency(random, changed, feature, random.choice(deps), change)
    return changed


def _change_dependency(
    random: Random, features: list[Declaration], feature: Declaration, dep: Declaration, change: str
) -> None:
    upstream = next(item for item in features if item["key"] == dep["feature"])
    expands = isinstance(dep.get("lineage"), dict) and "expansion" in dep["lineage"]
    if change == "where":
        dep["where"] = random_where(random, upstream, dep) if random.random() < 0.8 else None
    elif change == "mapping":
        dep["fields"] = random_mapping(random, upstream)
        if dep["fields"] is None:
            del dep["fields"]
    elif change == "optional" and not expands:
        dep["optional"] = not dep.get("optional")
    elif change == "dependency":
        _add_or_drop(random, features, feature, dep)


def _add_or_drop(random: Random, features: list[Declaration], feature: Declaration, dep: Declaration) -> None:
    used = {item["feature"] for item in feature["deps"]}
    before = features[: next(place for place, item in enumerate(features) if item["key"] == feature["key"])]
    free = [
        item for item in before if item["key"] not in used and set(item["id_columns"]) <= set(feature["id_columns"])
    ]
    if free and random.random() < 0.6:
        feature["deps"].append({"feature": random.choice(free)["key"], "columns": []})
    elif len(feature["deps"]) > 1:
        feature["deps"].remove(dep)
