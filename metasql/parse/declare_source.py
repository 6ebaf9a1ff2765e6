"""`sources:` and `seeds:`: tables that metasql reads, and what is said of CSV files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from metasql.config.document import Node
from metasql.config.reader import Reader, Render, text_of
from metasql.diagnostics import Bag
from metasql.parse.declarations import ColumnDecl, FreshnessDecl, SourceDecl
from metasql.parse.declare_columns import columns_of
from metasql.parse.declare_names import good_column
from metasql.source import Word

_PERIODS = ("minute", "hour", "day")
_FRESHNESS_HELP = "write `{warn_after: {count: 12, period: hour}}`"


@dataclass(frozen=True)
class SeedProperties:
    """What YAML says of a seed."""

    name: Word
    description: str = ""
    types: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    columns: tuple[ColumnDecl, ...] = ()


def source_of(node: Node, render: Render | None, bag: Bag) -> tuple[SourceDecl, ...]:
    """The tables of one entry of `sources`."""
    reader = Reader.of(node, bag, "a source", render)
    name = reader.required("name", help="write `name: raw`")
    reader.what = "a source" if name is None else f"source `{name}`"
    reader.text("description")
    schema = str(reader.text("schema") or name or "")
    database = reader.text("database")
    inherited = (reader.text("loaded_at_field"), _freshness(reader, None))
    tables = reader.items("tables")
    if not reader.has("tables"):
        reader.missing("tables", "write `tables: [{name: videos}]`")
    reader.finish()
    if name is None:
        return ()
    made = [_table(node, name, schema, database, inherited, render, bag) for node in tables]
    return tuple(table for table in made if table is not None)


def _table(
    node: Node,
    source: Word,
    schema: str,
    database: Word | None,
    inherited: tuple[Word | None, FreshnessDecl | None],
    render: Render | None,
    bag: Bag,
) -> SourceDecl | None:
    if node.kind == "scalar":
        name = text_of(node, bag, "a table of a source")
        node = Node("mapping", (), node.span)
    else:
        name = None
    reader = Reader.of(node, bag, "a table of a source", render)
    name = name or reader.required("name", help="write `name: videos`")
    reader.what = "a table of a source" if name is None else f"table `{source}.{name}`"
    loaded_at = reader.text("loaded_at_field") or inherited[0]
    made = SourceDecl(
        source=source,
        table=name or Word(""),
        schema=schema,
        identifier=str(reader.text("identifier") or name or ""),
        database=None if database is None else str(database),
        columns=columns_of(reader.items("columns"), render, bag, reader.what),
        loaded_at_field=loaded_at,
        freshness=_freshness(reader, inherited[1]),
        description=str(reader.text("description") or ""),
        span=node.span if name is None else name.span,
    )
    reader.finish()
    _no_tests(made, bag)
    return made if name is not None else None


def _no_tests(source: SourceDecl, bag: Bag) -> None:
    for column in source.columns:
        for test in column.tests:
            message = f"tests of sources are not in this version: `{test.name}` of `{column.name}`"
            help = "test the column of a feature that reads it"
            bag.error("MS0318", message, test.name.span, help=help)


def _freshness(reader: Reader, inherited: FreshnessDecl | None) -> FreshnessDecl | None:
    inner = reader.inner("freshness", f"`freshness` of {reader.what}")
    if inner is None:
        return inherited
    made = FreshnessDecl(_age(inner, "warn_after"), _age(inner, "error_after"), inner.text("filter"))
    inner.finish()
    return made


def _age(reader: Reader, name: str) -> tuple[int, str] | None:
    inner = reader.inner(name, f"`{name}`")
    if inner is None:
        return None
    count, period = inner.integer("count", least=1), inner.choice("period", _PERIODS)
    for word, value in (("count", count), ("period", period)):
        if value is None and not inner.has(word):
            inner.missing(word, _FRESHNESS_HELP)
    inner.finish()
    return None if count is None or period is None else (count, period)


def seed_of(node: Node, render: Render | None, bag: Bag) -> SeedProperties | None:
    """One entry of `seeds`. A column's type stands in `columns` or in `column_types`."""
    reader = Reader.of(node, bag, "a seed", render)
    name = reader.required("name", help="write the name of the CSV file, without `.csv`")
    reader.what = "a seed" if name is None else f"seed `{name}`"
    description = reader.text("description") or ""
    tags = tuple(dict.fromkeys(map(str, reader.texts("tags"))))
    declared = columns_of(reader.items("columns"), render, bag, reader.what)
    config = reader.inner("config", f"`config` of {reader.what}")
    types = {**_types(reader, bag), **({} if config is None else _types(config, bag))}
    types.update({str(column.name): column.type for column in declared if column.type is not None})
    if config is not None:
        config.finish()
    reader.finish()
    return None if name is None else SeedProperties(name, str(description), types, tags, declared)


def _types(reader: Reader, bag: Bag) -> dict[str, str]:
    node = reader.mapping("column_types", "+column_types")
    found: dict[str, str] = {}
    for key, value in () if node is None else node.entries:
        text = text_of(value, bag, key.raw)
        if text is not None and good_column(key.word, bag):
            found[key.raw] = text
    return found
