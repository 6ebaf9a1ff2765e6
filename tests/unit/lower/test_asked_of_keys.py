"""What is asked of rows before `FINAL` finds the present one of each key: of key columns alone.

Of another column an older row might pass whose present one does not, and would be taken for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlglot import exp

from metasql.graph.nodes import Feature
from metasql.pipeline import Options, Project, load
from metasql.plan import delta
from metasql.plan.relations import views

ROOT = Path(__file__).resolve().parents[3]


def asked(project: Project, feature: Feature) -> Iterator[tuple[str, set[str]]]:
    """The table and the columns of every PREWHERE in a feature's views."""
    for view in views(feature, project.graph, project.layout):
        for query in view.query.find_all(exp.Select):
            before = query.args.get("prewhere")
            if before is not None:
                source = query.args["from_"].this.this
                found = before.find_all(exp.Column)
                yield source.name, {column.name for column in found if str(column.table) == source.alias}


def test_before_final() -> None:
    """In the example, which has every lineage, each such condition is over the key of the table that it is asked of."""
    project = load(Options(ROOT))
    keys = {}
    for feature in project.graph.features.values():
        name = str(feature.key).replace("/", "__")
        keys |= {f"{name}__samples": set(feature.id_columns), f"{name}__inputs": set(feature.unit_columns)}
    seen = set()
    for feature in project.graph.features.values():
        if delta.why_full(feature, project.graph, project.layout) is None:
            for table, columns in asked(project, feature):
                assert columns, table
                assert columns <= keys[table], table
                seen.add(table)
    assert len(seen) > 5
