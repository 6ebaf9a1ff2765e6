"""Models: what was trained, from which version of a dataset, and which version is the current one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from metasql.diagnostics import MetasqlError, candidates, suggest
from metasql.execute import state
from metasql.execute.counting import refresh_status
from metasql.execute.origin import author, revision
from metasql.execute.promote import point
from metasql.execute.session import Session, now
from metasql.execute.snapshot import checked_table
from metasql.execute.versions import (
    CURRENT,
    DATASET,
    LATEST,
    DatasetVersion,
    before_current,
    claim,
    claims,
    current_of,
    dataset_version,
    none_current,
    note_promotion,
    promoted_before,
    read,
    text_of,
)
from metasql.graph.nodes import Feature
from metasql.names import is_key
from metasql.plan.models import MODEL, code_version

_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}")


@dataclass(frozen=True)
class ModelVersion:
    """One version of a model. `is_current`: it is the promoted one.

    `dataset` and `dataset_version` are what it learned from, None where nobody said it.
    """

    name: str
    version: str
    dataset: str | None
    dataset_version: int | None
    metrics: Mapping[str, Any]
    uri: str | None
    message: str | None
    run_id: str
    revision: str | None
    author: str | None
    created_at: str
    is_current: bool = False

    @property
    def code_version(self) -> str:
        """That of the fields with `code_version: {model: NAME}` while it is promoted."""
        return code_version(self.name, self.version)


@dataclass(frozen=True)
class Registration:
    """What a program says of a model. Without a `version` it is the next number."""

    name: str
    version: str | None = None
    dataset: tuple[str, str | int] | None = None
    metrics: Mapping[str, Any] | None = None
    uri: str | None = None
    message: str | None = None


def model_versions(session: Session, name: str | None = None) -> list[ModelVersion]:
    """The versions of one model, or of all: by name, in the order in which they were registered."""
    rows = sorted(read(session, "metasql_models"), key=lambda row: (str(row["name"]), int(row["number"])))
    rows = [row for row in rows if name is None or row["name"] == name]
    current = {model: current_of(session, MODEL, model) for model in {str(row["name"]) for row in rows}}
    return [_version(row, current[str(row["name"])]) for row in rows]


def _version(row: Mapping[str, Any], current: str | None) -> ModelVersion:
    return ModelVersion(
        name=str(row["name"]),
        version=str(row["version"]),
        dataset=text_of(row["dataset"]),
        dataset_version=int(row["dataset_version"]) if row["dataset_version"] is not None else None,
        metrics=json.loads(str(row["metrics"])),
        uri=text_of(row["uri"]),
        message=text_of(row["message"]),
        run_id=str(row["run_id"]),
        revision=text_of(row["revision"]),
        author=text_of(row["author"]),
        created_at=str(row["created_at"]),
        is_current=current == row["version"],
    )


def model_version(session: Session, name: str, version: str | int) -> ModelVersion:
    """A version as it was registered, or as `current` or `latest`.

    Raises: MetasqlError MS0676, MS0671 where there is none such, MS0674 where none is current.
    """
    found = known_model(session, name)
    if str(version) == LATEST:
        return found[-1]
    if str(version) == CURRENT:
        chosen = next((item for item in found if item.is_current), None)
        if chosen is None:
            raise none_current(MODEL, name)
        return chosen
    for item in found:
        if item.version == str(version):
            return item
    known = [item.version for item in found]
    raise MetasqlError.of(
        "MS0671",
        f"the model `{name}` has no version `{version}`",
        notes=[f"versions: {candidates(known)}"],
        help=suggest(str(version), known) or f"`metasql model show {name}` shows them",
    )


def known_model(session: Session, name: str) -> list[ModelVersion]:
    """All versions of a model that is registered.

    Raises: MetasqlError MS0676.
    """
    found = model_versions(session, name)
    if not found:
        known = sorted({item.name for item in model_versions(session)})
        raise MetasqlError.of(
            "MS0676",
            f"no model `{name}` is registered on this target",
            notes=[f"models: {candidates(known)}"],
            help=suggest(name, known) or f'`wh.register_model("{name}", ...)` registers one',
        )
    return found


def register_model(session: Session, asked: Registration) -> ModelVersion:
    """Write down a model.

    Raises: MetasqlError MS0300 for a name that no model can have, MS0675 for a version that is taken, MS0671 for a
    version of a dataset that there is not, MS0820 where the metrics are no plain data.
    """
    _check_name(asked)
    metrics = _metrics(asked)
    learned = dataset_version(session, *asked.dataset) if asked.dataset is not None else None
    state.ensure_tables(session.connection, session.layout)
    version = _claimed(session, asked)
    with session.connection.writing(), session.connection.transaction():
        row: dict[str, Any] = {"name": asked.name, "version": version, "number": session.connection.next_commit()}
        row |= {"dataset": learned.dataset, "dataset_version": learned.version} if learned is not None else {}
        row |= {"metrics": metrics, "uri": asked.uri, "message": asked.message, "run_id": session.run_id}
        row |= {"revision": revision(session.folder), "author": author(), "created_at": now()}
        state.add(session.connection, session.layout, "metasql_models", [row])
    return model_version(session, asked.name, version)


def _check_name(asked: Registration) -> None:
    if not is_key(asked.name) or "/" in asked.name:
        help = "use lower-case letters, digits and `_`, beginning with a letter: `lips`"
        raise MetasqlError.of("MS0300", f"`{asked.name}` cannot be a model's name", help=help)
    if asked.version is not None and (_VERSION.fullmatch(asked.version) is None or asked.version in (CURRENT, LATEST)):
        raise MetasqlError.of(
            "MS0675",
            f"`{asked.version}` cannot be a model's version",
            help="use letters, digits, `_`, `.`, `+` and `-`; `current` and `latest` have a meaning of their own",
        )


def _metrics(asked: Registration) -> str:
    try:
        return json.dumps(dict(asked.metrics or {}), ensure_ascii=False, allow_nan=False, default=lambda v: v.item())
    except (TypeError, ValueError, AttributeError) as error:
        raise MetasqlError.of(
            "MS0820",
            "the metrics are no plain data",
            notes=[str(error)],
            help="give names with numbers, texts, flags, or lists and mappings of these",
        ) from None


def _claimed(session: Session, asked: Registration) -> str:
    """The version, for this command alone."""
    known = {item.version for item in model_versions(session, asked.name)}
    if asked.version is not None:
        if asked.version in known or not claim(session, MODEL, asked.name, asked.version):
            raise MetasqlError.of(
                "MS0675",
                f"the model `{asked.name}` has a version `{asked.version}` already",
                help="choose another version, or leave it out: then it is the next number",
            )
        return asked.version
    while True:
        taken = {*known, *(str(row["version"]) for row in claims(session, MODEL, asked.name))}
        number = str(1 + max((int(item) for item in taken if item.isdecimal()), default=0))
        if claim(session, MODEL, asked.name, number):
            return number


def promote_model(session: Session, name: str, version: str | int, *, with_dataset: bool = False) -> ModelVersion:
    """Let a version be the current one: what the one before it made is stale.

    `with_dataset`: the version of the dataset that it learned from becomes current, too.

    Raises: MetasqlError MS0671, MS0676; MS0673 where the dataset's table is gone.
    """
    return _point(session, model_version(session, name, version), "promote", with_dataset)


def rollback_model(session: Session, name: str, *, with_dataset: bool = False) -> ModelVersion:
    """Let the version that was promoted before the present one be current again; `with_dataset` as in a promotion.

    Raises: MetasqlError MS0674 where there is none; MS0676; MS0673 where the dataset's table is gone.
    """
    known_model(session, name)
    chosen = model_version(session, name, before_current(session, MODEL, name))
    return _point(session, chosen, "rollback", with_dataset)


def _point(session: Session, model: ModelVersion, action: str, with_dataset: bool) -> ModelVersion:
    state.ensure_tables(session.connection, session.layout)
    data = _learned_from(session, model) if with_dataset else None
    moves = not model.is_current or action == "rollback"
    with session.connection.writing(), session.connection.transaction():
        if data is not None:
            point(session, data, _way_to(session, data))
        if moves:
            note_promotion(session, MODEL, model.name, model.version, action)
    if moves:
        _count_again(session, model.name)
    return model_version(session, model.name, model.version)


def _learned_from(session: Session, model: ModelVersion) -> DatasetVersion:
    if model.dataset is None or model.dataset_version is None:
        raise MetasqlError.of(
            "MS0674",
            f"nobody said what version {model.version} of the model `{model.name}` learned from",
            help="leave `--with-dataset` out, and promote the dataset by itself",
        )
    found = dataset_version(session, model.dataset, model.dataset_version)
    checked_table(session, found)
    return found


def _way_to(session: Session, data: DatasetVersion) -> str:
    """One step back where that leads there, so that the next rollback goes on from it."""
    if data.is_current:
        return "promote"
    stack = promoted_before(session, DATASET, data.dataset)
    return "rollback" if stack[-2:-1] == [str(data.version)] else "promote"


def _count_again(session: Session, model: str) -> None:
    """`metasql_status` says at once what became stale; the increments tell it by themselves."""
    for feature in made_by(session, model):
        if session.connection.columns(session.layout.of(feature.key, "increment")) is not None:
            refresh_status(session, feature)


def made_by(session: Session, model: str) -> list[Feature]:
    """The features that have a field made by a model."""
    return [feature for feature in session.graph if any(field.model == model for field in feature.fields)]
