"""Which queries shards may answer for themselves: shown by equal keys, and not where anything is left open."""

from __future__ import annotations

import pytest
from sqlglot import exp, parse_one

from metasql.lower.clickhouse_apart import EVERYWHERE, Prover
from metasql.lower.clickhouse_split import APART, split
from metasql.lower.clickhouse_spread import Spread, said

TEXT = ("String",)
TABLES = {
    "a": Spread(("id",), TEXT),
    "b": Spread(("id",), TEXT),
    "child": Spread(("id",), TEXT),
    "number": Spread(("id",), ("whole",)),
    "two": Spread(("k", "id"), ("String", "String")),
    "pair": Spread(("k", "id"), ("String", "String")),
    "seed": Spread(),
}
PROVER = Prover(lambda table: TABLES.get(table.name))


def known(sql: str):
    return PROVER.query(parse_one(sql, dialect="duckdb"), {})


WHOLE = [
    "select id, v from a",
    "select a.id from a where a.v is not null",
    "select a.id, b.v from a join b on a.id = b.id",
    "select a.id, b.v from a left join b on b.id = a.id and b.v > 1",
    "select a.id from a join b on a.id = b.id join child c on c.id = b.id",
    "select b.id from a right join b on a.id = b.id",
    "select coalesce(a.id, b.id) as id from a full join b on a.id = b.id",
    "select a.id from a semi join b on a.id = b.id",
    "select a.id from a anti join b on a.id = b.id",
    "with x as (select id as k, v from a), y as (select id, w from b) select x.k, y.w from x join y on x.k = y.id",
    "with x as (select coalesce(a.id, b.id) as id from a full join b on a.id = b.id)"
    " select x.id from x join child on child.id = x.id",
    "select s.id, count(*) from a as s group by s.id",
    "select s.id, s.v, sum(s.w) from a as s group by s.v, s.id having sum(s.w) > 1",
    "select x.id from (select id from a) as x join (select id from b) as y on x.id = y.id",
    "select id from a where exists (select 1 from b where b.id = a.id and b.v = 1)",
    "select id from a where not exists (select 1 from b where a.id = b.id)",
    "select id from a where id in (select id from b)",
    "select id from a where (id, v) in (select b.id, b.w from b)",
    "select id from a where (v, id) not in (select b.w, b.id from b)",
    "select id from a where exists (select 1 from b where b.id = a.id"
    " and exists (select 1 from child as c where c.id = b.id))",
    "select distinct id from a",
    "select id, v from a union all select id, w from b",
    "select v, id from a union select w, id from b",
    "select a.*, n from a cross join (values (1), (2)) as t(n)",
    "select * from a",
    "select x.* from (select a.* from a) as x join b on b.id = x.id",
    "select id, row_number() over (partition by id order by v) from a",
    "select t.id from two as t join pair as p on t.k = p.k and t.id = p.id",
    "with x as (select a.id, v from a), y as (select x.* from x) select y.v from y",
]

NOT = [
    ("a join on another column", "select a.id from a join b on a.v = b.id"),
    ("a join on part of the key", "select t.id from two as t join pair as p on t.id = p.id"),
    ("a join by crossed columns", "select t.id from two as t join pair as p on t.k = p.id and t.id = p.k"),
    ("keys of other types", "select a.id from a join number on a.id = number.id"),
    ("a join that may be made otherwise", "select a.id from a join b on a.id = b.id or a.v = b.v"),
    ("no condition", "select a.id from a, b"),
    (
        "the right side of a join that is not always there",
        "select b.id from a left join b on a.id = b.id join child c on c.id = b.id",
    ),
    ("one side of a full join", "select a.id from a full join b on a.id = b.id join child c on c.id = a.id"),
    (
        "a renamed key that is another column",
        "with x as (select v as id from a) select x.id from x join b on x.id = b.id",
    ),
    ("a changed key", "with x as (select upper(id) as id from a) select x.id from x join b on x.id = b.id"),
    ("all rows together", "select count(*) from a"),
    ("a function that may gather", "select anyLast(v) from a"),
    ("groups across shards", "select v, count(*) from a group by v"),
    ("groups with totals", "select id, count(*) from a group by rollup (id)"),
    ("a window over all rows", "select id, sum(v) over (order by v) from a"),
    ("a window over other parts", "select id, sum(v) over (partition by v) from a"),
    ("a named window", "select id, sum(v) over w from a window w as (partition by id)"),
    ("distinct rows without their key", "select distinct v from a"),
    ("one of the rows of a key", "select distinct on (id) id, v from a"),
    ("a limit", "select id from a order by id limit 3"),
    ("an order", "select id from a order by id"),
    ("a union without the key", "select v from a union select w from b"),
    ("rows that one query does not have", "select id from a except select id from b"),
    ("a query in an expression", "select id, (select max(v) from b) from a"),
    ("EXISTS by another column", "select id from a where exists (select 1 from b where b.v = a.v)"),
    ("EXISTS of anything", "select id from a where exists (select 1 from b)"),
    ("IN by another column", "select id from a where v in (select v from b)"),
    ("IN of a gathered query", "select id from a where id in (select max(id) from b)"),
    ("a table of one shard", "select id from seed"),
    ("a table that is not known", "select a.id from a join raw.c on c.id = a.id"),
    ("a table function", "select a.id from a join range(3) as r(n) on a.v = r.n"),
    ("a recursion", "with recursive r as (select id from a union all select id from r) select id from r"),
    ("names without a table", "select id from a join b on id = w"),
    ("a pivot", "select * from a pivot (sum(v) for w in (1, 2))"),
    ("a sample", "select id from a using sample 3"),
    ("columns that two tables share", "select a.id from a natural join b"),
    ("columns of USING", "select a.v from a join b using (id)"),
    ("rows of one shard on the right", "select a.id from a join seed on seed.id = a.id"),
]


