"""Normal forms: equal for what only reads differently, and different for everything that may change a value."""

from __future__ import annotations

import pytest
from sqlglot import exp, parse_one

from metasql.trace.normal import Normal

TABLES = {"__ref_0": "video/full", "__ref_1": "rating"}


def form(sql: str, *columns: str) -> str:
    text = sql.replace("@v", "__ref_0").replace("@r", "__ref_1")
    tree = parse_one(text, dialect="duckdb")
    assert isinstance(tree, exp.Query)
    return Normal(TABLES).of(tree, columns or ("id", "x"))


BASE = """
with loud as (select id, upper(audio) as word, seconds * 2 as twice from @v where seconds > 3),
     other as (select id, stars from @r)
select l.id, l.word || '!' as x, o.stars + 1 as y
from loud as l left join other as o on o.id = l.id
"""

SAME = {
    "layout and comments": BASE.replace("\n", " ").replace("select id, upper", "select /* why */ id,   upper"),
    "the case of names": BASE.replace("upper(audio)", "UPPER(Audio)")
    .replace("select", "SELECT")
    .replace("l.word", "L.WORD"),
    "brackets": BASE.replace("l.word || '!'", "(l.word || ('!'))").replace("seconds > 3", "(seconds > 3)"),
    "names of WITH parts": BASE.replace("loud", "noisy").replace("other", "rest"),
    "aliases of tables": BASE.replace("l.", "a.")
    .replace("as l ", "as a ")
    .replace("o.", "b.")
    .replace("as o ", "as b "),
    "names of inner columns": BASE.replace("as word", "as term").replace("l.word", "l.term"),
    "the order of inner columns": BASE.replace(
        "id, upper(audio) as word, seconds * 2 as twice", "seconds * 2 as twice, upper(audio) as word, id"
    ),
    "the order of output columns": BASE.replace(
        "l.id, l.word || '!' as x, o.stars + 1 as y", "o.stars + 1 as y, l.word || '!' as x, l.id"
    ),
    "another output column": BASE.replace("o.stars + 1", "o.stars + 2"),
    "an output column more": BASE.replace("as y", "as y, o.stars * 7 as z"),
    "an inner column that nothing reads": BASE.replace("seconds * 2 as twice", "seconds * 3 as thrice, 1 as one"),
    "a WITH part that nothing reads": BASE.replace("with loud", "with unread as (select 1 as n from @r), loud"),
    "the order of WITH parts": """
        with other as (select id, stars from @r),
             loud as (select id, upper(audio) as word, seconds * 2 as twice from @v where seconds > 3)
        select l.id, l.word || '!' as x, o.stars + 1 as y from loud as l left join other as o on o.id = l.id""",
    "a subquery in the place of a WITH part": """
        select l.id, l.word || '!' as x from
        (select id, upper(audio) as word from @v where seconds > 3) as l
        left join (select id from @r) as o on o.id = l.id""",
    "columns of a WITH part by their plain names": BASE.replace("as l left", "as l left").replace(
        "l.word ||", "word ||"
    ),
}

OTHER = {
    "a text": BASE.replace("'!'", "'?'"),
    "a number": BASE.replace("seconds > 3", "seconds > 4"),
    "a number as a text": BASE.replace("seconds > 3", "seconds > '3'"),
    "an operator": BASE.replace("seconds > 3", "seconds >= 3"),
    "a function": BASE.replace("upper(", "lower("),
    "a kind of join": BASE.replace("left join", "join"),
    "the condition of a join": BASE.replace("o.id = l.id", "o.id = l.id and o.stars > 1"),
    "what is joined": BASE.replace("from @r", "from @r where stars > 0"),
    "a join less": BASE.replace("left join other as o on o.id = l.id", "").replace(", o.stars + 1 as y", ""),
    "a filter less": BASE.replace(" where seconds > 3", ""),
    "a filter more": BASE + " where l.twice > 1",
    "an inner column that is read": BASE.replace("upper(audio) as word", "upper(frames) as word"),
    "the id": BASE.replace("select l.id,", "select l.id + 1 as id,"),
    "another table": BASE.replace("from @v", "from @r"),
    "a limit": BASE + " limit 3",
    "an order": BASE + " order by y",
    "distinct": BASE.replace("select l.id", "select distinct l.id"),
    "a union": BASE + " union all select 1, 'a', 2",
    "a cast": BASE.replace("upper(audio)", "upper(audio::text)"),
    "true in the place of false": BASE.replace("seconds > 3", "seconds > 3 and true"),
    "a group": "select id, max(audio) as x from @v group by id",
    "swapped columns": BASE.replace(
        "id, upper(audio) as word, seconds * 2", "id, upper(audio) as twice2, audio as word, seconds * 2"
    ),
}


