"""metasql's own tables on ClickHouse: rows in the place of others, in one insert."""

from __future__ import annotations

import pytest

from metasql.names import Relation
from tests.support.clickhouse_sheet import fail, in_transaction, opened

FIELDS, LOG = Relation("main", "metasql_fields"), Relation("main", "metasql_runs")
COLUMNS = {"feature": "text", "field": "text", "rows": "bigint", "share": "double", "at": "timestamp"}


@pytest.fixture
def connection(warehouse):
    """A session with a table that has a key, and a log."""
    with opened(warehouse) as found:
        found.create_records(FIELDS, COLUMNS, ("feature", "field"))
        found.create_records(LOG, COLUMNS, ())
        yield found


def rows(connection):
    return connection.fetch("SELECT feature, field, rows, share, toString(at) FROM main.metasql_fields ORDER BY ALL")[1]


def put(connection, feature, *fields):
    found = [{"feature": feature, "field": field, **more} for field, more in fields]
    connection.put_records(FIELDS, COLUMNS, {"feature": feature}, found)


def test_rows_come_in_the_place_of_their_scope(connection):
    """What is not among the new ones is gone; other scopes stay."""
    put(connection, "a", ("x", {"rows": 1}), ("y", {"share": 0.5, "at": "2024-01-02 03:04:05.000006"}))
    put(connection, "it's \\ b", ("x", {"rows": -(2**63)}))
    assert rows(connection) == [
        ("a", "x", 1, None, None),
        ("a", "y", None, 0.5, "2024-01-02 03:04:05.000006"),
        ("it's \\ b", "x", -(2**63), None, None),
    ]
    put(connection, "a", ("y", {"rows": 2}), ("z", {"rows": 3}))
    assert [row[:3] for row in rows(connection)] == [("a", "y", 2), ("a", "z", 3), ("it's \\ b", "x", -(2**63))]
    put(connection, "a")
    assert [row[0] for row in rows(connection)] == ["it's \\ b"]
    put(connection, "a", ("y", {"rows": 4}))
    assert next(row[:3] for row in rows(connection)) == ("a", "y", 4)


def test_one_insert_makes_one_part(connection):
    """So that a server that dies in it has written all of it or nothing."""
    put(connection, "a", *((f"f{number}", {"rows": number}) for number in range(50)))
    put(connection, "a", *((f"f{number}", {"rows": -number}) for number in range(25, 75)))
    parts = "SELECT count() FROM system.parts WHERE active AND database = 'main' AND table = 'metasql_fields__rows'"
    assert connection.fetch(parts)[1][0][0] <= 2
    assert len(rows(connection)) == 50


def test_rows_of_a_log_are_added(connection):
    """None is replaced."""
    for number in (1, 2):
        connection.put_records(LOG, COLUMNS, None, [{"feature": "a", "rows": number}])
    connection.put_records(LOG, COLUMNS, None, [])
    assert connection.fetch("SELECT feature, rows FROM main.metasql_runs ORDER BY rows")[1] == [("a", 1), ("a", 2)]


def test_records_of_a_transaction_come_at_its_end(connection):
    """Or never."""
    with connection.transaction():
        put(connection, "a", ("x", {"rows": 1}))
        assert rows(connection) == []
    assert len(rows(connection)) == 1
    with pytest.raises(ZeroDivisionError):
        in_transaction(connection, lambda: put(connection, "a"), fail)
    assert len(rows(connection)) == 1


def test_making_them_twice_changes_nothing(connection):
    """They are made where they are not there yet."""
    put(connection, "a", ("x", {"rows": 1}))
    connection.create_records(FIELDS, COLUMNS, ("feature", "field"))
    connection.create_records(LOG, COLUMNS, ())
    assert len(rows(connection)) == 1
    assert connection.columns(FIELDS) == {
        "feature": "String",
        "field": "String",
        "rows": "Int64",
        "share": "Float64",
        "at": "DateTime64(6, 'UTC')",
    }
