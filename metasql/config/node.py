"""One value of a YAML file, or of a program, that knows where it was written.

Scalars are typed by the core schema of YAML 1.2, so `on` and `yes` are texts, and keep
the text as written, so `code_version: 1.0` is still "1.0".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from metasql.source import Span, Word

_INTEGER = re.compile(r"[-+]?[0-9]{1,4000}")
_BASED = re.compile(r"0o[0-7]{1,1000}|0x[0-9a-fA-F]{1,1000}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **{sign + dot: float(sign + "inf") for sign in ("", "+", "-") for dot in (".inf", ".Inf", ".INF")},
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


@dataclass(frozen=True, eq=False)
class Node:
    """One value of a document.

    `value` is a Python scalar, a tuple of nodes, or a tuple of (key, value) pairs of nodes.
    `raw` is a scalar's text as written, without quotes. `style` says where it comes from:
    written in a file (plain, quoted), rendered from Jinja, or given by a program.
    """

    kind: Literal["scalar", "sequence", "mapping"]
    value: Any
    span: Span
    raw: str = ""
    style: Literal["plain", "quoted", "rendered", "given"] = "plain"

    @property
    def is_null(self) -> bool:
        return self.kind == "scalar" and self.value is None

    @property
    def items(self) -> tuple[Node, ...]:
        """The entries of a sequence; nothing for anything else."""
        return self.value if self.kind == "sequence" else ()

    @property
    def entries(self) -> tuple[tuple[Node, Node], ...]:
        """The keys and values of a mapping; nothing for anything else."""
        return self.value if self.kind == "mapping" else ()

    def get(self, key: str) -> Node | None:
        """The value of a mapping's key, None where it has no such key."""
        return next((value for name, value in self.entries if name.raw == key), None)

    @property
    def word(self) -> Word:
        """A scalar's text as written, with its place."""
        return Word(self.raw, self.span)

    @property
    def head(self) -> Span:
        """A small place that stands for the whole: the first key of a mapping, a scalar itself."""
        if self.kind == "mapping" and self.entries and self.style != "given":
            return self.entries[0][0].span
        return self.span

    def describe(self) -> str:
        """What it is, in a word: for messages, which never show a value that may be a secret."""
        if self.kind != "scalar":
            return "a list" if self.kind == "sequence" else "a mapping"
        if self.value is None:
            return "empty"
        names = {bool: "a boolean", int: "a whole number", float: "a number", str: "a text"}
        return next((name for type_, name in names.items() if isinstance(self.value, type_)), "another value")


def scalar(text: str) -> object:
    """A plain scalar's value by the core schema of YAML 1.2."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text[2:], 8 if text[1] == "o" else 16)
    return float(text) if _FLOAT.fullmatch(text) else text


def rendered(text: str, span: Span) -> Node:
    """The node of a text that Jinja made: typed anew, as if it had been written without quotes."""
    return Node("scalar", scalar(text), span, text, "rendered")


def from_value(value: object, span: Span) -> Node:
    """The node of a plain Python value, such as an argument of `config(...)`, written somewhere in `span`."""
    if isinstance(value, Mapping):
        pairs = tuple((from_value(str(key), span), from_value(entry, span)) for key, entry in value.items())
        return Node("mapping", pairs, span, style="given")
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return Node("sequence", tuple(from_value(entry, span) for entry in value), span, style="given")
    if isinstance(value, Word):
        return Node("scalar", str(value), value.span, str(value), "given")
    if isinstance(value, str):
        return Node("scalar", value, span.find(value) if value else span, value, "given")
    raw = str(value).lower() if value is None or isinstance(value, bool) else str(value)
    return Node("scalar", value, span, raw, "given")


def plain(node: Node, *, words: bool = True) -> Any:
    """The node as plain Python values; texts are Words unless bare ones are wanted."""
    if node.kind == "sequence":
        return [plain(entry, words=words) for entry in node.items]
    if node.kind == "mapping":
        return {key.raw: plain(entry, words=words) for key, entry in node.entries}
    return node.word if words and isinstance(node.value, str) else node.value
