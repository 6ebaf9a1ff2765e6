"""The columns that a feature's bodies give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from sqlglot import exp

from metasql.diagnostics import Bag, candidates, suggest
from metasql.graph.link_names import check_names
from metasql.graph.upstream import Upstream
from metasql.names import is_field
from metasql.parse.declarations import Body, FeatureDecl, Ref
from metasql.parse.outputs import first_select, output_names
from metasql.parse.sql import span_of as span_in
from metasql.source import Span, span_of


def body_columns(decl: FeatureDecl, upstream: Upstream, bag: Bag) -> list[str] | None:
    """The columns of a feature with a body, ids first; bodies for several engines give the same ones."""
    for body in decl.bodies.values():
        check_names(body.tree, body.refs, partial(_seen, decl, upstream), body.lines, bag)
    first, *others = sorted(decl.bodies.values(), key=lambda body: body.engine or "")
    names = _columns(decl, first, upstream, bag)
    if names is None:
        return None
    for other in others:
        _check_same(decl, first, names, other, upstream, bag)
    ids = [str(name) for name in decl.id_columns]
    return ids + [name for name in names if name not in ids]


def _columns(decl: FeatureDecl, body: Body, upstream: Upstream, bag: Bag) -> Sequence[str] | None:
    names: Sequence[str] | None = _outputs(decl, body, upstream)
    if names is None:
        names = list(dict.fromkeys(map(str, (*decl.id_columns, *(item.name for item in decl.columns)))))
        if not decl.columns:
            bag.error(
                "MS0336",
                f"the columns of `{decl.key}` cannot be told from its body",
                _place(body, ""),
                notes=["it selects `*` from a relation whose columns are not declared"],
                help="select the columns by name, or list them under `columns:`",
            )
            return None
    return names if _check(decl, names, body, bag) else None


def _outputs(decl: FeatureDecl, body: Body, upstream: Upstream) -> tuple[str, ...] | None:
    """The output columns of a body, over the columns of what it reads."""
    known: dict[str, Sequence[str]] = {}
    for ref in body.refs:
        columns = _seen(decl, upstream, ref)
        if ref.kind == "source":
            columns = upstream.columns_of_source(str(ref.name), str(ref.table))
        if columns is not None:
            known[ref.placeholder] = columns
    return output_names(body.tree, known)


def _seen(decl: FeatureDecl, upstream: Upstream, ref: Ref) -> tuple[str, ...] | None:
    """The columns that a body sees behind a reference; a source may have more than those that are declared."""
    return None if ref.kind == "source" else _renamed(decl, str(ref.name), upstream.columns_of(str(ref.name)))


def _renamed(decl: FeatureDecl, name: str, columns: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The columns of a dependency as the body sees them."""
    dep = next((item for item in decl.deps if str(item.feature) == name), None)
    rename = {str(old): str(new) for old, new in dep.rename.items()} if dep else {}
    return columns if columns is None else tuple(rename.get(column, column) for column in columns)


def _check(decl: FeatureDecl, names: Sequence[str], body: Body, bag: Bag) -> bool:
    """Whether the columns can be stored, and the YAML names none that is not there."""
    before = len(bag)
    counted = Counter(name.lower() for name in names)
    for name in {name.lower(): name for name in names if counted[name.lower()] > 1}.values():
        bag.error("MS0337", f"the body gives the column `{name}` twice", _place(body, name), help=_TWICE)
    for name in names:
        if name.lower().startswith("metasql_"):
            help = "give it another name with `as`; names that begin with `metasql_` are metasql's own"
            bag.error("MS0337", f"a column cannot be called `{name}`", _place(body, name), help=help)
        elif decl.per_column and name not in map(str, decl.id_columns) and not _is_field(name):
            help = "give it another name with `as`, or list the fields under `fields:`"
            bag.error("MS0303", f"`{name}` cannot be a field's name", _place(body, name), help=help)
    for word in (*decl.id_columns, *(item.name for item in decl.columns)):
        if str(word) not in names:
            bag.error(
                "MS0339",
                f"the body of `{decl.key}` gives no column `{word}`",
                span_of(word),
                notes=[f"columns of the body: {candidates(names)}"],
                help=suggest(str(word), names) or f"select it in {body.path}",
            )
    return len(bag) == before


_TWICE = "select the columns by name, or leave one of them out: `* exclude (...)`"


def _is_field(name: str) -> bool:
    return is_field(name) and name not in ("suffix", "exclude")


def _check_same(
    decl: FeatureDecl, first: Body, names: Sequence[str], other: Body, upstream: Upstream, bag: Bag
) -> None:
    """A body for one engine stands for the same rows: it gives the same columns."""
    found = _outputs(decl, other, upstream)
    if found is None or set(found) == set(names):
        return
    missing, extra = sorted(set(names) - set(found)), sorted(set(found) - set(names))
    bag.error(
        "MS0339",
        f"the bodies of `{decl.key}` give different columns",
        _place(other, extra[0] if extra else ""),
        notes=[f"only in {first.path}: {candidates(missing)}", f"only in {other.path}: {candidates(extra)}"],
        help="let both give the same columns: the one replaces the other on its engine",
    )


def _place(body: Body, name: str) -> Span:
    """Where a column comes from: the last expression of its name, else the star, else the body."""
    select = first_select(body.tree)
    expressions: list[exp.Expr] = list(select.expressions) if select is not None else []
    named = [item for item in expressions if name and item.alias_or_name.lower() == name.lower()]
    stars = [item for item in expressions if item.is_star]
    for node in (*reversed(named), *reversed(stars)):
        return span_in(body.lines, node)
    return body.lines.template.line_span(1)
