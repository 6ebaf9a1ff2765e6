"""From the files of a project to its declarations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath
from typing import Any, Protocol, TypeVar

from metasql.config.document import Node
from metasql.config.profiles import Target
from metasql.config.project import ProjectConfig
from metasql.config.reader import Render
from metasql.diagnostics import Bag, Label
from metasql.names import FeatureKey
from metasql.parse.apart import apart
from metasql.parse.context import Values
from metasql.parse.declarations import (
    AssertionDecl,
    Body,
    Declarations,
    FeatureDecl,
    Ref,
    SeedDecl,
    SourceDecl,
    TestDecl,
)
from metasql.parse.declare import Declared, declare, first_of_each
from metasql.parse.declare_feature import RawFeature, declare_feature, is_enabled
from metasql.parse.declare_source import SeedProperties
from metasql.parse.discover import Files, Part, PartTooSmall, SqlFile, discover
from metasql.parse.generic_tests import test_name
from metasql.parse.merge import canonical, check_defaults, with_config, with_defaults
from metasql.parse.query import ReadBody, Settings, check_outputs, check_this, expand_test, read_assertion, read_body
from metasql.parse.read_seeds import read_seeds
from metasql.parse.template import Templates
from metasql.source import NOWHERE, Source, Span, Word, span_of

RunQuery = Callable[[str], list[tuple[Any, ...]]]
Bodies = dict[str, list[tuple[SqlFile, ReadBody]]]


def yaml_render(templates: Templates, settings: Settings) -> Render:
    """What renders a text of YAML: it sees `var`, `env_var`, `target` and the project's macros."""
    names = Values(settings).names()
    return lambda word, bag: templates.render_value(word, names, bag)


def profile_render(config: ProjectConfig, env: Mapping[str, str]) -> Render:
    """What renders a text of `profiles.yml`, where there is neither a target nor a macro yet."""
    return yaml_render(Templates((), Bag()), Settings(config, env=env))


def project_render(config: ProjectConfig, target: Target, env: Mapping[str, str]) -> Render:
    """What renders a text of the project file, once the target is known; the project's macros are not."""
    return yaml_render(Templates((), Bag()), Settings(config, target, env))


def read_project(
    config: ProjectConfig,
    target: Target | None,
    *,
    env: Mapping[str, str],
    run_query: RunQuery | None = None,
    bag: Bag,
    part: Part | None = None,
) -> Declarations:
    """Everything that the project's files declare; what is wrong is in the bag and left out.

    Of a part of the project, its features alone, without their assertions.
    """
    files = discover(config, bag, part)
    templates = Templates(files.macros, bag)
    settings = Settings(config, target, env, run_query)
    render = yaml_render(templates, settings)
    found = Bag()
    declared = [declare(file, render, found) for file in files.declarations]
    bag.extend(found)
    if part is not None:
        _check_part(part, files, declared)
    sources = _sources(declared, bag)
    relations: dict[tuple[str, str], str] = {(table.source, table.table): _relation(table) for table in sources}
    settings = replace(settings, sources=relations, relation=partial(_name, target, relations))
    reading = _Reading(config, templates, settings, render, bag, part)
    features, disabled = _features(reading, declared, files.bodies, quiet=found.has_errors)
    properties = [seed for file in declared for seed in file.seeds]
    seeds = read_seeds(files.seeds, properties, bag)
    beside = declared if part is None else []
    _check_seeds(seeds, features, bag)
    return Declarations(
        features=features,
        sources=sources,
        seeds=seeds,
        assertions=_assertions(reading, files, features, seeds, properties) if part is None else (),
        selectors=config.selectors,
        disabled=disabled,
        unit_tests=_each_once((item for file in declared for item in file.unit_tests), "unit test", bag),
        datasets=_each_once((item for file in beside for item in file.datasets), "dataset", bag),
        exposures=_each_once((item for file in beside for item in file.exposures), "exposure", bag),
        projects=tuple(str(item.name) for item in config.dependencies),
        apart={path: apart(file) for path, file in _by_path(files, declared)},
    )


