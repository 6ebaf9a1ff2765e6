SELECT id, year(ts) AS a, month(ts) AS b, day(ts) AS c, hour(ts) AS d, minute(ts) AS e, second(ts) AS f, quarter(ts) AS g, week(ts) AS h, dayofweek(ts) AS i, dayofyear(ts) AS j FROM t;
SELECT id, year(dt) AS a, extract(month FROM dt) AS b, extract(dow FROM dt) AS c, date_part('doy', dt) AS d, date_part('isodow', dt) AS e, extract(hour FROM dt) AS f FROM t;
SELECT id, epoch(ts) AS a, date_part('millisecond', ts) AS b, extract(microsecond FROM ts) AS c, isodow(dt) AS d FROM t;
SELECT id, date_trunc('year', ts) AS a, date_trunc('quarter', ts) AS b, date_trunc('month', ts) AS c, date_trunc('week', ts) AS d, date_trunc('day', ts) AS e, date_trunc('hour', ts) AS f, date_trunc('minute', ts) AS g, date_trunc('second', ts) AS h FROM t;
SELECT id, date_trunc('month', dt) AS a, date_trunc('week', dt) AS b FROM t;
SELECT id, ts + INTERVAL 1 DAY AS a, ts - INTERVAL 1 MONTH AS b, ts + INTERVAL '90' MINUTE AS c, ts + to_days(i) AS d FROM t;
SELECT id, dt + INTERVAL 1 DAY AS a, dt + 1 AS b, dt - 1 AS c, dt + INTERVAL 1 YEAR AS d FROM t WHERE id <> 5;
SELECT id, date_diff('day', dt, DATE '2020-03-01') AS a, date_diff('month', dt, DATE '2020-03-01') AS b, date_diff('year', dt, DATE '2020-03-01') AS c FROM t;
SELECT id, date_diff('hour', ts, TIMESTAMP '2020-03-01 00:00:00') AS a, date_diff('second', ts, TIMESTAMP '2020-03-01 00:00:00') AS b, datediff('minute', ts, TIMESTAMP '2020-03-01 00:00:00') AS c FROM t;
SELECT id, strftime(ts, '%Y-%m-%d %H:%M:%S') AS a, strftime(dt, '%d.%m.%y %j %%') AS b, strftime(ts, '%A %B %a %b %p %I %f') AS c FROM t;
SELECT id, make_date(2020, 2, 29) AS a, last_day(dt) AS b FROM t;
SELECT id, ts > TIMESTAMP '2020-01-01' AS a, dt >= '2020-01-01' AS b, ts < '2021-01-01' AS c, ts > dt AS d, dt = DATE '2020-02-29' AS e FROM t;
SELECT id FROM t WHERE dt BETWEEN DATE '2020-01-01' AND DATE '2020-12-31';
SELECT max(ts) AS a, min(dt) AS b FROM t;
SELECT id, coalesce(ts, TIMESTAMP '2000-01-01') AS a, coalesce(dt, DATE '2000-01-01') AS b FROM t;
SELECT id, ts < now() AS a, dt < current_date AS b FROM t WHERE id <> 5;
SELECT id, ts > '2020-01-01T00:00:00' AS a, ts = '2020-02-29 23:59:59.123456' AS b, ts = '1850-01-01 12:30:00.5' AS c FROM t;
SELECT id, dt = '2020-02-29' AS a, dt IN ('2020-02-29', '1969-12-31') AS b, dt BETWEEN '1969-01-01' AND '2020-12-31' AS c FROM t;
SELECT dt + i AS a FROM t;
SELECT id FROM t WHERE dt > now() - INTERVAL 30 DAY AND id <> 5;
SELECT date_trunc('month', ts)::date AS a, strftime(date_trunc('week', dt), '%Y-%m-%d') AS b FROM t;
SELECT make_date(year(dt), month(dt), 1) AS a FROM t WHERE dt IS NOT NULL;
-- typed
SELECT dt - DATE '2020-01-01' AS a, dt - dt AS b FROM t;
SELECT g, max(ts) - INTERVAL 1 DAY AS a FROM t GROUP BY g
