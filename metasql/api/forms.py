"""How a worker and a committer speak: requests and answers of HTTP, in JSON and Parquet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from metasql.diagnostics import Bag, Diagnostic, MetasqlError

TOKEN = "X-Metasql-Token"
PARTS = "X-Metasql-Parts"
"""The request's parts in order, as JSON: `[["results", "parquet", 1234], ...]`, name, form and number of bytes."""


@dataclass(frozen=True)
class Part:
    """Rows that go over: their form and their bytes."""

    name: str
    form: str
    content: bytes


def packed(parts: list[Part]) -> tuple[str, bytes]:
    """The head that tells the parts, and the body that they make."""
    head = json.dumps([[part.name, part.form, len(part.content)] for part in parts])
    return head, b"".join(part.content for part in parts)


def unpacked(head: str, body: bytes) -> dict[str, Part]:
    """The parts of a body by their names."""
    found, start = {}, 0
    for name, form, size in json.loads(head or "[]"):
        found[name] = Part(name, form, body[start : start + size])
        start += size
    return found


def told(error: MetasqlError) -> dict[str, Any]:
    """An error for the other side."""
    items = [
        {"code": item.code, "message": item.message, "notes": list(item.notes), "help": item.help}
        for item in error.bag.sorted()
    ]
    return {"errors": items}


def understood(answer: Mapping[str, Any]) -> MetasqlError:
    """The same error on this side, without its places."""
    bag = Bag()
    for item in answer["errors"]:
        bag.items.append(Diagnostic(item["code"], item["message"], notes=tuple(item["notes"]), help=item["help"]))
    return MetasqlError(bag)
