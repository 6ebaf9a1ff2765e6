"""What was read from bodies before, by content: a project that did not change is not read again.

A file of JSON in the target folder. Whatever is wrong with it, it is as if it were not there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from metasql.graph.link_deps import LinkedDep
from metasql.graph.upstream import Upstream
from metasql.names import FeatureKey, FieldKey
from metasql.parse.declarations import FeatureDecl, FieldDecl, Ref

FORM = ["2", version("sqlglot")]
"""Of another form nothing is known: count it up with every change of what lineage is read from a body."""

Parents = dict[str, list[FieldKey]]


@dataclass
class Memory:
    """Digest of all that a feature's lineage hangs on → the parents of its fields."""

    known: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    used: dict[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Memory:
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            return cls(told["parents"]) if told["form"] == FORM else cls()
        except (OSError, ValueError, KeyError, TypeError):
            return cls()

    def write(self, path: Path, *, keep: bool = False) -> None:
        """What this project has, where that is not what the file says; with `keep`, what it had before too."""
        told = {**self.known, **self.used} if keep else self.used
        if told.keys() == self.known.keys():
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f"{path.name}.new")
            beside.write_text(json.dumps({"form": FORM, "parents": told}), encoding="utf-8")
            beside.replace(path)
        except OSError:
            return  # it is read again the next time

    def parents(self, key: str, read: Callable[[], Parents], is_plain: Callable[[], bool]) -> Parents:
        """The parents of a feature's fields; they are kept where there was nothing to say about them."""
        told = self.known.get(key)
        if told is not None:
            self.used[key] = told
            return {name: [_field(text) for text in texts] for name, texts in told.items()}
        found = read()
        if is_plain():
            self.used[key] = {name: [str(item) for item in items] for name, items in found.items()}
        return found


def _field(text: str) -> FieldKey:
    path, _, name = text.rpartition(".")
    return FieldKey(FeatureKey(path), name)


def key_of(
    decl: FeatureDecl,
    declared: Sequence[FieldDecl],
    deps: Sequence[LinkedDep],
    columns: Iterable[str],
    upstream: Upstream,
    dialect: str,
) -> str:
    """A digest of everything that the parents of a feature's fields hang on."""
    parts: list[object] = [dialect, [str(name) for name in decl.id_columns], list(columns)]
    for engine, body in sorted(decl.bodies.items(), key=lambda item: str(item[0])):
        parts += [engine, body.text, [_ref(ref, upstream) for ref in body.refs]]
    for item in declared:
        own = None if item.deps is None else [str(text) for text in item.deps]
        parts.append([str(item.name), own, [str(name) for name in item.columns]])
    for dep in deps:
        plain, feature = dep.dependency, upstream.features[dep.dependency.feature]
        named = sorted((str(ours), [str(name) for name in given]) for ours, given in dep.mapping.named.items())
        mapping = [dep.mapping.kind, named, [str(name) for name in dep.mapping.exclude]]
        parts.append([str(plain.feature), plain.lineage.value, plain.optional, plain.match, dep.on, mapping])
        parts.append([sorted(plain.rename.items()), list(feature.id_columns), [item.name for item in feature.columns]])
        parts.append([[item.name, list(item.columns)] for item in feature.fields])
    return hashlib.md5(json.dumps(parts).encode(), usedforsecurity=False).hexdigest()


def _ref(ref: Ref, upstream: Upstream) -> list[object]:
    name, table = str(ref.name), str(ref.table)
    known = upstream.columns_of_source(name, table) if ref.kind == "source" else upstream.columns_of(name)
    return [ref.placeholder, ref.kind, name, table, list(known) if known is not None else None]
