"""metasql's own tables: what the target was told, what ran, and what is pending.

| table | grain |
| --- | --- |
| metasql_meta | one row per property of these tables (`version`) |
| metasql_features | one row per feature that was run here: its present definition |
| metasql_fields | one row per field of such a feature |
| metasql_field_lineage | one row per field and field it is made of |
| metasql_definitions | one row per feature that was run here: all that it was declared as, in JSON |
| metasql_definition_log | one row per change of a feature's definition |
| metasql_rebases | one row per feature whose rows were accepted as they are, and why |
| metasql_relations | one row per view, with a digest of its text |
| metasql_made | one row per feature: a digest of what its views were made of when they were last compared |
| metasql_runs | one row per command that wrote |
| metasql_run_results | one row per command and node |
| metasql_status | one row per feature: live, new, stale, orphaned, waiting |
| metasql_stale_fields | one row per feature, field and reason |
| metasql_claims | one row per version of a dataset or model that a command began to make |
| metasql_dataset_versions | one row per version of a dataset: what it was made of, and how it can be told |
| metasql_models | one row per version of a model: the data that it learned from, and how good it is |
| metasql_promotions | one row per promotion and rollback of a dataset or model |
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlglot import exp

from metasql.diagnostics import MetasqlError
from metasql.execute.connection import Connection, Value
from metasql.execute.origin import author, revision
from metasql.execute.results import Counts, NodeResult
from metasql.execute.session import Session, now
from metasql.graph.definition import as_dict, definition_of
from metasql.graph.nodes import Feature
from metasql.plan.layout import Layout
from metasql.plan.sql import all_of, col, cols, current, equal, is_null, select, table, text

VERSION = "3"

TABLES: Mapping[str, Mapping[str, str]] = {
    "metasql_meta": {"name": "text", "value": "text"},
    "metasql_features": {
        "feature": "text",
        "kind": "text",
        "relation": "text",
        "id_columns": "text",
        "unit_columns": "text",
        "feature_version": "text",
        "description": "text",
        "owner": "text",
        "tags": "text",
        "run_id": "text",
        "updated_at": "timestamp",
    },
    "metasql_fields": {
        "feature": "text",
        "field": "text",
        "code_version": "text",
        "field_version": "text",
        "recipe": "text",
        "columns": "text",
    },
    "metasql_field_lineage": {
        "feature": "text",
        "field": "text",
        "upstream_feature": "text",
        "upstream_field": "text",
        "lineage": "text",
    },
    "metasql_definitions": {"feature": "text", "definition": "text", "run_id": "text", "updated_at": "timestamp"},
    "metasql_definition_log": {
        "feature": "text",
        "feature_version": "text",
        "definition": "text",
        "run_id": "text",
        "recorded_at": "timestamp",
        "revision": "text",
        "author": "text",
    },
    "metasql_rebases": {
        "run_id": "text",
        "feature": "text",
        "fields": "text",
        "feature_version": "text",
        "from_feature_version": "text",
        "condition": "text",
        "accepted_upstream": "text",
        "samples": "bigint",
        "reason": "text",
        "revision": "text",
        "author": "text",
        "at": "timestamp",
    },
    "metasql_relations": {"relation": "text", "feature": "text", "digest": "text"},
    "metasql_made": {"feature": "text", "made_of": "text"},
    "metasql_runs": {
        "run_id": "text",
        "command": "text",
        "status": "text",
        "project": "text",
        "project_version": "text",
        "metasql_version": "text",
        "started_at": "timestamp",
        "finished_at": "timestamp",
    },
    "metasql_run_results": {
        "run_id": "text",
        "node": "text",
        "kind": "text",
        "status": "text",
        "new": "bigint",
        "stale": "bigint",
        "orphaned": "bigint",
        "written": "bigint",
        "deleted": "bigint",
        "seconds": "double",
        "text": "text",
        "finished_at": "timestamp",
    },
    "metasql_status": {
        "feature": "text",
        "kind": "text",
        "live": "bigint",
        "new": "bigint",
        "stale": "bigint",
        "orphaned": "bigint",
        "waiting": "bigint",
        "as_of": "timestamp",
        "last_run": "timestamp",
    },
    "metasql_stale_fields": {
        "feature": "text",
        "field": "text",
        "reason": "text",
        "samples": "bigint",
        "as_of": "timestamp",
    },
    "metasql_claims": {"kind": "text", "name": "text", "version": "text", "token": "text", "at": "timestamp"},
    "metasql_dataset_versions": {
        "dataset": "text",
        "version": "bigint",
        "name": "text",
        "relation": "text",
        "message": "text",
        "rows": "bigint",
        "splits": "text",
        "digest": "text",
        "definition": "text",
        "features": "text",
        "run_id": "text",
        "revision": "text",
        "author": "text",
        "created_at": "timestamp",
    },
    "metasql_models": {
        "name": "text",
        "version": "text",
        "number": "bigint",
        "dataset": "text",
        "dataset_version": "bigint",
        "metrics": "text",
        "uri": "text",
        "message": "text",
        "run_id": "text",
        "revision": "text",
        "author": "text",
        "created_at": "timestamp",
    },
    "metasql_promotions": {
        "kind": "text",
        "name": "text",
        "version": "text",
        "number": "bigint",
        "action": "text",
        "run_id": "text",
        "revision": "text",
        "author": "text",
        "at": "timestamp",
    },
}

KEYS: Mapping[str, tuple[str, ...]] = {
    "metasql_meta": ("name",),
    "metasql_features": ("feature",),
    "metasql_fields": ("feature", "field"),
    "metasql_field_lineage": ("feature", "field", "upstream_feature", "upstream_field"),
    "metasql_definitions": ("feature",),
    "metasql_relations": ("relation",),
    "metasql_made": ("feature",),
    "metasql_status": ("feature",),
    "metasql_stale_fields": ("feature", "field", "reason"),
}
"""One row per key; the tables that are not named here are logs."""


def ensure_tables(connection: Connection, layout: Layout) -> None:
    """Make metasql's own tables where they are not there yet; refuse those of a newer metasql.

    Older ones lack some tables; none has another form.
    """
    if check_version(connection, layout) == VERSION:
        return  # the version is written last: without it, not all tables may be there
    with connection.transaction():
        for name, columns in TABLES.items():
            connection.create_records(layout.relation(name), columns, KEYS.get(name, ()))
        replace(connection, layout, "metasql_meta", {"name": "version"}, [{"name": "version", "value": VERSION}])


def check_version(connection: Connection, layout: Layout) -> str | None:
    """The version of the tables that are there; None where there are none, or not all.

    Raises: MetasqlError MS0606 where a newer metasql wrote them: what it keeps there may mean more than is known here.
    """
    if connection.columns(layout.relation("metasql_meta")) is None:
        return None
    version = meta(connection, layout, "version")
    if version is not None and int(version) > int(VERSION):
        raise newer(version)
    return version


def newer(version: str) -> MetasqlError:
    """The error for tables of a version that this metasql does not know."""
    return MetasqlError.of(
        "MS0606",
        f"this warehouse was written by a newer metasql (tables of version {version})",
        help="upgrade metasql, or choose another target",
    )


def meta(connection: Connection, layout: Layout, name: str) -> str | None:
    query = select(col("value")).from_(table(layout.relation("metasql_meta"))).where(equal(col("name"), text(name)))
    rows = connection.rows(query)
    return str(rows[0][0]) if rows else None


def replace(
    connection: Connection, layout: Layout, name: str, scope: Mapping[str, str], rows: Sequence[Mapping[str, Value]]
) -> None:
    """Rows of one of metasql's tables in the place of all that have the values of `scope`."""
    connection.put_records(layout.relation(name), TABLES[name], scope, rows)


