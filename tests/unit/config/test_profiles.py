from __future__ import annotations

import re

import pytest

from metasql.config.profiles import Target, find_profiles, load_target
from metasql.config.project import load_project
from metasql.config.secret import Secret
from metasql.diagnostics import Bag
from metasql.parse.read import profile_render

PROFILES = """\
shop:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: target/shop.duckdb
      threads: "{{ env_var('THREADS', '4') }}"
      attach: [{path: other.duckdb, read_only: true}]
      settings: {memory_limit: 8GB}
    embedded: {type: clickhouse, driver: chdb, path: target/shop.chdb, schema: shop}
    prod:
      type: clickhouse
      host: "{{ env_var('HOST') }}"
      port: "{{ env_var('PORT', '9000') }}"
      password: "{{ env_var('PASSWORD') }}"
      cluster: null
"""
ENV = {"HOST": "db.internal", "PASSWORD": "hunter2"}


def load(tmp_path, text=PROFILES, target=None, env=ENV, name="shop"):
    (tmp_path / "dbt_project_style.yml").write_text(f"name: {name}\n")
    (tmp_path / "profiles.yml").write_text(text, encoding="utf-8")
    bag = Bag()
    config = load_project(tmp_path, bag)
    assert config is not None
    render = profile_render(config, env)
    made = load_target(
        config, profiles_dir=None, target=target, env=env, home=tmp_path / "home", render=render, bag=bag
    )
    return made, bag


def one(text):
    """A profile with one output of these words."""
    return f"shop:\n  outputs:\n    dev: {text}\n"


def test_a_duckdb_target(tmp_path):
    """Paths are resolved in the project folder, rendered numbers are numbers, and defaults are filled in."""
    target, bag = load(tmp_path, env={})
    assert list(bag) == []
    assert target == Target("shop", "dev", "duckdb", "main", target.options)
    assert dict(target.options) == {
        "path": str(tmp_path / "target/shop.duckdb"),
        "threads": 4,
        "attach": ({"path": str(tmp_path / "other.duckdb"), "alias": "other", "read_only": True},),
        "settings": {"memory_limit": "8GB"},
        "storage_version": "v1.4.0",
    }


def test_a_clickhouse_server(tmp_path):
    """The port is a number after rendering; the password is wrapped."""
    target, bag = load(tmp_path, target="prod")
    assert list(bag) == []
    assert (target.options["host"], target.options["port"], target.options["cluster"]) == ("db.internal", 9000, None)
    assert target.options["password"] == Secret("hunter2")
    assert target.options["password"].reveal() == "hunter2"


def test_an_embedded_clickhouse(tmp_path):
    """It has a path, and neither host nor password."""
    target, bag = load(tmp_path, env={"METASQL_TARGET": "embedded"})
    assert list(bag) == []
    assert target.options["path"] == str(tmp_path / "target/shop.chdb")
    assert "host" not in target.options


def test_memory_is_no_file(tmp_path):
    """`:memory:` is left as it is."""
    target, _ = load(tmp_path, one('{type: duckdb, path: ":memory:"}'))
    assert target.options["path"] == ":memory:"


def test_nothing_secret_is_shown(tmp_path):
    """Neither the target nor its options nor a password show values, in any formatting."""
    target, _ = load(tmp_path, target="prod")
    password = target.options["password"]
    for text in (repr(target), str(target), repr(target.options), f"{password}", repr(password), f"{password!s:>9}"):
        assert "hunter2" not in text
        assert "db.internal" not in text


@pytest.mark.parametrize("broken", ["{type: clickhouse, password: hunter2, prot: 1}", "{password: hunter2, a: [}"])
def test_messages_do_not_show_a_literal_password(tmp_path, broken):
    """The excerpt of the line is what a message prints: the password is blotted out of it."""
    _, bag = load(tmp_path, one(broken))
    assert bag.has_errors
    for item in bag:
        assert "hunter2" not in item.primary.span.source.text
        assert "hunter2" not in str(item.as_dict())


