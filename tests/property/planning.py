"""Random projects of every kind of feature and lineage, and random edits, for plans to be held against."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from random import Random
from typing import Any

import yaml

from tests.scenarios.support import Place

Declaration = dict[str, Any]

SOURCE = {"g": "text", "i": "int", "n": "int", "s": "text", "grp": "text"}
"""The columns of every source; a root of one id column reads those of `i = 0`."""

NUMBERS = {"root": ("n", "length(s)"), "external": ("m", "length(t)"), "sql": ("p", "q")}
"""Whole numbers that the rows of a kind have."""

CONDITIONS = {
    "root": ("n > 0", "s <> 'a'", "grp = 'p'"),
    "external": ("m > 0", "t = 'p'", "m is null or m < 2"),
    "sql": ("p > 0", "q is not null", "q < 3"),
}
FORMS = ("{0}", "{0} % 2", "coalesce({0}, 0) + 1", "case when {0} > 1 then 1 else 0 end", "coalesce({0}, {1})")
STALE_WHEN = ("m is null", "m = 0", "t = 'q'")


class Project:
    """What is declared, feature by feature in the order of the graph; `kind`, `body` and `of` are our own words."""

    def __init__(self, random: Random, place: Place) -> None:
        self.random = random
        self.place = place
        self.features: list[Declaration] = [self._root(f"r{number}") for number in range(random.choice((1, 2)))]
        for number in range(random.randint(3, 6)):
            self.features.append(self.derived(f"f{number}", self.features))
        self.rows = {feature["name"]: self._rows() for feature in self.features if feature["kind"] == "root"}

    # Declarations

    def _root(self, key: str) -> Declaration:
        ids = self.random.choice((["g"], ["g", "i"]))
        fields = [{"name": "x", "columns": ["n"]}, {"name": "y", "columns": ["s"]}]
        if self.random.random() < 0.5:
            fields[0]["code_version"] = "1"
        only = "" if "i" in ids else " where i = 0"
        body = f"select {', '.join(ids)}, n, s, grp from {{{{ source('raw', '{key}') }}}}{only}"
        return {"name": key, "kind": "root", "id_columns": ids, "fields": fields, "body": body}

    def derived(self, key: str, features: Sequence[Declaration]) -> Declaration:
        """A feature made of one or two others: computed outside, or by SQL."""
        main = self.random.choice(features[-3:])
        lineage = self.random.choice(("identity", "identity", "identity", "aggregation", "expansion"))
        made: Declaration = {"name": key, "of": main["name"], "lineage": lineage}
        made["id_columns"] = self._ids(main, lineage, key)
        dep: Declaration = {"feature": main["name"]}
        if lineage == "expansion":
            dep["lineage"] = {"expansion": {"on": list(main["id_columns"])}}
        elif lineage == "aggregation":
            dep |= {"lineage": {"aggregation": {"on": list(made["id_columns"])}}, "columns": {}}
        made["deps"] = [dep]
        others = [item for item in features if item is not main and self._fits(item, made, main)]
        if others and lineage != "aggregation" and self.random.random() < 0.5:
            made["deps"].append({"feature": self.random.choice(others)["name"]})
            if self.random.random() < 0.5:
                made["deps"][1]["optional"] = True
        for dep in made["deps"]:
            if self.random.random() < 0.3:
                dep["where"] = self.random.choice(CONDITIONS[self.kind(dep["feature"], features)])
        return self._sql(made, features) if self.random.random() < 0.5 else self._external(made)

    def _ids(self, main: Declaration, lineage: str, key: str) -> list[str]:
        if lineage == "expansion":
            return [*main["id_columns"], f"c_{key}"]
        if lineage == "identity":
            return list(main["id_columns"])
        data = {"root": ["grp"], "external": ["t"], "sql": []}[main["kind"]]
        return self.random.choice([main["id_columns"][:1], *([data] if data else [])])

    def _fits(self, item: Declaration, made: Declaration, main: Declaration) -> bool:
        unit = main["id_columns"] if made["lineage"] == "expansion" else made["id_columns"]
        return set(item["id_columns"]) <= set(unit)

    def kind(self, key: str, features: Sequence[Declaration]) -> str:
        return next(str(item["kind"]) for item in features if item["name"] == key)

    def _external(self, made: Declaration) -> Declaration:
        names = self.random.sample(("x", "y", "w"), self.random.choice((1, 2, 2)))
        fields = [{"name": name, "code_version": "1"} for name in names]
        for field in fields:
            if self.random.random() < 0.4:
                field["deps"] = [f"{self.random.choice(made['deps'])['feature']}.*"]
        for dep in made["deps"]:
            dep.setdefault("columns", [])
        child = [{"name": name, "type": "int"} for name in made["id_columns"] if name == f"c_{made['name']}"]
        columns = [*child, {"name": "m", "type": "bigint"}, {"name": "t", "type": "text"}]
        made |= {"kind": "external", "fields": fields, "columns": columns}
        if self.random.random() < 0.2:
            made["stale_when"] = self.random.choice(STALE_WHEN)
        return made

    def _sql(self, made: Declaration, features: Sequence[Declaration]) -> Declaration:
        fields: list[Declaration] = [{"name": "x", "columns": ["p"]}, {"name": "y", "columns": ["q"]}]
        for field in fields:
            if self.random.random() < 0.2:
                field["data_version"] = "provenance"
            if self.random.random() < 0.2:
                field["code_version"] = "1"
        made |= {"kind": "sql", "fields": fields}
        if self.random.random() < 0.2:
            made["orphans"] = "keep"
        made["body"] = self.body(made, features)
        return made

    def body(self, made: Declaration, features: Sequence[Declaration]) -> str:
        """A SELECT that gives the feature's samples."""
        main, *others = made["deps"]
        names = [f"a.{name}" for name in self._numbers(main["feature"], features)]
        joins = ""
        for dep in others:
            upstream = next(item for item in features if item["name"] == dep["feature"])
            names += [f"b.{name}" for name in self._numbers(dep["feature"], features)]
            same = " and ".join(f"b.{name} = a.{name}" for name in upstream["id_columns"])
            how = "left join" if dep.get("optional") else "join"
            joins = f" {how} {{{{ ref('{dep['feature']}') }}}} as b on {same}"
        names = [name.replace("a.length(", "length(a.").replace("b.length(", "length(b.") for name in names]
        p, q = (self.random.choice(FORMS).format(*self.random.choices(names, k=2)) for _ in range(2))
        filters = [f"{self.random.choice(names)} >= 0"] if self.random.random() < 0.3 else []
        start = f"from {{{{ ref('{main['feature']}') }}}} as a{joins}"
        ids = [f"a.{name}" for name in made["id_columns"] if name != f"c_{made['name']}"]
        if made["lineage"] == "aggregation":
            filters += [f"{name} is not null" for name in ids]
            p, q = f"sum({p})", self.random.choice(("count(*)", f"max({q})"))
        child = []
        if made["lineage"] == "expansion":
            child = [f"unnest(range(coalesce(abs({self.random.choice(names)}), 1) % 3)) as c_{made['name']}"]
        where = f" where {' and '.join(filters)}" if filters else ""
        group = f" group by {', '.join(ids)}" if made["lineage"] == "aggregation" else ""
        values = f"cast({p} as bigint) as p, cast({q} as bigint) as q"
        return f"select {', '.join([*ids, *child])}, {values} {start}{where}{group}"

    def _numbers(self, key: str, features: Sequence[Declaration]) -> tuple[str, ...]:
        return NUMBERS[self.kind(key, features)]

    # On disk, and in the sources

    def write(self, features: Sequence[Declaration]) -> None:
        """Write declarations and bodies in the place of those that were there."""
        own = ("kind", "body", "of", "lineage")
        for path in (self.place.folder / "models").glob("*.sql"):
            path.unlink()
        tables = [{"name": feature["name"]} for feature in features if feature["kind"] == "root"]
        plain = [{name: value for name, value in item.items() if name not in own} for item in features]
        document = {"version": 1, "sources": [{"name": "raw", "schema": "raw", "tables": tables}], "features": plain}
        self.place.write("models/features.yml", yaml.safe_dump(copy.deepcopy(document), sort_keys=False, width=110))
        for feature in features:
            if "body" in feature:
                self.place.write(f"models/{feature['name']}.sql", f"{feature['body']}\n")

    def fill(self) -> None:
        for key, rows in self.rows.items():
            self.place.fill(key, SOURCE, [(*ids, *values) for ids, values in rows.items()])

    def _rows(self) -> dict[tuple[str, int], tuple[Any, ...]]:
        ids = [(g, i) for g in "abcd" for i in (0, 1)]
        return {pair: self._values() for pair in self.random.sample(ids, self.random.randint(3, 7))}

    def _values(self) -> tuple[Any, ...]:
        choose = self.random.choice
        return choose((0, 1, 2, 3, None)), choose(("a", "bb", "ccc")), choose(("p", "q", None))

    # Edits

    def edited(self) -> list[Declaration]:
        """The declarations with one thing declared otherwise. They need not be valid."""
        features = copy.deepcopy(self.features)
        derived = [item for item in features if item["kind"] != "root"]
        feature = self.random.choice(features if self.random.random() < 0.2 else derived)
        way = self.random.choice(("code", "code", "where", "body", "optional", "field", "feature", "gone", "deps"))
        if way == "code":
            self.random.choice(feature["fields"])["code_version"] = self.random.choice("123")
        elif way == "feature":
            features.append(self.derived(f"new{self.random.randrange(10**6)}", features))
        elif way == "gone" and not any(feature["name"] in str(item.get("deps")) for item in features):
            features.remove(feature)
        elif way == "body" and feature["kind"] == "sql":
            feature["body"] = self.body(feature, features)
        elif way == "field" and feature["kind"] == "external":
            feature["fields"].append({"name": f"z{self.random.randrange(10**6)}", "code_version": "1"})
        elif way == "deps" and feature["kind"] == "external":
            name = self.random.choice(feature["deps"])["feature"]
            self.random.choice(feature["fields"])["deps"] = self.random.choice(([], [f"{name}.*"]))
        elif feature["kind"] != "root":
            dep = self.random.choice(feature["deps"])
            if way == "where":
                dep["where"] = self.random.choice(CONDITIONS[self.kind(dep["feature"], features)])
            elif way == "optional" and feature["kind"] == "external" and feature["lineage"] != "expansion":
                dep["optional"] = not dep.get("optional", False)
        return features

    def edit_rows(self) -> None:
        """Some rows of a source are changed, lost or new."""
        rows = self.rows[self.random.choice(list(self.rows))]
        for pair in [(g, i) for g in "abcd" for i in (0, 1)]:
            if self.random.random() < 0.25:
                if pair in rows and self.random.random() < 0.3:
                    del rows[pair]
                else:
                    rows[pair] = self._values()
