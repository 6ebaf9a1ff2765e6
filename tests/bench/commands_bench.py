"""Commands that people wait for, each in a fresh process: `--help`, `ls` of the example, `status` of settled features.

python -m tests.bench.commands_bench [--features N] [--times N]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

from tests.bench.growth_bench import Grown, chain
from tests.bench.measure import ROOT, cold, show

PARTS = ("dbt_project_style.yml", "profiles.yml", "metasql.lock", "models", "macros", "seeds")
"""The example project, which is metasql's own root."""


def copy_example(folder: Path) -> Path:
    """The example somewhere else, without what was made of it."""
    folder.mkdir(parents=True)
    for name in PARTS:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    return folder


def settled(folder: Path, features: int, rows: int = 1_000) -> Grown:
    """Features in chains of ten, all of which are settled."""
    chains = [chain(10, f"c{number}_") for number in range(-(-features // 10))]
    bodies = {name: body for _, texts in chains for name, body in texts.items()}
    grown = Grown(folder, [feature for declared, _ in chains for feature in declared], bodies, "duckdb")
    grown.fill("rows", {"id": "i", "amount": "i"}, rows)
    grown.metasql("run")
    return grown


def measured(place: Path, features: int, times: int) -> dict[str, float]:
    """The median CPU seconds of each command."""
    example = copy_example(place / "example")
    grown = settled(place / "settled", features)
    commands = {
        "metasql --help": ["--help"],
        "metasql ls, on the example": ["ls", "--project-dir", str(example)],
        f"metasql status, {features} settled features": ["status", "--project-dir", str(grown.folder)],
        f"metasql run, {features} settled features": ["run", "--project-dir", str(grown.folder)],
    }
    return {name: statistics.median(cold(command) for _ in range(times)) for name, command in commands.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=int, default=200)
    parser.add_argument("--times", type=int, default=5, help="the median of so many is shown")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        show("commands", measured(Path(folder), given.features, given.times).items())


if __name__ == "__main__":
    main()
