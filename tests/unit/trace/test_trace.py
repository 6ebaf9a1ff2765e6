"""What each output column of a query is made of, against edges that were worked out by hand."""

from __future__ import annotations

import re

import pytest
import sqlglot

from metasql.trace.query import Tracer
from metasql.trace.reach import Reach
from tests.unit.trace.corpus_cases import TABLES, Case, cases

CASES = list(cases())


def told(reach: Reach) -> frozenset[str]:
    """Edges in the words of the corpus."""
    return frozenset(
        f"{edge.parent} rows" if edge.column is None else f"{edge.parent}.{edge.column} {edge.kind.value}"
        for edge in reach.edges
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_edges(case: Case):
    """Exactly these edges, no more and no fewer, for the rows and for each column."""
    tree = sqlglot.parse_one(case.sql, read="duckdb")
    read = {name: table for name, table in TABLES.items() if re.search(rf"\b{name}\b", case.sql, re.IGNORECASE)}
    tracer = Tracer(read, {}, aliases_win=False)
    relation = tracer.query(tree, {}, (), top=True)
    found = {"rows": told(relation.rows)}
    if "unnamed" in case.edges:
        assert relation.columns is None
        found["unnamed"] = told(relation.rest)
        found |= {name: told(relation.reach(name, tree)) for name in case.columns}
    elif relation.columns is None:
        found |= {name: told(relation.reach(name, tree)) for name in case.columns}
    else:
        found |= {name: told(reach) for name, reach in relation.each(tree)}
    assert found == case.edges
    assert len({id(lost.node) for lost in tracer.lost}) == case.lost


def test_corpus_is_large():
    """The corpus is not read by a pattern that misses most of it."""
    assert len(CASES) >= 120
    assert len({case.name for case in CASES}) == len(CASES)
