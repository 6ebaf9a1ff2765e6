"""YAML files as nodes: values that know where they were written.

Nothing is constructed: tags other than the core ones are refused, and aliases cannot make
a small file a large value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import yaml

from metasql.config.node import Node, from_value, plain, rendered, scalar
from metasql.diagnostics import Bag
from metasql.source import Source, Span

__all__ = ["Node", "from_value", "parse_yaml", "plain", "read_source", "rendered"]

_LOADERS: tuple[Any, ...] = tuple(
    loader for loader in (getattr(yaml, "CSafeLoader", None), yaml.SafeLoader) if loader is not None
)
"""The fast parser first; what it refuses goes through the other, whose messages are the better ones."""

_DEEPEST = 64
_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null", "map", "seq"))
_TEXT_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})

_BEFORE_VALUE = re.compile(r"(?:[&!]\S*\s*)*")


def read_source(path: Path, shown: str, bag: Bag) -> Source | None:
    """A file's text, or None with an error where it cannot be read or is not UTF-8."""
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"cannot read `{shown}`: {(error.strerror or 'unknown reason').lower()}"
        bag.error("MS0115", message, help="give yourself the right to read it, or move it out of the project")
        return None
    try:
        return Source(shown, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8-sig", "replace")
        source = Source(shown, good + data[error.start :].decode("utf-8", "replace"))
        bag.error(
            "MS0203",
            f"`{shown}` is not UTF-8",
            Span(source, len(good), len(good) + 1),
            label="this byte is no part of a UTF-8 text",
            help="save the file as UTF-8",
        )
        return None


def parse_yaml(source: Source, bag: Bag, text: str | None = None) -> Node | None:
    """The one document of a source; an empty file is an empty mapping; None where it is broken.

    `text` is parsed in place of the source's own where messages must not show all of it.
    """
    written = source.text if text is None else text
    failure: yaml.YAMLError | None = None
    for loader in _LOADERS:
        found = Bag()
        try:
            # Events are built as they come: what is refused early never reaches the slower parser.
            return _Builder(source, written, yaml.parse(written, Loader=loader), found).document()
        except yaml.YAMLError as error:
            failure, found = error, Bag()
        except _Refused:
            return None
        finally:
            bag.extend(found)
    _report_syntax(source, failure, bag)
    return None


class _Refused(Exception):
    """The document cannot be read any further; the error is in the bag."""


class _Builder:
    """Builds nodes out of parser events, without ever recursing deeper than a document may."""

    def __init__(self, source: Source, text: str, events: Iterator[Any], bag: Bag) -> None:
        self.source, self.text, self.bag = source, text, bag
        self.events = events
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.open_anchors: set[str] = set()
        self.size = 0
        self.largest = 10 * len(text) + 10_000
        self.depth = 0

    def document(self) -> Node:
        next(self.events)  # the start of the stream
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return Node("mapping", (), Span(self.source, 0, 0))
        node = self.node(next(self.events))
        next(self.events)  # the end of the document
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            span = Span(self.source, event.start_mark.index, event.start_mark.index + 3)
            self.refuse("MS0205", "a file holds one YAML document", span, "remove the `---` or split the file")
        return Node("mapping", (), node.span) if node.is_null and node.style == "plain" else node

    def refuse(self, code: str, message: str, span: Span, help: str) -> NoReturn:
        self.bag.error(code, message, span, help=help)
        raise _Refused

    def span(self, event: Any) -> Span:
        return Span(self.source, event.start_mark.index, event.end_mark.index)

    def node(self, event: Any) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        self.size += 1
        before = self.size
        if event.anchor:
            self.open_anchors.add(event.anchor)
        self.depth += 1
        if self.depth > _DEEPEST:
            self.refuse("MS0206", f"nested deeper than {_DEEPEST} levels", self.span(event), "flatten this value")
        node = self.build(event)
        self.depth -= 1
        if event.anchor:
            self.open_anchors.discard(event.anchor)
            self.anchors[event.anchor] = (node, self.size - before + 1)
        return node

    def alias(self, event: Any) -> Node:
        span, name = self.span(event), event.anchor
        if name in self.open_anchors:
            self.refuse("MS0206", f"`*{name}` stands within what it refers to", span, "write the value out")
        if name not in self.anchors:
            self.refuse("MS0206", f"no anchor `&{name}` stands before this", span, f"write `&{name}` at the value")
        node, size = self.anchors[name]
        self.size += size
        if self.size > self.largest:
            self.refuse("MS0206", "aliases make this file too large", span, "write the values out")
        return node

    def build(self, event: Any) -> Node:
        if event.tag and event.tag not in _TAGS and event.tag not in _TEXT_TAGS:
            span = Span(self.source, event.start_mark.index, event.end_mark.index)
            span = span.find(re.split(r"\s", span.text)[0])
            self.refuse("MS0206", f"tag `{span.text}` is not known here", span, "write a plain value without a tag")
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event)
        return self.sequence(event) if isinstance(event, yaml.SequenceStartEvent) else self.mapping(event)

    def scalar(self, event: Any) -> Node:
        start, end, text = event.start_mark.index, event.end_mark.index, str(event.value)
        if event.anchor or event.tag:
            before = _BEFORE_VALUE.match(self.text, start, end)
            start = before.end() if before else start
        if event.style in ("'", '"'):
            inner = (start + 1, end - 1) if end - start > 2 else (start, end)
            return Node("scalar", text, Span(self.source, *inner), text, "quoted")
        if event.style in ("|", ">"):
            return Node("scalar", text, self.block_span(start, end), text, "quoted")
        value = text if event.tag in _TEXT_TAGS else scalar(text)
        return Node("scalar", value, Span(self.source, start, end), text)

    def block_span(self, start: int, end: int) -> Span:
        """The text of a block scalar, without the `|` line before it and the blank lines after."""
        line_end = self.text.find("\n", start, end)
        body = self.text[line_end + 1 : end] if line_end >= 0 else ""
        if not body.strip():
            return Span(self.source, start, start + 1)
        first = line_end + 1 + len(body) - len(body.lstrip())
        return Span(self.source, first, line_end + 1 + len(body.rstrip()))

    def sequence(self, start: Any) -> Node:
        items: list[Node] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(event))
        return Node("sequence", tuple(items), self.around(start, event, items))

    def mapping(self, start: Any) -> Node:
        pairs: dict[str, tuple[Node, Node]] = {}
        merged: list[Node] = []
        last: list[Node] = []
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.key(event)
            value = self.node(next(self.events))
            last = [value]
            if key.raw == "<<" and key.style == "plain":
                merged.extend(self.merge_sources(value))
            elif key.raw in pairs:
                self.duplicate(key, pairs[key.raw][0])
            else:
                pairs[key.raw] = (key, value)
        for node in merged:
            for key, value in node.entries:
                pairs.setdefault(key.raw, (key, value))
        return Node("mapping", tuple(pairs.values()), self.around(start, event, last))

    def around(self, start: Any, end: Any, children: list[Node]) -> Span:
        """A collection's place: block collections end where their last entry does."""
        first = start.start_mark.index
        if start.flow_style or not children:
            return Span(self.source, first, end.end_mark.index)
        return Span(self.source, first, max(first, children[-1].span.end))

    def key(self, event: Any) -> Node:
        key = self.node(event)
        if key.kind == "mapping" and self.text.startswith("{", max(0, key.span.start - 1)):
            _unquoted_jinja(Span(self.source, max(0, key.span.start - 1), key.span.end + 1), self.bag)
            raise _Refused
        if key.kind != "scalar":
            self.refuse("MS0204", "a key must be a text", key.span, "write a word before the `:`")
        return key

    def merge_sources(self, value: Node) -> list[Node]:
        nodes = [value] if value.kind == "mapping" else list(value.items)
        if value.kind == "scalar" or any(node.kind != "mapping" for node in nodes):
            self.refuse("MS0204", "`<<` takes a mapping", value.span, "refer to a mapping: `<<: *name`")
        return nodes

    def duplicate(self, key: Node, first: Node) -> None:
        line = first.span.line
        self.bag.error(
            "MS0202",
            f"`{key.raw}` is said twice",
            key.span,
            label=f"first said on line {line}",
            help="keep one of them",
        )


