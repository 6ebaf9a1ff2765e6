"""Random projects over columns of every type: what is declared, as files, and what is known of it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import yaml

from tests.property.kinds import Kind

Declaration = dict[str, Any]
Kinds = Mapping[str, Kind]

IDS = (("text",), ("int64",), ("text", "date"), ("timestamp",), ("uuid",), ("decimal", "boolean"), ("int8", "text"))
IDS += (("int128",), ("uint64",), ("timestamptz",), ("decimal38",), ("date", "uint8", "fraction"))


@dataclass(frozen=True)
class Mixed:
    """A project: `things` is a root over a source, `notes` one from outside, the others are made of them.

    `ids` and `columns` are those of `things`; `work` what `job` and `parts` commit; `told` what `notes` hold.
    """

    ids: dict[str, Kind]
    columns: dict[str, Kind]
    groups: Kind
    work: dict[str, Kind]
    told: dict[str, Kind]
    features: list[Declaration]
    bodies: dict[str, str]

    @property
    def types(self) -> dict[str, str]:
        """The source's columns."""
        return {name: kind.type for name, kind in {**self.ids, **self.columns, "grp": self.groups}.items()}

    def files(self) -> dict[str, str]:
        source = [{"name": "raw", "schema": "raw", "tables": [{"name": "things"}]}]
        document = {"version": 1, "sources": source, "features": self.features}
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
        bodies = {f"models/{key}.sql": f"{body}\n" for key, body in self.bodies.items()}
        return {"models/features.yml": text, **bodies}

    def recoded(self, random: Random) -> Mixed:
        """The same with another code version of one field."""
        features = copy.deepcopy(self.features)
        changed = [feature for feature in features if isinstance(feature["fields"], list)]
        random.choice(random.choice(changed)["fields"])["code_version"] = str(random.randint(2, 9))
        return replace(self, features=features)


def random_project(random: Random, kinds: Kinds) -> Mixed:
    ids = {f"id{place}": kinds[name] for place, name in enumerate(random.choice(IDS))}
    columns = _columns(random, kinds, "k", random.randint(4, 8))
    work, told = _columns(random, kinds, "w", 3), _columns(random, kinds, "t", 2)
    groups = kinds[random.choice([name for name, kind in kinds.items() if kind.identifies])]
    mixed = Mixed(ids, columns, groups, work, told, [], {})
    things = ", ".join([*ids, *columns, "grp"])
    calc, calc_body = _calc(random, mixed)
    features = [
        _things(random, mixed),
        {**_outside(random, mixed, "notes", told, None), "fields": _fields(random, list(told))},
        _outside(random, mixed, "marks", {}, None),
        _outside(random, mixed, "job", work, _upstream(random, mixed)),
        _outside(random, mixed, "parts", work, [_expansion(random, mixed)]),
        _sums(mixed),
        calc,
    ]
    bodies = {"things": f"select {things} from {{{{ source('raw', 'things') }}}}", "calc": calc_body}
    return replace(mixed, features=features, bodies=bodies)


def _columns(random: Random, kinds: Kinds, letter: str, count: int) -> dict[str, Kind]:
    names = random.sample(list(kinds), count)
    return {f"{letter}{place}": kinds[name] for place, name in enumerate(names)}


def _declared(columns: dict[str, Kind]) -> list[Declaration]:
    return [{"name": name, "type": kind.type} for name, kind in columns.items()]


def _fields(random: Random, columns: list[str]) -> list[Declaration]:
    """Every column is in one of two fields."""
    shuffled = random.sample(columns, len(columns))
    middle = random.randint(1, max(1, len(shuffled) - 1))
    parts = [part for part in (shuffled[:middle], shuffled[middle:]) if part]
    return [{"name": name, "columns": part} for name, part in zip(("x", "s/y"), parts, strict=False)]


def _things(random: Random, mixed: Mixed) -> Declaration:
    """The root over the source; of some columns the type is declared, of others the engine alone knows it."""
    known = {name: kind for name, kind in {**mixed.ids, **mixed.columns}.items() if random.random() < 0.5}
    fields = _fields(random, list(mixed.columns))
    name = random.choice(list(mixed.columns))
    fields.append({"name": "z", "version": random.choice((name, f"coalesce({name}, {name})"))})
    return {"name": "things", "id_columns": list(mixed.ids), "columns": _declared(known), "fields": fields}


def _outside(
    random: Random, mixed: Mixed, key: str, columns: dict[str, Kind], deps: list[Declaration] | None
) -> Declaration:
    """A feature that batches are committed to."""
    ids = [*mixed.ids, *(["n"] if key == "parts" else [])]
    child = [{"name": "n", "type": "integer"}] if key == "parts" else []
    declared = {"name": key, "id_columns": ids, "columns": [*_declared({**mixed.ids, **columns}), *child]}
    return declared | {"fields": [{"name": "x"}, {"name": "y"}]} | ({"deps": deps} if deps else {})


def _condition(random: Random, columns: dict[str, Kind]) -> str:
    name = random.choice(list(columns))
    return random.choice(columns[name].conditions).replace(":c", name)


def _upstream(random: Random, mixed: Mixed) -> list[Declaration]:
    carried = random.sample(list(mixed.columns), 2)
    things: Declaration = {"feature": "things", "columns": carried, "where": _condition(random, mixed.columns)}
    notes: Declaration = {"feature": "notes", "columns": [], "optional": random.random() < 0.8}
    if random.random() < 0.5:
        notes["where"] = _condition(random, mixed.told)
    return [things, notes, {"feature": "marks", "optional": True}]


def _expansion(random: Random, mixed: Mixed) -> Declaration:
    where = {"where": _condition(random, mixed.columns)} if random.random() < 0.5 else {}
    return {"feature": "things", "columns": [], "lineage": {"expansion": {"on": list(mixed.ids)}}, **where}


def _sums(mixed: Mixed) -> Declaration:
    """A group for each value of a column, of the rows that have one."""
    first = next(iter(mixed.columns))
    aggregates = {"n": "count(*)", "m": f"count({first})"}
    dep = {"feature": "things", "lineage": {"aggregation": {"on": ["grp"]}}, "columns": aggregates}
    return {"name": "sums", "id_columns": ["grp"], "deps": [dep], "fields": [{"name": "x"}, {"name": "s/y"}]}


def _calc(random: Random, mixed: Mixed) -> tuple[Declaration, str]:
    """A feature whose body computes; each of its columns is a field, whose content is its version."""
    made = []
    for place, (name, kind) in enumerate(mixed.columns.items()):
        expression = random.choice((name, *kind.expressions)).replace(":c", name)
        made.append(f"{expression} as c{place}")
    ids = list(mixed.ids)
    where = _condition(random, mixed.columns)
    body = f"select {', '.join([*ids, *made])} from {{{{ ref('things') }}}} where {where}"
    return {"name": "calc", "id_columns": ids, "deps": ["things"], "fields": "per_column"}, body
