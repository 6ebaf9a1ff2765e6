"""`metasql run`: what is done, what is left alone, and what a failure leaves."""

from __future__ import annotations

import pytest

from tests.scenarios.support import Place
from tests.scenarios.support_example import FIRST, SECOND, example, load

TABLES = ("video", "rating", "crop", "clip", "rated", "total", "job")


@pytest.fixture
def place(engine, tmp_path):
    return example(tmp_path, engine)


def everything(place):
    return place.tables(TABLES, without=())


def test_the_second_run_does_nothing(place):
    """No row is touched, no commit number, no time; and every feature says that it is settled."""
    load(place, FIRST)
    place.run()
    place.work_off("crop", {"path": "p"})
    place.run()
    place.work_off("job", {"k": 1, "result": "r"})
    place.run()
    before = everything(place)
    said = [line for line in place.run("--threads", "1").err.splitlines() if line.startswith("[")]
    assert everything(place) == before
    assert len(said) == len(TABLES)
    assert all("settled" in line for line in said), said


def test_an_edit_touches_what_is_made_of_it_and_nothing_else(place):
    """One video's frames change: all other rows keep their commit numbers, and so does what is made of equal scores."""
    load(place, FIRST)
    place.run()
    before = {name: set(rows) for name, rows in everything(place).items()}
    rows = [(*row[:2], "changed", row[3]) if row[0] == 5 else row for row in FIRST[0]]
    load(place, (rows, FIRST[1]))
    place.run()
    for name in ("video", "clip", "rated"):
        changed = set(place.table(name, without=())) - before[name]
        assert changed, name
        assert all("'video_id': 5" in row for row in changed), name
    for name in ("rating", "total"):
        assert set(place.table(name, without=())) == before[name]
    assert place.values("SELECT DISTINCT metasql_commit FROM video WHERE video_id <> 5") != place.values(
        "SELECT DISTINCT metasql_commit FROM video WHERE video_id = 5"
    )


def test_a_root_follows_its_source_in_columns_that_no_field_claims(engine, tmp_path):
    """They are stored as they are now, filters downstream see them, and nothing is stale."""
    place = Place(tmp_path, engine)
    place.write(
        "models/features.yml",
        """
        version: 1
        sources: [{name: raw, schema: raw, tables: [{name: t}]}]
        features:
          - {name: a, id_columns: [id], fields: [{name: f, columns: [x]}]}
          - {name: b, id_columns: [id], deps: [{feature: a, where: "n > 1"}], fields: [{name: f}]}
        """,
    )
    place.write("models/a.sql", "select id, x, n from {{ source('raw', 't') }}")
    types = {"id": "bigint", "x": "text", "n": "bigint"}
    place.fill("t", types, [(1, "x", 1), (2, "y", 2)])
    place.run()
    before = place.values("SELECT id, metasql_provenance__f FROM a ORDER BY id")
    assert place.listed("b") == {(2,): ("new", "f", "new")}
    place.fill("t", types, [(1, "x", 5), (2, "y", 2)])
    said = place.run("--select", "a").err
    assert "settled · 1 updated" in said
    assert place.values("SELECT id, n FROM a ORDER BY id") == [(1, 5), (2, 2)]
    assert place.values("SELECT id, metasql_provenance__f FROM a ORDER BY id") == before
    assert set(place.listed("b")) == {(1,), (2,)}
    assert "updated" not in place.run("--select", "a").err


def test_full_refresh_gives_the_same(place):
    """It computes everything and changes no row that comes out the same."""
    load(place, FIRST)
    place.run()
    before = everything(place)
    place.run("--full-refresh")
    assert everything(place) == before


def test_threads_change_nothing(engine, tmp_path):
    """Four at once give what one gives, over edits too."""
    one, four = example(tmp_path / "one", engine), example(tmp_path / "four", engine)
    for place, threads in ((one, "1"), (four, "4")):
        for data in (FIRST, SECOND):
            load(place, data)
            place.run("--threads", threads)
            place.work_off("crop", {"path": "p"})
    assert one.tables(TABLES) == four.tables(TABLES)


