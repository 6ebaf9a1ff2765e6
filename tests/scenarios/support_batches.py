"""A project whose external features take batches, and what is looked at after a commit."""

from __future__ import annotations

from tests.scenarios.support import Place

MODELS = """
version: 1
sources: [{name: raw, schema: raw, tables: [{name: a}]}]
features:
  - name: a
    id_columns: [id]
    fields: [{name: x, columns: [x]}, {name: y, columns: [y]}]
  - name: e
    id_columns: [id]
    deps: [{feature: a, columns: []}]
    fields: [{name: x}, {name: y}]
    columns:
      - {name: path, type: text}
      - {name: n, type: int}
      - {name: amount, type: "decimal(9, 2)"}
      - {name: at, type: timestamp}
      - {name: score, type: double}
      - {name: good, type: boolean}
  - name: other
    id_columns: [id]
    deps: [{feature: a, columns: []}]
    fields: [{name: x}]
    columns: [{name: path, type: text}]
  - name: parts
    id_columns: [id, n]
    deps: [{feature: a, columns: [], lineage: {expansion: {on: [id]}}}]
    fields: [{name: x}]
    columns: [{name: n, type: int}, {name: path, type: text}]
"""
IDS = ["1", "2", "3", "#4", "5,6", 'a"b', "", "é🎬"]


def unmade(folder, engine):
    """A project with two external features and an expansion over one root, never run."""
    found = Place(folder, engine)
    found.write("models/features.yml", MODELS)
    found.write("models/a.sql", "select id, x, y from {{ source('raw', 'a') }}")
    return found


def batches(folder, engine):
    """The same, run once."""
    found = unmade(folder, engine)
    fill(found, dict.fromkeys(IDS, ("x", "y")))
    found.run()
    return found


def fill(place, rows):
    place.fill("a", {"id": "text", "x": "text", "y": "text"}, [(name, *row) for name, row in rows.items()])


def receipts(place, key="e"):
    return {row["id"]: row["metasql_receipt"] for row in place.increment(key, "new,stale")}


def stored(place, key="e"):
    return place.table(f"{key}__samples", without=())


def paths(place, key="e"):
    return dict(place.values(f"SELECT id, path FROM {key}"))


def rejected(place, result, code, *words):
    """The batch was refused for this reason, and nothing of it is there."""
    assert result.code == 3, str(result)
    assert code in result.err, str(result)
    for word in words:
        assert word in result.err, f"{word!r} is not in\n{result}"
    assert place.values("SELECT count(*) FROM e__samples") == [(0,)]
    assert place.values("SELECT count(*) FROM parts__samples") == [(0,)]


def row(given, name="1", **values):
    return {"id": name, "metasql_receipt": given[name], **values}
