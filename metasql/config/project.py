"""The project file: `dbt_project_style.yml`, and `selectors.yml` beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from sqlglot import Dialects

from metasql.config.dependencies import ProjectDecl, read_dependencies
from metasql.config.document import Node, parse_yaml, plain, read_source
from metasql.config.reader import Reader
from metasql.config.selectors import SELECTORS_FILE as SELECTORS_FILE
from metasql.config.selectors import read_selectors
from metasql.diagnostics import Bag, suggest
from metasql.source import Source, Word

VERSION = "0.1.0"
"""The version of metasql, which `require-metasql-version` is held against."""

PROJECT_FILE = "dbt_project_style.yml"

HASHES = ("md5", "sha256")
"""What versions are hashed with. Another choice makes every sample stale."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_DIALECTS = tuple(dialect.value for dialect in Dialects if dialect.value)
_HINTS = {
    "models": "folder defaults stand under `features`",
    "seeds": "folder defaults are for features; a seed's words stand under `seeds` in a YAML file beside it",
    "config-version": "remove it: there is one version",
    "clean-targets": "remove it: `metasql clean` empties `target-path`",
    "require-dbt-version": "write `require-metasql-version`",
    "data-paths": "write `seed-paths`",
    "source-paths": "write `model-paths`",
}


@dataclass(frozen=True)
class FolderDefault:
    """One word that the project file says for all features of a folder: `video: {+tags: [media]}`."""

    folder: tuple[str, ...]
    name: Word
    value: Node


@dataclass(frozen=True)
class ProjectConfig:
    """The project file, checked. Paths are relative to `root`, with forward slashes."""

    root: Path
    name: str
    version: str
    profile: Word
    dialect: str
    model_paths: tuple[str, ...]
    macro_paths: tuple[str, ...]
    seed_paths: tuple[str, ...]
    test_paths: tuple[str, ...]
    target_path: str
    vars: Mapping[str, Any]
    on_run_start: tuple[Word, ...]
    on_run_end: tuple[Word, ...]
    defaults: tuple[FolderDefault, ...]
    selectors: Mapping[str, Any]
    requires: str
    hash: str
    dependencies: tuple[ProjectDecl, ...]
    source: Source = field(repr=False)


def load_project(root: Path, bag: Bag, cli_vars: Mapping[str, Any] | None = None) -> ProjectConfig | None:
    """The project of a folder; None with errors where the file is missing or wrong.

    `cli_vars` go over the file's `vars`.
    """
    path = root / PROJECT_FILE
    if not path.is_file():
        help = "run metasql in the project folder, name it with `--project-dir`, or start one with `metasql init`"
        bag.error("MS0101", f"no `{PROJECT_FILE}` in `{root}`", help=help)
        return None
    found = Bag()
    source = read_source(path, PROJECT_FILE, found)
    document = None if source is None else parse_yaml(source, found)
    config = None if document is None or source is None else _read(root, source, document, found, cli_vars or {})
    bag.extend(found)
    return None if found.has_errors else config


def _read(root: Path, source: Source, document: Node, bag: Bag, cli_vars: Mapping[str, Any]) -> ProjectConfig:
    reader = Reader.of(document, bag, "the project file", hints=_HINTS)
    name = _name(reader, bag)
    target_path = _paths(reader, root, bag, "target")[0]
    config = ProjectConfig(
        root=root,
        name=name,
        version=reader.any_text("version") or Word(""),
        profile=reader.text("profile") or Word(name),
        dialect=_dialect(reader, bag),
        model_paths=_paths(reader, root, bag, "model"),
        macro_paths=_paths(reader, root, bag, "macro"),
        seed_paths=_paths(reader, root, bag, "seed"),
        test_paths=_paths(reader, root, bag, "test"),
        target_path=target_path,
        vars=_vars(reader, name, cli_vars),
        on_run_start=reader.raw_texts("on-run-start", "on_run_start"),
        on_run_end=reader.raw_texts("on-run-end", "on_run_end"),
        defaults=_defaults(reader, name, bag),
        selectors=read_selectors(reader, root, bag),
        requires=_requires(reader, bag),
        hash=reader.choice("hash", HASHES, default="md5") or "md5",
        dependencies=read_dependencies(reader, name, bag),
        source=source,
    )
    reader.finish()
    _check_target(config, reader, bag)
    return config


def _name(reader: Reader, bag: Bag) -> str:
    name = reader.required("name", help="write `name: my_project`")
    if name is not None and not _NAME.fullmatch(name):
        help = "use lower-case letters, digits and `_`, and begin with a letter"
        bag.error("MS0102", f"`{name}` cannot be a project's name", name.span, help=help)
    return str(name or "")


