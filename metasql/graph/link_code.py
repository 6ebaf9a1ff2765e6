"""Code versions that metasql reads from SQL: `code_version: auto`, the default of SQL features' fields."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from metasql.diagnostics import Bag
from metasql.graph.lock import Lock
from metasql.graph.nodes import Column, Field, Kind
from metasql.parse.declarations import Body, FeatureDecl, Ref
from metasql.parse.sql import span_of as span_in
from metasql.source import Word, span_of
from metasql.trace.normal import Normal

AUTO = "auto"


def link_code(
    decl: FeatureDecl, fields: tuple[Field, ...], columns: Sequence[Column], kind: Kind, lock: Lock, bag: Bag
) -> tuple[Field, ...]:
    """The fields with their code versions: what the author wrote, or what their part of the SQL means.

    A root's fields are versioned by their content, which tells of its SQL already.
    """
    words = {str(item.name): item.code_version for item in decl.fields}
    return tuple(_versioned(decl, field, words.get(field.name), fields, columns, kind, lock, bag) for field in fields)


def _versioned(
    decl: FeatureDecl,
    field: Field,
    word: Word | None,
    fields: Sequence[Field],
    columns: Sequence[Column],
    kind: Kind,
    lock: Lock,
    bag: Bag,
) -> Field:
    if field.model is not None and kind is Kind.ROOT:
        help = "write it in a feature that is made of this one"
        said = ["a root's fields are versioned by their content"]
        bag.error("MS0417", "a model's version has no meaning here", field.span, notes=said, help=help)
    if word is not None and str(word) != AUTO:
        return field
    if kind is not Kind.SQL:
        if word is not None:
            why = "the content of a root's fields tells of its SQL already" if decl.bodies else "it has no SQL body"
            help = 'write a version such as "1", and change it when the code changes'
            bag.error("MS0417", "`auto` has no meaning here", span_of(word), notes=[why], help=help)
        return field
    claimed = {name for item in fields for name in item.columns}
    free = [column.name for column in columns if column.name not in claimed]
    read = sorted({*field.columns, *free, *(str(name) for name in decl.id_columns)})
    for _, body in _bodies(decl):
        if body.asks_data:
            _refuse(field, body, "what the warehouse holds", None, bag)
    name, digest = (str(decl.key), field.name), _digest([*read, *_texts(decl)])
    version = lock.standing(name, digest)
    if version is None:
        version = lock.take(name, digest, _digest(_forms(decl, field, read, bag)))
    return replace(field, code_version=version, from_sql=True)


def _bodies(decl: FeatureDecl) -> list[tuple[str, Body]]:
    return sorted(((engine or "", body) for engine, body in decl.bodies.items()), key=lambda item: item[0])


def _texts(decl: FeatureDecl) -> Iterator[str]:
    """All texts that say what the feature is, on every engine, and what their placeholders stand for."""
    for engine, body in _bodies(decl):
        yield from (part for pair in sorted(_names(body.refs).items()) for part in pair)
        if not body.variants:
            yield from (engine, body.text)
        for name, (text, _) in sorted(body.variants.items()):
            yield from (engine, name, text)


def _forms(decl: FeatureDecl, field: Field, columns: Sequence[str], bag: Bag) -> Iterator[str]:
    """The forms of a field's part of each body; those that an engine alone has count on every engine."""
    for engine, body in _bodies(decl):
        made: dict[str, str] = {}
        for name, tree in {"": body.tree, **{name: tree for name, (_, tree) in body.variants.items()}}.items():
            normal = Normal(_names(body.refs))
            made[name] = normal.of(tree, columns)
            if not name:
                for node, called in normal.volatile:
                    _refuse(field, body, called, node, bag)
        told = [made[name] for name in sorted(body.variants)] or [made[""]]
        yield from (engine, *(told[:1] if len(set(told)) == 1 else told))


def _refuse(field: Field, body: Body, called: str, node: exp.Expr | None, bag: Bag) -> None:
    place = span_in(body.lines, node) if node is not None else field.span
    bag.error(
        "MS0415",
        f"{called} is not the same each time, and field `{field.name}` takes its code version from its SQL",
        place,
        notes=["two runs over the same inputs would give different values, and nothing would tell"],
        help="read it from a column of a source, or give it with `var`; or write a `code_version` for this field: "
        "then it is computed anew when that changes, and not otherwise",
    )


def _names(refs: Iterable[Ref]) -> Mapping[str, str]:
    """What the placeholders of a body stand for."""
    return {ref.placeholder: f"{ref.kind} {ref.name}" + (f" {ref.table}" if ref.table else "") for ref in refs}


def _digest(parts: Iterable[str]) -> str:
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