@pytest.mark.parametrize("sql", SAME.values(), ids=SAME)
def test_what_only_reads_differently(sql):
    """The form stays."""
    assert form(sql) == form(BASE)


@pytest.mark.parametrize("sql", OTHER.values(), ids=OTHER)
def test_what_may_change_a_value(sql):
    """The form is another one."""
    assert form(sql) != form(BASE)


RECURSIVE = (
    "with recursive t as (select id, {} as x from @v union all select id, x + {} from t where x < 5)"
    " select id, x from t"
)
PAIRS = [
    ("booleans", "select id, true as x from @v", "select id, false as x from @v"),
    (
        "null handling",
        "select id, first(a ignore nulls) over () as x from @v",
        "select id, first(a) over () as x from @v",
    ),
    (
        "nulls first",
        "select id, row_number() over (order by a nulls first) as x from @v",
        "select id, row_number() over (order by a nulls last) as x from @v",
    ),
    (
        "frames",
        "select id, sum(a) over (order by b rows 2 preceding) as x from @v",
        "select id, sum(a) over (order by b rows 3 preceding) as x from @v",
    ),
    (
        "named windows",
        "select id, sum(a) over w as x from @v window w as (order by b)",
        "select id, sum(a) over w as x from @v window w as (order by c)",
    ),
    (
        "distinct aggregates",
        "select id, count(distinct a) as x from @v group by id",
        "select id, count(a) as x from @v group by id",
    ),
    (
        "filtered aggregates",
        "select id, sum(a) filter (where b > 1) as x from @v group by id",
        "select id, sum(a) filter (where b > 2) as x from @v group by id",
    ),
    (
        "having",
        "select id, 1 as x from @v group by id having sum(a) > 1",
        "select id, 1 as x from @v group by id having sum(b) > 1",
    ),
    (
        "an alias in having",
        "select id, 1 as x, sum(a) as s from @v group by id having s > 1",
        "select id, 1 as x, sum(b) as s from @v group by id having s > 1",
    ),
    (
        "an alias in group by",
        "select upper(a) as k, max(b) as x, 1 as id from @v group by k",
        "select lower(a) as k, max(b) as x, 1 as id from @v group by k",
    ),
    (
        "an alias in where",
        "select id, a + 1 as b2, 1 as x from @v where b2 > 1",
        "select id, a + 2 as b2, 1 as x from @v where b2 > 1",
    ),
    ("an alias beside", "select id, a + 1 as y, y * 2 as x from @v", "select id, a + 2 as y, y * 2 as x from @v"),
    (
        "an alias of an alias",
        "select id, a + 1 as w, w as y, y * 2 as x from @v",
        "select id, a + 2 as w, w as y, y * 2 as x from @v",
    ),
    (
        "numbers in group by",
        "select a as k, b as l, 1 as id, max(c) as x from @v group by 1",
        "select a as k, b as l, 1 as id, max(c) as x from @v group by 2",
    ),
    (
        "what a number stands for",
        "select a as k, 1 as id, max(c) as x from @v group by 1",
        "select b as k, 1 as id, max(c) as x from @v group by 1",
    ),
    (
        "group by all",
        "select id, a as k, max(c) as x from @v group by all",
        "select id, b as k, max(c) as x from @v group by all",
    ),
    (
        "rollup",
        "select id, max(c) as x from @v group by rollup (id)",
        "select id, max(c) as x from @v group by cube (id)",
    ),
    (
        "qualify",
        "select id, a as x from @v qualify row_number() over (partition by id order by b) = 1",
        "select id, a as x from @v qualify row_number() over (partition by id order by c) = 1",
    ),
    ("distinct beside", "select distinct id, a as x, b from @v", "select distinct id, a as x, c as b from @v"),
    ("distinct on", "select distinct on (id) id, a as x from @v", "select distinct on (a) id, a as x from @v"),
    (
        "rows that a column makes",
        "select id, 1 as x, unnest(a) as u from @v",
        "select id, 1 as x, unnest(b) as u from @v",
    ),
    (
        "unions by position",
        "select id, x from (select id, a as x, b as y from @v union all select id, c, d from @r)",
        "select id, x from (select id, a as x, b as y from @v union all select id, d, c from @r)",
    ),
    (
        "the order of a union's columns",
        "select id, x from (select a as id, b as x from @v union all select c, d from @r)",
        "select id, x from (select b as x, a as id from @v union all select c, d from @r)",
    ),
    (
        "kinds of set operations",
        "select id, a as x from @v except select id, b from @r",
        "select id, a as x from @v except all select id, b from @r",
    ),
    (
        "union and union all",
        "select id, a as x from @v union select id, b from @r",
        "select id, a as x from @v union all select id, b from @r",
    ),
    (
        "exists",
        "select id, 1 as x from @v v where exists (select 1 from @r r where r.id = v.id)",
        "select id, 1 as x from @v v where exists (select 1 from @r r where r.id = v.a)",
    ),
    (
        "not exists",
        "select id, 1 as x from @v v where exists (select 1 from @r r where r.id = v.id)",
        "select id, 1 as x from @v v where not exists (select 1 from @r r where r.id = v.id)",
    ),
    (
        "in",
        "select id, 1 as x from @v where id in (select id from @r)",
        "select id, 1 as x from @v where id in (select other from @r)",
    ),
    (
        "a scalar subquery",
        "select id, (select max(s) from @r r where r.id = v.id) as x from @v v",
        "select id, (select min(s) from @r r where r.id = v.id) as x from @v v",
    ),
    (
        "a column of an outer query",
        "select id, (select max(r.s + v.a) from @r r) as x from @v v",
        "select id, (select max(r.s + v.b) from @r r) as x from @v v",
    ),
    (
        "a column of an outer WITH part",
        "with c as (select id, a as p, b as q from @v) select id, (select max(r.s + c.p) from @r r) as x from c",
        "with c as (select id, b as p, b as q from @v) select id, (select max(r.s + c.p) from @r r) as x from c",
    ),
    (
        "a whole row",
        "with c as (select id, a from @v) select c.id, c as x from c",
        "with c as (select id, b as a from @v) select c.id, c as x from c",
    ),
    (
        "a star",
        "with c as (select id, a as x from @v) select * from c",
        "with c as (select id, b as x from @v) select * from c",
    ),
    ("a star without some", "select * exclude (a) from @v", "select * exclude (b) from @v"),
    ("a star with others", "select * replace (a + 1 as x) from @v", "select * replace (a + 2 as x) from @v"),
    (
        "columns by a pattern",
        "with c as (select id, a as x1 from @v) select id, columns('x.*') as x from c",
        "with c as (select id, b as x1 from @v) select id, columns('x.*') as x from c",
    ),
    (
        "using",
        "with c as (select a as id, b as x from @v), d as (select id from @r) select id, x from c join d using (id)",
        "with c as (select b as id, b as x from @v), d as (select id from @r) select id, x from c join d using (id)",
    ),
    (
        "natural joins",
        "with c as (select id, a as k, b as x from @v), d as (select id, k from @r) select id, x from c natural join d",
        "with c as (select id, b as k, b as x from @v), d as (select id, k from @r) select id, x from c natural join d",
    ),
    (
        "names that an alias gives",
        "select id, x from (select a, b from @v) as t(id, x)",
        "select id, x from (select b, a from @v) as t(id, x)",
    ),
    (
        "names that WITH gives",
        "with t(id, x) as (select a, b from @v) select id, x from t",
        "with t(id, x) as (select b, a from @v) select id, x from t",
    ),
    (
        "recursion",
        RECURSIVE.format("a", 1),
        RECURSIVE.format("a", 2),
    ),
    (
        "where a recursion begins",
        RECURSIVE.format("a", 1),
        RECURSIVE.format("b", 1),
    ),
    (
        "pivots",
        "select * from @v pivot (sum(a) for k in ('p', 'q'))",
        "select * from @v pivot (max(a) for k in ('p', 'q'))",
    ),
    (
        "pivots of WITH parts",
        "with c as (select id, k, a from @v) select * from c pivot (sum(a) for k in ('p', 'q'))",
        "with c as (select id, k, b as a from @v) select * from c pivot (sum(a) for k in ('p', 'q'))",
    ),
    ("samples", "select id, a as x from @v using sample 10", "select id, a as x from @v using sample 11"),
    (
        "table functions",
        "select v.id, r.n as x from @v v, range(3) as r(n)",
        "select v.id, r.n as x from @v v, range(4) as r(n)",
    ),
    (
        "lateral",
        "select v.id, l.x from @v v, lateral (select v.a + 1 as x) as l",
        "select v.id, l.x from @v v, lateral (select v.a + 2 as x) as l",
    ),
    (
        "lateral columns",
        "select v.id, l.x from @v v, lateral (select v.a as x) as l",
        "select v.id, l.x from @v v, lateral (select v.b as x) as l",
    ),
    ("parts of a structure", "select id, s.a as x from @v", "select id, s.b as x from @v"),
    (
        "lambdas",
        "select id, list_transform(a, e -> e + 1) as x from @v",
        "select id, list_transform(a, e -> e + 2) as x from @v",
    ),
    ("values", "select id, x from (values (1, 2)) as t(id, x)", "select id, x from (values (1, 3)) as t(id, x)"),
    (
        "case",
        "select id, case when a then 1 else 2 end as x from @v",
        "select id, case when a then 1 else 3 end as x from @v",
    ),
    ("intervals", "select id, d + interval 1 day as x from @v", "select id, d + interval 2 day as x from @v"),
    ("types", "select id, a::decimal(10, 2) as x from @v", "select id, a::decimal(10, 3) as x from @v"),
    ("try_cast", "select id, cast(a as int) as x from @v", "select id, try_cast(a as int) as x from @v"),
    ("like", "select id, a like 'x%' as x from @v", "select id, a ilike 'x%' as x from @v"),
    (
        "joins in brackets",
        "select v.id, r.a as x from (@v v join @r r on v.id = r.id)",
        "select v.id, r.a as x from (@v v left join @r r on v.id = r.id)",
    ),
    (
        "asof joins",
        "select v.id, r.a as x from @v v asof join @r r on v.id = r.id and v.t >= r.t",
        "select v.id, r.a as x from @v v join @r r on v.id = r.id and v.t >= r.t",
    ),
    (
        "sides of a join",
        "select v.id, r.a as x from @v v left join @r r on v.id = r.id",
        "select v.id, r.a as x from @v v right join @r r on v.id = r.id",
    ),
    (
        "the order of tables",
        "select v.id, v.a as x from @v v join @r r on v.k = r.k",
        "select v.id, v.a as x from @r v join @v r on v.k = r.k",
    ),
    (
        "one WITH part of another",
        "with a as (select id, p as x from @v), b as (select id, x from a) select id, x from b",
        "with a as (select id, q as x from @v), b as (select id, x from a) select id, x from b",
    ),
    (
        "a WITH part that hides a table",
        "with d as (select id, a as x from @v) select id, x from d",
        "with d as (select id, b as x from @v) select id, x from d",
    ),
    (
        "a limit within",
        "select id, x from (select id, a as x from @v order by b limit 3)",
        "select id, x from (select id, a as x from @v order by c limit 3)",
    ),
    ("an offset", "select id, a as x from @v limit 3", "select id, a as x from @v limit 3 offset 1"),
    ("text that looks like an end", "select id, 'a' || 'b' as x from @v", "select id, 'a''' || '''b' as x from @v"),
]


