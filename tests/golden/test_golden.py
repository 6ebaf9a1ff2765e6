"""The root example compiled for DuckDB, one file per relation: a change of the SQL is read before it is kept.

`python -m pytest tests/golden --update` writes what came.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.cli import run_cli

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent
PARTS = ("dbt_project_style.yml", "profiles.yml", "models", "macros", "seeds", "tests/assertions")
FEATURES = ("video/full", "video/face_crop", "clip/cut", "clip/scored", "speaker/footage")
"""A root, an external feature, an expansion, a lookup beside an optional dependency, an aggregation."""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """The folder of the compiled SQL of a copy of the example, the scripts of runs beside it."""
    folder = tmp_path_factory.mktemp("example")
    for part in PARTS:
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)
    result = run_cli("compile", "--project-dir", str(folder))
    assert result.code == 0, str(result)
    place = folder / "target" / "compiled" / "avatar_data"
    for key in FEATURES:
        result = run_cli("run", "--dry-run", "--project-dir", str(folder), "--select", key)
        assert result.code == 0, str(result)
        if result.out:
            (place / f"{key.rsplit('/', 1)[0]}" / f"{key.replace('/', '__')}__run.sql").write_text(result.out, "utf-8")
    return place


def files(folder: Path, key: str) -> dict[str, str]:
    """The compiled files of one feature, by name."""
    *above, _ = key.split("/")
    name = key.replace("/", "__")
    found = [
        path for path in folder.joinpath(*above).glob(f"{name}*.sql") if path.stem.removeprefix(name)[:2] in ("", "__")
    ]
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(found)}


@pytest.mark.parametrize("key", FEATURES)
def test_compiled_sql(key, compiled, request):
    """Every relation of the feature, and the script of its run."""
    came = files(compiled, key)
    place = GOLDEN / "duckdb"
    if request.config.getoption("--update"):
        for name in files(place, key):
            (place / Path(key).parent / name).unlink()
        for name, text in came.items():
            path = place / Path(key).parent / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    kept = files(place, key)
    assert sorted(came) == sorted(kept), "run with --update to keep what came"
    for name, text in came.items():
        assert text == kept[name], f"{name} differs; run with --update to keep what came"
