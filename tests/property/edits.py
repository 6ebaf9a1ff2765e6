"""Random cases: a random graph, random edits, and what the reference says of every increment on the way."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

from tests.property.declared import Feature, Rejected, link
from tests.property.graphs import changed_graph, random_graph
from tests.property.reference import World
from tests.property.state import Sample

Step = dict[str, Any]

VALUES: dict[str, tuple[Any, ...]] = {
    "g": ("a", "b", "c"),
    "i": (1, 2),
    "split": ("t", "v", None),
    "n": (0, 1, 2, None),
    "grp": ("p", "q", None),
}
CONTENTS = ("1", "1", "2", "2", "", None)
WEIGHTS = {
    "write": 5,
    "materialize": 6,
    "delete": 3,
    "code": 2,
    "declare": 4,
    "take": 1,
    "commit": 3,
    "bad": 1,
}


def random_case(seed: int, edits: int = 7) -> dict[str, Any]:
    """A case with everything it expects. The same seed gives the same case."""
    random = Random(seed)
    features = random_graph(random)
    maker = _Maker(random, World(features), sourced=_sourced(random, features))
    for feature in features:
        if not feature.get("deps"):
            maker.do(maker.write(feature["key"]))
        elif random.random() < 0.9:
            maker.do(maker.materialize(feature["key"]))
    for _ in range(edits):
        maker.edit()
    case = {
        "name": f"random_{seed}",
        "shows": "Whatever is edited, the increment is what the reference says.",
        "features": features,
        "steps": maker.steps,
    }
    return with_expectations(case)


def with_expectations(case: dict[str, Any]) -> dict[str, Any]:
    """The case, every step with what the reference says that it reports. `KeyError` where a step makes no sense."""
    world = World(case["features"])
    steps = []
    for step in case["steps"]:
        came = world.apply(step)
        plain = {name: value for name, value in step.items() if name != "expect"}
        steps.append(plain | ({"expect": came} if came else {}))
    return {**case, "steps": steps}


def _sourced(random: Random, features: list[dict[str, Any]]) -> frozenset[str]:
    """The roots that are compared with a source, rather than written from outside."""
    return frozenset(feature["key"] for feature in features if not feature.get("deps") and random.random() < 0.25)


class _Maker:
    """Makes steps that fit the state that the steps so far have left."""

    def __init__(self, random: Random, world: World, sourced: frozenset[str]):
        self.random = random
        self.world = world
        self.sourced = sourced
        self.steps: list[Step] = []
        self.takes = 0
        self.rejections = 0

    def do(self, step: Step) -> None:
        self.world.apply(step)
        self.steps.append(step)

    def edit(self) -> None:
        """One edit, then the increment of every feature that is made of others: to look at, or to work off."""
        kind = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        step = getattr(self, f"_{kind}")()
        if step is None:
            return
        self.do(step)
        for key, feature in self.world.features.items():
            if not feature.is_root:
                worked_off = self.random.random() < 0.4
                self.do(self._plainly(feature) if worked_off else {"do": "resolve", "feature": key})

    def write(self, key: str) -> Step:
        """A change of a root: rows from outside, or all the rows that its source now has."""
        rows = self._rows(key)
        if key not in self.sourced:
            return {"do": "write", "feature": key, "rows": rows}
        deletes = {"delete_orphans": True} if self.random.random() < 0.5 else {}
        return {"do": "materialize", "feature": key, "samples": rows} | deletes

    def materialize(self, key: str) -> Step:
        return {"do": "materialize", "feature": key} | self._options(key)

    def _plainly(self, feature: Feature) -> Step:
        """Materialise all that is new and stale, without a data version."""
        step: Step = {"do": "materialize", "feature": feature.key, "columns": {"m": self._value((1, 1, 0, None), [])}}
        return step | self._children(feature, [])

    def _write(self) -> Step:
        return self.write(self._root())

    def _materialize(self) -> Step:
        return self.materialize(self._derived())

    def _bad(self) -> Step | None:
        """A batch that must be turned down as a whole."""
        key = self._root()
        ids = self.world.features[key].ids
        rows = self._rows(key)
        if key in self.sourced or not rows:
            return None
        wrong = {**rows[0], self.random.choice(ids): None} if self.random.random() < 0.5 else rows[0]
        return {"do": "write", "feature": key, "rows": [*rows, wrong]}

    def _delete(self) -> Step:
        key = self.random.choice(list(self.world.features))
        feature = self.world.features[key]
        samples = list(self.world.stored[key].samples)
        ids = self.random.choice(samples) if samples else tuple(VALUES.get(c, ("p", 1))[0] for c in feature.ids)
        tests = [f"{column} = {value!r}" for column, value in zip(feature.ids, ids, strict=True)]
        where = " and ".join(tests[: self.random.randint(1, len(tests))])
        hard = {"hard": True} if self.random.random() < 0.3 else {}
        return {"do": "delete", "feature": key, "where": where} | hard

    def _code(self) -> Step:
        feature = self.random.choice(list(self.world.features.values()))
        name = self.random.choice(list(feature.fields))
        version = self.random.choice(("1", "2", "3"))
        return {"do": "set_code_version", "feature": feature.key, "field": name, "code_version": version}

    def _declare(self) -> Step | None:
        """A change of the declarations; now and then one that must be rejected."""
        for _ in range(20):
            features = changed_graph(self.random, self.world.declarations)
            step = {"do": "set_features", "features": features}
            if features == self.world.declarations:
                continue
            try:
                link(features)
            except Rejected:
                # What the reference rejects, metasql must reject: once in a case is enough.
                if self.rejections:
                    continue
                self.rejections += 1
            return step
        return None

    def _take(self) -> Step:
        self.takes += 1
        return {"do": "take", "feature": self._derived(), "as": f"t{self.takes}"}

    def _commit(self) -> Step:
        """Commit late what was taken; where nothing was, take now."""
        names = list(self.world.takes)
        if not names:
            return self._take()
        name = self.random.choice(names)
        options = self._options(self.world.takes[name].feature)
        options.pop("delete_orphans", None)
        return {"do": "commit", "take": name} | options

    def _options(self, key: str) -> Step:
        """Commit options: parts, some units only, columns, data versions, children."""
        random, feature = self.random, self.world.features[key]
        options: Step = {}
        if random.random() < 0.1:
            options["parts"] = random.choice((["new"], ["stale"]))
        pending = [list(unit) for unit, row in self.world.increment(key).items() if row.status != "orphaned"]
        if pending and random.random() < 0.15:
            options["only"] = random.sample(pending, random.randint(1, len(pending)))
        if random.random() < 0.4:
            options["delete_orphans"] = True
        samples = [[*unit, number] for unit in pending for number in (0, 1)] if feature.is_expansion else pending
        if random.random() < 0.7:
            options["columns"] = {"m": self._value((0, 1, 2, None), samples)}
        if random.random() < 0.3:
            name = random.choice(list(feature.fields))
            options["data_versions"] = {name: self._value(("c", "d", None), samples)}
        return options | self._children(feature, pending)

    def _children(self, feature: Feature, pending: list[list[Any]]) -> Step:
        if not feature.is_expansion:
            return {}
        column = next(column for column in feature.ids if column not in feature.unit)
        return {"children": {"column": column, "count": self._value((0, 1, 2, 2), pending)}}

    def _value(self, values: tuple[Any, ...], units: list[list[Any]]) -> Step:
        own = [[unit, self.random.choice(values)] for unit in units if self.random.random() < 0.3]
        return {"default": self.random.choice(values), "for": own}

    def _rows(self, key: str) -> list[Step]:
        """Rows to write to a root: mostly a small change of what is there, else rows of any content."""
        random, feature = self.random, self.world.features[key]
        there = [_as_written(sample, feature) for sample in self.world.stored[key].samples.values()]
        rows = self._small_change(feature, there) if there and random.random() < 0.75 else self._any_rows(feature)
        if key in self.sourced:
            # The rows that the source still has are not orphaned.
            written = {_ids(feature, row) for row in rows}
            kept = [row for row in there if _ids(feature, row) not in written and random.random() < 0.85]
            return rows + kept
        if random.random() < 0.15:
            random.choice(rows)["data_versions"] = {random.choice(list(feature.fields)): random.choice(("d1", "d2"))}
        return rows

    def _any_rows(self, feature: Feature) -> list[Step]:
        rows = {}
        for _ in range(self.random.choice((2, 3, 4, 5))):
            row = {column: self.random.choice(VALUES[column]) for column in (*feature.ids, *feature.columns)}
            row["fields"] = {name: self.random.choice(CONTENTS) for name in feature.fields}
            rows[_ids(feature, row)] = row
        return list(rows.values())

    def _small_change(self, feature: Feature, there: list[Step]) -> list[Step]:
        """One field or data column of a row, two rows that exchange their contents, or a copy under another id."""
        random = self.random
        rows = [copy.deepcopy(row) for row in random.sample(there, min(len(there), 2))]
        change = random.choice(("field", "field", "column", "exchange", "copy"))
        if change == "exchange":
            contents = [row["fields"] for row in rows]
            for row, fields in zip(rows, reversed(contents), strict=True):
                row["fields"] = fields
            return rows
        row = rows[0]
        if change == "copy":
            row |= {column: random.choice(VALUES[column]) for column in feature.ids}
        elif change == "column" and feature.columns:
            column = random.choice(feature.columns)
            row[column] = random.choice(VALUES[column])
        else:
            row["fields"][random.choice(list(feature.fields))] = random.choice(CONTENTS)
        return [row]

    def _root(self) -> str:
        return self.random.choice([key for key, feature in self.world.features.items() if feature.is_root])

    def _derived(self) -> str:
        return self.random.choice([key for key, feature in self.world.features.items() if not feature.is_root])


def _ids(feature: Feature, row: Step) -> tuple[Any, ...]:
    return tuple(row[column] for column in feature.ids)


def _as_written(sample: Sample, feature: Feature) -> Step:
    """A root's row in the words of a step; a field that it has no version of yet is empty."""
    contents = {name: sample.made[name].inputs[1] if name in sample.made else "" for name in feature.fields}
    return {**sample.values, "fields": contents}
