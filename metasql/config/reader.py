"""Typed access to YAML: every wrong value is reported where it stands, and reading goes on.

A `Reader` looks at one mapping. The words that it is asked for are the words that may
stand there: `finish` reports all others, with the nearest known word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from metasql.config.document import Node, rendered
from metasql.diagnostics import Bag, Label, candidates, suggest
from metasql.source import Word

Render = Callable[[Word, Bag], "str | None"]
"""Renders a text that holds Jinja; None where that failed, with the error in the bag."""


def has_jinja(text: str) -> bool:
    return "{{" in text or "{%" in text or "{#" in text


def resolve(node: Node, render: Render | None, bag: Bag) -> Node | None:
    """The node, with Jinja rendered at every depth; None where that failed."""
    if render is None:
        return node
    if node.kind == "sequence":
        items = [resolve(item, render, bag) for item in node.items]
        if all(new is old for new, old in zip(items, node.items, strict=True)):
            return node  # most of a project has no Jinja
        return replace(node, value=tuple(item for item in items if item is not None))
    if node.kind == "mapping":
        pairs = [(key, resolve(value, render, bag)) for key, value in node.entries]
        if all(new is old for (_, new), (_, old) in zip(pairs, node.entries, strict=True)):
            return node
        return replace(node, value=tuple((key, value) for key, value in pairs if value is not None))
    written = node.style in ("plain", "quoted") and isinstance(node.value, str)
    if not written or not has_jinja(node.raw):
        return node
    text = render(node.word, bag)
    return None if text is None else rendered(text, node.span)


@dataclass
class Reader:
    """Reads the words of one mapping. `what` names it in messages: "feature `video/crop`"."""

    node: Node
    bag: Bag
    what: str
    render: Render | None = None
    hints: Mapping[str, str] = field(default_factory=dict)
    known: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls, node: Node, bag: Bag, what: str, render: Render | None = None, hints: Mapping[str, str] | None = None
    ) -> Reader:
        """A reader of a mapping; anything else is reported and read as an empty one."""
        if node.kind != "mapping":
            wrong(node, bag, what, "a mapping")
            node = Node("mapping", (), node.span)
        return cls(node, bag, what, render, hints or {})

    def has(self, *names: str) -> bool:
        return any(self.node.get(name) is not None for name in names)

    def raw(self, *names: str) -> Node | None:
        """The value of a word as it was written, None where it is absent or empty."""
        self.known.append(names[0])
        found = [(key, value) for key, value in self.node.entries if key.raw in names]
        if len(found) > 1:
            first, second = found[0][0], found[1][0]
            said = f"both `{first.raw}` and `{second.raw}`" if first.raw != second.raw else f"`{first.raw}` twice"
            self.bag.error(
                "MS0202",
                f"{self.what} says {said}",
                second.span,
                secondary=[Label(first.span, "first said here")],
                help="keep one of them",
            )
        self.known.extend(name for name in names[1:] if self.has(name))
        return found[0][1] if found and not found[0][1].is_null else None

    def entry(self, *names: str) -> Node | None:
        """The same, with Jinja rendered."""
        node = self.raw(*names)
        node = None if node is None else resolve(node, self.render, self.bag)
        return None if node is None or (node.is_null and node.style != "rendered") else node

    def text(self, *names: str) -> Word | None:
        """A text. A number is refused: its value is seldom what was written."""
        node = self.entry(*names)
        return None if node is None else text_of(node, self.bag, names[0])

    def any_text(self, *names: str) -> Word | None:
        """A text, or any other scalar exactly as it was written: `1.0` is "1.0"."""
        node = self.entry(*names)
        if node is not None and node.kind != "scalar":
            wrong(node, self.bag, names[0], "a text")
            return None
        return None if node is None else node.word

    def required(self, *names: str, help: str) -> Word | None:
        """A text that must be there and must not be empty."""
        node = self.node.get(next((name for name in names if self.has(name)), names[0]))
        if node is None or node.is_null or (node.kind == "scalar" and not node.raw.strip()):
            self.known.append(names[0])
            self.missing(names[0], help, None if node is None else node)
            return None
        return self.text(*names)

    def missing(self, name: str, help: str, node: Node | None = None) -> None:
        span = self.node.head if node is None else node.span
        self.bag.error("MS0209", f"{self.what} needs `{name}`", span, help=help)

    def boolean(self, *names: str, default: bool | None = None) -> bool | None:
        node = self.entry(*names)
        if node is None:
            return default
        if isinstance(node.value, bool):
            return node.value
        wrong(node, self.bag, names[0], "true or false", help="write `true` or `false`")
        return default

    def flag(self, *names: str, default: bool = False) -> bool:
        """A boolean that is never None."""
        value = self.boolean(*names, default=default)
        return default if value is None else value

    def integer(
        self, *names: str, default: int | None = None, least: int | None = None, most: int | None = None
    ) -> int | None:
        node = self.entry(*names)
        if node is None:
            return default
        if isinstance(node.value, bool) or not isinstance(node.value, int):
            wrong(node, self.bag, names[0], "a whole number")
            return default
        if (least is not None and node.value < least) or (most is not None and node.value > most):
            between = f"at least {least}" if most is None else f"between {least} and {most}"
            self.bag.error(
                "MS0207", f"`{names[0]}` must be {between}", node.span, help=f"write a number that is {between}"
            )
            return default
        return node.value

    def number(self, *names: str, least: float | None = None) -> float | None:
        node = self.entry(*names)
        if node is None:
            return None
        value = node.value
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or abs(value) > 1e300:
            wrong(node, self.bag, names[0], "a number")
            return None
        if least is not None and value < least:
            self.bag.error(
                "MS0207",
                f"`{names[0]}` must be at least {least:g}",
                node.span,
                help=f"write a number of at least {least:g}",
            )
            return None
        return float(value)

    def texts(self, *names: str) -> tuple[Word, ...]:
        """A list of texts; one text is a list of one."""
        node = self.entry(*names)
        return () if node is None else texts_of(node, self.bag, names[0])

    def raw_texts(self, *names: str) -> tuple[Word, ...]:
        """The same without rendering: SQL that is rendered when it runs."""
        node = self.raw(*names)
        return () if node is None else texts_of(node, self.bag, names[0])

    def choice(self, name: str, options: Sequence[str], *, default: str | None = None) -> str | None:
        node = self.entry(name)
        return default if node is None else choice_of(node, self.bag, name, options) or default

    def items(self, *names: str) -> tuple[Node, ...]:
        """The entries of a list, whatever they are; not rendered."""
        node = self.raw(*names)
        if node is None:
            return ()
        if node.kind != "sequence":
            wrong(node, self.bag, names[0], "a list", help=f"write each entry of `{names[0]}` after a `-`")
        return node.items

    def mapping(self, *names: str) -> Node | None:
        """A mapping, rendered at every depth; None where it is absent."""
        node = self.entry(*names)
        if node is not None and node.kind != "mapping":
            wrong(node, self.bag, names[0], "a mapping")
            return None
        return node

    def inner(self, name: str, what: str) -> Reader | None:
        """A reader of the mapping under a word."""
        node = self.raw(name)
        return None if node is None else Reader.of(node, self.bag, what, self.render)

    def finish(self) -> None:
        """Reports every word that was not asked for."""
        for key, _ in self.node.entries:
            if key.raw not in self.known:
                self.bag.error(
                    "MS0208",
                    f"{self.what} has no word `{key.raw}`",
                    key.span,
                    label="unknown word",
                    notes=[f"known words: {', '.join(sorted(set(self.known)))}"],
                    help=self.hints.get(key.raw) or suggest(key.raw, self.known) or "remove it",
                )


def wrong(node: Node, bag: Bag, name: str, expected: str, help: str | None = None) -> None:
    """Says that a value is of the wrong type. The value itself is not shown: it may be a secret."""
    subject = name if "`" in name else f"`{name}`"
    span = node.span if node.kind == "scalar" else node.head
    found = "empty" if node.is_null else node.describe()
    bag.error("MS0207", f"{subject} must be {expected}, not {found}", span, help=help or f"write {expected}")


def text_of(node: Node, bag: Bag, name: str) -> Word | None:
    """A node's text, None with an error where it is none."""
    if node.kind == "scalar" and (isinstance(node.value, str) or node.style == "rendered"):
        return node.word
    quote = f'quote it: "{node.raw}"' if node.kind == "scalar" and not node.is_null else None
    wrong(node, bag, name, "a text", help=quote)
    return None