def _by_path(files: Files, declared: Sequence[Declared]) -> list[tuple[str, Declared]]:
    return [(file.source.path, made) for file, made in zip(files.declarations, declared, strict=True)]


def _check_part(part: Part, files: Files, declared: Sequence[Declared]) -> None:
    """Raises: PartTooSmall."""
    for path, made in _by_path(files, declared):
        if path not in part.whole:
            continue
        if apart(made) != part.whole[path] or not part.keys.issuperset(map(str, _keys(made))):
            raise PartTooSmall(path)


def _keys(declared: Declared) -> list[Word]:
    return [canonical(raw, Bag()).key for raw in declared.features]


@dataclass(frozen=True)
class _Reading:
    """What every step of reading needs."""

    config: ProjectConfig
    templates: Templates
    settings: Settings
    render: Render
    bag: Bag
    part: Part | None = None


def _relation(source: SourceDecl) -> str:
    return ".".join(part for part in (source.database, source.schema, source.identifier) if part)


def _name(target: Target | None, sources: Mapping[tuple[str, str], str], ref: Ref) -> str:
    """A ref as the warehouse knows it, for queries that run while templates are rendered."""
    if ref.kind == "source":
        return sources[str(ref.name), str(ref.table)]
    relation = FeatureKey(str(ref.name)).relation
    return f"{target.schema}.{relation}" if target is not None else relation


def _sources(declared: Sequence[Declared], bag: Bag) -> tuple[SourceDecl, ...]:
    """The source tables, each declared once."""
    kept: dict[tuple[str, str], SourceDecl] = {}
    for table in (table for file in declared for table in file.sources):
        first = kept.setdefault((table.source, table.table), table)
        if first is not table:
            labels = [Label(first.span, "first declared here")]
            message = f"table `{table.source}.{table.table}` is declared twice"
            bag.error("MS0301", message, table.span, secondary=labels, help="keep one of them")
    return tuple(kept.values())


class _Named(Protocol):
    @property
    def name(self) -> Word: ...


_N = TypeVar("_N", bound=_Named)


def _each_once(items: Iterable[_N], what: str, bag: Bag) -> tuple[_N, ...]:
    """Entries of one kind, each declared once."""
    kept: dict[str, _N] = {}
    for item in items:
        first = kept.setdefault(str(item.name), item)
        if first is not item:
            labels = [Label(span_of(first.name), "first declared here")]
            message = f"{what} `{item.name}` is declared twice"
            bag.error("MS0301", message, span_of(item.name), secondary=labels, help="keep one, or rename one")
    return tuple(kept.values())


def _features(
    reading: _Reading, declared: Sequence[Declared], files: Iterable[SqlFile], *, quiet: bool
) -> tuple[tuple[FeatureDecl, ...], tuple[Word, ...]]:
    """The features that take part, and the names of those that do not.

    `quiet`: some YAML could not be read, so a body may only seem to be undeclared.
    """
    written = [canonical(raw, reading.bag) for file in declared for raw in file.features]
    part = reading.part
    raws = {str(raw.key): raw for raw in first_of_each(written, reading.bag) if part is None or raw.key in part.keys}
    bodies = _bodies(reading, files)
    for key, read in bodies.items():
        merged = _merged(raws.get(key), key, read, reading.bag, quiet=quiet)
        if merged is not None:
            raws[key] = merged
    if part is None:
        check_defaults(reading.config.defaults, raws, reading.bag)
    features: list[FeatureDecl] = []
    disabled: list[Word] = []
    for raw in sorted(raws.values(), key=lambda raw: raw.path):
        complete = with_defaults(raw, reading.config.defaults)
        if not is_enabled(complete, reading.render):
            disabled.append(raw.key)
            continue
        decl = declare_feature(complete, reading.render, reading.bag)
        features.append(replace(decl, bodies=_by_engine(bodies.get(raw.key, []))))
    return tuple(features), tuple(disabled)


