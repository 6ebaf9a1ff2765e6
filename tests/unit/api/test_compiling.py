"""What is made again of a project, and what is not: it must come to the same as making all of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from metasql.api.compiling import Made, make_project
from metasql.diagnostics import MetasqlError
from metasql.pipeline import Options
from tests.bench.thousand import write_thousand

SCORED = "models/d001/scored.sql"
JOINED = "models/d000/joined.sql"
YAML = "models/d001/features.yml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of thirty features, compiled."""
    write_thousand(tmp_path / "project", 30)
    make(tmp_path / "project")
    return tmp_path / "project"


def make(folder: Path, *, sql: bool = True, env: Mapping[str, str] | None = None, **given: object) -> Made:
    return make_project(Options(folder, env=env or {}, home=folder, **given), sql=sql)


def is_whole(made: Made) -> bool:
    return made.project is not None


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def written(folder: Path) -> dict[str, str]:
    """The manifest, and every compiled file."""
    target = folder / "target"
    files = [target / "metasql.json", *(target / "compiled").rglob("*.sql")]
    return {path.relative_to(target).as_posix(): path.read_text(encoding="utf-8") for path in files}


def from_scratch(folder: Path) -> dict[str, str]:
    """The same of the same project, where nothing was made before."""
    place = folder.parent / "scratch" / folder.name
    shutil.rmtree(place.parent, ignore_errors=True)
    shutil.copytree(folder, place, ignore=shutil.ignore_patterns("target"))
    make(place)
    return written(place)


def test_nothing_changed(folder: Path) -> None:
    """Nothing is read, and the same is said."""
    before = written(folder)
    made = make(folder)
    assert not is_whole(made)
    assert made.counts == {"features": 30, "seeds": 0, "assertions": 6, "files": len(before) - 1}
    assert written(folder) == before


