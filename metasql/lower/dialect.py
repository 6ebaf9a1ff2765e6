"""What one engine's SQL looks like: capabilities as data, and a table operation → function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from sqlglot import exp

from metasql.plan.steps import Step

Lowering = Callable[[Sequence[exp.Expr]], exp.Expr]
NodeLowering = Callable[[exp.Expr, exp.Expr], exp.Expr]


@dataclass(frozen=True)
class Refusal:
    """A part of what a person wrote that an engine cannot be given, and why."""

    node: exp.Expr
    reason: str


class Carry(Protocol):
    """Brings a tree over to an engine; knowing types makes shorter SQL, and never another result."""

    def __call__(
        self,
        tree: exp.Expr,
        *,
        condition: bool = False,
        types: Mapping[str, exp.DataType] | None = None,
        sources: Mapping[str, Mapping[str, exp.DataType]] | None = None,
    ) -> tuple[exp.Expr, Sequence[Refusal]]:
        """The tree for the engine, and what of it could not be carried over.

        `condition`: NULL and false are one. `types` are those of the columns of an expression,
        `sources` those of the tables of a query, as far as they are known.
        """
        ...


@dataclass(frozen=True)
class Dialect:
    """An engine's SQL, without a driver.

    `operations` lower metasql's own operations (plan/sql.py); `keywords` are the words that
    have to be quoted when they are names. `hashes` are the operations that hash, by algorithm.
    `statements` says how a step is done (plan/steps.py).
    `is_unlike` knows the types whose values have no text that is the same on every engine.
    `unhashable` says of a type why its values have no text of their own, and what to give in their place; of
    others None.
    `reads_final`: a keyed table may hold older rows beside the present one of a key, and `FINAL` leaves them out.
    `nodes` say by class what becomes of plain SQL that the engine needs otherwise: of the node as
    it was, and as it is with its parts lowered.
    `carry` brings what a person wrote in the project's dialect over to the engine: the tree to be
    given to it, and what it cannot be given. None where that is the engine's own dialect.
    `takes` says whether the engine turns values of one of its types into another as the project's
    dialect does, or fails; None where it is that dialect's own engine.
    `guarded` is the query of a view that fails for a reader for whom its settings do not count.
    `settings` are what the SQL of every query is written for; a view carries them in its text,
    and `view_settings`, which suit metasql's own queries and not everybody's.
    `capabilities` are shown by `metasql debug`.
    """

    name: str
    sqlglot: str
    operations: Mapping[str, Lowering]
    hashes: Mapping[str, Mapping[str, Lowering]]
    keywords: frozenset[str]
    is_unlike: Callable[[str], bool]
    unhashable: Callable[[str], tuple[str, str] | None]
    statements: Callable[[Step], Sequence[exp.Expr]]
    reads_final: bool = False
    nodes: Mapping[type[exp.Expr], NodeLowering] = field(default_factory=dict)
    settings: Mapping[str, str | int] = field(default_factory=dict)
    view_settings: Mapping[str, str | int] = field(default_factory=dict)
    guarded: Callable[[exp.Expr], exp.Expr] = lambda tree: tree
    carry: Carry | None = None
    takes: Callable[[str, str], bool] | None = None
    capabilities: Mapping[str, str] = field(default_factory=dict)

    def hashing(self, algorithm: str) -> Dialect:
        """The same with `hash` and `set_digest` in another algorithm."""
        return replace(self, operations={**self.operations, **self.hashes[algorithm]})
