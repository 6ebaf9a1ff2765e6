"""`metasql copy`: samples of another target are brought along as they are, and never changed there."""

from __future__ import annotations

import pytest

from tests.scenarios.support_defer import Two, status

FEATURES = """
version: 1
features:
  - name: video
    id_columns: [id]
    fields: [{name: audio, columns: [etag]}, {name: frames, columns: [height]}]
    columns: [{name: id, type: text}, {name: etag, type: text}, {name: height, type: int}]
  - name: crop
    id_columns: [id]
    deps: [video]
    fields: [{name: audio, code_version: "1"}, {name: frames, code_version: "1"}]
    columns: [{name: path, type: text}]
  - name: size
    id_columns: [id]
    deps: [video]
  - name: clip
    id_columns: [id, part]
    deps: [{feature: video, lineage: {expansion: {on: [id]}}}]
    columns: [{name: part, type: int}]
"""
VERSIONS = (
    "SELECT id, metasql_provenance__audio, metasql_data_version__frames, metasql_feature_version, path"
    " FROM crop ORDER BY id"
)


@pytest.fixture
def two(tmp_path, engine):
    """Videos, crops, sizes and clips in prod, all settled but one crop; dev defers to it."""
    made = Two(tmp_path, engine)
    made.write("models/features.yml", FEATURES)
    made.write("models/size.sql", "select id, height * 2 as width from {{ ref('video') }} where height > 1")
    made.prod.run()
    made.prod.commit("video", [{"id": name, "etag": "e", "height": i + 1} for i, name in enumerate("abcd")])
    made.prod.run()
    made.prod.work_off("crop", {"path": "p"})
    rows = {row["id"]: row["metasql_receipt"] for row in made.prod.increment("clip")}
    clips = [{"id": name, "part": part} for name in "ab" for part in (1, 2)]
    inputs = made.write("inputs.json", "".join(f'{{"id": "{n}", "metasql_receipt": "{rows[n]}"}}\n' for n in "abc"))
    made.prod.commit("clip", clips, "--inputs", str(inputs))
    made.prod.commit("video", [{"id": "d", "etag": "f", "height": 4}])
    return made


def test_settled_ones_stay_settled(two):
    """Rows and versions are the same; what was stale there is stale here, and nothing else."""
    with two.untouched():
        told = two.dev.cli("copy", "crop", "--from", "prod").err
        assert "crop: 4 samples copied from prod, 4 of them changed what is stored" in told
        assert "video: read from prod" in told
        assert two.dev.values(VERSIONS) == two.prod.values(VERSIONS)
        assert two.dev.listed("crop") == {("d",): ("stale", "audio", "upstream")}
        assert two.dev.listed("crop") == two.prod.listed("crop")
        assert status(two.dev)["crop"] == ("current", 4, 0, 1, 0)
        assert "4 samples copied from prod, 0 of them" in two.dev.cli("copy", "crop", "--from", "prod").err
    assert two.dev.values("SELECT command FROM metasql_runs") == [("copy --from prod",)] * 2
    two.dev.work_off("crop", {"path": "q"})
    assert status(two.dev)["crop"] == ("current", 4, 0, 0, 0)


def test_a_part_of_them(two):
    """By a condition, and by the hash of the keys: features with the same key give the same part."""
    two.dev.cli("copy", "crop", "--from", "prod", "--where", "path = 'p' and id < 'c'")
    assert [row[0] for row in two.dev.values(VERSIONS)] == ["a", "b"]
    assert {unit: said[0] for unit, said in two.dev.listed("crop").items()} == {("c",): "new", ("d",): "new"}
    two.dev.cli("copy", "video", "--from", "prod", "--sample", "50%")
    videos = {row[0] for row in two.dev.values("SELECT id FROM video")}
    two.dev.cli("copy", "size", "--from", "prod", "--sample", "50%")
    sizes = {row[0] for row in two.dev.values("SELECT id FROM size")}
    assert sizes == videos - {"a"}
    assert videos < set("abcd")


def test_a_sql_feature(two):
    """Units for which the body gave no row are done here too: a run computes nothing."""
    two.dev.cli("copy", "size", "--from", "prod")
    assert dict(two.dev.values("SELECT id, width FROM size")) == {"b": 4, "c": 6, "d": 8}
    assert status(two.dev)["size"] == ("current", 3, 0, 0, 0)
    assert "size  sql  settled" in two.dev.run("--select", "size").err


def test_everything_of_another_target(two):
    """Without deferring: parents first, and all of it is this target's own, found by delta."""
    for key in ("video", "crop", "size", "clip"):
        two.dev.cli("copy", key, "--from", "prod", "--no-defer")
    expected = status(two.prod)
    assert status(two.dev, "--no-defer") == expected
    two.dev.commit("video", [{"id": "a", "etag": "e", "height": 9}])
    two.dev.run()
    assert dict(two.dev.values("SELECT id, width FROM size"))["a"] == 18
    assert two.dev.cli("verify").code == 0


