"""Names in queries. DuckDB is the judge: what it accepts is never an error, and what it refuses for a name is one."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
import sqlglot

from metasql.diagnostics import Bag
from metasql.graph.link_names import check_names
from metasql.parse.declarations import Ref
from metasql.source import LineMap, Source, Word

COLUMNS = {"t": ("a", "b", "id", "l", "s"), "u": ("a", "c", "id"), "v": ("x", "y")}
TABLES = """
    CREATE TABLE t (a INT, b INT, id INT, l INT[], s STRUCT(p INT, q INT));
    CREATE TABLE u (a INT, c INT, id INT);
    CREATE TABLE v (x INT, y INT);
"""

RIGHT = """
    select a from t
    select T.A, "A" from t
    select t.a, c from t join u on t.id = u.id
    select id from t join u using (id)
    select c, b from t natural join u
    select t.b from t asof join u on t.id = u.id and t.a >= u.a
    select t.a from t semi join u on t.id = u.id
    select id from t semi join u on t.id = u.id
    select t.a from (t join u using (id))
    select q.a from t q
    select t from t
    select s.p, (s).q, t.s.p from t
    select l[1] from t
    select list_transform(l, lambda k: k + a) from t
    select [k + 1 for k in l if k > 1] from t
    select k.x from t, unnest(t.l) k(x)
    select x from t cross join unnest(l) as k(x)
    select x from (values (1), (2)) k(x)
    select i from t, range(a) r(i)
    select n from read_csv('rows.csv', header = true, all_varchar = true)
    select a as n, n + 1 as m from t where n > 1 order by m
    select a n, count(*) c from t group by n having n > 1
    select a, count(*) n from t group by all order by all
    with w as (select a, b + 1 k from t) select k, W.a from w
    with w(q) as (select a from t) select q from w
    with recursive r(n) as (select 1 union all select n + 1 from r where n < 3) select n from r
    select a from t where exists (select 1 from u where u.id = t.id and b = c)
    select a from t where b > (select avg(b) from t z where z.id = t.id)
    select (select max(c) from u where u.id = t.id) m from t
    select z.m from t, lateral (select t.a + 1 as m) z
    select z.m from t, (select t.a + 1 as m) z
    select * from (select a, b from t) p where p.a > 1
    select q.zz from (select *, 1 as zz from t) q
    select b x from t union select c from u order by x
    select * exclude (a) replace (b + 1 as b) from t
    select sum(a) over w from t window w as (partition by b)
    select sum(a) filter (where b > 1) from t
    select a from t qualify row_number() over (partition by a order by b) = 1
    select distinct on (b) a from t order by b
    select a from t group by grouping sets ((a), (b), ())
    select struct_pack(k := a), {'k': a}.k from t
    select rowid, user, current_date from t
    select main.t.a from main.t
    select a from t pivot (sum(b) for id in (1, 2))
    from t select a
"""

WRONG = {
    "select z from t": "MS0335 z",
    "select t.z from t": "MS0335 z",
    "select k.a from t": "MS0345 k",
    "select t.a from t q": "MS0345 t",
    "select id from t join u on t.id = u.id": "MS0346 id",
    "select count(*) from t join v on c = x join u on c = y": "MS0335 c",
    "select k.z from t, unnest(t.l) k(x)": "MS0335 z",
    "with w as (select a from t) select b from w": "MS0335 b",
    "with w(q) as (select a from t) select a from w": "MS0335 a",
    "select a from t where exists (select 1 from u where u.id = t.id and zz = c)": "MS0335 zz",
    "select a from t where not exists (select 1 from u where u.id = k.id)": "MS0345 k",
    "select a from t where a in (select b2 from u)": "MS0335 b2",
    "select p.c from (select a, b from t) p": "MS0335 c",
    "select b from t union all select b from u": "MS0335 b",
    "select * replace (zz + 1 as a) from t": "MS0335 zz",
    "select q.* from t": "MS0345 q",
    "select a from t order by zz": "MS0335 zz",
    "select a from t qualify row_number() over (partition by zz) = 1": "MS0335 zz",
    "select sum(a) filter (where zz > 1) from t": "MS0335 zz",
    "select first(a order by zz) from t": "MS0335 zz",
    "select i from t, range(zz) r(i)": "MS0335 zz",
    "select zz, zz + 1 from t where zz > 1": "MS0335 zz",
    "select (select zz) from t": "MS0335 zz",
    "select b from t t1 join t t2 on t1.id = t2.id": "MS0346 b",
}


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine with the three tables."""
    folder = tmp_path_factory.mktemp("rows")
    (folder / "rows.csv").write_text("n\n1\n")
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        connection.execute(f"SET file_search_path = '{folder}'")
        yield connection


def said(query: str) -> list[str]:
    """Code and place of every mistake."""
    tree = sqlglot.parse_one(query, dialect="duckdb")
    assert isinstance(tree, sqlglot.exp.Query)
    refs = [Ref("ref", Word(name), None, name) for name in COLUMNS]
    bag = Bag()
    lines = LineMap(Source("query.sql", query), query, (1,))
    check_names(tree, refs, lambda ref: COLUMNS[str(ref.name)], lines, bag)
    return [f"{item.code} {item.primary.span.text}" for item in bag]


@pytest.mark.parametrize("query", [line.strip() for line in RIGHT.strip().splitlines()])
def test_what_the_engine_accepts(judge, query):
    """A right name is no error."""
    judge.execute(f"EXPLAIN {query}")
    assert said(query) == []


@pytest.mark.parametrize("query", WRONG)
def test_what_the_engine_refuses(judge, query):
    """It is told once, at the name."""
    with pytest.raises(duckdb.BinderException):
        judge.execute(f"EXPLAIN {query}")
    assert said(query) == [WRONG[query]]


@pytest.mark.parametrize("query", ["select z from t, other", "select other.z from other", "select z from t, range(3)"])
def test_tables_whose_columns_are_not_known(query):
    """They may have any column."""
    assert said(query) == []


def test_the_placeholder_of_a_feature_and_its_relation():
    """Without an alias a feature is called by either."""
    query = "select __ref_0.a, video__full.b, full.c from __ref_0"
    tree = sqlglot.parse_one(query, dialect="duckdb")
    assert isinstance(tree, sqlglot.exp.Query)
    bag = Bag()
    refs = [Ref("ref", Word("video/full"), None, "__ref_0")]
    check_names(tree, refs, lambda _: ("a", "b"), LineMap(Source("x", query), query, (1,)), bag)
    assert [item.message for item in bag] == ["the query reads no table `full`"]
    assert bag.items[0].notes == ("its tables: video__full",)
