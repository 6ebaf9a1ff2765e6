SELECT spans.id, p.k FROM spans CROSS JOIN unnest(range(spans.n)) AS p(k);
SELECT spans.id, p.k, p.k * 10 AS start FROM spans, unnest(range(0, n)) AS p(k) WHERE p.k < 2;
SELECT spans.id, k FROM spans CROSS JOIN unnest(generate_series(1, n)) AS p(k);
SELECT spans.id, p.k FROM spans LEFT JOIN unnest(range(spans.n)) AS p(k) ON true;
SELECT words.w, p.part FROM words CROSS JOIN unnest(string_split(words.w, ',')) AS p(part);
SELECT spans.id, p.k, u.tag FROM spans CROSS JOIN unnest(range(n)) AS p(k) JOIN u ON u.id = spans.id;
SELECT id, p.k, row_number() OVER (PARTITION BY id ORDER BY p.k) AS r FROM spans CROSS JOIN unnest(range(10, 10 + n)) AS p(k);
SELECT i FROM range(3) AS r(i);
SELECT i FROM generate_series(1, 9, 4) AS r(i);
SELECT x FROM unnest(['a', 'b', NULL]) AS r(x);
SELECT id, unnest(range(n)) AS k FROM spans;
SELECT unnest([1, NULL, 3]) AS k;
SELECT id, list_contains([1, 2, 3], id) AS a, list_contains(['a', 'b'], g) AS b FROM t;
SELECT [1, 2, 3] AS a, ['x', NULL] AS b;
SELECT [10, 20, 30][2] AS a, [10, 20, 30][9] AS b, [10, 20][-1] AS c;
SELECT g, list(id ORDER BY id)[1] AS a FROM t GROUP BY g
