"""`unit_tests:`: rows that are given to a feature, and what its increment is expected to say of them."""

from __future__ import annotations

from metasql.config.document import Node, plain
from metasql.config.reader import Reader, Render, resolve, wrong
from metasql.diagnostics import Bag
from metasql.parse.declarations import RowDecl, UnitTestDecl
from metasql.source import Word

Rows = tuple[RowDecl, ...]

_GIVEN_HELP = "write `given: {upstream: {video/full: [{video_id: v1}]}}`"
_EXPECT_HELP = "write `expect: {new: [{video_id: v1}]}`"


def unit_test_of(node: Node, render: Render | None, bag: Bag) -> UnitTestDecl | None:
    """One entry of `unit_tests`."""
    reader = Reader.of(node, bag, "a unit test", render, {"model": "write `feature`", "expected": "write `expect`"})
    name = reader.required("name", help="write a name that says what is tested")
    reader.what = "a unit test" if name is None else f"unit test `{name}`"
    feature = reader.required("feature", help="name the feature: `feature: video/face_crop`")
    description = str(reader.text("description") or "")
    given = _part(reader, "given", _GIVEN_HELP)
    expect = _part(reader, "expect", _EXPECT_HELP)
    reader.finish()
    made = None
    if name is not None and feature is not None:
        made = UnitTestDecl(
            name=name,
            feature=feature,
            upstream=_tables(given, "upstream"),
            stored_from=_tables(given, "stored_from"),
            stored=_rows_of(given, "stored") or (),
            new=_rows_of(expect, "new"),
            stale=_rows_of(expect, "stale"),
            orphaned=_rows_of(expect, "orphaned"),
            rows=_rows_of(expect, "rows"),
            description=description,
        )
        given.finish()
        expect.finish()
    return made


def _part(reader: Reader, name: str, help: str) -> Reader:
    inner = reader.inner(name, f"`{name}`")
    if inner is None:
        reader.missing(name, help)
        return Reader(Node("mapping", (), reader.node.span), reader.bag, name, reader.render)
    return inner


def _tables(reader: Reader, name: str) -> dict[Word, Rows]:
    """Upstream name → its rows."""
    inner = reader.inner(name, f"`{name}`")
    return {} if inner is None else {key.word: _rows(value, inner) for key, value in inner.node.entries}


def _rows_of(reader: Reader, name: str) -> Rows | None:
    """The rows under a word; None where the word is not there. An empty list is an expectation."""
    node = reader.raw(name)
    return None if node is None else _rows(node, reader)


def _rows(node: Node, reader: Reader) -> Rows:
    resolved = resolve(node, reader.render, reader.bag)
    if resolved is None or (resolved.kind == "scalar" and resolved.is_null):
        return ()
    if resolved.kind != "sequence":
        wrong(resolved, reader.bag, "rows", "a list of rows", help="write `[{video_id: v1}]`")
        return ()
    made = []
    for item in resolved.items:
        if item.kind != "mapping":
            wrong(item, reader.bag, "a row", "a mapping", help="write `{video_id: v1}`")
            continue
        made.append(RowDecl({key.raw: plain(value, words=False) for key, value in item.entries}, item.head))
    return tuple(made)
