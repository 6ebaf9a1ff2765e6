"""`metasql debug`: one check after the other, as far as they go. Nothing secret is in what they say."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from metasql.config.profiles import Target, find_profiles, load_target
from metasql.config.project import PROJECT_FILE, VERSION, ProjectConfig, load_project
from metasql.config.secret import Secret
from metasql.diagnostics import Bag, Diagnostic, MetasqlError, Severity, candidates
from metasql.execute.connection import NOT_THERE, Connection
from metasql.execute.defer import deferring
from metasql.execute.registry import connect, dialect_of
from metasql.graph.link import link
from metasql.graph.nodes import Graph
from metasql.graph.version import Hasher
from metasql.parse.read import profile_render, read_project
from metasql.plan.layout import Layout

_SHOWN = ("path", "driver", "host", "port", "username", "secure", "cluster", "threads")
"""The options of a target that may be shown. `settings` are not: credentials may be among them."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `status` is ok, error, or `-` where it could not be looked at."""

    name: str
    status: str
    text: str


@dataclass
class Findings:
    """All checks, and what was wrong."""

    checks: list[Check] = field(default_factory=list)
    bag: Bag = field(default_factory=Bag)

    def note(self, name: str, text: str, status: str = "ok") -> None:
        self.checks.append(Check(name, status, text))

    def errors(self, name: str, text: str, found: Bag) -> None:
        """A check that failed: what was wrong goes to the diagnostics."""
        number = sum(item.severity is Severity.ERROR for item in found)
        said = f"{number} error{'' if number == 1 else 's'}"
        self.note(name, f"{text}: {said}" if text else said, "error")
        self.bag.extend(item for item in found if item.severity is Severity.ERROR)

    def skip(self, *names: str, why: str) -> None:
        for name in names:
            self.note(name, why, "-")


@dataclass(frozen=True)
class Place:
    """Where to look: what the command line says of project and profile."""

    root: Path
    profiles_dir: Path | None
    target: str | None
    vars: Mapping[str, Any]
    env: Mapping[str, str] = field(repr=False)
    home: Path = field(default_factory=Path.home)
    defer: bool = True


def inspect(place: Place) -> Findings:
    """Look at versions, project file, profile, target, the project's files and the warehouse."""
    found = Findings()
    found.note("metasql", VERSION)
    found.note("python", f"{platform.python_version()} on {platform.system()}")
    config = _project(place, found)
    if config is None:
        found.skip("profile", "files", "warehouse", why="needs the project file")
        return found
    target = _target(place, config, found)
    graph = _files(place, config, target, found)
    if target is None:
        found.skip("warehouse", why="needs the target")
    else:
        _warehouse(target, graph, found)
    return found


def _project(place: Place, found: Findings) -> ProjectConfig | None:
    bag = Bag()
    config = load_project(place.root, bag, place.vars)
    path = place.root / PROJECT_FILE
    if config is None:
        found.errors("project", str(path), bag)
    else:
        found.note("project", f"{config.name} ({path})")
    return config


def _target(place: Place, config: ProjectConfig, found: Findings) -> Target | None:
    bag = Bag()
    path = find_profiles(config.root, place.profiles_dir, place.env, place.home)
    target = load_target(
        config,
        profiles_dir=place.profiles_dir,
        target=place.target,
        env=place.env,
        home=place.home,
        render=profile_render(config, place.env),
        bag=bag,
    )
    if target is None:
        found.errors("profile", f"{config.profile} ({path})" if path else str(config.profile), bag)
        return None
    found.note("profile", f"{target.profile} ({path})")
    target = target if place.defer else replace(target, defer=None)
    shown = [f"{name} {target.options[name]}" for name in _SHOWN if _is_shown(target.options.get(name))]
    found.note("target", ", ".join([f"{target.name}: {target.type}", f"schema {target.schema}", *shown]))
    return target


def _is_shown(value: object) -> bool:
    return value is not None and value != "" and not isinstance(value, Secret)


def _files(place: Place, config: ProjectConfig, target: Target | None, found: Findings) -> Graph | None:
    bag = Bag()
    declarations = read_project(config, target, env=place.env, bag=bag)
    if not bag.has_errors:
        graph, mistakes = link(declarations, config.dialect, Hasher(config.hash))
        bag.extend(mistakes)
    if bag.has_errors:
        found.errors("files", "", bag)
        return None
    numbers = ((len(graph.features), "feature"), (len(graph.seeds), "seed"), (len(graph.assertions), "assertion"))
    found.note("files", ", ".join(f"{number} {noun}{'' if number == 1 else 's'}" for number, noun in numbers))
    return graph


def _warehouse(target: Target, graph: Graph | None, found: Findings) -> None:
    """Engine facts, as its connection tells them; a warehouse that is not there yet is no fault."""
    try:
        dialect = dialect_of(target)
        connection = connect(target, read_only=True)
    except MetasqlError as error:
        if set(error.codes) <= NOT_THERE:
            found.note("warehouse", "does not exist yet: `metasql build` makes it")
        else:
            found.errors("warehouse", "", error.bag)
        return
    try:
        facts = connection.describe_engine()
        facts |= _deferred(target, graph, connection)
    except MetasqlError as error:
        found.errors("warehouse", "", error.bag)
        return
    finally:
        connection.close()
    found.note("warehouse", "can be opened")
    for name, text in {**facts, **dialect.capabilities}.items():
        found.note(name, text)


def _deferred(target: Target, graph: Graph | None, connection: Connection) -> dict[str, str]:
    """What the target reads of another one."""
    if target.defer is None or graph is None:
        return {}
    other = deferring(target, graph, Layout(target.schema, target.type), connection).elsewhere
    assert other is not None, "the target defers"
    names = candidates([str(key) for key in graph.features if key in other.features]) if other.features else "nothing"
    unfit = [found.message for found in other.unfit.values()]
    return {"defer": "; ".join([f"read from {other.target}: {names}", *unfit])}


def lines(findings: Findings, paint: Callable[[str, str], str]) -> list[str]:
    """A line for each check: its name, its status as `paint` colours it, and what was found."""
    width = max(len(check.name) for check in findings.checks)
    return [
        f"{check.name:<{width}}  {paint(f'{check.status:<5}', check.status)}  {check.text}" for check in findings.checks
    ]


def failed(findings: Findings) -> tuple[Diagnostic, ...]:
    """What was wrong, in order."""
    return tuple(findings.bag.sorted())
