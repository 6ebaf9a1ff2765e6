"""FROM and JOIN: the relations that a SELECT reads, and what they do to its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlglot import exp

from metasql.trace.pivots import pivoted
from metasql.trace.reach import NOTHING, EdgeKind, Reach, gather
from metasql.trace.relation import Frame, Relation, Table, table_relation
from metasql.trace.values import Frames, Scope, Values

_TABLE = frozenset({"this", "alias", "db", "catalog", "pivots", "joins", "ordinality"})
_SUBQUERY = frozenset({"this", "alias", "with_", "pivots", "joins", "order", "limit", "offset"})
_JOIN = frozenset({"this", "on", "using", "side", "kind", "method", "hint"})
_METHODS = frozenset({"", "NATURAL", "ASOF"})
_SIDES = frozenset({"", "LEFT", "RIGHT", "FULL"})
_KINDS = frozenset({"", "INNER", "OUTER", "CROSS", "SEMI", "ANTI"})
_FILES = (exp.ReadCSV, exp.ReadParquet)
_FILE_NAMES = frozenset(
    {"read_csv_auto", "read_json", "read_json_auto", "read_text", "read_blob", "parquet_scan", "glob", "sniff_csv"}
)
_SERIES = (exp.GenerateSeries, exp.Unnest, exp.Explode, exp.GenerateDateArray)
_SERIES_NAMES = frozenset({"range", "repeat_row", "repeat", "generate_subscripts", "numbers", "json_each", "json_tree"})


class Tables(Values):
    """Adds the relations of a SELECT to its frame, one after the other."""

    def relations(self, node: exp.Expr, scope: Scope, frames: Frames) -> list[Relation]:
        """The relations of a FROM or JOIN: several where tables are joined between parentheses."""
        inner = node.this if isinstance(node, exp.Subquery) else None
        if (inner is not None and not isinstance(inner, (exp.Query, exp.Values, exp.Pivot))) or node.args.get("joins"):
            return self._joined(node, scope, frames)
        return [self.relation(node, scope, frames)]

    def _joined(self, node: exp.Expr, scope: Scope, frames: Frames) -> list[Relation]:
        frame = Frame()
        if isinstance(node, exp.Table):
            first = [self._named_table(node, scope, frames)]
        elif isinstance(node.this, (exp.Query, exp.Values)):
            first = [self.query(node.this, scope, frames).called([node.alias])]
        else:
            first = self.relations(node.this, scope, frames)
        for relation in first:
            frame.add(relation)
            frame.rows |= relation.rows
        for join in node.args.get("joins") or []:
            self.join(join, frame, scope, frames)
        if node.args.get("pivots") or (node.alias and not isinstance(node, exp.Table)):
            found = [self._collapsed(frame, node).called([node.alias])]
            return [self._pivoted(node, found[0], scope, frames)] if node.args.get("pivots") else found
        rows = frame.rows
        return [replace(relation, rows=relation.rows | rows, keys=()) for relation in frame.relations]

    def _collapsed(self, frame: Frame, node: exp.Expr) -> Relation:
        """Joined tables under one name: any column may be any of theirs of that name."""
        names = {name.lower() for relation in frame.relations for name in relation.columns or ()}
        named = {name: gather(relation.reach(name, node) or NOTHING for relation in frame.relations) for name in names}
        return Relation(named=named, rest=frame.whole(node), rows=frame.rows)

    def relation(self, node: exp.Expr, scope: Scope, frames: Frames) -> Relation:
        alias = node.args.get("alias")
        given = list(alias.columns) if isinstance(alias, exp.TableAlias) else []
        if isinstance(node, exp.Table):
            if _unknown(node, _TABLE):
                return self.opaque(node, scope, frames, "this table is read in a way that cannot be followed").called(
                    [node.alias_or_name], given
                )
            found = self._named_table(node, scope, frames)
        elif isinstance(node, exp.Subquery):
            found = self.query(node, scope, frames).called([node.alias], given)
        elif isinstance(node, exp.Values):
            found = self.values(node, scope, frames).called([node.alias], given)
        elif isinstance(node, (exp.Lateral, exp.Unnest)):
            found = self._lateral(node, scope, frames, given)
        else:
            found = self.opaque(node, scope, frames, "this relation cannot be followed")
        return self._pivoted(node, found, scope, frames) if node.args.get("pivots") else found

    def _named_table(self, node: exp.Table, scope: Scope, frames: Frames) -> Relation:
        alias = node.args.get("alias")
        given = list(alias.columns) if isinstance(alias, exp.TableAlias) else []
        if not isinstance(node.this, exp.Identifier):
            return self._function(node.this, scope, frames, given).called([node.alias_or_name])
        name = node.name.lower()
        names = [node.alias] if node.alias else [name, self.called.get(name, "")]
        if not node.args.get("db") and name in scope:
            return scope[name].called(names, given)
        parent = ".".join(part.name for part in node.parts)
        table = self.tables.get(name) if not node.args.get("db") else None
        return table_relation(name if table else parent, table or Table(None), node).called(names, given)

    def _lateral(self, node: exp.Expr, scope: Scope, frames: Frames, given: list[exp.Expr]) -> Relation:
        if isinstance(node, exp.Lateral) and isinstance(node.this, exp.Subquery):
            return self.query(node.this, scope, frames).called([node.alias], given)
        function = node.this if isinstance(node, exp.Lateral) else node
        return self._function(function, scope, frames, given).called([node.alias])

    def _function(self, node: exp.Expr, scope: Scope, frames: Frames, given: list[exp.Expr]) -> Relation:
        """A table function: whatever it gives is made of its arguments, and so are its rows."""
        made = self.value(list(_arguments(node)), scope, frames)
        name = node.name.lower() if isinstance(node, exp.Anonymous) else ""
        known = isinstance(node, (*_FILES, *_SERIES)) or name in _FILE_NAMES | _SERIES_NAMES
        if not known:
            made |= self.everything(node)
            self.lost_everything(node, "what this function reads cannot be followed", made)
        return Relation(named={part.name.lower(): made for part in given}, rest=made, rows=made.by(EdgeKind.JOIN))

    def values(self, node: exp.Expr, scope: Scope, frames: Frames) -> Relation:
        """`VALUES (...), (...)`: a column is made of what stands in its place in each row."""
        rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
        width = max((len(row) for row in rows), default=0)
        columns = tuple(f"col{number}" for number in range(width))
        values = tuple(self.value([row[n] for row in rows if n < len(row)], scope, frames) for n in range(width))
        return Relation(columns=columns, values=values)

    def _pivoted(self, node: exp.Expr, relation: Relation, scope: Scope, frames: Frames) -> Relation:
        for pivot in node.args["pivots"]:
            found = pivoted(pivot, relation, lambda part, seen: self.value(part, scope, (*frames, Frame([seen]))))
            if found is None:
                whole = relation.whole(pivot)
                reason = "which columns this pivot gives depends on the data"
                self.lost_everything(pivot, reason, whole)
                found = Relation(rest=whole, rows=relation.rows | whole.by(EdgeKind.GROUP))
            alias = pivot.args.get("alias")
            names = [alias.name] if alias is not None else list(relation.names)
            relation = found.called(names, list(alias.columns) if isinstance(alias, exp.TableAlias) else [])
        return relation

    def opaque(self, node: exp.Expr, scope: Scope, frames: Frames, why: str) -> Relation:
        """A query that is not understood: each column may be made of everything that it names."""
        found = [frame.whole(node) for frame in frames]
        inner = {part.alias.lower() for part in node.find_all(exp.CTE)}
        for table in node.find_all(exp.Table):
            name = table.name.lower()
            if name in inner and name not in scope:
                continue
            relation = scope.get(name) or self._named_table(table, scope, ()) if _is_named(table) else None
            if relation is not None:
                found += [relation.whole(table), relation.rows]
        whole = gather(found)
        self.lost_everything(node, why, whole)
        return Relation(rest=whole, rows=whole.by(EdgeKind.JOIN))

    def everything(self, node: exp.Expr) -> Reach:
        """All columns of all tables that the query names."""
        reach = [table_relation(name, table, node) for name, table in self.tables.items()]
        return gather(found for relation in reach for found in (relation.whole(node), relation.rows))

    def lost_everything(self, node: exp.Expr, why: str, reach: Reach) -> None:
        self.lose(node, why, (), reach)

    def join(self, join: exp.Join, frame: Frame, scope: Scope, outer: Frames) -> None:
        """One more relation, and the columns that decide which rows meet."""
        side, kind, method = (str(join.args.get(name) or "").upper() for name in ("side", "kind", "method"))
        found = self.relations(join.this, scope, (*outer, frame))
        hides = kind in {"SEMI", "ANTI"}
        right = [replace(item, hidden=True) for item in found] if hides else found
        shared = self._shared(join, frame, right, method)
        together = Frame([*frame.relations, *right], frame.aliases, frame.windows)
        condition = self.value(join.args.get("on"), scope, (*outer, together)).by(EdgeKind.JOIN)
        condition |= _meeting(join, shared or frozenset(), [*frame.relations, *right])
        if (
            _unknown(join, _JOIN)
            or method not in _METHODS
            or side not in _SIDES
            or kind not in _KINDS
            or shared is None
        ):
            why = "which rows of this join meet cannot be told from columns"
            condition |= self.lose(join, why, (*outer[-1:], together)).by(EdgeKind.JOIN)
        rows = gather(relation.rows for relation in right)
        single = len(right) == 1 and _meets_once(join, frame, right[0], shared or frozenset())
        if not hides and side == "LEFT" and (single or method == "ASOF"):
            right = [relation.bringing(rows | condition) for relation in right]
        else:
            frame.rows |= rows
        if not (hides or single or (method == "ASOF" and side in {"", "LEFT"})):
            frame.keys = ()
        if side in {"RIGHT", "FULL"}:
            frame.keys = ()
        frame.rows |= condition
        for relation in right:
            frame.add(relation, shared or frozenset())

    def _shared(self, join: exp.Join, frame: Frame, right: list[Relation], method: str) -> frozenset[str] | None:
        """The columns of USING, or those that a NATURAL join finds; None where that cannot be told."""
        if method != "NATURAL":
            return frozenset(part.name.lower() for part in join.args.get("using") or [])
        sides = (frame.relations, right)
        if any(relation.columns is None for relations in sides for relation in relations):
            return None
        ours, theirs = ({name.lower() for item in items for name in item.columns or ()} for items in sides)
        return frozenset(ours & theirs)


def _arguments(function: exp.Expr) -> Iterator[object]:
    """The values that a table function is given: in `header = true` the left side is a name of its own."""
    for value in function.args.values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, (exp.EQ, exp.PropertyEQ, exp.Kwarg)):
                yield part.expression
            elif not isinstance(part, exp.TableAlias):
                yield part


def _unknown(node: exp.Expr, known: frozenset[str]) -> bool:
    """Whether something is written here that is not understood."""
    return any(value and name not in known for name, value in node.args.items())


def _is_named(table: exp.Table) -> bool:
    return isinstance(table.this, exp.Identifier)


def _meeting(join: exp.Join, shared: frozenset[str], relations: list[Relation]) -> Reach:
    """The columns of USING, on all sides."""
    places = {part.name.lower(): part for part in join.args.get("using") or []}
    found = [
        relation.reach(name, places.get(name, join))
        for name in shared
        for relation in relations
        if relation.has(name) or relation.columns is None
    ]
    return gather(reach for reach in found if reach is not None).by(EdgeKind.JOIN)


def _meets_once(join: exp.Join, frame: Frame, right: Relation, shared: frozenset[str]) -> bool:
    """Whether a row of the left side meets at most one row of the right: its key is equal to columns of ours."""
    equal = set(shared)
    on = join.args.get("on")
    for part in on.flatten() if isinstance(on, exp.And) else [on]:
        test = part.unnest() if isinstance(part, exp.Expr) else None
        if isinstance(test, exp.EQ):
            sides = [(test.left.unnest(), test.right.unnest()), (test.right.unnest(), test.left.unnest())]
            equal |= {
                ours.name.lower() for ours, other in sides if _is_of(ours, right) and _is_other(other, frame, right)
            }
    return any(key <= equal for key in right.keys)


def _is_of(node: exp.Expr, right: Relation) -> bool:
    """Whether a column is of the joined side, for certain."""
    return isinstance(node, exp.Column) and len(node.parts) == 2 and node.table.lower() in right.names


def _is_other(node: exp.Expr, frame: Frame, right: Relation) -> bool:
    """Whether it is a column of the relations before, for certain."""
    if not isinstance(node, exp.Column) or len(node.parts) != 2 or node.table.lower() in right.names:
        return False
    return frame.named(node.table.lower()) is not None
