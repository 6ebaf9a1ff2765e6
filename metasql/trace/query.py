"""SELECT, set operations and WITH: what the output columns of a query are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlglot import exp

from metasql.trace.keys import output_keys
from metasql.trace.makers import ROW_MAKERS
from metasql.trace.reach import NOTHING, EdgeKind, Item, Reach, gather
from metasql.trace.relation import Frame, Relation
from metasql.trace.stars import is_star, is_wide, matching, may_be_wide, star_columns, unnamed, with_stars
from metasql.trace.tables import Tables
from metasql.trace.values import Frames, Scope

_SELECT = frozenset(
    {
        "with_", "from_", "joins", "laterals", "where", "prewhere", "group", "having", "qualify", "windows",
        "distinct", "expressions", "order", "limit", "offset", "hint", "settings",
    }
)  # fmt: skip
_SETS = frozenset({"with_", "this", "expression", "distinct", "by_name", "order", "limit", "offset"})
_WRAPPED = frozenset({"this", "alias", "with_", "order", "limit", "offset", "pivots"})


class Tracer(Tables):
    """Reads queries from the inside out."""

    def query(self, tree: exp.Expr, scope: Scope, outer: Frames, *, top: bool = False) -> Relation:
        """What a query gives. Where it is the outermost, the order of its rows means nothing."""
        chain: list[tuple[exp.Expr, Scope]] = []
        while True:
            scope = self._parts(tree, scope, outer)
            if not isinstance(tree, (exp.SetOperation, exp.Subquery)):
                break
            chain.append((tree, scope))
            tree = tree.this
        found = self._innermost(tree, scope, outer, top=top and not chain)
        for node, inner in reversed(chain):
            known = _SETS if isinstance(node, exp.SetOperation) else _WRAPPED
            if any(value and name not in known for name, value in node.args.items()):
                return self.opaque(node, inner, outer, "this query cannot be followed")
            if isinstance(node, exp.SetOperation):
                found = self._combined(node, found, self.query(node.expression, inner, outer))
            found = self._cut(node, found, inner, outer, top=top and node is chain[0][0])
        return found

    def _innermost(self, tree: exp.Expr, scope: Scope, outer: Frames, *, top: bool) -> Relation:
        if isinstance(tree, exp.Select) and all(name in _SELECT for name, value in tree.args.items() if value):
            return self._select(tree, scope, outer, top=top)
        if isinstance(tree, exp.Values):
            return self.values(tree, scope, outer)
        if isinstance(tree, exp.Table):
            return self.relation(tree, scope, outer)
        return self.opaque(tree, scope, outer, "this query cannot be followed")

    def _parts(self, tree: exp.Expr, scope: Scope, outer: Frames) -> Scope:
        """The scope with the WITH parts of a query."""
        clause = tree.args.get("with_")
        found = dict(scope)
        for part in clause.expressions if clause is not None else []:
            alias = part.args.get("alias")
            given = list(alias.columns) if isinstance(alias, exp.TableAlias) else []
            name = part.alias.lower()
            if clause is not None and clause.args.get("recursive"):
                found[name] = self._recursive(part, found, outer, given)
            else:
                found[name] = self.query(part.this, found, outer).called([name], given)
        return found

    def _recursive(self, part: exp.Expr, scope: Scope, outer: Frames, given: list[exp.Expr]) -> Relation:
        """A part that may read itself: followed until nothing more is found."""
        name = part.alias.lower()
        body = part.this
        itself = any(table.name.lower() == name and not table.db for table in body.find_all(exp.Table))
        inside = {key: value for key, value in scope.items() if key != name}
        if not itself:
            return self.query(body, inside, outer).called([name], given)
        simple = isinstance(body, exp.Union) and not body.args.get("by_name") and not part.args.get("key_expressions")
        if not simple:
            return self.opaque(part, inside, outer, "this recursion cannot be followed").called([name], given)
        known = self.query(body.this, inside, outer).called([name], given)
        if known.columns is None:
            return self.opaque(part, inside, outer, "this recursion cannot be followed").called([name], given)
        while True:
            said = len(self.lost)
            found = self.query(body, {**inside, name: replace(known, keys=())}, outer).called([name], given)
            if found.columns is None:
                return self.opaque(part, inside, outer, "this recursion cannot be followed").called([name], given)
            if _size(found) == _size(known):
                return replace(found, keys=())
            del self.lost[said:]
            known = found

    def _select(self, tree: exp.Select, scope: Scope, outer: Frames, *, top: bool) -> Relation:
        frame = self._frame(tree, scope, outer)
        frames = (*outer, frame)
        items, rest = self._items(tree, frame, scope, frames)
        for name, kind in (("where", EdgeKind.FILTER), ("prewhere", EdgeKind.FILTER)):
            frame.rows |= self.value(tree.args.get(name), scope, frames).by(kind)
        values = [value for _, value in items]
        everything = gather([*values, rest])
        group = tree.args.get("group")
        if group is not None:
            frame.rows |= self._grouped(group, items, rest, scope, frames).by(EdgeKind.GROUP)
        for name in ("having", "qualify"):
            frame.rows |= self.value(tree.args.get(name), scope, frames).by(EdgeKind.FILTER)
        distinct = tree.args.get("distinct")
        if distinct is not None:
            on = distinct.args.get("on")
            chosen = self._chosen(on, items, rest, scope, frames) if on is not None else everything
            frame.rows |= chosen.by(EdgeKind.GROUP)
        frame.rows |= self._order(tree, items, rest, scope, frames, matters=not top or distinct is not None)
        rows = frame.rows | frame.made
        names = [item.name.lower() for item, _ in items]
        if rest.edges or rest.items:
            return Relation(named=with_stars(tree, items, frame), rest=everything, rows=rows)
        single = not frame.multiplied and len(set(names)) == len(names)
        keys = output_keys(tree, frame, [item for item, _ in items]) if single else ()
        columns = tuple(item.name for item, _ in items)
        wide = any(may_be_wide(item.node) or (is_star(item.node) and is_wide(frame)) for item, _ in items)
        return Relation(columns=columns, values=tuple(values), rows=rows, keys=keys, is_wide=wide)

    def _frame(self, tree: exp.Select, scope: Scope, outer: Frames) -> Frame:
        """FROM, JOIN and LATERAL, and the names that the clauses may use."""
        frame = Frame()
        for window in tree.args.get("windows") or []:
            frame.windows[window.name.lower()] = window
        for number, expression in enumerate(tree.expressions):
            if isinstance(expression, exp.Alias):
                frame.aliases.setdefault(expression.alias.lower(), Item(tree, number, expression.alias, expression))
        from_ = tree.args.get("from_")
        if from_ is not None:
            for relation in self.relations(from_.this, scope, (*outer, frame)):
                frame.add(relation)
                frame.rows |= relation.rows
            if len(frame.relations) == 1:
                frame.keys = tuple(frozenset((0, name) for name in key) for key in frame.relations[0].keys)
        for join in tree.args.get("joins") or []:
            self.join(join, frame, scope, outer)
        for lateral in tree.args.get("laterals") or []:
            relation = self.relation(lateral, scope, (*outer, frame))
            frame.rows |= relation.rows
            frame.keys = ()
            frame.add(relation)
        return frame

    def item(self, frame: Frame, item: Item, scope: Scope, frames: Frames) -> Reach:
        """An output column by its name: what it is made of, and itself."""
        key = id(item.node)
        if key in self._open:
            self._cuts += 1  # an alias within its own expression is a column upstream
            return NOTHING
        if key not in frame.values:
            before = self._cuts
            self._open.add(key)
            found = self.value(item.node.unalias(), scope, frames)
            self._open.discard(key)
            if self._open and self._cuts > before:
                return found | Reach(items=frozenset((item,)))  # not all of it: an alias around it is being read
            frame.values[key] = found
        return frame.values[key] | Reach(items=frozenset((item,)))

    def _items(
        self, tree: exp.Select, frame: Frame, scope: Scope, frames: Frames
    ) -> tuple[list[tuple[Item, Reach]], Reach]:
        """The output columns with what they are made of, and what unnamed ones may be made of."""
        items: list[tuple[Item, Reach]] = []
        rest: list[Reach] = []
        for number, node in enumerate(tree.expressions):
            if is_star(node) or isinstance(node, exp.Columns):
                found = self._expanded(node, frame, scope, frames)
                if found is None:
                    item = Item(tree, number, "", node)
                    rest.append(self._unexpanded(node, frame, scope, frames) | Reach(items=frozenset((item,))))
                for name, value in found or ():
                    item = Item(tree, number, name, node)
                    items.append((item, value | Reach(items=frozenset((item,)))))
            elif isinstance(node, (exp.Aliases, *ROW_MAKERS)) or node.find(exp.Columns) is not None:
                value = self.value(node.this if isinstance(node, exp.Aliases) else node, scope, frames)
                rest.append(value | Reach(items=frozenset((Item(tree, number, "", node),))))
            else:
                known = frame.aliases.get(node.alias.lower()) if isinstance(node, exp.Alias) else None
                item = known if known and known.node is node else Item(tree, number, _name(node), node)
                items.append((item, self.item(frame, item, scope, frames)))
        return items, gather(rest)

    def _unexpanded(self, node: exp.Expr, frame: Frame, scope: Scope, frames: Frames) -> Reach:
        star = node.this if isinstance(node, exp.Column) else node
        replaced = self.value(star.args.get("replace"), scope, frames) if isinstance(star, exp.Star) else NOTHING
        if isinstance(node, exp.Column):
            return replaced | self.column(node, scope, frames)
        if isinstance(node, exp.Star) and not any(node.args.values()):
            return gather(unnamed(relation, node) for relation in frame.visible())
        return replaced | frame.whole(node)

    def _expanded(self, node: exp.Expr, frame: Frame, scope: Scope, frames: Frames) -> list[tuple[str, Reach]] | None:
        """The columns that `*`, `t.*` or `COLUMNS('...')` stands for; None where that is not known."""
        if isinstance(node, exp.Columns):
            return matching(node, frame)
        star = node.this if isinstance(node, exp.Column) else node
        if any(value and name not in {"except_", "replace", "rename"} for name, value in star.args.items()):
            return None
        left_out = {part.name.lower() for part in star.args.get("except_") or []}
        other = {part.alias.lower(): part for part in star.args.get("replace") or []}
        renamed = {part.this.name.lower(): part.alias for part in star.args.get("rename") or []}
        columns = star_columns(node, frame)
        if columns is None:
            return None
        return [
            (
                renamed.get(name.lower(), name),
                self.value(other[name.lower()], scope, frames) if name.lower() in other else value,
            )
            for name, value in columns
            if name.lower() not in left_out
        ]

    def _grouped(
        self,
        group: exp.Expr,
        items: list[tuple[Item, Reach]],
        rest: Reach,
        scope: Scope,
        frames: Frames,
    ) -> Reach:
        """The columns by which rows are grouped."""
        known = {"expressions", "all", "grouping_sets", "cube", "rollup", "totals"}
        found = []
        if any(value and name not in known for name, value in group.args.items()):
            found.append(self.lose(group, "how rows are grouped here cannot be followed", frames))
        if group.args.get("all"):
            found += [value for item, value in items if not any(_aggregates(item.node))] + [rest]
        for name in ("expressions", "grouping_sets", "cube", "rollup"):
            value = group.args.get(name)
            for part in value if isinstance(value, list) else []:
                found.append(self._chosen(part, items, rest, scope, frames))
        return gather(found)

    def _chosen(
        self, node: exp.Expr, items: list[tuple[Item, Reach]], rest: Reach, scope: Scope, frames: Frames
    ) -> Reach:
        """What GROUP BY, ORDER BY or DISTINCT ON names: an expression, or an output column by its number."""
        if isinstance(node, (exp.GroupingSets, exp.Cube, exp.Rollup, exp.Tuple, exp.Paren)):
            parts = node.expressions or [node.this]
            return gather(self._chosen(part, items, rest, scope, frames) for part in parts if part is not None)
        if isinstance(node, exp.Ordered):
            filled = self.value(node.args.get("with_fill"), scope, frames)
            return filled | self._chosen(node.this, items, rest, scope, frames)
        if isinstance(node, exp.Literal) and node.is_int:
            number = int(node.name) - 1
            sure = not rest.edges and not rest.items and not any(may_be_wide(item.node) for item, _ in items)
            if sure and 0 <= number < len(items):
                return items[number][1]
            return gather([rest, *(value for _, value in items)])
        if isinstance(node, exp.Var) and node.name.upper() == "ALL":
            return gather([rest, *(value for _, value in items)])
        return self.value(node, scope, frames)

    def _order(
        self,
        tree: exp.Expr,
        items: list[tuple[Item, Reach]],
        rest: Reach,
        scope: Scope,
        frames: Frames,
        *,
        matters: bool,
    ) -> Reach:
        """ORDER BY and LIMIT. The order of an inner query may matter to what reads it."""
        limits = [tree.args.get("limit"), tree.args.get("offset")]
        cut = any(limits)
        found = self.value(limits, scope, frames).by(EdgeKind.FILTER)
        order = tree.args.get("order")
        if order is not None and (cut or matters):
            chosen = gather(self._chosen(part, items, rest, scope, frames) for part in order.expressions)
            found |= chosen.by(EdgeKind.ORDER)
        return found

    def _cut(self, node: exp.Expr, found: Relation, scope: Scope, outer: Frames, *, top: bool) -> Relation:
        """A set operation, or a query in parentheses, with its ORDER BY and LIMIT."""
        if not any(node.args.get(name) for name in ("order", "limit", "offset")):
            return found
        frames = (*outer, Frame([found]))
        select = exp.Select()
        items = [(Item(select, number, name, node), value) for number, (name, value) in enumerate(found.each(node))]
        rest = found.whole(node) if found.columns is None else NOTHING
        rows = self._order(node, items, rest, scope, frames, matters=not top)
        return replace(found, rows=found.rows | rows)

    def _combined(self, node: exp.SetOperation, left: Relation, right: Relation) -> Relation:
        """UNION by position or by name; EXCEPT and INTERSECT look at whole rows."""
        rows = left.rows | right.rows
        whole = left.whole(node) | right.whole(node)
        if not isinstance(node, exp.Union):
            rows |= whole.by(EdgeKind.FILTER)
        elif node.args.get("distinct"):
            rows |= whole.by(EdgeKind.GROUP)
        if left.columns is None or right.columns is None or left.is_wide or right.is_wide:
            return Relation(rest=whole, rows=rows)
        if node.args.get("by_name"):
            return _by_name(left, right, rows, node)
        if len(left.columns) != len(right.columns):
            return self._uneven(node, whole, rows)
        pairs = zip(left.each(node), right.each(node), strict=True)
        return Relation(
            columns=left.columns, values=tuple(ours | theirs for (_, ours), (_, theirs) in pairs), rows=rows
        )

    def _uneven(self, node: exp.Expr, whole: Reach, rows: Reach) -> Relation:
        self.lost_everything(node, "the two sides have different numbers of columns", whole)
        return Relation(rest=whole, rows=rows)


def _by_name(left: Relation, right: Relation, rows: Reach, node: exp.Expr) -> Relation:
    names = {name.lower(): name for name in (*(right.columns or ()), *(left.columns or ()))}
    order = list(dict.fromkeys(name.lower() for name in (*(left.columns or ()), *(right.columns or ()))))
    values = tuple((left.reach(name, node) or NOTHING) | (right.reach(name, node) or NOTHING) for name in order)
    return Relation(columns=tuple(names[name] for name in order), values=values, rows=rows)


def _size(relation: Relation) -> int:
    """How much is known of a relation: it only grows."""
    return sum(len(set(_told(value))) for value in (*relation.values, relation.rows))


def _told(reach: Reach) -> Iterator[object]:
    for edge in reach.edges:
        yield edge.parent, edge.column, edge.kind, id(edge.mention.node)
    for item in reach.items:
        yield id(item.node), item.name


def _name(node: exp.Expr) -> str:
    return node.alias_or_name or node.output_name


def _aggregates(node: exp.Expr) -> Iterator[exp.Expr]:
    return (part for part in node.find_all(exp.AggFunc) if not isinstance(part.parent, exp.Window))