def _bodies(reading: _Reading, files: Iterable[SqlFile]) -> Bodies:
    """The bodies of each feature, the one for all engines first."""
    bodies: Bodies = {}
    for file in sorted(files, key=lambda file: (file.key, file.engine or "")):
        read = read_body(
            file.source,
            templates=reading.templates,
            settings=reading.settings,
            bag=reading.bag,
            engine=file.engine,
        )
        if read is not None:
            check_outputs(read.body, reading.bag)
            check_this(read.body, reading.bag)
            bodies.setdefault(file.key, []).append((file, read))
    return bodies


def _by_engine(read: Iterable[tuple[SqlFile, ReadBody]]) -> dict[str | None, Body]:
    return {file.engine: body.body for file, body in read}


def _merged(
    raw: RawFeature | None, key: str, bodies: Sequence[tuple[SqlFile, ReadBody]], bag: Bag, *, quiet: bool
) -> RawFeature | None:
    """A feature with what `config(...)` of its bodies says; None where nothing declares it."""
    for file, read in sorted(bodies, key=lambda body: "id_columns" not in body[1].config):
        span = _place(file.source, read)
        if raw is None and "id_columns" not in read.config:
            if not quiet:
                help = f"declare `{key}` in YAML, or write `{{{{ config(id_columns=['…']) }}}}` at the head of the file"
                bag.error("MS0309", f"nothing declares `{key}`, whose body this is", span, help=help)
            return None
        if raw is None:
            raw = RawFeature(Word(key, span), Node("mapping", (), span, style="given"), file.source.path, span)
        if read.config:
            raw = with_config(raw, read.config, span, bag)
    return raw


def _place(source: Source, read: ReadBody) -> Span:
    """Where a body declares its feature: its `config(...)`, else its first line."""
    return source.line_span(1) if read.config_span is NOWHERE else read.config_span


def _check_seeds(seeds: Iterable[SeedDecl], features: Iterable[FeatureDecl], bag: Bag) -> None:
    """A `ref` must mean one thing."""
    keys = {str(feature.key): feature for feature in features}
    for seed in seeds:
        feature = keys.get(seed.name)
        if feature is not None:
            labels = [Label(seed.span, "the seed")]
            message = f"`{seed.name}` is a feature and a seed"
            bag.error("MS0301", message, feature.span, secondary=labels, help="rename one of them")


def _assertions(
    reading: _Reading,
    files: Files,
    features: Sequence[FeatureDecl],
    seeds: Sequence[SeedDecl],
    properties: Sequence[SeedProperties],
) -> tuple[AssertionDecl, ...]:
    """Singular assertions by path, then the tests of features and seeds."""
    kept: dict[str, Span] = {}
    found = [_singular(reading, source, kept) for source in files.assertions]
    known = {str(seed.name) for seed in seeds}
    for feature in features:
        tests = [*feature.tests, *(test for column in feature.columns for test in column.tests)]
        found.extend(_generic(reading, test, feature.key, kept) for test in tests)
    for seed in properties:
        tests = [test for column in seed.columns for test in column.tests if seed.name in known]
        found.extend(_generic(reading, test, seed.name, kept) for test in tests)
    return tuple(assertion for assertion in found if assertion is not None)


def _singular(reading: _Reading, source: Source, kept: dict[str, Span]) -> AssertionDecl | None:
    name, span = PurePosixPath(source.path).stem, Span(source, 0, 0)
    if not _first(name, span, kept, reading.bag):
        return None
    return read_assertion(source, templates=reading.templates, settings=reading.settings, bag=reading.bag, name=name)


def _generic(reading: _Reading, test: TestDecl, key: str, kept: dict[str, Span]) -> AssertionDecl | None:
    if not _first(test_name(test, key), span_of(test.name), kept, reading.bag):
        return None
    return expand_test(test, key, templates=reading.templates, settings=reading.settings, bag=reading.bag)


def _first(name: str, span: Span, kept: dict[str, Span], bag: Bag) -> bool:
    """Whether an assertion's name is free."""
    first = kept.setdefault(name, span)
    if first is not span:
        labels = [Label(first, "first declared here")]
        message = f"assertion `{name}` is declared twice"
        bag.error("MS0301", message, span, secondary=labels, help="remove or rename one of them")
    return first is span