def _dialect(reader: Reader, bag: Bag) -> str:
    dialect = reader.text("dialect")
    if dialect is not None and dialect not in _DIALECTS:
        bag.error(
            "MS0105",
            f"there is no SQL dialect `{dialect}`",
            dialect.span,
            notes=[f"known dialects: {', '.join(sorted(_DIALECTS))}"],
            help=suggest(dialect, _DIALECTS) or "write the dialect that the models are written in, such as `duckdb`",
        )
    return str(dialect or "duckdb")


_PATHS = {"model": "models", "macro": "macros", "seed": "seeds", "test": "tests/assertions", "target": "target"}


def _paths(reader: Reader, root: Path, bag: Bag, kind: str) -> tuple[str, ...]:
    """The folders of a kind, each inside the project."""
    plural = "path" if kind == "target" else "paths"
    words = reader.texts(f"{kind}-{plural}", f"{kind}_{plural}")
    if kind == "target" and len(words) > 1:
        bag.error("MS0207", "`target-path` is one folder", words[1].span, help="keep one")
    good: list[str] = []
    for word in words:
        inside = (root / word).resolve()
        if not word.strip() or not inside.is_relative_to(root.resolve()):
            help = "write a folder relative to the project file"
            bag.error("MS0103", f"`{word}` is not a folder inside the project", word.span, help=help)
        else:
            good.append(PurePosixPath(word).as_posix())
    return tuple(good) or (_PATHS[kind],)


def _check_target(config: ProjectConfig, reader: Reader, bag: Bag) -> None:
    """`metasql clean` empties the target folder: nothing that a person wrote may be in it."""
    target = (config.root / config.target_path).resolve()
    node = reader.node.get("target-path") or reader.node.get("target_path")
    place = node.span if node is not None else reader.node.span
    for path in (".", *config.model_paths, *config.macro_paths, *config.seed_paths, *config.test_paths):
        if (config.root / path).resolve().is_relative_to(target):
            what = "the project itself" if path == "." else f"`{path}`"
            help = "give it a folder of its own, such as `target`"
            bag.error("MS0103", f"`target-path` must not hold {what}", place, help=help)
            return


def _vars(reader: Reader, name: str, cli_vars: Mapping[str, Any]) -> dict[str, Any]:
    """Variables; those under the project's own name and those of the command line go over the others."""
    node = reader.mapping("vars")
    written: dict[str, Any] = {} if node is None else plain(node, words=False)
    own = written.pop(name, {}) if isinstance(written.get(name), dict) else {}
    return {**written, **own, **cli_vars}


def _requires(reader: Reader, bag: Bag) -> str:
    words = reader.texts("require-metasql-version", "require_metasql_version")
    if not words:
        return ""
    # It takes longer to load than what most projects are read with, which ask for no version.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    for word in words:
        try:
            fits = SpecifierSet(word).contains(VERSION, prereleases=True)
        except InvalidSpecifier:
            help = 'write it like ">=0.1,<2"'
            bag.error("MS0108", f"`{word}` is not a range of versions", word.span, help=help)
            continue
        if not fits:
            help = f"install a metasql that fits `{word}`, or widen the range"
            bag.error("MS0104", f"this project needs metasql {word}, and this is {VERSION}", word.span, help=help)
    return ",".join(words)


def _defaults(reader: Reader, name: str, bag: Bag) -> tuple[FolderDefault, ...]:
    """Folder defaults, flattened: those of the whole project first, deeper folders after."""
    node = reader.raw("features")
    if node is None:
        return ()
    top = Reader.of(node, bag, "`features`").node
    found = [FolderDefault((), *_config_word(key, value)) for key, value in top.entries if _is_config(key, value)]
    for key, value in top.entries:
        if _is_config(key, value):
            continue
        if key.raw == name:
            found.extend(_folder((), value))
            continue
        help = suggest(key.raw, [name]) or f"write it under the project's name: `{name}: {{{key.raw}: …}}`"
        bag.warn("MS0106", f"`features.{key.raw}` is no project here", key.span, help=help)
    return tuple(sorted(found, key=lambda default: len(default.folder)))


def _folder(path: tuple[str, ...], node: Node) -> list[FolderDefault]:
    found: list[FolderDefault] = []
    for key, value in node.entries:
        if _is_config(key, value):
            found.append(FolderDefault(path, *_config_word(key, value)))
        else:
            found.extend(_folder((*path, key.raw), value))
    return found


def _is_config(key: Node, value: Node) -> bool:
    """A `+word`, or a word with a value that cannot be a folder."""
    return key.raw.startswith("+") or (value.kind != "mapping" and not value.is_null)


def _config_word(key: Node, value: Node) -> tuple[Word, Node]:
    return Word(key.raw.removeprefix("+"), key.span), value
