-- Subqueries, WITH, recursion, laterals, VALUES.

-- case: a subquery in FROM
select q.z from (select id, a + b as z from t where c = 1) as q
-- rows: t rows, t.c filter
-- z: t.a value, t.b value

-- case: a WITH part
with p as (select id, a + b as z from t where c = 1) select id, z from p where z > 2
-- rows: t rows, t.c filter, t.a filter, t.b filter
-- id: t.id value
-- z: t.a value, t.b value

-- case: parts on parts, one of which nothing reads
with p as (select id, a as z from t), q as (select id, z + 1 as y from p), r as (select * from u) select y from q
-- rows: t rows
-- y: t.a value

-- case: other names for the columns of a part
with p(m, n) as (select id, a from t) select n from p
-- rows: t rows
-- n: t.a value

-- case: a part that is read twice
with p as (select id, a from t) select one.id, two.a from p as one join p as two on two.id = one.a
-- rows: t rows, t.id join, t.a join
-- id: t.id value
-- a: t.a value

-- case: a part named like a table hides it
with t as (select id, x as a from u) select a from t
-- rows: u rows
-- a: u.x value

-- case: a part within a part
with p as (with q as (select id, b from t) select id, b + 1 as z from q) select z from p
-- rows: t rows
-- z: t.b value

-- case: a scalar subquery
select id, (select max(x) from u) as top from t
-- rows: t rows
-- id: t.id value
-- top: u rows, u.x value

-- case: a scalar subquery that looks outside
select id, (select max(x) from u where u.k = t.a and y > 0) as top from t
-- rows: t rows
-- id: t.id value
-- top: u rows, u.x value, u.k filter, t.a filter, u.y filter

-- case: EXISTS reads rows and no values
select id from t where exists (select x from u where u.k = t.a)
-- rows: t rows, u rows, u.k filter, t.a filter
-- id: t.id value

-- case: NOT EXISTS as a value
select id, not exists (from u where u.k = t.a) as free from t
-- rows: t rows
-- id: t.id value
-- free: u rows, u.k filter, t.a filter

-- case: IN a subquery
select id from t where a in (select k from u where y = 1)
-- rows: t rows, u rows, t.a filter, u.k filter, u.y filter
-- id: t.id value

-- case: NOT IN as a value
select id, a not in (select k from u) as z from t
-- rows: t rows
-- id: t.id value
-- z: t.a value, u rows, u.k value

-- case: ANY and ALL
select id from t where a > all (select x from u) or b = any (select y from u)
-- rows: t rows, u rows, t.a filter, u.x filter, t.b filter, u.y filter
-- id: t.id value

-- case: an array of a subquery
select id, array(select x from u where u.k = t.id order by y) as l from t
-- rows: t rows
-- id: t.id value
-- l: u rows, u.x value, u.k filter, t.id filter, u.y order

-- case: a name of the inner query wins
select id, (select max(a) from v where v.id = t.id) as z from t
-- rows: t rows
-- id: t.id value
-- z: v rows, v.a value, v.id filter, t.id filter

-- case: a name that only the outer query has
select id, (select max(x + c) from u) as z from t
-- rows: t rows
-- id: t.id value
-- z: u rows, u.x value, t.c value

-- case: two levels down
select id, (select sum(x) from u where exists (select 1 from v where v.k = u.k and v.w = t.b)) as z from t
-- rows: t rows
-- id: t.id value
-- z: u rows, u.x value, v rows, v.k filter, u.k filter, v.w filter, t.b filter

-- case: a lateral subquery
select t.id, l.x from t, lateral (select x from u where u.k = t.a) as l
-- rows: t rows, u rows, u.k filter, t.a filter
-- id: t.id value
-- x: u.x value

-- case: a lateral without the word
select t.id, l.z from t, (select t.a + 1 as z) as l
-- rows: t rows
-- id: t.id value
-- z: t.a value

-- case: a left lateral of a sum gives one row
select t.id, l.n from t left join lateral (select sum(x) as n from u where u.k = t.a) as l on true
-- rows: t rows
-- id: t.id value
-- n: u rows, u.x value, u.k filter, t.a filter

-- case: VALUES
select p, q from (values (1, 'x'), (2, 'y')) as v(p, q)
-- rows:
-- p:
-- q:

-- case: VALUES of columns
select t.id, l.p from t, (values (t.a), (t.b)) as l(p)
-- rows: t rows
-- id: t.id value
-- p: t.a value, t.b value

-- case: a part of VALUES
with m(k, name) as (values (1, 'one'), (2, 'two')) select t.id, m.name from t join m on m.k = t.a
-- rows: t rows, t.a join
-- id: t.id value
-- name:

-- case: recursion over a table
with recursive r(n, depth) as (
    select id, 0 from t where a = 0
    union all
    select t.id, r.depth + 1 from t join r on t.a = r.n where r.depth < 5
)
select n, depth from r
-- rows: t rows, t.a filter, t.a join, t.id join
-- n: t.id value
-- depth:

-- case: recursion that carries a value
with recursive r(n, q) as (select id, b from t union all select n + 1, q + x from r join u on u.k = r.n and u.y > q)
select n, q from r
-- rows: t rows, u rows, u.k join, t.id join, u.y join, t.b join, u.x join
-- n: t.id value
-- q: t.b value, u.x value

-- case: recursion without copies compares all columns
with recursive r(n, q) as (select id, b from t union select n + 1, q from r where n < 3) select n from r
-- rows: t rows, t.id filter, t.id group, t.b group
-- n: t.id value

-- case: WITH RECURSIVE that does not recur
with recursive p as (select id, a from t) select a from p
-- rows: t rows
-- a: t.a value

-- case: a WITH part whose order a list keeps
with p as (select id, a from t order by b) select list(a) as l from p
-- rows: t rows, t.b order
-- l: t.a value
