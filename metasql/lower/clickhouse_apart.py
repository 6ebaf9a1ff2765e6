"""Which queries every shard of a cluster can answer for its own rows: shown from the query, never assumed.

The rows of a table lie on the shard that a hash of some columns says (lower/clickhouse_spread.py).
These columns are followed through a query: through blocks, equal columns of joins, EXISTS and IN,
groups, partitions of windows. Where they meet in every join, each shard can answer for itself, and
the answer is all of theirs. What is not known to be so is answered by the node that is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from metasql.lower.clickhouse_spread import Spread
from metasql.plan.sql import OPERATION

_Column = tuple[str, str]
"""Alias and name."""


@dataclass(frozen=True)
class Holds:
    """Rows, each on the shard that its key says: the columns that hold each part of the key, and its kind.

    `everywhere`: the same few rows on every node, such as literals.
    """

    kinds: tuple[str, ...] = ()
    names: tuple[frozenset[str], ...] = ()
    everywhere: bool = False


EVERYWHERE = Holds(everywhere=True)

SpreadOf = Callable[[exp.Table], Spread | None]
"""How the rows of a table of the warehouse, or of a temporary one, are spread; None where that is not known."""

_PARTS = {"with_", "expressions", "from_", "joins", "where", "group", "having", "distinct"}


@dataclass
class _Scope:
    """The sources of a SELECT: for each part of the key the columns that hold it."""

    aliases: list[str] = field(default_factory=list)
    kinds: tuple[str, ...] = ()
    keys: list[set[_Column]] = field(default_factory=list)
    either: list[tuple[set[_Column], set[_Column]]] = field(default_factory=list)
    everywhere: bool = True

    def column(self, tree: exp.Expr | None) -> _Column | None:
        if not isinstance(tree, exp.Column) or isinstance(tree.this, exp.Star):
            return None
        if tree.table:
            return tree.table, tree.name
        return (self.aliases[0], tree.name) if len(self.aliases) == 1 else None

    def holds(self, part: int, tree: exp.Expr) -> bool:
        """Whether an expression is a part of the key."""
        if isinstance(tree, exp.Coalesce) and len(tree.expressions) == 1:
            one, other = self.column(tree.this), self.column(tree.expressions[0])
            pairs = self.either[part] if self.either else (self.keys[part], self.keys[part])
            return (one in pairs[0] and other in pairs[1]) or (one in pairs[1] and other in pairs[0])
        return self.column(tree) in self.keys[part]


class Prover:
    """Follows the keys of spread tables through a query."""

    def __init__(self, spread_of: SpreadOf) -> None:
        self.spread_of = spread_of

    def query(self, tree: exp.Expr, blocks: Mapping[str, Holds | None]) -> Holds | None:
        """What is known of a query's rows; None where a shard cannot answer it for itself."""
        blocks = self.blocks(tree, blocks)
        if isinstance(tree, exp.Subquery):
            others = [name for name, value in tree.args.items() if value and name not in ("this", "alias", "with_")]
            return None if others else self.query(tree.this, blocks)
        if isinstance(tree, exp.Union):
            return self.union(tree, blocks)
        return self.select(tree, blocks) if isinstance(tree, exp.Select) else None

    def blocks(self, tree: exp.Expr, around: Mapping[str, Holds | None]) -> Mapping[str, Holds | None]:
        with_ = tree.args.get("with_")
        if with_ is None:
            return around
        found = dict(around)
        for block in with_.expressions:
            plain = not with_.args.get("recursive") and not block.args["alias"].args.get("columns")
            found[block.alias] = self.query(block.this, found) if plain else None
        return found

    def union(self, tree: exp.Union, blocks: Mapping[str, Holds | None]) -> Holds | None:
        others = {name for name, value in tree.args.items() if value} - {"this", "expression", "distinct", "with_"}
        left, right = self.query(tree.this, blocks), self.query(tree.expression, blocks)
        if others or left is None or right is None or left.everywhere or left.kinds != right.kinds:
            return None
        ours, theirs = _outputs(tree.this), _outputs(tree.expression)
        if ours is None or theirs is None or len(ours) != len(theirs):
            return None
        pairs = list(zip(ours, theirs, strict=True))
        names = tuple(
            frozenset(one for one, other in pairs if one in mine and other in yours)
            for mine, yours in zip(left.names, right.names, strict=True)
        )
        return None if tree.args.get("distinct") and not all(names) else Holds(left.kinds, names)

    def select(self, tree: exp.Select, blocks: Mapping[str, Holds | None]) -> Holds | None:
        if any(value and name not in _PARTS for name, value in tree.args.items()):
            return None
        scope = self.scope(tree, blocks)
        if scope is None or not self._nested(tree, scope, blocks):
            return None
        if scope.everywhere:
            return EVERYWHERE
        if not _groups_apart(tree, scope) or not _windows_apart(tree, scope):
            return None
        names = tuple(frozenset(_held(tree, scope, part)) for part in range(len(scope.kinds)))
        distinct = tree.args.get("distinct")
        if distinct is not None and (distinct.args.get("on") or not all(names)):
            return None
        return Holds(scope.kinds, names)

    # Sources and joins

    def scope(self, tree: exp.Select, blocks: Mapping[str, Holds | None]) -> _Scope | None:
        from_, scope = tree.args.get("from_"), _Scope()
        if from_ is not None and not self._first(from_.this, scope, blocks):
            return None
        for join in tree.args.get("joins") or []:
            if not self._joined(join, scope, blocks):
                return None
        return scope

    def _first(self, source: exp.Expr, scope: _Scope, blocks: Mapping[str, Holds | None]) -> bool:
        alias, known = self.source(source, blocks)
        if known is None:
            return False
        scope.aliases.append(alias)
        scope.kinds, scope.everywhere = known.kinds, known.everywhere
        scope.keys = [{(alias, name) for name in names} for names in known.names]
        return True

    def source(self, tree: exp.Expr, blocks: Mapping[str, Holds | None]) -> tuple[str, Holds | None]:
        """A source's alias, and what is known of its rows."""
        if isinstance(tree, exp.Final):
            return self.source(tree.this, blocks)
        if isinstance(tree, exp.Values):
            return tree.alias, EVERYWHERE
        if isinstance(tree, exp.Subquery):
            return tree.alias, self.query(tree, blocks)
        if not isinstance(tree, exp.Table) or isinstance(tree.this, exp.Func):
            return "", None
        if any(value and name not in ("this", "db", "catalog", "alias") for name, value in tree.args.items()):
            return "", None
        alias = tree.alias or tree.name
        if not tree.db and tree.name in blocks:
            return alias, blocks[tree.name]
        spread = self.spread_of(tree)
        if spread is None or not spread.columns:
            return alias, None
        return alias, Holds(spread.kinds, tuple(frozenset({name}) for name in spread.columns))

    def _joined(self, join: exp.Join, scope: _Scope, blocks: Mapping[str, Holds | None]) -> bool:
        others = [name for name, value in join.args.items() if value and name not in ("this", "on", "side", "kind")]
        alias, known = self.source(join.this, blocks)
        side, kind = join.side, join.kind
        if others or known is None or kind not in ("", "INNER", "CROSS", "SEMI", "ANTI", "OUTER"):
            return False
        if known.everywhere:
            scope.aliases.append(alias)
            return side in ("", "LEFT")
        if scope.everywhere or scope.either or known.kinds != scope.kinds:
            return False
        theirs = [{(alias, name) for name in names} for names in known.names]
        scope.aliases.append(alias)
        if not _meet(join.args.get("on"), scope, scope.keys, theirs):
            return False
        if side == "FULL":
            scope.either = list(zip(scope.keys, theirs, strict=True))
            scope.keys = [set() for _ in theirs]
        elif side == "RIGHT":
            scope.keys = theirs
            return kind in ("", "OUTER")
        elif side == "" and kind in ("", "INNER"):
            scope.keys = [mine | yours for mine, yours in zip(scope.keys, theirs, strict=True)]
        return side in ("", "LEFT", "FULL")

    # Queries inside of expressions

    def _nested(self, tree: exp.Select, scope: _Scope, blocks: Mapping[str, Holds | None]) -> bool:
        parts = [*tree.expressions, *(join.args.get("on") for join in tree.args.get("joins") or [])]
        parts += [tree.args.get(name) for name in ("where", "group", "having")]
        return all(self._asks(inner, scope, blocks) for part in parts if part is not None for inner in asking(part))

    def _asks(self, tree: exp.Expr, scope: _Scope, blocks: Mapping[str, Holds | None]) -> bool:
        """Whether a query in an expression asks of each row only what lies on its shard."""
        if isinstance(tree, exp.In):
            return self._member(tree, tree.args["query"], scope, blocks)
        if isinstance(tree, exp.Exists) and isinstance(tree.this, exp.Select):
            return self._there(tree.this, scope, blocks)
        known = self.query(tree, blocks)
        return known is not None and known.everywhere

    def _member(self, tree: exp.In, query: exp.Expr, scope: _Scope, blocks: Mapping[str, Holds | None]) -> bool:
        known, outputs = self.query(query, blocks), _outputs(query)
        if known is None or known.everywhere or outputs is None or known.kinds != scope.kinds:
            return known is EVERYWHERE
        values = tree.this.expressions if isinstance(tree.this, exp.Tuple) else [tree.this]
        pairs = list(zip(values, outputs, strict=False))
        return bool(known.kinds) and all(
            any(scope.holds(part, value) and output in names for value, output in pairs)
            for part, names in enumerate(known.names)
        )

    def _there(self, query: exp.Select, scope: _Scope, blocks: Mapping[str, Holds | None]) -> bool:
        if any(value and name not in ("expressions", "from_", "joins", "where") for name, value in query.args.items()):
            return False
        inner = self.scope(query, blocks)
        where = query.args.get("where")
        if inner is None or inner.everywhere or inner.either or inner.kinds != scope.kinds or where is None:
            return False
        both = _Scope([*scope.aliases, *inner.aliases], scope.kinds, scope.keys, everywhere=False)
        if set(scope.aliases) & set(inner.aliases) or not _meet(where.this, both, scope.keys, inner.keys):
            return False
        both.keys = [mine | yours for mine, yours in zip(scope.keys, inner.keys, strict=True)]
        return self._nested(query, both, blocks)


