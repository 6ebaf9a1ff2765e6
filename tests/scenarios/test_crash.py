"""A process killed at any moment: each feature is as before its write or as after it, and the next run heals."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.scenarios.support import PYTHON, Place, lines
from tests.scenarios.support_example import FIRST, SECOND, example, load

DRIVER = Path(__file__).with_name("support_killed.py")
ROOT = Path(__file__).resolve().parents[2]
TABLES = ("video", "rating", "crop", "clip", "rated", "total", "job")


def drive(place: Place, number: int, *command: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [PYTHON, str(DRIVER), str(number), command[0], "--project-dir", str(place.folder), *command[1:]],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(place.folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in (-9, 0), done.stderr
    return done


def killed(place: Place, number: int, *command: str) -> bool:
    """Run a command that is killed before its n-th statement; False where it came to its end before."""
    return drive(place, number, *command).returncode == -9


def snapshot(place: Place) -> dict[str, list[str]]:
    """All public relations of features."""
    return {name: rows for name, rows in place.public().items() if not name.startswith("metasql_")}


def moments(place: Place, folder: Path, *command: str, count: int, swaps: bool = False) -> list[int]:
    """Statement numbers spread over the whole command, the last one included; fewer where an engine takes its time.

    `swaps`: those before and after tables take the place of others are among them.
    """
    count = count if place.engine.name == "duckdb" else max(3, count // 2)
    whole = drive(place.copy(folder), 0, *command)
    *_, taking_places, statements = whole.stdout.splitlines()
    found = {1 + (int(statements) - 1) * step // (count - 1) for step in range(count)}
    for number in map(int, taking_places.split() if swaps else []):
        found |= {number, number + 1, number + 2}
    return sorted(number for number in found if number <= int(statements))


@pytest.fixture
def place(engine, tmp_path):
    """A warehouse that was run once, with work of every kind for the second run."""
    found = example(tmp_path / "project", engine)
    load(found, FIRST)
    found.run()
    found.work_off("crop", {"path": "p"})
    found.run()
    found.work_off("job", {"k": 1, "result": "r"})
    load(found, SECOND)
    return found


def test_a_killed_run_is_finished_by_the_next(place, tmp_path):
    """Whatever the moment, the next run gives what an undisturbed one gives, and each feature is whole in between."""
    undisturbed = place.copy(tmp_path / "undisturbed")
    before = place.tables(TABLES)
    undisturbed.run()
    after, wanted = undisturbed.tables(TABLES), snapshot(undisturbed)
    for number in moments(place, tmp_path / "search", "run", "--threads", "1", count=9):
        disturbed = place.copy(tmp_path / f"killed_{number}")
        assert killed(disturbed, number, "run", "--threads", "1")
        for name, rows in disturbed.tables(TABLES).items():
            assert rows in (before[name], after[name]), f"{name} is half-written after statement {number}"
        disturbed.run()
        assert snapshot(disturbed) == wanted, f"killed before statement {number}"


def test_a_killed_first_run_is_finished_by_the_next(engine, tmp_path):
    """Nothing is there yet: tables and views come up whole."""
    place = example(tmp_path / "project", engine)
    load(place, FIRST)
    undisturbed = place.copy(tmp_path / "undisturbed")
    undisturbed.run()
    wanted = snapshot(undisturbed)
    for number in moments(place, tmp_path / "search", "run", "--threads", "2", count=6):
        disturbed = place.copy(tmp_path / f"killed_{number}")
        assert killed(disturbed, number, "run", "--threads", "2")
        disturbed.run()
        assert snapshot(disturbed) == wanted, f"killed before statement {number}"


def test_a_killed_full_refresh_under_another_key(engine, tmp_path):
    """Readers see the samples of the old key, or those of the new one, and never an empty table."""
    place = example(tmp_path / "project", engine)
    load(place, FIRST)
    place.run()
    place.edit(
        "models/features.yml", "- name: rating\n    id_columns: [video_id]", "- name: rating\n    id_columns: [stars]"
    )
    place.edit(
        "models/features.yml", "fields: [{name: stars, columns: [stars]}]", "fields: [{name: stars, columns: [n]}]"
    )
    place.write("models/rating.sql", "select stars, count(*) as n from {{ source('raw', 'rating') }} group by stars\n")
    for key in ("rated", "total"):
        (place.folder / f"models/{key}.sql").unlink()
    text = (place.folder / "models/features.yml").read_text(encoding="utf-8")
    head, rest = text.split("  - name: rated\n")
    place.write("models/features.yml", head + "  - name: job\n" + rest.split("  - name: job\n")[1])
    command = ("run", "--full-refresh", "--select", "rating", "--threads", "1")
    for number in moments(place, tmp_path / "search", *command, count=8, swaps=True):
        disturbed = place.copy(tmp_path / f"killed_{number}")
        assert killed(disturbed, number, *command)
        assert disturbed.values("SELECT count(*) > 0 FROM rating") == [(True,)], f"empty after statement {number}"


@pytest.mark.parametrize("command", ["commit", "delete"])
def test_a_killed_commit_or_deletion(command, place, tmp_path):
    """All of a batch is there or none of it, and doing it again completes it."""
    place.run()
    rows = [
        {"video_id": row["video_id"], "path": "new", "metasql_receipt": row["metasql_receipt"]}
        for row in place.increment("crop", "new,stale")
    ]
    batch = place.folder / "todo.json"
    batch.write_text(lines(rows), encoding="utf-8")
    words = ("commit", "crop", "todo.json") if command == "commit" else ("delete", "crop", "--where", "video_id < 9")
    undisturbed = place.copy(tmp_path / "undisturbed")
    before = place.table("crop")
    words = tuple(str(batch) if word == "todo.json" else word for word in words)
    undisturbed.cli(*words)
    after, wanted = undisturbed.table("crop"), snapshot(undisturbed)
    assert before != after
    for number in moments(place, tmp_path / "search", *words, count=5):
        disturbed = place.copy(tmp_path / f"killed_{number}")
        assert killed(disturbed, number, *words)
        assert disturbed.table("crop") in (before, after)
        disturbed.cli(*words)
        assert snapshot(disturbed) == wanted