@pytest.mark.parametrize("sql", WHOLE)
def test_each_shard_for_itself(sql):
    """Every join, group and condition meets in the whole key."""
    found = known(sql)
    assert found is not None
    assert not found.everywhere


@pytest.mark.parametrize("sql", [sql for _, sql in NOT], ids=[why.replace(" ", "-") for why, _ in NOT])
def test_not_by_shards(sql):
    """What is not shown to lie together is not taken to."""
    assert known(sql) is None


def test_constants_are_the_same_everywhere():
    """And are asked of one node."""
    assert known("select 1 as a") is EVERYWHERE
    tree = parse_one("select 1 as a", dialect="duckdb")
    assert split(tree, PROVER) is tree


def parted(sql: str) -> str:
    return split(parse_one(sql, dialect="duckdb"), PROVER).sql("duckdb")


def test_a_query_goes_to_the_shards():
    """Whole, where it can."""
    sql = "SELECT a.id FROM a JOIN b ON a.id = b.id"
    assert parted(sql) == f"SELECT * FROM {APART}({sql})"


def test_blocks_go_to_the_shards():
    """With the blocks that they read; the rest is put together by who is asked."""
    sql = "WITH x AS (SELECT id, v FROM a), y AS (SELECT x.id, x.v FROM x) SELECT v, COUNT(*) FROM y GROUP BY v"
    assert parted(sql) == (
        f"WITH y AS (SELECT * FROM {APART}(WITH x AS (SELECT id, v FROM a) SELECT x.id, x.v FROM x))"
        " SELECT v, COUNT(*) FROM y GROUP BY v"
    )


def test_no_join_stands_straight_over_distributed_tables():
    """Each shard would do it: a full join would give rows twice."""
    assert parted("SELECT a.id FROM a FULL JOIN b ON a.v = b.v") == (
        "SELECT a.id FROM (SELECT * FROM a) AS a FULL JOIN (SELECT * FROM b) AS b ON a.v = b.v"
    )
    assert parted("SELECT id FROM a WHERE v IN (SELECT v FROM b)") == (
        "SELECT id FROM (SELECT * FROM a) AS a WHERE v IN (SELECT v FROM b)"
    )
    assert parted("SELECT v, COUNT(*) FROM a GROUP BY v") == "SELECT v, COUNT(*) FROM a GROUP BY v"


def test_shared_parts_stay_as_they_are():
    """A plan's trees stand in several plans."""
    tree = parse_one("with x as (select id, v from a) select x.v from x full join b on b.v = x.v", dialect="duckdb")
    before = tree.sql("duckdb")
    split(tree, PROVER)
    assert tree.sql("duckdb") == before


def test_a_spread_is_told_by_a_comment():
    """It is decided once, when a table is made."""
    spread = Spread.of(["id", 'o"dd]'], {"id": "Nullable(Int32)", 'o"dd]': "LowCardinality(String)"})
    assert spread.kinds == ("whole", "String")
    assert said(spread.comment(3)) == (spread, 3)
    assert said("something that a person wrote") is None


@pytest.mark.parametrize(
    ("types", "kinds"),
    [
        ({"id": "Int8"}, ("whole",)),
        ({"id": "UInt64"}, ("whole",)),
        ({"id": "Date"}, ("Date32",)),
        ({"id": "Float64"}, ("Float64",)),
        ({"id": "Decimal(10, 2)"}, ("Decimal(10, 2)",)),
        ({"other": "String"}, ()),
    ],
)
def test_kinds(types, kinds):
    """Types whose equal values have equal texts are of one kind; a table without the columns is not spread."""
    assert Spread.of(["id"], types).kinds == kinds


def test_the_key_of_nothing():
    """All rows lie on the first shard."""
    assert Spread().key() == "0"
    assert isinstance(exp.maybe_parse(Spread(("id",), ("Float64",)).key(), dialect="clickhouse"), exp.Expr)
