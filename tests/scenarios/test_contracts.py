"""`contract: {enforced: true}`: declared columns and types are checked before anything is written."""

from __future__ import annotations

import pytest

from tests.scenarios.support import Place

TYPES = {"id": "bigint", "x": "bigint"}


@pytest.fixture
def place(tmp_path, engine):
    """A root under contract, over a source."""
    made = Place(tmp_path, engine)
    made.write(
        "models/a.yml",
        """
        version: 1
        sources: [{name: raw, schema: raw, tables: [{name: t}]}]
        features:
          - name: a
            id_columns: [id]
            contract: {enforced: true}
            columns: [{name: id, type: bigint}, {name: x, type: bigint}, {name: name, type: text}]
        """,
    )
    made.write("models/a.sql", "select id, x, 'n' as name from {{ source('raw', 't') }}")
    made.fill("t", TYPES, [(1, 5), (2, 6)])
    return made


def test_a_contract_that_is_kept(place):
    """Nothing is said, and the rows are there."""
    place.run()
    assert place.values("SELECT id, x, name FROM a ORDER BY id") == [(1, 5, "n"), (2, 6, "n")]


def test_every_column_that_differs_is_named(place):
    """With its declared and its found type; a column that is not declared is one, too. Nothing is written."""
    place.run()
    others = "cast(x as text) as x, cast(1 as double) as name, true as more"
    place.edit("models/a.sql", "x, 'n' as name", others)
    before = place.table("a__samples")
    result = place.run(code=3)
    assert "MS0625" in result.err
    types = {"duckdb": ("BIGINT", "VARCHAR", "DOUBLE", "BOOLEAN"), "clickhouse": ("Int64", "String", "Float64", "Bool")}
    whole, text, real, boolean = types[place.type]
    assert f"`x` is declared as {whole}, and the body gives {text}" in result.err
    assert f"`name` is declared as {text}, and the body gives {real}" in result.err
    assert f"`more` is not declared, and the body gives {boolean}" in result.err
    assert place.table("a__samples") == before


def test_the_first_run_writes_nothing_either(place):
    """Not even the tables are made."""
    place.edit("models/a.yml", "{name: x, type: bigint}", "{name: x, type: int}")
    assert "`x` is declared as" in place.run(code=3).err
    assert "a" not in place.relations()


def test_without_a_contract_values_are_cast(place):
    """The declared type is what is stored, as ever."""
    place.edit("models/a.yml", "enforced: true", "enforced: false")
    place.edit("models/a.yml", "{name: x, type: bigint}", "{name: x, type: double}")
    place.run()
    assert place.columns("a")["x"] == "DOUBLE"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("{name: x, type: bigint}", "{name: x}", "MS0347"),
        ("{enforced: true}", "{enforce: true}", "MS0208"),
        ("{enforced: true}", "true", "MS0207"),
    ],
)
def test_a_contract_that_is_declared_wrongly(old, new, code, place):
    """A column without a type, a word that is none, a contract that is no mapping."""
    place.edit("models/a.yml", old, new)
    assert code in place.cli("parse", code=1).err
