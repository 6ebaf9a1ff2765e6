"""When a body may read only the rows that its increment needs.

Restricting is right when each output row is made of the rows of its own unit and of
nothing else. So the analysis follows the match columns of every dependency through the
body, and asks at each step that rows meet, group and end up by those columns alone. What
it does not know makes the body read its whole inputs, and the run replaces whatever came
out otherwise (execute/across.py). That is slower, and never wrong.

What is known: plain SELECTs over dependencies, CTEs and subqueries (each read once),
other tables, inner and outer joins on equal match columns, GROUP BY, DISTINCT ON and
windows that hold all match columns, and UNION.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from metasql.graph.nodes import Feature
from metasql.parse.declarations import Body

_SELECT_PARTS = frozenset(
    {
        "with_",
        "from_",
        "joins",
        "where",
        "group",
        "having",
        "qualify",
        "order",
        "distinct",
        "expressions",
        "kind",
        "hint",
    }
)
_TABLE_PARTS = frozenset({"this", "db", "catalog", "alias"})
_SUBQUERY_PARTS = frozenset({"this", "alias"})
_SIDES = frozenset({"", "LEFT", "RIGHT", "FULL"})
_KINDS = frozenset({"", "INNER", "OUTER", "CROSS"})


@dataclass(frozen=True)
class Rows:
    """What is known of the rows of a source or query.

    `needed` are the unit columns by which the dependencies that it reads are restricted.
    `keys` maps an output column to the unit column of which it is a plain copy.
    """

    needed: frozenset[str] = frozenset()
    keys: Mapping[str, str] = field(default_factory=dict)

    def without_keys(self) -> Rows:
        """The rows on the side of an outer join that may have no match: their columns may be NULL."""
        return Rows(self.needed)


class _AcrossUnits(Exception):
    """The body may look across units."""


def why_whole(body: Body, feature: Feature) -> str | None:
    """Why a body cannot be restricted, or None when it can."""
    try:
        rows = _Reader(body, feature).query(body.tree, {})
        if any(rows.keys.get(name) != name for name in rows.needed):
            raise _AcrossUnits("its key is not a plain copy of the key upstream")
    except _AcrossUnits as found:
        return str(found)
    return None


class _Reader:
    """Reads a body from the inside out."""

    def __init__(self, body: Body, feature: Feature) -> None:
        self.features = {ref.placeholder: str(ref.name) for ref in body.refs if ref.kind == "ref"}
        self.match = {str(dep.feature): tuple(ours for _, ours in dep.match) for dep in feature.deps}
        self.read: set[str] = set()

    def query(self, tree: exp.Expr, scope: Mapping[str, Rows]) -> Rows:
        known = dict(scope)
        clause = tree.args.get("with_")
        if clause is not None and clause.args.get("recursive"):
            raise _AcrossUnits("it has a recursive part")
        for cte in clause.expressions if clause else []:
            known[cte.alias] = self.named(self.query(cte.this, known), cte, cte.this)
        if isinstance(tree, exp.Subquery):
            _only(tree, _SUBQUERY_PARTS | {"with_"})
            return self.named(self.query(tree.this, known), tree, tree.this)
        if isinstance(tree, exp.Union):
            _only(tree, frozenset({"with_", "this", "expression", "distinct", "order"}))
            return self.union(self.query(tree.left, known), self.query(tree.right, known), tree)
        if isinstance(tree, exp.Select):
            _only(tree, _SELECT_PARTS)
            return self.select(tree, known)
        raise _AcrossUnits("a part of it cannot be followed")

    def named(self, rows: Rows, holder: exp.Expr, query: exp.Expr) -> Rows:
        """Rows under the column names that an alias gives them."""
        alias = holder.args.get("alias")
        if alias is None or not alias.args.get("columns"):
            return rows
        names = [item.name for item in alias.columns]
        selects = [item.alias_or_name for item in query.selects] if isinstance(query, exp.Query) else []
        if len(names) != len(selects):
            raise _AcrossUnits("a part of it cannot be followed")
        pairs = zip(names, selects, strict=True)
        return Rows(rows.needed, {name: rows.keys[old] for name, old in pairs if old in rows.keys})

    def union(self, left: Rows, right: Rows, tree: exp.Union) -> Rows:
        """A column is a copy of the key where it is one on both sides, by position."""
        if not left.needed or not right.needed:
            return Rows(left.needed | right.needed) if left.needed or right.needed else left
        pairs = zip(tree.left.selects, tree.right.selects, strict=False)
        names = [(ours.alias_or_name, theirs.alias_or_name) for ours, theirs in pairs]
        both = {a: left.keys[a] for a, b in names if left.keys.get(a) is not None and left.keys[a] == right.keys.get(b)}
        return Rows(left.needed | right.needed, both)

    def select(self, tree: exp.Select, scope: Mapping[str, Rows]) -> Rows:
        sources: dict[str, Rows] = {}
        from_ = tree.args.get("from_")
        if from_ is not None:
            sources[from_.this.alias_or_name] = self.source(from_.this, scope)
        for join in tree.args.get("joins") or []:
            self.join(join, sources, scope)
        for part in ("expressions", "where", "group", "having", "qualify", "order", "distinct"):
            value = tree.args.get(part)
            for item in value if isinstance(value, list) else [value] if value is not None else []:
                if item.find(exp.Query) is not None:
                    raise _AcrossUnits("it uses a subquery as a value")
        needed = frozenset().union(*(rows.needed for rows in sources.values())) if sources else frozenset[str]()
        if needed:
            _check_groups(tree, needed, sources)
        return Rows(needed, _outputs(tree, sources))

    def source(self, tree: exp.Expr, scope: Mapping[str, Rows]) -> Rows:
        if isinstance(tree, exp.Table):
            if tree.find(exp.Query) is not None:
                raise _AcrossUnits("it uses a subquery as a value")
            if tree.name in self.features:
                return self.dependency(tree)
            if isinstance(tree.this, exp.Identifier) and not tree.args.get("db") and tree.name in scope:
                return self.cte(tree, scope[tree.name])
            return Rows()
        if isinstance(tree, exp.Subquery):
            return self.query(tree, scope)
        if isinstance(tree, (exp.Unnest, exp.Lateral, exp.Values)) and tree.find(exp.Query) is None:
            return Rows()
        raise _AcrossUnits("a part of it cannot be followed")

    def dependency(self, tree: exp.Table) -> Rows:
        _only(tree, _TABLE_PARTS)
        alias = tree.args.get("alias")
        feature = self.features[tree.name]
        if alias is not None and alias.args.get("columns"):
            raise _AcrossUnits("a part of it cannot be followed")
        if feature not in self.match:
            return Rows()
        self.once(feature)
        return Rows(frozenset(self.match[feature]), {name: name for name in self.match[feature]})

    def cte(self, tree: exp.Table, rows: Rows) -> Rows:
        _only(tree, _TABLE_PARTS)
        if tree.args.get("alias") is not None and tree.args["alias"].args.get("columns"):
            raise _AcrossUnits("a part of it cannot be followed")
        if rows.needed:
            self.once(tree.name)
        return rows

    def once(self, name: str) -> None:
        if name in self.read:
            raise _AcrossUnits(f"it reads {name} more than once")
        self.read.add(name)

    def join(self, join: exp.Join, sources: dict[str, Rows], scope: Mapping[str, Rows]) -> None:
        _only(join, frozenset({"this", "on", "using", "side", "kind"}))
        side, kind = str(join.args.get("side") or "").upper(), str(join.args.get("kind") or "").upper()
        if side not in _SIDES or kind not in _KINDS:
            raise _AcrossUnits("it has a join that cannot be followed")
        on = join.args.get("on")
        if on is not None and on.find(exp.Query) is not None:
            raise _AcrossUnits("it uses a subquery as a value")
        name, rows = join.this.alias_or_name, self.source(join.this, scope)
        before = frozenset().union(*(item.needed for item in sources.values())) if sources else frozenset[str]()
        if rows.needed and before and not rows.needed & before <= _met(join, sources, rows, name):
            raise _AcrossUnits("it joins rows on something else than the key")
        if side in {"RIGHT", "FULL"}:
            for other, item in sources.items():
                sources[other] = item.without_keys()
        sources[name] = rows.without_keys() if side in {"LEFT", "FULL"} else rows


def _only(tree: exp.Expr, known: frozenset[str]) -> None:
    """Nothing is written here but what the analysis knows."""
    for part, value in tree.args.items():
        if value and part not in known:
            if part in {"limit", "offset"}:
                raise _AcrossUnits("it has a LIMIT")
            raise _AcrossUnits("a part of it cannot be followed")


def _met(join: exp.Join, sources: Mapping[str, Rows], rows: Rows, name: str) -> set[str]:
    """The unit columns on which a join asks both sides to be equal."""
    found: set[str] = set()
    together = {**sources, name: rows}
    on = join.args.get("on")
    for part in on.flatten() if isinstance(on, exp.And) else [on] if on is not None else []:
        equal = part.unnest()
        if isinstance(equal, exp.EQ):
            left, right = _key(equal.left, together), _key(equal.right, together)
            sides = {_is_of(equal.left, name, rows), _is_of(equal.right, name, rows)}
            if left is not None and left == right and sides == {True, False}:
                found.add(left)
    for column in join.args.get("using") or []:
        theirs = {item.keys.get(column.name) for item in sources.values() if column.name in item.keys}
        if theirs == {rows.keys.get(column.name)} and None not in theirs:
            found |= {key for key in theirs if key is not None}
    return found


def _is_of(tree: exp.Expr, name: str, rows: Rows) -> bool:
    """Whether a column is of the joined side; one without a table is, where that side has such a key."""
    return isinstance(tree, exp.Column) and (tree.table == name if tree.table else tree.name in rows.keys)


def _key(tree: exp.Expr, sources: Mapping[str, Rows]) -> str | None:
    """The unit column of which an expression is a plain copy."""
    tree = tree.unalias()
    if not isinstance(tree, exp.Column):
        return None
    if tree.table:
        return sources[tree.table].keys.get(tree.name) if tree.table in sources else None
    found = {rows.keys[tree.name] for rows in sources.values() if tree.name in rows.keys}
    return found.pop() if len(found) == 1 else None


def _outputs(tree: exp.Select, sources: Mapping[str, Rows]) -> dict[str, str]:
    keys: dict[str, str] = {}
    for item in tree.expressions:
        star = item.this if isinstance(item, exp.Column) and isinstance(item.this, exp.Star) else item
        if isinstance(star, exp.Star):
            if any(star.args.values()) or (not isinstance(item, exp.Column) and len(sources) > 1):
                raise _AcrossUnits("it has a `*` that cannot be followed")
            table = item.table if isinstance(item, exp.Column) else next(iter(sources))
            keys.update(sources[table].keys if table in sources else {})
            continue
        key = _key(item, sources)
        if key is not None:
            keys[item.alias_or_name] = key
    return keys


def _check_groups(tree: exp.Select, needed: frozenset[str], sources: Mapping[str, Rows]) -> None:
    """Rows are grouped, made distinct and ranked within their unit alone."""
    group, distinct = tree.args.get("group"), tree.args.get("distinct")
    if group is not None:
        _only(group, frozenset({"expressions"}))
        _check_covers(group.expressions, needed, sources, "it groups rows by something else than the key")
    elif any(_sums_up(item) for item in tree.expressions):
        raise _AcrossUnits("it sums up all rows")
    if distinct is not None:
        chosen = distinct.args.get("on")
        trees = chosen.expressions if chosen is not None else tree.expressions
        _check_covers(trees, needed, sources, "its DISTINCT looks across keys")
    for part in (*tree.expressions, tree.args.get("qualify"), tree.args.get("order")):
        for window in part.find_all(exp.Window) if part is not None else []:
            message = "it has a window over something else than the key"
            _check_covers(window.args.get("partition_by") or [], needed, sources, message)


def _sums_up(tree: exp.Expr) -> bool:
    return any(not isinstance(node.parent, exp.Window) for node in tree.find_all(exp.AggFunc))


def _check_covers(trees: Iterable[exp.Expr], needed: frozenset[str], sources: Mapping[str, Rows], message: str) -> None:
    """The expressions hold every unit column by which the sources are restricted."""
    if not needed <= {_key(tree, sources) for tree in trees}:
        raise _AcrossUnits(message)
