"""Whole numbers at the edges of their types: ClickHouse's own would wrap to other numbers."""

from __future__ import annotations

import operator
from itertools import product

import pytest

from tests.portability.asking import asked, told

BITS = {
    "tinyint": (8, True), "integer": (32, True), "bigint": (64, True), "hugeint": (128, True),
    "utinyint": (8, False), "ubigint": (64, False),
}  # fmt: skip
SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def edges(type_: str) -> list[int]:
    bits, signed = BITS[type_]
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return [low, high, -3 if signed else 3]


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])
@pytest.mark.parametrize("right", BITS)
@pytest.mark.parametrize("left", BITS)
def test_no_number_wraps(left, right, typed, duck, clickhouse):
    """What DuckDB gives is given; where that fails, the true number is given, or it fails as well.

    Of columns of unknown types unsigned numbers beside signed ones may fail where they need more than 64 bits.
    """
    for x, y in product(edges(left), edges(right)):
        for sign, reckon in SIGNS.items():
            ours, theirs = asked(f"x {sign} y", {"x": (left, x), "y": (right, y)}, typed=typed)
            expected, came = told(lambda sql: duck.execute(sql).fetchall(), ours), told(clickhouse.rows, theirs)
            allowed = {expected}
            if expected == "error":
                allowed.add(str(reckon(x, y)))
            elif not typed and "ubigint" in (left, right) and abs(reckon(x, y)) >= 2**63:
                allowed.add("error")
            told_as = f"{x}::{left} {sign} {y}::{right}: DuckDB {expected}, ClickHouse {came}"
            assert came in allowed, told_as


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])
@pytest.mark.parametrize("type_", BITS)
def test_no_negative_wraps(type_, typed, duck, clickhouse):
    """The lowest number of a type has no counterpart in it."""
    for x in edges(type_):
        for expression, true in (("-x", -x), ("abs(x)", abs(x)), ("-x - 1", -x - 1), ("(x + x) - x", x)):
            ours, theirs = asked(expression, {"x": (type_, x)}, typed=typed)
            expected, came = told(lambda sql: duck.execute(sql).fetchall(), ours), told(clickhouse.rows, theirs)
            assert came in ((expected,) if expected != "error" else ("error", str(true))), (expression, x)


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])
def test_no_bit_is_lost(typed, duck, clickhouse):
    """Of what is shifted to the left."""
    for x, by in product((0, 1, 5, 2**40, 2**62, -1), (0, 1, 22, 61, 62, 63, 64, -1)):
        ours, theirs = asked("x << y", {"x": ("bigint", x), "y": ("bigint", by)}, typed=typed)
        expected, came = told(lambda sql: duck.execute(sql).fetchall(), ours), told(clickhouse.rows, theirs)
        assert came == expected or (came == "error" and x == 0), (x, by)


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])
@pytest.mark.parametrize("right", ["float", "double", "integer", "bigint", "decimal(9,3)", "hugeint"])
def test_floats_of_32_bits_stay_such(right, typed, duck, clickhouse):
    """Beside whatever is none of 64; ClickHouse's own are doubles. Where types are not known they are refused."""
    expressions = ["x + y", "y - x", "x * y", "x / y", "y / x", "-x * y", "x * x - y", "abs(x)", "x * 2", "x + 0.1"]
    for x, y in product((0.1, -1.5, 16777217.0, 3e38), (3, 16777217)):
        for expression in expressions:
            y_of_type = y if not right.startswith("decimal") else min(y, 99999)
            ours, theirs = asked(expression, {"x": ("float", x), "y": (right, y_of_type)}, typed=typed)
            expected, came = told(lambda sql: duck.execute(sql).fetchall(), ours), told(clickhouse.rows, theirs)
            refused = not typed and expression != "abs(x)"
            assert came == ("error" if refused else expected), (expression, x, y)
