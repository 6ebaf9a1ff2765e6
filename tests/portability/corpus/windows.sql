SELECT id, row_number() OVER (PARTITION BY g ORDER BY id DESC) AS a, rank() OVER (ORDER BY b) AS c, dense_rank() OVER (ORDER BY g) AS d FROM t;
SELECT id, lag(i) OVER (ORDER BY id) AS a, lead(s) OVER (ORDER BY id) AS b, lag(i, 2) OVER (ORDER BY id) AS c, lag(i, 1, -99) OVER (ORDER BY id) AS d, lag(id) OVER (PARTITION BY g ORDER BY id) AS e FROM t;
SELECT id, first_value(i) OVER (ORDER BY id DESC) AS a, last_value(i) OVER (ORDER BY id) AS b, first_value(s) OVER (PARTITION BY g ORDER BY id) AS c FROM t;
SELECT id, first_value(s) OVER (PARTITION BY b ORDER BY id ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING) AS a FROM t;
SELECT id, last_value(n IGNORE NULLS) OVER (ORDER BY id) AS a FROM t;
SELECT id, nth_value(i, 2) OVER (ORDER BY id) AS a FROM t;
SELECT id, sum(i) OVER (ORDER BY id) AS a, sum(i) OVER (PARTITION BY g) AS b, count(*) OVER () AS c, avg(i) OVER (PARTITION BY g ORDER BY id) AS d FROM t;
SELECT id, sum(i) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS a, max(i) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS b, min(s) OVER (ORDER BY id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS c FROM t;
SELECT id, ntile(3) OVER (ORDER BY id) AS a, percent_rank() OVER (ORDER BY id) AS b, cume_dist() OVER (ORDER BY id) AS c FROM t;
SELECT id FROM t QUALIFY row_number() OVER (PARTITION BY g ORDER BY id) = 1;
SELECT id, sum(i) OVER w AS a, count(i) OVER w AS b FROM t WINDOW w AS (PARTITION BY g ORDER BY id);
SELECT id, sum(i) FILTER (WHERE b) OVER (ORDER BY id) AS a FROM t;
SELECT id, row_number() OVER (ORDER BY i) AS a, row_number() OVER (ORDER BY i DESC) AS b FROM t WHERE i IS NOT NULL OR id = 4;
SELECT id, i - lag(i) OVER (ORDER BY id) AS a FROM t;
SELECT g, count(*) AS c, rank() OVER (ORDER BY count(*) DESC, g) AS r FROM t GROUP BY g;
SELECT id, bool_or(b) OVER (PARTITION BY g) AS a FROM t
