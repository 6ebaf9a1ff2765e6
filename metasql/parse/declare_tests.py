"""`tests:` (or `data_tests:`) of a column or a feature: generic tests in dbt's words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, cast

from metasql.config.document import Node, plain
from metasql.config.reader import Reader, Render, resolve, wrong
from metasql.diagnostics import Bag
from metasql.parse.declarations import TestDecl
from metasql.source import Word

_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)?")
_CONDITION = re.compile(r"(=|!=|<>|<|<=|>|>=)\s*\d+")
_CONFIG = ("severity", "where", "limit", "store_failures", "warn_if", "error_if", "enabled")
_EXAMPLE = "write `- not_null`, or `- accepted_values: {values: [a, b]}`"


def tests_of(nodes: Iterable[Node], column: Word | None, render: Render | None, bag: Bag) -> tuple[TestDecl, ...]:
    """The tests of a list; those with `enabled: false` are left out."""
    tests = [_test(node, column, render, bag) for node in nodes]
    return tuple(test for test in tests if test is not None)


def _test(node: Node, column: Word | None, render: Render | None, bag: Bag) -> TestDecl | None:
    if node.kind == "scalar" and isinstance(node.value, str):
        return TestDecl(node.word, column) if _good_name(node.word, bag) else None
    if node.kind != "mapping":
        wrong(node, bag, "a test", "a test's name or a mapping", help=_EXAMPLE)
        return None
    if len(node.entries) != 1:
        span = node.entries[1][0].span if node.entries else node.span
        help = "indent a test's arguments below its name, deeper than the name"
        bag.error("MS0316", "a test is one name with its arguments", span, help=help)
        return None
    ((key, value),) = node.entries
    if not _good_name(key.word, bag):
        return None
    arguments = Node("mapping", (), key.span) if value.is_null else value
    return _with_arguments(key.word, column, Reader.of(arguments, bag, f"test `{key.raw}`", render), bag)


def _good_name(name: Word, bag: Bag) -> bool:
    if _NAME.fullmatch(name):
        return True
    bag.error("MS0316", f"`{name}` cannot be a test's name", name.span, help=_EXAMPLE)
    return False


def _with_arguments(name: Word, column: Word | None, reader: Reader, bag: Bag) -> TestDecl | None:
    """A test with what is said of it: settings directly or under `config`, all else are arguments."""
    node = reader.node
    nested = node.get("config")
    arguments = [
        (key, value) for key, value in node.entries if key.raw not in (*_CONFIG, "config", "arguments", "description")
    ]
    inner = node.get("arguments")
    if inner is not None and not inner.is_null:
        arguments.extend(Reader.of(inner, bag, f"`arguments` of test `{name}`").node.entries)
    direct = tuple((key, value) for key, value in node.entries if key.raw in _CONFIG)
    below = (
        () if nested is None or nested.is_null else Reader.of(nested, bag, f"`config` of test `{name}`").node.entries
    )
    config = Reader(Node("mapping", (*direct, *below), node.span), bag, f"`config` of test `{name}`", reader.render)
    enabled = config.flag("enabled", default=True)
    severity = config.choice("severity", ("error", "warn"), default="error")
    made = TestDecl(
        name=name,
        column=column,
        arguments={key.word: plain(made) for key, value in arguments if (made := _argument(value, reader, bag))},
        severity=cast(Literal["error", "warn"], severity),
        where=config.text("where"),
        limit=config.integer("limit", least=1),
        store_failures=config.flag("store_failures"),
        warn_if=_condition(config, "warn_if", bag),
        error_if=_condition(config, "error_if", bag),
    )
    config.finish()
    return made if enabled else None


def _argument(node: Node, reader: Reader, bag: Bag) -> Node | None:
    """An argument's value. One text stays as it is: it is rendered with the test, where `ref` is known."""
    return node if node.kind == "scalar" else resolve(node, reader.render, bag)


def _condition(config: Reader, name: str, bag: Bag) -> str:
    """A comparison of the number of rows that fail: `> 10`."""
    text = config.text(name)
    if text is None:
        return "!= 0"
    if _CONDITION.fullmatch(text.strip()):
        return str(text).strip()
    help = 'write a comparison of the number of failing rows, such as "> 10"'
    bag.error("MS0316", f"`{name}` cannot be `{text}`", text.span, help=help)
    return "!= 0"
