"""`metasql parse` and `metasql compile` of a generated project, each in a fresh process.

    python -m tests.bench.compile_bench [--features N] [--times N] [--profile parse|compile]

cold: nothing was made before. again: nothing changed since. one body: the meaning of one changed. one YAML file: a
code version in one changed, which declares ten features.

`--profile` prints the functions in which the time of one command goes, by their own time; a profile
makes small functions look slower than they are, so compare shares, and measure again without it.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import shutil
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from metasql.cli.main import main as metasql
from tests.bench.measure import cold, show
from tests.bench.thousand import write_thousand

COMMANDS = ("parse", "compile")
PHASES = ("cold", "again", "one body")
OF_YAML = "one YAML file"
BODY, YAML = "models/d001/scored.sql", "models/d001/features.yml"


def measured(folder: Path, times: int) -> dict[str, float]:
    """The median CPU seconds of each command in each phase; compiling reads the project too."""
    found: dict[str, list[float]] = {}
    files = folder / BODY, folder / YAML
    for command in COMMANDS:
        for _ in range(times):
            for phase, seconds in phases(lambda command=command: _cold(command, folder), folder, *files).items():
                found.setdefault(f"{command}, {phase}", []).append(seconds)
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def phases(work: Callable[[], float], folder: Path, body: Path, yaml: Path | None = None) -> dict[str, float]:
    """One measurement of each phase. The body compares something with a number, which becomes another one."""
    shutil.rmtree(folder / "target", ignore_errors=True)
    found = {"cold": work(), "again": work()}
    _turn(body, "< 1000000", "< 2000000")
    found["one body"] = work()
    if yaml is not None:
        _turn(yaml, '"2024-05"', '"2024-06"')
        found[OF_YAML] = work()
    return found


def _turn(path: Path, one: str, other: str) -> None:
    """Write one for the other, or the other way round."""
    text = path.read_text(encoding="utf-8")
    assert (one in text) != (other in text), path
    path.write_text(text.replace(one, other) if one in text else text.replace(other, one), encoding="utf-8")


def _cold(command: str, folder: Path) -> float:
    return cold([command, "--project-dir", str(folder), "-q"])


def profile(command: str, folder: Path, functions: int = 40) -> None:
    """Print where the time of one command goes."""
    watch = cProfile.Profile()
    code = watch.runcall(metasql, [command, "--project-dir", str(folder), "-q"])
    assert code == 0, f"metasql {command}: exit code {code}"
    pstats.Stats(watch).sort_stats("tottime").print_stats(functions)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=int, default=1000)
    parser.add_argument("--times", type=int, default=5, help="the median of so many is shown")
    parser.add_argument("--profile", choices=COMMANDS, help="print where the time of this command goes instead")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        features = write_thousand(Path(folder), given.features)
        if given.profile:
            profile(given.profile, Path(folder))
        else:
            found = measured(Path(folder), given.times)
            show(f"{features:,} features", found.items())


if __name__ == "__main__":
    main()
