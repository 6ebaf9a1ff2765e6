-- UNION, EXCEPT, INTERSECT.

-- case: UNION ALL goes by position
select id, a as z from t union all select k, x from u
-- rows: t rows, u rows
-- id: t.id value, u.k value
-- z: t.a value, u.x value

-- case: UNION compares all columns
select id, a as z from t where b > 0 union select k, x from u
-- rows: t rows, u rows, t.b filter, t.id group, t.a group, u.k group, u.x group
-- id: t.id value, u.k value
-- z: t.a value, u.x value

-- case: UNION ALL BY NAME
select id, a from t union all by name select x as a, y from u
-- rows: t rows, u rows
-- id: t.id value
-- a: t.a value, u.x value
-- y: u.y value

-- case: EXCEPT looks at whole rows
select id, a from t except select k, x from u
-- rows: t rows, u rows, t.id filter, t.a filter, u.k filter, u.x filter
-- id: t.id value, u.k value
-- a: t.a value, u.x value

-- case: INTERSECT within
select id from (select id, a from t intersect select id, x from u) as q
-- rows: t rows, u rows, t.id filter, t.a filter, u.id filter, u.x filter
-- id: t.id value, u.id value

-- case: three of them
select id from t union all select k from u union all select w from v
-- rows: t rows, u rows, v rows
-- id: t.id value, u.k value, v.w value

-- case: the order of a union counts with a limit
select id, a from t union all select id, x from u order by a limit 3
-- rows: t rows, u rows, t.a order, u.x order
-- id: t.id value, u.id value
-- a: t.a value, u.x value

-- case: a limit on one side
(select id, a from t order by b limit 1) union all select id, x from u
-- rows: t rows, u rows, t.b order
-- id: t.id value, u.id value
-- a: t.a value, u.x value

-- case: a union in a part
with p as (select id, a as z from t union all select id, x from u) select z from p where id > 1
-- rows: t rows, u rows, t.id filter, u.id filter
-- z: t.a value, u.x value

-- case: a part that both sides read
with p as (select id, a from t where b = 1) select id from p union all select a from p
-- rows: t rows, t.b filter
-- id: t.id value, t.a value
