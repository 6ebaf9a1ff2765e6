"""A server whose disk is full in the middle of a write: nothing of it is seen, and the next run repairs it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest

from tests.scenarios.support import Place
from tests.support.clickhouse_engines import ClickHouse

MODELS = """
version: 1
sources: [{name: raw, schema: raw, tables: [{name: a}]}]
features:
  - {name: a, id_columns: [id], fields: [{name: x, columns: [x]}]}
  - {name: b, id_columns: [id], deps: [a], fields: [{name: x}]}
"""
MEGABYTE = 1 << 20


@pytest.fixture
def place(tmp_path):
    """A project on a server with a small disk, run once."""
    engine = ClickHouse(megabytes=128)
    found = Place(tmp_path, engine)
    found.write("models/features.yml", MODELS)
    found.write("models/a.sql", "select id, x from {{ source('raw', 'a') }}")
    found.write("models/b.sql", "select id, x || '!' as x from {{ ref('a') }}")
    fill(found, 20, seed=1)
    found.run()
    yield found
    engine.close()


def fill(place: Place, rows: int, *, seed: int) -> None:
    """The source: texts of two kilobytes that cannot be compressed by much."""
    random = Random(seed)
    place.fill("a", {"id": "int", "x": "text"}, [(n, random.randbytes(1024).hex()) for n in range(rows)])


@contextmanager
def filled(place: Place, *, but: int) -> Iterator[None]:
    """The disk, full but for so many bytes."""
    data = place.engine.server(place.folder).data
    space = os.statvfs(data)
    with (data / "filler").open("wb") as file:
        file.write(b"\0" * max(0, space.f_bavail * space.f_bsize - but))
    try:
        yield
    finally:
        (data / "filler").unlink()


def leftovers(place: Place) -> list[tuple]:
    sql = "SELECT name FROM system.tables WHERE database = 'main' AND startsWith(name, 'metasql_tmp_')"
    return place.values(sql)


@pytest.mark.parametrize("space", [0, 1, 5, 9], ids=lambda space: f"{space}MB")
def test_a_disk_that_is_full_in_the_middle_of_a_write(space, place):
    """The error says so; readers see what was there; with more room the same run does all of it."""
    before = {key: place.table(key) for key in ("a", "b")}
    fill(place, 6000, seed=2)
    with filled(place, but=space * MEGABYTE):
        result = place.run(code=3)
        assert "MS0636" in result.err, str(result)
        assert "no disk space is left at 127.0.0.1" in result.err
    # With no byte left the server's answers are empty, and no client hears of it; so it is read with some.
    assert {key: place.table(key) for key in ("a", "b")} == before
    place.run()
    assert place.values("SELECT count(*) FROM a") == place.values("SELECT count(*) FROM b") == [(6000,)]
    wrong = "SELECT count(*) FROM raw.a AS r JOIN b ON b.id = r.id WHERE b.x <> r.x || '!'"
    assert place.values(wrong) == [(0,)]
    assert place.listed("b") == {}
    assert leftovers(place) == []
