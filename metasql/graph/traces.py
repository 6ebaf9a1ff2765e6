"""The traces of a feature's bodies over the features, seeds and sources that they read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from metasql.graph.nodes import Feature, Graph
from metasql.names import FeatureKey
from metasql.parse.declarations import Body, Ref
from metasql.trace.body import Trace, trace
from metasql.trace.relation import Table

Lookup = Callable[[Ref], Table]
"""What is known of the table behind a reference, its columns under the names that the body sees."""


def trace_body(body: Body, table: Lookup, dialect: str) -> Trace:
    """Trace a body, whose references stand for tables that are looked up."""
    tables = {ref.placeholder: table(ref) for ref in body.refs}
    called = {ref.placeholder: FeatureKey(str(ref.table or ref.name)).relation for ref in body.refs}
    return trace(body, tables, called, dialect)


def seen_table(feature: Feature, rename: Mapping[str, str]) -> Table:
    """The table of a feature as a body sees it through a dependency."""
    columns = tuple(rename.get(column.name, column.name) for column in feature.columns)
    return Table(columns, tuple(rename.get(name, name) for name in feature.id_columns))


def traces_of(feature: Feature, graph: Graph, dialect: str) -> tuple[Trace, ...]:
    """The traces of a linked feature's bodies, the common one first."""
    renames = {str(dep.feature): dep.rename for dep in feature.deps}

    def table(ref: Ref) -> Table:
        name = str(ref.name)
        if ref.kind == "source":
            source = graph.sources.get((name, str(ref.table)))
            columns = tuple(str(column.name) for column in source.columns) if source is not None else ()
            return Table(columns or None, loose=True)
        upstream = graph.get(name)
        if upstream is not None:
            return seen_table(upstream, renames.get(name, {}))
        seed = graph.seeds.get(name)
        return Table(seed.header if seed is not None else None)

    bodies = sorted(feature.bodies.values(), key=lambda body: body.engine or "")
    return tuple(trace_body(body, table, dialect) for body in bodies)
