"""What the last whole `metasql compile` was made of, and what it wrote: of the same, nothing is made again.

A file of JSON beside what it speaks of. It is compared by content: every file of the project, the
options, the variables of the environment that were asked for, and the program itself. Whatever is
wrong with it, it is as if it were not there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from metasql.graph.nodes import Feature
from metasql.source import NOWHERE

FORM = 2
"""Of another form nothing is known: count it up with every change of the file, or of what is compiled of a project."""

ENDINGS = (".yml", ".yaml", ".sql", ".csv")
"""The files in a project's folders that say anything."""

Written = Mapping[str, tuple[int, int]]


class AskedEnvironment(Mapping[str, str]):
    """The environment's variables; those that were asked for are known afterwards."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self._asked.add(name)
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        self._asked.update(self._variables)
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def asked(self) -> dict[str, str | None]:
        """What was asked for, as digests: a variable may be a secret."""
        return {name: digest_of(self._variables.get(name)) for name in sorted(self._asked)}


class FeatureStamp(NamedTuple):
    """`declared` is the file that declares a feature, `bodies` are those with its SQL; `reads` are keys.

    `beside` are the files that declare the sources that it reads. `face` is a digest of all that others can
    see of it, `tested` one of its generic tests; `made` are the files of its relations.
    """

    declared: str
    bodies: Sequence[str]
    reads: Sequence[str]
    beside: Sequence[str]
    face: str
    tested: str
    made: Sequence[str]


@dataclass(frozen=True)
class Stamp:
    """`options`: a digest of what was asked for. `files`: those of the project, by path, with digests.

    `written` are the files that were made, below the target folder, with sizes and times. `features`: by
    key, what each was read from and made into. `apart`: of each YAML file, a digest of what it says besides
    its features. `counts` is what the command says at its end.
    """

    options: str
    env: Mapping[str, str | None]
    files: Mapping[str, str | None]
    written: Written = field(default_factory=dict)
    features: Mapping[str, FeatureStamp] = field(default_factory=dict)
    apart: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Stamp | None:
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            if told["form"] != FORM:
                return None
            found = cls(**told["stamp"])
            return replace(found, features={key: FeatureStamp(*item) for key, item in found.features.items()})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Whole or not at all."""
        try:
            beside = path.with_name(f"{path.name}.{os.getpid()}.new")
            path.parent.mkdir(parents=True, exist_ok=True)
            told = {**vars(self), "features": {key: list(item) for key, item in self.features.items()}}
            beside.write_text(json.dumps({"form": FORM, "stamp": told}), encoding="utf-8")
            beside.replace(path)
        except OSError:
            return  # it is compiled anew the next time

    def is_of(self, options: str, env: Mapping[str, str]) -> bool:
        """Whether it was made with the same options, where the environment says the same."""
        return self.options == options and all(digest_of(env.get(name)) == told for name, told in self.env.items())

    def still_written(self, base: Path) -> bool:
        """Whether everything that was written lies there as it was written."""
        try:
            return all(list(_state(f"{base}/{name}")) == list(told) for name, told in self.written.items())
        except OSError:
            return False


def face_of(feature: Feature) -> str:
    """A digest of all that others can see of a feature, but for its bodies, code, place and descriptions."""
    fields = [replace(item, code_version="", recipe="", version="", description="") for item in feature.fields]
    seen = replace(
        feature,
        bodies={},
        version="",
        description="",
        owner=None,
        tags=(),
        meta={},
        cost_per_sample=None,
        pre_hook=(),
        post_hook=(),
        span=NOWHERE,
        tests=(),
        columns=tuple(replace(column, description="") for column in feature.columns),
        fields=tuple(replace(item, span=NOWHERE) for item in fields),
        deps=tuple(replace(dep, span=NOWHERE) for dep in feature.deps),
    )
    return _digest(repr(seen).encode())


def digest_of(value: object) -> str | None:
    """A digest of a plain value; None stays None."""
    return None if value is None else _digest(json.dumps(value, sort_keys=True, default=repr).encode())


def project_files(root: Path, folders: Iterable[str], target: str, single: Iterable[str]) -> dict[str, str | None]:
    """Every file that says anything of a project, with a digest of what it says; None where there is none."""
    found: dict[str, str | None] = {}
    away = os.path.realpath(root / target)
    for folder in sorted(set(folders)):
        for path in _walk(f"{root}/{folder}", away, frozenset()):
            found[path] = _content(path)
    for path in single:
        found[path] = _content(path)
    return found


def written_now(base: Path, names: Iterable[str]) -> Written:
    """Sizes and times of files below a folder."""
    return {name: _state(f"{base}/{name}") for name in names}


def _content(path: str) -> str | None:
    """Of a seed, only the first line matters here, and it may be large: its size and time stand for it."""
    try:
        if path.endswith(".csv"):
            return json.dumps(_state(path))
        return _digest(Path(path).read_bytes())
    except OSError:
        return None


def _state(path: str) -> tuple[int, int]:
    found = os.stat(path)  # noqa: PTH116 - of thousands of files, and a Path costs more than the call
    return found.st_size, found.st_mtime_ns


def _digest(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _walk(folder: str, away: str, above: frozenset[str]) -> Iterator[str]:
    """The files of a folder and of those below it, as parse/discover.py finds them, but for their order."""
    real = os.path.realpath(folder)
    if real == away or real in above or not Path(folder).is_dir():
        return
    with os.scandir(folder) as entries:
        children: list[Any] = sorted(entries, key=lambda entry: entry.name)
    for child in children:
        if child.name.startswith("."):
            continue
        if child.is_dir():
            yield from _walk(child.path, away, above | {real})
        elif child.name.endswith(ENDINGS) and child.is_file():
            yield child.path
