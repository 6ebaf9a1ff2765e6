from __future__ import annotations

import pytest

from metasql.config.document import Node, from_value, parse_yaml, plain, read_source
from metasql.diagnostics import Bag
from metasql.source import Source, Span


def parse(text: str) -> tuple[Node | None, Bag]:
    bag = Bag()
    return parse_yaml(Source("f.yml", text), bag), bag


def good(text: str) -> Node:
    node, bag = parse(text)
    assert node is not None
    assert list(bag) == []
    return node


def test_scalars_are_typed_by_yaml_1_2():
    """`on`, `yes`, dates and 1_000 are texts; a leading zero is no octal number."""
    node = good("{a: on, b: yes, c: 2024-01-01, d: 1_000, e: 010, f: 0x1F, g: 1.5, h: ~, i: 'true', j: true}")
    assert plain(node) == {
        "a": "on", "b": "yes", "c": "2024-01-01", "d": "1_000", "e": 10, "f": 31, "g": 1.5, "h": None,
        "i": "true", "j": True,
    }  # fmt: skip


@pytest.mark.parametrize(("written", "raw"), [("1", "1"), ('"1"', "1"), ("1.0", "1.0"), ("1.10", "1.10")])
def test_the_text_as_written_is_kept(written, raw):
    """So a code version of 1.10 is not 1.1."""
    value = good(f"code_version: {written}").get("code_version")
    assert value is not None
    assert value.raw == raw


def test_spans_are_the_smallest():
    """Quotes are outside, a block scalar's `|` line too, and CRLF and wide characters do not shift anything."""
    node = good("é: 'ü x'\r\nb: |\r\n  hello\r\nc: [1, \"\"]\r\n")
    spans = {key.raw: (value.span.text, str(value.span)) for key, value in node.entries}
    assert spans["é"] == ("ü x", "f.yml:1:5")
    assert spans["b"] == ("hello", "f.yml:3:3")
    assert spans["c"] == ('[1, ""]', "f.yml:4:4")


def test_an_anchored_quoted_text_has_its_span():
    """The anchor is not part of the value's place."""
    value = good("a: &x 'word'").get("a")
    assert value is not None
    assert value.span.text == "word"


@pytest.mark.parametrize("text", ["", "# nothing\n", "\n\n"])
def test_an_empty_file_is_an_empty_mapping(text):
    """A file may be prepared before it is filled."""
    assert good(text).entries == ()


def test_anchors_and_merge_keys():
    """A mapping's own words win over merged ones."""
    assert plain(good("d: &d {x: 1, y: 1}\ne: {<<: *d, y: 2}"))["e"] == {"y": 2, "x": 1}


@pytest.mark.parametrize(
    ("text", "code", "place", "help"),
    [
        ("a: 1\na: 2\n", "MS0202", "f.yml:2:1", "keep one of them"),
        ("a:\n\t- b\n", "MS0201", "f.yml:2:1", "indent with spaces"),
        ("a: b: c\n", "MS0201", "f.yml:1:5", "quote a text that holds `: `"),
        ("a: @x\n", "MS0201", "f.yml:1:4", "put the value in quotes"),
        ("a: \x00\n", "MS0201", "f.yml:1:4", "remove it"),
        ("a: {{ x }}\n", "MS0204", "f.yml:1:4", 'write it in quotes: "{{ … }}"'),
        ("a: {{ var('x', 'y') }}\n", "MS0204", "f.yml:1:4", 'write it in quotes: "{{ … }}"'),
        ("[a]: 1\n", "MS0204", "f.yml:1:1", "write a word before the `:`"),
        ("a: 1\n---\nb: 2\n", "MS0205", "f.yml:2:1", "remove the `---` or split the file"),
        ("a: *b\n", "MS0206", "f.yml:1:4", "write `&b` at the value"),
        ("a: &a [*a]\n", "MS0206", "f.yml:1:8", "write the value out"),
        ("a: !!python/name:os.system ''\n", "MS0206", "f.yml:1:4", "write a plain value without a tag"),
        ("- " * 500, "MS0206", "f.yml:1:129", "flatten this value"),
    ],
)
def test_what_cannot_be_read_is_one_error_at_its_place(text, code, place, help):
    """Each with what to do about it."""
    _, bag = parse(text)
    assert [(d.code, str(d.primary.span), d.help) for d in bag] == [(code, place, help)]


def test_aliases_cannot_make_a_small_file_large():
    """Nine to the power of eight values out of a few lines."""
    lines = ["a: &a [1,1,1,1,1,1,1,1,1]"]
    lines += [f"b{i}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]" for i in range(8)]
    node, bag = parse("\n".join(lines))
    assert node is None
    assert [d.code for d in bag] == ["MS0206"]


def test_deep_brackets_are_refused_without_a_crash():
    """However many there are."""
    assert [d.code for d in parse("[" * 50_000)[1]] == ["MS0206"]


def test_a_file_that_is_not_utf8_is_shown_at_the_byte(tmp_path):
    """Line and column of the first byte that is wrong."""
    (tmp_path / "f.yml").write_bytes(b"a: 1\nb: caf\xe9\n")
    bag = Bag()
    assert read_source(tmp_path / "f.yml", "f.yml", bag) is None
    assert [(d.code, str(d.primary.span)) for d in bag] == [("MS0203", "f.yml:2:7")]


def test_a_byte_order_mark_is_skipped(tmp_path):
    """It shifts no column."""
    (tmp_path / "f.yml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    source = read_source(tmp_path / "f.yml", "f.yml", Bag())
    assert source is not None
    assert source.text == "a: 1\n"


def test_a_file_that_cannot_be_opened(tmp_path):
    """A folder in a file's place, here."""
    bag = Bag()
    assert read_source(tmp_path, "f.yml", bag) is None
    assert [d.code for d in bag] == ["MS0115"]


def test_from_value_finds_texts_within_the_span():
    """An argument of `config(...)` is shown where it stands in the call."""
    source = Source("a.sql", "{{ config(id_columns=['video id'], enabled=true) }}")
    node = from_value({"id_columns": ["video id"], "enabled": True}, Span(source, 0, len(source.text)))
    ids = node.get("id_columns")
    assert ids is not None
    assert str(ids.items[0].span) == "a.sql:1:24"
    assert plain(node) == {"id_columns": ["video id"], "enabled": True}
