"""Features of another project: read like any others, never made here, pinned by metasql.lock."""

from __future__ import annotations

import json
import subprocess

import duckdb
import pytest

from tests.scenarios.support_projects import MANIFEST, projects


@pytest.fixture(autouse=True)
def on_a_laptop(monkeypatch):
    """In CI a run leaves the lock file as it is."""
    monkeypatch.setenv("CI", "")


@pytest.fixture
def place(tmp_path, engine):
    """Two projects, of which none was run."""
    return projects(tmp_path, engine)


@pytest.fixture
def ran(place):
    """Both were run."""
    place.media("run")
    place.run()
    return place


def crops(place):
    return place.values("SELECT video_id, sound, frames_etag FROM crop ORDER BY video_id")


def test_what_another_project_makes_is_read(ran):
    """Rows and columns come from its relations, and nothing is written beside them."""
    assert crops(ran) == [(1, "A1", "f1"), (2, "A2", "f2")]
    listed = {row["video_id"]: row["frames"] for row in ran.increment("face")}
    assert listed == {1: "f1", 2: "f2"}
    assert not [name for name in ran.relations() if name.startswith("media")]
    assert ran.values("SELECT feature FROM metasql_features ORDER BY feature") == [("crop",), ("face",)]


def test_what_changes_there_is_stale_here(ran):
    """Field by field, as within one project: new, stale, orphaned; and then settled."""
    ran.work_off("face", {"path": "p"})
    ran.videos((1, "other", "f1"), (3, "a3", "f3"))
    ran.media("run")
    assert ran.listed("crop")[1,][:2] == ("stale", "sound")
    assert ran.listed("crop")[3,][0] == "new"
    assert ran.listed("crop")[2,][0] == "orphaned"
    assert set(ran.listed("face")) == {(2,), (3,)}
    ran.run()
    assert crops(ran) == [(1, "OTHER", "f1"), (3, "A3", "f3")]
    assert ran.listed("crop") == {}


def test_nothing_is_taken_for_settled(ran):
    """Commits of another project have numbers of their own: every unit is looked at, and `status` says why."""
    status = ran.cli("status", "crop").out
    assert "media:video/full is read from the project media, whose commits are counted by themselves" in status
    ran.videos((1, "a1", "f1"), (2, "changed", "f2"))
    ran.media("run")
    assert ran.cli("status").code == 0
    ran.run()
    assert crops(ran)[1] == (2, "CHANGED", "f2")


def test_a_version_that_changes_there_counts_once_it_was_run_there(ran):
    """As within one project: a root's code version reaches downstream with its rows, and not before."""
    ran.edit("media/models/video.yml", 'audio_etag], code_version: "1"', 'audio_etag], code_version: "2"')
    ran.media("parse")
    assert ran.listed("crop") == {}
    ran.media("run")
    assert ran.listed("crop")[1,][:2] == ("stale", "sound")
    ran.run()
    assert ran.listed("crop") == {}


def test_lineage_goes_through_projects(ran):
    """Upstream shows the other project's fields, and their own lineage can be asked for."""
    told = ran.cli("lineage", "crop.sound").out
    assert "media:video/full.audio" in told
    assert "frames" not in told
    assert "media:video/full.audio" in ran.cli("lineage", "media:video/full", "--downstream").out


def test_other_projects_are_no_nodes(ran):
    """Nothing of theirs is listed or chosen, and `+` stops at the edge."""
    assert [line.split()[0] for line in ran.cli("ls").out.splitlines()] == ["crop", "face"]
    assert [line.split()[0] for line in ran.cli("ls", "--select", "+crop").out.splitlines()] == ["crop"]
    assert "media" not in ran.cli("plan").out
    ran.cli("compile")
    document = json.loads((ran.folder / "target/metasql.json").read_text(encoding="utf-8"))
    assert sorted(document["features"]) == ["crop", "face"]
    assert document["project"]["reads"] == ["media"]


@pytest.mark.parametrize("command", [("increment",), ("delete", "--where", "true"), ("why", "1")])
def test_nothing_is_done_to_them_here(ran, command):
    """The message names the project where it can be done."""
    told = ran.cli(command[0], "media:video/full", *command[1:], code=3 if command[0] != "x" else 0).err
    assert "MS0691" in told
    assert "`video/full`" in told


