"""What tools for charts do, through SQLAlchemy: they ask for relations and columns, and build queries of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from clickhouse_connect.cc_sqlalchemy.datatypes.sqltypes import String

from tests.scenarios.support import Place
from tests.scenarios.support_example import FIRST, SECOND, example, load

FLAT = (sa.String, String, sa.Integer, sa.Numeric, sa.Boolean, sa.Date, sa.DateTime)
VIEWS = [
    f"{key}{ending}" for key in ("video", "crop", "clip", "total", "job") for ending in ("", "__increment", "__summary")
]
STATE = ["metasql_status", "metasql_stale_fields", "metasql_features", "metasql_fields", "metasql_field_lineage"]
STATE += ["metasql_runs", "metasql_run_results"]


@pytest.fixture
def place(engine, tmp_path):
    """The example, worked on, and then with news upstream."""
    found = example(tmp_path, engine)
    load(found, FIRST)
    found.run()
    found.work_off("crop", {"path": "p"})
    load(found, SECOND)
    found.run("--select", "video", "--select", "rating")
    return found


@contextmanager
def client(place: Place) -> Iterator[sa.Connection]:
    """A client as a tool opens it."""
    target = place.engine.target(place.folder)
    connect = {}
    if target["type"] == "duckdb":
        url, connect = sa.URL.create("duckdb", database=target["path"]), {"read_only": True}
    elif target.get("driver") == "chdb":
        url = sa.URL.create("clickhousedb", database="main", query={"interface": "chdb", "path": target["path"]})
    else:
        url = sa.URL.create(
            "clickhousedb",
            username=target["username"],
            password=target["password"],
            host=target["host"],
            port=target["port"],
            database="main",
        )
    engine = sa.create_engine(url, connect_args=connect)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def reflected(connection: sa.Connection, name: str) -> sa.Table:
    """A relation with those of its columns that are no maps: DuckDB's dialect has no word for these."""
    columns = [
        item
        for item in sa.inspect(connection).get_columns(name, schema="main")
        if not item["name"].endswith("_by_field")
    ]
    return sa.Table(name, sa.MetaData(schema="main"), *(sa.Column(item["name"], item["type"]) for item in columns))


@pytest.mark.filterwarnings("ignore:Did not recognize type 'map':sqlalchemy.exc.SAWarning")
def test_every_relation_is_found_and_read(place):
    """Its columns are texts, numbers, booleans, dates and times; the maps `…_by_field` stand beside those."""
    columns = {name: list(place.columns(name)) for name in [*VIEWS, *STATE]}
    plain = {}
    for name, found in columns.items():
        names = ", ".join(f'"{column}"' for column in found if not column.endswith("_by_field"))
        plain[name] = sorted(map(repr, place.values(f'SELECT {names} FROM "{name}"')))
    with client(place) as connection:
        inspector = sa.inspect(connection)
        assert set(columns) <= {*inspector.get_table_names("main"), *inspector.get_view_names("main")}
        for name, expected in columns.items():
            told = {item["name"]: item["type"] for item in inspector.get_columns(name, schema="main")}
            assert list(told) == expected
            odd = [column for column, type_ in told.items() if not isinstance(type_, FLAT)]
            assert all(column.endswith("_by_field") for column in odd), (name, odd)
            rows = connection.execute(sa.select(reflected(connection, name)))
            assert sorted(repr(tuple(row)) for row in rows) == plain[name], name


@pytest.mark.filterwarnings("ignore:Did not recognize type 'map':sqlalchemy.exc.SAWarning")
def test_filters_and_groups(place):
    """What a chart of the increment asks: filters with values, counts by status, the newest first, a join."""
    stale = place.values(
        "SELECT video_id FROM crop__increment WHERE metasql_status = 'stale'"
        " AND metasql_reason IN ('upstream', 'code') AND seconds > 7 ORDER BY video_id"
    )
    newest = place.values("SELECT video_id FROM video ORDER BY metasql_commit DESC, video_id DESC LIMIT 3")
    both = place.values("SELECT count(*) FROM crop__increment WHERE video_id IN (SELECT video_id FROM video)")
    with client(place) as connection:
        increment, status = reflected(connection, "crop__increment").c, reflected(connection, "metasql_status").c
        live = reflected(connection, "video").c
        of_status = increment.metasql_status == "stale"
        reasons = increment.metasql_reason.in_(["upstream", "code"])
        query = sa.select(increment.video_id).where(of_status, reasons, increment.seconds > 7)
        assert [(number,) for number in connection.scalars(query.order_by(increment.video_id))] == stale != []
        counted = sa.select(increment.metasql_status, sa.func.count()).group_by(increment.metasql_status)
        counts = dict(map(tuple, connection.execute(counted)))
        words = ("new", "stale", "orphaned")
        told = sa.select(*(status[word] for word in words)).where(status.feature == "crop")
        [row] = connection.execute(told)
        assert counts == {word: number for word, number in zip(words, row, strict=True) if number}
        ordered = sa.select(live.video_id).order_by(live.metasql_commit.desc(), live.video_id.desc()).limit(3)
        assert [tuple(row) for row in connection.execute(ordered)] == newest
        joined = sa.select(sa.func.count()).where(live.video_id == increment.video_id)
        assert [tuple(row) for row in connection.execute(joined)] == both
