"""Which statements a command sent, node by node: a listener to its events."""

from __future__ import annotations

import threading
from dataclasses import replace

from metasql.events import Event, NodeFinished, NodeStarted, StatementRun
from metasql.execute.results import RunResult, Statement


class Sent:
    """Keeps what the engine's log knows by a name of its own.

    A node is worked on by one thread from its first event to its last, and so its statements are told by that.
    """

    def __init__(self) -> None:
        self._nodes: dict[int, str] = {}
        self._statements: dict[str | None, list[Statement]] = {}

    def __call__(self, event: Event) -> None:
        thread = threading.get_ident()
        if isinstance(event, NodeStarted):
            self._nodes[thread] = event.name
        elif isinstance(event, NodeFinished):
            self._nodes.pop(thread, None)
        elif isinstance(event, StatementRun) and event.query_id:
            statement = Statement(event.query_id, event.log_comment, event.seconds)
            self._statements.setdefault(self._nodes.get(thread), []).append(statement)

    def beside(self, result: RunResult) -> RunResult:
        """A command's results with the statements of each node, and those of none."""
        found = {name: tuple(statements) for name, statements in self._statements.items()}
        nodes = tuple(replace(node, statements=found.get(node.name, ())) for node in result.nodes)
        return replace(result, nodes=nodes, statements=found.get(None, ()))
