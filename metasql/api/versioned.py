"""What a warehouse does with datasets and models: freeze, read, register, promote."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlglot import exp

from metasql.api.dataset import Dataset
from metasql.api.increment import Increment
from metasql.diagnostics import MetasqlError, candidates, suggest
from metasql.execute.dataset_export import rows_of
from metasql.execute.models import (
    ModelVersion,
    Registration,
    model_version,
    model_versions,
    promote_model,
    register_model,
    rollback_model,
)
from metasql.execute.promote import promote_dataset, rollback_dataset
from metasql.execute.session import Session
from metasql.execute.snapshot import snapshot
from metasql.execute.versions import CURRENT, DatasetVersion, dataset_version, dataset_versions
from metasql.graph.dataset import SPLIT
from metasql.graph.dataset import Dataset as Declared
from metasql.lower.render import render
from metasql.pipeline import Project, dataset_of
from metasql.plan.dataset import relation_of
from metasql.plan.sql import col, cols, equal, select, table, text


class Versioned(ABC):
    """The part of a `Warehouse` that works on datasets and models."""

    _project: Project
    _lock: threading.RLock

    @property
    @abstractmethod
    def _session(self) -> Session:
        """The session of the warehouse."""

    def snapshot(self, dataset: str, *, message: str | None = None, name: str | None = None) -> DatasetVersion:
        """Freeze a dataset as its next version, as `metasql snapshot` does; `name` is one beside its number.

        Raises: MetasqlError MS0363, MS0607 before the features' first run, MS0670 for a name that is taken.
        """
        declared = dataset_of(self._project, dataset)
        with self._lock:
            return snapshot(self._session, declared, message, name)

    def dataset(self, name: str, version: str | int | None = None, *, split: str | None = None) -> Dataset:
        """The rows of a dataset: of a version (a number, its name, "current", "latest"), or without one as it is now.

        Raises: MetasqlError MS0363, MS0671, MS0674 for what there is not; MS0607 before the features' first run.
        """
        with self._lock:
            session = self._session
            if version is None:
                chosen, query = None, _live(session, dataset_of(self._project, name), split)
            else:
                if not dataset_versions(session, name):
                    dataset_of(self._project, name)
                chosen = dataset_version(session, name, version)
                _check_split(split, tuple(chosen.splits), name)
                query = rows_of(session, chosen, split)
        return Dataset(name, chosen, split, self._rows(name, query))

    def dataset_versions(self, name: str | None = None) -> tuple[DatasetVersion, ...]:
        """The versions of one dataset, or of all, by name and number."""
        with self._lock:
            return tuple(dataset_versions(self._session, name))

    def promote_dataset(self, name: str, version: str | int) -> DatasetVersion:
        """Let `NAME__current` be a version.

        Raises: MetasqlError MS0671, MS0673.
        """
        with self._lock:
            return promote_dataset(self._session, name, version)

    def rollback_dataset(self, name: str) -> DatasetVersion:
        """Let `NAME__current` be the version that was promoted before.

        Raises: MetasqlError MS0674, MS0673.
        """
        with self._lock:
            return rollback_dataset(self._session, name)

    def register_model(
        self,
        name: str,
        *,
        dataset: tuple[str, str | int] | None = None,
        metrics: Mapping[str, Any] | None = None,
        uri: str | None = None,
        version: str | int | None = None,
        message: str | None = None,
    ) -> ModelVersion:
        """Write down a trained model: the dataset and version that it learned from, how good it is, where it lies.

        Without a `version` it is the next number. It is promoted by itself (`promote_model`).

        Raises: MetasqlError MS0300, MS0675 for a name or version that cannot be, MS0671 for a dataset's version that
        there is not, MS0820 where the metrics are no plain data.
        """
        word = str(version) if version is not None else None
        with self._lock:
            return register_model(self._session, Registration(name, word, dataset, metrics, uri, message))

    def model(self, name: str, version: str | int | None = None) -> ModelVersion:
        """A version of a model; the one that is promoted ("current") where none is named. "latest" is the last one.

        Raises: MetasqlError MS0676, MS0671, MS0674 for what there is not.
        """
        with self._lock:
            return model_version(self._session, name, version if version is not None else CURRENT)

    def models(self, name: str | None = None) -> tuple[ModelVersion, ...]:
        """The versions of one model, or of all, as they were registered."""
        with self._lock:
            return tuple(model_versions(self._session, name))

    def promote_model(self, name: str, version: str | int, *, with_dataset: bool = False) -> ModelVersion:
        """Let a version be current: what another one made is stale. `with_dataset`: what it learned from is, too.

        Raises: MetasqlError MS0676, MS0671, MS0673.
        """
        with self._lock:
            return promote_model(self._session, name, version, with_dataset=with_dataset)

    def rollback_model(self, name: str, *, with_dataset: bool = False) -> ModelVersion:
        """Let the version that was promoted before be current again; `with_dataset` as in a promotion.

        Raises: MetasqlError MS0676, MS0674, MS0673.
        """
        with self._lock:
            return rollback_model(self._session, name, with_dataset=with_dataset)

    def _rows(self, name: str, query: exp.Query) -> Increment:
        def export(path: Path, size: int) -> None:
            with self._lock:
                self._session.connection.export(query, path, "arrow", size)

        def relation() -> Any:
            with self._lock:
                return self._session.connection.relation(query)

        return Increment(name, lambda: render(query, self._project.dialect, pretty=True), export, relation)


def _live(session: Session, dataset: Declared, split: str | None) -> exp.Query:
    """The present rows, as the dataset's view tells them."""
    _check_split(split, tuple(name for name, _ in dataset.splits), dataset.name)
    relation = relation_of(dataset, session.layout)
    stored = session.connection.columns(relation)
    if stored is None or not set(dataset.data) <= stored.keys():
        raise MetasqlError.of(
            "MS0607",
            f"the dataset `{dataset.name}` was never made on this target as it is declared",
            dataset.span,
            help=f"`metasql run --select {' '.join(map(str, dataset.features))}` makes it",
        )
    query = select(*cols(dataset.data)).from_(table(relation))
    return query if split is None else query.where(equal(col(SPLIT), text(split)))


def _check_split(split: str | None, known: tuple[str, ...], name: str) -> None:
    if split is not None and split not in known:
        raise MetasqlError.of(
            "MS0820",
            f"the dataset `{name}` has no split `{split}`",
            notes=[f"splits: {candidates(known)}"],
            help=suggest(split, known) or "name one of these, or none for all rows",
        )