def add(connection: Connection, layout: Layout, name: str, rows: Sequence[Mapping[str, Value]]) -> None:
    """Rows more in one of metasql's logs."""
    connection.put_records(layout.relation(name), TABLES[name], None, rows)


def read(connection: Connection, layout: Layout, name: str, **where: str) -> list[dict[str, Value]]:
    """Rows of one of metasql's tables."""
    names = list(TABLES[name])
    query = select(*cols(names)).from_(table(layout.relation(name)))
    if where:
        query = query.where(all_of(*(equal(col(column), text(value)) for column, value in where.items())))
    return [dict(zip(names, row, strict=True)) for row in connection.rows(query)]


def record_definition(session: Session, feature: Feature) -> None:
    """Tell the target what a feature is."""
    connection, layout, key = session.connection, session.layout, feature.key.path
    row: dict[str, Value] = {
        "feature": key,
        "kind": feature.kind.value,
        "relation": feature.relation,
        "id_columns": ",".join(feature.id_columns),
        "unit_columns": ",".join(feature.unit_columns),
        "feature_version": feature.version,
        "description": feature.description,
        "owner": feature.owner,
        "tags": ",".join(feature.tags),
        "run_id": session.run_id,
        "updated_at": now(),
    }
    replace(connection, layout, "metasql_features", {"feature": key}, [row])
    fields: list[Mapping[str, Value]] = [
        {
            "feature": key,
            "field": field.name,
            "code_version": field.code_version,
            "field_version": field.version,
            "recipe": field.recipe,
            "columns": ",".join(field.columns),
        }
        for field in feature.fields
    ]
    replace(connection, layout, "metasql_fields", {"feature": key}, fields)
    lineages = {dep.feature: dep.lineage.value for dep in feature.deps}
    edges: list[Mapping[str, Value]] = [
        {
            "feature": key,
            "field": field.name,
            "upstream_feature": parent.feature.path,
            "upstream_field": parent.field,
            "lineage": lineages[parent.feature],
        }
        for field in feature.fields
        for parent in field.parents
    ]
    replace(connection, layout, "metasql_field_lineage", {"feature": key}, edges)
    told: dict[str, Value] = {"feature": key, "definition": definition_text(feature)}
    told |= {"run_id": session.run_id, "updated_at": now()}
    replace(connection, layout, "metasql_definitions", {"feature": key}, [told])
    log: dict[str, Value] = {"feature": key, "feature_version": feature.version, "definition": told["definition"]}
    log |= {"run_id": session.run_id, "recorded_at": told["updated_at"]}
    log |= {"revision": revision(session.folder), "author": author()}
    add(connection, layout, "metasql_definition_log", [log])


