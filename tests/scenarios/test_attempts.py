"""Samples that cannot be made: errors are counted, and after some of them a sample is not handed out again."""

from __future__ import annotations

import time

import pytest

import metasql
from tests.scenarios.support_batches import IDS, batches, fill

LIMITED = "    deps: [{feature: a, columns: []}]\n    fields: [{name: x}, {name: y}]\n"


@pytest.fixture
def place(engine, tmp_path):
    """`e` is tried twice; `parts`, an expansion, three times, as where nothing is said."""
    found = batches(tmp_path, engine)
    found.edit("models/features.yml", LIMITED, LIMITED + "    max_attempts: 2\n")
    found.run()
    return found


def failed(place, *names, key="e", error="no face", **more):
    """Rows of errors for some ids, with what the increment handed out."""
    rows = {row["id"]: row for row in place.increment(key, "new,stale")}
    keep = ("id", "metasql_receipt", *(["metasql_attempts"] if more.pop("told", False) else []))
    return [{**{name: rows[id_][name] for name in keep}, "metasql_error": error, **more} for id_ in names]


def attempts(place, key="e"):
    """Id → how often a row that is handed out has failed, and the last error, where it did."""
    rows = place.increment(key, "new,stale")
    return {r["id"]: (r["metasql_attempts"], r["metasql_last_error"]) for r in rows if r["metasql_attempts"]}


def handed_out(place, key="e"):
    return {row["id"] for row in place.increment(key, "new,stale")}


def errors(place, key="e"):
    return place.values(f"SELECT id, metasql_attempts, metasql_error FROM {key}__errors ORDER BY id")


def test_an_error_is_counted_and_told(place):
    """The increment and `X__errors` say how often, and what was said last; others are as they were."""
    place.commit("e", failed(place, "1", "2"), "--errors")
    assert attempts(place) == {"1": (1, "no face"), "2": (1, "no face")}
    assert handed_out(place) == set(IDS)
    assert errors(place) == [("1", 1, "no face"), ("2", 1, "no face")]
    assert place.values("SELECT count(*) FROM e") == [(0,)]


def test_after_the_last_attempt_it_leaves_the_increment(place):
    """It stays new for the counts, since it is not made; `metasql retry-samples` brings it back."""
    place.commit("e", failed(place, "1", "2"), "--errors")
    place.commit("e", failed(place, "1", error="still none"), "--errors")
    assert handed_out(place) == set(IDS) - {"1"}
    assert errors(place) == [("1", 2, "still none"), ("2", 1, "no face")]
    assert place.values("SELECT metasql_held_back FROM e__errors ORDER BY id") == [(True,), (False,)]
    assert place.values("SELECT new FROM metasql_status WHERE feature = 'e'") == [(8,)]
    told = place.cli("retry-samples", "e", "--where", "metasql_attempts > 1").err
    assert "1 sample to be tried again" in told
    assert handed_out(place) == set(IDS)
    assert attempts(place) == {"2": (1, "no face")}
    assert "1 sample" in place.cli("retry-samples", "e").err
    assert errors(place) == []
    assert "0 samples" in place.cli("retry-samples", "e").err


def test_a_result_is_the_end_of_the_errors(place):
    """A later error begins at one."""
    place.commit("e", failed(place, "1", "2"), "--errors")
    receipt = failed(place, "1")[0]["metasql_receipt"]
    place.commit("e", [{"id": "1", "path": "p", "metasql_receipt": receipt}])
    assert errors(place) == [("2", 1, "no face")]
    fill(place, {**dict.fromkeys(IDS, ("x", "y")), "1": ("X", "y")})
    place.run("--select", "a")
    place.commit("e", failed(place, "1"), "--errors")
    assert attempts(place) == {"1": (1, "no face"), "2": (1, "no face")}


def test_another_input_is_another_chance(place):
    """What upstream gives now may go well; so it is with another version of the code."""
    for _ in range(2):
        place.commit("e", failed(place, "1", "2"), "--errors")
    assert handed_out(place) == set(IDS) - {"1", "2"}
    fill(place, {**dict.fromkeys(IDS, ("x", "y")), "1": ("X", "y")})
    place.run("--select", "a")
    assert handed_out(place) == set(IDS) - {"2"}
    assert attempts(place) == {}
    place.edit("models/features.yml", LIMITED, LIMITED.replace("{name: x}", '{name: x, code_version: "2"}'))
    place.run()
    assert handed_out(place) == set(IDS)


def test_a_late_error_is_of_what_was_handed_out(place):
    """Upstream has moved on: the new input has not failed."""
    rows = failed(place, "1")
    fill(place, {**dict.fromkeys(IDS, ("x", "y")), "1": ("X", "y")})
    place.run("--select", "a")
    for _ in range(2):
        place.commit("e", rows, "--errors")
    assert handed_out(place) == set(IDS)
    assert attempts(place) == {}


