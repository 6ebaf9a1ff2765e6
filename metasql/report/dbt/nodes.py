"""Features, datasets, seeds, assertions and sources as dbt's manifest has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from metasql.config.project import PROJECT_FILE
from metasql.graph.dataset import Dataset
from metasql.graph.nodes import Column, Feature, Kind
from metasql.names import FeatureKey, Relation
from metasql.parse.declarations import AssertionDecl, Body, FreshnessDecl, Ref, SeedDecl, SourceDecl, TestDecl
from metasql.report.artifacts import plain_value
from metasql.report.dbt.common import Place, checksum

_MATERIALIZED = {Kind.ROOT: "incremental", Kind.SQL: "incremental", Kind.EXTERNAL: "external"}
_ON_SCHEMA_CHANGE = {"fail": "fail", "append": "append_new_columns", "sync": "sync_all_columns"}

Node = dict[str, Any]


def model_node(feature: Feature, place: Place) -> Node:
    """A feature: what is metasql's own about it stands in `meta.metasql`."""
    body = feature.body_for(place.layout.engine)
    meta = _meta(feature)
    config = {
        "enabled": True,
        "materialized": _MATERIALIZED[feature.kind],
        "unique_key": list(feature.id_columns),
        "on_schema_change": _ON_SCHEMA_CHANGE[feature.on_schema_change],
        "contract": {"enforced": feature.contract, "alias_types": True},
        "tags": list(feature.tags),
        "meta": meta,
    }
    upstream = [dep.feature for dep in feature.deps]
    return {
        **_base(place, "model", feature.key.relation, list(feature.key.parts), feature.description),
        **_code(place, body, [] if body is None else body.refs, [place.model(key) for key in upstream]),
        "refs": _refs(body, upstream),
        "path": _below(place, body.path if body else feature.path),
        "original_file_path": body.path if body else feature.path,
        "patch_path": f"{place.config.name}://{feature.path}",
        "columns": {item.name: _column(place, item) for item in feature.columns},
        "contract": config["contract"],
        "primary_key": list(feature.id_columns),
        "access": "protected",
        "config": config,
        "tags": config["tags"],
        "meta": meta,
        "relation_name": place.named(place.layout.public(feature.key)),
    }


def _meta(feature: Feature) -> dict[str, Any]:
    fields = [
        {"name": field.name, "code_version": field.code_version, "made_of": [str(parent) for parent in field.parents]}
        for field in feature.fields
    ]
    own = {
        "key": str(feature.key),
        "kind": feature.kind.value,
        "id_columns": list(feature.id_columns),
        "fields": fields,
        "version": feature.version,
    }
    owner = {"owner": feature.owner} if feature.owner else {}
    return {**plain_value(feature.meta), **owner, "metasql": own}


def dataset_node(dataset: Dataset, place: Place) -> Node:
    """A dataset: a view over the features that it is made of."""
    upstream = [place.model(key) for key in dict.fromkeys(dataset.features)]
    own = {"dataset": dataset.name, "key": list(dataset.key)}
    meta = {**plain_value(dataset.meta), **({"owner": dataset.owner} if dataset.owner else {}), "metasql": own}
    config = {"enabled": True, "materialized": "view", "tags": list(dataset.tags), "meta": meta}
    names = [Column(item.name) for item in dataset.columns]
    return {
        **_base(place, "model", dataset.name, ["datasets", dataset.name], dataset.description),
        **_code(place, None, (), upstream),
        "refs": _refs(None, dataset.features),
        "path": _below(place, dataset.path),
        "original_file_path": dataset.path,
        "patch_path": f"{place.config.name}://{dataset.path}",
        "columns": {item.name: _column(place, item) for item in names},
        "primary_key": list(dataset.key),
        "access": "protected",
        "config": config,
        "tags": config["tags"],
        "meta": meta,
        "relation_name": place.named(place.layout.relation(dataset.name)),
    }


