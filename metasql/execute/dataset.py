"""A dataset's view: made and replaced when what it is made of was run."""

from __future__ import annotations

import hashlib
import time

from metasql.diagnostics import MetasqlError
from metasql.execute import state
from metasql.execute.results import NodeResult
from metasql.execute.session import Session, told_at
from metasql.graph.dataset import Dataset
from metasql.graph.nodes import Feature
from metasql.lower.render import Renderer
from metasql.names import FeatureKey
from metasql.plan.dataset import query_of, view_of

KIND = "dataset"


def node_name(name: str) -> str:
    """The name of a dataset's node in a run."""
    return f"{KIND}:{name}"


def run_dataset(session: Session, dataset: Dataset) -> NodeResult:
    """Bring the view of a dataset to its declaration, where its features are there.

    Raises: MetasqlError MS0505 on a cluster, 06xx where the engine refuses.
    """
    started = time.perf_counter()
    missing = lacking(session, dataset)
    if missing:
        text = f"waits for {', '.join(f'`{key}`' for key in missing)}, never run here"
    else:
        with session.connection.transaction():
            text = "view made" if ensure_view(session, dataset) else "as declared"
    return NodeResult(node_name(dataset.name), KIND, "ok", time.perf_counter() - started, text)


def lacking(session: Session, dataset: Dataset) -> list[FeatureKey]:
    """The features of a dataset that have no table yet, or not all columns that are declared."""
    found = []
    for key in dataset.features:
        stored = session.connection.columns(session.layout.samples(key))
        if stored is None or not {column.name for column in _feature(session, key).columns} <= stored.keys():
            found.append(key)
    return found


def ensure_view(session: Session, dataset: Dataset) -> bool:
    """Replace the view where its text or its columns are others; says whether it was. To be called in a transaction."""
    connection, layout = session.connection, session.layout
    check_engine(session, dataset)
    view = view_of(dataset, session.graph, layout)
    text = Renderer(connection.dialect).view(view.query, pretty=True)
    with told_at(dataset.span):
        types = connection.describe(query_of(dataset, session.graph, layout))  # a view keeps those of its making
    made = hashlib.sha256(f"{text}{types}".encode()).hexdigest()
    name = node_name(dataset.name)
    told = state.read(connection, layout, "metasql_relations", feature=name)
    if any(row["digest"] == made for row in told) and connection.columns(view.relation) is not None:
        return False
    with told_at(dataset.span), connection.writing():
        connection.create_view(view.relation, view.query)
        row = {"relation": str(view.relation), "feature": name, "digest": made}
        state.replace(connection, layout, "metasql_relations", {"feature": name}, [row])
    return True


def check_engine(session: Session, dataset: Dataset) -> None:
    """Raises: MetasqlError MS0505 where rows are spread over several nodes."""
    if session.connection.is_spread:
        raise MetasqlError.of(
            "MS0505",
            f"the dataset `{dataset.name}` cannot be made on a cluster",
            dataset.span,
            notes=["its features' rows are spread over several nodes by keys of their own"],
            help="declare it for a target on one server: `enabled` features and datasets go by the target",
        )


def _feature(session: Session, key: FeatureKey) -> Feature:
    return session.graph.features[key]
