"""metasql's operations give the same values on DuckDB and on ClickHouse."""

from __future__ import annotations

import random
import struct

import duckdb
import pytest
from sqlglot import exp

from metasql.lower.clickhouse import CLICKHOUSE
from metasql.lower.duckdb import DUCKDB
from metasql.lower.render import render
from metasql.plan.provenance import encoded
from metasql.plan.sql import as_, cast_to, col, op, select, text
from tests.support.clickhouse_process import ClickHouse

SEED = 20240229


@pytest.fixture(scope="module")
def clickhouse():
    engine = ClickHouse()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def duck():
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Asia/Tokyo'")
        yield connection


def kind(name: str) -> exp.DataType:
    return exp.DataType.build(name, dialect="duckdb")


def both(query: exp.Query, duck, clickhouse, algorithm: str = "md5") -> tuple[list, list]:
    """What the engines answer, every value as text or NULL."""
    left = duck.execute(render(query, DUCKDB.hashing(algorithm))).fetchall()
    right = clickhouse.rows(render(query, CLICKHOUSE.hashing(algorithm)))
    return [list(row) for row in left], right


def values(words: list[str | None], type_: str) -> exp.Subquery:
    """A table `v` with a column `a` of the type, and its row numbers `n`."""
    parts = [
        select(as_(exp.Literal.number(number), "n"), as_(exp.null() if word is None else text(word), "w"))
        for number, word in enumerate(words)
    ]
    rows: exp.Query = parts[0]
    for part in parts[1:]:
        rows = exp.union(rows, part, distinct=False, copy=False)
    typed = select(col("n"), as_(cast_to(col("w"), kind(type_)), "a"))
    return typed.from_(rows.subquery("r", copy=False), copy=False).subquery("v", copy=False)


def random_words() -> dict[str, list[str | None]]:
    """Values of each type as both engines read them: edges, and some by chance."""
    chance = random.Random(SEED)
    signs = "aZ0 '\\\"%_äß漢🙂\u0301\n\t|:-"
    texts = [
        "",
        " ",
        "-",
        "0",
        "NULL",
        "null",
        "\\N",
        "a|b",
        "x" * 5000,
        "漢字" * 700,
        "a\\b'c\"d",
        "\u00e9",
        "e\u0301",
    ]
    texts += ["".join(chance.choice(signs) for _ in range(chance.randrange(40))) for _ in range(200)]
    found: dict[str, list[str | None]] = {"text": [*texts]}
    for name, bits, signed in (
        ("tinyint", 8, True), ("utinyint", 8, False), ("smallint", 16, True), ("usmallint", 16, False),
        ("integer", 32, True), ("uinteger", 32, False), ("bigint", 64, True), ("ubigint", 64, False),
        ("hugeint", 128, True), ("uhugeint", 128, False),
    ):  # fmt: skip
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        found[name] = [str(n) for n in (low, high, 0, 1, *(chance.randint(low, high) for _ in range(30)))]
    found["boolean"] = ["true", "false"]
    for width, scale in ((4, 0), (9, 9), (10, 2), (18, 6), (38, 10), (38, 0), (38, 37)):
        edge = 10**width - 1
        numbers = [0, 1, -1, edge, -edge, 10 ** (width - 1), *(chance.randint(-edge, edge) for _ in range(20))]
        found[f"decimal({width},{scale})"] = [decimal(number, scale) for number in numbers]
    found["date"] = ["1970-01-01", "1900-01-01", "1899-12-31", "2299-12-31", "2300-01-01", "0001-01-01", "9999-12-31"]
    found["date"] += [
        f"{chance.randint(1, 9999):04}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}" for _ in range(60)
    ]
    times = [f"{day} {clock}" for day in found["date"][:7] for clock in ("00:00:00", "23:59:59.999999", "12:30:00.5")]
    times += [f"2020-02-29 01:02:03.{chance.randrange(10**6):06}" for _ in range(40)]
    found["timestamp"] = times
    found["uuid"] = ["00000000-0000-0000-0000-000000000000", "C6473C42-4e10-4ee9-a9e4-d64e9e51aa90"]
    return found


def decimal(number: int, scale: int) -> str:
    sign, digits = "-" if number < 0 else "", str(abs(number)).rjust(scale + 1, "0")
    return sign + (f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits)


WORDS = random_words()


