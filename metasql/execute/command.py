"""The commands that write to a warehouse, made of nodes: seed, run, test, build."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from metasql.diagnostics import MetasqlError
from metasql.execute.assertions import run_assertion
from metasql.execute.counting import refresh_status
from metasql.execute.dataset import KIND, node_name, run_dataset
from metasql.execute.results import NodeResult
from metasql.execute.run import RunOptions, has_its_columns, prepare_parents, run_feature
from metasql.execute.session import Session, told_at
from metasql.execute.state import ensure_tables
from metasql.execute.walk import Node
from metasql.graph.assertions import chosen_assertions, names_of
from metasql.graph.dataset import Dataset
from metasql.graph.nodes import Feature, Graph
from metasql.names import FeatureKey
from metasql.parse.declarations import AssertionDecl, SeedDecl
from metasql.parse.seed_rows import check_rows


def prepare(session: Session, features: Sequence[Feature]) -> None:
    """metasql's own tables, and those of parents that are not selected themselves."""
    ensure_tables(session.connection, session.layout)
    prepare_parents(session, features)


def seed_nodes(graph: Graph, chosen: Iterable[str], root: Path) -> list[Node]:
    """One node per selected seed."""
    return [
        Node(name, "seed", partial(_load_seed, seed=graph.seeds[name], root=root))
        for name in sorted(chosen)
        if name in graph.seeds
    ]


def feature_nodes(graph: Graph, chosen: Iterable[str], options: RunOptions) -> list[Node]:
    """One node per selected feature, after the features and seeds that it reads; then the datasets made of them."""
    names = set(chosen)
    features = [
        Node(
            str(key),
            feature.kind.value,
            partial(_run_feature, feature=feature, options=options),
            _reads(graph, feature),
        )
        for key, feature in graph.features.items()
        if str(key) in names
    ]
    return [*features, *dataset_nodes(graph, names)]


def dataset_nodes(graph: Graph, chosen: Iterable[str]) -> list[Node]:
    """One node per dataset that is made of a selected feature."""
    names = set(chosen)
    return [
        Node(node_name(name), KIND, partial(_run_dataset, dataset=dataset), frozenset(map(str, dataset.features)))
        for name, dataset in graph.datasets.items()
        if names & set(map(str, dataset.features))
    ]


def assertion_nodes(graph: Graph, chosen: Iterable[str]) -> list[Node]:
    """One node per assertion that reads selected nodes alone, or belongs to one of them."""
    return [
        Node(f"assertion:{item.name}", "assertion", partial(_run_assertion, assertion=item), names_of(item))
        for item in chosen_assertions(graph, chosen)
    ]


def build_nodes(graph: Graph, chosen: Iterable[str], options: RunOptions, root: Path) -> list[Node]:
    """Seeds, features and assertions in graph order: a feature waits for the assertions of what it reads."""
    names = set(chosen)
    seeds = seed_nodes(graph, names, root)
    assertions = assertion_nodes(graph, names)
    guards: dict[str, set[str]] = {}
    for item, node in ((item, f"assertion:{item.name}") for item in graph.assertions if item.severity == "error"):
        reads = names_of(item)
        if len(reads) == 1 and any(other.name == node for other in assertions):
            guards.setdefault(next(iter(reads)), set()).add(node)
    features = [
        Node(
            node.name,
            node.kind,
            node.work,
            node.after | {guard for name in node.after for guard in guards.get(name, ())},
        )
        for node in feature_nodes(graph, names, options)
    ]
    return [*seeds, *features, *assertions]


def _reads(graph: Graph, feature: Feature) -> frozenset[str]:
    return frozenset({str(dep.feature) for dep in feature.deps} | {str(name) for name in graph.refs_of(feature)})


def _run_feature(session: Session, *, feature: Feature, options: RunOptions) -> NodeResult:
    return run_feature(session, feature, options)


def _run_dataset(session: Session, *, dataset: Dataset) -> NodeResult:
    return run_dataset(session, dataset)


def _run_assertion(session: Session, *, assertion: AssertionDecl) -> NodeResult:
    return run_assertion(session, assertion)


def _load_seed(session: Session, *, seed: SeedDecl, root: Path) -> NodeResult:
    started = time.perf_counter()
    connection = session.connection
    try:
        with told_at(seed.span), connection.writing(), connection.transaction():
            relation = session.layout.relation(str(seed.name))
            rows = connection.load_seed(relation, root / seed.path, seed.header, seed.types)
    except MetasqlError as error:
        found = check_rows(seed, root)
        raise (MetasqlError(found) if found.has_errors else error) from None
    seconds = time.perf_counter() - started
    return NodeResult(str(seed.name), "seed", "ok", seconds, f"{rows:,} rows", written=rows)


def refresh_downstream(session: Session, written: Iterable[str], chosen: Iterable[str]) -> None:
    """What was written may change what the features behind it wait for: count those again.

    One whose tables, or those of a parent, lack what is declared by now is counted when it is run.
    """
    done = set(chosen)
    for feature in children_of(session, written):
        if feature.key.path not in done:
            refresh_status(session, feature)


def children_of(session: Session, names: Iterable[str]) -> Iterator[Feature]:
    """The features behind some that can be counted."""
    keys = {child for name in names for child in session.graph.children.get(FeatureKey(name), ())}
    for key in sorted(keys):
        feature = session.graph.features[key]
        read = [feature, *(session.graph.features[dep.feature] for dep in feature.deps)]
        if not session.layout.is_deferred(key) and all(has_its_columns(session, item) for item in read):
            yield feature
