-- Joins reach every column. A LEFT JOIN on the key of its right side brings its rows to the columns taken from it.

-- case: an inner join
select t.id, u.x from t join u on u.id = t.a
-- rows: t rows, u rows, t.a join, u.id join
-- id: t.id value
-- x: u.x value

-- case: more than the key in ON
select t.id, u.x from t join u on u.id = t.a and u.d > t.c
-- rows: t rows, u rows, t.a join, u.id join, u.d join, t.c join
-- id: t.id value
-- x: u.x value

-- case: a left join on the whole key of its right side
select t.id, u.x from t left join u on u.id = t.a
-- rows: t rows, t.a join, u.id join
-- id: t.id value
-- x: u.x value, u rows, t.a join, u.id join

-- case: a left join on a part of the key may double rows
select t.id, v.w from t left join v on v.id = t.id
-- rows: t rows, v rows, t.id join, v.id join
-- id: t.id value
-- w: v.w value

-- case: a left join on a whole key of two columns
select t.id, v.w from t left join v on v.id = t.id and v.k = t.a
-- rows: t rows, t.id join, v.id join, v.k join, t.a join
-- id: t.id value
-- w: v.w value, v rows, t.id join, v.id join, v.k join, t.a join

-- case: a left join on something else than the key
select t.id, u.x from t left join u on u.k = t.a
-- rows: t rows, u rows, u.k join, t.a join
-- id: t.id value
-- x: u.x value

-- case: a left join by OR meets more than once
select t.id, u.x from t left join u on u.id = t.a or u.id = t.b
-- rows: t rows, u rows, u.id join, t.a join, t.b join
-- id: t.id value
-- x: u.x value

-- case: a left join that compares
select t.id, u.x from t left join u on u.id > t.a
-- rows: t rows, u rows, u.id join, t.a join
-- id: t.id value
-- x: u.x value

-- case: a right join
select u.id, t.a from t right join u on u.id = t.id
-- rows: t rows, u rows, u.id join, t.id join
-- id: u.id value
-- a: t.a value

-- case: a full join
select coalesce(t.id, u.id) as id, t.a, u.x from t full join u on u.id = t.id
-- rows: t rows, u rows, u.id join, t.id join
-- id: t.id value, u.id value
-- a: t.a value
-- x: u.x value

-- case: USING gives one column of both sides
select id, a, x from t join u using (id)
-- rows: t rows, u rows, t.id join, u.id join
-- id: t.id value, u.id value
-- a: t.a value
-- x: u.x value

-- case: a left join with USING on the key
select id, a, x from t left join u using (id)
-- rows: t rows, t.id join, u.id join
-- id: t.id value, u.id value, u rows, t.id join, u.id join
-- a: t.a value
-- x: u.x value, u rows, t.id join, u.id join

-- case: a natural join meets on all common columns
select id, w, b from t natural join v
-- rows: t rows, v rows, t.id join, v.id join, t.a join, v.a join
-- id: t.id value, v.id value
-- w: v.w value
-- b: t.b value

-- case: a cross join
select t.id, u.x from t cross join u
-- rows: t rows, u rows
-- id: t.id value
-- x: u.x value

-- case: tables side by side and a filter
select t.id, u.x from t, u where t.a = u.k
-- rows: t rows, u rows, t.a filter, u.k filter
-- id: t.id value
-- x: u.x value

-- case: a semi join
select t.id, t.b from t semi join u on u.k = t.a
-- rows: t rows, u rows, u.k join, t.a join
-- id: t.id value
-- b: t.b value

-- case: an anti join with USING
select id, b from t anti join u using (id)
-- rows: t rows, u rows, t.id join, u.id join
-- id: t.id value
-- b: t.b value

-- case: an as-of join
select t.id, u.x from t asof join u on t.a = u.k and t.b >= u.y
-- rows: t rows, u rows, t.a join, u.k join, t.b join, u.y join
-- id: t.id value
-- x: u.x value

-- case: a left as-of join meets at most once
select t.id, u.x from t asof left join u on t.a = u.k and t.b >= u.y
-- rows: t rows, t.a join, u.k join, t.b join, u.y join
-- id: t.id value
-- x: u.x value, u rows, t.a join, u.k join, t.b join, u.y join

-- case: a positional join depends on all that may move a row
select t.id, u.x from t positional join u
-- rows: t rows, u rows, t.id join, t.a join, t.b join, t.c join, t.s join, t.xs join, u.id join, u.k join, u.x join, u.y join, u.d join
-- id: t.id value
-- x: u.x value
-- lost: 1

-- case: three tables
select t.id, u.x, v.w from t join u on u.id = t.a join v on v.k = u.k where v.w > 0
-- rows: t rows, u rows, v rows, u.id join, t.a join, v.k join, u.k join, v.w filter
-- id: t.id value
-- x: u.x value
-- w: v.w value

-- case: a table read twice
select one.id, two.a as other from t as one join t as two on two.id = one.b
-- rows: t rows, t.id join, t.b join
-- id: t.id value
-- other: t.a value

-- case: joins between brackets
select t.id, x, w from (t join u using (id)) join v using (id)
-- rows: t rows, u rows, v rows, t.id join, u.id join, v.id join
-- id: t.id value
-- x: u.x value
-- w: v.w value

-- case: other names for columns
select q.p, q.r from t as q(p, r)
-- rows: t rows
-- p: t.id value
-- r: t.a value

-- case: a left join to a group of each key
select t.id, t.a, g.n from t left join (select k, count(*) as n from u where y > 0 group by k) as g on g.k = t.id
-- rows: t rows, t.id join, u.k join
-- id: t.id value
-- a: t.a value
-- n: u rows, u.y filter, u.k group, t.id join, u.k join

-- case: an inner join to a group takes rows away
select t.id, g.n from t join (select k, sum(x) as n from u group by k) as g on g.k = t.id
-- rows: t rows, u rows, t.id join, u.k join, u.k group
-- id: t.id value
-- n: u.x value

-- case: a left join to a group by something else
select t.id, g.n from t left join (select k, y, sum(x) as n from u group by k, y) as g on g.k = t.id
-- rows: t rows, u rows, t.id join, u.k join, u.k group, u.y group
-- id: t.id value
-- n: u.x value

-- case: a left join to one row
select t.id, m.top from t left join (select max(x) as top from u) as m on true
-- rows: t rows
-- id: t.id value
-- top: u.x value, u rows

-- case: the key of a copy that was filtered
select t.id, g.x from t left join (select id as other, x from u where d > 0) as g on g.other = t.a
-- rows: t rows, t.a join, u.id join
-- id: t.id value
-- x: u.x value, u rows, u.d filter, t.a join, u.id join

-- case: a copy that was multiplied has no key
select t.id, g.e from t left join (select id, unnest([x, y]) as e from u) as g on g.id = t.a
-- rows: t rows, u rows, t.a join, u.id join, u.x join, u.y join
-- id: t.id value
-- e: u.x value, u.y value

-- case: an inner join in a copy keeps no key of the other side
select t.id, g.w from t left join (select u.id, v.w from u join v on v.id = u.k) as g on g.id = t.a
-- rows: t rows, u rows, v rows, t.a join, u.id join, v.id join, u.k join
-- id: t.id value
-- w: v.w value