def definition_text(feature: Feature) -> str:
    """All that a feature is declared as, as it is kept."""
    return json.dumps(as_dict(definition_of(feature)), ensure_ascii=False)


def write_status(session: Session, feature: Feature, counts: Counts, *, ran: bool) -> None:
    """Refresh a feature's rows in `metasql_status` and `metasql_stale_fields`."""
    connection, layout, key = session.connection, session.layout, feature.key.path
    at = now()
    before = [] if ran else read(connection, layout, "metasql_status", feature=key)
    last = at if ran else (before[0]["last_run"] if before else None)
    row: dict[str, Value] = {
        "feature": key,
        "kind": feature.kind.value,
        "live": counts.live,
        "new": counts.new,
        "stale": counts.stale,
        "orphaned": counts.orphaned,
        "waiting": counts.waiting,
        "as_of": at,
        "last_run": str(last) if last is not None else None,
    }
    replace(connection, layout, "metasql_status", {"feature": key}, [row])
    rows: list[Mapping[str, Value]] = [
        {"feature": key, "field": field, "reason": reason, "samples": samples, "as_of": at}
        for (field, reason), samples in sorted(counts.fields.items())
    ]
    replace(connection, layout, "metasql_stale_fields", {"feature": key}, rows)


def record_results(session: Session, results: Sequence[NodeResult]) -> None:
    """Add the outcomes of nodes to `metasql_run_results`."""
    add(session.connection, session.layout, "metasql_run_results", [_told(session, result) for result in results])


def _told(session: Session, result: NodeResult) -> dict[str, Value]:
    return {
        "run_id": session.run_id,
        "node": result.name,
        "kind": result.kind,
        "status": result.status,
        "new": result.work.new if result.work else None,
        "stale": result.work.stale if result.work else None,
        "orphaned": result.work.orphaned if result.work else None,
        "written": result.written,
        "deleted": result.deleted,
        "seconds": result.seconds,
        "text": result.text,
        "finished_at": now(),
    }


def live_count(session: Session, feature: Feature) -> int:
    samples = current(session.layout.of(feature.key, "samples"), "sample")
    query = select(exp.Count(this=exp.Star())).from_(samples)
    rows = session.connection.rows(query.where(is_null(col("metasql_deleted_at", "sample"))))
    return int(rows[0][0])
