"""NaN, infinities and floats of 32 bits, in comparisons and choices: as DuckDB has them."""

from __future__ import annotations

from itertools import product

import pytest

from tests.portability.asking import asked, told

VALUES = ("nan", "inf", "-inf", "0.1", "-0.0", "1.5", "2.5", "0.35", "16777217")
OVER_TWO = (
    "x < y",
    "x > y",
    "x <= y",
    "x >= y",
    "x between 0.1 and y",
    "greatest(x, y)",
    "least(x, y)",
    "nullif(x, y)",
)
OVER_TWO += ("x is distinct from y", "case x when y then 1 else 2 end", "not (x > y)", "x + y", "x / y")
RECKONED = ("x + y", "x / y", "x * 0.1")
"""What is refused for floats of 32 bits, where nothing tells beforehand that they are such."""
OVER_ONE = ("x > 0.5", "x <= 0", "0.5 < x", "1 >= x", "x between -1 and 1", "x in (0.1, 1.5)", "x not in (0.1, 1.5)")
OVER_ONE += ("x = 0.1", "x != 0.1", "x <= 0.1", "x > 0.1", "case x when 0.1 then 1 else 2 end", "greatest(x, 1)")
OVER_ONE += (
    "case when x > 1 then 'a' else 'b' end",
    "coalesce(x, 0.1)",
    "round(x, 1)",
    "round(x)",
    "floor(x)",
    "x % 2",
)
OVER_ONE += ("not (x > 1)", "x = 'nan'::double", "x * 0.1", "-x", "abs(x)", "cast(x as text)", "x::double", "isnan(x)")


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])
@pytest.mark.parametrize("type_", ["double", "float"])
def test_floats_are_compared_alike(type_, typed, duck, clickhouse):
    """NaN is greater than all others, and equal to itself; a decimal beside 32 bits has as many."""
    asked_of = [(expression, x, "1") for expression, x in product(OVER_ONE, VALUES)]
    asked_of += [(expression, x, y) for expression, x, y in product(OVER_TWO, VALUES, ("nan", "1.5", "0.1"))]
    for expression, x, y in asked_of:
        ours, theirs = asked(expression, {"x": (type_, x), "y": (type_, y)}, typed=typed)
        expected, came = told(lambda sql: duck.execute(sql).fetchall(), ours), told(clickhouse.rows, theirs)
        refused = type_ == "float" and not typed and expression in RECKONED
        assert came == ("error" if refused else expected), (expression, x, y)


def test_nan_equals_itself_where_it_is_known_to_be_a_float(duck, clickhouse):
    """Of two columns of unknown types only joins are sure."""
    for expression in ("x = y", "x <> y"):
        ours, theirs = asked(expression, {"x": ("double", "nan"), "y": ("double", "nan")}, typed=True)
        assert duck.execute(ours).fetchall() == [tuple(row) for row in clickhouse.rows(theirs)]


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])
@pytest.mark.parametrize("type_", ["decimal(4,4)", "decimal(5,4)", "decimal(38,38)", "decimal(9,0)"])
def test_decimals_as_text(type_, typed, duck, clickhouse):
    """One without digits before its point is written without any."""
    for value in ("0", "-0.5", "0.25") if not type_.endswith(",0)") else ("0", "-5", "12"):
        ours, theirs = asked("cast(x as text)", {"x": (type_, value)}, typed=typed)
        assert told(lambda sql: duck.execute(sql).fetchall(), ours) == told(clickhouse.rows, theirs)