def seed_node(seed: SeedDecl, place: Place) -> Node:
    """A CSV file. Its bytes are in no digest here: they are read when it is loaded."""
    name = str(seed.name)
    columns: list[dict[str, Any]] = [
        {"name": column, "description": "", "data_type": seed.types.get(column), "meta": {}, "tags": []}
        for column in seed.header
    ]
    return {
        **_base(place, "seed", name, [name], seed.description),
        "path": seed.path.rsplit("/", 1)[-1],
        "original_file_path": seed.path,
        "root_path": str(place.config.root),
        "columns": {column["name"]: column for column in columns},
        "checksum": checksum(None),
        "config": {"enabled": True, "materialized": "seed", "tags": list(seed.tags)},
        "tags": list(seed.tags),
        "depends_on": {"macros": []},
        "relation_name": place.named(place.layout.relation(name)),
    }


def test_node(assertion: AssertionDecl, place: Place) -> Node:
    """An assertion: a SELECT of its own, or a generic test."""
    body = Body(assertion.path, assertion.text, assertion.tree, assertion.lines, assertion.refs)
    asked = assertion.test
    found = {
        **_base(place, "test", assertion.name, [assertion.name], ""),
        **_code(place, body, assertion.refs, []),
        "refs": _refs(body, []),
        "path": f"{assertion.name}.sql",
        "original_file_path": assertion.path,
        "config": {
            "enabled": True,
            "materialized": "test",
            "severity": assertion.severity.upper(),
            "limit": assertion.limit,
            "store_failures": assertion.store_failures,
            "warn_if": assertion.warn_if,
            "error_if": assertion.error_if,
            "where": str(asked.where) if asked is not None and asked.where is not None else None,
            "tags": list(assertion.tags),
        },
        "tags": list(assertion.tags),
        "relation_name": None,
    }
    return found if asked is None or assertion.feature is None else _generic(found, asked, assertion.feature, place)


test_node.__test__ = False  # type: ignore[attr-defined]


def _generic(node: Node, asked: TestDecl, tested: str, place: Place) -> Node:
    """A test that dbt's readers know by its name: they show it with the column."""
    own = place.seed(tested) if tested in place.graph.seeds else place.model(FeatureKey(tested))
    name = own.rsplit(".", 1)[-1]
    column = {"column_name": str(asked.column)} if asked.column else {}
    # Of a relationship dbt names what is tested last.
    last = asked.name == "relationships"
    nodes = sorted(node["depends_on"]["nodes"], key=lambda item: (item == own) is last)
    refs = sorted(node["refs"], key=lambda item: (item["name"] == name) is last)
    return {
        **node,
        **column,
        "raw_code": f"{{{{ test_{asked.name}(**_dbt_generic_test_kwargs) }}}}",
        "checksum": checksum(None),
        "depends_on": {"macros": [], "nodes": nodes},
        "refs": refs,
        "attached_node": own,
        "file_key_name": f"models.{name}",
        "test_metadata": {
            "name": str(asked.name),
            "kwargs": {
                **plain_value(asked.arguments),
                **column,
                "model": f"{{{{ get_where_subquery(ref('{name}')) }}}}",
            },
            "namespace": None,
        },
    }


def source_entry(item: SourceDecl, place: Place) -> Node:
    """A table that is read and not made."""
    relation = Relation(item.schema, item.identifier, item.database)
    columns: dict[str, Any] = {
        str(column.name): {
            "name": str(column.name),
            "description": column.description,
            "data_type": str(column.type) if column.type else None,
            "meta": {},
            "tags": [],
        }
        for column in item.columns
    }
    return {
        **_source(place, str(item.source), str(item.table), relation, item.span.source.path),
        "loaded_at_field": str(item.loaded_at_field) if item.loaded_at_field else None,
        "freshness": _freshness(item.freshness),
        "description": item.description,
        "columns": columns,
    }


def foreign_entry(key: FeatureKey, place: Place) -> Node:
    """A feature of another project: nobody must take it for one that is made here."""
    feature = place.graph.features[key]
    meta = {"metasql": {"project": key.project, "key": str(key.there), "version": feature.version}}
    return {
        **_source(place, key.project, key.there.relation, place.layout.live(key), PROJECT_FILE),
        "description": f"`{key.there}` of the project {key.project}.",
        "columns": {item.name: _column(place, item) for item in feature.columns},
        "meta": meta,
        "config": {"enabled": True, "meta": meta},
    }


