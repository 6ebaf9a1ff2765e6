"""Everything that is said of one feature, merged: YAML, `config(...)` of its bodies, folder defaults.

YAML and `config(...)` must not contradict. Folder defaults give way to both, deeper folders
go over outer ones; tags, hooks and `meta` add up, as in dbt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from metasql.config.document import Node, from_value
from metasql.config.project import FolderDefault
from metasql.config.reader import wrong
from metasql.diagnostics import Bag, Label, suggest
from metasql.names import FeatureKey
from metasql.parse.declare_feature import RawFeature
from metasql.source import Span

Words = dict[str, tuple[Node, Node]]
"""A mapping's entries by the name of their keys."""

_SPELLINGS = {"pre-hook": "pre_hook", "post-hook": "post_hook", "data_tests": "tests"}
_HOOKS = ("pre_hook", "post_hook")
_ADD_UP = ("tags", *_HOOKS, "tests")
DEFAULT_WORDS = (
    "contract",
    "cost_per_sample",
    "description",
    "enabled",
    "history",
    "max_attempts",
    "meta",
    "on_schema_change",
    "orphans",
    "owner",
    *_HOOKS,
    "retry_after",
    "tags",
)
"""What a folder can say for its features."""


def canonical(raw: RawFeature, bag: Bag) -> RawFeature:
    """The feature with one spelling for each word, and the words of a `config:` block lifted out of it."""
    words: Words = {}
    for key, value in raw.node.entries:
        lifted = value.entries if key.raw == "config" else ((key, value),)
        if key.raw == "config" and value.kind != "mapping" and not value.is_null:
            wrong(value, bag, "config", "a mapping")
        for inner, entry in lifted:
            name = _SPELLINGS.get(inner.raw, inner.raw)
            first = words.setdefault(name, (replace(inner, raw=name, value=name), entry))
            if first[1] is not entry:
                labels = [Label(first[0].span, "first said here")]
                message = f"feature `{raw.key}` says `{name}` twice"
                bag.error("MS0202", message, inner.span, secondary=labels, help="keep one of them")
    return replace(raw, node=replace(raw.node, value=tuple(words.values())))


def with_config(raw: RawFeature, config: Mapping[str, object], span: Span, bag: Bag) -> RawFeature:
    """The feature with what `config(...)` at the head of its body says of it too."""
    said = canonical(replace(raw, node=from_value(config, span)), bag)
    words = _words(raw.node)
    for key, value in said.node.entries:
        if key.raw not in words:
            words[key.raw] = (key, value)
        else:
            first, written = words[key.raw]
            words[key.raw] = (first, _both(key.raw, written, value, f"`{key.raw}` of `{raw.key}`", bag))
    return replace(raw, node=replace(raw.node, value=tuple(words.values())))


def _words(node: Node) -> Words:
    return {key.raw: (key, value) for key, value in node.entries}


def _both(name: str, yaml: Node, config: Node, what: str, bag: Bag) -> Node:
    """A value that both places give: the same, or two that add up."""
    if name in _ADD_UP:
        return _joined(yaml, config)
    if name in ("fields", "deps", "columns") and yaml.kind == config.kind == "sequence":
        return _both_lists(name, yaml, config, what, bag)
    if yaml.kind == config.kind == "mapping":
        return _both_mappings(yaml, config, what, bag)
    if not same(yaml, config):
        _contradiction(what, yaml, config, bag)
    return yaml


def _both_mappings(yaml: Node, config: Node, what: str, bag: Bag) -> Node:
    words = _words(yaml)
    for key, value in config.entries:
        if key.raw in words:
            first, written = words[key.raw]
            words[key.raw] = (first, _both(f".{key.raw}", written, value, f"`{key.raw}` in {what}", bag))
        else:
            words[key.raw] = (key, value)
    return replace(yaml, value=tuple(words.values()))


def _both_lists(name: str, yaml: Node, config: Node, what: str, bag: Bag) -> Node:
    """Named entries: the words of each add up. Fields and deps must be the same ones in both places."""
    word = "feature" if name == "deps" else "name"
    ours, theirs = _named(yaml, word), _named(config, word)
    if name != "columns" and set(ours) != set(theirs):
        _contradiction(what, yaml, config, bag)
        return yaml
    merged = [
        _both_mappings(entry, theirs[key], f"`{key}` of {what}", bag) if key in theirs else entry
        for key, entry in ours.items()
    ]
    merged.extend(entry for key, entry in theirs.items() if key not in ours)
    return replace(yaml, value=tuple(merged))


