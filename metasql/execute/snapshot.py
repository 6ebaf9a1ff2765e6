"""`metasql snapshot`: a dataset as it is now, frozen as a table of its own.

A version is there when `metasql_dataset_versions` has its row: that is written last. The number is taken before
anything is made, by a row in a log and a look at who else took it, so that two commands never fill one table; the
number of a command that was killed stays unused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from metasql.diagnostics import MetasqlError
from metasql.execute import state
from metasql.execute.dataset import check_engine, ensure_view, lacking
from metasql.execute.origin import author, revision
from metasql.execute.session import Session, now, told_at
from metasql.execute.versions import DATASET, DatasetVersion, claim, claims, dataset_version, dataset_versions
from metasql.graph import version as hashing
from metasql.graph.dataset import Dataset, as_dict
from metasql.graph.nodes import Feature
from metasql.names import Relation
from metasql.plan.dataset import digest, query_of, split_counts

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
_TAKEN = re.compile(r"v?\d+|current|latest")


@dataclass(frozen=True)
class Frozen:
    """What was found in the table of a version."""

    rows: int
    splits: dict[str, int]
    digest: str


def snapshot(session: Session, dataset: Dataset, message: str | None = None, name: str | None = None) -> DatasetVersion:
    """Freeze a dataset as its next version, whole or not at all.

    Raises: MetasqlError MS0670 for a name that is taken, or that no version can have; MS0607 where a feature was never
    run here; MS0505 on a cluster.
    """
    check_engine(session, dataset)
    state.ensure_tables(session.connection, session.layout)
    _check_name(session, dataset, name)
    _check_features(session, dataset)
    number = _claimed(session, dataset)
    connection, relation = session.connection, table_of(session, dataset.name, number)
    with told_at(dataset.span), connection.writing(), connection.transaction():
        ensure_view(session, dataset)
        connection.store(relation, query_of(dataset, session.graph, session.layout))
        found = _looked_at(session, dataset, relation)
        _record(session, dataset, number, name, message, found)
    return dataset_version(session, dataset.name, number)


def table_of(session: Session, dataset: str, number: int) -> Relation:
    """The table of a version."""
    return session.layout.relation(f"{dataset}__v{number}")


def _check_name(session: Session, dataset: Dataset, name: str | None) -> None:
    if name is None:
        return
    if _NAME.fullmatch(name) is None or _TAKEN.fullmatch(name) is not None:
        raise MetasqlError.of(
            "MS0670",
            f"`{name}` cannot be a version's name",
            help="begin with a letter, and use letters, digits, `_`, `.` and `-`; numbers, `current` and `latest` "
            "have a meaning of their own",
        )
    taken = next((item for item in dataset_versions(session, dataset.name) if item.name == name), None)
    if taken is not None:
        raise MetasqlError.of(
            "MS0670",
            f"the dataset `{dataset.name}` has a version `{name}` already",
            notes=[f"it is v{taken.version}, made at {taken.created_at}"],
            help="choose another name: a version never changes",
        )


def _check_features(session: Session, dataset: Dataset) -> None:
    missing = lacking(session, dataset)
    if missing:
        raise MetasqlError.of(
            "MS0607",
            f"`{missing[0]}` was never run on this target as it is declared",
            dataset.span,
            help=f"`metasql run --select {' '.join(f'+{key}' for key in missing)}` makes its relations",
        )


def _claimed(session: Session, dataset: Dataset) -> int:
    """The number of the next version, for this command alone."""
    while True:
        taken = [int(row["version"]) for row in claims(session, DATASET, dataset.name)]
        number = 1 + max(taken, default=0)
        if claim(session, DATASET, dataset.name, str(number)):
            return number


def _looked_at(session: Session, dataset: Dataset, relation: Relation) -> Frozen:
    connection = session.connection
    types = {
        item.name: column.type
        for item in dataset.columns
        for column in session.graph.features[item.feature].columns
        if column.name == item.column
    }
    rows, made = connection.rows(digest(dataset.data, types, relation), f"tell the rows of {relation.name}")[0]
    splits = {name: 0 for name, _ in dataset.splits}
    if splits:
        splits |= {str(name): int(count) for name, count in connection.rows(split_counts(relation))}
    return Frozen(int(rows), splits, str(made) if rows else hashing.digest(hashing.encode("no rows")))


def _record(
    session: Session, dataset: Dataset, number: int, name: str | None, message: str | None, found: Frozen
) -> None:
    features = {str(key): _feature(session.graph.features[key]) for key in dataset.features}
    row: dict[str, Any] = {
        "dataset": dataset.name,
        "version": number,
        "name": name,
        "relation": table_of(session, dataset.name, number).name,
        "message": message,
        "rows": found.rows,
        "splits": json.dumps(found.splits),
        "digest": found.digest,
        "definition": json.dumps(as_dict(dataset), ensure_ascii=False),
        "features": json.dumps(features, ensure_ascii=False),
        "run_id": session.run_id,
        "revision": revision(session.folder),
        "author": author(),
        "created_at": now(),
    }
    state.add(session.connection, session.layout, "metasql_dataset_versions", [row])


def _feature(feature: Feature) -> dict[str, Any]:
    """By which versions a feature was declared."""
    fields = {item.name: {"code_version": item.code_version, "version": item.version} for item in feature.fields}
    return {"version": feature.version, "fields": fields}


def checked_table(session: Session, version: DatasetVersion) -> Relation:
    """The table of a version that is there.

    Raises: MetasqlError MS0673.
    """
    relation = session.layout.relation(version.relation)
    if session.connection.columns(relation) is None:
        raise _changed(version, "it is not there any more")
    return relation


def check_contents(session: Session, version: DatasetVersion) -> None:
    """Whether the rows of a version are those that were frozen.

    Raises: MetasqlError MS0673.
    """
    relation = checked_table(session, version)
    if not set(version.columns) <= (session.connection.columns(relation) or {}).keys():
        raise _changed(version, "it has lost columns")
    query = digest(version.columns, {}, relation)
    rows, made = session.connection.rows(query, f"tell the rows of {relation.name}")[0]
    if int(rows) != version.rows or (rows and str(made) != version.digest):
        raise _changed(version, f"it has {int(rows):,} rows, and not those that were frozen ({version.rows:,})")


def _changed(version: DatasetVersion, what: str) -> MetasqlError:
    return MetasqlError.of(
        "MS0673",
        f"the table `{version.relation}` of dataset `{version.dataset}` was changed around metasql",
        notes=[what],
        help=f"bring it back from a backup, or make a new version: `metasql snapshot {version.dataset}`",
    )
