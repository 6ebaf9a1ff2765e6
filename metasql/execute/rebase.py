"""`metasql rebase`: accept what is stored as valid under the present definition, without computing it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from metasql.diagnostics import Bag, MetasqlError, candidates
from metasql.execute import across, state
from metasql.execute.connection import Value
from metasql.execute.ensure import ensure
from metasql.execute.origin import author, revision
from metasql.execute.past import recipes
from metasql.execute.session import Session, now, perform, place_of
from metasql.execute.writing import write_incoming
from metasql.graph.nodes import Feature
from metasql.plan.rebase import Acceptance, chosen, incoming, representatives, unfit, versions_there


@dataclass(frozen=True)
class Asked:
    """What a person asks for. No `fields`: all of them. `condition` is `where` in the author's words."""

    reason: str
    fields: tuple[str, ...] = ()
    from_version: str | None = None
    where: exp.Expr | None = None
    condition: str | None = None
    upstream: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Rebased:
    """How many units are accepted, and how many rows that writes."""

    units: int
    rows: int


class _Undone(Exception):
    """Nothing of a dry run stays."""


def rebase(session: Session, feature: Feature, asked: Asked) -> Rebased:
    """Accept stored rows, all of what is asked for or none.

    Raises: MetasqlError MS0660 where fields do not fit, MS0661 where no row is of the version, MS0663.
    """
    _check_children(feature, asked)
    found = Rebased(0, 0)
    try:
        with session.connection.transaction():
            known = recipes(session, feature)
            ensure(session, feature)
            found = _rebase(session, feature, asked, _acceptance(feature, asked, known))
            if asked.dry_run:
                raise _Undone
    except _Undone:
        pass
    return found


def _acceptance(feature: Feature, asked: Asked, known: dict[tuple[str, str], tuple[str, ...]]) -> Acceptance:
    same: dict[str, frozenset[str]] = {}
    for field in feature.fields:
        parents = tuple(sorted(str(parent) for parent in field.parents))
        made = {recipe for (name, recipe), made_of in known.items() if name == field.name and made_of == parents}
        same[field.name] = frozenset(made)
    names = asked.fields or tuple(field.name for field in feature.fields)
    return Acceptance(frozenset(names), same, asked.where, asked.from_version, asked.upstream)


def _rebase(session: Session, feature: Feature, asked: Asked, what: Acceptance) -> Rebased:
    connection, layout, place = session.connection, session.layout, place_of(feature, session.layout.engine)
    _check_version(session, feature, asked)
    perform(session, feature, [chosen(feature, session.graph, layout, what)], place)
    units = _checked(session, feature, what)
    if not units or asked.dry_run:
        return Rebased(units, 0)
    names = representatives(feature, session.graph, layout)
    perform(session, feature, incoming(feature, layout, what, names), place)
    written = write_incoming(session, feature, place)
    with connection.writing():
        _record(session, feature, asked, sorted(what.fields), units)
        across.accept(session, feature)
    return Rebased(units, written.rows)


def _checked(session: Session, feature: Feature, what: Acceptance) -> int:
    """The number of units, where all of them fit."""
    *bad, units = session.connection.rows(unfit(feature, what), "see whether the fields fit")[0]
    bag = Bag()
    for field, count in zip(feature.fields, bad, strict=True):
        if count:
            rows = "1 row was" if count == 1 else f"{int(count):,} rows were"
            parents = ", ".join(str(parent) for parent in field.parents) or "nothing"
            bag.error(
                "MS0660",
                f"`{feature.key}.{field.name}` does not fit: {rows} made of other fields, or of nobody knows which",
                field.span if field.span.source.text else feature.span,
                notes=[f"declared now: made of {parents}"],
                help="add `--accept-upstream` to take what upstream holds now as what they were made of",
            )
    bag.raise_errors()
    return int(units)


def _check_version(session: Session, feature: Feature, asked: Asked) -> None:
    if asked.from_version is None:
        return
    there = session.connection.rows(versions_there(feature, session.layout))
    if asked.from_version not in {str(version) for version, _ in there}:
        known = [f"{version} ({int(count):,})" for version, count in there]
        raise MetasqlError.of(
            "MS0661",
            f"no row of `{feature.key}` was written by the feature version `{asked.from_version}`",
            notes=[f"there are: {candidates(known)}"] if known else ["there are no rows"],
            help=f"`metasql history {feature.key}` lists the versions",
        )


def _check_children(feature: Feature, asked: Asked) -> None:
    """The children of one input are accepted together."""
    if not feature.is_expansion or asked.where is None:
        return
    other = sorted({node.name for node in asked.where.find_all(exp.Column)} - set(feature.unit_columns))
    if other:
        raise MetasqlError.of(
            "MS0663",
            f"`{other[0]}` may differ between the children of one input of `{feature.key}`",
            notes=[f"columns of the input: {', '.join(feature.unit_columns)}"],
            help="write the condition over the columns of the input",
        )


def _record(session: Session, feature: Feature, asked: Asked, fields: list[str], units: int) -> None:
    row: dict[str, Value] = {
        "run_id": session.run_id,
        "feature": feature.key.path,
        "fields": ",".join(fields),
        "feature_version": feature.version,
        "from_feature_version": asked.from_version,
        "condition": asked.condition,
        "accepted_upstream": "yes" if asked.upstream else "no",
        "samples": units,
        "reason": asked.reason,
        "revision": revision(session.folder),
        "author": author(),
        "at": now(),
    }
    state.add(session.connection, session.layout, "metasql_rebases", [row])