def _meet(on: exp.Expr | None, scope: _Scope, ours: list[set[_Column]], theirs: list[set[_Column]]) -> bool:
    """Whether a condition makes every part of two keys equal."""
    if on is None or not ours:
        return False
    found = [(scope.column(part.this), scope.column(part.expression)) for part in _all(on) if isinstance(part, exp.EQ)]
    return all(
        any((one in mine and other in yours) or (one in yours and other in mine) for one, other in found)
        for mine, yours in zip(ours, theirs, strict=True)
    )


def _all(tree: exp.Expr) -> Iterator[exp.Expr]:
    """The conditions that all have to hold."""
    tree = tree.unnest()
    if isinstance(tree, exp.And):
        yield from _all(tree.this)
        yield from _all(tree.expression)
    else:
        yield tree


def asking(tree: exp.Expr) -> Iterator[exp.Expr]:
    """The outermost queries of an expression, those of EXISTS and IN with it."""
    if isinstance(tree, (exp.Query, exp.Exists)):
        yield tree
        return
    if isinstance(tree, exp.In) and tree.args.get("query") is not None:
        yield tree
        yield from asking(tree.this)
        return
    for child in tree.iter_expressions():
        yield from asking(child)


def _own(tree: exp.Expr) -> Iterator[exp.Expr]:
    """The nodes of an expression, without those of queries inside."""
    if isinstance(tree, exp.Query):
        return
    yield tree
    for child in tree.iter_expressions():
        yield from _own(child)