def test_a_selection_whose_parents_were_never_run(place):
    """A feature runs over what its parents hold, which is nothing yet."""
    load(place, FIRST)
    place.run("--select", "total")
    assert place.values("SELECT count(*) FROM total") == [(0,)]
    place.run()
    whole = place.values("SELECT count(*) FROM total")
    assert whole != [(0,)]
    assert place.listed("total") == {}


def test_a_failure_skips_what_stands_on_it_alone(place):
    """`clip` cannot be computed: `rated` and `total` are skipped, the others are done, and what was there stays."""
    load(place, FIRST)
    place.run()
    before = place.tables(("clip", "rated", "total"), without=())
    load(place, SECOND)
    place.write(
        "models/clip.sql",
        "select video_id, unnest(range(seconds // 10)) as n, cast(cast(frames || 'b' as int) as text) as frames"
        " from {{ ref('video') }}\n",
    )
    result = place.run(code=3)
    assert "MS0610" in result.err
    assert "models/clip.sql" in result.err
    lines = {line.split("  ")[0].split("] ")[1]: line for line in result.err.splitlines() if line.startswith("[")}
    assert "skipped" in lines["rated"] and "skipped" in lines["total"]
    assert all("skipped" not in lines[name] for name in ("video", "rating", "crop", "job"))
    assert place.tables(before, without=()) == before
    assert place.listed("video") == {}
    place.write(
        "models/clip.sql", "select video_id, unnest(range(seconds // 10)) as n, frames from {{ ref('video') }}\n"
    )
    place.run()
    assert place.listed("total") == {}


# Small graphs: one root `a` and one SQL feature over it


def small(folder, engine, body="select id, x from {{ ref('a') }}", **words):
    place = Place(folder, engine)
    extra = "".join(f"    {name}: {value}\n" for name, value in words.items() if name != "root")
    place.write(
        "models/features.yml",
        "version: 1\n"
        "sources: [{name: raw, schema: raw, tables: [{name: a}]}]\n"
        "features:\n"
        "  - name: a\n    id_columns: [id]\n    fields: [{name: d, columns: [x]}]\n"
        + (f"    {words['root']}\n" if "root" in words else "")
        + "  - name: b\n    id_columns: [id]\n    deps: [a]\n    fields: [{name: d}]\n"
        + extra
        + "  - name: c\n    id_columns: [id]\n    deps: [b]\n    fields: [{name: d}]\n",
    )
    place.write("models/a.sql", "select id, x from {{ source('raw', 'a') }}\n")
    place.write("models/b.sql", body + "\n")
    place.write("models/c.sql", "select id, x from {{ ref('b') }}\n")
    return place


def fill(place, *rows):
    place.fill("a", {"id": "int", "x": "int"}, rows)


def ids(place, key):
    return [row[0] for row in place.values(f"SELECT id FROM {key} ORDER BY id")]


def test_rows_that_a_body_filters_out(engine, tmp_path):
    """They are no samples, neither in `X` nor downstream; they are settled; and they come back when their data does."""
    place = small(tmp_path, engine, "select id, x from {{ ref('a') }} where x > 10")
    fill(place, (1, 5), (2, 20), (3, 30))
    place.run()
    assert (ids(place, "b"), ids(place, "c")) == ([2, 3], [2, 3])
    assert place.values("SELECT live FROM metasql_status WHERE feature = 'b'") == [(2,)]
    assert place.listed("b") == {}
    before = place.table("b__samples", without=())
    place.run()
    assert place.table("b__samples", without=()) == before
    fill(place, (1, 50), (2, 2), (3, 30))
    place.run()
    assert (ids(place, "b"), ids(place, "c")) == ([1, 3], [1, 3])
    fill(place, (1, 50), (2, 20), (3, 30))
    place.run()
    assert (ids(place, "b"), ids(place, "c")) == ([1, 2, 3], [1, 2, 3])
    fill(place, (3, 3))
    place.run()
    assert (ids(place, "b"), ids(place, "c")) == ([], [])
    assert place.listed("b") == place.listed("c") == {}


