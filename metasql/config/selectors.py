"""Named selectors: of the project file, or of `selectors.yml` beside it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from metasql.config.document import Node, parse_yaml, plain, read_source
from metasql.config.reader import Reader, wrong
from metasql.diagnostics import Bag, Label
from metasql.source import Word, span_of

SELECTORS_FILE = "selectors.yml"

_HELP = 'write `definition: "tag:nightly"`, or a mapping with `method` and `value`'
_WITH_METHOD = ("parents", "parents_depth", "children", "children_depth", "childrens_parents", "exclude")


def read_selectors(reader: Reader, root: Path, bag: Bag) -> dict[str, Any]:
    """The definitions by name, as plain data whose shape is right."""
    items = list(reader.items("selectors"))
    path = root / SELECTORS_FILE
    source = read_source(path, SELECTORS_FILE, bag) if path.is_file() else None
    document = None if source is None else parse_yaml(source, bag)
    if document is not None:
        beside = Reader.of(document, bag, f"`{SELECTORS_FILE}`")
        items.extend(beside.items("selectors"))
        beside.finish()
    found: dict[str, Any] = {}
    for item in items:
        name, definition = _selector(item, bag)
        if name is None or definition is None:
            continue
        first = next((word for word in found if word == name), None)
        if first is not None:
            labels = [Label(span_of(first), "first declared here")]
            bag.error("MS0107", f"selector `{name}` is declared twice", name.span, secondary=labels, help="rename one")
        else:
            found[name] = plain(definition)
    return found


def _selector(item: Node, bag: Bag) -> tuple[Word | None, Node | None]:
    """A selector's name and its definition, where that can be used."""
    if item.kind != "mapping":
        wrong(item, bag, "a selector", "a mapping", help="write `- name: nightly` and its `definition` below")
        return None, None
    entry = Reader.of(item, bag, "a selector")
    name = entry.required("name", help="write `name: nightly`")
    entry.text("description")
    definition = entry.raw("definition")
    if definition is None:
        entry.missing("definition", _HELP)
    entry.finish()
    return name, definition if definition is not None and _is_definition(definition, bag) else None


def _is_definition(node: Node, bag: Bag) -> bool:
    """Whether a definition is a text, a list, a method with its value, a union or an intersection."""
    if node.kind == "scalar":
        if isinstance(node.value, str):
            return True
        wrong(node, bag, "definition", "a text, a list or a mapping", help=_HELP)
        return False
    if node.kind == "sequence":
        return _are_definitions(node.items, bag)
    for name in ("union", "intersection"):
        parts = node.get(name)
        if parts is not None:
            return _is_combination(name, node, parts, bag)
    if node.get("method") is not None:
        return _is_method(node, bag)
    if not node.entries:
        wrong(node, bag, "definition", "a method with its value", help=_HELP)
    sound = [_is_value(key.raw, value, bag) for key, value in node.entries]
    return bool(sound) and all(sound)


def _is_combination(name: str, node: Node, parts: Node, bag: Bag) -> bool:
    reader = Reader.of(node, bag, f"a selector with `{name}`")
    reader.known.append(name)
    reader.finish()
    if parts.kind != "sequence" or not parts.items:
        wrong(parts, bag, name, "a list with at least one definition")
        return False
    return _are_definitions((_without_exclude(part) for part in parts.items), bag)


def _without_exclude(part: Node) -> Node:
    """What is left out of a union or intersection is a definition too: `- exclude: [...]`."""
    excluded = part.get("exclude")
    return excluded if excluded is not None and len(part.entries) == 1 else part


def _are_definitions(nodes: Iterable[Node], bag: Bag) -> bool:
    """Whether all are; each is looked at, so that all mistakes are told."""
    sound = [_is_definition(node, bag) for node in nodes]
    return all(sound)


def _is_method(node: Node, bag: Bag) -> bool:
    reader = Reader.of(node, bag, "a selector with `method`")
    reader.known.extend(("method", "value", *_WITH_METHOD))
    value, excluded = node.get("value"), node.get("exclude")
    for name in ("parents", "children", "childrens_parents"):
        reader.flag(name)
    for name in ("parents_depth", "children_depth"):
        reader.integer(name, least=1)
    if value is None:
        reader.missing("value", "write `value`, such as `{method: tag, value: nightly}`")
    reader.finish()
    sound = value is not None and _is_value("value", value, bag)
    method = node.get("method")
    sound = method is not None and _is_value("method", method, bag) and sound
    return (excluded is None or _is_definition(excluded, bag)) and sound


def _is_value(name: str, node: Node, bag: Bag) -> bool:
    if node.kind == "scalar" and not node.is_null:
        return True
    wrong(node, bag, name, "a text")
    return False
