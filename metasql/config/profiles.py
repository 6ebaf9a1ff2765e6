"""Where to run: one target of `profiles.yml`.

Secrets go no further than the connection: a password is a `Secret`, a target's `repr`
shows names alone, and what messages show of the file has its secrets blotted out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from metasql.config.defer import Defer, Side, checked_defer
from metasql.config.document import Node, parse_yaml, read_source
from metasql.config.options import OPTIONS
from metasql.config.project import ProjectConfig
from metasql.config.reader import Reader, Render, has_jinja
from metasql.diagnostics import Bag, candidates, suggest
from metasql.source import Source, Span, Word

PROFILES_FILE = "profiles.yml"

_SECRET = r"[\w-]*(?:password|passwd|passphrase|secret|token|credential|api_key|access_key|private_key)[\w-]*"
_SECRET_NAME = re.compile(_SECRET, re.IGNORECASE)
_SECRET_LINE = re.compile(rf"""{_SECRET}["']?\s*:\s*(.+)""", re.IGNORECASE)


class Options(Mapping[str, Any]):
    """A target's options, read-only. Its `repr` shows their names alone."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Options({', '.join(sorted(self._values))})"


@dataclass(frozen=True)
class Target:
    """One warehouse. `type` names the engine; `options` are the engine's own, checked and complete.

    `defer`: where features are read that this one has none of. `source`: where a command copies from.
    """

    profile: str
    name: str
    type: str
    schema: str = field(repr=False)
    options: Mapping[str, Any] = field(repr=False, default_factory=dict)
    defer: Defer | None = None
    source: Defer | None = None


def find_profiles(root: Path, profiles_dir: Path | None, env: Mapping[str, str], home: Path) -> Path | None:
    """The profiles file: `--profiles-dir`, `$METASQL_PROFILES_DIR`, the project folder, `~/.metasql`.

    A folder that was named by the caller is the only one that is looked into.
    """
    return next((path for path in profile_places(root, profiles_dir, env, home) if path.is_file()), None)


def profile_places(root: Path, profiles_dir: Path | None, env: Mapping[str, str], home: Path) -> list[Path]:
    """Where the profiles file is looked for, in this order."""
    named = profiles_dir or (Path(env["METASQL_PROFILES_DIR"]) if env.get("METASQL_PROFILES_DIR") else None)
    folders = [root, home / ".metasql"] if named is None else [named]
    return [folder / PROFILES_FILE for folder in folders]


def load_target(
    config: ProjectConfig,
    *,
    profiles_dir: Path | None,
    target: str | None,
    env: Mapping[str, str],
    home: Path,
    render: Render,
    bag: Bag,
    source: str | None = None,
) -> Target | None:
    """The target to run on; None with errors where it cannot be had. `source`: another output, to copy from."""
    path = find_profiles(config.root, profiles_dir, env, home)
    if path is None:
        places = ", ".join(f"`{place}`" for place in profile_places(config.root, profiles_dir, env, home))
        help = f"write one with the profile `{config.profile}`, or name its folder with `--profiles-dir`"
        bag.error(
            "MS0110", f"no `{PROFILES_FILE}` found", config.profile.span, notes=[f"looked at {places}"], help=help
        )
        return None
    found = Bag()
    document = _document(path, _shown(path, config.root, home), found)
    chosen = None
    if document is not None:
        chosen = _choose(config, document, target or env.get("METASQL_TARGET") or None, render, found)
    made = None if chosen is None else _target(config, chosen, render, found, source)
    bag.extend(found)
    return None if found.has_errors else made


def _shown(path: Path, root: Path, home: Path) -> str:
    """How messages name the file."""
    if path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)


def _document(path: Path, shown: str, bag: Bag) -> Node | None:
    source = read_source(path, shown, bag)
    return None if source is None else parse_yaml(_blotted(source), bag, source.text)


def _blotted(source: Source) -> Source:
    """The source as messages may show it: the values of secrets are stars. Offsets stay."""
    document = parse_yaml(source, Bag())
    places = [] if document is None else list(_secret_spans(document))
    text = source.text
    if document is None:
        places = [Span(source, *match.span(1)) for match in _SECRET_LINE.finditer(text)]
    for span in places:
        stars = "".join(character if character.isspace() else "*" for character in span.text)
        text = text[: span.start] + stars + text[span.end :]
    return Source(source.path, text)


def _secret_spans(node: Node) -> Iterator[Span]:
    """Where secrets stand as they are: values that are all Jinja name a variable, and hide nothing."""
    for item in node.items:
        yield from _secret_spans(item)
    for key, value in node.entries:
        is_call = value.kind == "scalar" and re.fullmatch(r"\s*\{\{[^,]*\}\}\s*", value.raw)
        if _SECRET_NAME.fullmatch(key.raw) and not is_call:
            yield value.span
        else:
            yield from _secret_spans(value)


Chosen = tuple[Word, Node, Node]
"""The name of an output, its mapping, and the mapping of all of them."""


def _choose(config: ProjectConfig, document: Node, wanted: str | None, render: Render, bag: Bag) -> Chosen | None:
    """The output to use."""
    profiles = Reader.of(document, bag, "the profiles file").node
    profile = profiles.get(config.profile)
    if profile is None:
        names = [key.raw for key, _ in profiles.entries]
        help = suggest(config.profile, names) or f"add a profile `{config.profile}` to `{document.span.source.path}`"
        notes = [f"profiles of `{document.span.source.path}`: {candidates(names)}"]
        bag.error("MS0111", f"there is no profile `{config.profile}`", config.profile.span, notes=notes, help=help)
        return None
    reader = Reader.of(profile, bag, f"profile `{config.profile}`", render)
    name = reader.text("target")
    outputs = reader.raw("outputs")
    reader.finish()
    if outputs is None:
        reader.missing("outputs", "write `outputs: {dev: {type: duckdb, path: target/dev.duckdb}}`")
        return None
    return _output(config, Reader.of(outputs, bag, "`outputs`").node, wanted, name, bag)


def _output(config: ProjectConfig, outputs: Node, wanted: str | None, written: Word | None, bag: Bag) -> Chosen | None:
    names = [key.raw for key, _ in outputs.entries]
    name = wanted or written or (names[0] if len(names) == 1 else "default")
    for key, node in outputs.entries:
        if key.raw == name:
            return key.word, node, outputs
    span = outputs.head if wanted or written is None else written.span
    notes = [f"targets of profile `{config.profile}`: {candidates(names)}"]
    if not wanted and written is None:
        help = "write `target: NAME` in the profile, or use `--target NAME`"
        bag.error(
            "MS0112", f"profile `{config.profile}` does not say which target to use", span, notes=notes, help=help
        )
        return None
    help = suggest(name, names) or f"choose one of them, or add `{name}` to `outputs`"
    bag.error("MS0112", f"profile `{config.profile}` has no target `{name}`", span, notes=notes, help=help)
    return None


def _target(config: ProjectConfig, chosen: Chosen, render: Render, bag: Bag, source: str | None) -> Target | None:
    name, node, outputs = chosen
    reader = Reader.of(node, bag, f"target `{name}`", render)
    defer = reader.text("defer")
    side = _side(config, name, reader, bag)
    if side is None:
        return None
    reader.finish()
    made = Target(str(config.profile), str(name), side.type, side.schema, Options(side.options))
    if source is not None:
        word = Word(source, Span(Source("--from", source), 0, len(source)))
        made = replace(made, source=_defer(config, side, word, outputs, render, bag))
    return made if defer is None else replace(made, defer=_defer(config, side, defer, outputs, render, bag))


def _side(config: ProjectConfig, name: Word, reader: Reader, bag: Bag) -> Side | None:
    engine = reader.required("type", help=f"write one of: {', '.join(OPTIONS)}")
    if engine is None:
        return None
    if engine not in OPTIONS:
        help = suggest(engine, OPTIONS) or f"write one of: {', '.join(OPTIONS)}"
        shown = "this type" if (written := reader.node.get("type")) and has_jinja(written.raw) else f"`{engine}`"
        notes = [f"engines: {', '.join(OPTIONS)}"]
        bag.error("MS0113", f"there is no engine of {shown}", engine.span, notes=notes, help=help)
        return None
    schema, options = OPTIONS[engine](reader, config.root)
    return Side(name, str(engine), schema, options)


def _defer(config: ProjectConfig, here: Side, written: Word, outputs: Node, render: Render, bag: Bag) -> Defer | None:
    """Another output of the profile, of which nothing is asked that only its own sessions need."""
    names = [key.raw for key, _ in outputs.entries]
    found = next(((key.word, node) for key, node in outputs.entries if key.raw == written), None)
    if found is None:
        notes = [f"targets of profile `{config.profile}`: {candidates(names)}"]
        help = suggest(written, names) or "name another output of the profile"
        bag.error(
            "MS0112", f"profile `{config.profile}` has no target `{written}`", written.span, notes=notes, help=help
        )
        return None
    name, node = found
    if node.kind == "mapping":
        kept = tuple((key, value) for key, value in node.entries if not _is_of_sessions(key.raw))
        node = replace(node, value=kept)
    there = _side(config, name, Reader.of(node, bag, f"target `{name}`", render), bag)
    return None if there is None else checked_defer(here, there, written, bag)


def _is_of_sessions(word: str) -> bool:
    """Who asks, and what for: that of the other target may be known to other machines alone."""
    return word in ("username", "settings", "attach", "nodes") or _SECRET_NAME.fullmatch(word) is not None


__all__ = ["PROFILES_FILE", "Options", "Target", "find_profiles", "load_target", "profile_places"]
