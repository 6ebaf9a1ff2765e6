"""Declarations → graph: resolve every name, check every key and lineage, fix every version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from metasql.diagnostics import Bag, Label, candidates, suggest
from metasql.graph.dataset_link import link_datasets
from metasql.graph.exposure import link_exposures
from metasql.graph.link_code import link_code
from metasql.graph.link_columns import link_columns, link_content, link_predicate
from metasql.graph.link_deps import link_deps, unknown_elsewhere
from metasql.graph.link_fields import link_fields
from metasql.graph.link_names import check_names
from metasql.graph.lock import Lock
from metasql.graph.memory import Memory
from metasql.graph.nodes import Feature, Features, Field, Graph, Kind
from metasql.graph.order import in_order
from metasql.graph.projects import Others
from metasql.graph.upstream import Upstream
from metasql.graph.version import Hasher
from metasql.names import LONGEST, PREFIX, SUFFIXES, FeatureKey, FieldKey
from metasql.parse.declarations import AssertionDecl, Declarations, FeatureDecl, Ref
from metasql.parse.sql import parse_type
from metasql.source import Span, Word, span_of


@dataclass(frozen=True)
class ReadBefore:
    """What was read from SQL the last time: code versions that stand, and lineage that need not be read again."""

    lock: Lock = field(default_factory=Lock)
    memory: Memory = field(default_factory=Memory)


def link(
    declarations: Declarations,
    dialect: str,
    hasher: Hasher,
    read: ReadBefore | None = None,
    others: Others | None = None,
) -> tuple[Graph, Bag]:
    """Link a project. Features that could not be linked are left out, and so is what needs them.

    `dialect` is the SQL dialect in which expressions of the declarations are written. `read` knows
    what was read from SQL before, and takes down what is now.
    """
    bag, read, others = Bag(), read or ReadBefore(), others or Others()
    decls = {str(decl.key): decl for decl in declarations.features}
    _check_relations(declarations, bag)
    broken: set[str] = set()
    features: dict[FeatureKey, Feature] = {}
    ordered = in_order(decls, bag)
    broken.update(set(decls) - {str(decl.key) for decl in ordered})
    for decl in ordered:
        disabled = frozenset(str(name) for name in declarations.disabled)
        upstream = Upstream(Features(features, others.features), broken, disabled, declarations)
        feature = _link_feature(decl, upstream, dialect, read, bag)
        if feature is None:
            broken.add(str(decl.key))
        else:
            features[feature.key] = feature
    known = Features(_with_versions(features, others, hasher), others.features)
    _check_types(declarations, dialect, bag)
    assertions = tuple(item for item in declarations.assertions if _check_refs(item, known, broken, declarations, bag))
    datasets = link_datasets(declarations, known, broken, dialect, bag)
    graph = Graph(
        known if others.features else known.own,
        {(str(item.source), str(item.table)): item for item in declarations.sources},
        {str(item.name): item for item in declarations.seeds},
        assertions,
        hasher.project_version((str(key), feature.version) for key, feature in known.items()),
        datasets,
        others.features,
        others.projects,
        link_exposures(declarations, known, datasets, broken, bag),
    )
    return graph, bag


def _link_feature(decl: FeatureDecl, upstream: Upstream, dialect: str, read: ReadBefore, bag: Bag) -> Feature | None:
    """One feature over upstream features that are linked already; None when it is broken."""
    before = sum(1 for item in bag if item.severity.value == "error")
    deps = link_deps(decl, upstream, dialect, bag)
    if deps is None:
        return None
    kind = Kind.SQL if deps and decl.bodies else Kind.EXTERNAL if deps else Kind.ROOT
    columns = link_columns(decl, deps, upstream, dialect, bag)
    if columns is None:
        return None
    unit = next((dep.on for dep in deps if dep.on is not None), tuple(str(name) for name in decl.id_columns))
    fields, used = link_fields(decl, deps, columns, upstream, dialect, read.memory, bag)
    fields = link_code(decl, fields, columns, kind, read.lock, bag)
    feature = Feature(
        key=FeatureKey(str(decl.key)),
        kind=kind,
        id_columns=tuple(str(name) for name in decl.id_columns),
        unit_columns=unit,
        columns=columns,
        fields=link_content(decl, fields, columns, kind, dialect, bag),
        deps=tuple(replace(item.dependency, fields=used.get(str(item.dependency.feature), ())) for item in deps),
        bodies=decl.bodies,
        stale_when=link_predicate(decl, columns, dialect, bag),
        orphans=decl.orphans or ("keep" if kind is Kind.EXTERNAL else "delete"),
        history=decl.history if decl.history is not None else kind is Kind.EXTERNAL,
        on_schema_change=decl.on_schema_change,
        contract=_contract(decl, bag),
        predicate=str(decl.stale_when) if decl.stale_when is not None else None,
        description=decl.description,
        cost_per_sample=decl.cost_per_sample,
        max_attempts=decl.max_attempts,
        retry_after=decl.retry_after,
        owner=decl.owner,
        tags=decl.tags,
        meta=decl.meta,
        tests=decl.tests,
        pre_hook=decl.pre_hook,
        post_hook=decl.post_hook,
        path=decl.path,
        span=decl.span,
    )
    errors = sum(1 for item in bag if item.severity.value == "error")
    return feature if errors == before else None


def _contract(decl: FeatureDecl, bag: Bag) -> bool:
    """Whether a contract is enforced; then every declared column has a type, and there is one."""
    if not decl.contract:
        return False
    if not decl.columns:
        help = "declare every column with its type: `columns: [{name: path, type: text}]`"
        bag.error("MS0347", f"the contract of `{decl.key}` has no `columns`", decl.span, help=help)
    for column in decl.columns:
        if column.type is None:
            message = f"the contract of `{decl.key}` needs the type of `{column.name}`"
            bag.error("MS0347", message, span_of(column.name), help="write `type` beside the name")
    return True


def _with_versions(features: Mapping[FeatureKey, Feature], others: Others, hasher: Hasher) -> dict[FeatureKey, Feature]:
    """Recipes and versions, upstream first."""
    field_versions = {
        FieldKey(key, item.name): item.version for key, other in others.features.items() for item in other.fields
    }
    done: dict[FeatureKey, Feature] = {}
    for key, feature in features.items():
        fields: list[Field] = []
        for item in feature.fields:
            made = hasher.field_version(key, item.name, item.code_version, (field_versions[p] for p in item.parents))
            field_versions[FieldKey(key, item.name)] = made
            recipe = hasher.recipe(key, item.name, item.code_version, item.parents)
            fields.append(replace(item, recipe=recipe, version=made))
        whole = hasher.feature_version(key, ((item.name, item.version) for item in fields))
        done[key] = replace(feature, fields=tuple(fields), version=whole)
    return done


def _check_relations(declarations: Declarations, bag: Bag) -> None:
    """Every relation of every feature and seed has a name of its own, whatever the case."""
    taken: dict[str, tuple[str, FeatureDecl | None]] = {}
    for seed in declarations.seeds:
        taken[str(seed.name).lower()] = (f"the seed `{seed.name}`", None)
        _check_name(str(seed.name), str(seed.name), seed.span, bag)
    for decl in declarations.features:
        base = FeatureKey(str(decl.key)).relation
        if not _check_name(str(decl.key), base, span_of(decl.key), bag):
            continue
        for name in (base, *(f"{base}__{suffix}" for suffix in SUFFIXES)):
            if name.lower() in taken:
                what, other = taken[name.lower()]
                bag.error(
                    "MS0333",
                    f"`{decl.key}` and {what} both need the relation `{name}`",
                    span_of(decl.key),
                    secondary=[Label(span_of(other.key), "the other one")] if other else [],
                    help="rename one of the two",
                )
                break
            taken[name.lower()] = (f"`{decl.key}`", decl)


def _check_types(declarations: Declarations, dialect: str, bag: Bag) -> None:
    """The types of seeds and source tables; those of features are parsed with their columns."""
    types = [type_ for seed in declarations.seeds for type_ in seed.types.values()]
    types += [column.type for source in declarations.sources for column in source.columns if column.type is not None]
    for type_ in types:
        parse_type(type_ if isinstance(type_, Word) else Word(type_), dialect, bag)


def _check_name(name: str, relation: str, place: Span, bag: Bag) -> bool:
    """Whether a relation can have this name at all."""
    if relation.startswith(PREFIX):
        message = f"`{name}` is called like metasql's own tables, whose names begin with `{PREFIX}`"
        bag.error("MS0333", message, place, help="choose another name")
    elif len(relation) > LONGEST:
        help = f"choose a name of at most {LONGEST} characters: its relations and files are named by it"
        bag.error("MS0300", f"`{name[:40]}…` is too long a name", place, help=help)
    else:
        return True
    return False


def _check_refs(
    item: AssertionDecl,
    features: Mapping[FeatureKey, Feature],
    broken: set[str],
    declarations: Declarations,
    bag: Bag,
) -> bool:
    """Whether everything that an assertion refers to exists."""
    seeds = {str(seed.name) for seed in declarations.seeds}
    whole = True
    for ref in item.refs:
        if ref.kind != "ref" or str(ref.name) in seeds or FeatureKey(str(ref.name)) in features:
            continue
        whole = False
        if str(ref.name) in broken:
            continue
        known = [str(key) for key in features] + sorted(seeds)
        if unknown_elsewhere(ref.name, features, declarations, bag):
            continue
        bag.error(
            "MS0330",
            f"feature `{ref.name}` does not exist",
            span_of(ref.name),
            label="unknown feature",
            notes=[f"features and seeds: {candidates(known)}"],
            help=suggest(str(ref.name), known) or "`metasql ls` lists what there is",
        )
    if whole:
        _check_names(item, Upstream(features, broken, frozenset(), declarations), bag)
    return whole


def _check_names(item: AssertionDecl, upstream: Upstream, bag: Bag) -> None:
    """The columns that an assertion names; for a test out of a macro, with the test that asked for it."""
    found = Bag()

    def columns(ref: Ref) -> tuple[str, ...] | None:
        return None if ref.kind == "source" else upstream.columns_of(str(ref.name))

    check_names(item.tree, item.refs, columns, item.lines, found)
    asked = () if item.feature is None else (f"in the test `{item.name}` of {item.path}",)
    bag.extend(replace(said, notes=(*said.notes, *asked)) for said in found)
