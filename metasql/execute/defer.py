"""Features that a target has not made, and that are read from another one (docs/environments.md).

Which these are is decided once for a command, by what both targets were told of features. The other target is read
and never written: what is written lies in the layout's own schema, and what is read of parents, where
`Layout.samples` says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from metasql.config.defer import Defer
from metasql.config.profiles import Options, Target
from metasql.diagnostics import Bag, Diagnostic, MetasqlError
from metasql.events import Note
from metasql.execute import state
from metasql.execute.connection import NOT_THERE, Connection
from metasql.execute.registry import connect
from metasql.execute.session import Session
from metasql.execute.told import told_at_layout
from metasql.graph.definition import FeatureDefinition
from metasql.graph.nodes import Feature, Graph
from metasql.names import FeatureKey
from metasql.plan.layout import Elsewhere, Layout

MOST = 20
"""So many features are told one by one."""


def deferring(target: Target, graph: Graph, layout: Layout, connection: Connection) -> Layout:
    """The layout of a target, with the features that are read from the one that it defers to.

    Raises: MetasqlError MS0680 (nothing is there), MS0681, MS0606 (an older or a newer metasql wrote it).
    """
    if target.defer is None:
        return layout
    there = told_elsewhere(target.name, target.defer, layout, connection)
    return _deferring(target.defer, graph, layout, _made(connection, layout), there)


def before_first_run(target: Target, algorithm: str, graph: Graph, layout: Layout) -> Layout:
    """The same of a target that does not exist yet: the other one is opened by itself, to read."""
    if target.defer is None:
        return layout
    try:
        connection = connect(_other(target, target.defer), algorithm, read_only=True)
    except MetasqlError as error:
        if set(error.codes) <= NOT_THERE:
            return layout
        raise
    try:
        alone = replace(target.defer, catalog=None, path=None)
        there = told_elsewhere(target.name, alone, layout, connection)
    finally:
        connection.close()
    return _deferring(target.defer, graph, layout, frozenset(), there)


def _other(target: Target, other: Defer) -> Target:
    attached = (entry["path"] for entry in target.options.get("attach") or () if entry["alias"] == other.catalog)
    path = other.path or next(attached, target.options.get("path"))
    options = {**target.options, "attach": (), "path": path} if path is not None else target.options
    return replace(target, name=other.target, schema=other.schema, options=Options(options), defer=None)


def _deferring(
    other: Defer, graph: Graph, layout: Layout, here: Collection[str], there: Mapping[str, FeatureDefinition]
) -> Layout:
    wanted = {key: feature for key, feature in graph.features.items() if str(key) not in here}
    unfit = {key: found for key, feature in wanted.items() if (found := unlike(feature, there, other.target))}
    elsewhere = Elsewhere(
        other.target,
        other.schema,
        other.catalog,
        frozenset(key for key in wanted if str(key) in there and key not in unfit),
        frozenset(key for key in wanted if str(key) not in there),
        unfit,
    )
    return replace(layout, elsewhere=elsewhere)


def _made(connection: Connection, layout: Layout) -> frozenset[str]:
    """The keys of the features that were run here."""
    if connection.columns(layout.relation("metasql_features")) is None:
        return frozenset()
    return frozenset(str(row["feature"]) for row in state.read(connection, layout, "metasql_features"))


def told_elsewhere(name: str, other: Defer, layout: Layout, connection: Connection) -> Mapping[str, FeatureDefinition]:
    """The features that another target was told, by their keys.

    Raises: MetasqlError MS0680, MS0681, MS0606.
    """
    place = Layout(other.schema, layout.engine, other.catalog)
    if connection.columns(place.relation("metasql_meta")) is None:
        raise MetasqlError.of(
            "MS0680",
            f"`{other.target}`, from which `{name}` is to read features, holds none",
            help=f"`metasql run --target {other.target}` makes them; or use `--no-defer`",
        )
    version = state.meta(connection, place, "version")
    if version is None or int(version) < int(state.VERSION):
        raise MetasqlError.of(
            "MS0681",
            f"`{other.target}` was written by an older metasql (tables of version {version or 'unknown'})",
            notes=[f"`{name}` only reads it, and changes nothing there"],
            help=f"`metasql status --refresh --target {other.target}` brings it up to date; or use `--no-defer`",
        )
    return told_at_layout(connection, place).features


def unlike(feature: Feature, there: Mapping[str, FeatureDefinition], target: str) -> Diagnostic | None:
    """What keeps the samples of another target from standing for a feature as it is declared here."""
    told = there.get(str(feature.key))
    if told is None:
        return None
    if set(told.id_columns) != set(feature.id_columns):
        notes = [f"there: {', '.join(told.id_columns)}", f"declared: {', '.join(feature.id_columns)}"]
        return _unfit(feature, f"`{target}` holds `{feature.key}` under another key", notes, target)
    lost = [f"the field `{item.name}`" for item in feature.fields if told.field_named(item.name) is None]
    if told.columns is not None:
        lost += [f"the column `{item.name}`" for item in feature.columns if item.name not in told.columns]
    if lost:
        notes = [f"it lacks {what}" for what in lost]
        return _unfit(feature, f"`{target}` holds `{feature.key}` in another form", notes, target)
    return None


def _unfit(feature: Feature, message: str, notes: list[str], target: str) -> Diagnostic:
    help = f"`metasql run --select {feature.key}` makes it in this target; or run `{target}` as it is declared here"
    return MetasqlError.of("MS0682", message, feature.span, notes=notes[:6], help=help).bag.items[0]


def owning(session: Session, keys: Iterable[FeatureKey]) -> Session:
    """The session of a command that makes some features: they are the target's own from here on."""
    other = session.layout.elsewhere
    if other is None:
        return session
    own = frozenset(keys)
    left = replace(
        other,
        features=other.features - own,
        lacking=other.lacking - own,
        unfit={key: found for key, found in other.unfit.items() if key not in own},
    )
    return replace(session, layout=replace(session.layout, elsewhere=left))


