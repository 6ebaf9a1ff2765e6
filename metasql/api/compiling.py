"""`metasql parse` and `metasql compile` of a whole project, of which only what changed is made again.

What a command was made of is kept beside what it wrote (report/stamp.py). Where nothing changed, nothing is
read. Where bodies changed, or features in YAML files, these are read with what is upstream of them,
and written, with what is downstream where their versions are new. Should others see anything else that is
new of them, or should there be anything to say, the whole project is read after all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from metasql.config.profiles import profile_places
from metasql.config.project import PROJECT_FILE, SELECTORS_FILE, ProjectConfig
from metasql.diagnostics import MetasqlError
from metasql.graph.lock import FILE
from metasql.graph.nodes import Feature
from metasql.graph.version import Hasher
from metasql.lower.program import program
from metasql.names import FeatureKey
from metasql.parse.declarations import FeatureDecl
from metasql.parse.discover import Part, PartTooSmall
from metasql.pipeline import CompiledFile, Options, Project, compiled, compiled_datasets, load, read_config
from metasql.report.artifacts import MANIFEST, manifest, target_folder, write_compiled, write_document, write_whole
from metasql.report.manifest_part import with_features
from metasql.report.projects import KEPT
from metasql.report.stamp import (
    AskedEnvironment,
    FeatureStamp,
    Stamp,
    digest_of,
    face_of,
    project_files,
    written_now,
)

STAMPS = "stamps"
"""What commands were made of, in the target folder."""


@dataclass(frozen=True)
class Made:
    """`counts`: features, seeds, assertions, files. `project` is None where nothing was read of it as a whole.

    Then it has no warnings either.
    """

    target_path: str
    counts: Mapping[str, int]
    project: Project | None = None


def make_project(options: Options, *, sql: bool) -> Made:
    """Bring the manifest up to date, and with `sql` the SQL of every relation.

    Raises: MetasqlError with every mistake of the first stage that has one.
    """
    env = AskedEnvironment(options.env)
    options = replace(options, env=env)
    config = read_config(options)[0]
    place = _Place(config, "compile" if sql else "parse")
    # What changes while it is read differs from what is taken down here: the next command sees it.
    files = _files(config, options)
    before = Stamp.read(place.stamp)
    if before is not None and before.is_of(_asked(options), env) and before.still_written(place.base):
        if before.files == files:
            place.show_manifest()
            return Made(config.target_path, before.counts)
        after = _made_in_part(options, config, place, replace(before, files=files), before)
        if after is not None:
            replace(after, env={**before.env, **env.asked()}).write(place.stamp)
            return Made(config.target_path, after.counts)
    place.stamp.unlink(missing_ok=True)
    return _made_whole(options, place, Stamp(_asked(options), {}, files), env, sql=sql)


@dataclass(frozen=True)
class _Place:
    """Where a command keeps what it was made of."""

    config: ProjectConfig
    command: str

    @property
    def base(self) -> Path:
        return target_folder(self.config)

    @property
    def stamp(self) -> Path:
        return self.base / STAMPS / f"{self.command}.json"

    @property
    def manifest(self) -> Path:
        """A copy: other commands, of another target perhaps, write the manifest too."""
        return self.base / STAMPS / f"{self.command}.manifest.json"

    @property
    def copy(self) -> str:
        return self.manifest.relative_to(self.base).as_posix()

    def write_manifest(self, document: Mapping[str, Any]) -> None:
        write_document(self.manifest, document)
        self.show_manifest()

    def show_manifest(self) -> None:
        """Let the manifest say what the copy does."""
        write_whole(self.base / MANIFEST, self.manifest.read_bytes())


def _made_whole(options: Options, place: _Place, now: Stamp, env: AskedEnvironment, *, sql: bool) -> Made:
    project = load(options)
    graph = project.graph
    every = list(graph.features.values())
    files = [*compiled(project, every), *compiled_datasets(project, every)] if sql else []
    write_compiled(project.config, [(file.path, file.sql) for file in files])
    place.write_manifest(manifest(project.config, graph))
    counts = {
        "features": len(graph.features),
        "seeds": len(graph.seeds),
        "assertions": len(graph.assertions),
        "files": len(files),
    }
    if not project.diagnostics:
        names = [place.copy, *(file.path.as_posix() for file in files)]
        written, features = written_now(place.base, names), _stamps(project, graph.features.values(), files)
        apart = project.declarations.apart
        now = replace(now, env=env.asked(), written=written, features=features, apart=apart, counts=counts)
        now.write(place.stamp)
    return Made(project.config.target_path, counts, project)


def _made_in_part(options: Options, config: ProjectConfig, place: _Place, now: Stamp, before: Stamp) -> Stamp | None:
    """Make anew the features whose bodies or declarations changed; None where that does not do."""
    paths = _changed_files(config, before, now)
    whole = {path: before.apart[path] for path in paths if path in before.apart}
    changed = _changed_features(before, paths)
    document = json.loads(place.manifest.read_text(encoding="utf-8")) if changed else {}
    project = _part_of(options, before, changed, whole)
    moved = _with_new_versions(project, changed, document) if project is not None else set()
    if moved:
        # Receipts hold the version of a feature, and with it those of all that is upstream.
        changed |= _with_downstream(before, moved)
        project = _part_of(options, before, changed, whole)
    if project is None:
        return None
    features = [feature for feature in project.graph.features.values() if str(feature.key) in changed]
    files = compiled(project, features) if place.command == "compile" else []
    after = {**before.features, **_stamps(project, features, files)}
    if project.diagnostics or len(features) < len(changed) or _is_seen(before, after, changed):
        return None
    write_compiled(config, [(file.path, file.sql) for file in files])
    place.write_manifest(with_features(document, features, Hasher(config.hash)))
    names = [place.copy, *(file.path.as_posix() for file in files)]
    return replace(now, features=after, written={**before.written, **written_now(place.base, names)})


def _changed_files(config: ProjectConfig, before: Stamp, now: Stamp) -> list[str]:
    """The files that say something else than before; none where there are files more or less."""
    paths = [path for path in before.files.keys() | now.files.keys() if before.files.get(path) != now.files.get(path)]
    if any(before.files.get(path) is None or now.files.get(path) is None for path in paths):
        return []
    return [path.removeprefix(f"{config.root}/") for path in paths]


def _changed_features(before: Stamp, files: Iterable[str]) -> set[str]:
    """The features that some files are about; none where one of them is about anything else."""
    owned: dict[str, set[str]] = {path: set() for path in before.apart}
    for key, item in before.features.items():
        for path in item.bodies:
            owned.setdefault(path, set()).add(key)
        if item.declared in owned:
            owned[item.declared].add(key)
    found = [owned.get(path) for path in files]
    return {key for keys in found if keys for key in keys} if all(found) else set()


def _part_of(options: Options, before: Stamp, changed: Iterable[str], whole: Mapping[str, str]) -> Project | None:
    """The changed features and all that is upstream of them; None where that is nothing, too much, or wrong."""
    keys = _reached(changed, {key: item.reads for key, item in before.features.items()})
    if not keys or 2 * len(keys) > len(before.features):
        return None
    items = [before.features[key] for key in keys]
    files = {path for item in items for path in (item.declared, *item.bodies, *item.beside)}
    try:
        return load(options, part=Part(frozenset(keys), frozenset(files), whole))
    except (MetasqlError, PartTooSmall):
        return None  # the whole project says it, with what else there is to say


def _with_new_versions(project: Project, changed: Iterable[str], document: Mapping[str, Any]) -> set[str]:
    features = {str(feature.key): feature.version for feature in project.graph.features.values()}
    return {key for key in changed if document["features"][key]["version"] != features.get(key)}


def _with_downstream(before: Stamp, changed: Iterable[str]) -> set[str]:
    readers: dict[str, list[str]] = {key: [] for key in before.features}
    for key, item in before.features.items():
        for read in item.reads:
            readers[read].append(key)
    return _reached(changed, readers)


def _reached(first: Iterable[str], ways: Mapping[str, Iterable[str]]) -> set[str]:
    """All that can be reached, the beginning too."""
    found: set[str] = set()
    todo = list(first)
    while todo:
        key = todo.pop()
        if key not in found:
            found.add(key)
            todo += ways[key]
    return found


def _is_seen(before: Stamp, after: Mapping[str, FeatureStamp], changed: Iterable[str]) -> bool:
    """Whether anything that others can see of a feature is new."""
    return any(_seen(before.features[key]) != _seen(after[key]) for key in changed)


def _seen(item: FeatureStamp) -> FeatureStamp:
    """What a feature reads is its own affair."""
    return item._replace(reads=(), beside=())


def _stamps(project: Project, features: Iterable[Feature], files: Sequence[CompiledFile]) -> dict[str, FeatureStamp]:
    made: dict[str, list[str]] = {}
    for file in files:
        made.setdefault(file.feature, []).append(file.path.as_posix())
    tested = {str(decl.key): _tests(decl) for decl in project.declarations.features}
    keys = {str(feature.key): feature for feature in features}
    return {key: _stamp(project, item, tested[key], made.get(key, [])) for key, item in keys.items()}


def _stamp(project: Project, feature: Feature, tested: list[Any], made: list[str]) -> FeatureStamp:
    graph = project.graph
    bodies = [body.path for body in feature.bodies.values()]
    refs = [ref for body in feature.bodies.values() for ref in body.refs]
    named = {str(ref.name) for ref in refs if ref.kind == "ref" and FeatureKey(str(ref.name)) in graph.features}
    sources = [graph.sources[str(ref.name), str(ref.table)] for ref in refs if ref.kind == "source"]
    return FeatureStamp(
        feature.path,
        bodies,
        sorted(named | {str(dep.feature) for dep in feature.deps}),
        sorted({source.span.source.path for source in sources}),
        face_of(feature),
        str(digest_of(tested)),
        made,
    )


def _tests(decl: FeatureDecl) -> list[Any]:
    """What the generic tests of a feature and its columns say, wherever they stand."""
    tests = [*decl.tests, *(test for column in decl.columns for test in column.tests)]
    return [[getattr(test, item.name) for item in fields(test)] for test in tests]


def _asked(options: Options) -> str:
    """What decides what is made, besides files and variables of the environment."""
    given = [options.project_dir, options.profiles_dir, options.home, Path.cwd()]
    return str(digest_of([program(), options.target, dict(options.vars), [str(path) for path in given]]))


def _files(config: ProjectConfig, options: Options) -> dict[str, str | None]:
    folders = (*config.model_paths, *config.macro_paths, *config.seed_paths, *config.test_paths)
    places = profile_places(config.root, options.profiles_dir, options.env, options.home)
    named = [config.root / str(decl.manifest) for decl in config.dependencies if decl.manifest is not None]
    manifests = [str(path / MANIFEST if path.is_dir() else path) for path in named]
    kept = [f"{config.target_path}/{KEPT}/{decl.name}.json" for decl in config.dependencies if decl.manifest is None]
    single = [str(config.root / name) for name in (PROJECT_FILE, SELECTORS_FILE, FILE, *manifests, *kept)]
    return project_files(config.root, folders, config.target_path, [*single, *map(str, places)])
