"""What cannot be carried over is an error when a project is compiled, with its place, the reason and the way out."""

from __future__ import annotations

import pytest
import sqlglot

from metasql.diagnostics import Bag
from metasql.lower.carry_rules import carry
from metasql.lower.clickhouse import CLICKHOUSE
from metasql.lower.portable import carried_body, carried_condition
from metasql.lower.render import render
from metasql.names import FeatureKey
from metasql.pipeline import Options, load
from metasql.source import NOWHERE, Source, Span, Word
from tests.support.cli import run_cli

REFUSED = {
    "SELECT approx_count_distinct(g) AS a FROM t": "`approx_distinct` has no counterpart",
    "SELECT mode(g) AS a FROM t": "`mode` has no counterpart",
    "SELECT first(g) AS a FROM t": "`first` has no counterpart",
    "SELECT reverse(s) AS a FROM t": "`reverse` has no counterpart",
    "SELECT hash(s) AS a FROM t": "`hash` has no counterpart",
    "SELECT random() AS a FROM t": "`rand` has no counterpart",
    "SELECT uuid() AS a FROM t": "has no counterpart",
    "SELECT {'x': 1} AS a FROM t": "`struct` has no counterpart",
    "SELECT map(['a'], [1]) AS a FROM t": "`map` has no counterpart",
    "SELECT s -> '$.x' AS a FROM t": "has no counterpart",
    "SELECT json_extract(s, '$.x') AS a FROM t": "has no counterpart",
    "SELECT age(ts) AS a FROM t": "`age` has no counterpart",
    "SELECT strptime(s, '%Y') AS a FROM t": "has no counterpart",
    "SELECT strftime(ts, '%-d') AS a FROM t": "`%-` in a format",
    "SELECT strftime(ts, s) AS a FROM t": "the format must be written out",
    "SELECT date_diff('week', dt, ts) AS a FROM t": "not counted in `week`",
    "SELECT date_part('century', ts) AS a FROM t": "the part `century`",
    "SELECT extract(epoch FROM ts - ts) AS a FROM t": "an interval has no parts",
    "SELECT ts AT TIME ZONE 'Europe/Berlin' AS a FROM t": "times are in UTC",
    "SELECT INTERVAL 1 DAY - INTERVAL 1 HOUR AS a": "intervals cannot be reckoned with",
    "SELECT regexp_matches(s, g) AS a FROM t": "a pattern must be written out",
    "SELECT regexp_matches(s, 'a', 'l') AS a FROM t": "the option `l`",
    "SELECT s LIKE g ESCAPE '!' AS a FROM t": "with ESCAPE the pattern",
    "SELECT substring(s, -2) AS a FROM t": "a substring from the end",
    "SELECT round(i, -2) AS a FROM t": "rounding to tens",
    "SELECT log(3, i) AS a FROM t": "logarithm",
    "SELECT CAST(s AS TIME) AS a FROM t": "cannot be cast to `time`",
    "SELECT CAST(s AS INTEGER[]) AS a FROM t": "cannot be cast to `int[]`",
    "SELECT DATE 'infinity' AS a": "no dates and times that are infinite",
    "SELECT '-infinity'::timestamptz AS a": "no dates and times that are infinite",
    "SELECT concat_ws(g, s, s) AS a FROM t": "the separator must be written out",
    "SELECT [1] || [2] AS a": "lists cannot be joined",
    "SELECT len(string_split(s, ',')) AS a FROM t": "the length of a list",
    "SELECT string_split(s, ',') AS a FROM t": "`split` has no counterpart",
    "SELECT list(DISTINCT g) AS a FROM t": "a list of DISTINCT values",
    "SELECT list(g) FILTER (WHERE b) AS a FROM t": "no list is NULL",
    "SELECT list(g ORDER BY g, id DESC) AS a FROM t": "either upward or downward",
    "SELECT string_agg(DISTINCT s, ',' ORDER BY id) AS a FROM t": "ordered by them",
    "SELECT list(g) OVER (PARTITION BY b) AS a FROM t": "not over a window",
    "SELECT count(DISTINCT (g, b)) AS a, count(DISTINCT g, b) AS c FROM t": "DISTINCT is over one expression",
    "SELECT lag(i IGNORE NULLS) OVER (ORDER BY id) AS a FROM t": "IGNORE NULLS",
    "SELECT sum(i) OVER (ORDER BY id GROUPS 1 PRECEDING) AS a FROM t": "a frame is made of",
    "SELECT t.id FROM t ASOF JOIN u ON t.id >= u.id": "a join that is ASOF",
    "SELECT * FROM t NATURAL JOIN u": "a join that is NATURAL",
    "SELECT t.id FROM t POSITIONAL JOIN u": "a join that is POSITIONAL",
    "SELECT t.id FROM t LEFT JOIN u ON t.i > 7": "columns of both sides",
    "SELECT t.id FROM t ANTI JOIN u ON u.w > 7": "columns of both sides",
    "SELECT * FROM t CROSS JOIN LATERAL (SELECT t.id + 1 AS x) AS l": "LATERAL",
    "SELECT * FROM t TABLESAMPLE 10%": "`SAMPLE`",
    "SELECT id FROM t LIMIT 10%": "`LIMIT OPTIONS`",
    "SELECT id FROM t LIMIT 0.5": "a whole number",
    "SELECT id FROM t LIMIT -1": "a whole number",
    "SELECT id FROM t LIMIT 3 OFFSET 0.5": "a whole number",
    "SELECT id FROM t LIMIT 1 + 1": "must be written out",
    "SELECT id FROM t FETCH FIRST 10 PERCENT ROWS ONLY": "a share of the rows",
    "SELECT q.k FROM (SELECT id, * FROM t) AS q(k, v)": "not in an alias",
    "SELECT id FROM t UNION BY NAME SELECT id FROM u": "`BY NAME`",
    "SELECT id FROM t EXCEPT ALL SELECT id FROM u": "EXCEPT ALL",
    "SELECT * FROM read_csv('x.csv')": "a function that gives a table",
    "SELECT (SELECT max(u.w) FROM u WHERE u.id = t.id) AS a FROM t": "write it as a join",
    "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id > t.id)": "by `=` alone",
    "SELECT id FROM t WHERE id IN (SELECT u.id FROM u WHERE u.w = t.i)": "write it as a join",
    "SELECT id FROM t WHERE (id, i) NOT IN (SELECT id, w FROM u)": "write NOT EXISTS",
    "SELECT id FROM t WHERE id = ANY (SELECT id FROM u)": "`ANY` has no counterpart",
    "SELECT * FROM spans CROSS JOIN unnest(range(n)) AS p(k)": "name the columns",
    "SELECT id FROM spans CROSS JOIN unnest(range(n))": "name the rows of a list",
    "SELECT unnest([1]) AS a, unnest([2]) AS b": "stands once in a query",
    "SELECT * REPLACE (id + 1 AS id) FROM t": "`REPLACE`",
    "SELECT COLUMNS('i') FROM t": "has no counterpart",
    "SELECT s.part FROM t, u AS x(a, b, c)": "not in the alias of a table",
    "SELECT a.b.c.d FROM t": "a part of a struct",
    "SELECT 99999999999999999999 AS a": "more than 64 bits",
    "SELECT list_transform([1], x -> x + 1) AS a": "has no counterpart",
    "SELECT s[1:2] AS a FROM t": "not cut out alike",
    "SELECT quantile_disc(i, 0.5) AS a FROM t": "has no counterpart",
    "SELECT id FROM t ORDER BY random()": "`rand` has no counterpart",
}


