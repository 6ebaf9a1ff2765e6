"""Declarations that change under rows that are there."""

from __future__ import annotations

import pytest

from tests.scenarios.support import Place

MODELS = """
version: 1
sources: [{name: raw, schema: raw, tables: [{name: a}]}]
features:
  - name: a
    id_columns: [id]
    fields: [{name: d, columns: [x]}]
    on_schema_change: POLICY
  - name: e
    id_columns: [id]
    deps: [{feature: a, columns: []}]
    fields: [{name: d}]
    columns: [{name: path, type: text}, {name: n, type: int}]
    on_schema_change: POLICY
"""


def changed(folder, engine, policy):
    place = Place(folder, engine)
    place.write("models/features.yml", MODELS.replace("POLICY", policy))
    place.write("models/a.sql", "select id, x, 1 as extra from {{ source('raw', 'a') }}\n")
    place.fill("a", {"id": "int", "x": "int"}, [(1, 10), (2, 20)])
    place.run()
    place.work_off("e", {"path": "7", "n": 7})
    return place


def types(place, relation):
    return {name: kind for name, kind in place.columns(relation).items() if not name.startswith("metasql_")}


@pytest.mark.parametrize("policy", ["fail", "append", "sync"])
def test_added_columns_are_added(policy, engine, tmp_path):
    """Under every policy, to rows that keep what they have."""
    place = changed(tmp_path, engine, policy)
    place.edit("models/features.yml", "{name: n, type: int}]", "{name: n, type: int}, {name: more, type: text}]")
    place.write("models/a.sql", "select id, x, 1 as extra, 'm' as fresh from {{ source('raw', 'a') }}\n")
    place.run()
    assert types(place, "e") == {"id": "INTEGER", "path": "VARCHAR", "n": "INTEGER", "more": "VARCHAR"}
    assert "fresh" in types(place, "a")
    assert place.values("SELECT path, n, more FROM e") == [("7", 7, None)] * 2
    assert "more" in types(place, "e__history")


def test_fail_refuses_and_leaves_everything(engine, tmp_path):
    """A removed column and a changed type are named, and nothing of the feature moves."""
    place = changed(tmp_path, engine, "fail")
    before = place.public(())
    place.edit("models/features.yml", "{name: path, type: text}, {name: n, type: int}", "{name: n, type: text}")
    place.write("models/a.sql", "select id, x from {{ source('raw', 'a') }}\n")
    result = place.run(code=3)
    assert result.err.count("error[MS0623]") == 1, "`e` stands on `a`, which failed first"
    assert "`extra`" in result.err
    assert place.public(()) == before
    result = place.run("--select", "e", code=3)
    assert "`path`" in result.err and "`n`" in result.err
    assert place.public(()) == before


def test_append_keeps_what_is_stored(engine, tmp_path):
    """A removed column stays in the table and leaves the view; a changed type stays what it was."""
    place = changed(tmp_path, engine, "append")
    place.edit("models/features.yml", "{name: path, type: text}, {name: n, type: int}", "{name: n, type: bigint}")
    place.write("models/a.sql", "select id, x from {{ source('raw', 'a') }}\n")
    place.run()
    assert types(place, "e__samples")["n"] == "INTEGER"
    assert types(place, "e__samples")["path"] == "VARCHAR"
    assert "path" not in types(place, "e")
    place.fill("a", {"id": "int", "x": "int"}, [(1, 11), (2, 20)])
    place.run()
    place.work_off("e", {"n": 8})
    assert place.values("SELECT id, n FROM e ORDER BY id") == [(1, 8), (2, 7)]


def test_sync_follows_the_declaration(engine, tmp_path):
    """Columns go and types change, the history's too, and rows keep what can be kept."""
    place = changed(tmp_path, engine, "sync")
    place.edit("models/features.yml", "{name: path, type: text}, {name: n, type: int}", "{name: path, type: int}")
    place.write("models/a.sql", "select id, x from {{ source('raw', 'a') }}\n")
    place.run()
    for relation in ("e", "e__samples", "e__history"):
        assert types(place, relation) == {"id": "INTEGER", "path": "INTEGER"}
    assert place.values("SELECT path FROM e") == [(7,)] * 2
    assert types(place, "a__samples") == {"id": "INTEGER", "x": "INTEGER"}
    assert place.listed("e") == place.listed("a") == {}


def test_sync_that_cannot_cast_leaves_everything(engine, tmp_path):
    """`abc` is no number: the feature is refused as a whole, in words."""
    place = changed(tmp_path, engine, "sync")
    place.cli("delete", "e", "--where", "true")
    place.work_off("e", {"path": "abc", "n": 1})
    before = place.public(())
    place.edit("models/features.yml", "{name: path, type: text}", "{name: path, type: int}")
    assert "MS06" in place.run(code=3).err
    assert place.public(()) == before


