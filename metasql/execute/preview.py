"""`metasql show`: the live samples of a feature, a seed, or what a query over them gives. Read-only."""

from __future__ import annotations

from sqlglot import exp

from metasql.diagnostics import Bag, MetasqlError, candidates, suggest
from metasql.execute.session import Session
from metasql.graph.link_names import check_names
from metasql.graph.nodes import Feature
from metasql.lower.portable import carried_body
from metasql.names import PREFIX, FeatureKey, Relation
from metasql.parse.declarations import Body, Ref
from metasql.parse.functions import THIS
from metasql.parse.sql import span_of
from metasql.plan.refs import place_refs
from metasql.plan.sql import cols, select, table
from metasql.source import NOWHERE, Span


def samples_query(session: Session, feature: Feature, limit: int | None, *, versions: bool = False) -> exp.Query:
    """The first live samples in the order of their ids; with `versions` metasql's own columns too.

    Raises: MetasqlError MS0607.
    """
    relation = session.layout.live(feature.key)
    found = session.connection.columns(relation)
    if found is None:
        raise _never_run(feature, NOWHERE)
    shown = [name for name in found if versions or not name.startswith(PREFIX)]
    ids = [name for name in feature.id_columns if name in found]
    query = select(*cols(shown)).from_(table(relation)).order_by(*cols(ids))
    return query.limit(limit) if limit is not None else query


def seed_query(session: Session, name: str, limit: int | None) -> exp.Query:
    """The first rows of a seed.

    Raises: MetasqlError MS0614.
    """
    query = select(exp.Star()).from_(table(_seed(session, name, NOWHERE)))
    return query.limit(limit) if limit is not None else query


def inline_query(session: Session, body: Body, limit: int | None) -> exp.Query:
    """A person's query over the public relations, at most `limit` rows of it.

    Raises: MetasqlError MS0330, MS0607, MS0614, MS0615, or 03xx for a column that is not there.
    """
    for node in body.tree.find_all(exp.Table):
        if node.name == THIS:
            raise _no_this(span_of(body.lines, node).find("this"))

    def place(ref: Ref, _: exp.Table) -> tuple[exp.Table, str]:
        relation = public_relation(session, ref)
        return table(relation), relation.name

    def columns(ref: Ref) -> list[str] | None:
        return list(session.connection.columns(public_relation(session, ref)) or ()) or None

    bag = Bag()
    check_names(body.tree, body.refs, columns, body.lines, bag)
    bag.raise_errors()
    body = carried_body(body, session.graph, session.connection.dialect, bag)
    bag.raise_errors()
    tree = place_refs(body.carried or body.tree, body.refs, place)
    return tree if limit is None else _limited(tree, limit)


def public_relation(session: Session, ref: Ref) -> Relation:
    """The relation that a `ref` or `source` means to a reader."""
    graph, layout, name = session.graph, session.layout, str(ref.name)
    if ref.kind == "ref" and name in graph.seeds:
        return _seed(session, name, ref.name.span)
    outside = layout.outside(ref, graph)
    if outside is not None:
        return outside
    feature = graph.get(name)
    if feature is None:
        known = [*(str(key) for key in graph.features), *graph.seeds]
        raise MetasqlError.of(
            "MS0330",
            f"feature `{name}` does not exist",
            ref.name.span,
            notes=[f"there are: {candidates(known)}"],
            help=suggest(name, known) or "`metasql ls` lists them",
        )
    relation = layout.live(FeatureKey(name))
    if session.connection.columns(relation) is None:
        raise _never_run(feature, ref.name.span)
    return relation


def _limited(tree: exp.Query, most: int) -> exp.Query:
    """A query that has a limit of its own keeps it where it is the lower one."""
    own = tree.args.get("limit")
    if own is None:
        return tree.limit(most, copy=False)
    number = own.expression if isinstance(own, exp.Limit) else None
    if isinstance(number, exp.Literal) and not number.is_string and number.this.isdigit():
        return tree.limit(min(most, int(number.this)), copy=False)
    return select(exp.Star()).from_(tree.subquery("inline")).limit(most)


def _seed(session: Session, name: str, place: Span) -> Relation:
    relation = session.layout.relation(name)
    if session.connection.columns(relation) is None:
        raise MetasqlError.of(
            "MS0614",
            f"the seed `{name}` was never loaded on this target",
            place,
            help=f"`metasql seed --select {name}`",
        )
    return relation


def _never_run(feature: Feature, place: Span) -> MetasqlError:
    notes = ["it has a body, which has not been computed"] if feature.bodies else []
    return MetasqlError.of(
        "MS0607",
        f"`{feature.key}` was never run on this target",
        place,
        notes=notes,
        help=f"`metasql run --select {'+' if feature.deps else ''}{feature.key}` makes its relations",
    )


def _no_this(place: Span) -> MetasqlError:
    return MetasqlError.of(
        "MS0615", "`this` is no relation in an inline query", place, help="name the feature: `ref('...')`"
    )
