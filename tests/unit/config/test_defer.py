"""`defer` of a target: what it may name, and what is asked of the other target."""

from __future__ import annotations

import pytest

from metasql.config.defer import Defer
from metasql.config.profiles import load_target
from metasql.config.project import load_project
from metasql.diagnostics import Bag
from metasql.parse.read import profile_render


def load(tmp_path, outputs):
    (tmp_path / "dbt_project_style.yml").write_text("name: shop\n")
    text = f"shop:\n  target: dev\n  outputs:\n    {outputs[0]}\n    {outputs[1]}\n"
    (tmp_path / "profiles.yml").write_text(text, encoding="utf-8")
    bag = Bag()
    config = load_project(tmp_path, bag)
    assert config is not None
    render = profile_render(config, {})
    made = load_target(config, profiles_dir=None, target=None, env={}, home=tmp_path / "home", render=render, bag=bag)
    return made, bag


def test_another_file(tmp_path):
    """It is attached under a name that no schema and no other file has."""
    outputs = (
        "dev: {type: duckdb, path: dev.duckdb, defer: prod}",
        "prod: {type: duckdb, path: prod.duckdb, schema: s}",
    )
    made, bag = load(tmp_path, outputs)
    assert list(bag) == []
    assert made.defer == Defer("prod", "s", "metasql_prod", str(tmp_path / "prod.duckdb"))


def test_another_schema_of_the_same_file(tmp_path):
    """It is there already, however its path is written."""
    outputs = (
        "dev: {type: duckdb, path: a.duckdb, schema: dev, defer: prod}",
        "prod: {type: duckdb, path: ./x/../a.duckdb}",
    )
    (tmp_path / "x").mkdir()
    made, bag = load(tmp_path, outputs)
    assert list(bag) == []
    assert made.defer == Defer("prod", "main")


def test_a_file_that_is_attached_already(tmp_path):
    """It is read under the name that it has; where it is attached for writing, that is refused."""
    words = "{type: duckdb, path: dev.duckdb, defer: prod, attach: [{path: prod.duckdb, alias: p, read_only: READ}]}"
    prod = "prod: {type: duckdb, path: prod.duckdb}"
    made, bag = load(tmp_path, (f"dev: {words.replace('READ', 'true')}", prod))
    assert list(bag) == []
    assert made.defer == Defer("prod", "main", "p")
    made, bag = load(tmp_path, (f"dev: {words.replace('READ', 'false')}", prod))
    assert made is None
    assert "attached for writing" in bag.items[0].message


def test_another_database(tmp_path):
    """On the same server, whoever asks there; secrets that only others know are not asked for."""
    outputs = (
        "dev: {type: clickhouse, host: h, schema: dev, defer: prod}",
        "prod: {type: clickhouse, host: H, schema: prod, username: \"{{ env_var('WHO') }}\","
        " password: \"{{ env_var('PASSWORD') }}\"}",
    )
    made, bag = load(tmp_path, outputs)
    assert list(bag) == []
    assert made.defer == Defer("prod", "prod")


def test_another_database_of_a_folder(tmp_path):
    """The same of chDB."""
    words = "{type: clickhouse, driver: chdb, path: p.chdb, schema: SCHEMA}"
    dev = words.replace("SCHEMA", "dev, defer: prod")
    made, bag = load(tmp_path, (f"dev: {dev}", f"prod: {words.replace('SCHEMA', 'prod')}"))
    assert list(bag) == []
    assert made.defer == Defer("prod", "prod")


HTTP = "type: clickhouse, host: h"


@pytest.mark.parametrize(
    ("dev", "prod", "code", "message"),
    [
        ("type: duckdb, path: a, defer: prd", "type: duckdb, path: b", "MS0112", "has no target `prd`"),
        ("type: duckdb, path: a, defer: dev", "type: duckdb, path: b", "MS0116", "cannot read from itself"),
        ("type: duckdb, path: a, defer: prod", "type: duckdb, path: a", "MS0116", "are the same schema"),
        ("type: duckdb, path: a, defer: prod", "type: duckdb, path: ':memory:'", "MS0116", "is in memory"),
        ("type: duckdb, path: a, defer: prod", HTTP, "MS0116", "is of type `duckdb`, and `prod` of type `clickhouse`"),
        (f"{HTTP}, defer: prod", "type: clickhouse, host: i, schema: p", "MS0116", "are not on the same server"),
        (f"{HTTP}, defer: prod", f"{HTTP}, port: 9, schema: p", "MS0116", "are not on the same server"),
        (f"{HTTP}, defer: prod", "type: clickhouse, driver: chdb, path: p", "MS0116", "are not on the same server"),
        (f"{HTTP}, schema: p, defer: prod", f"{HTTP}, schema: P", "MS0116", "are the same database"),
        (f"{HTTP}, defer: prod", f"{HTTP}, schema: p, cluster: c", "MS0116", "one of them is a cluster"),
        ("type: duckdb, path: a, defer: prod", "type: sqlite", "MS0113", "there is no engine of `sqlite`"),
        ("type: duckdb, path: a, defer: [prod]", "type: duckdb, path: b", "MS0207", "defer"),
    ],
)
def test_what_does_not_go_together(tmp_path, dev, prod, code, message):
    """Each is an error at `defer`, or at the fault of the other target."""
    made, bag = load(tmp_path, (f"dev: {{{dev}}}", f"prod: {{{prod}}}"))
    assert made is None
    assert [item.code for item in bag] == [code]
    assert message in bag.items[0].message
    assert bag.items[0].help
    if code in ("MS0112", "MS0116"):
        assert bag.items[0].primary.span.text in ("prod", "prd", "dev")