def test_a_rendered_value_is_not_shown(tmp_path):
    """A wrong port may be a secret that went to the wrong place."""
    _, bag = load(tmp_path, target="prod", env={**ENV, "PORT": "hunter3"})
    (found,) = bag
    assert found.code == "MS0207"
    assert "hunter3" not in str(found.as_dict())


def test_a_missing_variable_is_named_with_its_line(tmp_path):
    """The variable, the file and the line."""
    _, bag = load(tmp_path, target="prod", env={"PASSWORD": "x"})
    (found,) = bag
    assert "HOST" in found.message
    assert (found.primary.span.source.path, found.primary.span.line) == ("profiles.yml", 13)


@pytest.mark.parametrize(
    ("output", "code", "place", "help"),
    [
        ("{type: duckdbb, path: x}", "MS0113", "3:17", "did you mean `duckdb`?"),
        ("{type: duckdb}", "MS0209", "3:11", "write `path: target/dev.duckdb`, or `:memory:`"),
        ("{type: duckdb, path: x, thread: 2}", "MS0208", "3:34", "did you mean `threads`?"),
        ("{type: duckdb, path: x, threads: many}", "MS0207", "3:43", "write a whole number"),
        ("{type: duckdb, path: x, threads: 0}", "MS0207", "3:43", "write a number that is between 1 and 1024"),
        ("{type: duckdb, path: x, storage_version: new}", "MS0114", "3:51", "write it like `v1.4.0`, or `latest`"),
        ("{type: clickhouse, driver: tcp}", "MS0207", "3:37", None),
        ("{type: clickhouse, port: 70000}", "MS0207", "3:35", "write a number that is between 1 and 65535"),
        ("{type: clickhouse, secure: yes}", "MS0207", "3:37", "write `true` or `false`"),
        ("{type: clickhouse, driver: chdb}", "MS0209", "3:11", "write `path: target/dev.chdb`"),
    ],
)
def test_each_wrong_option_has_its_place(tmp_path, output, code, place, help):
    """Smallest span, and what to write."""
    target, bag = load(tmp_path, one(output))
    assert target is None
    (found,) = bag
    assert found.code == code
    assert str(found.primary.span) == f"profiles.yml:{place}"
    assert found.help
    assert help is None or found.help == help


def test_an_unknown_target_lists_what_exists(tmp_path):
    """And suggests the nearest."""
    _, bag = load(tmp_path, target="prd")
    (found,) = bag
    assert (found.code, found.help) == ("MS0112", "did you mean `prod`?")
    assert found.notes == ("targets of profile `shop`: dev, embedded, prod",)


def test_an_unknown_profile_lists_what_exists(tmp_path):
    """The place is the project file."""
    _, bag = load(tmp_path, name="shopp")
    (found,) = bag
    assert (found.code, found.help) == ("MS0111", "did you mean `shop`?")
    assert found.notes == ("profiles of `profiles.yml`: shop",)


def test_where_profiles_are_looked_for(tmp_path):
    """The named folder alone; else the project folder, then `~/.metasql`."""
    root, home, named = tmp_path / "root", tmp_path / "home", tmp_path / "named"
    for folder in (root, home / ".metasql", named):
        folder.mkdir(parents=True)
    (home / ".metasql/profiles.yml").touch()
    assert find_profiles(root, None, {}, home) == home / ".metasql/profiles.yml"
    (root / "profiles.yml").touch()
    assert find_profiles(root, None, {}, home) == root / "profiles.yml"
    env = {"METASQL_PROFILES_DIR": str(named)}
    assert find_profiles(root, None, env, home) is None
    (named / "profiles.yml").touch()
    assert find_profiles(root, None, env, home) == named / "profiles.yml"
    assert find_profiles(root, tmp_path, env, home) is None


def test_no_profiles_file_names_the_places(tmp_path):
    """So that nobody has to guess."""
    (tmp_path / "dbt_project_style.yml").write_text("name: shop\n")
    bag = Bag()
    config = load_project(tmp_path, bag)
    render = profile_render(config, {})
    load_target(config, profiles_dir=None, target=None, env={}, home=tmp_path / "h", render=render, bag=bag)
    (found,) = bag
    assert found.code == "MS0110"
    assert len(re.findall(r"profiles\.yml`", found.notes[0])) == 2
