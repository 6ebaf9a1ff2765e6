"""Reads the artifacts of a target folder with dbt-core, and prints what it found there. Run by its interpreter."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jsonschema
from dbt.artifacts.schemas.catalog import CatalogArtifact
from dbt.artifacts.schemas.run import RunResultsArtifact
from dbt.contracts.graph.manifest import Manifest, WritableManifest

target = Path(sys.argv[1])


def read(name: str, artifact: type) -> object:
    """An artifact, which must be of this version, and as its schema says."""
    path = target / name
    jsonschema.Draft202012Validator(artifact.json_schema()).validate(json.loads(path.read_text()))
    return artifact.read_and_check_versions(str(path))


manifest = read("manifest.json", WritableManifest)
results = read("run_results.json", RunResultsArtifact)
catalog = read("catalog.json", CatalogArtifact)
whole = Manifest.from_writable_manifest(manifest)
whole.build_parent_and_child_maps()
parents = {
    name: [whole.nodes[above].name for above in whole.parent_map[name] if above in whole.nodes]
    for name, node in whole.nodes.items()
}
print(
    json.dumps(
        {
            "project": manifest.metadata.project_name,
            "parents": {whole.nodes[name].name: above for name, above in parents.items()},
            "tests": [node.name for node in whole.nodes.values() if node.resource_type == "test"],
            "outcomes": {result.unique_id: str(result.status.value) for result in results.results},
            "columns": {table.metadata.name: list(table.columns) for table in catalog.nodes.values()},
        }
    )
)
