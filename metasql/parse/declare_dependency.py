"""`deps:` of a feature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from metasql.config.document import Node
from metasql.config.reader import Reader, Render, choice_of, resolve, text_of, texts_of, wrong
from metasql.diagnostics import Bag, Label, candidates, suggest
from metasql.parse.declarations import DependencyDecl, FieldDecl, FieldMapping, LineageDecl
from metasql.parse.declare_names import columns, good_column, good_field, good_reference, once
from metasql.source import Word

_LINEAGES = ("identity", "lookup", "expansion", "aggregation")
_LINEAGE_HELP = "write `identity`, `lookup`, `{expansion: {on: [column]}}` or `{aggregation: {on: [column]}}`"


def deps_of(
    nodes: tuple[Node, ...], own: tuple[FieldDecl, ...], render: Render | None, bag: Bag, what: str
) -> tuple[DependencyDecl, ...]:
    """The entries of `deps`: a feature's key, or a mapping. `own` are the fields that mappings may name."""
    made = [dep for node in nodes if (dep := _dep(node, own, render, bag)) is not None]
    kept = set(map(id, once((dep.feature for dep in made), bag, f"`deps` of {what}", str)))
    return tuple(dep for dep in made if id(dep.feature) in kept)


def _dep(node: Node, own: tuple[FieldDecl, ...], render: Render | None, bag: Bag) -> DependencyDecl | None:
    if node.kind == "scalar":
        resolved = resolve(node, render, bag)
        key = None if resolved is None else text_of(resolved, bag, "a dependency")
        return DependencyDecl(key, span=key.span) if key is not None and good_reference(key, bag) else None
    reader = Reader.of(node, bag, "a dependency", render)
    key = reader.required("feature", help="write `feature: video/full`")
    reader.what = "a dependency" if key is None else f"dependency `{key}`"
    lineage = _lineage(reader.entry("lineage"), bag)
    chosen, aggregates = _columns(reader, lineage, bag)
    made = DependencyDecl(
        feature=key or Word(""),
        lineage=lineage,
        optional=reader.flag("optional"),
        where=_sql(reader, "where"),
        rename=_rename(reader, bag),
        columns=chosen,
        aggregates=aggregates,
        fields=_mapping(reader.entry("fields"), own, bag),
        span=node.head if key is None else key.span,
    )
    reader.finish()
    return made if key is not None and good_reference(key, bag) else None


def _sql(reader: Reader, name: str) -> Word | None:
    text = reader.text(name)
    return None if text is None or not text.strip() else text


def _lineage(node: Node | None, bag: Bag) -> LineageDecl | None:
    if node is None:
        return None
    name, inner = node, None
    if node.kind == "mapping" and len(node.entries) == 1:
        name, inner = node.entries[0]
    if name.kind != "scalar" or name.raw not in _LINEAGES:
        help = (suggest(name.raw, _LINEAGES) if name.kind == "scalar" else None) or _LINEAGE_HELP
        bag.error("MS0312", "this is no lineage", name.head, notes=[f"lineages: {', '.join(_LINEAGES)}"], help=help)
        return None
    on = None if inner is None or inner.is_null else _on(name.raw, inner, bag)
    kind = cast(Literal["identity", "lookup", "expansion", "aggregation"], name.raw)
    return LineageDecl(kind, on, name.span)


def _on(kind: str, node: Node, bag: Bag) -> tuple[Word, ...] | None:
    """The columns of `{on: [..]}`; None where they are left out."""
    if kind in ("identity", "lookup"):
        bag.error("MS0312", f"`{kind}` takes nothing more", node.head, help=f"write `lineage: {kind}`")
        return None
    reader = Reader.of(node, bag, f"`{kind}`")
    written = reader.entry("on")
    on = columns(reader.texts("on"), bag, f"`on` of `{kind}`")
    reader.finish()
    if written is not None and written.kind == "sequence" and not written.items:
        bag.error("MS0312", "`on` names no column", written.span, help="name the columns that both sides share")
    return on or None