PARTS = ("a comment", "another meaning", "a root")
"""What is made in part; the others have more than half of the project downstream."""
BODIES: dict[str, Callable[[Path], None]] = {
    "a comment": lambda folder: edit(folder / SCORED, "WITH", "-- a word\nWITH"),
    "another meaning": lambda folder: edit(folder / SCORED, "COALESCE(rated.stars, 3)", "COALESCE(rated.stars, 4)"),
    "upstream of all": lambda folder: edit(folder / JOINED, "note.stars_000, 3", "note.stars_000, 2"),
    "a root": lambda folder: edit(folder / "models/d000/video.sql", "duration_ms > 0", "duration_ms > 1"),
    "two bodies": lambda folder: [
        edit(folder / SCORED, "COALESCE(rated.stars, 3)", "COALESCE(rated.stars, 5)"),
        edit(folder / JOINED, "note.stars_000, 3", "note.stars_000, 1"),
    ][0],
}
YAMLS: dict[str, Callable[[Path], None]] = {
    "a comment": lambda folder: edit(folder / YAML, "features:", "# a word\nfeatures:"),
    "a description": lambda folder: edit(folder / YAML, "The people on camera.", "Who speaks."),
    "a code version": lambda folder: edit(folder / YAML, 'code_version: "3"', 'code_version: "4"'),
    "a code version and a body": lambda folder: [
        edit(folder / YAML, 'code_version: "3"', 'code_version: "4"'),
        edit(folder / SCORED, "COALESCE(rated.stars, 3)", "COALESCE(rated.stars, 4)"),
    ][0],
}
REST: dict[str, Callable[[Path], None]] = {
    "a column more": lambda folder: edit(folder / JOINED, "shaped.video_id,", "shaped.video_id,\n    1 AS one,"),
    "a type": lambda folder: edit(folder / "models/d000/footage.sql", "AS BIGINT", "AS DOUBLE"),
    "a source": lambda folder: edit(folder / YAML, "{name: videos_001}", "{name: videos_001, identifier: v}"),
    "a test": lambda folder: edit(folder / YAML, "tests: [not_null]", "tests: [not_null, unique]"),
    "another dependency": lambda folder: edit(folder / YAML, "fields: none", "fields: none\n        optional: true"),
    "a feature in YAML": lambda folder: edit(
        folder / YAML,
        "  - name: d001/voice",
        "  - {name: d001/more, id_columns: [video_id], deps: [d001/note]}\n\n  - name: d001/voice",
    ),
    "a feature that is taken out": lambda folder: edit(
        folder / YAML, "A voice trained on the clips of a speaker.", "Out.\n    enabled: false"
    ),
    "a macro": lambda folder: edit(folder / "macros/shared.sql", "TRIM(LOWER(", "LOWER(TRIM("),
    "the project file": lambda folder: edit(folder / "dbt_project_style.yml", "clip_s: 20", "clip_s: 30"),
    "the profile": lambda folder: edit(folder / "profiles.yml", "schema: main", "schema: other"),
    "a feature more": lambda folder: (
        (folder / "models/more.sql").write_text(
            "{{ config(id_columns=['video_id']) }}\nSELECT video_id FROM {{ ref('d000/video') }}\n"
        )
        and None
    ),
    "features less": lambda folder: shutil.rmtree(folder / "models/d002"),
    "a lock": lambda folder: (
        (folder / "metasql.lock").write_text(f"d001/scored.place {'a' * 32} {'b' * 32}\n") and None
    ),
    "a compiled file": lambda folder: next((folder / "target/compiled").rglob("*.sql")).write_text("x") and None,
    "a compiled file less": lambda folder: next((folder / "target/compiled").rglob("*.sql")).unlink(),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body(folder: Path, name: str) -> None:
    """Its feature alone is made again, and what is downstream where its version is another one."""
    before = written(folder)
    BODIES[name](folder)
    assert is_whole(make(folder)) == (name not in PARTS)
    after = written(folder)
    assert after == from_scratch(folder)
    assert (after == before) == (name == "a comment")
    assert not is_whole(make(folder))
    assert written(folder) == after


@pytest.mark.parametrize("name", YAMLS)
def test_a_file_of_declarations(tmp_path: Path, name: str) -> None:
    """Its features are made again, with what is downstream of a new version: less than half of sixty features."""
    folder = tmp_path / "project"
    write_thousand(folder, 60)
    make(folder)
    before = written(folder)
    YAMLS[name](folder)
    assert not is_whole(make(folder))
    after = written(folder)
    assert after == from_scratch(folder)
    assert (after == before) == (name == "a comment")
    assert not is_whole(make(folder))


@pytest.mark.parametrize("change", REST.values(), ids=REST)
def test_the_rest(folder: Path, change: Callable[[Path], None]) -> None:
    """Of anything else the whole project is made again."""
    change(folder)
    assert is_whole(make(folder))
    scratch = from_scratch(folder)
    assert {name: text for name, text in written(folder).items() if name in scratch} == scratch
    assert not is_whole(make(folder))


def test_one_body_after_another(folder: Path) -> None:
    """What was made in part is as good a beginning as any."""
    for number in range(4, 8):
        edit(folder / SCORED, f"COALESCE(rated.stars, {number - 1})", f"COALESCE(rated.stars, {number})")
        assert not is_whole(make(folder))
    assert written(folder) == from_scratch(folder)


def test_parsing_and_compiling_do_not_disturb_each_other(folder: Path) -> None:
    """Each knows what it made, and leaves the manifest as the last one to run says."""
    assert is_whole(make(folder, sql=False))
    edit(folder / SCORED, "COALESCE(rated.stars, 3)", "COALESCE(rated.stars, 4)")
    assert not is_whole(make(folder, sql=False))
    assert json.loads((folder / "target/metasql.json").read_text()) == json.loads(from_scratch(folder)["metasql.json"])
    assert not is_whole(make(folder))
    assert written(folder) == from_scratch(folder)


def test_another_manifest_is_put_right(folder: Path) -> None:
    """Other commands, with other variables perhaps, write it too."""
    before = written(folder)
    (folder / "target/metasql.json").write_text("{}")
    assert not is_whole(make(folder))
    assert written(folder) == before


def test_variables_of_the_command_line(folder: Path) -> None:
    """Other variables make another project, and the same ones the same."""
    assert is_whole(make(folder, vars={"clip_s": 25}))
    assert not is_whole(make(folder, vars={"clip_s": 25}))
    assert is_whole(make(folder))


def test_variables_of_the_environment(folder: Path) -> None:
    """Only those count that were asked for; what they say is not kept in clear."""
    edit(folder / SCORED, "COALESCE(rated.stars, 3)", "COALESCE(rated.stars, {{ env_var('STARS', '3') }})")
    make(folder)
    assert not is_whole(make(folder, env={"OTHER": "1"}))
    assert is_whole(make(folder, env={"STARS": "1234567"}))
    assert not is_whole(make(folder, env={"STARS": "1234567"}))
    assert "1234567" not in (folder / "target/stamps/compile.json").read_text()


def test_mistakes_are_said_each_time(folder: Path) -> None:
    """A broken body is an error until it is mended; then it is made again."""
    edit(folder / SCORED, "JOIN rated ON", "JOIN rated WHERE WHERE")
    for _ in range(2):
        with pytest.raises(MetasqlError):
            make(folder)
    edit(folder / SCORED, "JOIN rated WHERE WHERE", "JOIN rated ON")
    assert is_whole(make(folder))
    assert written(folder) == from_scratch(folder)


def test_warnings_are_said_each_time(folder: Path) -> None:
    """A project with warnings is read each time."""
    edit(folder / SCORED, "JOIN rated ON", "LEFT JOIN elsewhere.extra AS e ON e.id = cut.video_id\nJOIN rated ON")
    for _ in range(2):
        made = make(folder)
        assert made.project is not None
        assert [item.code for item in made.project.diagnostics] == ["MS0321"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"form": 1}', '{"form": 1, "stamp": {"options": 1}}', "null"])
def test_a_broken_stamp(folder: Path, text: str) -> None:
    """It is as if it were not there."""
    (folder / "target/stamps/compile.json").write_text(text)
    assert is_whole(make(folder))
    assert not is_whole(make(folder))
