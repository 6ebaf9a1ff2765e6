"""What a commit leaves behind: versions, history, late and repeated batches, the children of an expansion."""

from __future__ import annotations

import json

import pytest

from tests.scenarios.support import csv_text, lines
from tests.scenarios.support_batches import IDS, batches, fill, paths, receipts, rejected, row, stored


@pytest.fixture
def place(engine, tmp_path):
    return batches(tmp_path, engine)


def test_repeating_a_commit_changes_nothing(place):
    """Not the rows, not their times, not their commit numbers, not the history."""
    rows = [row(receipts(place), "1", path="p", n=1), row(receipts(place), "2", path="q")]
    place.commit("e", rows)
    before = stored(place)
    result = place.commit("e", rows)
    assert "0 of them changed" in result.err
    assert stored(place) == before
    assert place.values("SELECT count(*) FROM e__history") == [(0,)]
    place.commit("e", list(reversed(rows)))
    assert stored(place) == before


def test_a_part_of_the_increment_may_be_committed(place):
    """The rest is still new."""
    given = receipts(place)
    place.commit("e", [row(given, "1", path="p")])
    assert set(place.listed("e")) == {(name,) for name in IDS if name != "1"}
    place.commit("e", [row(given, "2", path="p")])
    assert set(paths(place)) == {"1", "2"}


def test_a_late_commit_is_stored_and_stale(place):
    """Upstream moved on while the worker worked: the sample is stale in what moved, never wrongly fresh."""
    given = receipts(place)
    fill(place, {name: ("x", "new" if name == "1" else "y") for name in IDS})
    place.run("--select", "a")
    place.commit("e", [row(given, "1", path="late")])
    assert paths(place) == {"1": "late"}
    assert place.listed("e")[("1",)] == ("stale", "y", "upstream")


def test_a_late_commit_of_a_lost_sample_is_orphaned(place):
    """Upstream lost the sample meanwhile."""
    given = receipts(place)
    fill(place, {name: ("x", "y") for name in IDS if name != "1"})
    place.run("--select", "a")
    place.commit("e", [row(given, "1", path="late")])
    assert place.listed("e")[("1",)] == ("orphaned", "", "orphaned")
    place.cli("delete", "e", "--orphaned")
    assert ("1",) not in place.listed("e")
    assert paths(place) == {}


def test_a_late_commit_of_an_older_definition_is_stale_by_code(place):
    """The code version was counted up while the worker worked."""
    given = receipts(place)
    place.edit(
        "models/features.yml", "fields: [{name: x}, {name: y}]", "fields: [{name: x, code_version: '2'}, {name: y}]"
    )
    place.run()
    place.commit("e", [row(given, "1", path="late")])
    assert place.listed("e")[("1",)] == ("stale", "x", "code")


def test_data_versions(place):
    """A data version is hashed on entry, kept while the provenance is the same, and dropped when it changes."""
    query = (
        "SELECT metasql_data_version__x, metasql_provenance__x, metasql_data_version__y = metasql_provenance__y FROM e"
    )
    place.commit("e", [row(receipts(place), "1", metasql_data_version__x="v1")])
    [(version, made, same)] = place.values(query)
    assert (version != made, len(version), same) == (True, 32, True)
    fill(place, dict.fromkeys(IDS, ("x", "new")))
    place.run("--select", "a")
    place.commit("e", [row(receipts(place), "1")])
    assert place.values(query) == [(version, made, True)], "only `y` moved: the version of `x` stays"
    fill(place, dict.fromkeys(IDS, ("new", "new")))
    place.run("--select", "a")
    place.commit("e", [row(receipts(place), "1")])
    [(version, made, _)] = place.values(query)
    assert version == made


def test_history(place):
    """A row that is replaced goes to the history, with the time when that was."""
    given = receipts(place)
    place.commit("e", [row(given, "1", path="old")])
    place.commit("e", [row(given, "1", path="new")])
    query = "SELECT id, path, metasql_superseded_at >= metasql_updated_at FROM e__history"
    assert place.values(query) == [("1", "old", True)]
    assert paths(place) == {"1": "new"}


# Expansions


def children(given, name, count, **values):
    return [{"id": name, "n": number, "metasql_receipt": given[name], **values} for number in range(count)]


def test_children_are_replaced_at_once(place):
    """Committing an input again with fewer children takes the others out."""
    given = receipts(place, "parts")
    place.commit("parts", [*children(given, "1", 3), *children(given, "2", 1)])
    place.commit("parts", children(given, "1", 2, path="p"))
    assert place.values("SELECT id, n, path FROM parts ORDER BY ALL") == [("1", 0, "p"), ("1", 1, "p"), ("2", 0, None)]
    assert {("1",), ("2",)}.isdisjoint(place.listed("parts"))


def test_inputs_without_children_are_done(place):
    """`--inputs` lists what was processed; an input without children is not new for ever."""
    given = receipts(place, "parts")
    inputs = place.folder / "inputs.json"
    inputs.write_text(lines([{"id": name, "metasql_receipt": given[name]} for name in ("1", "2")]), encoding="utf-8")
    rows = [{"id": "1", "n": 0, "path": "p"}]
    place.commit("parts", rows, "--inputs", str(inputs))
    assert {("1",), ("2",)}.isdisjoint(place.listed("parts"))
    before = stored(place, "parts"), place.table("parts__inputs", without=())
    place.commit("parts", rows, "--inputs", str(inputs))
    assert (stored(place, "parts"), place.table("parts__inputs", without=())) == before
    (place.folder / "none.json").write_text("", encoding="utf-8")
    place.cli("commit", "parts", str(place.folder / "none.json"), "--inputs", str(inputs))
    assert place.values("SELECT count(*) FROM parts") == [(0,)]
    assert {("1",), ("2",)}.isdisjoint(place.listed("parts"))


def test_the_inputs_may_have_another_form_than_the_children(place):
    """Each file is read by its own ending."""
    given = receipts(place, "parts")
    inputs = place.folder / "inputs.csv"
    inputs.write_text(csv_text([{"id": "1", "metasql_receipt": given["1"]}]), encoding="utf-8")
    place.commit("parts", [{"id": "1", "n": 0}], "--inputs", str(inputs))
    assert ("1",) not in place.listed("parts")


def test_deleting_a_child_opens_its_input_again(place):
    """One of two children is deleted by hand."""
    given = receipts(place, "parts")
    place.commit("parts", children(given, "1", 2))
    place.cli("delete", "parts", "--where", "id = '1' AND n = 0")
    assert place.listed("parts")[("1",)][0] == "new"
    assert place.values("SELECT id, n FROM parts") == [("1", 1)]


def test_faulty_children(place):
    """Two receipts for one input, a child of no listed input, a foreign receipt, and children that come twice."""
    given = receipts(place, "parts")
    strange = [{"id": "3", "n": 0, "metasql_receipt": given["1"]}]
    rejected(place, place.commit("parts", strange, code=None), "MS0807", "id = 3")
    twice = children(given, "1", 1) * 2
    rejected(place, place.commit("parts", twice, code=None), "MS0805", "rows 1 and 2")
    inputs = place.folder / "inputs.json"
    inputs.write_text(lines([{"id": "1", "metasql_receipt": given["1"]}]), encoding="utf-8")
    lost = [{"id": "2", "n": 0}]
    rejected(place, place.commit("parts", lost, "--inputs", str(inputs), code=None), "MS0809", "row 1")
    inputs.write_text(json.dumps({"id": "1", "metasql_receipt": given["2"]}) + "\n", encoding="utf-8")
    rejected(place, place.commit("parts", [], "--inputs", str(inputs), code=None), "MS0807")