def test_assertions_and_show_read_them(ran):
    """Assertions may hold rows of both projects against each other."""
    ran.write(
        "tests/assertions/all_are_cropped.sql",
        """
        select video_id from {{ ref('media:video/full') }}
        where video_id not in (select video_id from {{ ref('crop') }})
        """,
    )
    ran.cli("test")
    ran.videos((1, "a1", "f1"), (2, "a2", "f2"), (3, "a3", "f3"))
    ran.media("run")
    assert "MS0701" in ran.cli("test", code=3).err
    assert "a3" in ran.cli("show", "media:video/full").out


def test_their_versions_are_pinned(ran):
    """The lock file has a line per feature that is read; `--locked` says what differs, `metasql lock` renews it."""
    lock = (ran.folder / "metasql.lock").read_text(encoding="utf-8")
    [pin] = [line for line in lock.splitlines() if line.startswith("media:")]
    assert pin.startswith("media:video/full ")
    ran.cli("parse", "--locked")
    ran.edit("media/models/video.yml", 'audio_etag], code_version: "1"', 'audio_etag], code_version: "2"')
    ran.media("parse")
    told = ran.cli("run", "--locked", code=1).err
    assert "MS0418" in told
    assert "media:video/full is " in told
    assert pin.split()[1][:12] in told
    assert "1 feature of other projects" in ran.cli("lock").err
    ran.run("--locked")


def test_a_project_that_its_warehouse_tells(place):
    """Without a manifest, what the other project pushed is read there, and kept for commands that open nothing."""
    place.depend({"name": "media", "schema": "{{ 'me' ~ 'dia' }}"})
    assert "MS0121" in place.cli("parse", code=1).err
    assert "MS0690" in place.run(code=3).err
    place.media("run")
    place.run()
    assert crops(place) == [(1, "A1", "f1"), (2, "A2", "f2")]
    place.cli("parse", "--locked")
    place.edit("media/models/video.yml", 'audio_etag], code_version: "1"', 'audio_etag], code_version: "2"')
    place.media("run")
    place.cli("parse", "--locked")
    assert "media:video/full" in place.cli("lock").out
    assert "MS0418" not in place.run("--locked").err


def test_a_project_that_was_not_run(place):
    """Its manifest alone is enough to compile; a run says what is not there."""
    place.media("parse")
    place.cli("compile")
    assert "MS0690" in place.run(code=3).err
    place.media("run")
    place.run()
    place.edit("media/models/video.yml", "{name: frames, columns", "{name: extra}\n      - {name: frames, columns")
    place.media("parse")
    told = place.run(code=3).err
    assert "MS0692" in told
    assert "metasql_data_version__extra" in told
    assert "metasql run --select video/full" in told


DEPENDENCIES = {
    "no manifest": ([{"name": "media", "manifest": "nowhere.json", "schema": "media"}], "MS0510"),
    "no json": ([{"name": "media", "manifest": "media/profiles.yml", "schema": "media"}], "MS0510"),
    "another name": ([{"name": "other", "manifest": MANIFEST, "schema": "media"}], "MS0119"),
    "twice": ([{"name": "media", "manifest": MANIFEST, "schema": s} for s in ("media", "b")], "MS0117"),
    "itself": ([{"name": "case", "manifest": MANIFEST, "schema": "media"}], "MS0117"),
    "no schema": ([{"name": "media", "manifest": MANIFEST}], "MS0209"),
    "no name": ([{"manifest": MANIFEST, "schema": "media"}], "MS0209"),
    "a bad name": ([{"name": "Me dia", "manifest": MANIFEST, "schema": "media"}], "MS0102"),
    "another word": ([{"name": "media", "manifest": MANIFEST, "schema": "media", "path": "x"}], "MS0208"),
    "no such database": ([{"name": "media", "manifest": MANIFEST, "schema": "a", "database": "b"}], "MS0118"),
    "not a list": ([], "MS0341"),
}


@pytest.mark.parametrize("case", DEPENDENCIES)
def test_mistakes_in_dependencies(place, case):
    """Each is told at its place."""
    place.media("parse")
    entries, code = DEPENDENCIES[case]
    place.depend(*entries)
    told = place.cli("parse", code=1).err
    assert code in told
    assert "help:" in told


