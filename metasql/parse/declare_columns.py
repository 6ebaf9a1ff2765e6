"""`columns:` and `fields:` of a feature."""

from __future__ import annotations

from metasql.config.document import Node
from metasql.config.reader import Reader, Render, resolve, text_of
from metasql.diagnostics import Bag, suggest
from metasql.names import flat, is_key
from metasql.parse.declarations import ColumnDecl, DataVersion, FieldDecl
from metasql.parse.declare_names import columns, good_column, good_field, good_field_dep, once
from metasql.parse.declare_tests import tests_of
from metasql.source import Word


def columns_of(nodes: tuple[Node, ...], render: Render | None, bag: Bag, what: str) -> tuple[ColumnDecl, ...]:
    """The entries of `columns`: a name, or a mapping with `name`, `type`, `description` and `tests`."""
    made = [column for node in nodes if (column := _column(node, render, bag)) is not None]
    kept = set(map(id, once((column.name for column in made), bag, f"`columns` of {what}")))
    return tuple(column for column in made if id(column.name) in kept)


def _column(node: Node, render: Render | None, bag: Bag) -> ColumnDecl | None:
    if node.kind == "scalar":
        name = _plain_name(node, render, bag, "a column")
        return ColumnDecl(name) if name is not None and good_column(name, bag) else None
    reader = Reader.of(node, bag, "a column", render)
    name = reader.required("name", help="write `name: path`")
    reader.what = "a column" if name is None else f"column `{name}`"
    type_ = reader.text("type", "data_type")
    description = reader.text("description") or ""
    tests = tests_of(reader.items("tests", "data_tests"), name, render, bag)
    reader.finish()
    if name is None or not good_column(name, bag):
        return None
    return ColumnDecl(name, type_, str(description), tests)


def _plain_name(node: Node, render: Render | None, bag: Bag, what: str) -> Word | None:
    resolved = resolve(node, render, bag)
    return None if resolved is None else text_of(resolved, bag, what)


def fields_of(node: Node | None, render: Render | None, bag: Bag, what: str) -> tuple[tuple[FieldDecl, ...], bool]:
    """The entries of `fields`, and whether it says `per_column`."""
    if node is None:
        return (), False
    if node.kind == "scalar" and node.raw == "per_column":
        return (), True
    if node.kind != "sequence":
        help = "write `fields: [audio, frames]`, a list of mappings with `name`, or `fields: per_column`"
        bag.error("MS0207", f"`fields` must be a list, not {node.describe()}", node.head, help=help)
        return (), False
    made = [field for item in node.items if (field := _field(item, render, bag)) is not None]
    kept = set(
        map(id, once((field.name for field in made), bag, f"`fields` of {what}", lambda name: flat(name).lower()))
    )
    return tuple(field for field in made if id(field.name) in kept), False


def _as_column(name: str) -> str:
    """What two fields must not share: `audio/en` and `audio__en` would be one column."""
    return flat(name).lower()


def _field(node: Node, render: Render | None, bag: Bag) -> FieldDecl | None:
    if node.kind == "scalar":
        name = _plain_name(node, render, bag, "a field")
        return FieldDecl(name) if name is not None and good_field(name, bag) else None
    reader = Reader.of(node, bag, "a field", render)
    name = reader.required("name", help="write `name: audio`")
    reader.what = "a field" if name is None else f"field `{name}`"
    content, version = reader.texts("columns"), reader.text("version")
    if content and version is not None:
        help = "keep `columns`, or name them in the expression"
        bag.error("MS0317", f"{reader.what} says both `columns` and `version`", version.span, help=help)
    model = _model(reader, bag)
    made = FieldDecl(
        name=name or Word(""),
        code_version=Word(f"{model}@", model.span) if model is not None else _code_version(reader, bag),
        model=model,
        deps=_field_deps(reader, bag),
        columns=columns(content, bag, f"`columns` of {reader.what}"),
        version=version,
        data_version=data_version_of(reader, bag),
        description=str(reader.text("description") or ""),
    )
    reader.finish()
    return made if name is not None and good_field(name, bag) else None


def _model(reader: Reader, bag: Bag) -> Word | None:
    """The model of `code_version: {model: NAME}`; None where it is none."""
    node = reader.node.get("code_version")
    if node is None or node.kind != "mapping":
        return None
    inner = reader.inner("code_version", f"`code_version` of {reader.what}")
    assert inner is not None, "it is a mapping"
    model = inner.required("model", help="name the model: `code_version: {model: lips}`")
    inner.finish()
    if model is not None and (not is_key(model) or "/" in model):
        help = "use lower-case letters, digits and `_`, beginning with a letter: `lips`"
        bag.error("MS0300", f"`{model}` cannot be a model's name", model.span, help=help)
        return None
    return model


def _code_version(reader: Reader, bag: Bag) -> Word | None:
    """The version exactly as it was written: `1.0` is "1.0"."""
    version = reader.any_text("code_version")
    written = reader.node.get("code_version")
    if written is not None and (written.is_null or (version is not None and not version.strip())):
        help = 'write a version such as "1", or leave the word out'
        bag.error("MS0315", f"`code_version` of {reader.what} is empty", written.span, help=help)
        return None
    return version


def _field_deps(reader: Reader, bag: Bag) -> tuple[Word, ...] | None:
    """A field's own parents. None where it says nothing, which is not the same as none."""
    if reader.entry("deps") is None:
        return None
    words = [word for word in reader.texts("deps") if good_field_dep(word, bag)]
    return once(words, bag, f"`deps` of {reader.what}", str)


def data_version_of(reader: Reader, bag: Bag) -> DataVersion | None:
    """What downstream reads of a field: its provenance, or its content."""
    word = reader.text("data_version")
    if word is None:
        return None
    if word not in ("provenance", "content"):
        help = suggest(str(word), ["provenance", "content"]) or "write `data_version: provenance` or `content`"
        bag.error("MS0207", f"`data_version` cannot be `{word}`", word.span, help=help)
        return None
    return DataVersion(word, word == "content")
