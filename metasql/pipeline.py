"""The whole of metasql, one line per stage. Read this first.

    config → parse → graph → plan → lower → execute → report

`load` goes as far as the graph: it touches no warehouse. `compiled` goes through plan and
lower. `metasql/execute/walk.py` goes on to the warehouse. Each stage gives a value and its
diagnostics; errors stop between stages, so that all mistakes of a stage are seen at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlglot import exp

from metasql.config.profiles import PROFILES_FILE, Target, load_target
from metasql.config.project import ProjectConfig, load_project
from metasql.diagnostics import Bag, Diagnostic, MetasqlError, candidates, suggest
from metasql.execute.registry import dialect_of
from metasql.execute.revision import project_at
from metasql.execute.unit_plan import UnitPlan, memory_target
from metasql.graph.dataset import Dataset
from metasql.graph.definition import Definitions, definitions_of
from metasql.graph.link import ReadBefore, link
from metasql.graph.lock import FILE, Lock, read_lock
from metasql.graph.memory import Memory
from metasql.graph.nodes import Feature, Graph
from metasql.graph.projects import pins
from metasql.graph.select import Selector
from metasql.graph.unit_tests import unit_project
from metasql.graph.version import Hasher
from metasql.lower.dialect import Dialect
from metasql.lower.portable import carried
from metasql.lower.render import Renderer, render
from metasql.names import FieldKey
from metasql.parse.declarations import Declarations, UnitTestDecl
from metasql.parse.discover import Part
from metasql.parse.read import profile_render, read_project
from metasql.plan.dataset import view_of
from metasql.plan.layout import Layout, Place
from metasql.plan.materialize import computation
from metasql.plan.models import with_models
from metasql.plan.relations import views
from metasql.plan.steps import Check, Stamp, Step
from metasql.plan.write import delete_orphans, find_changed, write_samples
from metasql.report.projects import read_projects
from metasql.source import Source

LINEAGE = "lineage.json"
"""What was read of bodies, in the target folder."""

RunQuery = Callable[[str], list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Options:
    """Where the project lies, and what the user said besides.

    `defer`: whether what the target has not made is read from the one that its profile names. `source`: another
    target of the profile, which is to be read too.
    """

    project_dir: Path
    profiles_dir: Path | None = None
    target: str | None = None
    vars: Mapping[str, Any] = field(default_factory=dict)
    defer: bool = True
    source: str | None = None
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    home: Path = field(default_factory=Path.home)
    beside: Path | None = None
    """Where the paths of other projects lead from, if `project_dir` is a copy."""


@dataclass(frozen=True)
class Project:
    """A project that was read and linked for one target. `diagnostics` are its warnings."""

    config: ProjectConfig
    target: Target
    declarations: Declarations
    graph: Graph
    diagnostics: tuple[Diagnostic, ...]
    lock: Lock = field(default_factory=Lock)
    lock_path: Path = Path(FILE)
    places: Mapping[str, Place] = field(default_factory=dict)
    """Where the relations of other projects lie."""

    @property
    def dialect(self) -> Dialect:
        return dialect_of(self.target, self.config.hash)

    @property
    def layout(self) -> Layout:
        spread = bool(self.target.options.get("cluster"))
        return Layout(self.target.schema, self.target.type, spread=spread, projects=self.places)

    def selector(self, lookups: Mapping[str, Callable[[str], Iterable[str]]] | None = None) -> Selector:
        return Selector(self.graph, self.declarations.selectors, lookups or {})


@dataclass(frozen=True)
class CompiledFile:
    """One readable file of `target/compiled`."""

    path: Path
    relation: str
    sql: str
    feature: str = ""


def read_config(options: Options) -> tuple[ProjectConfig, Target, Bag]:
    """config: the project file, and the target of the profile.

    Raises: MetasqlError 01xx.
    """
    bag = Bag()
    config = load_project(options.project_dir, bag, options.vars)
    bag.raise_errors()
    assert config is not None, "a project without errors was read"
    target = load_target(
        config,
        profiles_dir=options.profiles_dir,
        target=options.target,
        env=options.env,
        home=options.home,
        render=profile_render(config, options.env),
        bag=bag,
        source=options.source,
    )
    bag.raise_errors()
    assert target is not None, "a target without errors was read"
    return config, target if options.defer else replace(target, defer=None), bag


def load(options: Options, run_query: RunQuery | None = None, part: Part | None = None) -> Project:
    """config → parse → graph, in the words of the target's engine. `run_query` is given at run time alone.

    Of a `part`, its features alone, without assertions.

    Raises: MetasqlError with every mistake of the first stage that has one.
    """
    config, target, bag = read_config(options)
    declarations = read_project(config, target, env=options.env, run_query=run_query, bag=bag, part=part)
    bag.raise_errors()
    lock = read_lock(_lock_file(options.project_dir), bag)
    bag.raise_errors()
    kept = config.root / config.target_path / LINEAGE
    memory = Memory.read(kept)
    told = read_projects(config, target, options.env, options.beside or options.project_dir, run_query, bag)
    bag.raise_errors()
    graph, found = link(declarations, config.dialect, Hasher(config.hash), ReadBefore(lock, memory), told.others)
    lock.pins.update(pins(graph))
    memory.write(kept, keep=part is not None)
    bag.extend(found)
    bag.raise_errors()
    graph = carried(graph, declarations, dialect_of(target, config.hash), bag)
    bag.raise_errors()
    path = options.project_dir / FILE
    project = Project(config, target, declarations, graph, tuple(bag.sorted()), lock, path, told.places)
    return replace(project, graph=with_models(graph, project.layout))


def definitions_at(options: Options, revision: str) -> Definitions:
    """What the project declares at a git revision, in the words of the present target.

    Raises: MetasqlError MS0512 (no such revision), MS0513 (no project there), MS0514 (it has errors).
    """
    folder = options.project_dir
    beside = folder if (folder / PROFILES_FILE).is_file() else None
    profiles = options.profiles_dir or (None if options.env.get("METASQL_PROFILES_DIR") else beside)
    with project_at(folder, revision) as old:
        try:
            there = replace(options, project_dir=old, profiles_dir=profiles, beside=folder)
            return definitions_of(load(there).graph)
        except MetasqlError as error:
            found = error.bag.sorted()
            raise MetasqlError.of(
                "MS0514",
                f"the project at `{revision}` has errors",
                notes=[f"{item.code}: {item.message} ({item.primary.span})" for item in found[:6]],
                help="name a revision whose project can be read by this metasql",
            ) from None


def unit_plan(project: Project, test: UnitTestDecl) -> UnitPlan:
    """parse → graph of a unit test's own small project, on an engine in memory of the target's kind.

    Raises: MetasqlError MS0355 where the test does not fit its feature.
    """
    bag = Bag()
    target = memory_target(project.target)
    made = unit_project(test, project.graph, project.declarations, target.schema, project.config.dialect, bag)
    bag.raise_errors()
    assert made is not None, "a unit test without errors was read"
    graph, found = link(
        made.declarations, project.config.dialect, Hasher(project.config.hash), ReadBefore(project.lock)
    )
    found.raise_errors()
    graph = carried(graph, made.declarations, dialect_of(target, project.config.hash), found)
    found.raise_errors()
    return UnitPlan(test, made, graph, target, project.config.hash)


def _lock_file(folder: Path) -> Source | None:
    try:
        return Source(FILE, (folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        return Source(FILE, "this file cannot be read")


def write_lock(project: Project) -> bool:
    """Write the lock file where it is not up to date; says whether it did."""
    if project.lock.is_current:
        return False
    beside = project.lock_path.with_name(f"{FILE}.new")
    beside.write_text(project.lock.text(), encoding="utf-8")
    beside.replace(project.lock_path)
    return True


def check_lock(project: Project) -> None:
    """Raises: MetasqlError MS0418 where the lock file is not up to date."""
    if not project.lock.is_current:
        raise MetasqlError.of(
            "MS0418",
            f"`{FILE}` is not up to date",
            notes=project.lock.changes()[:20],
            help="run `metasql lock`, look at the difference, and commit the file with the change that it belongs to",
        )


def compiled(project: Project, features: Iterable[Feature]) -> list[CompiledFile]:
    """plan → lower: every view of the features.

    Raises: MetasqlError 05xx.
    """
    files = []
    renderer = Renderer(project.dialect)
    for feature in features:
        renderer.forget()
        folder = Path("compiled", project.config.name, *feature.key.parts[:-1])
        for view in views(feature, project.graph, project.layout):
            sql = f"-- {view.purpose}.\n{renderer.view(view.query, pretty=True)};\n"
            files.append(CompiledFile(folder / f"{view.relation.name}.sql", view.relation.name, sql, str(feature.key)))
    return files


def compiled_datasets(project: Project, features: Iterable[Feature]) -> list[CompiledFile]:
    """The views of the datasets that are made of some of the features."""
    chosen = {feature.key for feature in features}
    files = []
    for name, dataset in project.graph.datasets.items():
        if chosen & set(dataset.features):
            view = view_of(dataset, project.graph, project.layout)
            sql = f"-- {view.purpose}.\n{Renderer(project.dialect).view(view.query, pretty=True)};\n"
            files.append(CompiledFile(Path("compiled", project.config.name, f"{name}.sql"), name, sql))
    return files


def dataset_of(project: Project, name: str) -> Dataset:
    """A dataset by its name.

    Raises: MetasqlError MS0363.
    """
    dataset = project.graph.datasets.get(name)
    if dataset is None:
        known = list(project.graph.datasets)
        raise MetasqlError.of(
            "MS0363",
            f"dataset `{name}` does not exist",
            notes=[f"datasets: {candidates(known)}"],
            help=suggest(name, known) or "declare it under `datasets`",
        )
    return dataset


def statements(project: Project, feature: Feature, *, full_refresh: bool = False) -> str:
    """What a run of a feature with a body executes, as one script to read.

    Run, time and commit number stand as placeholders: they are given when it runs.
    """
    stamp = Stamp("<run id>", "1970-01-01 00:00:00", 0)
    plan = computation(feature, project.graph, project.layout, full_refresh=full_refresh)
    steps = [*plan.steps, *find_changed(feature, project.layout), *write_samples(feature, project.layout, stamp)]
    if feature.orphans == "delete":
        steps += delete_orphans(feature, project.layout, stamp)
    parts = [f"-- {feature.key}: what `metasql run` executes, in one transaction.\n"]
    for step in steps:
        head, trees = _shown(step, project.dialect)
        parts += [f"-- {head}", *(f"{render(tree, project.dialect, pretty=True)};" for tree in trees), ""]
    return "\n".join(parts)


def _shown(step: Step | Check, dialect: Dialect) -> tuple[str, Sequence[exp.Expr]]:
    """What a step is for, and its statements."""
    if isinstance(step, Check):
        return f"check: {step.purpose} (rows are errors {step.code})", [step.tree]
    return step.purpose, dialect.statements(step)


def feature_of(project: Project, key: str) -> Feature:
    """A feature of this project by its key.

    Raises: MetasqlError MS0330, MS0691.
    """
    feature = known_feature(project, key)
    if feature.key.project:
        raise MetasqlError.of(
            "MS0691",
            f"`{key}` is a feature of the project `{feature.key.project}`, and is only read here",
            help=f"do this in the project `{feature.key.project}`, where it is called `{feature.key.there}`",
        )
    return feature


def known_feature(project: Project, key: str) -> Feature:
    """The same, or a feature that is read of another project.

    Raises: MetasqlError MS0330.
    """
    feature = project.graph.get(key)
    if feature is None:
        raise unknown_feature(project.graph, key)
    return feature


def unknown_feature(graph: Graph, key: str) -> MetasqlError:
    """The error for a key that is not declared."""
    known = [str(name) for name in graph.features]
    return MetasqlError.of(
        "MS0330",
        f"feature `{key}` does not exist",
        notes=[f"features: {candidates(known)}"],
        help=suggest(key, known) or "`metasql ls` lists them",
    )


def fields_of(project: Project, key: str) -> list[FieldKey]:
    """The field that is named, or all fields of a feature.

    Raises: MetasqlError MS0330, MS0302.
    """
    if project.graph.get(key) is not None or "." not in key:
        feature = known_feature(project, key)
        return [FieldKey(feature.key, item.name) for item in feature.fields]
    wanted = FieldKey.parse(key)
    feature = known_feature(project, str(wanted.feature))
    names = [item.name for item in feature.fields]
    if wanted.field not in names:
        raise MetasqlError.of(
            "MS0302",
            f"field `{wanted.field}` does not exist on feature `{feature.key}`",
            notes=[f"fields of `{feature.key}`: {candidates(names)}"],
            help=suggest(wanted.field, names) or f"name one of the fields of `{feature.key}`",
        )
    return [wanted]
