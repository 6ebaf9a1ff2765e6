"""When a body may read only the rows that its increment needs.

Restricting is right when each output row is made of the rows of its own unit and of
nothing else. Whatever looks across units (a window or group over something else than the
match columns, LIMIT, a join of two rows of one upstream feature, a subquery used as a
value) makes the body read its whole inputs; the run still replaces only the samples of
the increment. In doubt the answer is to read everything: that is slower, never wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlglot import exp

from metasql.graph.nodes import Feature
from metasql.parse.declarations import Body

Origin = tuple[str, str]
"""A dependency's feature and the unit column that a column of a query stands for."""


def why_whole(body: Body, feature: Feature) -> str | None:
    """Why a body cannot be restricted, or None when it can."""
    try:
        _Reader(body, feature).origins(body.tree, {})
    except _AcrossUnits as found:
        return str(found)
    return None


class _AcrossUnits(Exception):
    """The body looks across units."""


class _Reader:
    """Follows match columns through a body; stops where it looks across units."""

    def __init__(self, body: Body, feature: Feature) -> None:
        self.features = {ref.placeholder: str(ref.name) for ref in body.refs if ref.kind == "ref"}
        self.match = {str(dep.feature): [ours for _, ours in dep.match] for dep in feature.deps}
        self.read: set[str] = set()

    def origins(self, query: exp.Expr, known: Mapping[str, dict[str, set[Origin]]]) -> dict[str, set[Origin]]:
        """For each output column, the match columns of which it is a plain copy."""
        scope = dict(known)
        clause = query.args.get("with_")
        if clause is not None and clause.args.get("recursive"):
            raise _AcrossUnits("it has a recursive part")
        for cte in clause.expressions if clause else []:
            scope[cte.alias] = self.origins(cte.this, scope)
        if isinstance(query, exp.Subquery):
            return self.origins(query.this, scope)
        if query.args.get("limit") or query.args.get("offset"):
            raise _AcrossUnits("it has a LIMIT")
        if isinstance(query, exp.SetOperation):
            return self._set_operation(query, scope)
        if isinstance(query, exp.Select):
            return self._select(query, scope)
        raise _AcrossUnits("a part of it cannot be followed")

    def _set_operation(
        self, query: exp.SetOperation, scope: Mapping[str, dict[str, set[Origin]]]
    ) -> dict[str, set[Origin]]:
        left, right = self.origins(query.left, scope), self.origins(query.right, scope)
        if not isinstance(query, exp.Union):
            raise _AcrossUnits("it compares two sets of rows")
        pairs = zip(left, left.values(), right.values(), strict=False)
        return {name: ours & theirs for name, ours, theirs in pairs}

    def _select(self, query: exp.Select, scope: Mapping[str, dict[str, set[Origin]]]) -> dict[str, set[Origin]]:
        sources: dict[str, dict[str, set[Origin]]] = {}
        from_ = query.args.get("from_")
        if from_ is not None:
            self._add(sources, from_.this, scope)
        for join in query.args.get("joins") or []:
            before = {origin for columns in sources.values() for found in columns.values() for origin in found}
            name = self._add(sources, join.this, scope)
            self._check_join(join, name, sources, bool(before))
        self._check_subqueries(query)
        resolve = _Resolver(sources)
        self._check_groups(query, sources, resolve)
        return {item.alias_or_name: resolve.of(item) for item in query.expressions if item.alias_or_name}

    def _add(
        self,
        sources: dict[str, dict[str, set[Origin]]],
        source: exp.Expr,
        scope: Mapping[str, dict[str, set[Origin]]],
    ) -> str:
        name = source.alias_or_name
        if isinstance(source, exp.Table) and source.name in self.features:
            feature = self.features[source.name]
            if feature in self.read:
                raise _AcrossUnits(f"it reads {feature} more than once")
            self.read.add(feature)
            sources[name] = {column: {(feature, column)} for column in self.match.get(feature, [])}
        elif isinstance(source, exp.Table) and source.name in scope:
            sources[name] = scope[source.name]
        elif isinstance(source, exp.Subquery):
            sources[name] = self.origins(source, scope)
        else:
            sources[name] = {}
        return name

    def _check_join(
        self, join: exp.Join, name: str, sources: Mapping[str, dict[str, set[Origin]]], keyed_before: bool
    ) -> None:
        """Two sources that come from features meet on a match column of each."""
        mine = {column for found in sources[name].values() for _, column in found}
        if not mine or not keyed_before:
            return
        others = {key: value for key, value in sources.items() if key != name}
        before = {column for columns in others.values() for found in columns.values() for _, column in found}
        resolve = _Resolver(sources)
        pairs = [(resolve.of(eq.left), resolve.of(eq.right)) for eq in _equalities(join.args.get("on"))]
        for column in join.args.get("using") or []:
            pairs.append((_Resolver(others).named(column.name), sources[name].get(column.name, set())))
        met = {column for left, right in pairs if _same_unit(left, right) for _, column in left | right}
        if not mine & before <= met:
            raise _AcrossUnits("it joins rows on something else than the key")

    def _check_subqueries(self, query: exp.Select) -> None:
        for key in ("expressions", "where", "having", "qualify"):
            part = query.args.get(key)
            for tree in part if isinstance(part, list) else [part] if part else []:
                if tree.find(exp.Select) is not None:
                    raise _AcrossUnits("it uses a subquery as a value")

    def _check_groups(
        self, query: exp.Select, sources: Mapping[str, dict[str, set[Origin]]], resolve: _Resolver
    ) -> None:
        needed = {origin for columns in sources.values() for found in columns.values() for origin in found}
        if not needed:
            return
        group = query.args.get("group")
        distinct = query.args.get("distinct")
        if group is not None:
            _check_covers(group.expressions, needed, resolve, "it groups rows by something else than the key")
        elif any(item.find(exp.AggFunc) is not None and item.find(exp.Window) is None for item in query.expressions):
            raise _AcrossUnits("it sums up all rows")
        if distinct is not None:
            chosen = distinct.args.get("on")
            trees = chosen.expressions if chosen is not None else query.expressions
            _check_covers(trees, needed, resolve, "its DISTINCT looks across keys")
        for window in query.find_all(exp.Window):
            message = "it has a window over something else than the key"
            _check_covers(window.args.get("partition_by") or [], needed, resolve, message)
        if query.args.get("windows"):
            raise _AcrossUnits("it has a named window")