def manifest(place, change):
    path = place.folder / MANIFEST
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def test_manifests_that_do_not_fit(place):
    """One of a newer metasql, one that reads this project, one without the feature."""
    place.media("parse")
    manifest(place, lambda document: document["project"].update(reads=["third", "case"]))
    told = place.cli("parse", code=1).err
    assert "MS0120" in told
    assert "dbt_project_style.yml" in told
    manifest(place, lambda document: document["project"].update(reads=[]))
    manifest(
        place, lambda document: document["features"].update({"video/fall": document["features"].pop("video/full")})
    )
    told = place.cli("parse", code=1).err
    assert "MS0330" in told
    assert "did you mean `video/fall`?" in told
    manifest(place, lambda document: document.update(schema_version=99))
    assert "MS0511" in place.cli("parse", code=1).err


def test_a_project_that_is_not_named(place):
    """In `deps` and in bodies."""
    place.media("parse")
    place.edit("models/features.yml", 'deps: ["media:video/full"]', 'deps: ["meda:video/full"]')
    place.edit("models/crop.sql", "media:", "meda:")
    told = place.cli("parse", code=1).err
    assert "MS0341" in told
    assert "did you mean `media`?" in told


def test_a_manifest_that_changed_is_compiled_again(ran):
    """`compile` makes nothing twice, and sees that the other project is another one."""
    ran.cli("compile")
    path = ran.folder / "target/compiled/case/crop__expected.sql"
    before = path.read_text(encoding="utf-8")
    assert "metasql_data_version__audio" in before
    ran.edit("media/models/video.yml", "{name: audio, columns", "{name: voice, columns")
    ran.media("parse")
    ran.cli("compile")
    after = path.read_text(encoding="utf-8")
    assert "metasql_data_version__voice" in after
    assert "__audio" not in after


def test_a_plan_counts_what_another_project_changed(ran):
    """What is planned is what a run does."""
    ran.videos((1, "other", "f1"), (3, "a3", "f3"))
    ran.media("run")
    told = json.loads(ran.cli("plan", "--format", "json").out)["features"]
    assert {item["feature"]: (item["exact"], item["state"] == "error") for item in told} == {
        "crop": (True, False),
        "face": (True, False),
    }
    assert "1 new · 1 stale · 1 orphaned" in ran.run().err


def test_two_revisions_of_a_project_that_reads_another(ran):
    """The manifest of the other project is looked for where the project is, and not in the copy of the revision."""
    git = ["git", "-c", "user.name=ada", "-c", "user.email=ada@example.com", "-C", str(ran.folder)]
    ran.write(".gitignore", "/*\n!/models\n!/dbt_project_style.yml\n!/profiles.yml\n!/metasql.lock\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], check=True)
    ran.edit("models/crop.sql", "upper(", "lower(")
    assert "sound  SQL" in ran.cli("diff", "--git", "HEAD").out


def test_a_project_in_a_file_of_its_own(ran, tmp_path):
    """On DuckDB: attached read-only, under an alias that `database` names."""
    if ran.engine.name != "duckdb":
        return
    (tmp_path / "apart").mkdir()
    place = projects(tmp_path / "apart", ran.engine)
    target = {**ran.engine.target(place.folder), "path": str(place.folder / "own.duckdb")}
    target["attach"] = [{"path": str(place.folder / "case.duckdb"), "alias": "media_db", "read_only": True}]
    place.write("profiles.yml", json.dumps({"case": {"target": "dev", "outputs": {"dev": target}}}))
    place.depend({"name": "media", "manifest": "media/target", "schema": "media", "database": "media_db"})
    place.media("run")
    place.run()
    assert "a1" in place.cli("show", "media:video/full").out
    with duckdb.connect(str(place.folder / "own.duckdb"), read_only=True) as client:
        assert client.execute("SELECT sound FROM crop__samples ORDER BY 1").fetchall() == [("A1",), ("A2",)]
    place.videos((1, "other", "f1"), (2, "a2", "f2"))
    place.media("run")
    [row] = place.increment("crop")
    assert (row["video_id"], row["metasql_status"], row["metasql_stale_fields"]) == (1, "stale", "sound")
