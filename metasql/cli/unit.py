"""`metasql test --unit`: the unit tests of the selected features, one after the other."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Mapping
from typing import Any

import click

from metasql.api.artifacts import write_artifacts
from metasql.api.selecting import lookups_without_warehouse
from metasql.cli.options import Common
from metasql.cli.running import finish
from metasql.cli.selecting import select_nodes
from metasql.diagnostics import Bag, MetasqlError
from metasql.events import Emit, NodeFinished, NodeStarted, RunFinished, RunStarted
from metasql.execute.results import NodeResult, RunResult
from metasql.execute.session import now
from metasql.execute.unit_compare import Difference, differences
from metasql.execute.unit_plan import UnitPlan
from metasql.execute.unit_tests import run_unit_test
from metasql.pipeline import unit_plan
from metasql.report.table import print_table

UNIT_TEST = "unit test"


def run_unit_tests(shared: Common, choice: Mapping[str, Any]) -> int:
    """Run the unit tests of the selected features, and show what differs.

    Raises: MetasqlError MS0355 where a test does not fit its feature; none is run then.
    """
    started, started_at, run_id = time.perf_counter(), now(), str(uuid.uuid4())
    project = shared.project()
    chosen = select_nodes(project, choice, lookups_without_warehouse(project), shared)
    tests = [
        test for test in project.declarations.unit_tests if str(test.feature) in chosen or not _is_narrowed(choice)
    ]
    plans, bag = [], Bag()
    for test in tests:
        try:
            plans.append(unit_plan(project, test))
        except MetasqlError as error:
            bag.extend(error.bag)
    bag.raise_errors()
    emit = shared.console()
    emit(RunStarted(run_id, "test", project.target.name, len(plans)))
    nodes = tuple(_run(plan, index, len(plans), emit) for index, plan in enumerate(plans, 1))
    result = RunResult(run_id, "test", project.target.name, started_at, time.perf_counter() - started, nodes)
    emit(RunFinished(run_id, "test", result.counts(), result.seconds))
    write_artifacts(project, result)
    return finish(shared, result)


def _is_narrowed(choice: Mapping[str, Any]) -> bool:
    return any(choice.values())


def _run(plan: UnitPlan, index: int, total: int, emit: Emit) -> NodeResult:
    name = f"unit test:{plan.test.name}"
    emit(NodeStarted(index, total, name, UNIT_TEST))
    started = time.perf_counter()
    found: list[Difference] = []
    try:
        found = differences(plan.test, plan.feature, run_unit_test(plan, emit))
        bag = _failed(plan, found)
    except MetasqlError as error:
        bag = error.bag
    status = "fail" if found else "error" if bag.has_errors else "ok"
    text = "passed" if status == "ok" else bag.sorted()[0].message
    seconds = time.perf_counter() - started
    emit(NodeFinished(index, total, name, UNIT_TEST, status, text, seconds))
    for difference in found:
        _show(plan, difference)
    return NodeResult(name, UNIT_TEST, status, seconds, text, failures=len(found), diagnostics=tuple(bag.sorted()))


def _failed(plan: UnitPlan, found: list[Difference]) -> Bag:
    bag = Bag()
    if found:
        parts = ", ".join(item.part for item in found)
        bag.error(
            "MS0704",
            f"unit test `{plan.test.name}` of `{plan.feature.key}` fails: {parts}",
            plan.test.name.span,
            help="in the table, `-` was expected and is not there, and `+` is there and was not expected",
        )
    return bag


def _show(plan: UnitPlan, difference: Difference) -> None:
    """The rows that are in one of the two alone."""
    sys.stderr.flush()
    what = "rows after the run" if difference.part == "rows" else f"{difference.part} samples"
    click.echo(f"{plan.test.name}: {what}")
    rows = [("-", *row) for row in difference.missing] + [("+", *row) for row in difference.unexpected]
    print_table(["", *difference.columns], rows, null="NULL")