def test_a_filtered_row_is_not_matched_by_stale_when(engine, tmp_path):
    """There is no sample for the condition to match: the second run has nothing to do."""
    place = small(tmp_path, engine, "select id, x from {{ ref('a') }} where x > 10", stale_when="x is null")
    fill(place, (1, 5), (2, 20))
    place.run()
    assert place.listed("b") == {}


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("select case when x > 10 then id end as id, x from {{ ref('a') }}", "MS0621", "NULL"),
        ("select a.id, a.x from {{ ref('a') }} as a cross join (values (1), (2)) as w(n)", "MS0622", "id = 1"),
    ],
    ids=["NULL", "twice"],
)
def test_faulty_ids_of_a_body(body, code, words, engine, tmp_path):
    """The error names the rows, and what was there before stays."""
    place = small(tmp_path, engine)
    fill(place, (1, 5))
    place.run()
    fill(place, (1, 6), (2, 20))
    place.write("models/b.sql", body + "\n")
    before = place.table("b", without=())
    result = place.run(code=3)
    assert code in result.err and words in result.err, str(result)
    assert place.table("b", without=()) == before


def test_faulty_ids_of_a_root(engine, tmp_path):
    """The same for rows of a source."""
    place = small(tmp_path, engine)
    for rows, code in (([(None, 1)], "MS0621"), ([(1, 1), (1, 2)], "MS0622")):
        fill(place, *rows)
        assert code in place.run(code=3).err
        assert place.columns("a__samples") == {}


@pytest.mark.parametrize("kept", ["a", "b"])
def test_orphans_are_deleted_softly_or_kept(kept, engine, tmp_path):
    """`delete` marks them, `keep` lists them until a person deletes them."""
    word = {"root": "orphans: keep"} if kept == "a" else {"orphans": "keep"}
    place = small(tmp_path, engine, **word)
    fill(place, (1, 5), (2, 6))
    place.run()
    fill(place, (1, 5))
    place.run()
    assert ids(place, kept) == [1, 2]
    assert place.listed(kept) == {(2,): ("orphaned", "", "orphaned")}
    place.cli("delete", kept, "--orphaned")
    place.run()
    assert (ids(place, "a"), ids(place, "b"), ids(place, "c")) == ([1], [1], [1])
    assert place.values(f"SELECT id FROM {kept}__samples WHERE metasql_deleted_at IS NOT NULL") == [(2,)]
    fill(place, (1, 5), (2, 6))
    place.run()
    assert (ids(place, "a"), ids(place, "b"), ids(place, "c")) == ([1, 2], [1, 2], [1, 2])


def test_a_deleted_sample_that_is_expected_is_new(engine, tmp_path):
    """By hand, softly and for good; `created_at` begins anew."""
    place = small(tmp_path, engine)
    fill(place, (1, 5), (2, 6))
    place.run()
    for options in ((), ("--hard",)):
        place.cli("delete", "b", "--where", "id = 2", *options)
        assert ids(place, "b") == [1]
        assert place.listed("b") == {(2,): ("new", "d", "new")}
        place.run()
        assert ids(place, "b") == [1, 2]
        assert place.listed("b") == {}


def test_a_condition_of_a_deletion_is_a_condition(engine, tmp_path):
    """No second statement, no unknown column, no subquery smuggles itself in."""
    place = small(tmp_path, engine)
    fill(place, (1, 5))
    place.run()
    for where in ("true; DROP TABLE b__samples", "nope = 1", "1 = 1) OR (1 = 1; --", ""):
        result = place.cli("delete", "b", "--where", where, code=None)
        assert result.code in (1, 2, 3), str(result)
    assert ids(place, "b") == [1]


def test_expansion_by_sql(engine, tmp_path):
    """Inputs without children are done; children that are no longer given vanish, with their input's orphans."""
    place = example(tmp_path, engine)
    load(place, ([(1, "a", "f", 35), (2, "a", "f", 3), (3, "a", "f", 10)], []))
    place.run()
    query = "SELECT video_id, n FROM clip ORDER BY ALL"
    assert place.values(query) == [(1, 0), (1, 1), (1, 2), (3, 0)]
    assert place.listed("clip") == {}
    load(place, ([(1, "a", "f", 15), (2, "a", "f", 20)], []))
    place.run()
    assert place.values(query) == [(1, 0), (2, 0), (2, 1)]
    assert place.values("SELECT video_id, clips FROM total ORDER BY 1") == [(1, 1), (2, 2)]
    before = place.table("clip__samples", without=())
    place.run()
    assert place.table("clip__samples", without=()) == before
