"""Bodies of many shapes, in families by the lineage of what they read.

`LOCAL` bodies make each row of the rows of its own unit and of nothing else: a run touches the units of the increment
alone. `ACROSS` bodies look at other units too. A run must leave the whole table of each as a plain client computes it.
"""

# ruff: noqa: E501 - a body is easier to read in one line

from __future__ import annotations

A, B, M, S = ("{{ ref('" + key + "') }}" for key in ("a", "b", "m", "s"))

SOURCES = {
    "a": {"id": "int", "x": "int", "g": "int", "t": "text"},
    "b": {"id": "int", "y": "int", "h": "int"},
    "m": {"g": "int", "k": "int", "v": "int", "w": "int"},
    "s": {"g": "int", "label": "text", "o": "int"},
}
"""The roots, and the columns of their sources; ids are `id`, `id`, `g` and `k`, `g`."""

FAMILIES = {
    "identity": "{id_columns: [id], deps: [a, b], fields: [{name: d, deps: [a.d, b.d]}]}",
    "optional": "{id_columns: [id], deps: [a, {feature: b, optional: true}], fields: [{name: d, deps: [a.d, b.d]}]}",
    "lookup": "{id_columns: [g, k], deps: [m, {feature: s, lineage: lookup}], fields: [{name: d, deps: [m.d, s.d]}]}",
    "aggregation": (
        "{id_columns: [g], deps: [{feature: m, lineage: {aggregation: {on: [g]}}, columns: {}}],"
        " fields: [{name: d, deps: [m.d]}]}"
    ),
    "groups": (
        "{id_columns: [g], deps: [{feature: m, lineage: {aggregation: {on: [g]}}, columns: {}},"
        " {feature: s, lineage: identity}], fields: [{name: d, deps: [m.d, s.d]}]}"
    ),
    "expansion": (
        "{id_columns: [id, n], deps: [{feature: a, lineage: {expansion: {on: [id]}}}],"
        " fields: [{name: d, deps: [a.d]}]}"
    ),
}
"""What a body's feature is declared to be."""