def test_an_expansion(two):
    """Inputs come whole: with all children, and those without any are done."""
    with two.untouched():
        two.dev.cli("copy", "clip", "--from", "prod")
    assert two.dev.values("SELECT id, part FROM clip ORDER BY 1, 2") == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]
    assert two.dev.listed("clip") == two.prod.listed("clip")
    assert ("c",) not in two.dev.listed("clip")
    told = two.dev.cli("copy", "clip", "--from", "prod", "--where", "part = 1", code=3).err
    assert "MS0686" in told
    assert "columns of the input: id" in told
    two.prod.cli("delete", "clip", "--where", "id = 'a' and part = 2")
    two.prod.cli("copy", "clip", "--from", "dev", "--where", "id = 'a'", "--no-defer", code=0)
    assert two.prod.listed("clip") == two.dev.listed("clip")


def test_a_dry_run(two):
    """It counts, before there is anything here and after, and writes nothing."""
    told = two.dev.cli("copy", "crop", "--from", "prod", "--dry-run").err
    assert "crop: 4 samples would be copied from prod, 4 of them would change what is stored" in told
    assert status(two.dev)["crop"][0] == "deferred"
    two.dev.cli("copy", "crop", "--from", "prod", "--where", "id = 'a'")
    told = two.dev.cli("copy", "crop", "--from", "prod", "--dry-run").err
    assert "4 samples would be copied from prod, 3 of them" in told
    assert two.dev.values("SELECT count(*) FROM crop") == [(1,)]


def test_samples_that_were_made_otherwise(two):
    """The code changed here since: the copies are stale, and their definition is known here, for a rebase."""
    two.edit("models/features.yml", 'audio, code_version: "1"', 'audio, code_version: "2"')
    two.dev.cli("copy", "crop", "--from", "prod")
    assert set(two.dev.listed("crop").values()) == {("stale", "audio", "code")}
    old = two.prod.values("SELECT DISTINCT metasql_feature_version FROM crop")
    assert two.dev.values("SELECT DISTINCT metasql_feature_version FROM crop") == old
    versions = two.dev.values("SELECT feature_version FROM metasql_definition_log WHERE feature = 'crop'")
    assert set(old) < set(versions)
    assert "first told" in two.dev.cli("history", "crop").out
    two.dev.cli("rebase", "crop", "--reason", "it gives the same")
    assert set(two.dev.listed("crop")) == {("d",)}


def test_rows_that_are_here_are_replaced_and_kept(two):
    """Another row of the same sample goes to the history; a sample that was deleted here is back."""
    two.dev.cli("copy", "crop", "--from", "prod")
    two.dev.work_off("crop", {"path": "mine"})
    two.dev.cli("delete", "crop", "--where", "id = 'a'")
    assert "2 of them changed" in two.dev.cli("copy", "crop", "--from", "prod").err
    assert two.dev.values(VERSIONS) == two.prod.values(VERSIONS)
    assert ("mine",) in two.dev.values("SELECT path FROM crop__history")


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("crop", "--from", "prd"), "MS0112", "has no target `prd`"),
        (("crop", "--from", "dev"), "MS0116", "cannot read from itself"),
        (("cropp", "--from", "prod"), "MS0330", "did you mean `crop`"),
        (("crop", "--from", "prod", "--where", "pth = 1"), "MS0", "pth"),
        (("new", "--from", "prod"), "MS0685", "`prod` does not hold `new`"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_not_there(two, options, code, message):
    """Each is a designed error, and nothing is written."""
    two.write("models/new.yml", "version: 1\nfeatures: [{name: new, id_columns: [id], deps: [video]}]\n")
    told = two.dev.cli("copy", *options, code=None)
    assert told.code in (1, 3)
    assert code in told.err
    assert message in told.err


def test_a_part_that_is_none(two):
    """`--sample` is a percentage above 0."""
    for word in ("0%", "101%", "1", "some"):
        assert "no part" in two.dev.cli("copy", "crop", "--from", "prod", "--sample", word, code=2).err


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        ("path, type: text", "file, type: text", "it lacks the column `file`"),
        ("{name: path, type: text}", "{name: path, type: text}, {name: more, type: int}", "it lacks the column `more`"),
        (', {name: frames, code_version: "1"}', "", "it has the field `frames`, too"),
        ("{name: path, type: text}", "", "it has the column `path`, too"),
    ],
    ids=["renamed", "lacks", "field", "column"],
)
def test_another_form(two, old, new, note):
    """Columns and fields are those that are declared here, no more and no less."""
    two.edit("models/features.yml", old, new)
    told = two.dev.cli("copy", "crop", "--from", "prod", code=None)
    assert told.code in (1, 3)
    assert "MS0682" in told.err
    assert note in told.err


def test_another_type(two):
    """A column of another type is told with both types; nothing is written."""
    two.edit("models/features.yml", "path, type: text", "path, type: int")
    for more in ((), ("--dry-run",)):
        two.dev.run("--select", "crop")
        told = two.dev.cli("copy", "crop", "--from", "prod", *more, code=3).err
        assert "MS0682" in told
        assert "`path` is" in told
    assert two.dev.values("SELECT count(*) FROM crop") == [(0,)]


def test_another_key(two):
    """Samples under another key are other samples."""
    two.edit(
        "models/features.yml", "name: clip\n    id_columns: [id, part]", "name: clip\n    id_columns: [id, number]"
    )
    two.edit("models/features.yml", "{name: part, type: int}", "{name: number, type: int}")
    told = two.dev.cli("copy", "clip", "--from", "prod", code=3).err
    assert "MS0682" in told
    assert "under another key" in told
