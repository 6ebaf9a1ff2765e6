"""metaxy's side of the comparison. It runs in metaxy's own environment, which has no metasql.

python -P metaxy_worker.py JOB, a document in JSON: database, parents, leaf, and one of
    write: the Parquet files of each root's rows
    settle: true; every sample of the increment is written to the leaf
    increment: a Parquet file to write the increment's ids to; prints the CPU seconds until it was there
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from typing import Any

warnings.simplefilter("ignore")

import metaxy  # noqa: E402 - its import warns
import polars  # noqa: E402 - the same
from metaxy.ext.metadata_stores.duckdb import DuckDBMetadataStore  # noqa: E402 - the same


def features(job: dict[str, Any]) -> tuple[list[type], type]:
    """The roots and the leaf, whose fields are made of every field of every root."""
    roots = []
    for number, fields in enumerate(job["parents"]):
        spec = metaxy.FeatureSpec(key=f"sample/root_{number}", id_columns=["sample_id"], fields=fields)
        roots.append(type(f"Root{number}", (metaxy.BaseFeature,), _body(), spec=spec))
    spec = metaxy.FeatureSpec(
        key="sample/leaf",
        id_columns=["sample_id"],
        deps=[metaxy.FeatureDep(feature=root) for root in roots],
        fields=job["leaf"],
    )
    return roots, type("Leaf", (metaxy.BaseFeature,), _body(), spec=spec)


def _body() -> dict[str, Any]:
    return {"__annotations__": {"sample_id": str}, "__module__": __name__}


def opened(job: dict[str, Any]) -> Any:
    """The store. Its extension would be downloaded; md5 does without it."""
    store = DuckDBMetadataStore(
        job["database"],
        hash_algorithm=metaxy.HashAlgorithm.MD5,
        config={"threads": str(job["threads"])},
        auto_create_tables=True,
    )
    store.extensions.clear()
    return store.open("w")


def main() -> None:
    job = json.loads(sys.argv[1])
    metaxy.MetaxyConfig.set(metaxy.MetaxyConfig(project="bench"))
    roots, leaf = features(job)
    with opened(job) as store:
        for root, path in zip(roots, job.get("write", []), strict=False):
            store.write(root, polars.read_parquet(path))
        if job.get("settle"):
            store.write(leaf, store.resolve_update(leaf).new)
        if job.get("increment"):
            found = store.resolve_update(leaf)
            used = os.times()
            print(used.user + used.system)
            _write_ids(found, job["increment"])


def _write_ids(found: Any, path: str) -> None:
    kinds = {"new": found.new, "stale": found.stale, "orphaned": found.orphaned}
    parts = [
        polars.DataFrame({"sample_id": frame["sample_id"].to_list()}, schema={"sample_id": polars.String}).with_columns(
            status=polars.lit(kind)
        )
        for kind, frame in kinds.items()
    ]
    polars.concat(parts).write_parquet(path)


if __name__ == "__main__":
    main()
