"""A process that is killed while it writes, with its engine: what is there is whole, and the next one mends it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from metasql.execute import clickhouse_owner as owner
from metasql.names import Relation
from metasql.plan.sql import as_, number, select
from tests.support.clickhouse_sheet import Sheet, chdb_target, opened, server_target

ROOT = Path(__file__).resolve().parents[3]
BEFORE = {1: "a", 2: "b", 3: "c"}
AFTER = {"soft": {1: "A", 2: "b", 4: "d"}, "hard": {2: "B"}}
HISTORY = {"soft": [(1, "a")], "hard": [(2, "b")]}


def write(folder: Path, at: int, how: str) -> tuple[int, int]:
    """Exit code and number of statements of a write that is killed before its n-th statement."""
    words = [sys.executable, "-m", "tests.support.clickhouse_killed", str(folder), str(at), how]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode, int(done.stdout or 0)


def copied(folder: Path, other: Path) -> Path:
    """A warehouse once more; databases are links within it."""
    return Path(shutil.copytree(folder, other, symlinks=True))


def again(sheet: Sheet, how: str) -> None:
    """What the next run does: write what differs from what is stored."""
    live, wanted = sheet.live(), AFTER[how]
    changed = [(key, value) for key, value in wanted.items() if live.get(key) != value]
    sheet.write(changed, gone=[key for key in live if key not in wanted], hard=how == "hard")


@pytest.mark.parametrize("how", ["soft", "hard"])
def test_a_write_that_is_killed_anywhere(tmp_path, how):
    """Readers see the rows before it or after it; what is left over is cleared away, and no history row stays twice."""
    first = tmp_path / "first"
    with opened(chdb_target(first)) as connection:
        Sheet(connection).create().write(list(BEFORE.items()))
    _, statements = write(copied(first, tmp_path / "whole"), 0, how)
    assert statements > 20
    for at in (*range(1, statements - 15, 4), *range(statements - 15, statements + 1)):
        folder = copied(first, tmp_path / f"killed_{at}")
        assert write(folder, at, how)[0] == -9
        with opened(chdb_target(folder)) as connection:
            sheet = Sheet(connection)
            assert sheet.live() in (BEFORE, AFTER[how]), f"half-written before statement {at}"
            assert sheet.leftovers() == [], f"left over after statement {at}"
            if sheet.live() == BEFORE:
                assert sheet.history() == [], f"a row is said to be replaced, and is not: statement {at}"
                assert sheet.inputs() == BEFORE
            again(sheet, how)
            assert sheet.live() == AFTER[how]
            assert sheet.history() == HISTORY[how], f"killed before statement {at}"
        shutil.rmtree(folder)


def test_a_server_that_is_killed_while_a_stage_becomes_visible(server):
    """A stage of several parts is made one before it is attached: parts get their names one after the other."""
    with opened(server_target(server)) as connection:
        sheet = Sheet(connection).create()
        connection.run_text("SYSTEM STOP MERGES main.x__samples")
        with connection.transaction():
            sheet.written([(1, "a"), (2, "b")], gone=[1])
            sheet.written([(3, "c")], gone=[2])
        parts = "SELECT count() FROM system.parts WHERE active AND database = 'main' AND table = 'x__samples'"
        assert connection.fetch(parts)[1] == [(1,)]


def test_whose_session_is_over(server, monkeypatch):
    """One of a process that is gone, on this machine at once, elsewhere after a day; one that lives is left alone."""
    mine = owner.begin()
    name = owner.temporary(mine, 1, "metasql_work")
    home, _, session = mine.split("_")
    gone = owner.temporary(f"{home}_{2**22 + 1:x}_{session}", 1, "x")
    elsewhere = owner.temporary(f"{'0' * 8}_1_{session}", 1, "x")
    assert not owner.is_over(name, 1000, alone=True)
    assert owner.is_over(gone, 0, alone=False)
    assert not owner.is_over(elsewhere, 23, alone=False)
    assert owner.is_over(elsewhere, 25, alone=False)
    assert owner.is_over(elsewhere, 0, alone=True)
    assert not owner.is_over("metasql_tmp_of_somebody", 1000, alone=True)
    owner.end(mine)
    assert owner.is_over(name, 0, alone=False)
    with opened(server_target(server)) as connection:
        for left in (gone, elsewhere):
            connection.store(Relation("main", left), select(as_(number(1), "a")))
        with opened(server_target(server)) as other:
            assert Sheet(other).leftovers() == [elsewhere]
