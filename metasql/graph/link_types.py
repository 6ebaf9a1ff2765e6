"""Types that a body's text tells: of casts, and of plain copies of columns whose type is known.

They make compiled SQL plainer (a text column is hashed as it is); where nothing is told
the engine finds the type.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp
from sqlglot.errors import SqlglotError

from metasql.graph.upstream import Upstream
from metasql.names import FeatureKey
from metasql.parse.declarations import Body, FeatureDecl, Ref

Types = Mapping[str, exp.DataType]


def told_types(decl: FeatureDecl, upstream: Upstream, dialect: str) -> dict[str, exp.DataType]:
    """The types of output columns that the one body of a feature tells."""
    body = decl.bodies.get(None)
    if body is None or len(decl.bodies) > 1 or not isinstance(body.tree, exp.Select):
        return {}
    sources = _sources(body.tree, body, decl, upstream, dialect)
    found: dict[str, exp.DataType] = {}
    for item in body.tree.expressions:
        value = item.unalias()
        if isinstance(value, exp.Cast) and not isinstance(value, exp.TryCast):
            found[item.alias_or_name] = value.to
        elif isinstance(value, exp.Column) and not isinstance(value.this, exp.Star):
            types = sources.get(value.table) if value.table else next(iter(sources.values()), None)
            if types and value.name in types and (value.table or len(sources) == 1):
                found[item.alias_or_name] = types[value.name]
    return found


def _sources(tree: exp.Select, body: Body, decl: FeatureDecl, upstream: Upstream, dialect: str) -> dict[str, Types]:
    """What stands in FROM and JOIN, by its alias, with the types of its columns as far as they are known."""
    refs = {ref.placeholder: ref for ref in body.refs}
    ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    from_ = tree.args.get("from_")
    nodes = [from_.this] if from_ else []
    nodes += [join.this for join in tree.args.get("joins") or []] + list(tree.args.get("laterals") or [])
    found: dict[str, Types] = {}
    for node in nodes:
        ref = refs.get(node.name) if isinstance(node, exp.Table) and node.name not in ctes else None
        found[node.alias_or_name] = _types(ref, decl, upstream, dialect) if ref is not None else {}
    return found


def _types(ref: Ref, decl: FeatureDecl, upstream: Upstream, dialect: str) -> Types:
    """The known types behind a reference, under the names that the body sees."""
    if ref.kind == "source":
        return {}
    feature = upstream.features.get(FeatureKey(str(ref.name)))
    if feature is not None:
        dep = next((item for item in decl.deps if str(item.feature) == str(ref.name)), None)
        rename = {str(old): str(new) for old, new in dep.rename.items()} if dep else {}
        return {rename.get(item.name, item.name): item.type for item in feature.columns if item.type is not None}
    seed = next((item for item in upstream.declarations.seeds if str(item.name) == str(ref.name)), None)
    known: dict[str, exp.DataType] = {}
    for name, type_ in seed.types.items() if seed is not None else []:
        try:
            known[name] = exp.DataType.build(type_, dialect=dialect)
        except SqlglotError:
            continue  # the engine says what is wrong with it when the seed is loaded
    return known
