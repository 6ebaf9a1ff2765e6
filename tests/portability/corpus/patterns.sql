SELECT id, s LIKE 'H_llo' AS a, s LIKE '%\b%' AS b, s LIKE '%!%c!_d' ESCAPE '!' AS c, s NOT LIKE '%x' AS d FROM t;
SELECT id, s ILIKE 'hÄ%' AS a, s NOT ILIKE '%STRA%' AS b FROM t;
SELECT id, s LIKE g || '%' AS a FROM t;
SELECT id, s LIKE '%line_break' AS a FROM t;
SELECT w, regexp_matches(w, '[0-9]+') AS a, regexp_matches(w, '^abc$', 'i') AS b FROM words;
SELECT id, regexp_matches(s, 'line.break') AS a, regexp_matches(s, 'line.break', 's') AS b FROM t;
SELECT w, regexp_full_match(w, '[a-z]+') AS a, w SIMILAR TO '[a-z]+' AS b, w NOT SIMILAR TO '.*,.*' AS c FROM words;
SELECT w, w ~ '[a-z]+' AS a FROM words;
SELECT w, regexp_extract(w, '[a-z]+') AS a, regexp_extract(w, '([a-z]+)([0-9]+)', 2) AS b, regexp_extract(w, 'zzz') AS c FROM words;
SELECT w, regexp_replace(w, '[a-z]', '_') AS a, regexp_replace(w, '[a-z]', '_', 'g') AS b FROM words;
SELECT w, regexp_replace(w, '([a-z])([0-9])', '\2\1') AS a, regexp_replace(w, 'B', '<>', 'gi') AS b FROM words;
SELECT w, regexp_replace(w, '^(\w+),.*$', '\1') AS a FROM words;
SELECT w FROM words WHERE regexp_matches(w, 'a') AND NOT regexp_matches(w, 'z')
