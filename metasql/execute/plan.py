"""`metasql plan`: what a run of some features would do, counted before anything is spent.

Writes nothing but temporary tables. What a run finds there is predicted feature by feature in the order
of the graph; features that are not selected stay as they are, as in a run. External features count as
worked off: what stands on them is predicted as it will be when their results are committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from sqlglot import exp

from metasql.diagnostics import Diagnostic, MetasqlError
from metasql.execute import state
from metasql.execute.across import is_as_before, reading
from metasql.execute.connection import Row
from metasql.execute.session import Session, perform, place_of
from metasql.graph.definition import Definitions
from metasql.graph.nodes import Feature, Kind
from metasql.names import FeatureKey, Relation
from metasql.plan.cascade import Level, counted, told_units
from metasql.plan.doubt import Predicted, needed_columns, open_columns
from metasql.plan.materialize import RESULT, computation
from metasql.plan.predict import in_doubt, marks_of, predicted_samples
from metasql.plan.restrict import why_whole
from metasql.plan.sql import col, current, is_null, select, table
from metasql.plan.stand_in import Source, never_stored, predicted, stored


@dataclass(frozen=True)
class Bounds:
    """A number that lies between two; where they are equal it is exact."""

    least: int = 0
    most: int = 0

    def __add__(self, other: Bounds) -> Bounds:
        return Bounds(self.least + other.least, self.most + other.most)

    @property
    def is_exact(self) -> bool:
        return self.least == self.most


@dataclass(frozen=True)
class Work:
    """What a run would do to one feature.

    `state` is known, new here (it was never run), rebuilt (its key changed), outside (a root that other programs
    write), unmade (there is no warehouse yet) or unknown, of which `error` or `behind` tell why; of the last three
    nothing is counted. `fields` maps (field, reason)
    to the units that are stale at most. `is_open`: more new units will come, which nobody can count
    before they are there.
    `children` is how many samples a unit of an expansion has on average.
    """

    feature: FeatureKey
    state: str
    live: int = 0
    new: Bounds = Bounds()
    stale: Bounds = Bounds()
    orphaned: Bounds = Bounds()
    waiting: int = 0
    fields: Mapping[tuple[str, str], int] = field(default_factory=dict)
    is_open: bool = False
    children: float | None = None
    behind: str | None = None
    error: tuple[Diagnostic, ...] = ()

    @property
    def computed(self) -> Bounds:
        """The units that would be computed."""
        return self.new + self.stale

    @property
    def is_exact(self) -> bool:
        return self.new.is_exact and self.stale.is_exact and self.orphaned.is_exact and not self.is_open

    @property
    def is_counted(self) -> bool:
        return self.state not in ("unknown", "outside", "unmade")


@dataclass(frozen=True)
class _Planning:
    """A plan at work. `predictions` and `unknown` grow feature by feature."""

    session: Session
    chosen: frozenset[FeatureKey]
    told: Definitions
    predictions: dict[FeatureKey, Predicted] = field(default_factory=dict)
    unknown: set[FeatureKey] = field(default_factory=set)

    def columns(self, feature: Feature, suffix: str) -> Mapping[str, str] | None:
        """The columns of one of a feature's tables on the target."""
        return self.session.connection.columns(self.session.layout.of(feature.key, suffix))

    def read_columns(self, feature: Feature) -> Mapping[str, str] | None:
        """The columns of its samples where they are read."""
        return self.session.connection.columns(self.session.layout.samples(feature.key))

    def needed(self, feature: Feature) -> bool:
        """Whether the plan goes on behind a feature."""
        return any(key in self.chosen for key in self.session.graph.children[feature.key])

    def free_name(self) -> str:
        """A name that no table has that is still read."""
        taken = {item.place for item in self.predictions.values()}
        return next(name for number in count(1) if (name := f"metasql_plan_{number}") not in taken)


def plan_work(session: Session, features: Iterable[Feature], told: Definitions) -> list[Work]:
    """What a run of the features, upstream first, would do to each of them."""
    todo = list(features)
    planning = _Planning(session, frozenset(feature.key for feature in todo), told)
    found = []
    for place, feature in enumerate(todo):
        found.append(_work(planning, feature))
        behind = {dep.feature for later in todo[place + 1 :] for dep in later.deps}
        for key in planning.predictions.keys() - behind:
            del planning.predictions[key]
    return found