@pytest.mark.parametrize("type_", WORDS)
@pytest.mark.parametrize("known", [True, False], ids=["typed", "untyped"])
def test_texts_and_hashes_are_equal(type_, known, duck, clickhouse):
    """The canonical text of a value, its encoding and hash, whether its type is known beforehand or not."""
    rows = values([*WORDS[type_], None], type_)
    made = op("text", col("a", "v"), kind(type_)) if known else op("text", col("a", "v"))
    code = encoded(col("a", "v"), kind(type_) if known else None)
    query = select(col("n", "v"), made, code, op("hash", code)).from_(rows).order_by("n")
    left, right = both(query, duck, clickhouse)
    assert left == right
    assert left[-1][1:3] == [None, "-"]


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_hashes_and_digests_are_equal(algorithm, duck, clickhouse):
    """A set of hashes has one digest; one without members and one with a member that waits have theirs too."""
    hashed = as_(op("hash", col("a", "v")), "h")
    rows = select(hashed).from_(values(WORDS["text"], "text")).subquery("h")
    query = select(op("set_digest", col("h", "h")), op("bytes", exp.func("max", col("h", "h")))).from_(rows)
    left, right = both(query, duck, clickhouse, algorithm)
    assert left == right
    assert len(left[0][0]) == 32
    waits = select(op("set_digest", col("a", "v"))).from_(values(["0" * 32, None], "text"))
    assert both(waits, duck, clickhouse, algorithm) == ([[None]], [[None]])


@pytest.mark.parametrize("type_", ["double", "float"])
@pytest.mark.parametrize("known", [True, False], ids=["typed", "untyped"])
def test_floats_are_told_by_their_bits(type_, known, duck, clickhouse):
    """Every float has one text on both engines; zero has one sign and not-a-number one form."""
    chance = random.Random(SEED)
    numbers = [struct.unpack("<d", chance.randbytes(8))[0] for _ in range(300)]
    numbers += [0.1, 1e300, 5e-324, 1.7976931348623157e308, 2.5, -1.0, 1e16, 123456789.123]
    if type_ == "float":
        numbers = [struct.unpack("<f", struct.pack("<f", n))[0] for n in numbers if abs(n) < 3e38]
    words = [repr(n) for n in numbers if n == n] + ["nan", "-nan", "inf", "-inf", "0.0", "-0.0"]
    made = op("text", col("a", "v"), kind(type_)) if known else op("text", col("a", "v"))
    left, right = both(select(col("n", "v"), made).from_(values(words, type_)).order_by("n"), duck, clickhouse)
    assert left == right
    assert [row[1] for row in left[-6:-4]] == ["nan", "nan"]
    assert [row[1] for row in left[-2:]] == ["0", "0"]


def test_times_with_a_zone_are_told_in_utc(duck, clickhouse):
    """The instant counts, whatever zone a value or a session has."""
    duck.execute("CREATE OR REPLACE TEMP TABLE v AS SELECT TIMESTAMPTZ '2020-01-01 12:00:00.25+02' AS a")
    left = duck.execute(render(select(op("text", col("a"))).from_("v"), DUCKDB)).fetchall()
    for type_ in ("DateTime64(6, 'Europe/Berlin')", "DateTime64(3, 'UTC')", "Nullable(DateTime64(9, 'Asia/Tokyo'))"):
        made = render(select(op("text", col("a"))), CLICKHOUSE)
        rows = clickhouse.rows(
            f"{made} FROM (SELECT CAST(toDateTime64('2020-01-01 10:00:00.25', 6, 'UTC') AS {type_}) AS a)"
        )
        assert rows == [list(left[0])] == [["2020-01-01 10:00:00.25"]]
    made = render(select(op("text", col("a"))), CLICKHOUSE)
    assert clickhouse.rows(f"{made} FROM (SELECT toDateTime('2020-01-01 10:00:00', 'Asia/Tokyo') AS a)") == [
        ["2020-01-01 01:00:00"]
    ]


