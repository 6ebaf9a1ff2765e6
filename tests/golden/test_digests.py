"""Versions that must never change by themselves: `digests.txt`.

A change here is a breaking change: it makes everybody's data stale. It needs a new number of the encoding, a line
in the changelog that says so, and a way to carry data across. `--update` writes what came.
"""

from __future__ import annotations

from pathlib import Path

from metasql.graph import version
from metasql.names import FeatureKey, FieldKey
from metasql.pipeline import Options, load
from tests.scenarios.support import Place, Row

ROOT = Path(__file__).resolve().parents[2]
DIGESTS = Path(__file__).with_name("digests.txt")
VALUES = {
    "text": "'a'::TEXT",
    "empty text": "''::TEXT",
    "foreign text": "'é🎬'::TEXT",
    "missing text": "NULL::TEXT",
    "integer": "-12::INTEGER",
    "large integer": "9007199254740993::BIGINT",
    "boolean": "true",
    "decimal": "1.50::DECIMAL(9, 3)",
    "whole decimal": "100.000::DECIMAL(9, 3)",
    "date": "DATE '1950-02-28'",
    "timestamp": "TIMESTAMP '2024-01-01 00:00:00.120'",
    "whole second": "TIMESTAMP '2024-01-01 00:00:00'",
    "time with zone": "TIMESTAMPTZ '2024-01-01 02:00:00+02'",
}


def test_digests(engine, tmp_path, request):
    """Definitions hashed by `metasql.graph.version`, and contents hashed by the engine."""
    came = "".join(
        f"{name}: {digest}\n" for name, digest in {**definitions(), **example(), **contents(tmp_path, engine)}.items()
    )
    if request.config.getoption("--update"):
        DIGESTS.write_text(came, encoding="utf-8")
    assert came == DIGESTS.read_text(encoding="utf-8"), "a change of digests is a breaking change"


def test_the_lock_of_the_example():
    """`metasql lock` writes it."""
    assert load(Options(ROOT)).lock.changes() == []


def definitions() -> dict[str, str]:
    """The functions of the encoding, on words of every shape."""
    key, parent = FeatureKey("video/crop"), FieldKey(FeatureKey("video/full"), "audio")
    other = FieldKey(FeatureKey("video/full"), "frames")
    hashes = version.Hasher("md5")
    return {
        "encoding": str(version.ENCODING),
        "encode": version.encode("a|b", "", None, "é"),
        "missing": version.MISSING,
        "no parents": version.NO_PARENTS,
        "recipe of no parent": hashes.recipe(key, "audio", "1", []),
        "recipe of one parent": hashes.recipe(key, "audio", "1", [parent]),
        "recipe of two parents": hashes.recipe(key, "audio", "1", [other, parent]),
        "recipe by sha256": version.Hasher("sha256").recipe(key, "audio", "1", [parent]),
        "recipe of another code version": hashes.recipe(key, "audio", "é|2", [parent]),
        "field version": hashes.field_version(key, "audio", "1", ["b" * 32, "a" * 32]),
        "feature version": hashes.feature_version(key, [("frames", "b" * 32), ("audio", "a" * 32)]),
        "project version": hashes.project_version([("video/crop", "a" * 32)]),
    }


def example() -> dict[str, str]:
    """The versions of the root example."""
    graph = load(Options(ROOT)).graph
    found = {"project avatar_data": graph.version}
    for key, feature in sorted(graph.features.items(), key=lambda item: str(item[0])):
        found[f"feature {key}"] = feature.version
        for field in feature.fields:
            found[f"recipe {key}.{field.name}"] = field.recipe
    return found


def contents(folder: Path, engine: object) -> dict[str, str]:
    """What the engine makes of values, of several parents, of an absent one, and of groups."""
    place = Place(folder, engine)  # type: ignore[arg-type]
    place.write(
        "models/features.yml",
        """
        version: 1
        features:
          - {name: left, id_columns: [g, k], fields: [{name: a, columns: [v]}, {name: b, columns: [v, w]}]}
          - {name: right, id_columns: [g, k], fields: [{name: c, columns: [v]}]}
          - {name: both, id_columns: [g, k],
             deps: [{feature: left, columns: []}, {feature: right, columns: [], optional: true}],
             fields: [{name: d, deps: [left.a, left.b, right.c]}, {name: e, deps: [right.c]}]}
          - {name: sums, id_columns: [g], deps: [{feature: left, lineage: {aggregation: {on: [g]}}, columns: {}}],
             fields: [{name: f, deps: [left.a]}, {name: h, deps: [left.a, left.b]}]}
        """,
    )
    place.write(
        "models/left.sql",
        "select g, k, v, w from (values (1, 1, 'x', 'y'), (1, 2, '', null), (2, 1, 'z', 'y')) as r(g, k, v, w)",
    )
    place.write("models/right.sql", "select g, k, v from (values (1, 1, 'x')) as r(g, k, v)")
    for number, value in enumerate(VALUES.values()):
        head = "{{ config(id_columns=['id'], fields=[{'name': 'f', 'columns': ['v']}]) }}\n"
        place.write(f"models/value{number}.sql", f"{head}select 1 as id, {value} as v")
    place.run()
    found = {}
    for number, name in enumerate(VALUES):
        [row] = place.rows(f"SELECT metasql_inputs__f FROM value{number}")
        found[f"content of {name}"] = row["metasql_inputs__f"]
    for key, unit in (("left", ["g", "k"]), ("both", ["g", "k"]), ("sums", ["g"])):
        for row in place.rows(f"SELECT * FROM {key}__expected ORDER BY ALL"):
            found |= _versions(key, unit, row)
    for row in place.increment("both", "new"):
        found[f"receipt of both {row['g']},{row['k']}"] = row["metasql_receipt"]
    return found


def _versions(key: str, unit: list[str], row: Row) -> dict[str, str]:
    name = f"{key} {','.join(str(row[column]) for column in unit)}"
    columns = [
        column
        for column in row
        if column.startswith(("metasql_inputs__", "metasql_provenance")) and "_by_" not in column
    ]
    return {f"{column.removeprefix('metasql_')} of {name}": row[column] for column in sorted(columns)}
