"""A macro that a person calls by itself, with arguments from the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from metasql.config.profiles import Target
from metasql.config.project import ProjectConfig
from metasql.diagnostics import Bag, MetasqlError, candidates, suggest
from metasql.parse.context import PLACEHOLDER, Recorder
from metasql.parse.declarations import Ref, SourceDecl
from metasql.parse.discover import discover
from metasql.parse.query import Settings
from metasql.parse.sql import split_statements
from metasql.parse.template import Templates
from metasql.source import Source

OPERATION = "run-operation"
"""How messages name the call."""


def render_operation(
    macro: str,
    arguments: Mapping[str, Any],
    config: ProjectConfig,
    target: Target,
    *,
    env: Mapping[str, str],
    sources: Iterable[SourceDecl],
    run_query: Callable[[str], list[tuple[Any, ...]]],
    relation: Callable[[Ref], str],
) -> list[str]:
    """The statements that a macro gives, in the engine's own words; it may `run_query` meanwhile.

    Raises: MetasqlError MS0354, or 02xx at a place of the macro.
    """
    bag = Bag()
    templates = Templates(discover(config, Bag()).macros, bag)
    bag.raise_errors()
    if macro not in templates.macros:
        known = sorted(templates.macros)
        raise MetasqlError.of(
            "MS0354",
            f"there is no macro `{macro}`",
            notes=[f"macros: {candidates(known)}"],
            help=suggest(macro, known) or "write it in a file under `macro-paths`",
        )
    known_sources = {(str(item.source), str(item.table)): item.identifier for item in sources}
    recorder = Recorder(Settings(config, target, env, run_query, known_sources, relation), bag)
    call = Source(OPERATION, "{{ " + macro + "(**metasql_arguments) }}")
    lines = templates.render(call, {**recorder.names(), "metasql_arguments": dict(arguments)}, bag)
    bag.raise_errors()
    assert lines is not None, "a template without errors was rendered"
    names = {ref.placeholder: relation(ref) for ref in recorder.refs}
    text = PLACEHOLDER.sub(lambda found: names.get(found[0], found[0]), lines.rendered)
    return split_statements(text, target.type)
