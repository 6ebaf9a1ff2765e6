SELECT r.id, r.i + r.id AS a, s.w - r.i AS b, -r.i AS c, abs(s.w) AS d FROM t AS r JOIN u AS s ON s.id = r.id WHERE abs(r.i) < 1000000;
SELECT id, i + n AS a, i - n AS b, i * n AS c, -i AS d FROM t WHERE id <> 5;
SELECT id, i / 2 AS a, n / i AS b, d / 2 AS c, f / 3 AS e FROM t WHERE i <> 0 OR i IS NULL;
SELECT id, i / 0 AS a, f / 0 AS b FROM t WHERE i > 0;
SELECT id, i // 2 AS a, i // -2 AS b, i % 3 AS c, i % -3 AS e, n % 4 AS h FROM t;
-- typed
SELECT id, d % 1 AS a, f % 2 AS b FROM t WHERE id <> 5;
SELECT id, 0.1 + 0.2 AS a, d * 1.5 AS b, d + 0.001 AS c, i * 0.5 AS e, 1.10 AS h FROM t;
SELECT id, round(f) AS a, round(f, 1) AS b, round(d) AS c, round(d, 2) AS e, round(i) AS h FROM t;
SELECT round(2.5) AS a, round(-2.5) AS b, round(0.5::double) AS c, round(1.5::double) AS d, round(2.675::double, 2) AS e, round(0.49999999999999994::double) AS f;
SELECT id, floor(f) AS a, ceil(f) AS b, trunc(f) AS c, floor(d) AS e, ceil(d) AS h, trunc(d) AS j FROM t;
SELECT id, abs(i) AS a, abs(f) AS b, abs(d) AS c, sign(i) AS e, sign(f) AS h FROM t;
SELECT id, abs(i) - 10 AS a, coalesce(abs(i), n) AS b FROM t;
SELECT id, greatest(i, n) AS a, least(i, n, 5) AS b, greatest(s, g) AS c FROM t;
SELECT id, sqrt(abs(f)) AS a, pow(i, 2) AS b, i ** 2 AS c FROM t;
SELECT log(100) AS a, log10(1000) AS b, log2(8) AS c, ln(1) AS d, exp(0) AS e, pi() AS f;
SELECT id, i & 5 AS a, i | 8 AS b, xor(i, 3) AS c, ~i AS e, i << 2 AS h, i >> 1 AS j FROM t WHERE i >= 0;
SELECT id, isnan(f) AS a, isinf(f) AS b FROM t;
SELECT id, f = 0 AS a, f > 0.1 AS b, f >= 0.1 AS c, d > 0.1 AS e, d = 1.5 AS h FROM t;
SELECT id, i BETWEEN -1 AND 7 AS a, i NOT BETWEEN 0 AND 3 AS b FROM t;
SELECT id, i = 7 OR n IS NULL AS a, NOT (i > 3) AS b, i > 3 AND n > 3 AS c FROM t;
SELECT id, i IS DISTINCT FROM n AS a, i IS NOT DISTINCT FROM NULL AS b FROM t;
SELECT id, i + 0.5 AS a, i * f AS b, n * d AS c FROM t WHERE id <> 5;
SELECT 1 - 2 AS a, 5 // 2 AS b, 7 % 4 AS c, 3 * -1 AS d, 2000000000 + 2000000000::bigint AS e;
SELECT id, (i + 1) * 2 AS a, -(i - 1) AS b FROM t;
SELECT mean(i) AS a FROM t;
-- typed
SELECT d * d AS a, d + d AS b, d * i AS c, d - i AS e, -d * 2 AS f FROM t;
SELECT f + i AS a, d + f AS b FROM t WHERE id <> 5;
SELECT sum(i) AS a, sum(i) + 1 AS b, sum(i) / 2 AS c, sum(i) % 5 AS d, -sum(i) AS e FROM t;
SELECT count(*) / 3 AS a, count(*) % 3 AS b, count(*) * 1.5 AS c FROM t;
SELECT 1e308 * 10 AS a, -1e308 * 10 AS b, 0.0::double / 0 AS c;
SELECT 10 % 3 AS a, 10.5 % 3 AS b, -7 // 2 AS c;
SELECT n * n AS a FROM t WHERE id <> 5;
SELECT id, i = '7' AS a, n > '4' AS b FROM t
