"""The projects that this one names: their features out of a manifest, or out of the warehouse that they push to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlglot import exp

from metasql.config.dependencies import ProjectDecl
from metasql.config.options import attaches
from metasql.config.profiles import Target
from metasql.config.project import ProjectConfig
from metasql.config.reader import Render
from metasql.diagnostics import Bag, MetasqlError
from metasql.execute import state
from metasql.execute.projects import nothing_there
from metasql.execute.registry import dialect_of
from metasql.graph.definition import FeatureDefinition, as_dict
from metasql.graph.nodes import Feature
from metasql.graph.projects import Others, features_of
from metasql.lower.dialect import Dialect
from metasql.lower.render import render
from metasql.names import FeatureKey
from metasql.parse.read import project_render
from metasql.plan.layout import Layout, Place
from metasql.plan.sql import cols, select, table
from metasql.report.artifacts import SCHEMA_VERSION, target_folder, write_document
from metasql.report.definitions import Manifest, definition_out_of, read_whole_manifest

KEPT = "projects"
"""What warehouses told, in the target folder: for commands that open none."""

RunQuery = Callable[[str], list[tuple[Any, ...]]]


@dataclass(frozen=True)
class _Reading:
    """What is needed to read other projects. `root`: where relative paths lead from."""

    config: ProjectConfig
    target: Target
    dialect: Dialect
    render: Render
    root: Path
    run_query: RunQuery | None = None


@dataclass(frozen=True)
class Told:
    """What other projects have, and where it lies."""

    others: Others = field(default_factory=Others)
    places: Mapping[str, Place] = field(default_factory=dict)


def read_projects(
    config: ProjectConfig, target: Target, env: Mapping[str, str], root: Path, run_query: RunQuery | None, bag: Bag
) -> Told:
    """All projects that are named; what cannot be read is in the bag, at the place of its name.

    `root`: where the paths of manifests lead from. `run_query` is given where a warehouse is open.
    """
    features: dict[FeatureKey, Feature] = {}
    places: dict[str, Place] = {}
    behind: set[str] = set()
    render_ = project_render(config, target, env)
    reading = _Reading(config, target, dialect_of(target, config.hash), render_, root, run_query)
    for decl in config.dependencies:
        place = _place(reading, decl, bag)
        if place is None:
            continue
        try:
            manifest = _manifest(reading, decl, place)
            _check(reading, decl, manifest)
        except MetasqlError as error:
            for item in error.bag:
                bag.error(item.code, item.message, decl.name.span, notes=item.notes, help=item.help or "")
            continue
        places[str(decl.name)] = place
        behind |= {str(decl.name), *manifest.reads}
        features |= {feature.key: feature for feature in features_of(str(decl.name), manifest.definitions)}
    return Told(Others(features, tuple(sorted(behind))), places)


def _place(reading: _Reading, decl: ProjectDecl, bag: Bag) -> Place | None:
    before = len(bag)
    schema = reading.render(decl.schema, bag)
    database = reading.render(decl.database, bag) if decl.database is not None else None
    if len(bag) > before or schema is None:
        return None
    options, target = reading.target.options, reading.target
    if options.get("cluster"):
        help = "leave `dependencies` out for this target, or use a server without a cluster"
        message = f"features of `{decl.name}` cannot be read on a cluster"
        bag.error("MS0118", message, decl.name.span, notes=["its rows are spread by keys of its own"], help=help)
        return None
    known = [str(entry["alias"]) for entry in options.get("attach") or []]
    if decl.database is not None and attaches(options) and str(database) not in known:
        entry = f"{{path: ..., alias: {database}, read_only: true}}"
        help = f"attach its file in target `{target.name}`: `attach: [{entry}]`"
        bag.error("MS0118", f"target `{target.name}` attaches no `{database}`", decl.database.span, help=help)
        return None
    if decl.database is not None and not attaches(options):
        help = "name the database of the server in `schema`, and leave `database` out"
        bag.error("MS0118", f"a {target.type} target has no `database`", decl.database.span, help=help)
        return None
    return Place(str(schema), str(database) if database is not None else None)


def _check(reading: _Reading, decl: ProjectDecl, manifest: Manifest) -> None:
    own = reading.config.name
    if decl.manifest is not None and manifest.name != decl.name:
        raise MetasqlError.of(
            "MS0119",
            f"the manifest of `{decl.name}` is that of the project `{manifest.name}`",
            help=f"write `name: {manifest.name}`, or name the manifest of `{decl.name}`",
        )
    if own in manifest.reads:
        raise MetasqlError.of(
            "MS0120",
            f"`{decl.name}` reads features of `{own}`, and this is `{own}`",
            notes=[f"`{decl.name}` reads: {', '.join(manifest.reads)}"],
            help="take one of the two dependencies away; projects cannot read each other in a circle",
        )


def _manifest(reading: _Reading, decl: ProjectDecl, place: Place) -> Manifest:
    """Raises: MetasqlError MS0510, MS0511 for a manifest, MS0606, MS0690 for a warehouse, MS0121 for neither."""
    if decl.manifest is not None:
        return read_whole_manifest(reading.root / str(decl.manifest))
    kept = target_folder(reading.config) / KEPT / f"{decl.name}.json"
    if reading.run_query is not None:
        _keep(kept, str(decl.name), _in_warehouse(reading, decl, place, reading.run_query))
    elif not kept.is_file():
        raise MetasqlError.of(
            "MS0121",
            f"what the project `{decl.name}` has was never read from its warehouse",
            help="`metasql lock` reads it; or name its manifest: `manifest: ../media/target/metasql.json`",
        )
    return read_whole_manifest(kept)


def _in_warehouse(
    reading: _Reading, decl: ProjectDecl, place: Place, run_query: RunQuery
) -> Mapping[str, FeatureDefinition]:
    layout = Layout(place.schema, reading.target.type, place.catalog)

    def rows(name: str, columns: list[str]) -> list[tuple[Any, ...]]:
        query: exp.Query = select(*cols(columns)).from_(table(layout.relation(name)))
        return run_query(render(query, reading.dialect))

    try:
        version = dict(rows("metasql_meta", ["name", "value"])).get("version")
        if version is not None and int(version) > int(state.VERSION):
            raise state.newer(str(version))
        told = rows("metasql_definitions", ["feature", "definition"])
    except MetasqlError as error:
        if set(error.codes) <= {"MS0611", "MS0610"}:
            raise nothing_there(str(decl.name), place) from None
        raise
    return {str(key): item for key, text in told if (item := definition_out_of(str(key), str(text))) is not None}


def _keep(path: Path, name: str, features: Mapping[str, FeatureDefinition]) -> None:
    entries = {key: as_dict(item) for key, item in sorted(features.items())}
    project = {"name": name, "digest": ""}
    write_document(path, {"schema_version": SCHEMA_VERSION, "project": project, "features": entries})
