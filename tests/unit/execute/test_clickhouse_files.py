"""Seeds, batches and exports on ClickHouse: read and written as DuckDB reads and writes them."""

from __future__ import annotations

import duckdb
import pytest

from metasql.diagnostics import MetasqlError
from metasql.names import Relation
from metasql.plan.sql import cols, select, table
from tests.support.clickhouse_sheet import opened

SEED = Relation("main", "seed")
HEADER = ["id", "name", "at", "day", "amount", "ok", "share"]
CSV = (
    "id,name,at,day,amount,ok,share\n"
    '1,"a, ""b""",2024-01-02 03:04:05.123456,1950-02-03,1.50,true,0.1\n'
    "2,,,,,,\n"
    "3,ü €,1969-12-31 23:59:59.9,2262-05-01,-0.01,false,1e300\n"
)


@pytest.fixture
def connection(warehouse):
    """A session that writes."""
    with opened(warehouse) as found:
        yield found


@pytest.fixture
def seed(tmp_path):
    """A CSV file with a value of most types."""
    path = tmp_path / "seed [1].csv"
    path.write_text(CSV, encoding="utf-8")
    return path


def test_a_seed_has_the_types_that_duckdb_finds(connection, seed):
    """Or those that are declared; every value is as it was written."""
    assert connection.load_seed(SEED, seed, HEADER, {"amount": "decimal(10,2)"}) == 3
    assert connection.columns(SEED) == {
        "id": "Int64",
        "name": "String",
        "at": "DateTime64(6, 'UTC')",
        "day": "Date32",
        "amount": "Decimal(10, 2)",
        "ok": "Bool",
        "share": "Float64",
    }
    sql = (
        "SELECT id, name, toString(at), toString(day), toString(amount), toString(ok), share FROM main.seed ORDER BY id"
    )
    assert connection.fetch(sql)[1] == [
        (1, 'a, "b"', "2024-01-02 03:04:05.123456", "1950-02-03", "1.5", "true", 0.1),
        (2, None, None, None, None, None, None),
        (3, "ü €", "1969-12-31 23:59:59.900000", "2262-05-01", "-0.01", "false", 1e300),
    ]


def test_a_seed_takes_the_place_of_the_last(connection, seed):
    """With its columns; one without rows too."""
    connection.load_seed(SEED, seed, HEADER, {})
    seed.write_text("id,other\n7,x\n", encoding="utf-8")
    assert connection.load_seed(SEED, seed, ["id", "other"], {}) == 1
    assert connection.fetch("SELECT * FROM main.seed") == (["id", "other"], [(7, "x")])
    seed.write_text("id,other\n", encoding="utf-8")
    assert connection.load_seed(SEED, seed, ["id", "other"], {"id": "bigint"}) == 0
    assert connection.fetch("SELECT * FROM main.seed") == (["id", "other"], [])


def test_a_seed_that_cannot_be_read_changes_nothing(connection, seed):
    """The error tells the line, and the table stays."""
    connection.load_seed(SEED, seed, HEADER, {})
    seed.write_text("id,other\n1,x\nnot,a,row\n", encoding="utf-8")
    with pytest.raises(MetasqlError) as refused:
        connection.load_seed(SEED, seed, ["id", "other"], {})
    assert refused.value.codes == ["MS0610"]
    assert connection.fetch("SELECT count() FROM main.seed")[1] == [(3,)]


def test_every_type_that_a_seed_may_have(connection, tmp_path):
    """Text, numbers of every width, and what Parquet has no like of."""
    types = {
        "tiny": "tinyint",
        "huge": "hugeint",
        "real": "float",
        "time": "time",
        "uuid": "uuid",
        "zoned": "timestamptz",
        "wide": "decimal(38,10)",
        "blob": "varchar",
    }
    path = tmp_path / "types.csv"
    path.write_text(
        ",".join(types) + "\n-128,170141183460469231731687303715884105727,0.5,23:59:59.000001,"
        "6f1d5f3e-0d5c-4f0e-9d0e-0123456789ab,2024-01-01 00:00:00+02,12345678901234567890.0123456789,x\n",
        encoding="utf-8",
    )
    connection.load_seed(SEED, path, list(types), types)
    told = ", ".join(f"toString({name})" for name in types)
    assert connection.fetch(f"SELECT {told} FROM main.seed")[1] == [
        (
            "-128",
            "170141183460469231731687303715884105727",
            "0.5",
            "23:59:59.000001",
            "6f1d5f3e-0d5c-4f0e-9d0e-0123456789ab",
            "2023-12-31 22:00:00.000000",
            "12345678901234567890.0123456789",
            "x",
        )
    ]