LOCAL = {
    "identity": {
        "plain_join": f"select a.id, a.x + b.y as v from {A} as a join {B} as b on a.id = b.id",
        "using": f"select id, x * 2 as v, y from {A} join {B} using (id)",
        "filtered": f"select a.id, a.x as v from {A} as a join {B} as b on a.id = b.id where a.x > 30",
        "filtered_upstream": f"select a.id, b.y as v from {A} as a join {B} as b on a.id = b.id and b.y % 2 = 0",
        "comma_join": f"select a.id, a.x - b.y as v from {A} as a, {B} as b where a.id = b.id",
        "cte": f"with q as (select id, x + 1 as z from {A}) select q.id, q.z + b.y as v from q join {B} as b using (id)",
        "two_ctes": (
            f"with p as (select id, x from {A} where x is not null), q as (select id, y from {B}) "
            "select p.id, p.x, q.y as v from p left join q on q.id = p.id"
        ),
        "star": f"select a.*, b.y from {A} as a join {B} as b on a.id = b.id",
        "derived": f"select d.id, d.v from (select a.id, a.x as v, b.h from {A} as a join {B} as b using (id)) as d",
        "case": f"select a.id, case when a.x is null then 'none' else a.t end as v from {A} as a join {B} as b using (id)",
        "union_all": (
            f"select a.id, a.x as v from {A} as a where a.id % 2 = 0 union all select b.id, b.y from {B} as b "
            "where b.id % 2 = 1"
        ),
        "union_ids": f"select id, max(v) as v from (select id, x as v from {A} union select id, y from {B}) as u group by id",
        "partition_by_id": (
            f"select a.id, row_number() over (partition by a.id order by a.x) as v from {A} as a join {B} as b using (id)"
        ),
        "group_by_id": f"select a.id, sum(a.x) as v, count(*) as n from {A} as a join {B} as b on b.id = a.id group by a.id",
        "distinct": f"select distinct a.id, a.x as v from {A} as a join {B} as b using (id)",
        "qualify": (
            f"select a.id, b.y as v from {A} as a join {B} as b using (id) "
            "qualify row_number() over (partition by a.id order by b.y) = 1"
        ),
        "only_one_read": f"select id, x as v from {A}",
        "semi_join": f"select a.id, a.x as v from {A} as a semi join {B} as b on a.id = b.id",
        "anti_join": f"select a.id, a.x as v from {A} as a anti join {B} as b on a.id = b.id and b.y > 40",
        "full_join": f"select coalesce(a.id, b.id) as id, a.x as v, b.y from {A} as a full join {B} as b on a.id = b.id",
        "right_join": f"select b.id, a.x as v from {A} as a right join {B} as b on a.id = b.id",
        "nested_subqueries": (
            f"select z.id, z.v from (select y.id, y.v + 1 as v from (select id, x as v from {A}) as y) as z "
            f"join (select id from {B} where h is not null) as b on b.id = z.id"
        ),
        "unnest": f"select a.id, list_sum(list_transform([a.x, b.y], lambda e: e * 2)) as v from {A} as a join {B} as b using (id)",
        "cte_columns": f"with q(k, z) as (select id, x from {A}) select q.k as id, q.z + b.y as v from q join {B} as b on b.id = q.k",
        "values_join": f"select a.id, w.f * a.x as v from {A} as a join (values (0, 5), (1, 7), (2, 9)) as w(c, f) on w.c = a.g",
        "id_computed": f"select a.id + 0 as id, a.x as v from {A} as a join {B} as b on b.id = a.id",
    },
    "optional": {
        "left_join": f"select a.id, coalesce(b.y, -1) as v from {A} as a left join {B} as b on b.id = a.id",
        "missing_marked": f"select a.id, b.id is null as v from {A} as a left join {B} as b using (id)",
        "where_missing": f"select a.id, a.x as v from {A} as a left join {B} as b on a.id = b.id where b.id is null",
        "inner": f"select a.id, b.y as v from {A} as a join {B} as b on a.id = b.id",
    },
    "lookup": {
        "by_key": f"select m.g, m.k, m.v, s.label from {M} as m join {S} as s on s.g = m.g",
        "using": f"select g, k, v + o as v from {M} join {S} using (g)",
        "left": f"select m.g, m.k, coalesce(s.label, '?') as v from {M} as m left join {S} as s on s.g = m.g",
        "filtered": f"select m.g, m.k, m.v from {M} as m join {S} as s on s.g = m.g where s.o > 2",
        "grouped": f"select m.g, m.k, max(s.o) + sum(m.v) as v from {M} as m join {S} as s on s.g = m.g group by m.g, m.k",
    },
    "aggregation": {
        "sum": f"select g, sum(v) as v, count(*) as n from {M} group by g",
        "having": f"select g, sum(v) as v from {M} group by g having sum(v) > 60",
        "where": f"select g, max(w) as v from {M} where v > 10 group by g",
        "list": f"select g, list(v order by k) as v from {M} group by g",
        "rank_in_group": f"select g, k as v from {M} qualify row_number() over (partition by g order by v desc, k) = 1",
        "distinct_on": f"select distinct on (g) g, k as v from {M} order by g, v, k",
        "self_join_in_group": f"select p.g, count(*) as v from {M} as p join {M} as q on p.g = q.g and p.v < q.v group by p.g",
        "two_levels": f"select g, max(n) as v from (select g, w, count(*) as n from {M} group by g, w) as q group by g",
        "of_window": f"select g, sum(d) as v from (select g, v - lag(v) over (partition by g order by k) as d from {M}) as q group by g",
        "arg_max": f"select g, arg_max(w, v * 1000 + k) as v from {M} group by g",
        "join_of_groups": (
            f"with n as (select g, count(*) as n from {M} group by g) "
            f"select m.g, max(n.n) as n, sum(m.v) as v from {M} as m join n on n.g = m.g group by m.g"
        ),
    },
    "groups": {
        "with_label": f"select m.g, max(s.label) as label, sum(m.v) as v from {M} as m join {S} as s on s.g = m.g group by m.g",
        "from_groups": (
            f"select s.g, s.label, q.v from {S} as s join (select g, sum(v) as v from {M} group by g) as q on q.g = s.g"
        ),
        "of_all_members": (
            f"select s.g, (select count(*) from {M} as m where m.g = s.g) as v from {S} as s where s.label is not null"
        ),
    },
    "expansion": {
        "range": f"select a.id, r.n, a.x as v from {A} as a cross join unnest(range(a.x % 4)) as r(n)",
        "unnest_select": f"select id, unnest(range(x % 3)) as n, t as v from {A}",
        "numbers": f"select a.id, w.n, a.x * w.n as v from {A} as a join (values (0), (1), (2)) as w(n) on w.n < a.x % 4",
        "ranked": f"select id, row_number() over (partition by id order by n) as n, n as v from (select id, unnest(range(x % 4)) as n from {A}) as q",
        "lateral": f"select a.id, l.n, l.n * a.x as v from {A} as a, lateral (select unnest(range(a.x % 3)) as n) as l",
    },
}
"""Each row is made of its own unit."""