READ = {
    "bigint": ["1", " 1 ", "+1", "-1", "1.0", "1.5", "2.5", "-2.5", "1e3", "1_000", "", "a", "9223372036854775807",
               "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "007", "1.", "  ", "true", ".5",
               "-0", "1e-3", "٣", "1.4999999999999999999999", "1e400", "1 2", "--1", "1e", "\t7\n"],
    "utinyint": ["255", "256", "-1", "254.6", "255.4", "255.5", "-0"],
    "integer": ["2147483647", "2147483648", "-2147483648"],
    "hugeint": ["170141183460469231731687303715884105727", "170141183460469231731687303715884105728", "1e30", "1.5"],
    "double": ["1", "1.5", "-0", "1e308", "nan", "NaN", "inf", "-Infinity", "infinity", "+1", " 1 ", "", "1e", "0x10",
               ".5", "5.", "1_000", "4.9e-324", "1d", "."],
    "float": ["0.1", "16777217", "3.4e38"],
    "decimal(10,2)": ["1", "1.5", "1.005", "1.015", "-1.005", "99999999.99", "999999999", "99999999.995", "1e3",
                      "1.5e-1", " 1 ", "", "a", "+1", "nan", ".5", "5.", "1_000", "-99999999.994"],
    "decimal(38,10)": ["1234567890123456789012345678.0123456789", "99999999999999999999999999999", "0.00000000005"],
    "boolean": ["true", "false", "t", "f", "1", "0", "yes", "no", "TRUE", "True", "y", "n", "on", "off", " true ",
                "", "2"],
    "date": ["2020-01-01", "2020-1-1", "2020/01/01", "2020-02-30", "2020-02-29", "2019-02-29", "2020-01-01 10:00:00",
             "20200101", " 2020-01-01 ", "1800-01-01", "0001-01-01", "9999-12-31", "2020-01-01T00:00:00", "01-02-2020",
             "2020-13-01", "2020.01.01", "2020 01 01", "20-01-01", "2020-01-01x", "2020-1/1", "2020-01-01T",
             "2020-00-10"],
    "timestamp": ["2020-01-01", "2020-01-01 10:00:00", "2020-01-01T10:00:00", "2020-01-01T10:00:00Z",
                  "2020-01-01 10:00",
                  "2020-01-01 10:00:00.1", "2020-01-01 10:00:00.123456789", "2020-01-01 10:00:00.9999999",
                  "2020-01-01 25:00:00", "2020-01-01 24:00:00", "2020-01-01 24:00:01", "2020-1-1 1:2:3",
                  " 2020-01-01 10:00:00 ", "2020/01/01 10:00:00", "1800-01-01 00:00:00", "1577836800",
                  "2020-01-01 10:00:60", "2020-01-01 10:60:00", "2020-01-01 10", "1969-12-31 23:59:59.9999995",
                  "2020-01-01 10:00:00.", "2020-02-30 00:00:00", "2020-01-01T", "x", "", "2020-01-01 10:00:00 UTC",
                  "9999-12-31 23:59:59.999999", "0001-01-01 00:00:00"],
    "timestamptz": ["2020-01-01 10:00:00+02", "2020-01-01 10:00:00Z", "2020-01-01T10:00:00-05:30",
                    "2020-01-01 10:00:00.5+02:30", "2020-01-01 10:00:00 UTC", "2020-01-01 10:00:00+0200",
                    "2020-01-01 10:00:00 +02:00", "2020-01-01 10:00:00+2", "2020-02-30 10:00:00+02", "x"],
    "uuid": ["c6473c42-4e10-4ee9-a9e4-d64e9e51aa90", "C6473C42-4E10-4EE9-A9E4-D64E9E51AA90",
             "c6473c424e104ee9a9e4d64e9e51aa90", "x", ""],
}  # fmt: skip


@pytest.mark.parametrize("type_", READ)
def test_texts_are_read_alike(type_, duck, clickhouse):
    """A text stands for the same value on both engines, or for none on both."""
    query = select(col("a", "v"), op("text", op("try_cast_text", col("a", "v"), kind(type_)), kind(type_)))
    left, right = both(query.from_(values([*READ[type_], None], "text")).order_by("n"), duck, clickhouse)
    assert left == right


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        ("bigint", ["0x1F", "0b11"]),
        ("date", ["infinity", "-infinity", "epoch", "0044-03-15 (BC)", "10000-01-01", "0000-01-01"]),
        ("timestamp", ["infinity", "epoch", "12020-01-01 00:00:00"]),
        ("timestamptz", ["2020-01-01 10:00:00 Europe/Berlin"]),
    ],
)
def test_texts_that_clickhouse_has_no_value_for(type_, words, clickhouse):
    """What is outside of ClickHouse's types stands for no value, and never for another one."""
    query = select(op("try_cast_text", col("a", "v"), kind(type_))).from_(values(words, "text"))
    assert clickhouse.rows(render(query, CLICKHOUSE)) == [[None]] * len(words)


def test_patterns_are_found_alike(duck, clickhouse):
    """The first group of a pattern, `''` without one, NULL for NULL."""
    rows = values(["r1:abc;full=0123", "x\ny", "", None], "text")
    query = select(
        col("n"), op("extract", col("a", "v"), text(";full=([0-9a-f]{4})")), op("matches", col("a", "v"), text("^r1:"))
    )
    left, right = both(query.from_(rows).order_by("n"), duck, clickhouse)
    assert left == right


@pytest.mark.parametrize(
    ("type_", "expected"),
    [("Nullable(String)", False), ("Array(String)", True), ("Map(String, String)", True), ("Tuple(a Int8)", True),
     ("DateTime64(6, 'UTC')", False), ("Float64", False), ("JSON", True), ("IntervalDay", True)],
)  # fmt: skip
def test_values_without_a_text(type_, expected):
    """Values that hold values have no text of their own."""
    assert (CLICKHOUSE.unhashable(type_) is not None) is expected
