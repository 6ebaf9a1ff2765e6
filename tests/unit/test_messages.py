"""The tone of messages, as far as the code tells it: lower case, no full stop, and what to do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "metasql"
FILES = sorted(PACKAGE.rglob("*.py"))
NAMES = ("SQL", "YAML", "CSV", "JSON", "DuckDB", "ClickHouse")
"""Words that a message may begin with as they are written."""

ENOUGH = ("MS0217",)
"""A template's own warning, a backend that somebody else makes, an interruption: there is nothing to add."""


def reports(path: Path) -> Iterator[ast.Call]:
    """The calls that report a code: `bag.error("MS…", …)`, `bag.warn(…)`, `MetasqlError.of(…)`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            code = node.args[0]
            if node.func.attr in ("error", "warn", "of") and text(code).startswith("MS"):
                yield node


def text(node: ast.expr) -> str:
    """A message as far as it stands in the code; what is put in is `{}`."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if not isinstance(node, ast.JoinedStr):
        return ""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_messages_are_in_style(path):
    """Lower case, no full stop."""
    for call in reports(path):
        message = text(call.args[1]) if len(call.args) > 1 else ""
        assert not message.endswith("."), message
        assert not message[:1].isupper() or message.startswith(NAMES), message


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_messages_say_what_to_do(path):
    """Each has a help line."""
    for call in reports(path):
        given = {keyword.arg for keyword in call.keywords}
        code = text(call.args[0])
        assert "help" in given or code in ENOUGH, f"{path.name}:{call.lineno}: {code} has no help"
