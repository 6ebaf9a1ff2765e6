-- Stars, COLUMNS, UNNEST, PIVOT, and what cannot be followed.

-- case: a star
select * from u
-- rows: u rows
-- id: u.id value
-- k: u.k value
-- x: u.x value
-- y: u.y value
-- d: u.d value

-- case: a star that leaves out, replaces and renames
select * exclude (k, y) replace (x + d as x) rename (d as e) from u
-- rows: u rows
-- id: u.id value
-- x: u.x value, u.d value
-- e: u.d value

-- case: the star of one table
select v.*, t.b from t join v on v.id = t.id
-- rows: t rows, v rows, v.id join, t.id join
-- id: v.id value
-- k: v.k value
-- a: v.a value
-- w: v.w value
-- b: t.b value

-- case: a star over USING
select * exclude (s, xs, c) from t join u using (id)
-- rows: t rows, u rows, t.id join, u.id join
-- id: t.id value, u.id value
-- a: t.a value
-- b: t.b value
-- k: u.k value
-- x: u.x value
-- y: u.y value
-- d: u.d value

-- case: a star over a natural join
select * exclude (s, xs) from t natural join v
-- rows: t rows, v rows, t.id join, v.id join, t.a join, v.a join
-- id: t.id value, v.id value
-- a: t.a value, v.a value
-- b: t.b value
-- c: t.c value
-- k: v.k value
-- w: v.w value

-- case: a star after a semi join
select * from u semi join t on t.a = u.k
-- rows: t rows, u rows, t.a join, u.k join
-- id: u.id value
-- k: u.k value
-- x: u.x value
-- y: u.y value
-- d: u.d value

-- case: stars on stars
with p as (select * from v where w > 0), q as (select * exclude (w) from p) select * from q
-- rows: v rows, v.w filter
-- id: v.id value
-- k: v.k value
-- a: v.a value

-- case: columns by a pattern
select columns('^[xy]$') from u
-- rows: u rows
-- x: u.x value
-- y: u.y value

-- case: a function of many columns
select id, coalesce(*columns('x|y')) as z from u
-- rows: u rows
-- unnamed: u.id value, u.k value, u.x value, u.y value, u.d value
-- id: u.id value

-- case: an unnested list makes rows
select id, unnest(xs) as e from t
-- rows: t rows, t.xs join
-- id: t.id value
-- e: t.xs value

-- case: an unnested list beside its table
select t.id, q.e from t, unnest(t.xs) as q(e)
-- rows: t rows, t.xs join
-- id: t.id value
-- e: t.xs value

-- case: a left join to an unnested list
select t.id, q.e from t left join unnest(t.xs) as q(e) on q.e > t.a
-- rows: t rows, t.xs join, t.a join
-- id: t.id value
-- e: t.xs value

-- case: numbers up to a column
select t.id, n.i from t cross join range(t.a) as n(i) where n.i > t.b
-- rows: t rows, t.a join, t.a filter, t.b filter
-- id: t.id value
-- i: t.a value

-- case: an unnested structure
select id, unnest(s) from t
-- rows: t rows, t.s join
-- id: t.id value
-- unnamed: t.id value, t.s value

-- case: a pivot whose columns are written out
select k, "1" as one, "2" as two from (select k, y, x from u) pivot (sum(x) for y in (1, 2))
-- rows: u rows, u.k group
-- k: u.k value
-- one: u.x value, u.y value
-- two: u.x value, u.y value

-- case: a pivot that names its groups
select * from u pivot (max(x) as top for y in (1, 2) group by k)
-- rows: u rows, u.k group
-- k: u.k value
-- unnamed: u.x value, u.y value

-- case: a pivot whose columns depend on the data
select k, "1" as one from (pivot u on y using sum(x) group by k)
-- rows: u rows, u.id join, u.k join, u.x join, u.y join, u.d join
-- k: u.id value, u.k value, u.x value, u.y value, u.d value, u rows
-- one: u.id value, u.k value, u.x value, u.y value, u.d value, u rows
-- lost: 1

-- case: columns that become rows
select id, name, val from u unpivot (val for name in (x, y))
-- rows: u rows, u.x filter, u.y filter
-- id: u.id value
-- name:
-- val: u.x value, u.y value

-- case: columns that become rows, NULLs too
select id, val from u unpivot include nulls (val for name in (x, y))
-- rows: u rows
-- id: u.id value
-- val: u.x value, u.y value

-- case: a file is made of nothing here
select n from range(3) as r(n)
-- rows:
-- n:

-- case: a table whose columns are not known
select z, t.a from src join t on t.id = src.q
-- rows: src rows, t rows, t.id join, src.q join
-- z: src.z value
-- a: t.a value

-- case: a name of a known table beside an unknown one
select a, z from t, src where q = 1
-- rows: src rows, t rows, src.q filter
-- a: t.a value
-- z: src.z value

-- case: a table function that may read anything
select t.id from t, query_table('u') as q
-- rows: t rows, t.id join, t.a join, t.b join, t.c join, t.s join, t.xs join, u rows, u.id join, u.k join, u.x join, u.y join, u.d join
-- id: t.id value
-- lost: 1

-- case: a sample of rows
select id, a from t using sample 3 rows
-- unnamed: t.id value, t.a value, t.b value, t.c value, t.s value, t.xs value, t rows
-- rows: t rows, t.id join, t.a join, t.b join, t.c join, t.s join, t.xs join
-- lost: 1

-- case: recursion by a key cannot be followed
with recursive r(n, q) using key (n) as (select id, a from t union select n, q + 1 from r where q < 3) select n from r
-- rows: t rows, t.id join, t.a join, t.b join, t.c join, t.s join, t.xs join
-- n: t.id value, t.a value, t.b value, t.c value, t.s value, t.xs value, t rows
-- lost: 1

-- case: the place of a row
select id, rowid as place from t
-- rows: t rows
-- id: t.id value
-- place: t.id value, t.a value, t.b value, t.c value, t.s value, t.xs value
-- lost: 1

-- case: columns that become rows, chosen by a pattern, cannot be followed
select id, val from u unpivot (val for name in (columns(* exclude (id))))
-- rows: u rows, u.id group, u.k group, u.x group, u.y group, u.d group
-- id: u.id value, u.k value, u.x value, u.y value, u.d value
-- val: u.id value, u.k value, u.x value, u.y value, u.d value
-- lost: 1

-- case: the parts of a structure
select id, s.* from t where a = 1
-- rows: t rows, t.a filter
-- unnamed: t.id value, t.s value
-- id: t.id value

-- case: two aliases that may be each other's columns
select z as q, q as z from src
-- rows: src rows
-- q: src.z value, src.q value
-- z: src.q value, src.z value
