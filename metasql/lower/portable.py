"""What people wrote in the project's dialect, brought over to the target's engine: bodies, expressions, assertions.

This is one pass over the linked graph, before anything is planned. Definitions were hashed
before it, so that versions do not depend on the engine; a body that was written for the
engine itself is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from sqlglot import exp
from sqlglot.errors import SqlglotError

from metasql.diagnostics import Bag
from metasql.graph.dataset import Dataset
from metasql.graph.nodes import Dependency, Feature, Field, Graph
from metasql.lower.dialect import Dialect, Refusal
from metasql.names import FeatureKey
from metasql.parse.declarations import AssertionDecl, Body, Declarations, FeatureDecl, Ref, SeedDecl
from metasql.parse.sql import place_in, span_of
from metasql.source import NOWHERE, Span, Word

Types = Mapping[str, exp.DataType]


def carried(graph: Graph, declarations: Declarations, dialect: Dialect, bag: Bag) -> Graph:
    """The graph with everything that a person wrote in the words of the engine.

    Mistakes MS0502: what the engine cannot be given, each at its place.
    """
    if dialect.carry is None:
        return graph
    pass_ = _Pass(graph, declarations, dialect, bag)
    features = {key: pass_.feature(feature) for key, feature in graph.features.items()}
    assertions = tuple(pass_.assertion(item) for item in graph.assertions)
    datasets = {name: pass_.dataset(item) for name, item in graph.datasets.items()}
    return replace(graph, features=features, assertions=assertions, datasets=datasets)


def carried_body(body: Body, graph: Graph, dialect: Dialect, bag: Bag) -> Body:
    """One query by itself, over public relations."""
    if dialect.carry is None or body.engine is not None:
        return body
    tree, refusals = dialect.carry(body.tree, sources=_sources(body.refs, graph, {}))
    _report(refusals, lambda node: span_of(body.lines, node), dialect, bag, "its own engine's SQL")
    return replace(body, carried=tree) if isinstance(tree, exp.Query) else body


def carried_condition(tree: exp.Expr, word: Word, feature: Feature, dialect: Dialect, bag: Bag) -> exp.Expr:
    """One condition over a feature's rows, by itself."""
    if dialect.carry is None:
        return tree
    made, refusals = dialect.carry(tree, condition=True, types=_types(feature))
    _report(refusals, lambda node: place_in(word, node), dialect, bag, _ELSEWHERE)
    return made


_ELSEWHERE = "compute it in a body and use its column here"


