"""Walk the nodes of a command in graph order: independent ones at once, failures contained."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from graphlib import TopologicalSorter

from metasql.diagnostics import MetasqlError
from metasql.events import NodeFinished, NodeStarted, RunFinished, RunStarted
from metasql.execute import state
from metasql.execute.connection import Value
from metasql.execute.results import NodeResult, RunResult
from metasql.execute.session import Session, now

Work = Callable[[Session], NodeResult]


@dataclass(frozen=True)
class Node:
    """One thing to do. `after` are names of nodes that must have gone well before."""

    name: str
    kind: str
    work: Work
    after: frozenset[str] = frozenset()


def walk(session: Session, command: str, target: str, nodes: Sequence[Node], threads: int = 1) -> RunResult:
    """Do all nodes, in order of their names within the order of the graph.

    A node that fails skips what stands on it, and only that.
    """
    started, started_at = time.perf_counter(), now()
    session.emit(RunStarted(session.run_id, command, target, len(nodes)))
    results = _walk(session, {node.name: node for node in nodes}, max(1, threads))
    result = RunResult(
        session.run_id, command, target, started_at, time.perf_counter() - started, tuple(results.values())
    )
    session.emit(RunFinished(session.run_id, command, result.counts(), result.seconds))
    return result


def _walk(session: Session, nodes: Mapping[str, Node], threads: int) -> dict[str, NodeResult]:
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for node in nodes.values():
        sorter.add(node.name, *sorted(node.after & nodes.keys()))
    sorter.prepare()
    results: dict[str, NodeResult] = {}
    running: dict[Future[tuple[NodeResult, Session]], str] = {}
    index = 0
    with ExitStack() as closing, ThreadPoolExecutor(threads) as pool:
        cursors = [session.connection.cursor() for _ in range(min(threads, len(nodes)) - 1)]
        for cursor in cursors:
            closing.callback(cursor.close)
        sessions = [*(session.with_connection(cursor) for cursor in cursors), session]
        ready: list[str] = []
        while sorter.is_active():
            ready = sorted([*ready, *sorter.get_ready()])
            while ready and sessions:
                name, index = ready.pop(0), index + 1
                running[pool.submit(_do, sessions.pop(), nodes[name], index, len(nodes), dict(results))] = name
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                name = running.pop(future)
                results[name], used = future.result()
                sessions.append(used)
                sorter.done(name)
    return results


def _do(
    session: Session, node: Node, index: int, total: int, before: Mapping[str, NodeResult]
) -> tuple[NodeResult, Session]:
    session.emit(NodeStarted(index, total, node.name, node.kind))
    failed = sorted(
        name for name in node.after if name in before and before[name].status in {"error", "fail", "skipped"}
    )
    if failed:
        result = NodeResult(node.name, node.kind, "skipped", text=f"skipped: `{failed[0]}` did not go well")
    else:
        result = guarded(session, node)
    session.emit(NodeFinished(index, total, node.name, node.kind, result.status, result.text, result.seconds))
    return result, session


def guarded(session: Session, node: Node) -> NodeResult:
    """A node's work; an error of the catalogue becomes its result."""
    started = time.perf_counter()
    try:
        session.still()
        return node.work(session)
    except MetasqlError as error:
        found = tuple(error.bag.sorted())
        seconds = time.perf_counter() - started
        return NodeResult(node.name, node.kind, "error", seconds, found[0].message, diagnostics=found)


def record(session: Session, result: RunResult, project: str, version: str) -> None:
    """Write a command and its results to `metasql_runs` and `metasql_run_results`."""
    connection, layout = session.connection, session.layout
    with connection.writing(), connection.transaction():
        row: dict[str, Value] = {
            "run_id": session.run_id,
            "command": result.command,
            "status": "ok" if result.ok else "error",
            "project": project,
            "project_version": session.graph.version,
            "metasql_version": version,
            "started_at": result.started_at,
            "finished_at": now(),
        }
        state.add(connection, layout, "metasql_runs", [row])
        state.record_results(session, result.nodes)