def test_a_repeated_commit_counts_once(place):
    """Where the rows tell how many errors there had been, as the increment gave them."""
    rows = failed(place, "1", told=True)
    for _ in range(3):
        place.commit("e", rows, "--errors")
    assert attempts(place) == {"1": (1, "no face")}
    again = failed(place, "1", told=True)
    for _ in range(3):
        place.commit("e", again, "--errors")
    assert errors(place) == [("1", 2, "no face")]


def test_whole_rows_of_the_increment(place):
    """What else a row of the increment has may stand beside its error."""
    with metasql.Project.load(place.folder).connect() as wh:
        rows = [row | {"metasql_error": "e" * 10_000} for row in wh.increment("e").to_dicts()]
        assert wh.commit_errors("e", rows) == 8
        assert wh.commit_errors("e", rows[:0]) == 0
        assert {row["metasql_attempts"] for row in wh.increment("e").to_dicts()} == {1}
        assert wh.commit_errors("e", [row | {"metasql_error": None} for row in wh.increment("e").to_dicts()]) == 8
        assert wh.increment("e").to_dicts() == []
        assert wh.retry("e", where="id in ('1', '2')") == 2
        assert {row["id"] for row in wh.increment("e").to_dicts()} == {"1", "2"}
        assert wh.retry("e") == 6
    assert errors(place) == []


def test_an_input_of_an_expansion(place):
    """Errors are of the input; three of them where nothing is said."""
    for _ in range(2):
        place.commit("parts", failed(place, "1", key="parts"), "--errors")
    assert attempts(place, "parts") == {"1": (2, "no face")}
    place.commit("parts", failed(place, "1", key="parts"), "--errors")
    assert handed_out(place, "parts") == set(IDS) - {"1"}
    assert place.cli("retry-samples", "parts").code == 0
    row = failed(place, "1", key="parts")[0]
    place.commit("parts", failed(place, "1", "2", key="parts"), "--errors")
    place.commit("parts", [{"id": "1", "n": 0, "path": "p", "metasql_receipt": row["metasql_receipt"]}])
    assert errors(place, "parts") == [("2", 1, "no face")]


def test_waiting_for_another_attempt(place):
    """A sample that failed is not handed out before its time has come; then it is."""
    place.edit("models/features.yml", "max_attempts: 2", "max_attempts: 9\n    retry_after: {count: 1, period: day}")
    place.run()
    place.commit("e", failed(place, "1"), "--errors")
    assert handed_out(place) == set(IDS) - {"1"}
    assert place.values("SELECT id, metasql_held_back FROM e__errors") == [("1", True)]
    place.edit("models/features.yml", "{count: 1, period: day}", "{count: 1, period: second}")
    place.run()
    while handed_out(place) != set(IDS):
        time.sleep(0.05)
    assert attempts(place) == {"1": (1, "no face")}


def test_an_orphan_has_no_attempts(place):
    """What upstream no longer has is not made, and so does not fail."""
    place.commit("e", failed(place, "1"), "--errors")
    place.work_off("e", {"path": "p"})
    fill(place, {name: ("x", "y") for name in IDS if name != "1"})
    place.run("--select", "a")
    [row] = place.increment("e", "orphaned")
    assert (row["id"], row["metasql_attempts"], row["metasql_last_error"]) == ("1", 0, None)


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"metasql_receipt": "nonsense"}, "MS0807", "row 1"),
        ({"metasql_receipt": None}, "MS0806", "row 1"),
        ({"id": None}, "MS0803", "row 1"),
        ({"pth": "p"}, "MS0802", "`pth`"),
        ({"metasql_attempts": "many"}, "MS0810", "row 1"),
    ],
)
def test_a_batch_of_errors_with_a_mistake(change, code, words, place):
    """Nothing of it is noted."""
    rows = failed(place, "1", "2")
    rows[0] |= change
    result = place.commit("e", rows, "--errors", code=3)
    assert code in result.err
    assert words in result.err
    assert errors(place) == []


def test_the_same_sample_twice(place):
    """Two errors for one unit in one batch are a mistake, as two results are."""
    assert "MS0805" in place.commit("e", failed(place, "1", "1"), "--errors", code=3).err


def test_errors_without_a_message(place):
    """The column has to be there, if only to be empty."""
    rows = [{name: value for name, value in row.items() if name != "metasql_error"} for row in failed(place, "1")]
    assert "no column `metasql_error`" in place.commit("e", rows, "--errors", code=3).err


def test_a_feature_that_no_outside_program_makes(place):
    """Its errors stand in the result of a run."""
    rows = [{"id": "1", "metasql_receipt": "r1:", "metasql_error": "x"}]
    assert "MS0823" in place.commit("a", rows, "--errors", code=3).err
    assert "MS0823" in place.cli("retry-samples", "a", code=3).err


@pytest.mark.parametrize(
    "words",
    ["max_attempts: 0", "max_attempts: many", "retry_after: {count: 1}", "retry_after: {count: 1, period: year}"],
)
def test_words_that_make_no_sense(words, place):
    """Said at their place."""
    place.edit("models/features.yml", "max_attempts: 2", words)
    assert "models/features.yml:" in place.cli("parse", code=1).err
