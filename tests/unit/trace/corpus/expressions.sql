-- What a value is made of. The tables are in tables.py: t(id, a, b, c, s, xs), u(id, k, x, y, d), v(id, k, a, w).

-- case: plain columns
select id, a from t
-- rows: t rows
-- id: t.id value
-- a: t.a value

-- case: operators
select id, a + b * 2 as z, -c as n, a || 'x' as q from t
-- rows: t rows
-- id: t.id value
-- z: t.a value, t.b value
-- n: t.c value
-- q: t.a value

-- case: a constant is made of nothing
select id, 1 as one, 'x' as text, null as nothing, date '2024-01-02' as day from t
-- rows: t rows
-- id: t.id value
-- one:
-- text:
-- nothing:
-- day:

-- case: every part of a CASE
select id, case when a > 1 then b when c = 2 then 3 else id end as z from t
-- rows: t rows
-- id: t.id value
-- z: t.a value, t.b value, t.c value, t.id value

-- case: a CASE over a value
select case a when 1 then b else c end as z from t
-- rows: t rows
-- z: t.a value, t.b value, t.c value

-- case: functions of all kinds
select coalesce(a, b) as q, greatest(a, b, c) as g, nullif(a, c) as n, if(a > 1, b, c) as i, hash(a, b) as h from t
-- rows: t rows
-- q: t.a value, t.b value
-- g: t.a value, t.b value, t.c value
-- n: t.a value, t.c value
-- i: t.a value, t.b value, t.c value
-- h: t.a value, t.b value

-- case: casts in three ways
select cast(a as text) as q, b::double as r, try_cast(c as tinyint) as n from t
-- rows: t rows
-- q: t.a value
-- r: t.b value
-- n: t.c value

-- case: tests
select a in (1, b) as i, a between b and c as m, a is not distinct from b as d, c is null as n from t
-- rows: t rows
-- i: t.a value, t.b value
-- m: t.a value, t.b value, t.c value
-- d: t.a value, t.b value
-- n: t.c value

-- case: a filter reaches all columns
select id, a from t where b > 1 and c is not null
-- rows: t rows, t.b filter, t.c filter
-- id: t.id value
-- a: t.a value

-- case: a part of a structure
select id, s.f as f, t.s.g.h as h, (s).g as g, s['f'] as b from t
-- rows: t rows
-- id: t.id value
-- f: t.s value
-- h: t.s value
-- g: t.s value
-- b: t.s value

-- case: an item of a list
select xs[1] as first, xs[2:3] as part, len(xs) as n from t
-- rows: t rows
-- first: t.xs value
-- part: t.xs value
-- n: t.xs value

-- case: lists and structures that are made
select [a, b] as l, {'p': a, 'q': c} as r, struct_pack(m := b) as k, map {'x': a} as j from t
-- rows: t rows
-- l: t.a value, t.b value
-- r: t.a value, t.c value
-- k: t.b value
-- j: t.a value

-- case: a lambda reads its own variable and columns
select list_transform(xs, lambda e: e + a) as l, list_filter(xs, lambda e: e > b) as f from t
-- rows: t rows
-- l: t.xs value, t.a value
-- f: t.xs value, t.b value

-- case: a lambda's variable that is called like a column
select list_transform(xs, lambda a: a + 1) as l from t
-- rows: t rows
-- l: t.xs value

-- case: a comprehension
select [e * c for e in xs if e > a] as l from t
-- rows: t rows
-- l: t.xs value, t.c value, t.a value

-- case: a name for a value, used beside it
select a + 1 as z, z * b as w, w - c as v from t
-- rows: t rows
-- z: t.a value
-- w: t.a value, t.b value
-- v: t.a value, t.b value, t.c value

-- case: a column wins over the alias of its name
select b as a, a + 1 as z from t
-- rows: t rows
-- a: t.b value
-- z: t.a value

-- case: an alias in a filter
select a + b as z from t where z > 3
-- rows: t rows, t.a filter, t.b filter
-- z: t.a value, t.b value

-- case: a whole row
select t from t
-- rows: t rows
-- t: t.id value, t.a value, t.b value, t.c value, t.s value, t.xs value

-- case: a whole row in a function
select id, hash(t) as h from t
-- rows: t rows
-- id: t.id value
-- h: t.id value, t.a value, t.b value, t.c value, t.s value, t.xs value

-- case: a date and its parts
select extract(year from make_date(2000 + a, 1 + b, 1)) as y, date_trunc('month', make_date(2020, 1 + c, 1)) as m from t
-- rows: t rows
-- y: t.a value, t.b value
-- m: t.c value

-- case: an interval of a column
select date '2024-01-01' + to_days(a) as d, date '2024-01-01' + interval (b) day as e from t
-- rows: t rows
-- d: t.a value
-- e: t.b value

-- case: no table at all
select 1 as one
-- rows:
-- one:

-- case: names in any case
select T.A as Z from T where "B" > 1
-- rows: t rows, t.b filter
-- Z: t.a value

-- case: FROM first
from t select a where b = 1
-- rows: t rows, t.b filter
-- a: t.a value

-- case: two of one name are told apart by their tables
select t.a as ours, v.a as theirs from t join v on v.id = t.id
-- rows: t rows, v rows, t.id join, v.id join
-- ours: t.a value
-- theirs: v.a value

-- case: functions behind a dot
select xs.list_transform(lambda e: e + b).len() as l, a.greatest(c) as g from t
-- rows: t rows
-- l: t.xs value, t.b value
-- g: t.a value, t.c value
