"""Assertions: a SELECT that must return no rows (language.md, tests)."""

from __future__ import annotations

import operator
import re
import time
from collections.abc import Callable

from sqlglot import exp

from metasql.diagnostics import Bag
from metasql.execute.results import NodeResult
from metasql.execute.session import Session
from metasql.graph.nodes import Graph
from metasql.names import FeatureKey
from metasql.parse.declarations import AssertionDecl, Ref
from metasql.plan.layout import Layout
from metasql.plan.refs import place_refs
from metasql.plan.sql import select, table

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "!=": operator.ne,
    "<>": operator.ne,
    "=": operator.eq,
    "==": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_CONDITION = re.compile(r"\s*(!=|<>|==|=|>=|<=|>|<)\s*(\d+)\s*")


def query_of(assertion: AssertionDecl, graph: Graph, layout: Layout) -> exp.Query:
    """An assertion over the public relations of the target."""

    def place(ref: Ref, _: exp.Table) -> tuple[exp.Table, str]:
        relation = layout.outside(ref, graph) or layout.live(FeatureKey(str(ref.name)))
        return table(relation), relation.name

    tree = place_refs(assertion.tree, assertion.refs, place)
    return tree.limit(assertion.limit, copy=False) if assertion.limit is not None else tree


def run_assertion(session: Session, assertion: AssertionDecl) -> NodeResult:
    """Count the rows that an assertion returns, and judge them by its severity.

    `store_failures` keeps them in the table `metasql_failures__<name>`.
    """
    started = time.perf_counter()
    query = query_of(assertion, session.graph, session.layout)
    source: exp.Expr = query.subquery("failure")
    if assertion.store_failures:
        relation = session.layout.relation(f"metasql_failures__{assertion.name}")
        with session.connection.writing():
            session.connection.store(relation, query)
        source = table(relation, "failure")
    count = exp.Count(this=exp.Star())
    failures = int(session.connection.rows(select(count).from_(source), f"check {assertion.name}")[0][0])
    status = _status(assertion, failures)
    text = "passed" if status == "ok" else _rows(failures)
    return NodeResult(
        assertion.name,
        "assertion",
        status,
        time.perf_counter() - started,
        text,
        failures=failures,
        diagnostics=() if status == "ok" else tuple(_failed(assertion, failures, status)),
    )


def _status(assertion: AssertionDecl, failures: int) -> str:
    if assertion.severity == "error" and _holds(assertion.error_if, failures):
        return "fail"
    return "warn" if _holds(assertion.warn_if, failures) else "ok"


def _holds(condition: str, failures: int) -> bool:
    match = _CONDITION.fullmatch(condition)
    return _COMPARE[match[1]](failures, int(match[2])) if match else failures != 0


def _failed(assertion: AssertionDecl, failures: int, status: str) -> Bag:
    bag = Bag()
    say = bag.warn if status == "warn" else bag.error
    say(
        "MS0701",
        f"assertion `{assertion.name}` found {_rows(failures)}",
        assertion.asked or assertion.lines.template.line_span(1),
        help="`store_failures: true` keeps them in a table; `metasql test -v` shows the SELECT"
        if assertion.asked
        else f"`metasql show --inline` with its SELECT shows them; it stands in {assertion.path}",
    )
    return bag


def _rows(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"