@pytest.mark.parametrize(
    ("one", "other"), [pair[1:] for pair in PAIRS], ids=[pair[0].replace(" ", "-") for pair in PAIRS]
)
def test_everything_that_decides_is_told(one, other):
    """Wherever it stands in the query."""
    assert form(one) != form(other)
    assert form(one) == form(f"-- again\n{one}")


def test_columns_of_one_group_do_not_touch_each_other():
    """An aggregate beside another one is another field's."""
    sql = "select id, max(a) as x, {} as y from @v group by id"
    assert form(sql.format("sum(b)")) == form(sql.format("sum(c)"))
    assert form(sql.format("sum(b)"), "id", "y") != form(sql.format("sum(c)"), "id", "y")
    numbered = "select id, max(a) as x, {} as y from @v group by 1"
    assert form(numbered.format("sum(b)")) == form(numbered.format("sum(c)"))


def test_many_parts_that_read_each_other():
    """A part that is read twice is written once: the time does not double with each."""
    parts = ["p0 as (select id, a as x from @v)"]
    parts += [
        f"p{n} as (select l.id, l.x + r.x as x from p{n - 1} l join p{n - 1} r on l.id = r.id)" for n in range(1, 60)
    ]
    assert form(f"with {', '.join(parts)} select id, x from p59")