ACROSS = {
    "identity": {
        "window_all": f"select a.id, a.x - avg(a.x) over () as v from {A} as a join {B} as b using (id)",
        "window_rank": f"select a.id, rank() over (order by a.x, a.id) as v from {A} as a join {B} as b using (id)",
        "window_other": f"select a.id, sum(b.y) over (partition by a.g) as v from {A} as a join {B} as b using (id)",
        "named_window": f"select a.id, sum(b.y) over w as v from {A} as a join {B} as b using (id) window w as (partition by a.g)",
        "limit": f"select a.id, a.x as v from {A} as a join {B} as b using (id) order by a.x desc, a.id limit 7",
        "limit_inside": f"select a.id, a.x as v from (select * from {A} order by x, id limit 9) as a join {B} as b using (id)",
        "fetch_first": f"select a.id, a.x as v from {A} as a join {B} as b using (id) order by a.x, a.id fetch first 6 rows only",
        "parenthesised_limit": f"select q.id, q.v from ((select id, x as v from {A} order by x, id) limit 5) as q",
        "self_join": f"select p.id, count(q.id) as v from {A} as p left join {A} as q on q.g = p.g and q.id <> p.id group by p.id",
        "self_join_cte": (
            f"with q as (select id, x, g from {A}) select p.id, max(n.x) as v from q as p join q as n on n.g = p.g group by p.id"
        ),
        "join_on_other": f"select a.id, sum(b.y) as v from {A} as a join {B} as b on a.g = b.h group by a.id",
        "join_on_other_cte": (
            f"with q as (select h, y from {B}) select a.id, sum(q.y) as v from {A} as a join q on q.h = a.g group by a.id"
        ),
        "join_on_other_first": (
            f"select a.id, sum(q.y) as v from (select h, y from {B}) as q join {A} as a on q.h = a.g group by a.id"
        ),
        "count_of_cte": (
            f"with q as (select y from {B}), n as (select count(*) as n from q) select a.id, n.n as v from {A} as a cross join n"
        ),
        "window_over_cte": (
            f"with q as (select h, max(y) over () as top from {B}), r as (select distinct h, top from q) "
            f"select a.id, r.top as v from {A} as a join r on r.h = a.g"
        ),
        "cte_read_twice": (
            f"with q as (select g, x from {A}), n as (select g, sum(x) as x from q group by g) "
            f"select b.id, n.x as v from {B} as b join n on n.g = b.h"
        ),
        "scalar_subquery": f"select a.id, a.x - (select min(y) from {B}) as v from {A} as a",
        "subquery_in_where": f"select a.id, a.x as v from {A} as a where a.x > (select avg(y) from {B})",
        "in_subquery": f"select a.id, a.x as v from {A} as a where a.g in (select h from {B} where y > 30)",
        "not_exists": f"select a.id, a.x as v from {A} as a where not exists (select 1 from {B} as b where b.y = a.x)",
        "subquery_in_on": (
            f"select a.id, b.y as v from {A} as a left join {B} as b on a.id = b.id and b.y > (select avg(q.y) from {B} as q)"
        ),
        "lateral": f"select a.id, l.v from {A} as a, lateral (select max(b.y) + a.x as v from {B} as b) as l",
        "join_lateral": (
            f"select a.id, l.v from {A} as a left join lateral (select sum(b.y) as v from {B} as b where b.h = a.g) as l on true"
        ),
        "intersect": f"select id, g as v from {A} intersect select id, h from {B}",
        "except": f"select id, g as v from {A} except select id, h from {B}",
        "asof_join": f"select a.id, b.y as v from {A} as a asof left join {B} as b on a.x >= b.y",
        "inequality": f"select a.id, count(b.id) as v from {A} as a left join {B} as b on b.y < a.x group by a.id",
        "or_join": f"select a.id, max(b.y) as v from {A} as a left join {B} as b on a.id = b.id or a.g = b.h group by a.id",
        "group_of_other": (
            f"select a.id, n.n as v from {A} as a join (select h, count(*) as n from {B} group by h) as n on n.h = a.g"
        ),
        "grouping_of_optional": (
            f"select max(a.id) as id, count(*) as v from {A} as a left join (select id as k from {B} where id < 3) as b "
            "on a.id = b.k group by b.k"
        ),
        "window_of_group": (
            f"select a.id, sum(sum(b.y)) over () as v from {A} as a join {B} as b on a.id = b.id group by a.id"
        ),
        "recursive": (
            f"with recursive c(id, v) as (select id, x from {A} where id = 0 union all select a.id, c.v + a.x "
            f"from c join {A} as a on a.id = c.id + 1) select c.id, c.v from c"
        ),
        "union_other": (
            f"with u as (select g, x from {A} union select h, y from {B}) "
            f"select a.id, count(*) as v from {A} as a join u on u.g = a.g group by a.id"
        ),
        "distinct_other": f"select a.id, q.v from {A} as a join (select distinct on (h) h, y as v from {B} order by h, y) as q on q.h = a.g",
        "positional": f"select a.id, b.y as v from (select * from {A} order by id) as a positional join (select y from {B} order by id) as b where a.id is not null",
        "shifted": f"select a.id + 1 as id, a.x as v from {A} as a",
        "shifted_union": f"select id, x as v from {A} where id < 6 union all select id + 6, y from {B} where id < 12",
        "group_by_all": f"select a.id, count(*) as v from {A} as a join {B} as b on a.g = b.h group by all",
    },
    "lookup": {
        "other_column": f"select m.g, m.k, sum(s.o) as v from {M} as m join {S} as s on s.o <= m.w group by m.g, m.k",
        "cross": f"select m.g, m.k, count(*) as v from {M} as m cross join {S} as s group by m.g, m.k",
        "window_of_lookup": f"select m.g, m.k, sum(m.v) over (partition by s.g) as v from {M} as m join {S} as s on s.g = m.g",
        "all_labels": (
            f"with l as (select label from {S}) select m.g, m.k, n.v from {M} as m cross join (select count(*) as v from l) as n"
        ),
    },
    "aggregation": {
        "share": f"select g, sum(v) / sum(sum(v)) over () as v from {M} group by g",
        "rank_of_groups": f"select g, rank() over (order by sum(v), g) as v from {M} group by g",
        "of_other_groups": f"select p.g, count(*) as v from {M} as p join {M} as q on q.w = p.w and q.g <> p.g group by p.g",
        "limit": f"select g, sum(v) as v from {M} group by g order by 2 desc, 1 limit 3",
        "of_cte": (
            f"with q as (select w, v from {M}), t as (select sum(v) as t from q) select m.g, max(t.t) as v from {M} as m cross join t group by m.g"
        ),
    },
    "groups": {
        "above_mean": f"select s.g, s.o as v from {S} as s where s.o > (select avg(w) from {M})",
        "by_other": f"select s.g, count(m.k) as v from {S} as s left join {M} as m on m.w = s.o group by s.g",
    },
    "expansion": {
        "numbered_overall": f"select id, n, row_number() over (order by id, n) as v from (select id, unnest(range(x % 3)) as n from {A}) as q",
        "neighbours": f"select p.id, q.id as n, q.x as v from {A} as p join {A} as q on q.g = p.g and q.id <> p.id",
    },
}
"""Some row is made of the rows of other units too."""

