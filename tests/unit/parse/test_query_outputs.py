"""The output columns of a body."""

from __future__ import annotations

import pytest

from metasql.parse import query
from tests.unit.parse.reading import body, complaint, complaints, shown


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("select 1 as a, b, t.c, t.d.e from range(3) t", ("a", "b", "c", "e")),
        ("select 1 as a union all select 2", ("a",)),
        ("(select 1 as a)", ("a",)),
        ("with c as (select 1 as a, 2 as b) select * from c", ("a", "b")),
        ("with c(x, y) as (select 1, 2) select * from c", ("x", "y")),
        ("with c as (select 1 as a), d as (select * from c) select d.*, 3 as z from d", ("a", "z")),
        ("select * from (select 1 as a, 2 as b) s", ("a", "b")),
        ("select s.* exclude (a) from (select 1 as a, 2 as b) s", ("b",)),
        ("select * rename (a as z) from (select 1 as a, 2 as b) s", ("z", "b")),
        ("select * replace (3 as a) from (select 1 as a, 2 as b) s", ("a", "b")),
        ("select * from (select 1 as a) s join (select 1 as a, 2 as b) t using (a)", ("a", "b")),
        ("select * from (select 1 as a) s semi join (select 1 as a, 2 as b) t on true", ("a",)),
        ("select * from (select 1, 2) s(x, y)", ("x", "y")),
        ("select * from range(3)", None),
        ("select columns('a.*') from range(3)", None),
        ("select * from {{ ref('a') }}", None),
        ("select * from (select 1 as a) s natural join (select 1 as a) t", None),
    ],
)
def test_names(text, names):
    """Where a star can be expanded it is."""
    assert query.output_names(body(text).body.tree) == names


def test_names_with_the_columns_of_upstream():
    """Once they are known, a star over a ref is expanded too."""
    tree = body("with c as (select * from {{ ref('a') }}) select c.*, 1 as n from c").body.tree
    assert query.output_names(tree, {"__metasql_ref_0": ["x", "y"]}) == ("x", "y", "n")


@pytest.mark.parametrize(
    ("text", "place", "part"),
    [
        ("select a, count(*) from range(3)", "1:11", "count"),
        ("select\n  1,\n  b from range(3)", "2:3", "1"),
        ("select a + 1 from range(3)", "1:8", "a"),
        ("select case when a then 1 end from range(3)", "1:18", "a"),
    ],
)
def test_columns_without_a_name(text, place, part):
    """Engines would make up different ones."""
    assert shown(complaint(text)) == ("MS0235", f"models/a.sql:{place}", part)


def test_two_columns_of_one_name():
    """Both places are shown; case does not matter."""
    found = complaint("select\n  1 as a,\n  t.A\nfrom range(3) t")
    assert shown(found) == ("MS0236", "models/a.sql:3:5", "A")
    assert str(found.secondary[0].span) == "models/a.sql:2:8"


def test_a_star_is_no_mistake():
    """Its columns are known later."""
    assert complaints("select *, 1 as a from {{ ref('b') }}") == []
