"""Contracts: what a body gives is what is declared, column by column, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from metasql.diagnostics import MetasqlError
from metasql.execute.session import Session
from metasql.graph.nodes import Feature
from metasql.plan.body import whole_body
from metasql.plan.sql import as_, cast_to, select
from metasql.source import Span


def check_contract(session: Session, feature: Feature, place: Span) -> None:
    """Compare the columns of a body with the declared ones, in the engine's words.

    Raises: MetasqlError MS0625, which names every column that differs.
    """
    body = feature.body_for(session.layout.engine)
    if not feature.contract or body is None:
        return
    declared = {column.name: column.type for column in feature.columns if column.type is not None}
    found = session.connection.describe(whole_body(body, feature, session.graph, session.layout))
    wanted = session.connection.describe(
        select(*(as_(cast_to(exp.null(), type_), name) for name, type_ in declared.items()))
    )
    notes = _differences(wanted, found)
    if notes:
        raise MetasqlError.of(
            "MS0625",
            f"the contract of `{feature.key}` is not kept: {len(notes)} column{'' if len(notes) == 1 else 's'} differ"
            f"{'s' if len(notes) == 1 else ''}",
            place,
            notes=notes,
            help="cast the columns in the body, or correct their declaration; nothing was written",
        )


def _differences(wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """One line for each column that differs, in the order of the declaration."""
    lines = []
    for name, type_ in wanted.items():
        if name not in found:
            lines.append(f"`{name}` is declared as {type_}, and the body does not give it")
        elif found[name] != type_:
            lines.append(f"`{name}` is declared as {type_}, and the body gives {found[name]}")
    return lines + [
        f"`{name}` is not declared, and the body gives {found[name]}" for name in found if name not in wanted
    ]
