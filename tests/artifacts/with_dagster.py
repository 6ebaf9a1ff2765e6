"""Makes assets of a manifest with dagster-dbt, and prints which. Run by its interpreter."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dagster import AssetKey, Definitions
from dagster_dbt import DagsterDbtTranslator, build_dbt_asset_selection, dbt_assets


@dbt_assets(manifest=Path(sys.argv[1]) / "manifest.json", dagster_dbt_translator=DagsterDbtTranslator())
def features(context):
    """What a user of dagster writes."""


graph = Definitions(assets=[features]).resolve_asset_graph()
crop = features.get_asset_spec(AssetKey("video__face_crop"))
print(
    json.dumps(
        {
            "parents": {
                key.to_user_string(): [parent.to_user_string() for parent in graph.get(key).parent_keys]
                for key in graph.get_all_asset_keys()
            },
            "checks": [f"{check.asset_key.to_user_string()}: {check.name}" for check in features.check_keys],
            "selected": [
                key.to_user_string()
                for key in build_dbt_asset_selection([features], dbt_select="tag:gpu+").resolve([features])
            ],
            "tags": sorted(crop.tags),
            "columns": [column.name for column in crop.metadata["dagster/column_schema"].columns],
        }
    )
)