@pytest.mark.parametrize("format", ["csv", "json"])
def test_a_batch_comes_as_text(connection, tmp_path, format):
    """With its rows numbered from 1."""
    path = tmp_path / "batch"
    lines = "id,value\n1,a\n2,\n" if format == "csv" else '{"id": 1, "value": "a"}\n{"id": 2, "value": null}\n'
    path.write_text(lines, encoding="utf-8")
    assert connection.load_batch("metasql_batch", path, format, ["id"]) == {"id": "String", "value": "String"}
    query = select(*cols(["metasql_row", "id", "value"])).from_(table("metasql_batch"))
    assert sorted(connection.rows(query)) == [(1, "1", "a"), (2, "2", None)]


def test_a_batch_in_parquet_keeps_its_types(connection, tmp_path):
    """As ClickHouse calls them."""
    path = tmp_path / "batch"
    duckdb.sql(f"COPY (SELECT 1::INTEGER AS id, DATE '1950-01-02' AS day, [1, NULL] AS l) TO '{path}' (FORMAT parquet)")
    assert connection.load_batch("metasql_batch", path, "parquet", ["id"]) == {
        "id": "Int32",
        "day": "Date32",
        "l": "Array(Nullable(Int32))",
    }


def test_an_empty_batch_has_no_rows(connection, tmp_path):
    """And the columns that it should have had."""
    path = tmp_path / "batch"
    path.touch()
    assert connection.load_batch("metasql_batch", path, "csv", ["id", "x"]) is None
    assert connection.rows(select(*cols(["metasql_row", "id", "x"])).from_(table("metasql_batch"))) == []


@pytest.mark.parametrize("format", ["csv", "json", "parquet"])
def test_a_file_is_written_as_duckdb_writes_it(connection, seed, tmp_path, format):
    """Times in UTC without a zone, decimals, booleans, NULL, and every character."""
    connection.load_seed(SEED, seed, HEADER, {"amount": "decimal(10,2)"})
    query = select(*cols(HEADER, "s")).from_(table(SEED, "s")).order_by("id")
    connection.export(query, tmp_path / "out", format)
    types = "{'amount': 'decimal(10,2)'}"
    source = f"SELECT * FROM read_csv('{tmp_path}/plain.csv', header = true, types = {types})"
    (tmp_path / "plain.csv").write_text(CSV, encoding="utf-8")
    told = {"csv": "FORMAT csv, HEADER true", "json": "FORMAT json", "parquet": "FORMAT parquet"}[format]
    duckdb.sql(f"COPY ({source}) TO '{tmp_path}/wanted' ({told})")
    if format == "parquet":
        rows = [duckdb.sql(f"FROM read_parquet('{tmp_path}/{name}')") for name in ("out", "wanted")]
        assert rows[0].fetchall() == rows[1].fetchall()
        assert rows[0].types == rows[1].types
    else:
        assert (tmp_path / "out").read_text(encoding="utf-8") == (tmp_path / "wanted").read_text(encoding="utf-8")


def test_a_file_of_no_rows_has_its_columns(connection, seed, tmp_path):
    """A program that reads it finds what it expects."""
    connection.load_seed(SEED, seed, HEADER, {})
    query = select(*cols(["id", "name"])).from_(table(SEED)).where("id > 9")
    connection.export(query, tmp_path / "out", "csv")
    assert (tmp_path / "out").read_text(encoding="utf-8") == "id,name\n"