def _columns(
    reader: Reader, lineage: LineageDecl | None, bag: Bag
) -> tuple[tuple[Word, ...] | None, Mapping[Word, Word]]:
    """`columns`: a choice of columns, or for an aggregation expressions by name."""
    node = reader.entry("columns")
    if node is None:
        return None, {}
    if node.kind != "mapping":
        words = columns(texts_of(node, bag, "columns"), bag, f"`columns` of {reader.what}")
        if words and lineage is not None and lineage.kind == "aggregation":
            help = "say how the rows of a group become one value: `columns: {n: count(*), paths: list(path)}`"
            bag.error("MS0317", "an aggregation takes aggregate expressions", words[0].span, help=help)
        return words, {}
    kind = "a dependency" if lineage is None else f"`{lineage.kind}`"
    if kind != "`aggregation`":
        if lineage is not None or reader.entry("lineage") is None:
            help = "write a list of columns, or declare `lineage: {aggregation: {on: [..]}}`"
            bag.error("MS0317", f"{kind} takes a list of columns, not expressions", node.head, help=help)
        return None, {}
    pairs = _pairs(node, bag, "`columns`", "an expression such as `count(*)`")
    kept = columns(pairs, bag, f"`columns` of {reader.what}")
    return None, {name: pairs[name] for name in kept}


def _pairs(node: Node, bag: Bag, what: str, expected: str) -> dict[Word, Word]:
    pairs: dict[Word, Word] = {}
    for key, value in node.entries:
        if value.kind != "scalar" or value.is_null or not value.raw.strip():
            wrong(value, bag, f"`{key.raw}` of {what}", expected)
        else:
            pairs[key.word] = value.word
    return pairs


def _rename(reader: Reader, bag: Bag) -> Mapping[Word, Word]:
    """Old name → new name."""
    node = reader.mapping("rename")
    if node is None:
        return {}
    pairs = _pairs(node, bag, "`rename`", "the new name")
    good = {old: new for old, new in pairs.items() if good_column(new, bag)}
    once(good.values(), bag, f"the new names of {reader.what}")
    return good


def _mapping(node: Node | None, own: tuple[FieldDecl, ...], bag: Bag) -> FieldMapping:
    """How our fields map to the dependency's."""
    if node is None:
        return FieldMapping()
    if node.kind == "scalar" and node.raw in ("suffix", "exclude"):
        help = "write `{suffix: true}`" if node.raw == "suffix" else "write `{exclude: [field]}`"
        bag.error("MS0207", f"`fields` cannot be `{node.raw}` alone", node.span, help=help)
        return FieldMapping(span=node.span)
    if node.kind != "mapping":
        kind = choice_of(node, bag, "fields", ("default", "all", "none"))
        return FieldMapping(cast(Literal["default", "all", "none"], kind or "default"), span=node.span)
    if node.get("suffix") is not None or node.get("exclude") is not None:
        return _special(node, bag)
    named = {key.word: _targets(key.word, value, bag) for key, value in node.entries if _is_own(key.word, own, bag)}
    return FieldMapping("named", named, span=node.head)


def _special(node: Node, bag: Bag) -> FieldMapping:
    """`{suffix: true}`, `{exclude: [..]}`, or both."""
    reader = Reader.of(node, bag, "a field mapping with `suffix` or `exclude`")
    suffix = reader.flag("suffix")
    words = [word for word in reader.texts("exclude") if good_field(word, bag)]
    reader.finish()
    return FieldMapping("suffix" if suffix else "default", exclude=once(words, bag, "`exclude`", str), span=node.head)


def _targets(name: Word, node: Node, bag: Bag) -> tuple[Word, ...]:
    words = [word for word in texts_of(node, bag, str(name)) if good_field(word, bag)]
    return once(words, bag, f"the mapping of `{name}`", str)


def _is_own(name: Word, own: tuple[FieldDecl, ...], bag: Bag) -> bool:
    """Whether a mapping's left side is a field of ours, as far as fields are declared."""
    known = [str(field.name) for field in own]
    if not good_field(name, bag):
        return False
    if not known or name in known:
        return True
    bag.error(
        "MS0302",
        f"field `{name}` is not declared here",
        name.span,
        label="unknown field",
        secondary=[Label(own[0].name.span, "fields are declared here")],
        notes=[f"fields of this feature: {candidates(known)}"],
        help=suggest(name, known) or "name a field of this feature on the left, and the dependency's on the right",
    )
    return False