def _named(node: Node, word: str) -> dict[str, Node]:
    """The entries of a list by their names; a plain name stands for a mapping with that name."""
    found: dict[str, Node] = {}
    for index, item in enumerate(node.items):
        if item.kind == "scalar":
            key = Node("scalar", word, item.span, word, "given")
            item = Node("mapping", ((key, item),), item.span)
        name = item.get(word)
        place = f"#{index}" if name is None or name.raw in found else name.raw
        found[place] = item
    return found


def same(one: Node, other: Node) -> bool:
    """Whether two values say the same; one text says the same as a list of it."""
    if one.kind != other.kind and "mapping" not in (one.kind, other.kind):
        first, second = (node.items if node.kind == "sequence" else (node,) for node in (one, other))
        return len(first) == len(second) == 1 and same(first[0], second[0])
    if one.kind == other.kind == "scalar":
        return one.raw == other.raw
    if one.kind == other.kind == "sequence":
        return len(one.items) == len(other.items) and all(map(same, one.items, other.items))
    ours, theirs = _words(one), _words(other)
    return one.kind == other.kind and set(ours) == set(theirs) and all(same(ours[k][1], theirs[k][1]) for k in ours)


def _contradiction(what: str, yaml: Node, config: Node, bag: Bag) -> None:
    bag.error(
        "MS0308",
        f"{what} is said in two ways",
        config.span,
        label="the body's `config(...)` says this",
        secondary=[Label(yaml.span, "YAML says this")],
        help="say it in one of the two places",
    )


def _joined(one: Node, other: Node) -> Node:
    """Two lists, one after the other; single texts are lists of one."""
    entries = [*(one.items or (one,)), *(other.items or (other,))]
    entries = [entry for entry in entries if not entry.is_null and entry.value != ()]
    return Node("sequence", tuple(entries), one.span, style=one.style)


def with_defaults(raw: RawFeature, defaults: Iterable[FolderDefault]) -> RawFeature:
    """The feature with what its folders say; the feature's own words win. Outer folders come first."""
    words: Words = {}
    parts = FeatureKey(raw.key).parts
    for default in defaults:
        name = _SPELLINGS.get(default.name, str(default.name))
        if name not in DEFAULT_WORDS or parts[: len(default.folder)] != default.folder:
            continue
        key = Node("scalar", name, default.name.span, name)
        words[name] = (key, _over(name, words[name][1], default.value) if name in words else default.value)
    for key, value in raw.node.entries:
        outer = words.get(key.raw)
        words[key.raw] = (key, value if outer is None else _over(key.raw, outer[1], value))
    return replace(raw, node=replace(raw.node, value=tuple(words.values())))


def _over(name: str, outer: Node, inner: Node) -> Node:
    """What holds where an outer and an inner place say a word."""
    if name in ("tags", *_HOOKS):
        return _joined(outer, inner)
    if name == "meta" and outer.kind == inner.kind == "mapping":
        return replace(inner, value=tuple({**_words(outer), **_words(inner)}.values()))
    return inner


def check_defaults(defaults: Sequence[FolderDefault], keys: Iterable[str], bag: Bag) -> None:
    """Reports unknown words of folder defaults, and folders that hold no feature."""
    parts = [FeatureKey(key).parts for key in keys]
    empty: set[tuple[str, ...]] = set()
    for default in defaults:
        name = _SPELLINGS.get(default.name, str(default.name))
        if name not in DEFAULT_WORDS:
            notes = [f"words that folders can say: {', '.join(DEFAULT_WORDS)}"]
            help = suggest(name, DEFAULT_WORDS) or "say it in each feature"
            message = f"a folder cannot say `{default.name}` for its features"
            bag.error("MS0208", message, default.name.span, notes=notes, help=help)
        folder = default.folder
        if folder and folder not in empty and not any(part[: len(folder)] == folder for part in parts):
            empty.add(folder)
            shown = "/".join(folder)
            folders = {"/".join(part[:depth]) for part in parts for depth in range(1, len(part))}
            help = suggest(shown, folders) or "remove it, or correct the folder's name"
            bag.warn("MS0106", f"no feature is in `{shown}`", default.name.span, help=help)