@pytest.mark.parametrize("statement", REFUSED)
def test_refused(statement):
    """The reason is told, and nothing is carried over by half."""
    _, refusals = carry(sqlglot.parse_one(statement, dialect="duckdb"))
    reasons = [refusal.reason for refusal in refusals]
    assert any(REFUSED[statement] in reason for reason in reasons), reasons


PROJECT = {
    "dbt_project_style.yml": "name: p\nprofile: p\n",
    "profiles.yml": "p:\n  target: dev\n  outputs:\n"
    "    dev: {type: duckdb, path: dev.duckdb, schema: main}\n"
    "    prod: {type: clickhouse, driver: chdb, path: dev.chdb, schema: main}\n",
    "seeds/raw.csv": "id,s\n1,a\n",
    "models/a.sql": "{{ config(id_columns=['id'], fields=[{'name': 'data', 'columns': ['s']}]) }}\n"
    "SELECT id, s FROM {{ ref('raw') }}\n",
    "models/b.sql": "{{ config(id_columns=['id']) }}\n{% set n = 2 %}\n"
    "SELECT\n    id,\n    {% for i in range(1) %}reverse(s) AS s{% endfor %}\nFROM {{ ref('a') }}\n",
    "models/b.yml": "features:\n  - name: b\n    deps:\n      - feature: a\n"
    "        where: \"s <> 'z' AND hash(s) > 3\"\n",
}


@pytest.fixture
def project(tmp_path):
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_place_is_told(project):
    """Through Jinja in a body, and in an expression of YAML."""
    result = run_cli("compile", "--project-dir", str(project), "--target", "prod")
    assert result.code == 1
    assert result.err.count("error[MS0502]") == 2, result.err
    assert "models/b.sql:5:" in result.err
    assert "`reverse` has no counterpart that gives the same values" in result.err
    assert "models/b.yml:5:" in result.err
    assert "b.clickhouse.sql" in result.err


def test_the_dialect_of_the_project_takes_all(project):
    """On DuckDB nothing is refused."""
    assert run_cli("compile", "--project-dir", str(project)).code == 0


def test_a_body_for_the_engine_is_the_way_out(project):
    """It is left as it is."""
    (project / "models/b.yml").write_text("features:\n  - name: b\n    deps:\n      - feature: a\n", encoding="utf-8")
    body = "SELECT id, reverseUTF8(s) AS s FROM {{ ref('a') }}\n"
    (project / "models/b.clickhouse.sql").write_text(body, encoding="utf-8")
    result = run_cli("compile", "--project-dir", str(project), "--target", "prod", "--stdout", "b")
    assert result.code == 0, result.err


def test_queries_by_themselves_are_carried_over_too(project):
    """A query or a condition from the command line is refused in the same way, and carried over otherwise."""
    loaded = load(Options(project, env={}))
    feature = loaded.graph.features[FeatureKey("b")]
    bag = Bag()
    carried_body(feature.bodies[None], loaded.graph, CLICKHOUSE, bag)
    word = Word("hash(s) = 1", Span(Source("--where", "hash(s) = 1"), 0, 11))
    carried_condition(sqlglot.parse_one(str(word), dialect="duckdb"), word, feature, CLICKHOUSE, bag)
    assert [item.code for item in bag.sorted()] == ["MS0502", "MS0502"]
    fine = Word("length(s) > 1", NOWHERE)
    tree = carried_condition(sqlglot.parse_one(str(fine), dialect="duckdb"), fine, feature, CLICKHOUSE, Bag())
    assert render(tree, CLICKHOUSE) == "toInt64(lengthUTF8(s)) > 1"
