"""Clients with settings of their own read the same rows from every view as a plain one does."""

from __future__ import annotations

import pytest

from tests.scenarios.support_example import FIRST, SECOND, example, load
from tests.support.clickhouse_engines import ChDB, ClickHouse

SETTINGS = [
    {"join_use_nulls": 1},
    {"join_use_nulls": 0},
    {"prefer_column_name_to_alias": 1},
    {"prefer_column_name_to_alias": 0},
    {"union_default_mode": ""},
    {"union_default_mode": "ALL"},
    {"transform_null_in": 1, "aggregate_functions_null_for_empty": 1, "group_by_use_nulls": 0},
    {"join_algorithm": "hash", "cast_keep_nullable": 1, "session_timezone": "Asia/Kathmandu"},
    {"date_time_overflow_behavior": "saturate", "final": 1, "max_threads": 1},
]
VIEWS = "SELECT name FROM system.tables WHERE database = 'main' AND engine = 'View' ORDER BY name"


@pytest.fixture(params=[ChDB, ClickHouse], ids=["chdb", "clickhouse"])
def warehouses(request):
    """Each driver."""
    found = request.param()
    yield found
    if isinstance(found, ClickHouse):
        found.close()


def test_settings_of_clients_change_nothing(warehouses, tmp_path):
    """Neither rows nor columns, where something is new, stale and orphaned."""
    place = example(tmp_path, warehouses)
    load(place, FIRST)
    place.run()
    place.work_off("crop", {"path": "p"})
    load(place, SECOND)
    place.run("--select", "video", "--select", "rating")
    assert {row[0] for row in place.listed("crop").values()} == {"new", "stale", "orphaned"}
    with warehouses.client(tmp_path) as client:
        client.database = "main"
        views = [row[0] for row in client.query(VIEWS).result_rows]
        assert len(views) > 30

        def rows(view: str, settings: dict) -> list:
            found = client.query(f'SELECT * FROM "{view}"', settings=settings)
            return [found.column_names, sorted(map(repr, found.result_rows))]

        plain = {view: rows(view, {}) for view in views}
        for settings in SETTINGS:
            assert {view: rows(view, settings) for view in views} == plain, settings