def _groups_apart(tree: exp.Select, scope: _Scope) -> bool:
    """Whether every group lies on one shard; without groups, whether nothing is gathered."""
    group = tree.args.get("group")
    if group is None:
        return tree.args.get("having") is None and not any(
            _may_gather(node) for item in tree.expressions for node in _outside_windows(item)
        )
    if any(value for name, value in group.args.items() if name != "expressions"):
        return False
    return all(any(scope.holds(part, item) for item in group.expressions) for part in range(len(scope.kinds)))


def _outside_windows(tree: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(tree, (exp.Query, exp.Window)):
        return
    yield tree
    for child in tree.iter_expressions():
        yield from _outside_windows(child)


_GATHERED = f"{OPERATION}SET_DIGEST"


def _may_gather(node: exp.Expr) -> bool:
    """Whether it is an aggregate, or a function that is not known to be none."""
    if isinstance(node, exp.Anonymous):
        return not str(node.this).startswith(OPERATION) or node.this == _GATHERED
    return isinstance(node, (exp.AggFunc, exp.AnonymousAggFunc))


def _windows_apart(tree: exp.Select, scope: _Scope) -> bool:
    windows = [node for item in tree.expressions for node in _own(item) if isinstance(node, exp.Window)]
    parts = range(len(scope.kinds))
    return all(
        not window.args.get("alias")
        and all(any(scope.holds(part, by) for by in window.args.get("partition_by") or []) for part in parts)
        for window in windows
    )


def _held(tree: exp.Select, scope: _Scope, part: int) -> Iterable[str]:
    """The output columns that hold a part of the key."""
    for item in tree.expressions:
        star = item if isinstance(item, exp.Star) else item.this if isinstance(item, exp.Column) else None
        if isinstance(star, exp.Star):
            alias = item.table if isinstance(item, exp.Column) else scope.aliases[0]
            if not any(star.args.values()) and (isinstance(item, exp.Column) or len(scope.aliases) == 1):
                yield from (name for owner, name in scope.keys[part] if owner == alias)
        elif scope.holds(part, item.unalias()):
            yield item.alias_or_name


def _outputs(tree: exp.Expr) -> list[str] | None:
    """The names of a query's columns; None where it has a star."""
    while isinstance(tree, (exp.Subquery, exp.SetOperation)):
        tree = tree.this
    if not isinstance(tree, exp.Select):
        return None
    stars = [item for item in tree.expressions if item.is_star and not isinstance(item, exp.Count)]
    return None if stars else [item.alias_or_name for item in tree.expressions]