CLICKHOUSE = {
    "identity": {
        "unnest": (
            f"select a.id, arraySum(arrayMap(e -> assumeNotNull(e) * 2, [a.x, b.y])) as v from {A} as a join {B} as b using (id)"
        ),
        "lateral": f"select a.id, l.y + a.x as v from {A} as a cross join (select max(y) as y from {B}) as l",
        "join_lateral": (
            f"select a.id, l.v from {A} as a left join (select h, sum(y) as v from {B} group by h) as l on l.h = a.g"
        ),
        "parenthesised_limit": f"select id, x as v from {A} order by x, id limit 5",
        "asof_join": (
            f"select a.id, b.y as v from (select id, x, 1 as one from {A}) as a "
            f"asof left join (select assumeNotNull(y) as y, 1 as one from {B}) as b on a.one = b.one and a.x >= b.y"
        ),
        "positional": (
            f"select a.id, b.y as v from (select id, row_number() over (order by id) as n from {A}) as a "
            f"left join (select y, row_number() over (order by id) as n from {B}) as b on a.n = b.n"
        ),
    },
    "groups": {
        "of_all_members": (
            f"select s.g, coalesce(m.n, 0) as v from {S} as s left join (select g, count() as n from {M} group by g) as m "
            "on m.g = s.g where s.label is not null"
        ),
    },
    "expansion": {
        "lateral": f"select a.id as id, n, n * a.x as v from {A} as a array join range(assumeNotNull(a.x) % 3) as n",
    },
}
"""Bodies for ClickHouse of those that are not carried over to it, with the same result."""
