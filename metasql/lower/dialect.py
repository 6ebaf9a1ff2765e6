"""What one engine's SQL looks like: capabilities as data, and a table operation → function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from metasql.plan.steps import Step

Lowering = Callable[[Sequence[exp.Expr]], exp.Expr]


@dataclass(frozen=True)
class Dialect:
    """An engine's SQL, without a driver.

    `operations` lower metasql's own operations (plan/sql.py); `keywords` are the words that
    have to be quoted when they are names. `hashes` are the operations that hash, by algorithm.
    `statements` says how a step is done (plan/steps.py).
    `unhashable` knows the types whose values have no text of their own.
    `reads_final`: a keyed table may hold older rows beside the present one of a key, and `FINAL` leaves them out.
    `capabilities` are shown by `metasql debug`.
    """

    name: str
    sqlglot: str
    operations: Mapping[str, Lowering]
    hashes: Mapping[str, Mapping[str, Lowering]]
    keywords: frozenset[str]
    unhashable: Callable[[str], bool]
    statements: Callable[[Step], Sequence[exp.Expr]]
    reads_final: bool = False
    capabilities: Mapping[str, str] = field(default_factory=dict)

    def hashing(self, algorithm: str) -> Dialect:
        """The same with `hash` and `set_digest` in another algorithm."""
        return replace(self, operations={**self.operations, **self.hashes[algorithm]})
