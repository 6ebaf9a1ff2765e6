from __future__ import annotations

import json
from pathlib import Path

import pytest

from metasql.report.starter import STARTER, project_name, start
from tests.support.cli import run_cli


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_a_new_folder_gets_a_project_that_builds(tmp_path):
    """With the two commands that are printed, and nothing else on stdout."""
    folder = tmp_path / "deep/Talking Heads"
    made = run_cli("init", str(folder))
    assert made.code == 0, str(made)
    assert made.out.splitlines() == [f"cd '{folder}'", "metasql build"]
    assert "project `talking_heads`" in made.err
    assert {".gitignore", "README.md", "crop_faces.py", "profiles.yml", "seeds/raw_videos.csv"} <= files(folder)
    built = run_cli("build", "--project-dir", str(folder))
    assert (built.code, built.out) == (0, ""), str(built)
    assert (folder / "target/talking_heads.duckdb").is_file()
    results = json.loads((folder / "target/metasql_results.json").read_text())["results"]
    assert {node["status"] for node in results} == {"ok"}
    assert {node["kind"] for node in results} == {"seed", "root", "sql", "external", "assertion"}


def test_the_folder_that_one_is_in(tmp_path, monkeypatch):
    """Where no folder is named; there is no need to change into it then."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    made = run_cli("init")
    assert made.code == 0, str(made)
    assert made.out.splitlines() == ["metasql build", "metasql status"]
    assert run_cli("build").code == 0


def test_the_folder_is_below_the_project_dir(tmp_path):
    """As for every command, paths begin there."""
    assert run_cli("init", "demo", "--project-dir", str(tmp_path)).code == 0
    assert (tmp_path / "demo/dbt_project_style.yml").is_file()


def test_a_fresh_git_repository_is_empty(tmp_path):
    """Many run `git init` first."""
    (tmp_path / ".git").mkdir()
    assert run_cli("init", str(tmp_path)).code == 0


def test_a_folder_with_files_is_left_alone(tmp_path):
    """Nothing is written, and it is said what is in the way."""
    (tmp_path / "notes.txt").write_text("mine")
    refused = run_cli("init", str(tmp_path))
    assert (refused.code, refused.out) == (1, "")
    assert "MS0151" in refused.err
    assert "notes.txt" in refused.err
    assert files(tmp_path) == {"notes.txt"}


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_file_is_no_folder(tmp_path, place):
    """And neither is there one below it."""
    (tmp_path / "file").write_text("")
    refused = run_cli("init", str(tmp_path / place))
    assert refused.code == 1
    assert "MS0151" in refused.err


def test_a_folder_that_cannot_be_made(tmp_path):
    """What the operating system says is in the message."""
    refused = run_cli("init", str(tmp_path / ("x" * 300)))
    assert refused.code == 1
    assert "MS0152" in refused.err
    assert "file name too long" in refused.err


def test_what_was_begun_is_undone(tmp_path, monkeypatch):
    """The disk is full at the last file: neither files nor folders stay."""
    write = Path.write_text

    def full(path: Path, text: str, **rest: str) -> int:
        if path.name == "crops_have_frames.sql":
            raise OSError(28, "No space left on device")
        return write(path, text, **rest)

    monkeypatch.setattr(Path, "write_text", full)
    refused = run_cli("init", str(tmp_path / "demo"))
    assert refused.code == 1
    assert "MS0152" in refused.err
    assert "no space left" in refused.err
    assert files(tmp_path) == set()


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("demo", "demo"),
        ("Avatar-Data", "avatar_data"),
        ("2024 Vidéos!", "videos"),
        ("_a__b_", "a_b"),
        ("2024", "my_project"),
        ("видео", "my_project"),
    ],
)
def test_the_name_is_made_to_fit(folder, name):
    """Lower-case letters, digits and `_`, a letter first."""
    assert project_name(folder) == name


def test_every_file_says_the_new_name(tmp_path):
    """The starter's own name is left nowhere."""
    folder = start(tmp_path / "demo").folder
    assert not [path for path in folder.rglob("*") if path.is_file() and "my_project" in path.read_text()]


def test_the_starter_is_a_project_itself():
    """So it can be tried without a copy, and the package holds no module that it does not mean to."""
    assert "name: my_project" in (STARTER / "dbt_project_style.yml").read_text()
    assert not list(STARTER.rglob("*.py"))


def test_the_readme_of_the_starter_keeps_its_word(tmp_path, monkeypatch):
    """The round with the program outside, and one changed value: one crop is stale, in `frames` alone."""
    folder = start(tmp_path / "demo").folder
    monkeypatch.chdir(folder)
    for line in ("build", "increment video/face_crop --format json -o todo.json"):
        assert run_cli(*line.split()).code == 0
    monkeypatch.setattr("sys.argv", ["crop_faces.py", "todo.json", "done.json"])
    exec(compile((folder / "crop_faces.py").read_text(), "crop_faces.py", "exec"), {"__name__": "__main__"})
    assert run_cli("commit", "video/face_crop", "done.json").code == 0
    assert run_cli("status", "--fail-on", "any").code == 0
    seed = folder / "seeds/raw_videos.csv"
    seed.write_text(seed.read_text().replace("9d04", "9dff"))
    assert run_cli("build").code == 0
    status = run_cli("status", "video/face_crop", "--json")
    (crop,) = json.loads(status.out)["features"]
    assert crop["stale_fields"] == [{"field": "frames", "reason": "upstream", "samples": 1}]
