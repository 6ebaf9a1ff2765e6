"""Which nodes a selection means: methods, graph operators, unions by space, intersections by comma.

    key  video/*  +key  key+  2+key  @key  tag:  path:  source:  kind:  field:  increment:  result:  state:

The nodes are features by key, seeds by name and sources as `source:raw.videos`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from metasql.diagnostics import Bag, candidates, suggest
from metasql.graph.lineage import reached_by
from metasql.graph.nodes import Graph, Kind
from metasql.names import FieldKey

Lookup = Callable[[str], Iterable[str]]
METHODS = ("tag", "path", "source", "kind", "field", "increment", "result", "state", "fqn")
KINDS = (*(kind.value for kind in Kind), "seed")
_OPERATORS = re.compile(r"(?P<at>@)?(?:(?P<up>\d*)\+)?(?P<name>[^@+]+)(?:\+(?P<down>\d*))?")


@dataclass(frozen=True)
class Selector:
    """What a selection is asked of. `lookups` answer `increment:`, `result:` and `state:` with feature keys."""

    graph: Graph
    selectors: Mapping[str, Any] = field(default_factory=dict)
    lookups: Mapping[str, Lookup] = field(default_factory=dict)

    def select(
        self, select: Sequence[str] = (), exclude: Sequence[str] = (), selector: str | None = None
    ) -> tuple[set[str], Bag]:
        """The selected nodes; everything where nothing is said."""
        bag = Bag()
        chosen = self._union(select, bag) if select else set(self.nodes)
        if selector is not None:
            named = self._named(selector, bag)
            chosen = chosen & named if select else named
        return chosen - self._union(exclude, bag), bag

    @cached_property
    def nodes(self) -> dict[str, str]:
        """Every node, and the path of the file that declares it."""
        found = {str(key): feature.path for key, feature in self.graph.features.items()}
        found |= {name: seed.path for name, seed in self.graph.seeds.items()}
        return found | {f"source:{name}.{table}": "" for name, table in self.graph.sources}

    @cached_property
    def parents(self) -> dict[str, set[str]]:
        edges: dict[str, set[str]] = {name: set() for name in self.nodes}
        for key, feature in self.graph.features.items():
            edges[str(key)] |= {str(dep.feature) for dep in feature.deps}
            for body in feature.bodies.values():
                for ref in body.refs:
                    name = f"source:{ref.name}.{ref.table}" if ref.kind == "source" else str(ref.name)
                    edges[str(key)].add(name)
            edges[str(key)] &= self.nodes.keys()  # what other projects have is no node here
        return edges

    @cached_property
    def children(self) -> dict[str, set[str]]:
        edges: dict[str, set[str]] = {name: set() for name in self.nodes}
        for child, parents in self.parents.items():
            for parent in parents:
                edges.setdefault(parent, set()).add(child)
        return edges

    def _union(self, words: Sequence[str], bag: Bag) -> set[str]:
        found: set[str] = set()
        for word in (part for words_ in words for part in words_.split()):
            parts = [self._one(part, bag) for part in word.split(",") if part]
            found |= set.intersection(*parts) if parts else set()
        return found

    def _one(self, word: str, bag: Bag) -> set[str]:
        match = _OPERATORS.fullmatch(word)
        if match is None:
            bag.error("MS0350", f"`{word}` is no selection", help="see `metasql ls --help`")
            return set()
        if match["name"].startswith("field:") and match["down"] is not None:
            return self._field(match["name"].removeprefix("field:"), bag, onward=True)
        start = self._method(match["name"], bag)
        found = set(start)
        if match["at"]:
            onward = self._walk(start, self.children, None)
            return found | onward | self._walk(found | onward, self.parents, None)
        if match["up"] is not None:
            found |= self._walk(start, self.parents, int(match["up"]) if match["up"] else None)
        if match["down"] is not None:
            found |= self._walk(start, self.children, int(match["down"]) if match["down"] else None)
        return found

    def _walk(self, start: set[str], edges: Mapping[str, set[str]], steps: int | None) -> set[str]:
        found: set[str] = set()
        frontier = set(start)
        while frontier and (steps is None or steps > 0):
            frontier = {after for name in frontier for after in edges.get(name, ())} - found
            found |= frontier
            steps = None if steps is None else steps - 1
        return found

    def _method(self, name: str, bag: Bag) -> set[str]:
        method, colon, value = name.partition(":")
        if not colon or method not in METHODS:
            if colon:
                bag.error(
                    "MS0350",
                    f"`{method}:` is no way to select",
                    notes=[f"ways: {', '.join(f'{known}:' for known in METHODS)}"],
                    help=suggest(method, METHODS) or "or name a feature by its key",
                )
                return set()
            return self._by_name(name, bag)
        methods: dict[str, Callable[[str], set[str]]] = {
            "tag": self._tag,
            "path": self._path,
            "source": self._source,
            "kind": lambda text: self._kind(text, bag),
            "fqn": lambda text: self._by_name(text, bag),
            "field": lambda text: self._field(text, bag, onward=False),
            "increment": lambda text: self._lookup("increment", text, bag),
            "result": lambda text: self._lookup("result", text, bag),
            "state": lambda text: self._lookup("state", text, bag),
        }
        found = methods[method](value)
        if not found and method in ("tag", "path", "source"):
            bag.warn("MS0351", f"nothing matches `{name}`", help="`metasql ls` lists what there is")
        return found

    def _by_name(self, name: str, bag: Bag) -> set[str]:
        found = {node for node in self.nodes if fnmatchcase(node, name)}
        if not found:
            bag.warn(
                "MS0351",
                f"nothing is named `{name}`",
                notes=[f"there are: {candidates(self.nodes)}"],
                help=suggest(name, self.nodes),
            )
        return found

    def _tag(self, tag: str) -> set[str]:
        found = {str(key) for key, feature in self.graph.features.items() if tag in feature.tags}
        return found | {name for name, seed in self.graph.seeds.items() if tag in seed.tags}

    def _path(self, path: str) -> set[str]:
        path = path.removeprefix("./").rstrip("/")
        return {
            name
            for name, file in self.nodes.items()
            if file and (file.startswith(f"{path}/") or fnmatchcase(file, path))
        }

    def _source(self, name: str) -> set[str]:
        return {node for node in self.nodes if node.startswith("source:") and fnmatchcase(node[7:], name)} | {
            node for node in self.nodes if node.startswith(f"source:{name}.")
        }

    def _kind(self, kind: str, bag: Bag) -> set[str]:
        if kind not in KINDS:
            message = f"`{kind}` is no kind of node"
            help = suggest(kind, KINDS) or f"write one of: {', '.join(KINDS)}"
            bag.error("MS0350", message, help=help)
        found = {str(key) for key, feature in self.graph.features.items() if feature.kind.value == kind}
        return found | (set(self.graph.seeds) if kind == "seed" else set())

    def _field(self, text: str, bag: Bag, *, onward: bool) -> set[str]:
        """The feature of a field; with `+`, every feature that the field reaches."""
        key = FieldKey.parse(text)
        feature = self.graph.features.get(key.feature)
        if feature is None or key.field not in {item.name for item in feature.fields}:
            known = [str(FieldKey(k, f.name)) for k, item in self.graph.features.items() for f in item.fields]
            bag.warn("MS0351", f"there is no field `{text}`", help=suggest(text, known))
            return set()
        reached = reached_by(self.graph, key) if onward else set()
        return {str(key.feature)} | {str(item.feature) for item in reached}

    def _lookup(self, method: str, value: str, bag: Bag) -> set[str]:
        lookup = self.lookups.get(method)
        if lookup is None:
            help = "use it with `run`, `build`, `test`, `ls` or `status`"
            bag.error("MS0352", f"`{method}:` needs a warehouse, which this command does not open", help=help)
            return set()
        return {name for name in lookup(value) if name in self.nodes}

    def _named(self, name: str, bag: Bag) -> set[str]:
        if name not in self.selectors:
            bag.error(
                "MS0353",
                f"there is no selector `{name}`",
                notes=[f"selectors: {candidates(self.selectors)}"],
                help=suggest(name, self.selectors) or "name it in `selectors.yml`",
            )
            return set()
        return self._definition(self.selectors[name], bag)

    def _definition(self, definition: Any, bag: Bag) -> set[str]:
        """A selector as dbt writes it: a text, a method and value, union, intersection, exclude."""
        if isinstance(definition, str):
            return self._union([definition], bag)
        if isinstance(definition, Sequence):
            return set().union(*(self._definition(item, bag) for item in definition))
        if "union" in definition:
            return self._combined(definition["union"], bag, union=True)
        if "intersection" in definition:
            return self._combined(definition["intersection"], bag, union=False)
        if "method" in definition:
            found = self._one(_word(definition), bag)
            return found - self._definition(definition["exclude"], bag) if "exclude" in definition else found
        return set.intersection(*(self._one(f"{method}:{value}", bag) for method, value in definition.items()))

    def _combined(self, parts: Sequence[Any], bag: Bag, *, union: bool) -> set[str]:
        excluded: set[str] = set()
        found: list[set[str]] = []
        for part in parts:
            if isinstance(part, Mapping) and set(part) == {"exclude"}:
                excluded |= self._definition(part["exclude"], bag)
            else:
                found.append(self._definition(part, bag))
        if not found:
            return set()
        return (set().union(*found) if union else set.intersection(*found)) - excluded


def _word(definition: Mapping[str, Any]) -> str:
    """A method and its value with the operators around it, as on the command line."""
    word = f"{definition['method']}:{definition['value']}"
    if definition.get("childrens_parents"):
        return f"@{word}"
    up = f"{definition.get('parents_depth', '')}+" if definition.get("parents") else ""
    down = f"+{definition.get('children_depth', '')}" if definition.get("children") else ""
    return f"{up}{word}{down}"
