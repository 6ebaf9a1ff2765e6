"""What one engine's SQL looks like: capabilities as data, and a table operation → function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

Lowering = Callable[[Sequence[exp.Expr]], exp.Expr]


@dataclass(frozen=True)
class Dialect:
    """An engine's SQL, without a driver.

    `operations` lower metasql's own operations (plan/sql.py); `keywords` are the words that
    have to be quoted when they are names.
    """

    name: str
    sqlglot: str
    operations: Mapping[str, Lowering]
    keywords: frozenset[str]
    transactional_ddl: bool = True
    capabilities: Mapping[str, str] = field(default_factory=dict)