def _work(planning: _Planning, feature: Feature) -> Work:
    key, layout = feature.key, planning.session.layout
    behind = next((dep.feature for dep in feature.deps if dep.feature in planning.unknown), None)
    if behind is not None:
        planning.unknown.add(key)
        return Work(key, "unknown", behind=str(behind))
    if feature.kind is Kind.ROOT and feature.body_for(layout.engine) is None:
        there = planning.columns(feature, "samples") is not None
        return Work(key, "outside", live=state.live_count(planning.session, feature) if there else 0)
    try:
        return _counted(planning, feature)
    except MetasqlError as error:
        planning.unknown.add(key)
        return Work(key, "unknown", error=tuple(error.bag.sorted()))


def _counted(planning: _Planning, feature: Feature) -> Work:
    """Count a feature's increment, and predict its samples where others stand on them."""
    session = planning.session
    present = planning.columns(feature, "samples")
    rebuilt = present is not None and _has_another_key(feature, planning.told)
    known = None if rebuilt else present
    read = _read(session, feature)
    level = _level(planning, feature, known, read)
    name = planning.free_name() if planning.needed(feature) else None
    rows = None
    if name is None or not _is_likely(planning, feature, known):
        rows = _rows(session, feature, told_units(level).subquery("unit", copy=False))
    if name is not None and (rows is None or _has_work(rows) or _goes_on(level)):
        rows = _predict(planning, level, name)
    assert rows is not None, "what was not counted was predicted"
    live = state.live_count(session, feature) if present is not None else 0
    where = "known" if known is not None else "rebuilt" if rebuilt else "new here"
    is_open = bool(open_columns(feature, planning.predictions))
    children = _children(session, feature, live) if feature.is_expansion and known is not None else None
    return _work_of(rows, Work(feature.key, where, live=live, is_open=is_open, children=children))


def _read(session: Session, feature: Feature) -> str | None:
    """Read the body of a root, as a run does it: once, and checked."""
    if feature.kind is not Kind.ROOT:
        return None
    steps = computation(feature, session.graph, session.layout, full_refresh=False).finding[:-1]
    perform(session, feature, steps, place_of(feature, session.layout.engine))
    return RESULT


def _has_another_key(feature: Feature, told: Definitions) -> bool:
    before = told.features.get(str(feature.key))
    pairs = [(before.id_columns, feature.id_columns), (before.unit_columns, feature.unit_columns)] if before else []
    return any(set(was) != set(now) for was, now in pairs)


def _is_likely(planning: _Planning, feature: Feature, known: Mapping[str, str] | None) -> bool:
    """Whether there is probably something to do: then the samples are predicted at once, and counted there."""
    before = planning.told.features.get(str(feature.key))
    affected = any(dep.feature in planning.predictions for dep in feature.deps)
    return known is None or affected or before is None or before.version != feature.version


def _level(planning: _Planning, feature: Feature, known: Mapping[str, str] | None, read: str | None) -> Level:
    session, graph, layout = planning.session, planning.session.graph, planning.session.layout
    sources: dict[Relation, Source] = {}
    for suffix in ("samples", "inputs") if feature.is_expansion else ("samples",):
        present = known if suffix == "samples" else planning.columns(feature, suffix)
        own = never_stored(feature, suffix) if known is None else stored(feature, layout, suffix, present)
        sources[layout.of(feature.key, suffix)] = own
    for dep in feature.deps:
        said = planning.predictions.get(dep.feature)
        upstream = graph.features[dep.feature]
        source = predicted(said.place) if said else stored(upstream, layout, "samples", planning.read_columns(upstream))
        sources[layout.samples(dep.feature)] = source
    unlike = {name for name, type_ in (known or {}).items() if session.connection.dialect.is_unlike(type_)}
    contents = frozenset(item.name for item in feature.fields if item.result and unlike.isdisjoint(item.result))
    live = stored(feature, layout, "samples", known) if known is not None else None
    columns = needed_columns(feature, graph, planning.chosen)
    predictions = {
        dep.feature: planning.predictions[dep.feature] for dep in feature.deps if dep.feature in planning.predictions
    }
    across = _looks_across(planning, feature, known)
    return Level(feature, graph, layout, sources, predictions, live, columns, contents, read, across)