class _Pass:
    """One pass over a graph."""

    def __init__(self, graph: Graph, declarations: Declarations, dialect: Dialect, bag: Bag) -> None:
        self.graph = graph
        self.dialect = dialect
        self.bag = bag
        self.declared = {str(item.key): item for item in declarations.features}

    def feature(self, feature: Feature) -> Feature:
        decl = self.declared.get(str(feature.key))
        own = _types(feature)
        stale_when = self.expression(feature.stale_when, decl.stale_when if decl else None, own, condition=True)
        return replace(
            feature,
            bodies={engine: self.body(body, feature) for engine, body in feature.bodies.items()},
            deps=tuple(self.dependency(dep, decl) for dep in feature.deps),
            fields=tuple(self.field(field, decl, own) for field in feature.fields),
            stale_when=stale_when,
        )

    def body(self, body: Body, feature: Feature) -> Body:
        if body is not feature.body_for(self.dialect.name) or body.engine is not None or self.dialect.carry is None:
            return body
        renames = {str(dep.feature): dep.rename for dep in feature.deps}
        tree, refusals = self.dialect.carry(body.tree, sources=_sources(body.refs, self.graph, renames))
        beside = f"`{body.path.rpartition('/')[2].removesuffix('.sql')}.{self.dialect.name}.sql` beside it"
        _report(refusals, lambda node: span_of(body.lines, node), self.dialect, self.bag, beside)
        return replace(body, carried=tree) if isinstance(tree, exp.Query) else body

    def assertion(self, item: AssertionDecl) -> AssertionDecl:
        if self.dialect.carry is None:
            return item
        tree, refusals = self.dialect.carry(item.tree, sources=_sources(item.refs, self.graph, {}))
        where = "a macro that asks for `target.type`"
        _report(refusals, lambda node: span_of(item.lines, node), self.dialect, self.bag, where)
        return replace(item, tree=tree) if isinstance(tree, exp.Query) else item

    def dependency(self, dep: Dependency, decl: FeatureDecl | None) -> Dependency:
        declared = next((item for item in decl.deps if str(item.feature) == str(dep.feature)), None) if decl else None
        types = _types(self.graph.features[dep.feature])
        where = self.expression(dep.where, declared.where if declared else None, types, condition=True)
        words = {str(name): word for name, word in declared.aggregates.items()} if declared else {}
        aggregates = []
        for name, tree in dep.aggregates:
            made = self.expression(tree, words.get(name), types, condition=False)
            aggregates.append((name, made if made is not None else tree))
        return replace(dep, where=where, aggregates=tuple(aggregates))

    def dataset(self, item: Dataset) -> Dataset:
        types = {
            name: column.type
            for name, (key, own) in item.named.items()
            for column in self.graph.features[key].columns
            if column.name == own and column.type is not None
        }
        return replace(item, where=self.expression(item.where, item.condition, types, condition=True))

    def field(self, field: Field, decl: FeatureDecl | None, types: Types) -> Field:
        declared = next((item for item in decl.fields if str(item.name) == field.name), None) if decl else None
        content = self.expression(field.content, declared.version if declared else None, types, condition=False)
        return replace(field, content=content)

    def expression(self, tree: exp.Expr | None, word: Word | None, types: Types, *, condition: bool) -> exp.Expr | None:
        if tree is None or self.dialect.carry is None:
            return tree
        made, refusals = self.dialect.carry(tree, condition=condition, types=types)

        def place(node: exp.Expr) -> Span:
            return place_in(word, node) if word is not None else NOWHERE

        _report(refusals, place, self.dialect, self.bag, _ELSEWHERE)
        return made


def _report(
    refusals: Iterable[Refusal], place: Callable[[exp.Expr], Span], dialect: Dialect, bag: Bag, way: str
) -> None:
    for refusal in refusals:
        bag.error(
            "MS0502",
            f"this cannot be carried over to {dialect.name}",
            place(refusal.node),
            label=refusal.reason,
            help=f"write it otherwise, or for {dialect.name} alone: {way}, or a dispatched macro",
        )


def _types(feature: Feature) -> dict[str, exp.DataType]:
    return {column.name: column.type for column in feature.columns if column.type is not None}


def _sources(
    refs: Iterable[Ref], graph: Graph, renames: Mapping[str, Mapping[str, str]]
) -> dict[str, Mapping[str, exp.DataType]]:
    """The known types behind each reference, under the names that the query sees; of a source nothing is sure."""
    found: dict[str, Mapping[str, exp.DataType]] = {}
    for ref in refs:
        if ref.kind == "source":
            continue
        feature = graph.features.get(FeatureKey(str(ref.name)))
        seed = graph.seeds.get(str(ref.name))
        if feature is not None:
            rename = renames.get(str(feature.key), {})
            found[ref.placeholder] = {rename.get(name, name): type_ for name, type_ in _types(feature).items()}
        elif seed is not None:
            found[ref.placeholder] = _seed_types(seed)
    return found


def _seed_types(seed: SeedDecl) -> dict[str, exp.DataType]:
    known: dict[str, exp.DataType] = {}
    for name, type_ in seed.types.items():
        try:
            known[name] = exp.DataType.build(type_, dialect="duckdb")
        except SqlglotError:
            continue  # the engine says what is wrong with it when the seed is loaded
    return known