def aside(graph: Graph, layout: Layout, chosen: set[str], named: Collection[FeatureKey] | None) -> set[str]:
    """The nodes that a command is to make: without those that are read from elsewhere.

    `named` are the features that a selection names, and None stands for no selection. What is selected is made here,
    but what outside programs write has to be named: it would be empty.

    Raises: MetasqlError MS0682 for what would be read from there, and is there in another form.
    """
    other = layout.elsewhere
    if other is None:
        return chosen
    engine, left = layout.engine, set()
    for key in (*other.features, *other.unfit):
        outside = graph.features[key].body_for(engine) is None
        if str(key) in chosen and (named is None or (outside and key not in named)):
            left.add(key)
    Bag([fault for key, fault in other.unfit.items() if key in left]).raise_errors()
    return chosen - {str(key) for key in left}


def check_parents(session: Session, features: Iterable[Feature]) -> None:
    """What the features of a command read is here, or in the target that it is read from.

    Raises: MetasqlError MS0682 (it is there in another form), MS0683 (it is in neither of them).
    """
    other = session.layout.elsewhere
    if other is None:
        return
    bag = Bag()
    for key, reader in _read(features).items():
        if key in other.unfit:
            bag.items.append(other.unfit[key])
        elif key in other.lacking:
            bag.error(
                "MS0683",
                f"`{key}`, which `{reader.key}` reads, is neither in this target nor in `{other.target}`",
                session.graph.features[key].span,
                help=f"select it too: `metasql run --select {key}`",
            )
    bag.raise_errors()


def _read(features: Iterable[Feature]) -> dict[FeatureKey, Feature]:
    """What is read by features that do not stand among them, each with one that reads it."""
    chosen = {feature.key: feature for feature in features}
    pairs = {dep.feature: feature for feature in chosen.values() for dep in feature.deps}
    return {key: reader for key, reader in pairs.items() if key not in chosen}


def tell_deferred(session: Session, features: Iterable[Feature]) -> None:
    """Say which features are read from elsewhere for some others."""
    other = session.layout.elsewhere
    if other is None:
        return
    read = sorted((key for key in _read(features) if key in other.features), key=str)
    for key in read[:MOST]:
        session.emit(Note(f"{key}: read from {other.target}"))
    if len(read) > MOST:
        session.emit(Note(f"and {len(read) - MOST} more are read from {other.target}"))


def own_only(session: Session, feature: Feature) -> None:
    """A feature that this target has made.

    Raises: MetasqlError MS0684 where it is read from elsewhere.
    """
    other = session.layout.elsewhere
    if other is not None and feature.key in other.features:
        raise MetasqlError.of(
            "MS0684",
            f"`{feature.key}` is read from `{other.target}`: this target has not made it",
            feature.span,
            help=f"`metasql run --select {feature.key}` makes it here; or use `--target {other.target}`",
        )