def _unquoted_jinja(span: Span, bag: Bag) -> None:
    bag.error(
        "MS0204",
        "a value that begins with `{{` must be quoted",
        span,
        label="YAML reads this as a mapping",
        help='write it in quotes: "{{ … }}"',
    )


_FRIENDLY = (
    ("cannot start any token", "\t", "a tab cannot indent YAML", "indent with spaces"),
    ("cannot start any token", "", "this character cannot begin a value", "put the value in quotes"),
    ("mapping values are not allowed", "", "a `:` is not allowed here", "quote a text that holds `: `"),
    ("could not find expected ':'", "", "a `:` is missing after this key", "write `key: value`"),
    ("found unexpected end of stream", "", "a quote is not closed", "close the quote"),
    ("expected ',' or", "", "a bracket is not closed, or a `,` is missing", "close the bracket"),
    ("expected <block end>", "", "this line does not fit its indentation", "align it with the lines it belongs to"),
)


def _report_syntax(source: Source, error: yaml.YAMLError | None, bag: Bag) -> None:
    """Says in our words what the parser could not read, at the place where it stopped."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        at = getattr(error, "position", 0)
        bag.error("MS0201", "this character is not allowed in YAML", Span(source, at, at + 1), help="remove it")
        return
    for place in (mark, getattr(error, "context_mark", None) or mark):
        jinja = re.search(r"(?:[:-]\s+)(\{\{.*)", source.line_text(place.line + 1))
        if jinja:
            _unquoted_jinja(source.line_span(place.line + 1).find(jinja.group(1)), bag)
            return
    at = min(mark.index, len(source.text))
    span = Span(source, at, min(at + 1, len(source.text)))
    problem = str(getattr(error, "problem", "") or "this is not YAML")
    for part, character, message, help in _FRIENDLY:
        if part in problem and (not character or span.text == character):
            bag.error("MS0201", message, span, help=help)
            return
    bag.error("MS0201", problem[:1].lower() + problem[1:], span, help="check the indentation and the quotes before it")
