"""A query that a person types on the command line: Jinja + SQL, with `ref` and `source` and the project's macros."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from metasql.config.profiles import Target
from metasql.config.project import ProjectConfig
from metasql.diagnostics import Bag
from metasql.parse.declarations import Body, Ref, SourceDecl
from metasql.parse.discover import discover
from metasql.parse.query import Settings, read_body
from metasql.parse.template import Templates
from metasql.source import Source

INLINE = "--inline"
"""How messages name the text."""


def read_inline(
    text: str,
    config: ProjectConfig,
    target: Target,
    *,
    env: Mapping[str, str],
    sources: Iterable[SourceDecl] = (),
    run_query: Callable[[str], list[tuple[Any, ...]]] | None = None,
    relation: Callable[[Ref], str] | None = None,
) -> Body:
    """The query of a text, in the project's dialect. Tables may be named past `ref` and `source` here.

    Raises: MetasqlError 02xx and 032x, at places of the text.
    """
    bag = Bag()
    templates = Templates(discover(config, Bag()).macros, Bag())
    known = {(str(item.source), str(item.table)): item.identifier for item in sources}
    settings = Settings(config, target, env, run_query, known, relation)
    read = read_body(Source(INLINE, text), templates=templates, settings=settings, bag=bag)
    bag.raise_errors()
    assert read is not None, "a query without errors was read"
    return read.body
