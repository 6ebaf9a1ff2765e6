"""CPU seconds, user and system, of this process and of its children: steadier than the clock on a shared machine."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]


def cpu(who: int = resource.RUSAGE_SELF) -> float:
    """CPU seconds so far, of all threads."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def cpu_of(process: int) -> float:
    """CPU seconds so far of another process, on Linux."""
    words = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def spent(work: Callable[[], object], used: Callable[[], float] = cpu) -> float:
    """CPU seconds of one call, in this process or where `used` counts them."""
    before = used()
    work()
    return used() - before


def median_of(
    times: int,
    work: Callable[[], object],
    before: Callable[[], object] = lambda: None,
    used: Callable[[], float] = cpu,
) -> float:
    """The median CPU seconds of several calls; what `before` does each time is not counted."""
    found = []
    for _ in range(times):
        before()
        found.append(spent(work, used))
    return statistics.median(found)


def cold(arguments: Sequence[str]) -> float:
    """CPU seconds of a metasql command in a fresh process, its imports included."""
    path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part)
    before = cpu(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "metasql", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    if done.returncode != 0:
        raise RuntimeError(f"metasql {' '.join(arguments)}: exit code {done.returncode}\n{done.stderr}")
    return cpu(resource.RUSAGE_CHILDREN) - before


def show(title: str, rows: Iterable[tuple[str, float]], floor: str | None = None) -> None:
    """Print CPU seconds, and how many times the floor each of them is."""
    found = dict(rows)
    print(f"\n{title}")
    for name, seconds in found.items():
        ratio = f"{seconds / found[floor]:8.1f} ×" if floor is not None and found[floor] else ""
        print(f"  {name:<44} {seconds:8.3f} s{ratio}")