def _looks_across(planning: _Planning, feature: Feature, known: Mapping[str, str] | None) -> bool:
    """Whether a run would compute all samples of a feature, as its body looks across them and reads something new."""
    session, graph = planning.session, planning.session.graph
    body = feature.body_for(session.layout.engine)
    if feature.kind is not Kind.SQL or body is None or why_whole(body, feature) is None:
        return False
    upstream = [graph.features[dep.feature] for dep in feature.deps]
    if known is None or any(item.key in planning.predictions or _may_be_updated(planning, item) for item in upstream):
        return True
    if any(planning.read_columns(item) is None for item in upstream):
        return True
    try:
        read = reading(session, feature)
        return read is not None and not is_as_before(session, feature, read)
    except MetasqlError:
        return True  # the target tells no horizon yet


def _may_be_updated(planning: _Planning, upstream: Feature) -> bool:
    """Whether a run may write to settled samples: of a root, what is stored of a column without a field follows."""
    claimed = {name for item in upstream.fields for name in item.columns}
    free = any(column.name not in claimed for column in upstream.data_columns)
    return upstream.key in planning.chosen and upstream.kind is Kind.ROOT and bool(upstream.bodies) and free


def _predict(planning: _Planning, level: Level, name: str) -> list[Row]:
    """Make the table of a feature's predicted samples; without work, the stored ones go on standing for themselves."""
    session, feature = planning.session, level.feature
    steps = predicted_samples(level, name)
    perform(session, feature, steps, feature.span)
    rows = _rows(session, feature, table(steps[0].name, "unit"))
    open_ = open_columns(feature, level.predictions)
    if _has_work(rows) or _goes_on(level) or open_:
        marks = session.connection.rows(in_doubt(level, name), f"see what is not known of {feature.key}")[0]
        unsure, doubted, moved = marks_of(level, marks)
        if feature.is_expansion and unsure:
            open_ |= set(feature.id_columns) - set(feature.unit_columns)
        planning.predictions[feature.key] = Predicted(name, unsure, doubted, moved, open_)
    return rows


def _goes_on(level: Level) -> bool:
    """Whether samples may change without any work: columns that no field claims, bodies that look across samples."""
    return level.across or (level.read is not None and bool(level.columns))


def _rows(session: Session, feature: Feature, units: exp.Expr) -> list[Row]:
    return session.connection.rows(counted(units), f"count what would be done for {feature.key}")


def _has_work(rows: Iterable[Row]) -> bool:
    return any(row[0] != "waiting" for row in rows)


def _children(session: Session, feature: Feature, live: int) -> float | None:
    """How many samples an input has given so far, on average; None where none was processed."""
    inputs = current(session.layout.of(feature.key, "inputs"), "input")
    query = select(exp.Count(this=exp.Star())).from_(inputs, copy=False)
    there = query.where(is_null(col("metasql_deleted_at", "input")), copy=False)
    processed = int(session.connection.rows(there)[0][0])
    return live / processed if processed else None


def _work_of(rows: Iterable[Row], work: Work) -> Work:
    """The counted units as numbers between two bounds."""
    least: dict[str, int] = dict.fromkeys(("new", "stale", "orphaned", "waiting"), 0)
    most = dict(least)
    fields: dict[tuple[str, str], int] = {}
    for what, reason, names, certain, may_go, number in rows:
        if what is not None:
            most[what] += number
            least[what] += number if certain else 0
        if may_go:
            most["orphaned"] += number
        if what == "orphaned" and not certain:
            most["stale"] += number  # it may come back, as another one
        if what == "stale":
            for name in str(names).split(","):
                fields[name, str(reason)] = fields.get((name, str(reason)), 0) + number
    return replace(
        work,
        new=Bounds(least["new"], most["new"]),
        stale=Bounds(least["stale"], most["stale"]),
        orphaned=Bounds(least["orphaned"], most["orphaned"]),
        waiting=most["waiting"],
        fields=fields,
    )
