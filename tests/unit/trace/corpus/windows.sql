-- Windows, named windows, QUALIFY.

-- case: a rank
select id, row_number() over (partition by a order by b) as r from t
-- rows: t rows
-- id: t.id value
-- r: t.a window, t.b window

-- case: a sum over a frame
select id, sum(c) over (partition by a order by b rows between 2 preceding and current row) as z from t
-- rows: t rows
-- id: t.id value
-- z: t.c value, t.a window, t.b window

-- case: over everything
select id, c - avg(c) over () as z from t
-- rows: t rows
-- id: t.id value
-- z: t.c value

-- case: the row before, with a default
select id, lag(a, 1, b) over (order by c) as z from t
-- rows: t rows
-- id: t.id value
-- z: t.a value, t.b value, t.c window

-- case: NULLs passed over
select id, first_value(a ignore nulls) over (partition by b order by c) as z from t
-- rows: t rows
-- id: t.id value
-- z: t.a value, t.b window, t.c window

-- case: a named window
select id, rank() over w as r, sum(c) over w as z from t window w as (partition by a order by b)
-- rows: t rows
-- id: t.id value
-- r: t.a window, t.b window
-- z: t.c value, t.a window, t.b window

-- case: a window on a named one
select id, sum(c) over (w order by b) as z from t window w as (partition by a)
-- rows: t rows
-- id: t.id value
-- z: t.c value, t.a window, t.b window

-- case: a window that nothing uses
select id, a from t window w as (partition by b)
-- rows: t rows
-- id: t.id value
-- a: t.a value

-- case: a frame of a computed width
select id, sum(c) over (order by a range between b preceding and current row) as z from t
-- rows: t rows
-- id: t.id value
-- z: t.c value, t.a window, t.b window

-- case: a filter of a window's function
select id, count(*) filter (where b > 0) over (partition by a) as n from t
-- rows: t rows
-- id: t.id value
-- n: t.b filter, t.a window

-- case: QUALIFY reaches every column
select id, c from t qualify row_number() over (partition by a order by b desc) = 1
-- rows: t rows, t.a window, t.b window
-- id: t.id value
-- c: t.c value

-- case: QUALIFY by an alias
select id, sum(c) over (partition by a) as z from t qualify z > 3
-- rows: t rows, t.c filter, t.a window
-- id: t.id value
-- z: t.c value, t.a window

-- case: QUALIFY by a named window and a column
select id, c from t window w as (partition by a) qualify count(*) over w > 1 and b > 0
-- rows: t rows, t.a window, t.b filter
-- id: t.id value
-- c: t.c value

-- case: a filter before a window
select id, row_number() over (order by b) as r from t where a > 1
-- rows: t rows, t.a filter
-- id: t.id value
-- r: t.b window

-- case: a window over groups
select a, rank() over (order by sum(b) desc) as r from t group by a
-- rows: t rows, t.a group
-- a: t.a value
-- r: t.b window

-- case: a window within, a filter without
select id from (select id, row_number() over (partition by a order by b) as r from t) as q where r = 1
-- rows: t rows, t.a window, t.b window
-- id: t.id value

-- case: one copy of each key, found by a window
select t.id, g.x from t left join (select k, x from u qualify row_number() over (partition by k order by y) = 1) as g
    on g.k = t.id
-- rows: t rows, u rows, u.k window, u.y window, u.k join, t.id join
-- id: t.id value
-- x: u.x value
