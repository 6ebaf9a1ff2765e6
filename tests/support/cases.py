"""The case files: where they are, and how they are read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_FOLDER = ROOT.parent / "shared" / "cases"

OWN_FILES = sorted((ROOT / "tests" / "cases" / "own").glob("*.json"))


def case_files(folder: str | None) -> list[Path]:
    """The files of a folder; the default folder itself where it does not exist, for `read_case` to say so."""
    if folder is None and not DEFAULT_FOLDER.is_dir():
        return [DEFAULT_FOLDER]
    place = Path(folder) if folder is not None else DEFAULT_FOLDER
    files = sorted(place.glob("*.json"))
    if not files:
        raise pytest.UsageError(f"--cases-dir: there are no case files (*.json) in {place}")
    return files


def read_case(file: Path) -> dict[str, Any]:
    """A case. Without the default folder the test is skipped, and in CI it fails."""
    if file == DEFAULT_FOLDER:
        message = f"the folder of cases does not exist: {file}; name another with --cases-dir"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return json.loads(file.read_text(encoding="utf-8"))


def difference(expected: dict[str, Any], came: dict[str, Any]) -> list[str]:
    """What sets an increment apart from the expected one, a line each; rows compare as sets."""
    lines = []
    if expected.get("unit", came.get("unit")) != came.get("unit"):
        lines.append(f"unit: expected {expected['unit']}, came {came.get('unit')}")
    for part in ("new", "stale", "orphaned"):
        wanted, found = (_sorted(side.get(part) or []) for side in (expected, came))
        lines += [f"{part}: missing {row}" for row in wanted if row not in found]
        lines += [f"{part}: unexpected {row}" for row in found if row not in wanted]
        lines += [
            f"{part}: listed twice {row}" for row in sorted(set(found)) if found.count(row) > wanted.count(row) > 0
        ]
    return lines


def _sorted(rows: list[Any]) -> list[str]:
    """Rows as texts in one order. The fields of a stale row are a set too."""
    return sorted(
        json.dumps(
            {**row, "stale_fields": sorted(row["stale_fields"])} if isinstance(row, dict) else row, sort_keys=True
        )
        for row in rows
    )
