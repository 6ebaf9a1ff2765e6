"""The files of a project: what is where, in the order of their paths.

Hidden files and the target folder are skipped, and a file is found once, however many
links lead to it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from metasql.config.document import read_source
from metasql.config.project import ProjectConfig
from metasql.diagnostics import Bag, Label, candidates
from metasql.names import is_key
from metasql.source import Source, Span

ENGINES = ("clickhouse", "duckdb")
"""The engines that a body can be written for: `name.clickhouse.sql`."""


@dataclass(frozen=True)
class YamlFile:
    """A file of declarations. `key` is its place under the model folder, without the ending."""

    source: Source
    key: str


@dataclass(frozen=True)
class SqlFile:
    """A body: `models/video/full.sql` is `video/full`; `engine` is None where it is for all."""

    source: Source
    key: str
    engine: str | None = None


@dataclass(frozen=True)
class SeedFile:
    """A CSV file. It is not read here: it may be large."""

    path: Path
    shown: str
    name: str


@dataclass(frozen=True)
class Files:
    """Everything that `discover` finds."""

    declarations: tuple[YamlFile, ...] = ()
    bodies: tuple[SqlFile, ...] = ()
    macros: tuple[Source, ...] = ()
    seeds: tuple[SeedFile, ...] = ()
    assertions: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Part:
    """Some features of a project, with all that they are made of, and the files that say so.

    Reading a part finds the mistakes of its features. What concerns the project as a whole is not looked at:
    names that are taken twice, defaults that reach no feature, assertions.

    Of `whole` files every feature has to be one of the part, and a digest is given of what they say besides
    (parse/apart.py): what changed of that would be left out.
    """

    keys: frozenset[str]
    files: frozenset[str]
    whole: Mapping[str, str] = field(default_factory=dict)


class PartTooSmall(Exception):
    """A file declares more than the part has."""


def discover(config: ProjectConfig, bag: Bag, part: Part | None = None) -> Files:
    """The files under the project's paths; of a part, declarations and bodies of its own alone."""
    model_yaml = [(path, key) for path, key in _found(config, config.model_paths) if path.suffix in (".yml", ".yaml")]
    seed_yaml = [(path, key) for path, key in _found(config, config.seed_paths) if path.suffix in (".yml", ".yaml")]
    bodies = [(path, key) for path, key in _found(config, config.model_paths) if path.suffix == ".sql"]
    if part is not None:
        model_yaml, bodies = _of_part(config, model_yaml, part), _of_part(config, bodies, part)
    written = dict.fromkeys([*model_yaml, *seed_yaml])
    declarations = [(source, key) for path, key in written if (source := _read(config, path, bag))]
    return Files(
        declarations=tuple(YamlFile(source, key) for source, key in declarations),
        bodies=_bodies([(source, key) for path, key in bodies if (source := _read(config, path, bag))], bag),
        macros=_sources(config, config.macro_paths, bag),
        seeds=tuple(
            SeedFile(path, _shown(config, path), path.stem)
            for path, _ in _found(config, config.seed_paths)
            if path.suffix == ".csv"
        ),
        assertions=_sources(config, config.test_paths, bag),
    )


def _of_part(config: ProjectConfig, found: list[tuple[Path, str]], part: Part) -> list[tuple[Path, str]]:
    return [(path, key) for path, key in found if _shown(config, path) in part.files]


def _sources(config: ProjectConfig, folders: tuple[str, ...], bag: Bag) -> tuple[Source, ...]:
    paths = [path for path, _ in _found(config, folders) if path.suffix == ".sql"]
    return tuple(source for path in paths if (source := _read(config, path, bag)) is not None)


def _shown(config: ProjectConfig, path: Path) -> str:
    return path.relative_to(config.root).as_posix()


def _read(config: ProjectConfig, path: Path, bag: Bag) -> Source | None:
    return read_source(path, _shown(config, path), bag)


def _found(config: ProjectConfig, folders: tuple[str, ...]) -> list[tuple[Path, str]]:
    """Each file under the folders, with its place in its folder, without the ending.

    Where one folder holds another, a file belongs to the inner one.
    """
    target = (config.root / config.target_path).resolve()
    found: dict[Path, str] = {}
    for folder in sorted(folders, key=len, reverse=True):
        base = config.root / folder
        for path in _walk(base, target, frozenset()):
            found.setdefault(path, path.relative_to(base).with_suffix("").as_posix())
    return sorted(found.items(), key=lambda entry: entry[0].as_posix())


def _walk(folder: Path, target: Path, above: frozenset[Path]) -> Iterator[Path]:
    """The files of a folder and of those below it. `above` are the folders on the way, for loops of links."""
    real = folder.resolve()
    if real == target or real in above or not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        children = [Path(entry.path) for entry in entries if not entry.name.startswith(".")]
    for child in children:
        if child.is_dir():
            yield from _walk(child, target, above | {real})
        elif child.is_file():
            yield child


def _bodies(found: list[tuple[Source, str]], bag: Bag) -> tuple[SqlFile, ...]:
    """The bodies, each with its feature's key; one feature has one body an engine."""
    kept: dict[tuple[str, str | None], SqlFile] = {}
    for source, place in found:
        key, _, engine = place.partition(".")
        start = Span(source, 0, 0)
        if engine and engine not in ENGINES:
            help = f"engines are {candidates(ENGINES)}; other dots cannot stand in a file's name"
            bag.error("MS0319", f"`{source.path}` is for no engine that metasql knows", start, help=help)
        elif not is_key(key):
            help = "use lower-case letters, digits and `_` in the names of folders and files, beginning with a letter"
            bag.error("MS0300", f"`{key}` cannot be a feature's key", start, help=help)
        elif (first := kept.get((key, engine or None))) is not None:
            labels = [Label(Span(first.source, 0, 0), "first body")]
            bag.error("MS0319", f"`{key}` has two bodies", start, secondary=labels, help="keep one of the files")
        else:
            kept[key, engine or None] = SqlFile(source, key, engine or None)
    return tuple(kept.values())