class _Resolver:
    """Which match columns an expression is a plain copy of."""

    def __init__(self, sources: Mapping[str, dict[str, set[Origin]]]) -> None:
        self.sources = sources

    def of(self, tree: exp.Expr) -> set[Origin]:
        tree = tree.unalias()
        if not isinstance(tree, exp.Column):
            return set()
        if tree.table:
            return self.sources.get(tree.table, {}).get(tree.name, set())
        return self.named(tree.name)

    def named(self, name: str) -> set[Origin]:
        return {origin for columns in self.sources.values() for origin in columns.get(name, set())}


def _equalities(tree: exp.Expr | None) -> Iterable[exp.EQ]:
    """The equalities that an ON condition asks for, all of them at once."""
    if tree is None:
        return []
    parts = tree.flatten() if isinstance(tree, exp.And) else [tree]
    return [part.unnest() for part in parts if isinstance(part.unnest(), exp.EQ)]  # type: ignore[misc]


def _same_unit(left: set[Origin], right: set[Origin]) -> bool:
    """Both sides stand for one and the same unit column."""
    return bool({column for _, column in left} & {column for _, column in right})


def _check_covers(trees: Iterable[exp.Expr], needed: set[Origin], resolve: _Resolver, message: str) -> None:
    """The expressions hold every match column that the query's sources bring."""
    have = {column for tree in trees for _, column in resolve.of(tree)}
    if not {column for _, column in needed} <= have:
        raise _AcrossUnits(message)
