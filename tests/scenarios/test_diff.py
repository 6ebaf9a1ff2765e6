"""`metasql diff`: what is declared otherwise, each with its why; against a manifest, and against git."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.support import Place
from tests.scenarios.support_example import example

MODELS = "models/features.yml"


@pytest.fixture
def place(engine, tmp_path):
    return example(tmp_path / "project", engine)


def changed(place: Place, *options: str) -> dict[str, Any]:
    """Feature → the document of its difference."""
    found = json.loads(place.cli("diff", *options, "--format", "json").out)
    return {item["feature"]: item for item in found["features"]}


def whys(item: dict[str, Any]) -> dict[str, list[str]]:
    return {field["field"]: field["why"] or [field["change"]] for field in item["fields"]}


def keep_manifest(place: Place) -> str:
    """The manifest of what is declared now."""
    place.cli("parse")
    kept = place.folder / "before"
    shutil.copytree(place.folder / "target", kept, ignore=shutil.ignore_patterns("logs"))
    return str(kept)


def test_nothing_changed(place):
    """Then it says so, in every form."""
    before = keep_manifest(place)
    assert changed(place, "--state", before) == {}
    assert place.cli("diff", "--state", before).out == "nothing is declared otherwise\n"
    assert place.cli("diff", "--state", before, "--format", "mermaid").out.startswith("flowchart LR\n")


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        ('frames, code_version: "2"', 'frames, code_version: "3"', "crop", {"frames": ["code version"]}),
        ('where: "seconds > 0"', 'where: "seconds > 1"', "crop", {"audio": ["filter"], "frames": ["filter"]}),
        (
            "fields: [{name: frames, deps: [video.frames]}]",
            "fields: [{name: frames, deps: [video.audio, video.frames]}]",
            "clip",
            {"frames": ["mapping"]},
        ),
        ("deps: [crop.frames]", "deps: []", "job", {"out": ["dependency"]}),
        ("lineage: lookup, optional: true", "lineage: lookup", "rated", {"score": ["dependency"]}),
        ("{name: audio}, {n", "{name: audio, columns: [path]}, {n", "crop", {"audio": ["columns"]}),
        ("{name: audio}, {name: frames", "{name: frames", "crop", {"audio": ["removed"]}),
        ("[{name: out,", "[{name: more}, {name: out,", "job", {"more": ["added"]}),
    ],
)
def test_why_a_field_changed(place, old, new, key, expected):
    """Each way to declare a field otherwise has its word."""
    before = keep_manifest(place)
    place.edit(MODELS, old, new)
    assert whys(changed(place, "--state", before)[key]) == expected


def test_sql_and_what_is_behind_it(place):
    """A body that means something else is SQL; what is made of it is upstream; a comment is nothing."""
    before = keep_manifest(place)
    place.edit("models/rated.sql", "coalesce(r.stars, 3)", "coalesce(r.stars, /* none */ 3)")
    assert changed(place, "--state", before) == {}
    place.edit("models/rated.sql", "/* none */ 3", "4")
    found = changed(place, "--state", before)
    assert {key: whys(item) for key, item in found.items()} == {
        "rated": {"score": ["SQL"]},
        "total": {"sum": ["upstream"]},
    }
    told = place.cli("diff", "--state", before).out
    assert "changed  rated  sql\n  score  SQL\n" in told
    assert told.endswith("2 changed\n")


def test_what_of_a_feature_changed(place):
    """Filters, predicates, columns, dependencies and costs are told with how they were and are."""
    before = keep_manifest(place)
    place.edit(MODELS, 'where: "seconds > 0"', 'where: "seconds >  5"')
    place.edit(MODELS, "stale_when: path = 'bad'", "cost_per_sample: {amount: 0.5, unit: USD}")
    place.edit(MODELS, "{name: path, type: text}", "{name: path, type: text}, {name: size, type: int}")
    told = {
        item["what"]: (item["before"], item["after"]) for item in changed(place, "--state", before)["crop"]["changes"]
    }
    assert told == {
        "filter of video": ("seconds > 0", "seconds > 5"),
        "stale_when": ("path = 'bad'", None),
        "cost per sample": (None, "0.5 USD"),
        "column size": (None, "int"),
    }
    assert "filter of video: seconds > 0 → seconds > 5" in place.cli("diff", "--state", before).out


def test_features_come_and_go(place):
    """Added and removed features are named with their fields; the drawing has them in colours of their own."""
    before = keep_manifest(place)
    text = (place.folder / MODELS).read_text(encoding="utf-8")
    head, tail = text.split("  - name: job\n")
    place.write(MODELS, head + "  - name: task\n" + tail)
    found = changed(place, "--state", before)
    assert {key: item["change"] for key, item in found.items()} == {"job": "removed", "task": "added"}
    drawn = place.cli("diff", "--state", before, "--format", "mermaid").out
    assert 'f0_0["out"]:::removed' in drawn
    assert 'f1_0["out"]:::added' in drawn


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=first")


@pytest.mark.parametrize("repository", ["project", "above"])
def test_against_git(place, repository):
    """The project at a revision, wherever the repository begins; git need not know the profile."""
    root = place.folder if repository == "project" else place.folder.parent
    (root / ".gitignore").write_text("profiles.yml\ntarget/\n", encoding="utf-8")
    commit(root)
    assert changed(place, "--git", "HEAD") == {}
    place.edit(MODELS, 'frames, code_version: "2"', 'frames, code_version: "3"')
    found = changed(place, "--git", "main")
    assert {key: whys(item) for key, item in found.items()} == {
        "crop": {"frames": ["code version"]},
        "job": {"out": ["upstream"]},
    }


def test_revisions_that_cannot_be_read(place):
    """No repository, no such revision, no project there, a project with errors: each is told, with a way out."""
    assert "MS0512" in place.cli("diff", "--git", "HEAD", code=1).err
    models = (place.folder / MODELS).read_text(encoding="utf-8")
    project = (place.folder / "dbt_project_style.yml").read_text(encoding="utf-8")
    (place.folder / "dbt_project_style.yml").unlink()
    commit(place.folder)
    place.write("dbt_project_style.yml", project)
    unknown = place.cli("diff", "--git", "mian", code=1).err
    assert "MS0512" in unknown
    assert "`mian`" in unknown
    assert "MS0512" in place.cli("diff", "--git", "--all", code=1).err
    assert "MS0513" in place.cli("diff", "--git", "main", code=1).err
    place.write(MODELS, models.replace("video.frames", "video.fames"))
    git(place.folder, "add", "--all")
    git(place.folder, "commit", "--quiet", "--message=second")
    place.write(MODELS, models)
    broken = place.cli("diff", "--git", "main", code=1).err
    assert "MS0514" in broken
    assert "MS0302" in broken


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "MS0510"),
        ("{", "MS0510"),
        ("[]", "MS0510"),
        ('{"schema_version": 1, "project": {"digest": "x"}}', "MS0510"),
        ('{"schema_version": 1, "project": {"digest": "x"}, "features": {"a": {"kind": "root"}}}', "MS0510"),
        ('{"schema_version": 99}', "MS0511"),
    ],
)
def test_manifests_that_cannot_be_read(place, text, code):
    """A file that is not there, or says something else, or too much."""
    if text is not None:
        place.write("other.json", text)
    assert code in place.cli("diff", "--state", str(place.folder / "other.json"), code=1).err


def test_one_thing_to_compare_with(place):
    """Neither and both are a wrong use."""
    assert place.cli("diff", code=2).code == 2
    assert place.cli("diff", "--state", "a", "--git", "b", code=2).code == 2


def test_a_manifest_of_an_earlier_version_says_less(place):
    """What it does not tell is not said to have changed; versions and fields are compared all the same."""
    before = Path(keep_manifest(place)) / "metasql.json"
    document = json.loads(before.read_text(encoding="utf-8"))
    for feature in document["features"].values():
        feature.pop("stale_when")
        for dep in feature["deps"]:
            dep.pop("match")
            dep.pop("where")
        for field in feature["fields"]:
            field.pop("from_sql")
    before.write_text(json.dumps(document), encoding="utf-8")
    place.edit(MODELS, 'frames, code_version: "2"', 'frames, code_version: "3"')
    place.edit(MODELS, 'where: "seconds > 0"', 'where: "seconds > 1"')
    found = changed(place, "--state", str(before))
    assert {key: (whys(item), item["changes"]) for key, item in found.items()} == {
        "crop": ({"frames": ["code version"]}, []),
        "job": ({"out": ["upstream"]}, []),
    }