def texts_of(node: Node, bag: Bag, name: str) -> tuple[Word, ...]:
    """The texts of a list; one text is a list of one."""
    if node.kind == "scalar" and isinstance(node.value, str):
        return (node.word,)
    if node.kind != "sequence":
        wrong(node, bag, name, "a list of texts", help=f"write `{name}: [a, b]`")
        return ()
    words = [text_of(item, bag, f"an entry of `{name}`") for item in node.items]
    return tuple(word for word in words if word is not None)


def choice_of(node: Node, bag: Bag, name: str, options: Sequence[str]) -> str | None:
    """One of a few words, None with an error where it is another."""
    if node.kind == "scalar" and node.raw in options:
        return node.raw
    if node.kind != "scalar" or node.style == "rendered":
        wrong(node, bag, name, f"one of {', '.join(options)}")
        return None
    bag.error(
        "MS0207",
        f"`{name}` cannot be `{node.raw}`",
        node.span,
        notes=[f"`{name}` is one of: {candidates(options)}"],
        help=suggest(node.raw, options) or f"write one of: {', '.join(options)}",
    )
    return None


def scalars(node: Node, bag: Bag, name: str) -> dict[str, Any]:
    """A mapping of names to plain scalars, such as an engine's settings."""
    found: dict[str, Any] = {}
    for key, value in node.entries:
        if value.kind != "scalar":
            wrong(value, bag, f"{name}.{key.raw}", "a single value")
        else:
            found[key.raw] = value.value
    return found
