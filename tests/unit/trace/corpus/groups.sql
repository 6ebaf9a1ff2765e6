-- Aggregates, GROUP BY, HAVING, DISTINCT, ORDER BY, LIMIT.

-- case: one row of all
select count(*) as n, sum(a) as s, min(b) as m from t
-- rows: t rows
-- n:
-- s: t.a value
-- m: t.b value

-- case: groups reach every column
select a, count(*) as n, sum(b) as z from t group by a
-- rows: t rows, t.a group
-- a: t.a value
-- n:
-- z: t.b value

-- case: groups by an expression that is not given out
select count(b) as n from t group by a % 2, c
-- rows: t rows, t.a group, t.c group
-- n: t.b value

-- case: groups by the number of a column
select a + b as z, max(c) as m from t group by 1
-- rows: t rows, t.a group, t.b group
-- z: t.a value, t.b value
-- m: t.c value

-- case: groups by the name of a column
select a + b as z, max(c) as m from t group by z
-- rows: t rows, t.a group, t.b group
-- z: t.a value, t.b value
-- m: t.c value

-- case: GROUP BY ALL is by what sums nothing up
select a, b + 1 as z, sum(c) as n from t group by all
-- rows: t rows, t.a group, t.b group
-- a: t.a value
-- z: t.b value
-- n: t.c value

-- case: sets of groups
select a, b, count(*) as n from t group by grouping sets ((a), (b), ())
-- rows: t rows, t.a group, t.b group
-- a: t.a value
-- b: t.b value
-- n:

-- case: CUBE and ROLLUP
select a, b, c, sum(id) as n from t group by cube (a, b), rollup (c)
-- rows: t rows, t.a group, t.b group, t.c group
-- a: t.a value
-- b: t.b value
-- c: t.c value
-- n: t.id value

-- case: HAVING reaches every column
select a, count(*) as n from t group by a having sum(b) > 3 and max(c) < 9
-- rows: t rows, t.a group, t.b filter, t.c filter
-- a: t.a value
-- n:

-- case: HAVING by an alias
select a, sum(b) as z from t group by a having z > 3
-- rows: t rows, t.a group, t.b filter
-- a: t.a value
-- z: t.b value

-- case: an aggregate with a filter of its own
select a, sum(b) filter (where c > 0) as z, count(*) filter (where b = 1) as n from t group by a
-- rows: t rows, t.a group
-- a: t.a value
-- z: t.b value, t.c filter
-- n: t.b filter

-- case: an aggregate with an order of its own
select a, list(b order by c desc) as l, string_agg(b::text, ',' order by id) as q from t group by a
-- rows: t rows, t.a group
-- a: t.a value
-- l: t.b value, t.c order
-- q: t.b value, t.id order

-- case: an aggregate of different values
select a, count(distinct b) as n, sum(distinct c) as z from t group by a
-- rows: t rows, t.a group
-- a: t.a value
-- n: t.b value
-- z: t.c value

-- case: WITHIN GROUP
select a, percentile_cont(0.5) within group (order by b) as z, mode() within group (order by c) as m from t group by a
-- rows: t rows, t.a group
-- a: t.a value
-- z: t.b order
-- m: t.c order

-- case: the value at the greatest of another
select a, arg_max(b, c) as z, first(c order by b) as f from t group by a
-- rows: t rows, t.a group
-- a: t.a value
-- z: t.b value, t.c value
-- f: t.c value, t.b order

-- case: counting rows of a table
select a, count(t) as n from t group by a
-- rows: t rows, t.a group
-- a: t.a value
-- n: t.id value, t.a value, t.b value, t.c value, t.s value, t.xs value

-- case: DISTINCT looks at all columns
select distinct a, b from t
-- rows: t rows, t.a group, t.b group
-- a: t.a value
-- b: t.b value

-- case: DISTINCT ON chooses by the order
select distinct on (a) a, b, c from t order by a, id desc
-- rows: t rows, t.a group, t.a order, t.id order
-- a: t.a value
-- b: t.b value
-- c: t.c value

-- case: DISTINCT ON the number of a column
select distinct on (2) id, a + b as z from t
-- rows: t rows, t.a group, t.b group
-- id: t.id value
-- z: t.a value, t.b value

-- case: an order alone means nothing
select id, a from t order by b
-- rows: t rows
-- id: t.id value
-- a: t.a value

-- case: LIMIT makes the order count
select id, a from t order by b, c desc limit 3
-- rows: t rows, t.b order, t.c order
-- id: t.id value
-- a: t.a value

-- case: LIMIT by the number of a column, with an offset
select id, a + b as z from t order by 2 limit 3 offset 1
-- rows: t rows, t.a order, t.b order
-- id: t.id value
-- z: t.a value, t.b value

-- case: ORDER BY an alias wins over the column
select id, a + 1 as b from t order by b limit 2
-- rows: t rows, t.a order, t.b order
-- id: t.id value
-- b: t.a value

-- case: ORDER BY ALL
select a, b from t order by all limit 2
-- rows: t rows, t.a order, t.b order
-- a: t.a value
-- b: t.b value

-- case: a limit that is computed
select id from t order by a limit (select max(k) from u)
-- rows: t rows, t.a order, u rows, u.k filter
-- id: t.id value

-- case: a limit within
select id, b from (select id, b from t order by c limit 5) as q where b > 1
-- rows: t rows, t.c order, t.b filter
-- id: t.id value
-- b: t.b value

-- case: aggregates on aggregates
select max(n) as top from (select a, sum(b) as n from t where c > 0 group by a) as q where n > 1
-- rows: t rows, t.c filter, t.a group, t.b filter
-- top: t.b value

-- case: groups after a join
select u.k, sum(t.a) as z from t join u on u.id = t.b where u.d > 0 group by u.k
-- rows: t rows, u rows, u.id join, t.b join, u.d filter, u.k group
-- k: u.k value
-- z: t.a value
