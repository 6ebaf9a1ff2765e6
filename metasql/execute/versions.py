"""The versions of datasets and the promotions of datasets and models, as the target's own tables tell them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from metasql.diagnostics import MetasqlError, candidates, suggest
from metasql.execute import state
from metasql.execute.origin import author, revision
from metasql.execute.session import Session, now

DATASET = "dataset"
CURRENT = "current"
LATEST = "latest"


@dataclass(frozen=True)
class DatasetVersion:
    """One frozen version of a dataset.

    `splits` are rows by split. `digest` tells the set of its rows, without metasql's columns. `definition` is what the
    dataset was declared as, `features` the versions of its features. `is_current`: it is the promoted one.
    """

    dataset: str
    version: int
    name: str | None
    relation: str
    message: str | None
    rows: int
    splits: Mapping[str, int]
    digest: str
    definition: Mapping[str, Any]
    features: Mapping[str, Any]
    run_id: str
    revision: str | None
    author: str | None
    created_at: str
    is_current: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that name a row."""
        return tuple(self.definition["key"])

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a reader works with."""
        split = ("split",) if self.definition["splits"] else ()
        return (*self.definition["columns"], *split)


@dataclass(frozen=True)
class Promotion:
    """Something became the current one: by `promote`, or again by `rollback`. `number` grows."""

    kind: str
    name: str
    version: str
    number: int
    action: str
    author: str | None
    revision: str | None
    at: str


def dataset_versions(session: Session, dataset: str | None = None) -> list[DatasetVersion]:
    """The versions of one dataset, or of all: by name and number."""
    where = {} if dataset is None else {"dataset": dataset}
    rows = read(session, "metasql_dataset_versions", **where)
    pointers = {item.name: item.version for item in promotions(session, DATASET)}
    found = [_version(row, pointers) for row in rows]
    return sorted(found, key=lambda item: (item.dataset, item.version))


def _version(row: Mapping[str, Any], pointers: Mapping[str, str]) -> DatasetVersion:
    name, version = str(row["dataset"]), int(row["version"])
    return DatasetVersion(
        dataset=name,
        version=version,
        name=text_of(row["name"]),
        relation=str(row["relation"]),
        message=text_of(row["message"]),
        rows=int(row["rows"]),
        splits=json.loads(str(row["splits"])),
        digest=str(row["digest"]),
        definition=json.loads(str(row["definition"])),
        features=json.loads(str(row["features"])),
        run_id=str(row["run_id"]),
        revision=text_of(row["revision"]),
        author=text_of(row["author"]),
        created_at=str(row["created_at"]),
        is_current=pointers.get(name) == str(version),
    )


def dataset_version(session: Session, dataset: str, version: str | int) -> DatasetVersion:
    """A version by its number (3, v3), by its name, or as `current` or `latest`.

    Raises: MetasqlError MS0671 where there is none such, MS0674 where none is current.
    """
    found = dataset_versions(session, dataset)
    wanted = str(version)
    if wanted == LATEST and found:
        return found[-1]
    if wanted == CURRENT:
        chosen = next((item for item in found if item.is_current), None)
        if chosen is None:
            raise none_current(DATASET, dataset)
        return chosen
    number = wanted[1:] if wanted[:1] == "v" else wanted
    for item in found:
        if item.name == wanted or str(item.version) == number:
            return item
    known = [item.name or f"v{item.version}" for item in found]
    raise MetasqlError.of(
        "MS0671",
        f"the dataset `{dataset}` has no version `{version}`",
        notes=[f"versions: {candidates(known)}"],
        help=suggest(wanted, known) or f"`metasql dataset list` shows them; `metasql snapshot {dataset}` makes one",
    )


def promotions(session: Session, kind: str, name: str | None = None) -> list[Promotion]:
    """What was promoted and rolled back, the oldest first."""
    where = {"kind": kind} if name is None else {"kind": kind, "name": name}
    rows = [
        Promotion(
            kind=str(row["kind"]),
            name=str(row["name"]),
            version=str(row["version"]),
            number=int(row["number"]),
            action=str(row["action"]),
            author=text_of(row["author"]),
            revision=text_of(row["revision"]),
            at=str(row["at"]),
        )
        for row in read(session, "metasql_promotions", **where)
    ]
    return sorted(rows, key=lambda item: item.number)


def current_of(session: Session, kind: str, name: str) -> str | None:
    """The version that is promoted now."""
    found = promotions(session, kind, name)
    return found[-1].version if found else None


def promoted_before(session: Session, kind: str, name: str) -> list[str]:
    """The versions that rollbacks lead through, the present one last.

    Each promotion is put on those before it, and each rollback takes the last one away.
    """
    stack: list[str] = []
    for item in promotions(session, kind, name):
        if item.action == "rollback":
            stack.pop()
        else:
            stack.append(item.version)
    return stack


def before_current(session: Session, kind: str, name: str) -> str:
    """The version that a rollback returns to.

    Raises: MetasqlError MS0674 where there is none.
    """
    stack = promoted_before(session, kind, name)
    if not stack:
        raise none_current(kind, name)
    if len(stack) < 2:
        raise MetasqlError.of(
            "MS0674",
            f"nothing of the {kind} `{name}` was promoted before version `{stack[-1]}`",
            help=f"`metasql {kind} promote {name} VERSION` promotes another one",
        )
    return stack[-2]


def note_promotion(session: Session, kind: str, name: str, version: str, action: str) -> None:
    """Write down that a version is current from now on. To be called inside a transaction and `writing()`."""
    row: dict[str, Any] = {"kind": kind, "name": name, "version": version, "action": action, "run_id": session.run_id}
    row |= {"number": session.connection.next_commit(), "at": now()}
    row |= {"revision": revision(session.folder), "author": author()}
    state.add(session.connection, session.layout, "metasql_promotions", [row])


def claims(session: Session, kind: str, name: str) -> list[dict[str, Any]]:
    """The versions of something that commands began to make."""
    return read(session, "metasql_claims", kind=kind, name=name)


def claim(session: Session, kind: str, name: str, version: str) -> bool:
    """Take a version for this command; false where another command takes it in this moment.

    The row is written before it is looked who else has one: of two that come at once, at least one sees the other.
    """
    token = str(uuid.uuid4())
    row: dict[str, Any] = {"kind": kind, "name": name, "version": version, "token": token, "at": now()}
    with session.connection.writing():
        state.add(session.connection, session.layout, "metasql_claims", [row])
    others = [item for item in claims(session, kind, name) if item["version"] == version and item["token"] != token]
    return not any(str(item["at"]) > _recently() for item in others)


def _recently() -> str:
    """A command that claimed something before this has written it, or is gone."""
    return (datetime.now(timezone.utc) - timedelta(seconds=60)).strftime("%Y-%m-%d %H:%M:%S.%f")


def none_current(kind: str, name: str) -> MetasqlError:
    return MetasqlError.of(
        "MS0674",
        f"no version of the {kind} `{name}` is promoted",
        help=f"`metasql {kind} promote {name} VERSION` promotes one; `metasql {kind} list` shows them",
    )


def read(session: Session, relation: str, **where: str) -> list[dict[str, Any]]:
    """Rows of one of metasql's tables; none where an older metasql made no such table."""
    if session.connection.columns(session.layout.relation(relation)) is None:
        return []
    rows = [dict(row) for row in state.read(session.connection, session.layout, relation)]
    return [row for row in rows if all(row[column] == value for column, value in where.items())]


def text_of(value: Any) -> str | None:
    return None if value is None else str(value)
