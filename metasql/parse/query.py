"""SQL files: rendered, parsed, and with everything that they refer to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlglot import exp

from metasql.config.options import OPTIONS
from metasql.diagnostics import Bag, candidates, suggest
from metasql.parse.context import THIS, Recorder
from metasql.parse.context import Settings as Settings
from metasql.parse.declarations import AssertionDecl, Body
from metasql.parse.generic_tests import expand_test as expand_test
from metasql.parse.outputs import check_outputs as check_outputs
from metasql.parse.outputs import output_names as output_names
from metasql.parse.sql import parse_expression as parse_expression
from metasql.parse.sql import parse_query, span_of
from metasql.parse.sql import parse_type as parse_type
from metasql.parse.template import Templates
from metasql.source import Source, Span


@dataclass(frozen=True)
class ReadBody:
    """A body, and what its `config(...)` says; texts in `config` are Words."""

    body: Body
    config: Mapping[str, Any]
    config_span: Span


def read_body(
    source: Source, *, templates: Templates, settings: Settings, bag: Bag, engine: str | None = None
) -> ReadBody | None:
    """The body in a SQL file. One that is written for an engine is in that engine's dialect."""
    recorder = Recorder(settings, bag, engine)
    lines = templates.render(source, recorder.names(), bag)
    if lines is None:
        return None
    tree = parse_query(lines, engine or settings.project.dialect, bag)
    if tree is None:
        return None
    variants = _variants(source, templates, settings) if recorder.asked.engine and engine is None else {}
    body = Body(
        source.path,
        lines.rendered,
        tree,
        lines,
        recorder.refs,
        engine,
        variants=variants,
        asks_data=recorder.asked.data,
    )
    check_tables(body, bag)
    return ReadBody(body, recorder.config.values, recorder.config.span)


@dataclass(frozen=True)
class _Elsewhere:
    """A target as it would be on another engine."""

    name: str
    type: str
    schema: str
    profile: str


def _variants(source: Source, templates: Templates, settings: Settings) -> dict[str, tuple[str, exp.Query]]:
    """A body as it reads on every engine that it can be read on: its meaning is that of all of them."""
    found: dict[str, tuple[str, exp.Query]] = {}
    target = settings.target
    for engine in sorted(OPTIONS):
        told = (target.name, engine, target.schema, target.profile) if target else ("default", engine, "main", "")
        recorder = Recorder(replace(settings, target=_Elsewhere(*told), run_query=None), Bag(), engine)
        lines = templates.render(source, recorder.names(), Bag())
        tree = parse_query(lines, settings.project.dialect, Bag()) if lines is not None else None
        if lines is not None and tree is not None:
            found[engine] = (lines.rendered, tree)
    return found


def read_assertion(
    source: Source, *, templates: Templates, settings: Settings, bag: Bag, name: str, **fields: Any
) -> AssertionDecl | None:
    """The assertion in a SQL file; its `config(...)` wins over `fields`. None where it is disabled."""
    recorder = Recorder(settings, bag)
    lines = templates.render(source, recorder.names(), bag)
    if lines is None or not _configure(recorder, fields, bag):
        return None
    tree = parse_query(lines, settings.project.dialect, bag, what="an assertion")
    if tree is None:
        return None
    return AssertionDecl(name, source.path, lines.rendered, tree, lines, recorder.refs, **fields)


class _Wanted(NamedTuple):
    takes: Callable[[Any], bool]
    shown: str


_FLAG = _Wanted(lambda value: isinstance(value, bool), "`true` or `false`")
_COUNT = re.compile(r"\s*(=|!=|<>|<|>|<=|>=)\s*\d+\s*")
_CONDITION = _Wanted(lambda value: isinstance(value, str) and bool(_COUNT.fullmatch(value)), "a comparison: `'> 10'`")
_CONFIG = {
    "severity": _Wanted(lambda value: str(value).lower() in {"warn", "error"}, "`warn` or `error`"),
    "limit": _Wanted(lambda value: type(value) is int and value > 0, "a number of rows"),
    "store_failures": _FLAG,
    "enabled": _FLAG,
    "warn_if": _CONDITION,
    "error_if": _CONDITION,
    "tags": _Wanted(lambda value: all(isinstance(tag, str) for tag in _listed(value)), "a list of texts"),
}
"""What `config(...)` of an assertion takes."""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _configure(recorder: Recorder, fields: dict[str, Any], bag: Bag) -> bool:
    """Take over what `config(...)` says of an assertion; whether there is anything to be read."""
    values = dict(recorder.config.values)
    sound = True
    for name, value in values.items():
        wanted = _CONFIG.get(name)
        place = recorder.config.span.find(name)
        if wanted is None:
            help = suggest(name, _CONFIG) or f"it takes: {candidates(_CONFIG)}"
            bag.error("MS0323", f"`config` of an assertion cannot take `{name}`", place, help=help)
            sound = False
        elif not wanted.takes(value):
            bag.error("MS0323", f"`{name}` cannot be `{value}`", place, help=f"give it {wanted.shown}")
            sound = False
    if not sound or values.pop("enabled", True) is False:
        return False
    if "severity" in values:
        values["severity"] = str(values["severity"]).lower()
    if "tags" in values:
        values["tags"] = tuple(_listed(values["tags"]))
    fields.update(values)
    return True


def check_tables(body: Body, bag: Bag) -> None:
    """Warn about tables that are neither `ref` nor `source`: nothing is known of what they hold."""
    known = {ref.placeholder for ref in body.refs} | {THIS}
    known |= {part.alias for part in body.tree.find_all(exp.CTE)}
    for table in body.tree.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier) and (table.db or table.name not in known):
            name = ".".join(part.name for part in table.parts)
            bag.warn(
                "MS0321",
                f"the table `{name}` is read past `ref` and `source`: changes in it are not seen by the lineage",
                span_of_node(body, table),
                help="declare it under `sources` and use `source('...', '...')`, or use `ref` for a feature or seed",
            )


def check_this(body: Body, bag: Bag) -> None:
    """A feature's body is made of what it depends on."""
    for table in body.tree.find_all(exp.Table):
        if table.name == THIS:
            bag.error(
                "MS0326",
                "a body cannot read its own relation",
                span_of_node(body, table),
                help="write the body over whole tables: a run restricts it to the samples that need it",
            )


def span_of_node(body: Body | AssertionDecl, node: exp.Expr) -> Span:
    """The place of a node of a body's tree, in the file it was written in."""
    return span_of(body.lines, node)