def test_a_column_that_fails_to_be_computed_does_not_appear(engine, tmp_path):
    """Readers see the relation before the run or after it: a failed run adds no empty column."""
    place = changed(tmp_path, engine, "sync")
    place.write("models/a.sql", "select id, x, cast('boom' || x as int) as fresh from {{ source('raw', 'a') }}\n")
    place.run(code=3)
    assert "fresh" not in types(place, "a")
    assert "extra" in types(place, "a")


def test_another_key_needs_a_full_refresh(engine, tmp_path):
    """MS0420 names the way out, which works."""
    place = changed(tmp_path, engine, "fail")
    before = place.table("a", without=())
    place.edit("models/features.yml", "- name: a\n    id_columns: [id]", "- name: a\n    id_columns: [id, x]")
    text = (place.folder / "models/features.yml").read_text(encoding="utf-8").split("  - name: e")[0]
    place.write("models/features.yml", text.replace("columns: [x]", "columns: [extra]"))
    result = place.run(code=None)
    assert (result.code, "MS0420" in result.err, "--full-refresh" in result.err) == (3, True, True), str(result)
    assert place.table("a", without=()) == before
    place.run("--full-refresh", "--select", "a")
    assert place.values("SELECT id, x FROM a ORDER BY 1") == [(1, 10), (2, 20)]
    assert place.listed("a") == {}


def test_another_key_of_an_external_feature(engine, tmp_path):
    """The same, with its history; what was committed is asked for anew."""
    place = changed(tmp_path, engine, "fail")
    place.edit("models/features.yml", "- name: e\n    id_columns: [id]", "- name: e\n    id_columns: [id, n]")
    place.edit(
        "models/features.yml",
        "deps: [{feature: a, columns: []}]",
        "deps: [{feature: a, columns: [], lineage: {expansion: {on: [id]}}}]",
    )
    assert "MS0420" in place.run(code=None).err
    place.run("--full-refresh", "--select", "e")
    assert {item[0] for item in place.listed("e").values()} == {"new"}
    assert place.values("SELECT count(*) FROM e") == [(0,)]


def test_an_added_field_is_stale_by_code_and_a_dropped_one_is_nothing(engine, tmp_path):
    """Rows stay readable all the while."""
    place = changed(tmp_path, engine, "fail")
    place.edit(
        "models/features.yml",
        "columns: []}]\n    fields: [{name: d}]",
        "columns: []}]\n    fields: [{name: d}, {name: z, deps: [a.d]}]",
    )
    place.run()
    assert place.listed("e") == {(number,): ("stale", "z", "code") for number in (1, 2)}
    assert place.values("SELECT path FROM e") == [("7",)] * 2
    place.work_off("e", {"path": "8", "n": 8})
    assert place.listed("e") == {}
    before = place.values("SELECT id, metasql_commit FROM e ORDER BY 1")
    place.edit("models/features.yml", "[{name: d}, {name: z, deps: [a.d]}]", "[{name: d}]")
    place.run()
    assert place.listed("e") == {}
    assert place.values("SELECT id, metasql_commit FROM e ORDER BY 1") == before


def test_a_field_added_upstream_makes_its_readers_wait(engine, tmp_path):
    """The parent's row has no version yet for the field: the sample is not listed, and `metasql_status` counts it."""
    place = Place(tmp_path, engine)
    place.write(
        "models/features.yml",
        """
        version: 1
        features:
          - {name: r, id_columns: [id], fields: [{name: d}], columns: [{name: id, type: text}]}
          - {name: e, id_columns: [id], deps: [r], fields: [{name: d}], columns: [{name: path, type: text}]}
        """,
    )
    place.run()
    place.commit("r", [{"id": "1", "metasql_content__d": "x"}])
    place.work_off("e", {"path": "p"})
    place.edit(
        "models/features.yml",
        "id_columns: [id], fields: [{name: d}], columns: [{name: id",
        "id_columns: [id], fields: [{name: d}, {name: z}], columns: [{name: id",
    )
    place.edit("models/features.yml", "deps: [r], fields: [{name: d}]", "deps: [r], fields: [{name: d}, {name: z}]")
    place.run()
    assert place.listed("e") == {}
    assert place.values("SELECT waiting, live FROM metasql_status WHERE feature = 'e'") == [(1, 1)]
    place.commit("r", [{"id": "1", "metasql_content__d": "x", "metasql_content__z": "y"}])
    assert place.listed("e") == {("1",): ("stale", "z", "code")}
    assert place.values("SELECT waiting, stale FROM metasql_status WHERE feature = 'e'") == [(0, 1)]
