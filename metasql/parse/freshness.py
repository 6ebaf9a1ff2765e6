"""What is asked of a source to tell how old it is: a query in the project's dialect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from metasql.config.profiles import Target
from metasql.config.project import ProjectConfig
from metasql.diagnostics import Bag
from metasql.parse.declarations import Body, SourceDecl
from metasql.parse.mistakes import move
from metasql.parse.query import Settings, read_body
from metasql.parse.template import Templates
from metasql.source import Source, Span

ROWS, NEWEST = "metasql_rows", "metasql_newest"
"""The columns of the query: how many rows have a time, and the latest of these."""


def freshness_query(
    source: SourceDecl, sources: Iterable[SourceDecl], config: ProjectConfig, target: Target, env: Mapping[str, str]
) -> Body:
    """The newest row of a source by its `loaded_at_field`, among those that its `filter` lets pass.

    Raises: MetasqlError 02xx at the expression that cannot be read.
    """
    assert source.loaded_at_field is not None, "asked of sources alone that say where the time stands"
    where = source.freshness.filter if source.freshness is not None else None
    table = f"{{{{ source('{source.source}', '{source.table}') }}}}"
    text = f"select count({source.loaded_at_field}) as {ROWS}, max({source.loaded_at_field}) as {NEWEST} from {table}"
    text += f" where ({where})" if where is not None else ""
    written, bag = Source(f"freshness of {source.source}.{source.table}", text), Bag()
    known = {(str(item.source), str(item.table)): item.identifier for item in sources}
    read = read_body(
        written, templates=Templates((), Bag()), settings=Settings(config, target, env, None, known), bag=bag
    )
    placed(bag, written, source).raise_errors()
    assert read is not None, "a query without errors was read"
    return read.body


def placed(bag: Bag, written: Source, source: SourceDecl) -> Bag:
    """Mistakes in the query at the place of the expression that they are in."""
    return Bag([move(item, written, _within(source, item.primary.span.text)) for item in bag])


def _within(source: SourceDecl, part: str) -> Span:
    """The expression of a source that holds a text; else the time's."""
    assert source.loaded_at_field is not None, "as above"
    where = source.freshness.filter if source.freshness is not None else None
    in_filter = where is not None and part not in source.loaded_at_field
    return where.span if where is not None and in_filter else source.loaded_at_field.span