def _source(place: Place, source: str, name: str, relation: Relation, path: str) -> Node:
    return {
        "database": relation.catalog or place.database,
        "schema": relation.schema,
        "name": name,
        "resource_type": "source",
        "package_name": place.config.name,
        "path": path,
        "original_file_path": path,
        "unique_id": place.source(source, name),
        "fqn": [place.config.name, source, name],
        "source_name": source,
        "source_description": "",
        "loader": "",
        "identifier": relation.name,
        "config": {"enabled": True},
        "meta": {},
        "source_meta": {},
        "tags": [],
        "relation_name": place.named(relation),
    }


def _freshness(found: FreshnessDecl | None) -> dict[str, Any] | None:
    if found is None:
        return None
    limits = {"warn_after": found.warn_after, "error_after": found.error_after}
    told: dict[str, Any] = {
        name: {"count": limit[0], "period": limit[1]} if limit else {"count": None, "period": None}
        for name, limit in limits.items()
    }
    return {**told, "filter": str(found.filter) if found.filter else None}


def _base(place: Place, kind: str, name: str, parts: Sequence[str], description: str) -> Node:
    """What every node has."""
    return {
        "database": place.database,
        "schema": place.layout.schema,
        "name": name,
        "alias": name,
        "resource_type": kind,
        "package_name": place.config.name,
        "unique_id": f"{kind}.{place.config.name}.{name}",
        "fqn": [place.config.name, *parts],
        "description": description,
        "docs": {"show": True, "node_color": None},
        "columns": {},
        "meta": {},
        "tags": [],
        "unrendered_config": {},
    }


def _code(place: Place, body: Body | None, refs: Iterable[Ref], upstream: Sequence[str]) -> Node:
    """Text, digest, and what it is made of; what has no body has no text."""
    nodes = [*upstream, *(read_by(ref, place) for ref in refs)]
    told: Node = {
        "raw_code": "" if body is None else body.lines.template.text,
        "checksum": checksum(None if body is None else body.lines.template.text),
        "language": "sql",
        "sources": [name.split(".", 3)[2:] for name in dict.fromkeys(nodes) if name.startswith("source.")],
        "metrics": [],
        "depends_on": {"macros": [], "nodes": list(dict.fromkeys(nodes))},
    }
    if body is not None and body.carried is None:
        told |= {"compiled": True, "compiled_code": _compiled(place, body)}
        told |= {"extra_ctes_injected": True, "extra_ctes": []}
    return told


def _compiled(place: Place, body: Body) -> str:
    text = body.text
    # Later placeholders first: `__metasql_ref_1` is the beginning of `__metasql_ref_10`.
    for ref in reversed(body.refs):
        relation = place.layout.outside(ref, place.graph) or place.layout.live(FeatureKey(str(ref.name)))
        text = text.replace(ref.placeholder, place.named(relation))
    return text


def read_by(ref: Ref, place: Place) -> str:
    """What a `ref` or a `source` names."""
    if ref.kind == "source":
        return place.source(str(ref.name), str(ref.table))
    name = str(ref.name)
    return place.seed(name) if name in place.graph.seeds else place.model(FeatureKey(name))


def _refs(body: Body | None, upstream: Iterable[FeatureKey]) -> list[Node]:
    """The names of what is read of this project; a seed's is its relation's, too."""
    read = [] if body is None else [FeatureKey(str(ref.name)) for ref in body.refs if ref.kind == "ref"]
    names = dict.fromkeys(key.relation for key in (*upstream, *read) if not key.project)
    return [{"name": name, "package": None, "version": None} for name in names]


def _column(place: Place, column: Column) -> Mapping[str, Any]:
    kind = column.type.sql(dialect=place.dialect.sqlglot) if column.type else None
    return {"name": column.name, "description": column.description, "data_type": kind, "meta": {}, "tags": []}


def _below(place: Place, path: str) -> str:
    """A file's path below the folder of models that it lies in."""
    folders = (f"{folder}/" for folder in place.config.model_paths)
    return next((path.removeprefix(folder) for folder in folders if path.startswith(folder)), path)
