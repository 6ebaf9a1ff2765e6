"""`exposures:`, as in dbt: what people make of features and datasets outside of the warehouse."""

from __future__ import annotations

import re

from metasql.config.document import Node, plain
from metasql.config.reader import Reader, Render
from metasql.diagnostics import Bag
from metasql.names import is_key
from metasql.parse.declarations import ExposureDecl
from metasql.parse.declare_names import once
from metasql.source import Word

TYPES = ("dashboard", "notebook", "analysis", "ml", "application")
MATURITIES = ("high", "medium", "low")
_REF = re.compile(r"\s*ref\(\s*(['\"])(?P<name>[^'\"]*)\1\s*\)\s*")
_HINTS = {"features": "write `depends_on`", "datasets": "write `depends_on`", "deps": "write `depends_on`"}


def exposure_of(node: Node, path: str, render: Render | None, bag: Bag) -> ExposureDecl | None:
    """One entry of `exposures`; what is wrong in it is in the bag and left out."""
    reader = Reader.of(node, bag, "an exposure", render, _HINTS)
    name = reader.required("name", help="write `name: weekly_report`")
    reader.what = "an exposure" if name is None else f"exposure `{name}`"
    meta = reader.mapping("meta")
    made = ExposureDecl(
        name=name or Word(""),
        type=reader.choice("type", TYPES, default="analysis") or "analysis",
        depends_on=_depends_on(reader, bag),
        label=_text(reader, "label"),
        url=_text(reader, "url"),
        maturity=reader.choice("maturity", MATURITIES),
        owner=_owner(reader),
        description=_text(reader, "description") or "",
        tags=tuple(dict.fromkeys(map(str, reader.texts("tags")))),
        meta={} if meta is None else plain(meta, words=False),
        path=path,
    )
    reader.finish()
    return made if name is not None and _good_name(name, bag) else None


def _good_name(name: Word, bag: Bag) -> bool:
    if is_key(name) and "/" not in name:
        return True
    help = "use lower-case letters, digits and `_`, beginning with a letter: `weekly_report`"
    bag.error("MS0300", f"`{name}` cannot be an exposure's name", name.span, help=help)
    return False


def _depends_on(reader: Reader, bag: Bag) -> tuple[Word, ...]:
    """Names of features and datasets; dbt's `ref('key')` is understood, too."""
    if not reader.has("depends_on"):
        reader.missing("depends_on", "name what it is made of: `depends_on: [video/face_crop]`")
    words = [_named(word) for word in reader.texts("depends_on")]
    return once(tuple(words), bag, f"`depends_on` of {reader.what}", str)


def _named(word: Word) -> Word:
    found = _REF.fullmatch(word)
    return word if found is None else Word(found["name"], word.span.find(found["name"]))


def _owner(reader: Reader) -> dict[str, str]:
    """A name or address, or dbt's mapping of both."""
    node = reader.raw("owner")
    if node is None or node.kind != "mapping":
        text = _text(reader, "owner")
        return {} if text is None else {"email" if "@" in text else "name": text}
    inner = reader.inner("owner", "the owner of an exposure")
    if inner is None:
        return {}
    found = {name: _text(inner, name) for name in ("name", "email")}
    inner.finish()
    return {name: text for name, text in found.items() if text is not None}


def _text(reader: Reader, name: str) -> str | None:
    word = reader.text(name)
    return None if word is None else str(word)
